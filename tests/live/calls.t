#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Programs make system calls and say what they did: the recording says the same.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use Live;
use Test::More;

can_record();
my @programs = @ARGV ? @ARGV : qw(files names descriptors sockets processes credentials memory
	namespaces misc faults compat);
my $dir = scratch();
my %count;
for my $name (@programs) {
	my @options = $name eq 'faults' ? qw(--page-faults --switches) : ();
	my ($file, $said) = record($dir, \@options, program($name));
	if ($said =~ /^# (.*)/) {
		SKIP: { skip "$name: $1", 1 }
		next;
	}
	my $events = events($file);
	my $n = compare($name, $said, $events);
	$count{$_} += $n->{$_} for keys %$n;
}
cmp_ok(scalar keys %count, '>=', 120, 'kinds of events compared') unless @ARGV;
done_testing;
