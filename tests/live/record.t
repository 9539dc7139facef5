#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# saker test --record: a command becomes a small recording and a test that passes; and a busy
# machine with one attack becomes a fixture of a few KB that gives the same alert.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use JSON::PP;
use Live;
use Test::More;
use Time::HiRes qw(sleep time);

can_record();
my $dir = scratch();
my $rules = "$top/rules/saker.yaml";
$ENV{TZ} = 'UTC';
$ENV{FALCO_HOSTNAME} = 'test-host';
my $hostname = `hostname`;
chomp $hostname;
my $release = `uname -r`;
chomp $release;

# saker ARGS in the scratch folder: status, output, errors.
sub saker {
	my (@args) = @_;
	my $pid = start($dir, "$dir/out", $saker, @args);
	waitpid $pid, 0;
	my @all = ($? >> 8, slurp("$dir/out"), slurp("$dir/out.err"));
	unlink "$dir/out", "$dir/out.err";
	return @all;
}

# ---- a command ----

my ($status, $out, $said) = saker('test', '--record', 'shadow', '-r', $rules, '--', 'sh', '-c',
	'cat /etc/shadow; exit 7');
is($status, 0, 'a command is recorded') or diag($said);
cmp_ok(-s "$dir/shadow.skr", '<', 6000, 'into a few KB: ' . -s "$dir/shadow.skr");
like(slurp("$dir/shadow.test.yaml"), qr/- rule: Password hashes read\n +count: 1\n +fields:\n +fd\.name: \/etc\/shadow\n +proc\.name: cat\n/,
	'and a test says what fires');
is((saker('verify', '-q', 'shadow.skr'))[0], 0, 'it verifies');
is((saker('test', 'shadow.test.yaml'))[0], 0, 'it passes');
my (undef, $info) = saker('info', 'shadow.skr');
like($info, qr/^host +localhost, kernel \d+\.\d+,/m, 'it does not name the machine');
my (undef, $all) = saker('replay', '-q', '--json', 'shadow.skr');
$all .= slurp("$dir/shadow.skr");
unlike($all, qr/\Q$release\E/, '... nor its kernel, anywhere');
SKIP: {
	skip 'the name of the machine is a word of others', 1
		if $hostname eq 'localhost' || length $hostname < 4;
	unlike($all, qr/\Q$hostname\E/, '... nor its name');
}

($status, $out, $said) = saker('test', '--record', 'nothing', '-r', $rules, '--into',
	'shadow.test.yaml', '--', 'sh', '-c', 'ls / >/dev/null; true');
is($status, 0, 'a command in which nothing fires') or diag($said);
like(slurp("$dir/shadow.test.yaml"), qr/name: nothing\n +recording: nothing\.skr\n +expect: none\n/,
	'... is a test of that');
is((saker('test', 'shadow.test.yaml'))[0], 0, 'both pass');
like((saker('replay', '-q', '-f', 'evt.type = execve', 'nothing.skr'))[1], qr/\bls\b/,
	'... of all that the command did');

my $before = slurp("$dir/shadow.skr");
($status, $out, $said) = saker('test', '--record', 'shadow', '-r', $rules, '--', 'true');
is($status, 2, 'a name that is taken');
like($said, qr/has a test of the name 'shadow'/, '... is told before anything is run');
ok($before eq slurp("$dir/shadow.skr"), '... and the recording is as it was');
is((saker('test', '--record', 'no/folder', '-r', $rules, '--', 'touch', "$dir/ran"))[0], 2, 'no folder');
ok(!-e "$dir/ran", '... and the command is not run');
is((saker('test', '--record', 'x', '-r', $rules, '--', '/no/such/program'))[0], 2, 'no such program');
is((saker('test', '--record', 'x', '-r', $rules))[0], 2, 'no command');
is(scalar(() = glob '/tmp/saker-record-*'), 0, 'nothing is left behind');

# ---- a busy machine ----

my $seconds = $ENV{BUSY_SECONDS} || 10;
my $load = <<'EOT';
import os, socket, subprocess, sys, threading, time
end = time.time() + float(sys.argv[1])
def files():
    while time.time() < end:
        for root, _, names in os.walk('/usr/share'):
            for n in names[:50]:
                try:
                    os.stat(os.path.join(root, n))
                except OSError:
                    pass
            if time.time() > end:
                break
def bytes_():
    a, b = os.open('/dev/zero', os.O_RDONLY), os.open('/dev/null', os.O_WRONLY)
    while time.time() < end:
        for _ in range(1000):
            os.write(b, os.read(a, 1))
def network():
    s = socket.socket()
    s.bind(('127.0.0.1', 0))
    s.listen(5)
    while time.time() < end:
        c = socket.create_connection(s.getsockname())
        d, _ = s.accept()
        c.send(b'x')
        d.recv(1)
        c.close()
        d.close()
        time.sleep(.001)
for f in (files, bytes_, network):
    if os.fork() == 0:
        f()
        os._exit(0)
while time.time() < end:
    subprocess.call(['sh', '-c', 'cat /etc/passwd | wc -l'], stdout=subprocess.DEVNULL)
EOT
open my $script, '>', "$dir/load.py" or die;
print $script $load;
close $script;
open $script, '>', "$dir/busy.sh" or die;
print $script "python3 load.py $seconds & sleep ", $seconds / 2,
	"; sh -c 'cat /etc/shadow >/dev/null; true'; wait\n";
close $script;
SKIP: {
	skip 'no python3 for the load', 8 if system('command -v python3 >/dev/null') != 0;
	($status, undef, $said) = saker('capture', '-q', '-o', 'busy.skr', '--', 'sh', 'busy.sh');
	is($status, 0, "a busy machine for $seconds s") or diag($said);
	my ($events) = (saker('info', 'busy.skr'))[1] =~ /^events +(\d+)/m;
	cmp_ok($events, '>=', $seconds * 100_000, "$events events, " . (-s "$dir/busy.skr") . ' bytes');
	my $began = time;
	($status, undef, $said) = saker('shrink', '--keep', 'alerts of Password hashes read',
		'-o', 'attack.skr', 'busy.skr');
	is($status, 0, 'the alerts of one rule') or diag($said);
	my $took = time - $began;
	cmp_ok($took, '<', 30, sprintf '%.2f s', $took);
	cmp_ok(-s "$dir/attack.skr", '<=', 20_000, (-s "$dir/attack.skr") . ' bytes');
	is((saker('verify', '-q', 'attack.skr'))[0], 0, 'it verifies');
	my @alerts = map {
		[ grep { $_->{rule} eq 'Password hashes read' } map { decode_json($_) } split /\n/,
			(saker('analyze', '-q', '--json', $_))[1] ]
	} qw(busy.skr attack.skr);
	is(scalar @{ $alerts[0] }, 1, 'one alert');
	is_deeply($alerts[1], $alerts[0], 'the same alert with the same output and fields');
}

done_testing();
