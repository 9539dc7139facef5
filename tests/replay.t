#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# saker replay on the command line: lines, formats, ranges, bad input; key frames that lose
# nothing.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename;
use File::Temp qw(tempdir);
use JSON::PP;
use Test::More;

my $build = abs_path($ENV{O} || 'build');
my $top = abs_path(dirname(__FILE__) . '/..');
my $saker = "$build/saker-replay";
my $keyframes = "$build/tests/tools/keyframes";
my $demo = "$top/fixtures/demo.skr";
my $dir = tempdir(CLEANUP => 1);
my $shared = "$top/../shared";
$ENV{TZ} = 'UTC';
delete $ENV{NO_COLOR};

plan skip_all => 'saker-replay is not built' unless -x $saker && -e $demo;

sub slurp {
	my ($file) = @_;
	open(my $in, '<:raw', $file) or die "$file: $!";
	local $/;
	return scalar <$in>;
}

# Runs replay; returns status, output, what it said.
sub replay {
	my (@args) = @_;
	my $pid = fork // die;
	if (!$pid) {
		open(STDIN, '<', '/dev/null');
		open(STDOUT, '>', "$dir/out");
		open(STDERR, '>', "$dir/err");
		exec $saker, 'replay', @args or die;
	}
	waitpid $pid, 0;
	return ($? >> 8, slurp("$dir/out"), slurp("$dir/err"));
}

# ---- lines ----

my ($status, $out, $said) = replay($demo);
is($status, 0, 'a recording is printed');
my @lines = split /\n/, $out;
cmp_ok(scalar @lines, '>', 100, 'as many lines');
is(scalar(grep { !/^ *\d+ \d\d:\d\d:\d\d\.\d{9} +\d+ \S.* +\d+ \w+/ } @lines), 0, 'that look alike');
unlike($out, qr/[\x00-\x09\x0b-\x1f\x7f]/, 'nothing in them controls a terminal');
my @num = map { /^ *(\d+)/ } @lines;
is_deeply(\@num, [1 .. @lines], 'events are numbered from 1');

(undef, my $coloured) = replay('--color', 'always', '-n', 5, $demo);
like($coloured, qr/\e\[/, 'colours where they are wanted');
(undef, $out) = replay('-n', 5, $demo);
is($out, join('', map { "$_\n" } @lines[0 .. 4]), '-n ends early');

# ---- filter and format ----

my $opens = 'evt.type in (open,openat,openat2) and fd.name startswith /etc';
(undef, $out) = replay($demo, '-f', $opens, '-p', '%evt.type|%fd.name|%fd.cip|%6evt.num|');
my @opens = split /\n/, $out;
cmp_ok(scalar @opens, '>', 0, 'a filter finds something');
is(scalar(grep { !m{^open(at2?)?\|/etc[^|]*\|<NA>\|\d+ *\|$} } @opens), 0, 'a format says what lines have');
($status, undef, $said) = replay($demo, '-p', '%fd.nmae');
is($status, 2, 'a wrong field fails');
like($said, qr/did you mean fd\.name/, 'and the right one is suggested');

# ---- how long calls took ----

my $slow = "$top/fixtures/slow.skr";
my @long = ($slow, '-f', 'evt.latency > 100000000', '-p', '%evt.type %evt.latency %evt.latency.human');
(undef, $out) = replay(@long);
is($out, join('', map { "$_\n" } 'clock_nanosleep 120094655 120.09ms', 'wait4 120232984 120.23ms',
	'wait4 120369157 120.37ms', 'read 120995024 121.00ms'), 'calls that took longer than 100 ms');
(undef, my $same) = replay($slow, '-f', 'evt.latency.quantized >= 8', @long[3, 4]);
is($same, $out, 'and those of their decade');
(undef, $out) = replay('--json', @long);
like($out, qr/"evt\.latency":120094655\b/, 'in JSON a number');
(undef, $out) = replay('--strict-falco', @long);
is($out, '', 'Falco does not know them');
(undef, $out) = replay($demo, '-f', 'evt.latency exists');
is($out, '', 'nor does a recording without --latency');

# ---- as Falco and sysdig ----

my @absent = ($demo, '-f', $opens, '-p', '%evt.type %fd.cip');
(undef, $out) = replay(@absent);
is($out =~ tr/\n//, scalar @opens, 'an absent field is <NA>');
(undef, $out) = replay('--strict-falco', @absent);
is($out, '', 'in sysdig such lines are left out');
(undef, $out) = replay('--strict-falco', '--json', @absent);
is($out, '', 'also as JSON');
$absent[-1] = '*%evt.type %fd.cip';
(undef, $out) = replay('--strict-falco', @absent);
is($out =~ tr/\n//, scalar @opens, 'unless the format has a star');
(undef, $out) = replay($demo, '-f', 'fd.sip.name exists');
is($out, '', 'no answer in it names a host');
(undef, $out) = replay('--strict-falco', $demo, '-f', 'fd.sip.name exists');
isnt($out, '', 'in Falco all descriptors have one');
(undef, $out) = replay($demo, '-f', 'toupper(evt.type) = OPENAT', '-p', '%evt.type');
like($out, qr/^(openat\n)+$/, 'the type of an event may be transformed in a filter');

($status, undef, $said) = replay($demo, '-f', 'proc.name =');
is($status, 2, 'a wrong condition fails');
like($said, qr/filter:1/, 'with its place');

for (['%evt.num %proc.nam', qr/format:1:11: .*did you mean proc\.name\?\n.*\n {12}\^/],
     ['%proc.cmd', qr/did you mean proc\.cmdline\?/],
     ['%touper(proc.name)', qr/format:1:2: .*transformer 'touper'; did you mean toupper\?/],
     ['%proc.aname[x]', qr/format:1:2: .*number in brackets/],
     ['100%', qr/format:1:5: .*%% is a percent sign/]) {
	($status, $out, $said) = replay('-p', $_->[0], $demo);
	is($status, 2, "format $_->[0] is refused");
	like($said, $_->[1], 'with place and proposal');
}
(undef, $out) = replay('-n', 1, '-p', '*%toupper(evt.type) 5%% %evt.num', $demo);
like($out, qr/^[A-Z0-9_]+ 5% 1$/, 'transformers, percent signs, and the * of sysdig');
for ('-ps', '-pc', '-pk', '-psysdig', '-pcontainer', '-pkubernetes') {
	(undef, $out) = replay('-n', 1, $_, $demo);
	like($out, qr/^1 \d\d:\d\d:\d\d\.\d{9} \d+ \S.* \(\d+(:\d+)?\) [<>] \w+ /, "$_ is a format");
}
($status, undef, $said) = replay($demo, 'proc.name=sh');
is($status, 2, 'a condition is no operand');
like($said, qr/-f 'proc\.name=sh'/, 'but an option');
(undef, undef, $said) = replay('-r', $demo);
like($said, qr/no option -r: the recording is named without/, 'as the recording is none');

(undef, $out) = replay('--json', '-p', '%evt.num %proc.name %fd.sip %evt.failed %evt.time', $demo, '-n', 50);
my @objects = map { decode_json($_)->{output_fields} } split /\n/, $out;
is_deeply([sort keys %{$objects[0]}], [qw(evt.failed evt.num evt.time fd.sip proc.name)], 'JSON has the fields');
like($out, qr/"evt\.num":1,.*"evt\.time":\d{19},"fd\.sip":null,"proc\.name":"/, 'of their types');

# ---- ranges ----

(undef, $out) = replay('-p', '%evt.rawtime %evt.num %evt.reltime %proc.name %proc.pname %proc.cwd %fd.name', $demo);
my @all = split /\n/, $out;
my ($first) = $all[0] =~ /^(\d+)/;
my $from = (split / /, $all[@all / 3])[0];
my $to = (split / /, $all[2 * @all / 3])[0];
my @want = grep { my ($t) = /^(\d+)/; $t >= $from && $t <= $to } @all;
(undef, $out) = replay('-p', '%evt.rawtime %evt.num %evt.reltime %proc.name %proc.pname %proc.cwd %fd.name',
	$demo, '--from', "\@$from", '--to', "\@$to");
is($out, join('', map { "$_\n" } @want), 'a range is what a full read has there');
($status, undef, $said) = replay($demo, '--from', 'yesterday');
is($status, 2, 'a time that is none fails');

# ---- what is not good ----

my $bytes = slurp($demo);
open(my $cut, '>:raw', "$dir/cut.skr") or die;
print $cut substr($bytes, 0, length($bytes) / 2);
close $cut;
($status, $out, $said) = replay("$dir/cut.skr");
is($status, 3, 'a cut recording ends with 3');
my @whole = split /\n/, $out;
is_deeply(\@whole, [@lines[0 .. $#whole]], 'after all that is whole');
like($said, qr/cut\.skr: /, 'and says what is missing');
for my $bad ('/dev/null', $dir, "$dir/none", $0) {
	($status, $out, $said) = replay($bad);
	is($status, 2, "$bad is none");
	is(scalar(() = $said =~ /\n/g), 1, 'one message');
}
($status) = replay();
is($status, 2, 'a file is needed');
like(slurp("$dir/err"), qr/one recording is needed/, 'and that is said');
my $piped = `$saker replay - < $demo | cksum`;
is($piped, `$saker replay $demo | cksum`, 'standard input is as good as a file');
my $head = `$saker replay $demo 2>$dir/err | head -1`;
is($head, "$lines[0]\n", 'a reader may go');
is(slurp("$dir/err"), '', 'without a word');

# ---- evt.path ----

sub paths {
	my ($recording, $type) = @_;
	return (replay('-q', '-f', "evt.type = $type", '-p', '%evt.res %evt.path %evt.path.to',
		"$top/fixtures/$recording.skr"))[1];
}

is(paths('bin-write', 'renameat2'), "EXDEV /srv/tool /usr/local/bin/tool\n", 'a rename that failed has both names');
is(paths('sensitive-link', 'linkat'), "SUCCESS /etc/shadow /etc/h\n", 'a link: the old name, the new one');
like(paths('benign-container', 'symlinkat'), qr{^SUCCESS /\S+/merged/dev/ptmx pts/ptmx$}m, 'a symbolic link: itself and what it holds');
like(paths('benign-container', 'mknodat'), qr{^SUCCESS /\S+/merged/dev/null <NA>$}m, 'a device file');
like(paths('benign-container', 'unlinkat'), qr{^ENOENT /\S+/merged/dev/ptmx <NA>$}m, 'a removal that failed');

# ---- key frames ----

SKIP: {
	skip 'tests/tools/keyframes is not built', 1 unless -x $keyframes;
	my @files = (glob("$top/fixtures/*.skr"));
	push @files, grep { -s $_ < 300_000 } glob("$shared/captures/*.scap") unless $ENV{SAN};
	is(system($keyframes, 97, @files), 0, 'states made from key frames have the same fields: '
		. scalar(@files) . ' recordings');
}

done_testing;
