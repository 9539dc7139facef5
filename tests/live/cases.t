#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Hard cases: programs say at marked calls what is true of them; replay says the same.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use Live;
use Test::More;

can_record();
my $dir = scratch();
for my $name (@ARGV ? @ARGV : map { "cases_$_" } qw(proc fd path sock)) {
	my ($file, $said) = record($dir, [], program($name));
	compare_cases($name, $file, $said);
}
done_testing;
