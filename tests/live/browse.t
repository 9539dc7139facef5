#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# saker browse --live: what happens comes onto the screen, stays while it is paused, and goes on;
# the recorder ends with the browser, also where that is killed.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__), dirname(__FILE__) . '/..';
use Live;
use Test::More;

can_record();
$ENV{O} = $build;
chdir $top;
require Screen;
plan skip_all => 'tmux is not installed (.ci/deps installs it)' unless Screen::available();

my $dir = scratch();
mkdir "$dir/tmp";

sub browse {
	my (@args) = @_;
	my $screen = Screen->new(folder => $dir, size => [160, 30], env => {TMPDIR => "$dir/tmp"},
		args => ['--live', @args]);
	ok(wait_for(sub { $screen->capture(0) =~ /^ saker .* live +UTC/m }, 30), "it begins (@args)")
		or diag($screen->capture(0), slurp("$dir/stderr"));
	return $screen;
}

# A program that nobody else runs.
sub runs {
	my ($name) = @_;
	system('cp', '/bin/true', "$dir/$name") == 0 && system("$dir/$name") == 0 or die "$name: $!\n";
}

sub shows {
	my ($screen, $pattern, $seconds) = @_;
	return wait_for(sub { $screen->capture(0) =~ $pattern }, $seconds);
}

sub recorders {
	my @pids = grep { slurp("/proc/$_/cmdline") =~ /\0--live\0.*\Q$_[0]\E/ } map { basename($_) } glob '/proc/[0-9]*';
	return scalar @pids;
}

my $screen = browse('--view', 'executables', '--filter', "proc.exepath startswith $dir/", 'mine.skr');
runs('first-program');
ok(shows($screen, qr/first-program/, 30), 'a program that runs comes onto the screen')
	or diag($screen->capture(0));
$screen->press('L');
ok(shows($screen, qr/ paused +UTC/, 10), 'paused');
runs('second-program');
ok(!shows($screen, qr/second-program/, 4), 'nothing comes while it is paused');
$screen->press('f');
$screen->text('proc.name startswith secon');
$screen->press('Enter');
$screen->wait_complete;
ok(!shows($screen, qr/second-program/, 3), 'nor in what is read anew');
$screen->press('BSpace', 'L');
ok(shows($screen, qr/second-program/, 30), 'it was recorded, and is there when it goes on')
	or diag($screen->capture(0));
like($screen->capture(0), qr/first-program/, 'the past is there');
$screen->press('q');
ok(wait_for(sub { -e "$dir/over" }, 20), 'it ends');
ok(wait_for(sub { !recorders('mine.skr') }, 20), 'the recorder ends too');
$screen->close;
is(system("$saker verify $dir/mine.skr >$dir/verified") >> 8, 0, 'the recording is whole');

$screen = browse();
ok(scalar(glob "$dir/tmp/*/live.skr"), 'a file of its own');
kill 'KILL', $screen->pid;
ok(wait_for(sub { !glob "$dir/tmp/*" }, 20), 'it is gone when the browser was killed');
$screen->close;

done_testing();
