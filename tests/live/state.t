#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# A program says at marked calls what /proc tells of it; replay says the same, whether
# the program was recorded from its start or lived before the recording began.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use JSON::PP;
use Live;
use Test::More;
use Time::HiRes qw(sleep);

can_record();
my $json = JSON::PP->new->latin1;
my $dir = scratch();

# Each mark has its event with equal fields: a test for each field.
sub check {
	my ($name, $file, $said) = @_;
	my @marks = map { $json->decode($_) } grep { /^\{"mark"/ } split /\n/, $said;
	my %fields = map { $_ => 1 } map { keys %{$_->{fields}} } @marks;
	my @fields = sort keys %fields;
	my (%row, %wrong, %count);
	for my $row (replay($file, 'evt.type = lseek', 'evt.rawarg.offset', 'evt.num', @fields)) {
		$row{$row->{'evt.rawarg.offset'} // ''} = $row;
	}
	cmp_ok(scalar @marks, '>=', 60, "$name: marks");
	is(join(' ', grep { !$row{$_} } map { $_->{mark} } @marks), '', "$name: each has its event");
	for my $mark (grep { $row{$_->{mark}} } @marks) {
		my $row = $row{$mark->{mark}};
		for my $f (sort keys %{$mark->{fields}}) {
			my ($want, $have) = ($mark->{fields}{$f}, $row->{$f});
			$count{$f}++;
			$have = $have ? 'true' : 'false' if ref $have;
			push @{$wrong{$f}}, "mark $mark->{mark}, event $row->{'evt.num'}: expected '$want', got "
				. (defined $have ? "'$have'" : 'nothing') unless defined $have && $have eq $want;
		}
	}
	ok(!$wrong{$_}, "$name: $_ ($count{$_})") or diag(join "\n", @{$wrong{$_}}) for sort keys %count;
}

# From the start.
my ($file, $said) = record($dir, [], program('state'));
check('from the start', $file, $said);

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
	check($name, $file, slurp("$work.said"));
}
done_testing;
