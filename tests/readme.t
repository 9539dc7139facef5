#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# What README.md shows is what the programs print: each "$ saker ..." over a shipped recording is run,
# and each line below it must be the beginning of a line of the output, in order ("..." stands
# for anything, at the end of a line for its rest).
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename;
use Test::More;

my $build = abs_path($ENV{O} || 'build');
chdir dirname(__FILE__) . '/..' or die "$!\n";
$ENV{PATH} = "$build:$ENV{PATH}";
$ENV{TZ} = 'UTC';

my (@examples, $now);
open my $in, '<', 'README.md' or die "README.md: $!\n";
while (<$in>) {
	chomp;
	if (/^    \$ (saker .*fixtures.*)/) { push @examples, $now = { command => $1, lines => [] } }
	elsif ($now && /^    (.*)/) { push @{$now->{lines}}, $1 }
	else { undef $now }
}
ok(@examples > 0, 'README.md has examples');

for my $example (@examples) {
	my @output = split /\n/, `$example->{command} 2>/dev/null`;
	my $missing;
	for my $want (@{$example->{lines}}) {
		(my $begin = $want) =~ s/\s*(\.\.\.)?$//;
		shift @output while @output && index($output[0], $begin) != 0;
		$missing //= $want unless @output;
	}
	is($missing, undef, $example->{command});
}
done_testing();
