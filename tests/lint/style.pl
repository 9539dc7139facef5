#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# What a reader should never have to say in a review: licence line, line length, blanks at
# the end of a line, names of a developer's machine, top level.
use strict;
use warnings;

my $bad = 0;
sub complain { print "@_\n"; $bad++ }

my @top = qw(Makefile capture replay analyze bpf rules fixtures man tests README.md LICENSE CONTRIBUTING.md);
my %top = map { $_ => 1 } @top;
my @files = split /\n/, `git ls-files -co --exclude-standard`;
my %seen;
for (@files) {
	my ($first) = split m{/};
	next if $first =~ /^\./ || $top{$first} || $seen{$first}++;
	complain("$first: does not belong to the top level");
}

for my $file (grep { /\.t$/ } @files) {
	complain("$file: is a test, but not executable") unless -x $file;
}

for my $file (grep { /\.(c|h|def|sh|pl|t|mk)$/ } @files) {
	open my $in, '<', $file or next;
	my @lines = <$in>;
	close $in;
	complain("$file: no SPDX line") unless grep { /SPDX-License-Identifier/ } @lines[0 .. ($#lines < 3 ? $#lines : 3)];
	for my $i (0 .. $#lines) {
		my ($line, $at) = ($lines[$i], "$file:" . ($i + 1));
		complain("$at: blanks at the end of the line") if $line =~ /[ \t]+$/;
		next if $file =~ /^tests\/lint\//;
		complain("$at: path of somebody's machine") if $line =~ m{/work/(main|shared)};
		next unless $file =~ /\.[ch]$/;
		chomp $line;
		1 while $line =~ s/\t/' ' x (8 - length($`) % 8)/e;
		complain("$at: " . length($line) . " columns") if length($line) > 100;
	}
}
print "style: $bad to mend\n" if $bad;
exit($bad ? 1 : 0);
