#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# How a recording begins and ends, what is chosen for it, and what is left of it when
# the recorder is killed or the disk is full.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use Live;
use Test::More;
use Time::HiRes qw(sleep time);

can_record();
my $dir = scratch();
my $file = "$dir/r.skr";
my @capture = ($saker, 'capture', '-q', '-o', $file);

sub fresh { unlink $file, "$file.old" }

# Types of a recording's events and how often each is there.
sub types {
	my %n;
	$n{$_->{type}}++ for @{$_[0]};
	return \%n;
}

# Is it readable: the reader's exit status, and how many events it has.
sub readable {
	my ($path) = @_;
	my ($code, $out) = run($dir, "$build/tests/tools/dump", $path);
	my $n = () = $out =~ /\n/g;
	return ($code, $n);
}

sub background {
	my (@options) = @_;
	fresh();
	my $pid = start($dir, "$dir/capture", @capture, @options);
	wait_for(sub { -s $file }, 20) or diag(slurp("$dir/capture.err"));
	return $pid;
}

# ---- the end ------------------------------------------------------------------

for my $signal (qw(INT TERM HUP)) {
	my $pid = background();
	system(program('flood'), 1000);
	sleep 0.2;
	is(stop($pid, $signal, 20), 0, "SIG$signal ends it with 0");
	my ($code, $n) = readable($file);
	is($code, 0, "SIG$signal: the recording is whole");
	cmp_ok($n, '>=', 1000, "SIG$signal: and has the events");
}

fresh();
my $begin = time;
my ($code, $out, $err) = run($dir, @capture, '-d', '1.5s');
is($code, 0, '-d ends with 0');
my $took = time - $begin;
ok($took > 1.4 && $took < 10, "-d 1.5s takes its time ($took s)");
is((readable($file))[0], 0, '-d: the recording is whole');

fresh();
my $feed = start($dir, "$dir/flood", program('flood'), 100, 1, "$dir/enough");
($code) = run($dir, @capture, '-n', 5000);
is($code, 0, '-n ends with 0');
is((readable($file))[1], 5000, '-n 5000 records so many');

# ---- privileges ---------------------------------------------------------------

# Looking at processes (for what losses took away) and reading the sampler is all that is still needed.
no warnings 'portable';
use constant { DAC_READ_SEARCH => 1 << 2, SYS_PTRACE => 1 << 19, CAP_BPF => 1 << 39 };
my $recorder = background();
my $threads;

# What any of its threads may do beyond that.
sub beyond {
	my @effective = map { slurp($_) =~ /^CapEff:\s*([0-9a-f]+)/m ? hex $1 : () } glob "/proc/$recorder/task/*/status";
	$threads = @effective;
	my $all = 0;
	$all |= $_ for @effective;
	return $all & ~(DAC_READ_SEARCH | SYS_PTRACE | CAP_BPF);
}
ok(wait_for(sub { beyond() == 0 }, 10), 'no thread may do more than it must') or diag(sprintf '%x', beyond());
cmp_ok($threads, '>', 1, 'the recorder has threads');
stop($recorder);

# ---- no end -------------------------------------------------------------------

my $pid = background();
sleep 2.5;
is(stop($pid, 'KILL'), 128 + 9, 'killed');
my ($reader, $n) = readable($file);
ok($reader == 0 || $reader == 3, "what a killed recorder leaves is readable ($reader)");
cmp_ok($n, '>', 5000, 'and has what was recorded until shortly before');
($code, $out) = run($dir, $saker, 'verify', $file);
ok($code == 0 || $code == 1 || $code == 3, "verify looks at it ($code)") or diag($out);

my $small = "$dir/small";
mkdir $small;
SKIP: {
	skip 'no tmpfs', 4 if system('mount', '-t', 'tmpfs', '-o', 'size=120k', 'small', $small);
	($code, $out, $err) = run($dir, $saker, 'capture', '-q', '-d', '30s', '-o', "$small/r.skr");
	is($code, 2, 'a full disk ends with 2');
	like($err, qr/No space left/, 'and says so');
	is(() = $err =~ /\n/g, 1, 'once') or diag($err);
	($reader, $n) = readable("$small/r.skr");
	ok(($reader == 0 || $reader == 3) && $n > 100, "what was recorded is readable ($reader, $n events)");
	system('umount', $small);
}
open my $enough, '>', "$dir/enough";
stop($feed);

# ---- refusals -----------------------------------------------------------------

sub refused {
	my ($what, $pattern, @command) = @_;
	my ($status, undef, $message) = run($dir, @command);
	is($status, 2, "$what: 2");
	like($message, $pattern, "$what: says why");
	is(() = $message =~ /\n/g, 1, "$what: in one line") or diag($message);
}

chmod 0755, $dir;
fresh();
refused('without privilege', qr/root|CAP_|privilege|permi/i, 'setpriv', '--reuid=65534', '--regid=65534',
	'--clear-groups', @capture, '-d', '1s');
ok(!-e $file, 'without privilege: no file');
refused('no such command', qr/no such program/, @capture, '--', '/no such program');
refused('no such directory', qr{no/such}, $saker, 'capture', '-q', '-d', '1s', '-o', '/no/such/dir/r.skr');

# ---- a command ----------------------------------------------------------------

fresh();
($code, $out, $err) = run($dir, $saker, 'capture', '-o', $file, '--', 'sh', '-c', 'echo said; exit 7');
is($code, 0, "the recorder's exit status is its own");
is($out, "said\n", 'the command has the standard output');
like($err, qr/7/, "the command's exit status is told");
is(sprintf('%o', (stat $file)[2] & 07777), '600', 'nobody else may read a recording');

fresh();
my $script = 'sh -c "sleep 0.3; exec true late" & exit 0';
run($dir, @capture, '--', 'sh', '-c', $script);
ok((grep { $_->{type} eq 'execve' && $_->{args}{args} eq "late\0" } @{events($file)}),
	'a command has ended when its last descendant has');
my $events = events($file);
my ($first) = grep { $_->{type} eq 'execve' } @$events;
is($first->{args}{args}, "-c\0$script\0", 'it is recorded from its first instruction');
my %parents = map { $_->{pid} => 1 } @$events;
is(scalar keys %parents, 3, 'nothing but the command and its descendants');

($code, $out) = run($dir, 'grep', 'SigIgn', '/proc/self/status');
fresh();
my (undef, $under) = run($dir, @capture, '--', 'grep', 'SigIgn', '/proc/self/status');
is($under, $out, 'the command ignores no signals because of it');
my $ignoring = 'trap "" INT TERM HUP PIPE XFSZ; exec';
($code, $out) = run($dir, 'sh', '-c', "$ignoring grep SigIgn /proc/self/status");
fresh();
(undef, $under) = run($dir, 'sh', '-c', "$ignoring @capture -- grep SigIgn /proc/self/status");
is($under, $out, 'and those that were ignored before');

($code, $out) = run($dir, 'sh', '-c', "$saker capture -q -o - -- true | $build/tests/tools/dump -");
my $whole = () = $out =~ /"type":"procexit"/g;
is($whole, 1, 'a recording goes through a pipe');

# ---- choices ------------------------------------------------------------------

sub chosen {
	my ($options, @command) = @_;
	fresh();
	my ($status, undef, $message) = run($dir, @capture, @$options, '--', @command);
	is($status, 0, "@$options") or diag($message);
	return events($file);
}

my $n_of = types(chosen(['--syscalls', 'getppid'], program('flood'), 50));
is($n_of->{syscall}, 50, '--syscalls: what was asked for');
ok($n_of->{execve} && $n_of->{openat} && $n_of->{procexit} && !$n_of->{mprotect},
	'--syscalls: and what changes processes and descriptors, nothing else');

my @data = map { $_->{args}{data} } grep { $_->{type} eq 'write' }
	@{chosen(['--snaplen', '0'], 'sh', '-c', 'echo 0123456789')};
is($data[0] // '', '', '--snaplen 0: no payload');
@data = map { $_->{args}{data} } grep { $_->{type} eq 'write' }
	@{chosen(['--snaplen', '5'], 'sh', '-c', 'echo 0123456789')};
is($data[0], '01234', '--snaplen 5: so much');
my $long = 'x' x 3000;
@data = map { $_->{args}{data} } grep { $_->{type} eq 'write' }
	@{chosen(['--snaplen', '65000'], 'sh', '-c', "echo $long")};
is($data[0], "$long\n", '--snaplen 65000: all');

$n_of = types(chosen(['-f', 'evt.type = access'], 'cat', '/etc/hostname'));
ok($n_of->{access} && $n_of->{openat} && $n_of->{execve} && !$n_of->{read} && !$n_of->{mprotect},
	'-f: events that match, and those that change processes and descriptors');

$n_of = types(chosen(['--page-faults'], program('flood'), 50));
ok($n_of->{page_fault}, '--page-faults');
$n_of = types(chosen(['--switches'], 'sh', '-c', 'sleep 0.1'));
ok($n_of->{switch}, '--switches');
$n_of = types(chosen(['--comm', 'flood'], 'sh', '-c', program('flood') . ' 50; true'));
is($n_of->{syscall} && $n_of->{syscall} >= 50, 1, '--comm: events of that name');

# ---- what it is for -----------------------------------------------------------

# The machine is recorded while an intruder is at work; the rules find it afterwards.
$pid = background();
sleep 0.5;
system(<<"EOT");
ln -s /usr/bin/perl $dir/nginx
$dir/nginx -e 'system("/bin/sh", "-c", "cat /etc/shadow >/dev/null; true")'
: >/usr/bin/saker-live-$$
rm -f /usr/bin/saker-live-$$
EOT
sleep 0.2;
is(stop($pid, 'INT'), 0, 'a machine is recorded');
($code, $out) = run($dir, $saker, 'analyze', '-q', '--json', '--rule-matching', 'all',
	'-r', "$top/rules/saker.yaml", $file);
is($code, 1, 'analyze has findings');
like($out, qr{"rule":\s*"Shell started by a server program"}, 'a shell below nginx');
like($out, qr{"fd.name":\s*"/etc/shadow".*Password hashes read|Password hashes read.*"fd.name":\s*"/etc/shadow"},
	'password hashes read');
like($out, qr{/usr/bin/saker-live-$$\b}, 'a program planted, with its name');

# ---- losses -------------------------------------------------------------------

# Far more than a small ring holds: what is not there is counted, one by one.
my $calls = 400000;
fresh();
($code) = run($dir, @capture, '--ring', '256K', '--', program('flood'), $calls, 2);
is($code, 0, 'a small ring');
(undef, $out) = run($dir, "$build/tests/tools/dump", '-a', $file);
my $have = () = $out =~ /"nativeID":110,/g;
my $lost = 0;
$lost += $1 while $out =~ /"type":"loss".*?"count":(\d+)/g;
cmp_ok($have + $lost, '>=', 2 * $calls, "recorded ($have) and lost ($lost) are all calls");
cmp_ok($have + $lost, '<=', 2 * $calls + 2000, 'and not more');

# All events and losses of a command are the same, however many of them were lost.
my @sum;
for my $n (100000, 300000) {
	fresh();
	(undef, undef, my $told) = run($dir, $saker, 'capture', '--ring', '256K', '-o', $file, '--',
		"$build/tests/tools/calls", 'flood', $n);
	my ($events, $missing) = $told =~ / (\d+) events in .* (\d+) lost/;
	push @sum, ($events // 0) + ($missing // 0);
}
is($sum[1] - $sum[0], 200000, 'losses are counted one by one');
done_testing;
