#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# saker test --init and --update: what they write passes, says what an author would, and leaves
# everything else of a file as it is.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use File::Copy;
use JSON::PP;
use Saker;
use Test::More;

my $shipped = "$top/rules/saker.yaml";
my $work = "$dir/work";
mkdir $work;
mkdir "$work/rules";
copy($shipped, "$work/rules/saker.yaml");
copy("$top/fixtures/$_.skr", "$work/$_.skr")
	for qw(demo shadow-read benign-tools setuid-bit reverse-shell container);

sub passes {
	my ($file, $say) = @_;
	my ($status, $out, $said) = run('test', $file);
	is($status, 0, $say) or diag($out, $said);
}

# ---- --init ----

my $file = "$work/shadow-read.test.yaml";
my ($status, $out, $said) = run('test', '--init', "$work/shadow-read.skr", '-r', "$work/rules/saker.yaml");
is($status, 0, 'a test of a recording') or diag($said);
is($out, '', 'nothing on standard output');
is(slurp($file), <<'EOT', 'as an author would write it');
rules: [rules/saker.yaml]
tests:
  - name: shadow-read
    recording: shadow-read.skr
    expect:
      - rule: Password hashes read
        count: 1
        fields:
          fd.name: /etc/shadow
          proc.name: cat
          proc.cmdline: cat /etc/shadow
          proc.pname: sh
          proc.pcmdline: sh /srv/scenario.sh
          user.name: root
    else: none
EOT
passes($file, 'it passes');
for my $name (qw(demo benign-tools setuid-bit reverse-shell container)) {
	($status, undef, $said) = run('test', '--init', "$work/$name.skr", '-r',
		"$work/rules/saker.yaml", '--into', $file);
	is($status, 0, "$name is added") or diag($said);
}
passes($file, 'all pass');
like(slurp($file), qr/name: benign-tools\n    recording: benign-tools.skr\n    expect: none\n/,
	'a recording in which nothing fires');
unlike(slurp($file), qr/pid|evt\.time|evt\.num|cport/, 'nothing that is different each time');
my $before = slurp($file);
($status, undef, $said) = run('test', '--init', "$work/demo.skr", '-r', $shipped, '--into', $file);
is($status, 2, 'a test of that name is there');
like($said, qr/has a test of the name 'demo'/, '... which it says');
is(slurp($file), $before, '... and the file is as it was');

mkdir "$work/tests";
is((run('test', '--init', "$work/demo.skr", '-r', $shipped, '--into', "$work/tests/a.test.yaml"))[0],
	0, 'in another folder');
like(slurp("$work/tests/a.test.yaml"), qr{recording: \.\./demo\.skr}, '... paths are from there');
passes("$work/tests/a.test.yaml", '... and right');

# Into a file of a person, in the middle, with other rules.
my $mine = spill("$work/mine.test.yaml", <<'EOT');
# mine
tests:
    # one
    -   name: one
        rules: rules/saker.yaml
        recording: demo.skr
        expect:
            - rule: Log removed   # at the end of the list

# behind
tags: [a]
EOT
is((run('test', '--init', "$work/shadow-read.skr", '-r', "$work/rules/saker.yaml", '--into', $mine))[0],
	0, 'into a file of a person');
like(slurp($mine), qr/# at the end of the list\n    - name: shadow-read\n      rules: \[rules\/saker\.yaml\]\n/,
	'behind the last test, in its column, with its rules');
like(slurp($mine), qr/\n\n# behind\ntags: \[a\]\n\z/, 'what stands behind stays there');
passes($mine, 'it passes');
for my $bad ("tests: [{name: a, recording: demo.skr, expect: none}]\n", "tests: 3\n", "{") {
	spill($mine, $bad);
	($status) = run('test', '--init', "$work/shadow-read.skr", '-r', $shipped, '--into', $mine);
	is($status, 2, 'a file that cannot be added to');
	is(slurp($mine), $bad, '... stays');
}
is((run('test', '--init', "$work/rules/saker.yaml", '-r', $shipped))[0], 2, 'no recording');
is((run('test', '--init', "$work/demo.skr"))[0], 2, 'no rules');
($status, $out) = run('test', '--init', "$work/demo.skr", '-r', $shipped, '--into', '-');
like($out, qr/^rules: .*\ntests:\n  - name: demo\n/, 'to standard output');

# Values that are no plain words in YAML; many groups of one rule.
my $odd = spill("$work/odd.yaml", <<'EOT');
- rule: "yes: [no], \"#\""
  desc: a name that needs quotes
  condition: evt.type = execve
  output: "%proc.name %proc.cmdline %proc.pid %evt.time %fd.name"
  priority: NOTICE
- rule: opens
  desc: many
  condition: evt.type = openat
  output: "%fd.name %proc.name %user.name"
  priority: NOTICE
EOT
is((run('test', '--init', "$work/demo.skr", '-r', $odd, '--into', "$work/odd.test.yaml"))[0], 0,
	'odd names and values');
passes("$work/odd.test.yaml", '... are written so that they mean the same');
like(slurp("$work/odd.test.yaml"), qr/- rule: opens\n +count: \d\d\d\n +fields:\n +user.name: root\n +else/,
	'a rule with many kinds of alerts is one expectation, of what they share');

# ---- --update ----

my $text = <<'EOT';
# with care
rules: [rules/saker.yaml]   # ours
else: none

tests:
  # the first
  - name: demo
    recording: demo.skr   # a web shell
    expect:
      # who reads
      - rule: Password hashes read
        count: 3          # three times?
        fields: {proc.name: dog, fd.name: /etc/shadow}   # a dog
      - no: Log removed
      - rule: Sign of a coin miner
        count: 1

      # and this
      - rule: Command history removed
        fields:
          proc.name: {startswith: x}
          fs.path.name: /root/.bash_history
    else: [Shell started*, Program*, Interpreter*]   # not all
    tags: [a]
  - name: good
    recording: shadow-read.skr
    expect: [{rule: Password hashes read}]
  - name: too many
    recording: shadow-read.skr
    expect: [{rule: Password hashes read, count: 2}, {no: "*"}]
  - name: nothing
    recording: benign-tools.skr
    expect:
      - rule: Password hashes read    # gone
    # trailing
  - name: something
    recording: shadow-read.skr
    expect: none   # hm
EOT
my $u = spill("$work/u.test.yaml", $text);
chmod 0640, $u;
($status, $out, $said) = run('test', '--update', $u);
is($status, 1, 'nobody can be asked');
is(slurp($u), $text, '... so nothing is written');
like($said, qr/--yes/, '... which it says');
my ($diff) = $out =~ /^(--- .*?)^\d+ tests? updated/ms;
ok($diff, 'the changes are shown');
like($diff, qr/^-        count: 3          # three times\?\n\+        count: 1          # three times\?$/m, 'a count');
like($diff, qr/^\+        fields: \{proc\.name: cat, fd\.name: \/etc\/shadow\}   # a dog$/m, 'a value');

($status, $out, $said) = run('test', '-u', '-y', $u);
is($status, 0, '--yes') or diag($out, $said);
passes($u, 'what is written passes');
is((stat $u)[2] & 07777, 0640, 'the mode stays');
ok(!-e "$u.old", 'it is the same file with other contents');
my $new = slurp($u);
for my $comment ($text =~ /(#.*)/g) {
	next if $comment eq '# gone' || $comment eq '# hm';
	like($new, qr/\Q$comment\E/, "'$comment' is still there");
}
like($new, qr/- name: good\n    recording: shadow-read.skr\n    expect: \[\{rule: Password hashes read\}\]\n/,
	'what passes is not touched');
like($new, qr/    else: \[Shell started\*, Program\*, Interpreter\*\]   # not all\n    tags: \[a\]\n/,
	'nor what stands behind');
unlike($new, qr/coin miner|no: Log/, 'what is not so any more goes');
like($new, qr/^      - rule: Log removed\n        count: 1\n/m, 'what is new comes');
like($new, qr/name: nothing\n    recording: benign-tools.skr\n    expect: none/, 'nothing fires any more');

SKIP: {
	skip 'patch is not here', 1 if !-x '/usr/bin/patch';
	spill("$work/p.yaml", $text);
	(my $p = $diff) =~ s/^(---|\+\+\+) .*/$1 p.yaml/mg;
	spill("$work/p.diff", $p);
	system("cd $work && patch -s -p0 < p.diff");
	is(slurp("$work/p.yaml"), $new, 'the diff is one that patch understands');
}

SKIP: {
	skip 'script is not here', 4 if !-x '/usr/bin/script';
	for my $answer ('n', 'y') {
		spill($u, $text);
		open my $to, '|-', "script -qec '$saker test -u $u' /dev/null >$dir/typescript 2>&1"
			or die;
		print $to "$answer\n";
		close $to;
		like(slurp("$dir/typescript"), qr/Write these changes\? \[y\/N\]/, 'it asks');
		is(slurp($u), $answer eq 'y' ? $new : $text, "... and heeds '$answer'");
	}
}

# What cannot be done stays, and is named.
spill($u, $text . "  - {name: flow, recording: shadow-read.skr, expect: none}\n");
($status, $out, $said) = run('test', '-uy', $u);
is($status, 1, 'something is left');
like($said, qr/u\.test\.yaml:\d+: flow: the test is written in one line: it stays as it is/, '... by name');
like(slurp($u), qr/\{name: flow, recording: shadow-read\.skr, expect: none\}/, '... as it was');
spill($u, <<'EOT');
rules: rules/saker.yaml
x-anchor: 1
EOT
is((run('test', '-uy', $u))[0], 2, 'a wrong file');
my $shared = <<'EOT';
rules: rules/saker.yaml
tests:
  - name: a
    recording: shadow-read.skr
    expect: &e
      - {rule: Password hashes read, count: 5}
  - name: b
    recording: demo.skr
    expect: *e
EOT
spill($u, $shared);
($status, $out, $said) = run('test', '-uy', $u);
ok($status <= 1, 'expectations of two tests') or diag($said);
passes($u, '... which both are right about') if $status == 0;
spill($u, <<'EOT');
rules: rules/saker.yaml
tests:
  - name: a
    recording: shadow-read.skr
    todo: not yet
    expect: [{rule: Password hashes read}]
EOT
$before = slurp($u);
is((run('test', '-uy', $u))[0], 1, 'a known miss that is none any more');
is(slurp($u), $before, '... is for a person');
is((run('test', '-y', $u))[0], 2, '--yes alone');
is((run('test', '-u', '--init', $u, $u))[0], 2, 'one thing at a time');

my $matrix = <<'EOT';
rules: rules/saker.yaml
tests:
  - name: a
    matrix: {who: [cat, dog]}
    recording: shadow-read.skr
    expect: [{rule: Password hashes read, fields: {proc.name: "${who}"}}]
EOT
spill($u, $matrix);
($status, undef, $said) = run('test', '-uy', $u);
is($status, 1, 'one text for several values');
like($said, qr/a \(dog\): it is one test for several values: it stays/, '... is for a person');
is(slurp($u), $matrix, '... and stays');

# Files that are wrong in any way: what is written is right, or nothing is.
srand 7;
my ($n_written, $n_wrong) = (0, 0);
for (1 .. 80) {
	my $other = $text;
	for (0 .. int rand 3) {
		my $at = int rand length $other;
		substr($other, $at, int rand 4) = substr($text, int rand length $text, int rand 6);
	}
	spill($u, $other);
	($status, $out, $said) = run('test', '-uy', $u);
	$n_wrong++ if $status > 2 || $said =~ /Sanitizer|runtime error/;
	my $now = slurp($u);
	next if $now eq $other;
	$n_written++;
	$n_wrong++ if (run('test', $u))[2] =~ /error/ && $said !~ /error/;
}
is($n_wrong, 0, "80 damaged files, $n_written of them mended");
cmp_ok($n_written, '>', 0, '... some were');

# Each expectation of a good file made wrong in turn is found again.
my @lines = split /^/, slurp($file);
my $made = 0;
for my $i (0 .. $#lines) {
	next unless $lines[$i] =~ /^ +(?:count: |proc\.name: |fd\.name: |user\.name: )/;
	my @other = @lines;
	$other[$i] =~ s/: .*/: 77/;
	spill($file, join '', @other);
	($status, $out, $said) = run('test', '-uy', $file);
	is($status, 0, "line " . ($i + 1) . ': ' . $lines[$i] =~ s/^\s+|\s+$//gr) or diag($out, $said);
	is(slurp($file), join('', @lines), '... is as it was');
	last if ++$made == 25;
}

done_testing();
