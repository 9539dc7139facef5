#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The order of folders is the order of data and of allowed includes: a file includes from
# its own folder and from folders to its left.  Only a tool's main.c may look both ways.
use strict;
use warnings;

my @order = qw(bpf capture/base capture/trace capture/live capture/front replay/state replay/field
	replay/verbs rules/lang rules/set analyze/alert analyze/report analyze/test
	analyze/browse/model analyze/browse/front analyze);
my %rank = map { $order[$_] => $_ } 0 .. $#order;
# Tables of types that the kernel half shares with user space.
my %shared = map { $_ => 1 } qw(capture/base/catalog_types.h);
# Code of tools, which like main.c connects everything.
my @tools = (qr{(^|/)main\.c$}, qr{^replay/verbs/}, qr{^analyze/live\.c$}, qr{^capture/record});

sub folder {
	my ($path) = @_;
	for my $f (sort { length $b <=> length $a } @order) {
		return $f if $path =~ m{^\Q$f\E/};
	}
	return;
}

my $bad = 0;
for my $file (split /\n/, `git ls-files -co --exclude-standard '*.c' '*.h' '*.def'`) {
	my $own = folder($file) or next;
	next if grep { $file =~ $_ } @tools;
	open my $in, '<', $file or die "$file: $!\n";
	while (<$in>) {
		next unless /^\s*#\s*include\s+"([^"]+)"/;
		my $other = folder($1);
		next if !$other || $shared{$1};
		next if $rank{$other} <= $rank{$own};
		print "$file:$.: $own may not include $1\n";
		$bad++;
	}
}
print "includes: $bad wrong\n" if $bad;
exit($bad ? 1 : 0);
