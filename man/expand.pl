#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# expand.pl BUILD PAGE: prints the page with its generated parts filled in.
use strict;
use warnings;

my ($build, $page) = @ARGV;

sub output_of {
	my @command = @_;
	open my $in, '-|', @command or die "$command[0]: $!\n";
	local $/;
	my $text = <$in>;
	close $in or die "$page: @command failed\n";
	return $text;
}

open my $in, '<', $page or die "$page: $!\n";
while (<$in>) {
	if (/^\.\\" \@OPTIONS ([\w-]+)\@/) {
		print output_of("$build/saker", $1, '--help=mdoc');
	} elsif (/^\.\\" \@TABLE (\w+)\@/) {
		print output_of("$build/man/gen", $1);
	} else {
		print;
	}
}
