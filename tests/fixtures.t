#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The fixtures show what fixtures/saker.test.yaml says: exactly those alerts of shipped rules on each.
# Every shipped rule has one that triggers it and one that comes near and must not.  And they hold
# nothing of the machine that they were made on.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use Saker;
use Sys::Hostname;
use Test::More;

# ---- rules ------------------------------------------------------------------------

my ($status, $out, $said) = run('test', "$top/fixtures");
is($status, 0, 'saker test passes') or diag("$out$said");

# The cases, by name of their recordings: { fires => {}, near => {} }.
sub cases {
	my (%cases, $case);
	for (split /\n/, slurp("$top/fixtures/saker.test.yaml")) {
		$case = $cases{$1} //= {} if /^    recording: (.*)\.skr$/;
		$case->{fires}{$1}++ if /^      - rule: (.*)/;
		$case->{near}{$1}++ if /^      - no: (.*)/;
	}
	return %cases;
}

my %cases = cases();
my %fires = map { $_ => 1 } map { keys %{ $_->{fires} } } values %cases;
my %near = map { $_ => 1 } map { keys %{ $_->{near} } } values %cases;
for my $rule (map { /^- rule: (.*)/ ? $1 : () } split /\n/, slurp("$top/rules/saker.yaml")) {
	ok($fires{$rule}, "'$rule' has a fixture that triggers it");
	ok($near{$rule}, "'$rule' has a fixture that must not trigger it");
}
my %recordings = map { basename($_, '.skr') => $_ } glob "$top/fixtures/*.skr";
my %scenarios = map { basename($_, '.sh') => $_ } glob "$top/fixtures/scenarios/*.sh";
is_deeply([ sort keys %recordings ], [ sort keys %cases ], 'each recording has its test');
is_deeply([ sort keys %recordings ], [ sort keys %scenarios ], 'each recording can be made again');
for my $name (sort keys %recordings) {
	# What is kept whole serves more than one purpose.
	my $whole = slurp($scenarios{$name}) =~ /^# whole:/m;
	cmp_ok(-s $recordings{$name}, '<', $whole ? 64_000 : 40_000, "$name is small");
}

# ---- leaks ------------------------------------------------------------------------

my %process = map { $_ => 1 } qw(
	saker-capture sh bash perl id cat ls grep find mkdir cp chmod tar touch mv rm dd echo printf ln sed
	sleep kill nsenter unshare true wget shred truncate dash x .update env 3 4 5
	nginx httpd tcpdump modprobe mount bpftool gdb docker runc systemctl ssh chisel xmrig worker
	dpkg visudo usermod sysctl ssh-add aws kubectl login logrotate
	exe sshd nc insmod debugfs whoami umount ssh-keygen shm names answer ping arping curl date uname stty
	runc:[0:PARENT] runc:[1:CHILD] runc:[2:INIT] busybox-new);
my %address = map { $_ => 1 } qw(127.0.0.1 0.0.0.0 203.0.113.5 192.0.2.9 255.255.255.255 255.0.0.0
	10.20.30.40 10.96.0.1);
my %variable = map { $_ => 1 } qw(PATH HOME PWD OLDPWD _ SHLVL PS1 TERM HOSTNAME container GOMAXPROCS XDG_RUNTIME_DIR);
# Of Podman and runc, and the same wherever they run.
my $runtime_variable = qr/^_(?:LIBCONTAINER|OCI|CONTAINERS)_[A-Z_]+$/;
my $runtime_group = qr{^libpod_parent/(?:conmon|libpod-[0-9a-f]{64})$};
my $machine = hostname();

# Printed by someone who wants to see everything: pseudo events, parameters, and fields that hold
# more than their event does.
my @fields = qw(proc.name proc.exe proc.exepath proc.cmdline proc.cwd proc.env proc.pname proc.pcmdline
	proc.aname proc.aexepath proc.acmdline proc.sname thread.cgroups fd.name fd.nameraw user.name user.homedir
	user.shell user.loginname group.name container.id evt.args evt.buffer);

sub leaks {
	my ($file) = @_;
	my (undef, $text) = run('replay', '-q', '--all', $file);
	my (undef, $json) = run('replay', '-q', '--json', '-p', join(' ', map { "%$_" } @fields), $file);
	my @bad;
	for ($text, $json) {
		push @bad, "host name $machine" if $machine ne 'localhost' && /\b\Q$machine\E\b/;
		push @bad, "path $1" while m{((?:/work/|/home/(?!alice)\w|/root/\.(?!ssh|aws|kube|bash|profile|vim|docker|wgetrc|curlrc|config/curlrc)|/proc/\d+/cwd|/mnt/(?!bin/saker|raw\.skr))[^\s"]*)}g;
		# Arguments that were joined by dots may stand before and behind an address.
		while (/\b(\d{1,3}(?:\.\d{1,3}){3,})\b/g) {
			my @n = split /\./, $1;
			push @bad, "address $1" unless grep { $address{join '.', @n[$_ .. $_ + 3]} } 0 .. $#n - 3;
		}
		while (/\b([0-9a-f]{1,4}(?::[0-9a-f]{0,4}){3,7})\b/g) { push @bad, "address $1" unless $1 =~ /^[0:]*1?$/ }
	}
	while ($json =~ /"(proc\.p?name)":"([^"]*)"/g) { push @bad, "process $2" unless $process{$2} }
	while ($json =~ /"proc\.env":"([^"]*)"/g) {
		for (split / /, $1) {
			push @bad, "environment $_" if /^(\w+)=/ && !$variable{$1} && $1 !~ $runtime_variable;
		}
	}
	push @bad, "kernel $1" while $text =~ /snap_machine .*? kernel=(\d+\.\d++[^ ]+)/g;
	push @bad, 'memory size' if $text =~ /snap_machine .*? memory=/;
	while ($text =~ /snap_thread .*?\bcomm=(\S+)/g) { push @bad, "process $1" unless $process{$1} }
	while ($text =~ /\bcgroups=(\S+)/g) {
		push @bad, map { m{^\w*=/(.*\w)} && $1 !~ $runtime_group ? "control group $1" : () }
			split /\\x00|\.(?=\w*=)/, $1;
	}
	my %seen;
	return grep { !$seen{$_}++ } @bad;
}

for my $file (glob "$top/fixtures/*.skr") {
	my @bad = leaks($file);
	ok(!@bad, basename($file) . ' holds nothing of the machine it was made on')
		or diag(map { "  $_\n" } @bad[0 .. ($#bad < 9 ? $#bad : 9)]);
}
done_testing();
