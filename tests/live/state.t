#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# A program says at marked calls what /proc tells of it; replay says the same, whether
# the program was recorded from its start or lived before the recording began.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use Live;
use Test::More;
use Time::HiRes qw(sleep);

can_record();
my $dir = scratch();

# From the start.
my ($file, $said) = record($dir, [], program('state'));
compare_marks('from the start', $file, $said);
cmp_ok(scalar(() = $said =~ /"mark"/g), '>=', 60, 'marks');

# From the middle, of everything that this machine does; ended by a duration, and by a signal.
for my $end (['-d', '3s'], []) {
	my $name = @$end ? 'from the middle' : 'ended by SIGINT';
	my $work = "$dir/later" . @$end;
	mkdir $work or die "$work: $!\n";
	$file = "$work.skr";
	my $program = start($work, "$work.said", program('state'), 'later');
	ok(wait_for(sub { -e "$work/ready" }), "$name: the program is ready");
	my $recorder = start($dir, "$work.capture", $saker, 'capture', '-q', '-o', $file, @$end);
	ok(wait_for(sub { -s $file }), "$name: the recorder began");
	sleep 1;
	open my $go, '>', "$work/go" or die "go: $!\n";
	close $go;
	is(stop($program), 0, "$name: the program ended well");
	is(stop($recorder, @$end ? 0 : 'INT'), 0, "$name: the recorder ended well")
		or diag(slurp("$work.capture.err"));
	compare_marks($name, $file, slurp("$work.said"));
}
done_testing;
