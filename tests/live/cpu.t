#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Processor time and memory of processes: what the samples and the ends of threads say together is
# what the processes themselves say they have used.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use JSON::PP;
use List::Util qw(sum0 max);
use Live;
use Test::More;

can_record();
my $dir = scratch();
my $json = JSON::PP->new->latin1;
# A tick, and what the end of a process takes.
my $slack = 25;

# Values of fields at the events that match, samples included.
sub all {
	my ($file, $filter, @fields) = @_;
	my $format = join ' ', map { "%$_" } @fields;
	my (undef, $out) = run($dir, $saker, 'replay', '-q', '--all', '--json', '-p', $format, '-f',
		$filter, $file);
	return map { $json->decode($_)->{output_fields} } split /\n/, $out;
}

sub of {
	my ($rows, $pid, $field) = @_;
	return map { $_->{$field} // 0 } grep { $_->{'proc.pid'} == $pid } @$rows;
}

sub near {
	my ($have, $want, $name) = @_;
	cmp_ok(abs($have - $want), '<=', $slack, sprintf '%s: %.1f ms of %.1f', $name, $have, $want);
}

my @accounts = qw(proc.pid evt.type thread.tid thread.cputime thread.cputime.user
	thread.cputime.system thread.cpu proc.vmrss.b);
for my $interval ('0.1', '0') {
	my ($file, $said) = record($dir, ['--sample', $interval], program('cpu'));
	my %told = map { $_->{name} => $_ } map { $json->decode($_) } split /\n/, $said;
	my @rows = all($file, 'evt.type in (procinfo, procexit)', @accounts);
	my @samples = grep { $_->{'evt.type'} eq 'procinfo' } @rows;
	is(scalar keys %told, 6, "--sample $interval: all have run");
	for my $name (sort keys %told) {
		my $t = $told{$name};
		near(sum0(of(\@rows, $t->{pid}, 'thread.cputime')) / 1e6, $t->{user} + $t->{system}, $name);
	}
	my $t = $told{kernel};
	near(sum0(of(\@rows, $t->{pid}, 'thread.cputime.system')) / 1e6, $t->{system},
		'kernel: in the kernel');
	$t = $told{user};
	near(sum0(of(\@rows, $t->{pid}, 'thread.cputime.user')) / 1e6, $t->{user}, 'user: in user space');
	if ($interval) {
		my %known = map { $_->{pid} => 1 } values %told;
		is(scalar(grep { $_->{'proc.pid'} && $known{$_->{'proc.pid'}} } @samples) > 5, 1, 'there are samples');
		is(join(' ', all($file, 'evt.type = cpuinfo', 'evt.num')), '',
			'the load of the machine is not that of a command');
		is(scalar(grep { !exists $_->{'proc.pid'} } @samples), 0, 'samples are of known threads');
		is(scalar(of(\@samples, $told{asleep}{pid}, 'thread.cputime')), 0,
			'who sleeps is not told');
		cmp_ok(max(of(\@samples, $told{memory}{pid}, 'proc.vmrss.b')), '>=', 63 << 20,
			'64 MiB were resident');
		cmp_ok(max(map { $_ // 0 } of(\@samples, $told{user}{pid}, 'thread.cpu')), '>', 5,
			'a share of a processor');
		cmp_ok(max(map { $_ // 0 } of(\@rows, $_, 'thread.cpu')), '<', 130,
			'not more than one') for $told{user}{pid}, $told{threads}{pid};
		my %tids = map { $_->{'thread.tid'} => 1 } grep { $_->{'proc.pid'} == $told{threads}{pid} } @samples;
		cmp_ok(scalar keys %tids, '>=', 2, 'each thread for itself');
	} else {
		is(scalar @samples, 0, 'none if not asked for');
	}
	my @numbered = all($file, 'evt.num exists', 'evt.num', 'evt.type');
	is(scalar(grep { $_->{'evt.type'} eq 'procinfo' && $_->{'evt.num'} } @numbered), 0,
		'samples have no number');
}

# The whole machine, and only while it lasts.
my $file = "$dir/machine.skr";
is((run($dir, $saker, 'capture', '-q', '--sample', '0.2', '-d', '1.2', '-o', $file))[0], 0,
	'a machine is recorded');
my @cpus = all($file, 'evt.type = cpuinfo', qw(evt.cpu evt.cpu.busy evt.cpu.user evt.cpu.idle));
cmp_ok(scalar @cpus, '>=', 3, 'its processors are told of');
is(scalar(grep { $_->{'evt.cpu.busy'} < 0 || $_->{'evt.cpu.busy'} > 100 } @cpus), 0, 'in percent');
is((run($dir, $saker, 'verify', '-q', $file))[0], 0, 'it verifies');

# A filter is for samples as well.
$file = "$dir/filtered.skr";
is((run($dir, $saker, 'capture', '-q', '--sample', '0.1', '-f', 'proc.name = nobody', '-o', $file,
	'--', program('cpu')))[0], 0, 'a filter');
is(scalar(all($file, 'evt.type = procinfo', 'proc.pid')), 0, 'leaves samples of others out');
done_testing;
