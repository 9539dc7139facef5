#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Recording straight to .scap: what the recorder promises of a .skr holds for it too.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use Live;
use Test::More;
use Time::HiRes qw(sleep);

can_record();
my $dir = scratch();
my $has_sysdig = !system('command -v sysdig >/dev/null');

# Exit code of the reader, and the types of events.
sub types {
	my ($file) = @_;
	my ($code, $out) = run($dir, $saker, 'replay', '-q', '-p', '%evt.type', $file);
	my %n;
	$n{$_}++ for split /\n/, $out;
	return ($code, \%n);
}

sub by_sysdig {
	my ($file, $what) = @_;
	return unless $has_sysdig;
	my ($code, $out, $err) = run($dir, 'sysdig', '-r', $file);
	is($code, 0, "$what: sysdig reads it") or diag($err);
	like($out, qr/ [<>] (?:openat|getppid|syscall) /, "$what: and shows it");
}

for my $case (['plain', 'r.scap', '-q'], ['compressed', 'r.scap.gz', '-q'],
		['by option', 'r.case', '-q', '--to', 'scap'], ['for Falco', 'x.scap', '-q', '--exit-only']) {
	my ($what, $name, @options) = @$case;
	my $file = "$dir/$name";
	my ($code, undef, $err) = run($dir, $saker, 'capture', @options, '-o', $file, '--', program('flood'), 500);
	is($code, 0, $what) or diag($err);
	is(sprintf('%o', (stat $file)[2] & 07777), '600', "$what: nobody else may read it");
	($code, my $n) = types($file);
	is($code, 0, "$what: is whole");
	is($n->{getppid}, 500, "$what: has what happened");
	ok($n->{execve} && $n->{procexit}, "$what: from the first instruction to the end");
	my (undef, $shown) = run($dir, $saker, 'replay', '-q', '-f', 'evt.type = getppid and evt.rawtime > 0',
		'-n', '1', '-p', '%proc.name %proc.pname %user.name', $file);
	like($shown, qr/^flood \S+ root$/, "$what: the snapshot tells whose children they are");
	by_sysdig($file, $what) unless $what eq 'for Falco';
	run($dir, $saker, 'capture', @options, '-o', $file, '--', 'true');
	is((types("$file.old"))[1]{getppid}, 500, "$what: an earlier one is kept");
}

my ($code, $out) = run($dir, 'sh', '-c', "$saker capture -q --to scap.gz -o - -- true | gzip -dc | $saker replay -q -");
is($code, 0, 'through a pipe');
like($out, qr/procexit/, 'to its end');

for my $signal (qw(INT KILL)) {
	my $file = "$dir/$signal.scap.gz";
	my $pid = start($dir, "$dir/capture", $saker, 'capture', '-q', '-o', $file);
	wait_for(sub { -s $file }, 20);
	system(program('flood'), 1000);
	sleep 2.5;
	$code = stop($pid, $signal, 20);
	is($code, $signal eq 'INT' ? 0 : 128 + 9, "SIG$signal");
	my ($reader, $n) = types($file);
	is($reader, 0, "SIG$signal: what is there is whole");
	cmp_ok($n->{getppid} // 0, '>=', 1000, "SIG$signal: and has what happened a second before");
	is(system('gzip', '-t', $file), 0, "SIG$signal: gzip agrees");
}

my $small = "$dir/small";
mkdir $small;
SKIP: {
	skip 'no tmpfs', 6 if system('mount', '-t', 'tmpfs', '-o', 'size=2m', 'small', $small);
	my $feed = start($dir, "$dir/flood", program('flood'), 100, 1, "$dir/enough");
	for my $name (qw(r.scap r.scap.gz)) {
		my $err;
		($code, $out, $err) = run($dir, $saker, 'capture', '-q', '-d', '30s', '-o', "$small/$name");
		is($code, 2, "$name: a full disk ends with 2");
		like($err, qr/^[^\n]*No space left[^\n]*\n\z/, "$name: and says so, once");
		my ($reader, $n) = types("$small/$name");
		ok($reader == 0 && keys %$n, "$name: what was recorded is readable to its end ($reader)");
		unlink "$small/$name";
	}
	open my $enough, '>', "$dir/enough";
	stop($feed);
	system('umount', $small);
}

# Far more than a small ring holds.
($code) = run($dir, $saker, 'capture', '-q', '--ring', '256K', '-o', "$dir/lost.scap", '--', program('flood'),
	400000, 2);
is($code, 0, 'a small ring');
my ($lost, $have) = (0, (types("$dir/lost.scap"))[1]{getppid});
(undef, $out) = run($dir, "$build/tests/tools/dump", '-a', "$dir/lost.scap");
$lost += $1 while $out =~ /"type":"loss".*?"count":(\d+)/g;
cmp_ok($have + $lost, '>=', 800000, "recorded ($have) and lost ($lost) are all calls");

($code, undef, my $err) = run($dir, $saker, 'capture', '--to', 'pcap', '--', 'true');
is($code, 2, 'no other formats');
like($err, qr/skr, scap or scap\.gz/, 'which is said');
done_testing;
