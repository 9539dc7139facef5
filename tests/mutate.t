#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Mutants of rules: which tests notice what.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use JSON::PP;
use Saker;
use Test::More;

spill("$dir/rules.yaml", <<'END');
- list: secrets
  items: [/etc/shadow, /etc/gshadow]

- macro: opened
  condition: (evt.type in (open, openat) and fd.num >= 0)

- rule: Hashes read
  desc: d
  condition: >
    opened and fd.name in (secrets)
    and not proc.name = login
  output: read
  priority: WARNING
END

# Cases in a file of their own: status, output, errors of --mutate.
sub mutate {
	my ($cases, @args) = @_;
	my $file = spill("$dir/a.test.yaml", "rules: rules.yaml\ntests:\n$cases");
	return run('test', '--mutate', @args, $file);
}

sub score { return $_[0] =~ /^mutants: ([\d.]+)% noticed \((\d+) of (\d+)\), (\d+) survived/m }

my $demo = "  - name: demo\n    recording: $top/fixtures/demo.skr\n";
my $admin = "  - name: an administrator\n    recording: $top/fixtures/benign-admin.skr\n";

# Nothing is asked: nothing is noticed.
my ($status, $out, $said) = mutate("${demo}    expect: [{rule: Hashes read, count: {min: 0}}]\n");
is($status, 0, 'survivors are no failure') or diag($said);
my ($percent, $noticed, $n, $survived) = score($out);
is("$percent $noticed", '0.0 0', 'tests that ask nothing notice nothing');
# dropped: opened, fd.name, not proc.name, evt.type, fd.num; inverted: fd.name, evt.type,
# fd.num; a not; four items
is($n, 13, 'all mutants');
is($survived, 13, 'survive');

# A test that it fires notices what silences it.
($status, $out) = mutate("${demo}    expect: [{rule: Hashes read}]\n");
my ($more) = (score($out))[1];
cmp_ok($more, '>=', 4, 'a test that a rule fires notices more');
like($out, qr/^\S+rules\.yaml:2:24: list secrets: no test needs 1 item: \/etc\/gshadow$/m, 'an item that is not met survives');
unlike($out, qr/dropped item: \/etc\/shadow/, 'one that is met does not');
unlike($out, qr/dropped not/, 'a rule that needs what it excludes does not');
like($out, qr/dropped predicate: fd\.name in.*\n    rules then hold on \d+ events more and 0 fewer, which no test minds; first in: demo, event \d+$/m, 'a rule that fires too often survives');
like($out, qr/rules\.yaml:11:9: Hashes read: dropped predicate: not proc\.name = login\n    no test has such an event; nearest: demo, event 464$/m, 'an exclusion that nobody needs survives');

# Nothing else may fire: now that is noticed too.
($status, $out) = mutate("${demo}    expect: [{rule: Hashes read, count: 1}]\n    else: none\n");
cmp_ok((score($out))[1], '>', $more, 'a test that counts notices more');
unlike($out, qr/dropped predicate: fd\.name/, 'a rule that fires too often is noticed');
$more = (score($out))[1];

# A test that fails anyway tells nothing.
($status, $out) = mutate("${demo}    expect: [{no: Hashes read}]\n");
is($status, 1, 'a test fails');
is((score($out))[1], 0, 'and notices nothing');
($status, $out) = mutate("${demo}    expect: [{no: Hashes read}]\n    todo: why\n");
cmp_ok((score($out))[1], '>', 0, 'a known miss that a mutant mends is noticed');

# ---- forms, threads, bounds ----

my $cases = "${demo}    expect: [{rule: Hashes read, count: 1}]\n${admin}    expect: [{no: Hashes read}]\n";
for my $form (qw(text json)) {
	my @out = map { (mutate($cases, "--mutate=$form", '-j', $_))[1] } 1, 2, 4;
	ok($out[0] eq $out[1] && $out[0] eq $out[2], "$form is the same for any number of threads");
}
($status, $out, $said) = mutate($cases, '--mutate=json');
like($said, qr/2 passed/, 'what the tests say is on stderr beside JSON');
my $m = decode_json($out);
is(scalar(@{$m->{all}}), 13, 'JSON has all mutants');
is($m->{noticed}, scalar(grep { $_->{fate} eq 'noticed' } @{$m->{all}}), 'and their sums');
my ($item) = grep { $_->{change} eq 'dropped item' && $_->{text} eq '/etc/shadow' } @{$m->{all}};
is("$item->{fate} $item->{noticed_by} $item->{list} $item->{line}:$item->{column} $item->{lost} $item->{gained}",
	'noticed demo secrets 2:11 1 0', 'JSON: an item');
is((grep { $_->{fate} eq 'survived' && ($_->{gained} || $_->{lost}) && !$_->{tests_run} } @{$m->{all}}), 0,
	'whatever changes anything is run');

($status, $out) = mutate($cases, '--mutate-max', '5');
my ($some) = (score($out))[2];
is($some, 5, 'so many mutants');
like($out, qr/; 5 of 13 were tried$/m, 'of so many');
is((mutate($cases, '--mutate-max', '5'))[1], $out, 'the same ones again');

($percent) = score((mutate($cases))[1]);
is((mutate($cases, '--fail-under', $percent - 1))[0], 0, 'enough are noticed');
($status, $out, $said) = mutate($cases, '--fail-under', $percent + 1);
is($status, 1, 'too few are noticed');
like($said, qr/mutants that were noticed: [\d.]+% is under/, 'says so');
is((mutate($cases, '--mutate=html'))[0], 2, 'not a form');
is((run('test', '--mutate-max', '3', "$dir/a.test.yaml"))[0], 2, 'a bound of nothing');

# Rules from standard input are read once.
my $piped = spill("$dir/piped.test.yaml", "tests:\n${demo}    expect: [{rule: Hashes read}]\n");
is(scalar `$saker test --mutate -r - $piped <$dir/rules.yaml`, (run('test', '--mutate', '-r', "$dir/rules.yaml", $piped))[1] =~ s/\Q$dir\E\/rules.yaml/-/gr,
	'rules from standard input');

# What two rule sets have is one mutant, noticed if either set's tests notice.
my ($one_set) = (score((mutate("${demo}    expect: [{rule: Hashes read, count: 1}]\n    else: none\n"))[1]))[1];
spill("$dir/two/a.test.yaml", "rules: ../rules.yaml\ntests:\n${demo}    expect: [{rule: Hashes read, count: {min: 0}}]\n")
	if mkdir "$dir/two";
spill("$dir/two/b.test.yaml", "rules: ../rules.yaml\noptions: {rule-matching: all}\ntests:\n" .
	"${demo}    expect: [{rule: Hashes read, count: 1}]\n    else: none\n");
($status, $out) = run('test', '--mutate', "$dir/two");
is(join(' ', (score($out))[1, 2]), "$one_set 13", 'two rule sets with the same rules');

# A rule of one type of events that is made to look at all of them is noticed all the same.
spill("$dir/one.yaml", "- rule: One\n  desc: d\n  output: o\n  priority: INFO\n  condition: evt.type = openat and proc.name = cat\n");
($status, $out) = run('test', '--mutate=json', spill("$dir/one.test.yaml",
	"rules: one.yaml\ntests:\n${demo}    expect: [{rule: One, count: {max: 500}}]\n"));
my ($one) = grep { $_->{change} eq 'dropped predicate' && $_->{text} =~ /^evt.type/ } @{decode_json($out)->{all}};
is($one->{tests_run}, 1, 'a rule that looks at more types is run') or diag($out);

done_testing;
