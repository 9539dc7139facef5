#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The .scap reader on captures that others wrote: each event that an independent reader finds,
# with the same time, CPU, thread and type; what was dropped, completed and converted counted as
# the tables of Falco's conversion say; the counts by type that captures.md lists; and where
# sysdig reads the file, its lines too.  The captures are not part of the repository.
use strict;
use warnings;
use File::Basename;
use File::Temp qw(tempdir);
use JSON::PP;
use Test::More;

my $build = $ENV{O} || 'build';
my $here = dirname(__FILE__);
my $shared = "$here/../../shared";
my $tool = "$build/tests/tools/events";
my $saker = "$build/saker-replay";
my $dir = tempdir(CLEANUP => 1);

plan skip_all => 'no captures in ../shared/captures' unless -d "$shared/captures";
plan skip_all => 'no ../shared/tools/scapdump.py' unless -f "$shared/tools/scapdump.py";
plan skip_all => "no $tool" unless -x $tool;
plan skip_all => 'no python3' if system 'command -v python3 >/dev/null';
my $sysdig = system('command -v sysdig >/dev/null') == 0;

sub slurp { open my $f, '<', shift or die; local $/; return <$f> }
sub lines { open my $in, '-|', shift or die; chomp(my @l = <$in>); return \@l }

sub same {
	my ($have, $want, $what) = @_;
	my ($first) = grep { ($want->[$_] // '') ne ($have->[$_] // '') } 0 .. ($#$want > $#$have ? $#$want : $#$have);
	return pass($what) unless defined $first;
	is($have->[$first], $want->[$first], "$what (number $first)");
}

# Names of the system calls that the facts know; others, and those whose number on the machine tells
# more, are compared as '?'.
sub blur {
	my ($have, $want) = @_;
	for (0 .. $#$want) {
		$have->[$_] =~ s/\S+$/?/ if $_ < @$have && $want->[$_] =~ s/(?:unknown|\?)$/?/;
	}
}

sub check_events {
	my ($capture, $name, $w) = @_;
	my @want = map { substr $_, 2 } grep { /^E / } @$w;
	my $have = lines("$tool $capture 2>/dev/null");
	s/^\d+ // for @$have;
	blur($have, \@want);
	is(scalar @$have, scalar @want, "$name: number of events");
	same($have, \@want, "$name: each event");
}

sub check_account {
	my ($capture, $name, $w) = @_;
	my $info = decode_json(join '', @{ lines("$saker info -q --json $capture 2>/dev/null") });
	my $c = $info->{capture};
	my ($total) = map { [ split ] } grep { /^T / } @$w;
	my $begun = $c->{beginnings};
	is_deeply([ @$c{qw(events state_only beginnings sections)} ], [ @$total[1 .. 4] ], "$name: sums");
	is($c->{events}, $c->{delivered} + $c->{state_only} + $begun + $c->{damaged},
		"$name: each event of the file is accounted for");
	is($c->{delivered}, $info->{events}, "$name: what is delivered");
	my @have = map { my $r = $_; join ' ', 'A', map { $r->{$_} // 0 }
		qw(code events ended state_only completed incomplete other_beginning) } @{ $c->{codes} };
	same(\@have, [ grep { /^A / } @$w ], "$name: account of each code");
	return $c;
}

# What captures.md lists: "NAME=count{parameters}".
my %listed;
my $current;
for (split /\n/, slurp("$shared/facts/captures.md")) {
	$current = $1 if /^### (\S+)/;
	next unless /^Histogram \((\d+) types/;
	$listed{$current}{$1} = $2 while /(\w+)=(\d+)\{/g;
}
my %enum = map { my ($code, $enum) = split /\t/; ($code, $enum =~ s/^PPME_//r) }
	grep { /^\d/ } split /\n/, slurp("$shared/facts/event-table.tsv");

sub check_listed {
	my ($name, $c) = @_;
	my $want = $listed{$name} or return;
	my %have = map { $enum{$_->{code}} => $_->{events} } @{ $c->{codes} };
	is_deeply({ map { $_ => $have{$_} } keys %$want }, $want, "$name: counts of captures.md");
}

# What 0.29.3 calls otherwise, and the captures that it cannot open or gives up on: blocks or options
# that it does not know, its own writer's bug.
my %renamed = (sigreturn => 'rt_sigreturn', sysdigevent => 'scapevent');
my %unread = map { $_ => 1 } qw(curl_google_comments.scap made/BROKEN_rw_cat_write.scap
	made/shbopt.scap made/unkmid.scap);

sub check_sysdig {
	my ($capture, $name, $w) = @_;
	my $cmd = "sysdig -D -r $capture -p '*%evt.rawtime %evt.cpu %thread.tid %evt.dir %evt.type'";
	my @have = grep { /^\d+ \d+ -?\d+ [<>] / } @{ lines("$cmd 2>$dir/err") };
	return if $unread{$name};
	s/(\S+)$/$renamed{$1} \/\/ $1/e for @have;
	my @want = map { substr $_, 2 } grep { /^S / } @$w;
	is(scalar @have, scalar @want, "$name: sysdig sees as many");
	blur(\@have, \@want);
	same(\@have, \@want, "$name: sysdig sees the same");
	return 1;
}

my @captures = sort glob("$shared/captures/*.scap $shared/captures/*/*.scap");
my ($n_events, $n_sysdig) = (0, 0);
for my $capture (@captures) {
	my $name = $capture =~ s{^\Q$shared\E/captures/}{}r;
	my $w = lines("python3 $here/scap-witness.py $shared $capture");
	check_events($capture, $name, $w);
	my $c = check_account($capture, $name, $w);
	check_listed($name, $c);
	$n_sysdig += check_sysdig($capture, $name, $w) // 0 if $sysdig;
	$n_events += $c->{events};
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

diag(sprintf '%d captures, %d events; sysdig read %d of them', scalar @captures, $n_events, $n_sysdig);
diag('no sysdig here: the second witness was not asked') unless $sysdig;
done_testing;
