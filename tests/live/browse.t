#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# saker browse --live: what happens comes onto the screen, stays while it is paused, and goes on;
# only what is new is read, and what is folded or chosen stays; the recorder ends with the browser,
# also where that is killed.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__), dirname(__FILE__) . '/..';
use Live;
use Test::More;

can_record();
$ENV{O} = $build;
chdir $top;
require Screen;
plan skip_all => 'tmux is not installed (.ci/deps installs it)' unless Screen::available();

my $dir = scratch();
mkdir "$dir/tmp";

sub browse {
	my (@args) = @_;
	# Wide: the tree stands below all the processes that run this test.
	my $screen = Screen->new(folder => $dir, size => [260, 40], env => {TMPDIR => "$dir/tmp"},
		args => ['--live', @args]);
	ok(wait_for(sub { $screen->capture(0) =~ /^ saker .* live +UTC/m }, 30), "it begins (@args)")
		or diag($screen->capture(0), slurp("$dir/stderr"));
	return $screen;
}

# A program that nobody else runs.
sub runs {
	my ($name) = @_;
	system('cp', '/bin/true', "$dir/$name") == 0 && system("$dir/$name") == 0 or die "$name: $!\n";
}

sub shows {
	my ($screen, $pattern, $seconds) = @_;
	return wait_for(sub { $screen->capture(0) =~ $pattern }, $seconds);
}

sub fill {
	my ($path, $text) = @_;
	open my $out, '>', $path or die "$path: $!\n";
	print $out $text;
	close $out;
}

# Bytes that the browser has read, of all files and pipes.
sub has_read {
	my ($screen) = @_;
	return (slurp('/proc/' . $screen->pid . '/io') =~ /^rchar: (\d+)/)[0];
}

sub recorders {
	my @pids = grep { slurp("/proc/$_/cmdline") =~ /\0--live\0.*\Q$_[0]\E/ } map { basename($_) } glob '/proc/[0-9]*';
	return scalar @pids;
}

my $screen = browse('--view', 'executables', '--filter', "proc.exepath startswith $dir/", 'mine.skr');
my $browser = $screen->pid;
like(slurp("/proc/$browser/status"), qr/^CapEff:\t0+$/m, 'the browser has no capabilities') if !$ENV{SAN};
runs('first-program');
ok(shows($screen, qr/first-program/, 2), 'a program that runs comes onto the screen within 2 seconds')
	or diag($screen->capture(0));
$screen->press('L');
ok(shows($screen, qr/ paused +UTC/, 10), 'paused');
runs('second-program');
ok(!shows($screen, qr/second-program/, 4), 'nothing comes while it is paused');
$screen->press('f');
$screen->text('proc.name startswith secon');
$screen->press('Enter');
$screen->wait_complete;
ok(!shows($screen, qr/second-program/, 3), 'nor in what is read anew');
$screen->press('BSpace', 'L');
ok(shows($screen, qr/second-program/, 30), 'it was recorded, and is there when it goes on')
	or diag($screen->capture(0));
like($screen->capture(0), qr/first-program/, 'the past is there');
$screen->press('q');
ok(wait_for(sub { -e "$dir/over" }, 20), 'it ends');
ok(wait_for(sub { !recorders('mine.skr') }, 20), 'the recorder ends too');
$screen->close;
is(system("$saker verify $dir/mine.skr >$dir/verified") >> 8, 0, 'the recording is whole');
is(`$saker replay -q -n 1 -f 'proc.pid = $browser' $dir/mine.skr`, '', 'nothing of the browser is in it');

# What is folded stays folded while more comes below it; only what is new is read.
system('cp', '/bin/sh', "$dir/parent") == 0 && system('cp', '/bin/true', "$dir/child-$_") == 0 or die for 1, 2;
system('mkfifo', "$dir/go-$_") == 0 or die for 1, 2;
fill("$dir/script", "$dir/child-1; read x < $dir/go-1; $dir/child-2; read x < $dir/go-2\n");
$screen = browse('--view', 'tree', '--filter', "proc.exepath startswith $dir/", 'tree.skr');
my $parent = fork // die "fork: $!\n";
END { kill 'KILL', $parent if $parent }
exec "$dir/parent", "$dir/script" if !$parent;
ok(shows($screen, qr/parent.*child-1/s, 10), 'a process and one below it') or diag($screen->capture(0));
$screen->press('Left');
ok(shows($screen, qr/\+ .*parent/, 5), 'it is folded') or diag($screen->capture(0));
unlike($screen->capture(0), qr/child-1/, 'what is below it is hidden');
my ($events) = $screen->capture(0) =~ /(\d+) events/;
fill("$dir/go-1", "x\n");
ok(wait_for(sub { ($screen->capture(0) =~ /(\d+) events/)[0] > $events }, 5), 'more happens');
like($screen->capture(0), qr/\+ .*parent/, 'it is still folded');
unlike($screen->capture(0), qr/child-2/, 'and nothing below it shows');
my ($read, $size) = (has_read($screen), -s "$dir/tree.skr");
system('find / -xdev -maxdepth 4 >/dev/null 2>&1') for 1 .. 3;
ok(wait_for(sub { -s "$dir/tree.skr" > $size + 100_000 }, 10), 'the recording grows');
sleep 2;
$read = has_read($screen) - $read;
$size = (-s "$dir/tree.skr") - $size;
cmp_ok($read, '<', 4 * $size + 200_000, "what is read ($read) is a small multiple of what is new ($size)");
$screen->press('Right');
ok(shows($screen, qr/parent.*child-1.*child-2/s, 5), 'unfolded, all is there') or diag($screen->capture(0));
fill("$dir/go-2", "x\n");
waitpid $parent, 0;
$parent = 0;
$screen->press('q');
ok($screen->wait_over, 'it ends');
$screen->close;

# The list of events goes with its last row.
$screen = browse('--view', 'events', '--filter', "evt.type = execve and proc.exepath startswith $dir/");
$screen->press('G');
for my $i (1 .. 3) {
	runs("goes-$i");
	ok(shows($screen, qr/goes-$i .*\n event \d+ /s, 5), "program $i is the last row") or diag($screen->capture(0));
}
$screen->press('Up');
ok(shows($screen, qr/ paused +UTC/, 5), 'going up pauses');
runs('goes-4');
ok(!shows($screen, qr/goes-4/, 2), 'and what comes then is not shown');
$screen->press('L', 'G');
ok(shows($screen, qr/goes-4/, 5), 'until it goes on');
$screen->press('q');
$screen->wait_over;
$screen->close;

# What goes through a descriptor comes onto its page.  Latencies and the browser's own calls are
# recorded where one wants them.
system('cp', '/bin/sh', "$dir/talker") == 0 && system('mkfifo', "$dir/go-$_") == 0 or die for 3, 4;
fill("$dir/script", "exec 5>$dir/out; echo what-is-first >&5; read x < $dir/go-3; "
	. "echo what-is-second >&5; read x < $dir/go-4\n");
$screen = browse('--self', '--latency', '--view', 'events', '--filter',
	"evt.type = write and fd.name = $dir/out", 'talk.skr');
$browser = $screen->pid;
my $talker = fork // die "fork: $!\n";
END { kill 'KILL', $talker if $talker }
exec "$dir/talker", "$dir/script" if !$talker;
ok(shows($screen, qr/what-is-first/, 10), 'a write') or diag($screen->capture(0));
$screen->press('G', 'F');
ok(shows($screen, qr/Descriptor.*process $talker .*\n what-is-first/s, 5), 'its descriptor')
	or diag($screen->capture(0));
unlike($screen->capture(0), qr/what-is-second/, 'nothing more went through it');
fill("$dir/go-3", "x\n");
ok(shows($screen, qr/Descriptor.*what-is-first.*\n what-is-second/s, 5), 'what comes, comes')
	or diag($screen->capture(0));
fill("$dir/go-4", "x\n");
waitpid $talker, 0;
$talker = 0;
$screen->press('q');
ok($screen->wait_over, 'it ends');
$screen->close;

# So does what is written to a terminal, where its replay has come to the end.
system('mkfifo', "$dir/go-$_") == 0 or die for 5, 6;
fill("$dir/session", "echo shown-first; read x < $dir/go-5; echo shown-second; read x < $dir/go-6\n");
$screen = browse('--view', 'events', '--filter', "evt.type = write and proc.exepath = $dir/talker", 'tty.skr');
$talker = fork // die "fork: $!\n";
open STDOUT, '>', '/dev/null' if !$talker;
exec 'script', '-qfc', "$dir/talker $dir/session", '/dev/null' if !$talker;
ok(shows($screen, qr/shown-first/, 10), 'a write to a terminal') or diag($screen->capture(0));
$screen->press('G', 'T', 'Enter');
ok(shows($screen, qr/Terminal.*\nshown-first.* plays 1\/1 /s, 5), 'it is replayed') or diag($screen->capture(0));
fill("$dir/go-5", "x\n");
ok(shows($screen, qr/\nshown-first\nshown-second.* plays 2\/2 /s, 5), 'what comes is shown')
	or diag($screen->capture(0));
fill("$dir/go-6", "x\n");
waitpid $talker, 0;
$talker = 0;
$screen->press('q');
ok($screen->wait_over, 'it ends');
$screen->close;
isnt(`$saker replay -q -n 1 -f 'proc.pid = $browser' $dir/talk.skr`, '', '--self: the browser is in it');
isnt(`$saker replay -q -n 1 -f 'evt.latency > 0' $dir/talk.skr`, '', '--latency: it is known');

# It ends at its size; what there is stays, with the alerts.
fill("$dir/rules.yaml", <<'END');
- rule: third ran
  desc: x
  condition: evt.type = execve and proc.name = third-program
  output: third ran %proc.name
  priority: CRITICAL
END
$screen = browse('--rules', "$dir/rules.yaml", '--size', '4M', '--snaplen', 60000, '--view', 'executables', 'small.skr');
my $forks = recorders('small.skr');
runs('third-program');
ok(shows($screen, qr/third-program/, 5), 'a program runs');
system('dd if=/dev/urandom of=/dev/null bs=32k count=200 2>/dev/null');
ok(shows($screen, qr/ ended +UTC/, 10), 'it ends') or diag($screen->capture(0));
like($screen->capture(0), qr/has reached 4M \(--size\)/, 'and says why');
ok(wait_for(sub { recorders('small.skr') < $forks }, 10), 'the recorder has ended, the browser has not');
cmp_ok(-s "$dir/small.skr", '<', 20 << 20, 'the recording is not much larger');
ok(`$saker replay -a $dir/small.skr` =~ /alert.*third ran/, 'the alert is in the recording');
$screen->press('f');
$screen->text('proc.name = third-program');
$screen->press('Enter');
$screen->wait_complete;
like($screen->capture(0), qr/third-program/, 'one can still look at it');
$screen->press('q');
$screen->wait_over;
$screen->close;

# Without a file the newest is kept: what is older is counted, and given up.
my $calls = 1500000;
sub calls { system("dd if=/dev/zero of=/dev/null bs=1 count=$calls 2>/dev/null") == 0 or die "dd: $!\n" }
$screen = browse('--size', '1M', '--view', 'events', '--filter', 'evt.num > 0');
my ($own) = glob "$dir/tmp/*/live.skr";
# How large a part is depends on what else the machine does.
sub given_up { return (-s $own) - (stat $own)[12] * 512 }
for (1 .. 20) {
	calls();
	last if given_up() > (-s $own) / 2;
}
cmp_ok(given_up(), '>', (-s $own) / 2, 'most of what was recorded is given up');
like($screen->capture(0), qr/ live +UTC/, 'it has not ended');
$screen->press('g');
ok(shows($screen, qr/ paused +UTC/, 10), 'paused at the first event');
$screen->wait_complete;
my ($oldest) = $screen->capture(0) =~ /^ +NUMBER .*\n +(\d+) /m;
cmp_ok($oldest, '>', $calls, 'that is not the first any more') or diag($screen->capture(0));
my $given_up = given_up();
calls() for 1 .. 2;
cmp_ok(given_up(), '<', $given_up + (64 << 10), 'nothing is given up while it is paused');
$screen->press('G', 'g');
$screen->wait_complete;
is(($screen->capture(0) =~ /^ +NUMBER .*\n +(\d+) /m)[0], $oldest, 'the same event is there') or diag($screen->capture(0));
unlike($screen->capture(0), qr/damaged/, 'nothing is damaged');
$screen->press(':');
$screen->text('#1');
$screen->press('Enter');
ok(shows($screen, qr/is counted, but not kept/, 10), 'who asks for what is gone is told') or diag($screen->capture(0));
$screen->press('L');
ok(wait_for(sub { calls(); given_up() > $given_up + (256 << 10) }, 60), 'it goes on, and so does giving up')
	or diag(given_up(), " were $given_up");
unlike($screen->capture(0), qr/damaged/, 'still nothing is damaged');
$screen->press('L');
ok(shows($screen, qr/ paused +UTC/, 10), 'paused again');
kill 'TERM', grep { slurp("/proc/$_/cmdline") =~ /\0--live\0/ && slurp("/proc/$_/status") =~ /^PPid:\t@{[$screen->pid]}$/m }
	map { basename($_) } glob '/proc/[0-9]*';
ok(shows($screen, qr/ paused, ended +UTC/, 10), 'the recorder ends meanwhile: it is told') or diag($screen->capture(0));
like($screen->capture(0), qr/the recorder has ended/, 'in words, too');
$screen->press('q');
ok($screen->wait_over, 'it ends');
$screen->close;

# A spectrogram counts on, its slices grow wider, and the chosen one is the last.
$screen = browse('--latency', '--view', 'spectrogram', '--filter', 'proc.name = goes-on');
system('cp', '/bin/sleep', "$dir/goes-on") == 0 or die;
$screen->press('G');
fill("$dir/often", "for i in \$(seq 60); do $dir/goes-on 0.1; done\n");
my $often = fork // die "fork: $!\n";
exec '/bin/sh', "$dir/often" if !$often;
ok(shows($screen, qr/^\d\d:\d\d:\d\d\S*\s+\d+ .*each row/ms, 10), 'calls are in rows') or diag($screen->capture(0));
my ($width) = $screen->capture(0) =~ /each row (\d+[mun]?s)/;
ok(wait_for(sub { ($screen->capture(0) =~ /each row (\d+[mun]?s)/)[0] ne $width }, 15), "rows are not $width any more")
	or diag($screen->capture(0));
waitpid $often, 0;
ok(wait_for(sub { $screen->capture(0) =~ /^ (\d+) of \g1 /m }, 5), 'the last row is chosen') or diag($screen->capture(0));
$screen->press('Up');
ok(wait_for(sub { $screen->capture(0) =~ /^ (\d+) of (\d+) /m && $1 < $2 }, 5), 'or another') or diag($screen->capture(0));
$screen->press('q');
ok($screen->wait_over, 'it ends');
$screen->close;

$screen = browse();
ok(scalar(glob "$dir/tmp/*/live.skr"), 'a file of its own');
kill 'KILL', $screen->pid;
ok(wait_for(sub { !glob "$dir/tmp/*" }, 20), 'it is gone when the browser was killed');
$screen->close;

done_testing();
