#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The .scap reader on real captures: every event that an independent reader finds, in order,
# with the same time, cpu, thread and type.  The captures are not part of the repository.
use strict;
use warnings;
use File::Basename;
use Test::More;

my $build = $ENV{O} || 'build';
my $top = dirname(__FILE__) . '/..';
my $shared = "$top/../shared";
my $tool = "$build/tests/tools/events";
my $dump = "$shared/tools/scapdump.py";

plan skip_all => 'no captures in ../shared/captures' unless -d "$shared/captures";
plan skip_all => 'no ../shared/tools/scapdump.py' unless -f $dump;
plan skip_all => "no $tool" unless -x $tool;

sub slurp {
	my ($path) = @_;
	open my $f, '<', $path or die "$path: $!\n";
	local $/;
	return <$f>;
}

# What becomes of each code, by the name that the other reader prints.
my (%delivered, %name);
my $rows = slurp("$top/capture/trace/scap_events.def");
my %row;
$row{$2} = [$1, $3] while $rows =~ /^SCAP_(\w+)\((\d+), (\w+)/mg;
for (split /\n/, slurp("$shared/facts/event-table.tsv")) {
	my ($code, $enum) = split /\t/;
	next unless defined $enum && $row{$code};
	$delivered{$enum} = $row{$code}[0] ne 'ENTER';
	$name{$enum} = $row{$code}[1];
}
my %sc = slurp("$top/capture/trace/scap_sc.def") =~ /^SCAP_SC\((\d+), (\w+)\)/mg;

sub expected {
	my ($capture) = @_;
	my @events;
	open my $in, '-|', 'python3', $dump, '-e', $capture or die "python3: $!\n";
	while (<$in>) {
		/^\d+ (\d+)\.(\d{9}) cpu(\d+) tid=(\d+) (\w+)(?: \[STATE\])? ?(.*)/ or next;
		my ($ts, $cpu, $tid, $enum, $rest) = (($1 ? "$1$2" : $2 + 0), $3, $4, $5, $6);
		next unless $delivered{$enum};
		my $type = $name{$enum};
		$type = $sc{$1} // '?' if $type eq 'syscall' && $rest =~ /\bID=(\d+)/;
		$tid = -1 if length $tid > 10;
		push @events, "$ts $cpu $tid $type";
	}
	return \@events;
}

sub delivered {
	my ($capture) = @_;
	open my $in, '-|', "$tool $capture 2>/dev/null" or die "$tool: $!\n";
	chomp(my @lines = <$in>);
	s/^\d+ // for @lines;
	return \@lines;
}

for my $capture (sort glob("$shared/captures/*.scap $shared/captures/attacks/*.scap")) {
	my ($want, $have) = (expected($capture), delivered($capture));
	# A call that Falco had no number for is named by the machine's number here.
	for (0 .. $#$want) {
		$want->[$_] = $have->[$_] if $want->[$_] =~ / unknown$/ && $_ < @$have;
	}
	is(scalar @$have, scalar @$want, basename($capture) . ': number of events');
	my ($first) = grep { $want->[$_] ne ($have->[$_] // '') } 0 .. $#$want;
	is(defined $first ? $have->[$first] : undef, defined $first ? $want->[$first] : undef,
		basename($capture) . ': each event');
}

# Odd and broken ones: real and pseudo events, and what is said about damage.
my %made = (
	'base' => '3 events, 16 pseudo events, 0 damaged places',
	'gz' => '3 events, 16 pseudo events, 0 damaged places',
	'concat' => '6 events, 32 pseudo events, 0 damaged places',
	'evf' => '3 events, 17 pseudo events, 0 damaged places',
	'large' => '4 events, 16 pseudo events, 0 damaged places',
	'newtype' => '4 events, 16 pseudo events, 0 damaged places',
	'nometa' => '3 events, 2 pseudo events, 0 damaged places',
	'shbopt' => '3 events, 16 pseudo events, 0 damaged places',
	'unkhead' => '3 events, 16 pseudo events, 0 damaged places',
	'unkmid' => '3 events, 16 pseudo events, 0 damaged places',
	't0' => '3 events, 16 pseudo events, 0 damaged places',
	't76' => '3 events, 16 pseudo events, 0 damaged places',
	'fat' => '354 events, 973 pseudo events, 0 damaged places',
	'BROKEN_rw_cat_write' => '303 events, 557 pseudo events, 0 damaged places',
	'cut30' => '2 events, 16 pseudo events, 1 damaged places, cut: incomplete block '
		. 'at byte 1412, and nothing more behind it',
);
for my $made (sort keys %made) {
	my $said = `$tool $shared/captures/made/$made.scap 2>&1 >/dev/null`;
	is($said, "$made{$made}\n", $made);
}

done_testing;
