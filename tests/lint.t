#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# saker lint: it finds what is planted and nothing else; what it says of published files is known
# finding by finding; our own rules are clean; its forms of output.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use JSON::PP;
use Saker;
use Test::More;
use Time::HiRes qw(time);


sub lines_of {
	my ($path) = @_;
	open my $in, '<', $path or die "$path: $!\n";
	chomp(my @lines = <$in>);
	return @lines;
}

sub lint {
	my ($status, $out, $said) = run('lint', @_);
	chomp $said;
	return ($status, $out, $said);
}

# file:line code, sorted
sub found {
	my (@args) = @_;
	my ($status, $out) = lint('--json', @args);
	my $json = JSON::PP->new->utf8->decode($out);
	my @found = sort map { basename($_->{file}) . ":$_->{line} $_->{code}" } @{$json->{findings}};
	return ($status, \@found, $json);
}

sub is_lists {
	my ($got, $want, $name) = @_;
	my (%got, %want);
	$got{$_}++ for @$got;
	$want{$_}++ for @$want;
	my @more = grep { ($got{$_} || 0) > ($want{$_} || 0) } sort keys %got;
	my @less = grep { ($want{$_} || 0) > ($got{$_} || 0) } sort keys %want;
	ok(!@more && !@less, $name) or
		diag(join("\n", (map { "unexpected: $_" } @more), (map { "missing: $_" } @less)));
}

# ---- what is planted ----

my $planted = "$top/tests/rules-lint/planted.yaml";
my @text = lines_of($planted);
my @want;
for my $i (0 .. $#text) {
	my ($code, $needle) = $text[$i] =~ /^\s*# PLANT ([\w-]+): (.*)$/ or next;
	my ($at) = grep { index($text[$_], $needle) >= 0 && $text[$_] !~ /# PLANT/ } $i + 1 .. $#text;
	die "planted.yaml: no line has '$needle'\n" unless defined $at;
	push @want, sprintf 'planted.yaml:%d %s', $at + 1, $code;
}
my ($status, $got, $json) = found($planted);
is($status, 1, 'findings are status 1');
cmp_ok(scalar @want, '>=', 40, 'at least 40 defects are planted');
is_lists($got, [sort @want], 'exactly the ' . @want . ' planted defects are found');
is($json->{ignored}, 2, 'two findings are hidden by comments');
my %codes = map { (split ' ')[1] => 1 } @want;
my (undef, $list) = lint('--list', '--json');
my @all = map { JSON::PP->new->utf8->decode($_) } split /\n/, $list;
my @missing = grep { $_->{number} && $_->{on} && !$codes{$_->{code}} && $_->{code} ne 'too-large' } @all;
is(join(' ', map { $_->{code} } @missing), '', 'every code that is on has a planted defect');
ok(!(grep { !$_->{message} || !$_->{help} || !$_->{snippet} } @{$json->{findings}}),
	'all findings have a text, a help and a line');

# ---- rules that are in use ----

($status, $got) = found("$top/rules/saker.yaml");
is_lists($got, [], 'our own rules are clean');
is($status, 0, 'nothing found is status 0');

my $published = "$top/../shared/rulesets";
SKIP: {
	skip 'no published rule files', 3 unless -d $published;
	my %want;
	for (lines_of("$top/tests/rules-lint/published.tsv")) {
		next if /^#/ || !/\S/;
		my ($place, $code, $why) = split /\t/;
		die "published.tsv: no reason for $place\n" unless $why;
		push @{$want{(split /:/, $place)[0]}}, "$place $code";
	}
	my $begin = time;
	my @got;
	for my $file (sort glob "$published/*.yaml") {
		push @got, @{(found($file))[1]};
	}
	my $took = time - $begin;
	is_lists([sort @got], [sort map { @$_ } values %want], 'the published files: ' . @got .
		' findings, each explained');
	my @set = map { "$published/$_" } 'falco_rules.yaml', 'falco-incubating_rules.yaml',
		'falco-sandbox_rules.yaml';
	# It has all that the rule of incubating asks for, and that one stands before it.
	is_lists((found('-c', 'shadowed-rule', @set))[1], ['falco-sandbox_rules.yaml:1788 shadowed-rule'],
		'together, one rule shadows another');
	cmp_ok($took, '<', $ENV{SAN} ? 10 : 0.5, sprintf 'all of them in %.2f s', $took);
}

# ---- options and forms ----

my $small = spill("$dir/small.yaml", <<'EOT');
- rule: Small
  desc: three findings of three levels
  condition: evt.type = execve and proc.name = a and proc.name = b and not (not user.uid = 0)
  output: x %proc.nameless
  priority: NOTICE
- list: nobody
  items: [x]
EOT
(my $text = join("\n", lines_of($small))) =~ s/nameless/name/;
spill($small, "$text\n");
sub codes { return join ' ', map { (split ' ')[1] } @{(found(@_))[1]} }
is(codes($small), 'contradiction double-negation unused-list', 'a file with an error, a note, a warning');
is(codes('--severity', 'warning', $small), 'contradiction unused-list', '--severity hides what is less');
is(codes('-c', 'SL113', $small), 'contradiction', '--code takes numbers');
is(codes('--no', 'contradiction', '--no', 'unused-list', $small), 'double-negation', '--no');
is((lint('-c', 'double-negation', '--fail-on', 'warning', $small))[0], 0, '--fail-on warning with a note');
is((lint('-c', 'double-negation', $small))[0], 1, 'a note alone is status 1');
is((lint('--fail-on', 'error', '-n', 'contradiction', $small))[0], 0, '--fail-on error with warnings');
my ($out, $said);
($status, $out, $said) = lint($small);
like($out, qr/^\Q$small\E:3:\d+: error: rule 'Small': .* \[contradiction SL113\]\n.*\n +\^\n  help: /m,
	'text has place, code, line, caret and help');
unlike($out, qr/\e/, 'no colours but on a terminal');
like($said, qr/^saker lint: 1 rules, 1 errors, 1 warnings, 1 notes$/m, 'a summary on stderr');
is((lint('-q', $small))[2], '', '--quiet');
is((lint('--severity', 'bad', $small))[0], 2, 'a level that does not exist');
is((lint('-c', 'bad', $small))[0], 2, 'a code that does not exist');
is((lint())[0], 2, 'no files');
is((lint("$dir/none.yaml"))[0], 2, 'a file that does not exist is status 2');
is((lint('--json', '--sarif', $small))[0], 2, 'one form at a time');
my $quiet = spill("$dir/quiet.yaml", "# saker-lint: ignore\n$text\n");
is(codes($quiet), 'unused-list', 'a comment without a code hides all of an item');

my $broken = spill("$dir/broken.yaml", "- rule: Broken\n  desc: d\n  condition: evt.type = nope\n" .
	"  output: x\n  priority: NOTICE\n  tags: [a, a]\n");
is(codes($broken), 'LOAD_ERR_COMPILE_CONDITION duplicate-tag',
	'errors of the loader are findings, and items are looked at all the same');
is((lint('-q', $broken))[0], 1, 'which is status 1');

# What is left of files with errors: nothing is said of what the rest may change or use.
sub rule_of {
	my ($name, $condition) = @_;
	return "- rule: $name\n  desc: d\n  condition: $condition\n  output: x %proc.name\n" .
		"  priority: NOTICE\n";
}
my $good = "- macro: m\n  condition: evt.type = open\n- list: l\n  items: [a]\n" .
	"- list: nobody\n  items: [a]\n- macro: never\n  condition: fd.num = 1\n" .
	rule_of('Wide', 'm and proc.name in (l)') . rule_of('Narrow', 'm and proc.name in (l) and fd.num = 3') .
	rule_of('Clash', 'm and fd.num = 3 and fd.num = 4');
sub rest { return join ' ', sort grep { !/^LOAD_ERR/ } split ' ', codes(@_) }
mkdir "$dir/rest";
my $one = spill("$dir/rest/1.yaml", $good);
my $alone = rest($one);
is($alone, 'contradiction shadowed-rule unused-list unused-macro', 'a file without errors');
sub beside { return rest($one, spill("$dir/rest/2.yaml", $_[0])) }
is(beside(rule_of('Bad', 'evt.type = nope')), $alone, 'beside a rule that is wrong');
is(rest(spill("$dir/rest/both.yaml", $good . rule_of('Bad', 'evt.type = nope and proc.name in (l)'))), $alone,
	'in one file with it');
is(beside(rule_of('Bad', 'm and (proc.name = a')), $alone, 'beside one that has no tree');
is(beside(rule_of('Bad', 'never and nope')), 'contradiction shadowed-rule unused-list',
	'which may use a macro');
is(beside(rule_of('Bad', 'm and nope and proc.name in (nobody)')), 'contradiction shadowed-rule unused-macro',
	'or a list');
is(beside("- rule: Wide\n  condition: and fd.num = 3\n  override:\n    condition: adapt\n"),
	'contradiction unused-list unused-macro', 'a rule that is changed in a wrong way shadows none');
is(beside("- macro: m\n  condition: or evt.type = creat\n  override:\n    condition: adapt\n"),
	'unused-list unused-macro', 'nor is one told of whose macro is changed so');
is(beside("- list: l\n  items: {a: b}\n"), 'unused-list unused-macro', 'or whose list is');
is(beside("- rule: [\n"), $alone, 'beside what is no YAML');
is(beside("- macro: \"m\"\n  condition: [\n"), 'unused-list unused-macro', 'which may define a macro again');
is(beside("- rule: 'Clash'\n  condition: [\n"), 'shadowed-rule unused-list unused-macro', 'or a rule');
is(beside("- rule: X\n  condition: never [\n"), $alone =~ s/ unused-macro//r, 'or use one');

my $evil = spill("$dir/evil.yaml", "- list: \"a\\e[31mb\"\n  items: [x]\n");
unlike((lint($evil))[1], qr/\e/, 'names in files do not reach the terminal raw');
mkdir "$dir/rules";
spill("$dir/rules/1.yaml", "- list: l\n  items: [a]\n");
spill("$dir/rules/2.yaml", "- rule: R\n  desc: d\n  condition: evt.type = open and proc.name in (l)\n" .
	"  output: x %proc.name\n  priority: NOTICE\n");
is(codes("$dir/rules"), '', 'a list of one file that another one uses is not unused');
is(codes("$dir/rules/2.yaml"), '', 'a value that names no list is a text');
is(codes("$dir/rules/1.yaml"), 'unused-list', 'alone it is unused');
my $off = spill("$dir/off.yaml", "- rule: Off\n  desc: d\n  condition: evt.type = open and proc.name in (a)\n" .
	"  output: x %proc.name\n  priority: NOTICE\n  exceptions:\n    - {name: e, fields: [proc.name]}\n");
is(codes($off), '', 'some codes are off');
is(codes('--all', $off), 'single-item empty-exception', '--all turns them on');

# What code scanning requires.
(undef, $out) = lint('--sarif', $small);
my $sarif = JSON::PP->new->utf8->decode($out);
my $run = $sarif->{runs}[0];
my $driver = $run->{tool}{driver};
is($sarif->{version}, '2.1.0', 'SARIF has its version');
like($sarif->{'$schema'}, qr/sarif.*2\.1\.0/, 'and schema');
ok($driver->{name}, 'and the name of the tool');
ok(!(grep { !$_->{id} || !$_->{shortDescription}{text} || !$_->{fullDescription}{text} ||
	!$_->{help}{text} || $_->{defaultConfiguration}{level} !~ /^(error|warning|note)$/ }
	@{$driver->{rules}}), 'every rule has an id, texts and a level');
my %ids = map { $_->{id} => 1 } @{$driver->{rules}};
is(scalar keys %ids, scalar @{$driver->{rules}}, 'ids are unique');
is(scalar @{$run->{results}}, 3, 'every finding is a result');
ok(!(grep { $driver->{rules}[$_->{ruleIndex}]{id} ne $_->{ruleId} || !$_->{message}{text} ||
	$_->{level} !~ /^(error|warning|note)$/ } @{$run->{results}}),
	'results have their rule, a text and a level');
my @places = map { $_->{locations}[0]{physicalLocation} } @{$run->{results}};
ok(!(grep { !$_->{artifactLocation}{uri} || $_->{region}{startLine} < 1 ||
	$_->{region}{startColumn} < 1 } @places), 'and a place');
is($places[0]{artifactLocation}{uri}, "file://$small", 'absolute paths are file URIs');

# A rule over several events: its conditions are looked at, and no rule shadows it.
my $several = spill("$dir/several.yaml", <<'EOT');
- rule: One
  desc: every shell
  condition: evt.type = execve and proc.name = bash
  output: x %proc.name
  priority: NOTICE
- rule: Many
  desc: many shells
  condition: evt.type = execve and proc.name = bash
  output: x %proc.name
  priority: NOTICE
  correlate:
    count: 5
    within: 10s
EOT
is(codes($several), '', 'rules over several events are not shadowed');

# ---- hostile files ----

my $body = "  desc: d\n  output: x %proc.name\n  priority: NOTICE\n";
my %hostile = (
	'macros that double' => "- macro: m0\n  condition: proc.name = a\n" . join('', map { my $l = $_ - 1;
		"- macro: m$_\n  condition: (m$l and m$l) or not (m$l or m$l)\n" } 1 .. 60) .
		"- rule: r\n$body  condition: evt.type = open and m60\n",
	'many alike rules' => join('', map {
		"- rule: r$_\n$body  condition: evt.type = open and fd.num > $_ and proc.name = a$_\n" } 1 .. 5000),
	'many comments' => "# saker-lint: ignore=x\n" x 100_000 . "- list: l\n  items: [a]\n",
	'many rows' => "- rule: r\n$body  condition: evt.type = open and proc.name in (a, b)\n" .
		"  exceptions:\n  - name: e\n    fields: [proc.name, fd.name]\n    values:\n" .
		join('', map { "    - [a$_, /x$_]\n" } 1 .. 5000),
);
for my $name (sort keys %hostile) {
	my $begin = time;
	my ($s) = lint('-q', spill("$dir/hostile.yaml", $hostile{$name}));
	my $took = time - $begin;
	ok(($s == 0 || $s == 1) && $took < ($ENV{SAN} ? 30 : 2), sprintf '%s: %.1f s', $name, $took);
}

done_testing();
