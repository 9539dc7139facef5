#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# --latency: how long calls took, where that is known, and that nothing is said where it is not.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use Live;
use Test::More;
use Time::HiRes qw(sleep);

can_record();
my $dir = scratch();
my ($ms, $s) = (1_000_000, 1_000_000_000);

# name => [[type, latency or undef, result], ...] in order.
sub calls {
	my ($file) = @_;
	my %calls;
	my (undef, $out) = run($dir, $saker, 'replay', '-q', '-p',
		'%proc.name %evt.type %evt.latency %evt.rawres', $file);
	for (split /\n/, $out) {
		my ($name, $type, $latency, $res) = split;
		push @{$calls{$name}}, [$type, $latency eq '<NA>' ? undef : $latency, $res];
	}
	return \%calls;
}

my $calls;

sub of {
	my ($name, $type) = @_;
	return grep { $_->[0] =~ /^(?:$type)$/ } @{$calls->{$name} // []};
}

sub takes {
	my ($name, $type, $from, $to) = @_;
	my @all = of($name, $type);
	ok(@all, "$name: there is $type") or return;
	ok(defined $_->[1] && $_->[1] >= $from && $_->[1] < $to,
		"$name: $type took " . ($_->[1] // 'nothing that is known')) for @all;
}

my ($recording) = record($dir, ['--latency'], program('latency'));
my $file = "$dir/timed.skr";
rename $recording, $file or die "$file: $!\n";
$calls = calls($file);

my @quick = sort { $a <=> $b } map { $_->[1] // 0 } of('quick', 'getppid');
is(scalar @quick, 50, 'quick calls');
cmp_ok($quick[0], '>', 0, 'each took some time');
cmp_ok($quick[25], '<', 100_000, "but not much: $quick[25] ns");

takes('nap', 'nanosleep', 50 * $ms, 5 * $s);
takes('blocked', 'read', 45 * $ms, 5 * $s);
takes('blocked', 'write', 1, $s);
takes('interrupted', 'nanosleep', 45 * $ms, 5 * $s);
cmp_ok((of('interrupted', 'nanosleep'))[0][2], '<', 0, 'it was interrupted');
takes('latency', 'wait4', 1, 10 * $s);

my @asked = of('refused', 'getpgid');
is(scalar @asked, 2, 'a call that seccomp refuses');
ok($asked[0][1] && $asked[0][1] < $s, 'before it does');
is($asked[1][2], -1, 'and when it does');
is($asked[1][1], undef, 'that began nowhere: nothing is said of how long it took');

takes('true', 'execve', 1, 5 * $s);
takes('true', 'brk', 1, $s);
my @vfork = grep { $_->[2] > 0 } of('lent', 'vfork');
is(scalar @vfork, 1, 'vfork');
cmp_ok($vfork[0][1] // 0, '>=', 45 * $ms, 'takes until the child is gone');
my @born = grep { $_->[2] == 0 } map { of($_, 'clone|clone3|fork|vfork') } keys %$calls;
cmp_ok(scalar @born, '>=', 8, 'children');
is(scalar(grep { defined $_->[1] } @born), 0, 'have not begun the call that made them');
is(scalar(grep { defined $_->[1] } map { of($_, 'procexit') } keys %$calls), 0,
	'an end of a process is no call');

SKIP: {
	my @compat = of('compat', 'getpid');
	skip 'no 32-bit calls here', 1 unless @compat;
	ok($compat[0][1], 'a 32-bit call is timed too');
}

my ($plain) = record($dir, [], program('latency'));
my (undef, $out) = run($dir, $saker, 'replay', '-q', '-f', 'evt.latency exists', $plain);
is($out, '', 'without --latency nothing is known');

# A call that had begun when the recorder came.
system('mkfifo', "$dir/fifo") == 0 or die "mkfifo\n";
my $pid = start($dir, "$dir/waiting", 'perl', '-e', 'open my $f, "+<", $ARGV[0]; sysread $f, my $c, 1;'
	. 'select undef, undef, undef, 0.1', "$dir/fifo");
sleep 0.5;
my $recorder = start($dir, "$dir/recorder", $saker, 'capture', '-q', '--force', '--latency', '-p',
	$pid, '-o', "$dir/begun.skr");
for (1 .. 600) {
	last if -s "$dir/begun.skr";
	sleep 0.05;
}
open my $fifo, '+<', "$dir/fifo" or die "$dir/fifo: $!\n";
syswrite $fifo, 'x';
stop($pid);
stop($recorder, 'INT');
$calls = calls("$dir/begun.skr");
my ($read) = grep { $_->[2] eq '1' } of('perl', 'read');
ok($read, 'a read') or diag(slurp("$dir/recorder.err"));
is($read && $read->[1], undef, 'that had begun before the recorder');
takes('perl', 'select|pselect6', 95 * $ms, 10 * $s);

# What keeps it: cutting, merging, converting there and back.
my @steps = (
	['cut', $file, "$dir/cut.skr", '--from', '+0s', '--force'],
	['convert', $file, "$dir/c.skr", '--force'],
	['convert', $file, "$dir/c.scap", '--force'],
	['merge', $file, "$dir/begun.skr", "$dir/merged.skr"],
);
# Of those before the other recording, which is merged behind them.
my (undef, $behind) = run($dir, $saker, 'replay', '-q', '-n', 1, '-p', '%evt.rawtime', "$dir/begun.skr");
chomp $behind;
sub known {
	my (undef, $all) = run($dir, $saker, 'replay', '-q', '-p', '%evt.rawtime %evt.type %evt.latency', $_[0]);
	my @lines = grep { (split)[0] < $behind && !/<NA>/ } split /\n/, $all;
	return join "\n", @lines;
}
my $want = known($file);
like($want, qr/nanosleep \d{8,}\n/, 'what has to be kept');
for my $step (@steps) {
	my ($made) = grep { m{/(?:cut|c|merged)\.(?:skr|scap)$} } @$step;
	my ($code, undef, $said) = run($dir, $saker, @$step);
	is($code, 0, "@$step[0]") or diag($said);
	is(known($made), $want, "@$step[0] keeps them: " . basename($made));
}
done_testing;
