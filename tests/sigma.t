#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# saker convert-rules: each form of Sigma rules (tests/sigma/forms.yml), what is refused, what the
# file looks like, and rules that fire on the fixtures that show what they are about, and not on others.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use JSON::PP;
use Saker;
use Test::More;
use Time::HiRes qw(time);

sub convert { return run('convert-rules', @_) }

# The conditions of a rule file by name, as one line each.
sub conditions {
	my ($yaml) = @_;
	my (%c, $name, $inside);
	for (split /\n/, $yaml) {
		$name = $1 =~ s/^"(.*)"$/$1/r if /^- rule: (.*)/;
		$inside = /^  condition: >-/ if /^  \w/;
		$c{$name} .= (defined $c{$name} ? ' ' : '') . $1 if $inside && /^    (.*)/;
	}
	return \%c;
}

# ---- every form ----

my $forms = slurp("$top/tests/sigma/forms.yml");
my (%expect, %refuses);
for my $doc (split /^---\n/m, $forms) {
	my ($title) = $doc =~ /^title: (.*)/m;
	my ($key, $want) = $doc =~ /^(expect|refuses): '(.*)'$/m or die "$title: nothing to expect\n";
	$want =~ s/''/'/g;
	($key eq 'expect' ? $expect{$title} : $refuses{$title}) = $want;
}
my ($status, $out, $said) = convert("$top/tests/sigma/forms.yml");
is($status, 1, 'some forms cannot be said: exit 1');
my $made = conditions($out);
my $started = qr/^evt\.type in \(execve, execveat\) and evt\.failed = false and /;
for my $title (sort keys %expect) {
	my $got = $made->{$title} // '(refused)';
	$got =~ s/$started// unless $expect{$title} =~ $started;
	$got =~ s/^\((.*)\)$/$1/ if "($got)" ne $expect{$title} && $got ne $expect{$title};
	is($got, $expect{$title}, $title) or diag(grep { /'\Q$title\E'/ } split /^/, $said);
}
for my $title (sort keys %refuses) {
	my @lines = grep { /: refused: '\Q$title\E': / } split /\n/, $said;
	ok(!defined $made->{$title}, "$title is refused");
	like(join("\n", @lines), qr/forms\.yml:\d+:\d+: refused: .*$refuses{$title}/, '  and it says why and where');
}
is(scalar(keys %$made), scalar(keys %expect), 'nothing else is written');
like($said, qr/^\d+ converted, \d+ not, 0 skipped$/m, 'the summary');
my $file = spill("$dir/forms.yaml", $out);
($status, $out, $said) = run('analyze', '--validate', $file);
is($status, 0, 'all of it loads');
is($said, '', 'without a warning');

# ---- the file around the conditions ----

my $rule = spill("$dir/rule.yml", <<'EOT');
title: 'Odd: "title" # with 100% marks'
id: 0a1b2c3d-0000-4000-8000-000000000001
status: experimental
description: |
  First line: with a colon,
    and a second.
author: Some Body
references:
  - https://example.org/one
falsepositives: [Administrators]
tags: [attack.defense-evasion, attack.t1036.005, attack.s0002, cve.2021-44228]
logsource: {product: linux, category: process_creation}
detection:
  s: {Image|endswith: /x, ParentImage: /y}
  condition: s
fields: [CurrentDirectory, ParentProcessId]
level: critical
---
title: 'odd: "TITLE" # with 100% marks'
logsource: {product: linux, category: process_creation}
detection: {s: {Image: /z}, condition: s}
---
title: Old
status: deprecated
logsource: {product: linux, category: process_creation}
detection: {s: {Image: /z}, condition: s}
EOT
($status, $out, $said) = convert($rule);
is($status, 0, 'all converted, one skipped by its status: exit 0');
is($said, "$rule:24:9: skipped: 'Old': its status is deprecated (--all takes it)\n2 converted, 0 not, 1 skipped\n",
	'the skipped one is told');
like($out, qr/^# Id: 0a1b2c3d-0000-4000-8000-000000000001\n# Status: experimental\n# Author: Some Body\n# Reference: https:\/\/example.org\/one\n# False positives: Administrators\n- rule: "Odd: \\"title\\" # with 100% marks"\n/m,
	'id, author, references and false positives are comments');
like($out, qr/^  desc: >-\n    First line: with a colon, and a second\.\n/m, 'the description');
like($out, qr/^  priority: CRITICAL\n/m, 'the level');
like($out, qr/\[host, container, sigma, attack.defense_evasion, attack.T1036.005, attack.S0002,\s+cve.2021-44228\]\n/, 'tags');
like($out, qr/- rule: "odd: \\"TITLE\\" # with 100% marks \(2\)"/, 'a second rule of the same title gets a number');
like($out, qr/\sparentimage=%proc\.pexepath\s/, 'fields that are used are shown');
like($out, qr/\sparentprocessid=%proc\.ppid\s/, 'and those that the rule asks for');
unlike($out, qr/currentdirectory=/, 'what is shown anyway is not shown twice');
($status, $out) = convert('--all', $rule);
like($out, qr/^- rule: Old$/m, '--all takes rules that are deprecated');
is(join("\n", grep { length > 110 } split /\n/, $out), '', 'lines are short');

# -o, directories, standard input.
my $small = "logsource: {category: process_creation}\n";
mkdir "$dir/rules";
mkdir "$dir/rules/below";
spill("$dir/rules/below/b.yaml", "title: B\n${small}detection: {s: {Image: /b}, condition: s}\n");
spill("$dir/rules/a.yml", "title: A\n${small}detection: {s: {Image: /a}, condition: s}\n");
spill("$dir/rules/readme.txt", "no rule");
spill("$dir/out.yaml", "what was there\n");
($status, $out, $said) = convert('-q', '-o', "$dir/out.yaml", "$dir/rules");
is($status, 0, 'a directory');
is($out . $said, '', '-q says nothing');
is(join(' ', slurp("$dir/out.yaml") =~ /^- rule: (.*)/mg), 'A B', 'its files, and those of directories in it');
is(slurp("$dir/out.yaml.old"), "what was there\n", 'what stood there is kept');
($status, $out) = run('analyze', '--validate', "$dir/out.yaml");
is($status, 0, 'the file loads');
$out = qx($saker convert-rules -q - < $dir/rules/a.yml);
like($out, qr/^- rule: A$/m, 'standard input');

# JSON.
spill("$dir/two.yml", "title: T\n${small}detection: {s: {LogonId: 1, User: x}, condition: s}\n");
($status, $out) = convert('--json', '-o', "$dir/out.yaml", "$dir/two.yml");
is($status, 1, 'one was refused: exit 1');
is_deeply(decode_json($out), { files => 1, converted => 0, refused => 1, skipped => 0,
	said => [ { kind => 'refused', file => "$dir/two.yml", line => 3, column => 17, rule => 'T',
	reason => "there is no field for 'LogonId': Linux has no such number of a login" } ] }, 'the report as JSON');

# --approximate.
($status, $out, $said) = convert('--approximate', "$dir/two.yml");
is($status, 0, '--approximate writes it');
like($out, qr/^# NOT EXACT: line 3: there is no field for 'LogonId': .*\n- rule: T$/m, 'with a comment');
is(conditions($out)->{T}, 'evt.type in (execve, execveat) and evt.failed = false and tolower(user.name) = x', 'without that part');
spill("$dir/three.yml", "title: T\n${small}detection: {s: {LogonId: 1}, condition: s}\n");
($status, $out) = convert('--approximate', "$dir/three.yml");
is($status, 1, 'a rule of which nothing is left is not written');
unlike($out, qr/^- rule/m, 'indeed');
spill("$dir/four.yml", "title: T\n${small}detection: {s: [bash, '*nc -e*'], condition: s}\n");
($status, $out) = convert('--approximate', "$dir/four.yml");
like(conditions($out)->{T}, qr/and \(proc\.exeline icontains bash or proc\.exeline icontains "nc -e"\)$/,
	'keywords are looked for in the command line');

# ---- rules at work ----

my $at_work = "$dir/at-work.yaml";
($status, $out, $said) = convert('-q', '-o', $at_work, "$top/tests/sigma/at-work.yml");
is($status, 0, 'the rules of tests/sigma/at-work.yml') or diag($said);
sub alerts {
	my ($fixture) = @_;
	my (undef, $text) = run('analyze', '-q', '--json', '--rule-matching=all', '-r', $at_work,
		"$top/fixtures/$fixture.skr");
	my %n;
	$n{decode_json($_)->{rule}}++ for split /\n/, $text;
	return \%n;
}
my %fires = (
	'Shell Below Nginx' => 'web-shell', 'Cron File Created' => 'cron-job',
	'Connection To A Port Of Shells' => 'reverse-shell', 'Program Put Into A Program Directory' => 'bin-write',
	'Chisel Client' => 'tunnel', 'Shadow Opened' => 'shadow-read', 'Kernel Module Loaded' => 'module',
	'Log Deleted' => 'log-removal', 'Setuid Bit By Chmod' => 'setuid-bit',
);
my %benign = map { $_ => alerts($_) } 'benign-network', 'history';
for my $name (sort keys %fires) {
	ok(alerts($fires{$name})->{$name}, "'$name' fires on $fires{$name}");
	ok(!$benign{$_}{$name}, "  and not on $_") for sort keys %benign;
}

# ---- hostile files ----

my $head = "title: T\n$small";
sub hostile {
	my ($what, $text, $want) = @_;
	my $path = spill("$dir/hostile.yml", $text);
	my $begun = time;
	my ($code, $yaml, $err) = run('convert-rules', $path);
	my $took = time - $begun;
	ok($code eq '0' || $code eq '1', "$what: exit $code") or diag(substr $err, 0, 2000);
	cmp_ok($took, '<', $ENV{SAN} ? 30 : 5, '  soon');
	like(substr($err, 0, 5000), qr/hostile\.yml(:\d+:\d+)?: refused: .*$want/, '  refused with its place') if $want;
}
my $det = "detection:\n  s: {Image: /x}\n  condition: ";
sub listed { return "detection:\n  s:\n    $_[0]:\n" . join('', map { "      - /x$_\n" } 1 .. $_[1]) }
hostile('deep condition', $head . $det . '(' x 100000 . 's' . ')' x 100000 . "\n", 'nested more than 100');
hostile('many nots', $head . $det . 'not ' x 100001 . "s\n", '');
hostile('many terms', $head . $det . 's' . ' or s' x 100000 . "\n", 'more than 8192 terms');
hostile('100,000 selections', $head . "detection:\n" . join('', map { "  s$_: {a: b}\n" } 1 .. 100000)
	. "  condition: 1 of s*\n", 'more than 1024 selections');
hostile('100,000 values', $head . listed('Image|endswith', 100000) . "  condition: s\n", 'too large|too long');
hostile('20,000 values', $head . listed('Image|endswith', 20000) . "  condition: s\n", 'too large|too long');
hostile('100,000 equal values', $head . listed('Image', 100000) . "  condition: s\n", 'too large|too long');
hostile('a large selection many times', $head . listed('Image|endswith', 8000) . "  condition: s" . ' and not s' x 2000 . "\n",
	'too large|too long');
hostile('aliases of aliases', "a: &a [x, x, x, x, x, x, x, x]\n"
	. join('', map { my $q = chr(ord($_) + 1); "$q: &$q [" . join(', ', ("*$_") x 8) . "]\n" } 'a' .. 'i')
	. $head . "detection:\n  s: *j\n  condition: s\n", 'fields or a keyword');
hostile('aliases of maps', "m: &m {Image|endswith: [" . join(', ', map { "/x$_" } 1 .. 1000) . "]}\n" . $head
	. "detection:\n  s: [" . join(', ', ('*m') x 10000) . "]\n  condition: s\n", 'too large|too long');
hostile('deep YAML', $head . "detection: " . '[' x 10000 . "\n", 'nested too deeply');
hostile('3 MB', $head . '#' x 3000000 . "\n", 'not larger than 2 MiB');
hostile('2 MB of elements', $head . "x: [" . 'a,' x 1000000 . "]\n", '');
hostile('wildcards', $head . "detection:\n  s: {Image: '" . '*a' x 100 . "'}\n  condition: s\n", '');
hostile('a pattern that would go back', $head . "detection:\n  s: {Image|re: '" . '(' x 30 . 'a' . ')*' x 30
	. "b'}\n  condition: s\n", '');
hostile('many alternatives', $head . "detection:\n  s: {Image|re: '" . 'a|' x 10000 . "b'}\n  condition: s\n",
	'too many alternatives');
hostile('wildcards against a constant', "title: T\nlogsource: {service: auditd}\ndetection:\n  s: {type: '"
	. '*E' x 100000 . "'}\n  condition: s\n", '');
hostile('10,000 documents', "title: T\n---\n" x 10000, 'logsource');
hostile('2,000 rules of one title', join("---\n", ($head . "detection: {s: {Image: /x}, condition: s}\n") x 2000), '');
hostile('no YAML', "title: [\n", 'did not find');
hostile('not UTF-8', "title: \xff\xfe\n", 'UTF-8|control');
hostile('NUL', $head . "detection:\n  s: {Image: \"a\\0b\", \"Us\\0er\": x}\n  condition: \"s\\0\"\n", 'NUL');
# Every key with every kind of value.
my @odd = ('null', '1', '{a: b}', '[[a], {b: c}]', '[]', '{}', '{[a]: b}', '"\x07\x85\u202e%\\\\"', '"' . 'x' x 70000 . '"');
sub odd {
	my ($what, @texts) = @_;
	my $bad = 0;
	for my $text (@texts) {
		my ($code, $yaml, $err) = convert('-q', spill("$dir/odd.yml", $text));
		next if $code eq '0' && $err eq '' || $code eq '1' && $err =~ /odd\.yml:\d+:\d+: refused: /;
		diag("exit $code, $err, of " . substr $text, 0, 300);
		$bad++;
	}
	is($bad, 0, "$what with each kind of value");
}
my %good = (title => 'T', status => 'test', description => 'x', author => 'x', license => 'x', references => '[x]',
	falsepositives => '[x]', tags => '[x]', logsource => '{category: process_creation}', level => 'high',
	fields => '[User]', id => 'x', detection => '{s: {Image: x}, condition: s}');
for my $key (sort keys %good) {
	odd($key, map { my $v = $_; join '', map { "$_: " . ($_ eq $key ? $v : $good{$_}) . "\n" } sort keys %good } @odd);
}
for my $part ('s: X', 's: {Image: X}', 's: [X]', 's: {Image: [X]}', 's: {X: a}', 'condition: X', 's: {Image|re: X}',
		's: {ProcessId: X}', 's: {Image|exists: X}', 's: {Image|fieldref: X}', 'timeframe: X') {
	my $rest = $part =~ /^condition/ ? 's: {Image: x}' : $part =~ /^time/ ? 's: {Image: x}, condition: s' : 'condition: s';
	odd($part, map { my $v = $_; "${head}detection: {" . $part =~ s/X/$v/r . ", $rest}\n" } @odd);
}

my %correlation = (type => 'event_count', rules => '[a]', 'group-by' => '[User]', timespan => '1m', condition => '{gte: 2}',
	generate => 'true');
for my $key (sort keys %correlation) {
	odd("correlation $key", map { my $v = $_; "${head}name: a\ndetection: {s: {Image: /x}, condition: s}\n---\ntitle: C\n" .
		"correlation:\n" . join '', map { "  $_: " . ($_ eq $key ? $v : $correlation{$_}) . "\n" }
		sort keys %correlation } @odd);
}

# ---- correlations ----

($status, my $correlated, $said) = convert('tests/sigma/correlate.yml');
is($status, 0, 'correlations are converted');
spill("$dir/correlate.yaml", $correlated);
($status, my $alerts) = run('analyze', '-q', '-r', "$dir/correlate.yaml", 'fixtures/demo.skr');
is_deeply([map { /: \w+ ([\w ]+) \|/ } split /\n/, $alerts], ['Read then removed', 'Both in any order',
	'Two different removals', 'Three removals'], 'and alert where they should; the rules they name do not');
my $base = $head . "name: a\ndetection: {s: {Image: /x}, condition: s}\n---\ntitle: C\ncorrelation:\n  rules: ";
for my $case (["[b]\n  type: event_count\n  timespan: 1m\n  condition: {gte: 2}", 'no rule of this name'],
		["[a]\n  type: event_count\n  timespan: 1m\n  condition: {lt: 2}", 'only gt and gte'],
		["[a]\n  type: event_count\n  timespan: 1y\n  condition: {gte: 2}", 'timespan'],
		["[a]\n  type: event_count\n  timespan: 1m\n  group-by: [SourceIp]\n  condition: {gte: 2}", 'no field'],
		["[a]\n  type: value_count\n  timespan: 1m\n  condition: {gte: 2}", 'value_count has a field'],
		["[a]\n  type: value_avg\n  timespan: 1m\n  condition: {gte: 2}", 'only event_count'],
		["[a]\n  type: temporal\n  timespan: 1m", 'two rules'],
		["[a, a]\n  type: temporal\n  timespan: 1m\n  aliases: {x: {a: User}}", 'aliases'],
		["[a, a, a, a]\n  type: temporal\n  timespan: 1m", 'more than three']) {
	($status, undef, $said) = convert(spill("$dir/c.yml", "$base$case->[0]\n"));
	like($said, qr/c\.yml:\d+:\d+: refused: 'C': .*$case->[1]/, "refused: $case->[1]");
}

# ---- mistakes ----

($status, undef, $said) = convert();
is($status, 2, 'no file: exit 2');
($status, undef, $said) = convert("$dir/nothing.yml");
is($status, 2, 'no such file: exit 2');
like($said, qr/nothing\.yml: No such file/, 'it is named');
spill("$dir/keep.yaml", "kept\n");
($status) = convert('-o', "$dir/keep.yaml", "$dir/nothing.yml");
is(slurp("$dir/keep.yaml"), "kept\n", 'after a failure the old file is where it was');

done_testing;
