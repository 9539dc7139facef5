#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# saker test --watch: a changed file runs again the tests that it touches, and no others, however it
# is written; Ctrl-C ends with the status of all tests.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use File::Copy;
use IO::Select;
use Saker;
use Test::More;
use Time::HiRes qw(time sleep);

my $demo = "$top/fixtures/demo.skr";
my ($pid, $from, $text);

sub rule {
	my ($name, $program) = @_;
	return "- rule: $name\n  desc: d\n  condition: evt.type = execve and proc.name = $program\n  priority: NOTICE\n  output: o\n";
}

sub tests {
	my ($file, $rules, @tests) = @_;
	return spill("$dir/w/$file", "rules: $rules\ntests:\n" . join('', map { "  - {name: $_->[0], recording: $_->[1], expect: [$_->[2]]}\n" } @tests));
}

my $before = '';		# shell commands before it starts

sub start {
	my (@args) = @_;
	$text = '';
	$pid = open($from, '-|') // die "fork: $!\n";
	if ($pid == 0) {
		open STDERR, '>&', \*STDOUT;
		chdir "$dir/w";
		exec 'unshare', '-Ur', 'sh', '-c', "$before; exec \"\$@\"", 'sh', $saker, 'test', '--watch', @args if $before;
		exec $saker, 'test', '--watch', @args;
	}
}

# Reads up to the end of the next round: its text; undef if none comes in the time.
sub round {
	my ($seconds) = @_;
	my $end = time + ($seconds // 60);
	my $select = IO::Select->new($from);
	while ($text !~ /^.*; watching \d+ files\n/m) {
		my $left = $end - time;
		return if $left <= 0 || !$select->can_read($left);
		return unless sysread $from, $text, 65536, length $text;
	}
	$text =~ s/\A(.*?; watching \d+ files\n)//s or die;
	return $1;
}

sub stop {
	my ($signal) = @_;
	kill $signal, $pid;
	close $from;
	my $status = $?;
	undef $pid;
	return $status & 127 ? 128 + ($status & 127) : $status >> 8;
}
END { kill 'KILL', $pid if $pid }
$SIG{ALRM} = sub { die "it takes too long\n" };
alarm 300;

# How an editor replaces a file.
sub rename_over {
	my ($path, $new) = @_;
	spill("$path.tmp", $new);
	rename "$path.tmp", $path or die;
}

mkdir "$dir/w";
spill("$dir/w/cat.yaml", rule('cat', 'cat'));
spill("$dir/w/id.yaml", rule('id', 'id'));
copy($demo, "$dir/w/$_.skr") for qw(one two);
tests('cat.test.yaml', 'cat.yaml', ['cat one', 'one.skr', '{rule: cat}'], ['cat two', 'two.skr', '{rule: cat}']);
tests('id.test.yaml', 'id.yaml', ['id one', 'one.skr', '{rule: id}']);

start('-v');
my $out = round();
like($out, qr/3 tests: 3 passed\n3 of 3 tests run; none of all fails; watching 6 files\n$/, 'at first all tests run');

rename_over("$dir/w/cat.yaml", rule('cat', 'no-such'));
$out = round();
like($out, qr/^\nchanged: \.?\/?cat\.yaml\n/, 'a rule file renamed over: it is named');
like($out, qr/FAIL .*cat one.*FAIL .*cat two.*2 of 3 tests run; 2 of all fail/s, 'its tests run and fail');
unlike($out, qr/id one/, 'and no others');

spill("$dir/w/id.yaml", rule('id', 'id') . "# more\n");
$out = round();
like($out, qr/id one/, 'a rule file written in place: its test runs');
like($out, qr/still failing: .*cat one\nstill failing: .*cat two\n1 of 3 tests run; 2 of all fail/, 'and what fails from before is told');

unlink "$dir/w/cat.yaml";
$out = round();
like($out, qr/cat\.yaml.*not all could be run|cat\.yaml.*fail/s, 'a rule file that is gone is told');
spill("$dir/w/cat.yaml", rule('cat', 'cat'));
$out = round();
like($out, qr/2 of 3 tests run; none of all fails/, 'and its tests run when it is there again');

rename_over("$dir/w/two.skr", slurp($demo));
$out = round();
like($out, qr/cat two.*1 of 3 tests run; none of all fails/s, 'a recording: the test that names it runs');
unlike($out, qr/\bone\b/, 'and no other');

tests('id.test.yaml', 'id.yaml', ['id one', 'one.skr', '{rule: id, count: 2}']);
$out = round();
like($out, qr/FAIL .*id one.*1 of 3 tests run; 1 of all fail;/s, 'a test file: its tests run');

spill("$dir/w/id.test.yaml", "tests: [\n");
$out = round();
like($out, qr/id\.test\.yaml:\d+.*0 of 2 tests run; not all could be run/s, 'a test file that is none any more is told');
tests('id.test.yaml', 'id.yaml', ['id one', 'one.skr', '{rule: id}']);
$out = round();
like($out, qr/1 of 3 tests run; none of all fails/, 'and runs when it is mended');

mkdir "$dir/w/below";
mkdir "$dir/w/below/deep";
sleep 0.3;
tests('below/deep/new.test.yaml', '../../cat.yaml', ['new', '../../one.skr', '{no: cat}']);
$out = round();
like($out, qr/FAIL .*new.*1 of 4 tests run; 1 of all fail; watching 7 files/s, 'a new test file in a new folder runs');

spill("$dir/w/notes.txt", 'nothing of interest');
spill("$dir/w/cat.yaml.swp", 'of an editor');
is(round(0.7), undef, 'other files of the folder run nothing');
is($text, '', 'and say nothing');

spill("$dir/w/cat.yaml", rule('cat', 'cat') . "# $_\n"), sleep 0.01 for 1 .. 20;
my $rounds = 0;
while (defined($out = round($rounds ? 1 : 60))) {
	$rounds++;
	like($out, qr/3 of 4 tests run/, 'changes in short time');
}
ok($rounds < 5, 'are few') or diag("$rounds rounds");

is(stop('INT'), 1, 'Ctrl-C ends with the status of all: one fails');

unlink "$dir/w/below/deep/new.test.yaml";
start();
like(round(), qr/3 of 3 tests run; none of all fails/, 'all pass');
is(stop('INT'), 0, 'status 0');
start();
round();
is(stop('TERM'), 0, 'SIGTERM ends it as well');

spill("$dir/w/id.yaml", "- rule: id\n");
start();
like(round(), qr/not all could be run/, 'broken rules at the start');
spill("$dir/w/id.yaml", rule('id', 'id'));
like(round(), qr/none of all fails/, 'are mended');
spill("$dir/w/id.yaml", "- rule: id\n");
round();
is(stop('INT'), 2, 'or not: status 2');

# ---- folders and links ----

mkdir "$dir/w/rules";
spill("$dir/w/rules/a.yaml", rule('cat', 'cat'));
mkdir "$dir/elsewhere";
spill("$dir/elsewhere/l.yaml", rule('linked', 'cat'));
symlink "$dir/elsewhere/l.yaml", "$dir/w/link.yaml";
tests('folder.test.yaml', 'rules', ['folder', 'one.skr', '{no: more}'], ['other', 'one.skr', '{rule: cat}']);
tests('link.test.yaml', 'link.yaml', ['link', 'one.skr', '{rule: linked}']);
start('folder.test.yaml', 'link.test.yaml');
like(round(), qr/'more'.*|3 of 3/s, 'a folder of rules and a link');
spill("$dir/w/rules/b.yaml", rule('more', 'id'));
like(round(), qr/changed: rules\n.*FAIL .*folder/s, 'a new file in a folder of rules');
rename_over("$dir/elsewhere/l.yaml", rule('linked', 'id'));
like(round(), qr/changed: link\.yaml\n/, 'what a link leads to');
stop('INT');

SKIP: {
	$before = 'echo 0 >/proc/sys/user/max_inotify_instances';
	skip 'user namespaces are not allowed here', 1 if system("unshare -Ur sh -c '$before' 2>/dev/null");
	start('link.test.yaml');
	round();
	rename_over("$dir/elsewhere/l.yaml", rule('linked', 'cat'));
	like(round(), qr/changed: link\.yaml\n.*1 of 1 tests run; none of all fails/s, 'where the kernel tells nothing files are looked at');
	stop('INT');
}

($out) = (run('test', '--watch', '--against', 'x'))[0];
is($out, 2, '--watch does not go with --against');
done_testing();
