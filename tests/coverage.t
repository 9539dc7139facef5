#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Coverage of rules by tests: what is counted, in all forms, and what --fail-under makes of it.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use JSON::PP;
use Saker;
use Test::More;

my $rules = spill("$dir/rules.yaml", <<'END');
- list: secrets
  items: [/etc/shadow, /etc/gshadow]

- macro: opened
  condition: (evt.type in (open, openat) and fd.num >= 0)

- macro: never
  condition: (evt.num = 0)

- rule: Hashes read
  desc: <b>"hashes"</b>
  condition: >
    opened and fd.name in (secrets)
    and not proc.name = login and not never
  output: read
  priority: WARNING
  tags: [T1003.008]
  exceptions:
    - name: <tools>
      fields: [proc.name]
      values: [[aide]]

- rule: Never seen
  desc: d
  condition: evt.type = openat and fd.name = "/no/such&file"
  output: read
  priority: WARNING
END

my $tests = spill("$dir/a.test.yaml", <<"END");
rules: rules.yaml
tests:
  - name: the demonstration
    recording: $top/fixtures/demo.skr
    expect: [{rule: Hashes read}]
  - name: an administrator
    recording: $top/fixtures/benign-admin.skr
    expect: [{no: Hashes read}]
END

sub cover { return run('test', @_, $tests) }

my ($status, $out, $said) = cover('--coverage=json');
is($status, 0, 'coverage does not make a test fail') or diag($said);
like($said, qr/2 passed/, 'what the tests say is on stderr beside JSON');
my $c = decode_json($out);
is(scalar(@{$c->{rules}}), 2, 'both rules');
my %by = map { $_->{rule} => $_ } @{$c->{rules}};
is_deeply($by{'Hashes read'}{tags}, ['T1003.008'], 'tags');

# All parts of a rule by text.
my %part;
sub parts { my $p = shift; $part{$p->{text}} = $p if defined $p->{text}; parts($_) for @{$p->{parts} || []} }
parts($by{'Hashes read'}{condition});
my $list = $part{'fd.name in (/etc/shadow, /etc/gshadow)'};
cmp_ok($list->{true}, '>', 0, 'a predicate was true');
cmp_ok($list->{false}, '>', 100, 'and false');
is($list->{line}, 13, 'it stands in this line');
is($list->{items}[0]{met}, $list->{true}, 'by this item');
is($list->{items}[1]{met}, 0, 'the other item was not met');
is("$list->{items}[1]{list} $list->{items}[1]{line}:$list->{items}[1]{column}", 'secrets 2:24',
	'an item stands in its list');
is($part{'proc.name = login'}{true}, 0, 'nobody logged in');
ok($part{never}{fixed}, 'a macro that cannot hold is fixed');
is($part{opened}{kind}, 'macro', 'macros are named');
is($part{'<tools>'}{kind}, 'exception', 'exceptions are named');
is($part{'<tools>'}{line}, 19, 'and have their line');
is($by{'Never seen'}{condition}{true}, 0, 'a rule that no test makes hold');
like($part{'proc.name = login'}{decided}, qr/^[1-9]/, 'it decides where all else holds');

# evt.type and fd.num of the macro; the list, login, aide; evt.type and fd.name of the other rule
is($c->{sums}{predicates}{n}, 7, 'fixed predicates are not counted');
my $both = $c->{sums}{predicates}{both};
is($c->{percent}, sprintf('%.2f', 100 * $both / 7) + 0, 'the percentage is of predicates that were both');
is($c->{sums}{exceptions}{n}, 1, 'an exception');
is($c->{sums}{rules}{true}, 1, 'one rule of two held');

# ---- the other forms ----

($status, $out) = cover('--coverage');
like($out, qr/^Never seen  \S*rules\.yaml:\d+\n  held on 0 of \d+ events/m, 'text: a rule that never held');
like($out, qr/never true\s+\S+:14:13 proc\.name = login/, 'text: a predicate that was never true');
like($out, qr/^list secrets\n    never met      \S+:2:11 1 of 2: \/etc\/gshadow$/m, 'text: an item');
like($out, qr/^predicates +7 /m, 'text: sums');
my $line = sprintf 'coverage of predicates: %.1f%% (%d of 7 were both true and false)', 100 * $both / 7, $both;
like($out, qr/^\Q$line\E$/m, 'text: the percentage');
($status, $out) = cover('--coverage=full');
like($out, qr/^ +\d+ +\d+ +\d+ +macro opened$/m, 'full: the tree');

for my $form (qw(text full json lcov html)) {
	my @out = map { (cover("--coverage=$form", '-j', $_))[1] } 1, 2, 4;
	ok($out[0] eq $out[1] && $out[0] eq $out[2], "$form is the same for any number of threads");
}

my $lcov = "$dir/cover.info";
($status, $out) = cover('--coverage=lcov', '--coverage-output', $lcov);
is($status, 0, 'lcov: written to a file');
like($out, qr/2 passed/, 'and the tests speak on stdout');
my $text = slurp($lcov);
like($text, qr/^SF:\S*rules\.yaml$/m, 'lcov: the file');
like($text, qr/^FNDA:0,Never seen$/m, 'lcov: a rule that never held');
like($text, qr/^BRDA:14,13,0,0\nBRDA:14,13,1,[1-9]\d*$/m, 'lcov: branches of a predicate');
SKIP: {
	skip 'lcov is not installed', 3 if system('lcov --version >/dev/null 2>&1') != 0;
	my $summary = `lcov --summary --rc lcov_branch_coverage=1 $lcov 2>&1`;
	is($?, 0, 'lcov reads it') or diag($summary);
	my ($all) = $summary =~ /branches.*of (\d+) branches/;
	is($all, 7 * 2 + $c->{sums}{items}{n}, 'and counts the same branches');
	is(system("genhtml --quiet --branch-coverage -o $dir/page $lcov >/dev/null 2>&1"), 0, 'genhtml makes pages of it');
}

(undef, my $html) = cover('--coverage=html');
like($html, qr/^<!doctype html>.*<\/html>\n\z/s, 'html: a page');
unlike($html, qr/<script|src=|https?:|\@import|url\(/i, 'html: nothing is loaded, nothing runs');
like($html, qr/&lt;tools&gt;/, 'html: names are quoted');
like($html, qr/\/no\/such&amp;file/, 'html: texts are quoted');
unlike($html, qr/<tools>|such&file/, 'html: nothing is left raw');
my %open;
$open{$1} += $2 eq '/' ? -1 : 1 while $html =~ /<(?=\/?(ul|li|details|div|span|summary))(\/?)\1/g;
is_deeply([grep { $open{$_} } sort keys %open], [], 'html: what is opened is closed');

# Names are somebody else's.
my $evil = spill("$dir/evil.test.yaml", qq(rules: rules.yaml\ntests:\n  - name: "\\e[31m<script>\\u202e"\n) .
	"    recording: $top/fixtures/demo.skr\n    expect: [{rule: Hashes read}]\n");
for my $form (qw(text full json lcov html)) {
	(undef, my $evil_out) = run('test', "--coverage=$form", '-v', $evil);
	unlike($evil_out, $form eq 'json' ? qr/\e/ : qr/\e|\xe2\x80\xae/, "$form: no control byte of a name");
	unlike($evil_out, qr/<script>/, 'html: no markup of a name') if $form eq 'html';
	like($evil_out, qr/31m/, "$form: but the name") if $form eq 'text' || $form eq 'html';
}

# ---- --fail-under ----

my $percent = 100 * $both / 7;
is((cover('--fail-under', $percent - 0.01))[0], 0, 'enough');
($status, $out, $said) = cover('--fail-under', $percent + 0.01);
is($status, 1, 'not enough');
like($said, qr/coverage of predicates: \d+\.\d+% is under/, 'says so');
is((cover('--fail-under', '101'))[0], 2, 'not a percentage');
is((cover('--coverage=pdf'))[0], 2, 'not a form');
is((cover('--coverage-output', 'x'))[0], 2, 'an output of nothing');
is((cover('--coverage', '--coverage-output', "$dir/no/such"))[0], 2, 'a file that cannot be written');

# ---- rules over several events, mutants beside coverage ----

my $both_steps = spill("$dir/steps.test.yaml", "rules: steps.yaml\ntests:\n  - name: demo\n" .
	"    recording: $top/fixtures/demo.skr\n    expect: [{rule: Two, count: 1}]\n");
spill("$dir/steps.yaml", <<'END');
- rule: Two
  desc: d
  condition: evt.type = openat and fd.name = /etc/shadow
  output: o
  priority: INFO
  correlate:
    within: 60s
    by: proc.pid
    sequence:
      - name: started
        condition: evt.type = execve and proc.name = cat
END
($status, $out) = run('test', '--coverage', $both_steps);
like($out, qr/^Two  \S+\n  held on 1 of \d+ events; predicates: 2 of 2 both ways/m, 'the condition of a correlation');
like($out, qr/^Two, step started  \S+\n  held on 1 of \d+ events; predicates: 2 of 2 both ways/m, 'and its steps');
like($out, qr/^rules +1 /m, 'are one rule');
($status, $out) = run('test', '--mutate=json', $both_steps);
my ($step) = grep { $_->{change} eq 'inverted predicate' && $_->{text} eq 'proc.name = cat' } @{decode_json($out)->{all}};
is($step->{fate}, 'noticed', 'a mutant of a step is noticed');

cover('--coverage', '--coverage-output', "$dir/alone");
cover('--coverage', '--coverage-output', "$dir/beside", '--mutate');
is(slurp("$dir/alone"), slurp("$dir/beside"), 'coverage is the same beside mutants');

# ---- techniques ----

sub tagged {
	my ($name, $file, @tags) = @_;
	return "- rule: $name\n  desc: d\n  output: o\n  priority: INFO\n  tags: [" . join(', ', @tags) .
		"]\n  condition: evt.type = openat and fd.name = $file\n";
}

spill("$dir/tagged.yaml", tagged('Asked', '/etc/shadow', 'T1003.008', 'mitre_credential_access') .
	tagged('Not asked', '/etc/passwd', 'attack.t1003.008', 'attack.T1087') .
	tagged('Never', '/no/file', 'T1087', 'T1555') . tagged('Plain', '/no/file', 'T10', 'T10555', 'xT1555', 'T1555.01'));
my $tagged = spill("$dir/tagged.test.yaml", "rules: tagged.yaml\ntests:\n  - name: demo\n" .
	"    recording: $top/fixtures/demo.skr\n    expect: [{rule: Asked}]\n");
($status, $out) = run('test', '--attack', $tagged);
is($status, 0, 'techniques: done');
like($out, qr/^T1003\.008   tested  Asked\n            fires   Not asked$/m, 'techniques: what is asked, and what fires');
like($out, qr/^T1087       fires   Not asked\n            never   Never$/m, 'techniques: what never fires');
like($out, qr/^T1555       never   Never$/m, 'techniques: one that is never tested');
like($out, qr/^techniques: 3 tagged, 1 tested \(33\.3%\), 1 never tested, 1 found by tests that do not ask for it; 1 rules name none$/m,
	'techniques: sums');
($status, $out, $said) = run('test', '--attack=navigator', $tagged);
my $layer = decode_json($out);
like($said, qr/1 passed/, 'navigator: alone on stdout');
is("$layer->{versions}{layer} $layer->{domain}", '4.5 enterprise-attack', 'navigator: the form');
is(join(' ', map { "$_->{techniqueID}=$_->{score}" } @{$layer->{techniques}}), 'T1003.008=50 T1087=0 T1555=0',
	'navigator: scores');
is($layer->{techniques}[0]{comment}, 'tested: Asked. fires: Not asked', 'navigator: comments');
is(scalar(keys %{{ map { $_->{color} => 1 } @{$layer->{techniques}} }}), 3, 'navigator: a color for each state');
is((cover('--attack=navigator', '--coverage'))[0], 2, 'navigator: not with anything else on stdout');
is((cover('--attack=navigator', '--coverage', '--coverage-output', "$dir/c"))[0], 0, 'navigator: with a file');
is((cover('--attack=matrix'))[0], 2, 'not a form of techniques');

done_testing;
