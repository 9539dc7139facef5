#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The published rules and ours, matched together over all recordings that there are, match as
# each rule does alone: indexes, keys, shared parts and code for what keys leave change nothing.
use strict;
use warnings;

my $tool = ($ENV{O} // 'build') . '/tests/tools/together';
my $shared = $ENV{SHARED} // '../shared';
my @rules = ((map { "$shared/rulesets/$_" }
	qw(falco_rules.yaml falco-incubating_rules.yaml falco-sandbox_rules.yaml)), 'rules/saker.yaml');
my @captures = (glob('fixtures/*.skr'), glob("$shared/captures/{.,attacks,made}/*.scap"));

print "1..2\n";
print "# SKIP no published rules at $shared: only those of Saker are compared\n" if !-d $shared;
@rules = grep { -f } @rules;
open my $in, '-|', $tool, @rules, '--', @captures or die "$tool: $!\n";
my @lines = <$in>;
close $in;
my ($n_rules, $events, $wrong) = (pop(@lines) // '') =~ /^(\d+) rules, (\d+) events, (\d+) differences$/;
print "# $_" for @lines[0 .. ($#lines < 20 ? $#lines : 20)];
print defined $wrong && $wrong == 0 && $? == 0 ? 'ok' : 'not ok',
	" 1 - rules match together as alone\n";
print +($events // 0) > 5000 && ($n_rules // 0) > 30 ? 'ok' : 'not ok', ' 2 - ', $n_rules // 0, ' rules, ',
	$events // 0, " events\n";
