#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Damaged captures: none crashes the reader, holds it up or costs much memory.  A few of our own
# fixtures here; `make mutants` makes 100,000 (MUTANTS) and takes those of ../shared, too.  A
# twentieth as many go through the browser's model, .skr among them.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename;
use File::Temp qw(tempdir);
use Test::More;

my $build = $ENV{O} || 'build';
my $tool = abs_path("$build/tests/tools/mutants");
my $saker = abs_path("$build/saker-replay");
my $top = abs_path(dirname(__FILE__) . '/..');
my $dir = tempdir(CLEANUP => 1);
my $n = $ENV{MUTANTS} || 2000;

plan skip_all => 'not built' unless $tool && -x $tool && $saker && -x $saker;
my @captures;
for my $fixture (map { "$top/fixtures/$_.skr" } qw(reverse-shell cron-job benign-network)) {
	my $name = basename($fixture, '.skr');
	for ([ 'scap', '--exit-only' ], [ 'scap.gz', '' ], [ 'pairs.scap', '' ]) {
		my ($end, $options) = @$_;
		push @captures, "$dir/$name.$end" if -f $fixture
			&& system("$saker convert -q $options $fixture $dir/$name.$end") == 0;
	}
}
push @captures, sort glob("$top/../shared/captures/*.scap $top/../shared/captures/*/*.scap") if $ENV{MUTANTS};
plan skip_all => 'no captures' unless @captures;
my @browsed = grep { -s $_ < 300_000 } @captures;
for my $name (qw(tty shm-near traversal sudo-rule reverse-shell cron-job)) {
	push @browsed, "$dir/$name.skr"
		if system("$build/tests/tools/bad plain $top/fixtures/$name.skr $dir/$name.skr") == 0;
}

for my $seed ($ENV{MUTANTS_SEED} || 1) {
	my $said = `$tool -s $seed $n @captures 2>&1`;
	is($?, 0, "$n mutants of " . @captures . ' captures') or diag($said);
	note($said);
	my $browsed = int($n / 20);
	$said = `$tool -b -s $seed $browsed @browsed 2>&1`;
	is($?, 0, "$browsed mutants of " . @browsed . ' captures in the browser') or diag($said);
	note($said);
}
done_testing;
