#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The fixtures show what fixtures/INDEX.tsv says: exactly those shipped rules fire on each.  Every
# shipped rule has one that triggers it and one that comes near and must not.  And they hold nothing of
# the machine that they were made on.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename;
use Sys::Hostname;
use Test::More;

my $build = $ENV{O} || 'build';
my $saker = "$build/saker";
my $top = abs_path(dirname(__FILE__) . '/..');
my $rules = "$top/rules/saker.yaml";
$ENV{TZ} = 'UTC';
$ENV{FALCO_HOSTNAME} = 'test-host';

sub output_of {
	my (@command) = @_;
	open my $in, '-|', @command or die "$command[0]: $!\n";
	local $/;
	my $out = <$in>;
	close $in;
	return $out // '';
}

sub rows {
	open my $in, '<', "$top/fixtures/INDEX.tsv" or die "INDEX.tsv: $!\n";
	my @rows;
	while (<$in>) {
		next if /^#/;
		chomp;
		my ($name, $shows, $fires, $near) = split /\t/;
		push @rows, { name => $name, fires => [ list($fires) ], near => [ list($near) ] };
	}
	return @rows;
}

sub list { return grep { $_ ne '-' } split /; /, shift }

sub shipped {
	open my $in, '<', $rules or die "$rules: $!\n";
	return map { /^- rule: (.*)/ ? $1 : () } <$in>;
}

# ---- rules ------------------------------------------------------------------------

my @rows = rows();
my (%fires, %near);
for my $r (@rows) {
	my $file = "$top/fixtures/$r->{name}.skr";
	if (!-e $file) {
		fail("$r->{name} is there");
		next;
	}
	my $out = output_of($saker, 'analyze', '-q', '--json', '--rule-matching', 'all', '-r', $rules, $file);
	my %found = map { /"rule":"([^"]*)"/ ? ($1 => 1) : () } split /\n/, $out;
	is_deeply([ sort keys %found ], [ sort @{ $r->{fires} } ], "$r->{name}: the rules that fire");
	$fires{$_}++ for @{ $r->{fires} };
	$near{$_}++ for grep { !$found{$_} } @{ $r->{near} };
}
for my $rule (shipped()) {
	ok($fires{$rule}, "'$rule' has a fixture that triggers it");
	ok($near{$rule}, "'$rule' has a fixture that must not trigger it");
}
for my $file (glob "$top/fixtures/*.skr") {
	my $name = basename($file, '.skr');
	ok((grep { $_->{name} eq $name } @rows) && -e "$top/fixtures/scenarios/$name.sh",
		"$name is in the index and can be made again");
	cmp_ok(-s $file, '<', 100_000, "$name is small");
}

# ---- leaks ------------------------------------------------------------------------

my %process = map { $_ => 1 } qw(
	saker-capture sh bash perl id cat ls grep find mkdir cp chmod tar touch mv rm dd echo printf ln sed
	sleep kill nsenter unshare true wget shred truncate dash x .update env 3 4 5
	nginx httpd tcpdump modprobe mount bpftool gdb docker runc systemctl ssh chisel xmrig worker
	dpkg visudo usermod sysctl ssh-add aws kubectl login logrotate
	exe sshd nc insmod debugfs whoami umount ssh-keygen shm ping arping
	runc:[0:PARENT] runc:[1:CHILD] runc:[2:INIT] busybox-new);
my %address = map { $_ => 1 } qw(127.0.0.1 0.0.0.0 203.0.113.5 192.0.2.9 255.255.255.255 255.0.0.0
	10.20.30.40 10.96.0.1);
my %variable = map { $_ => 1 } qw(PATH HOME PWD OLDPWD _ SHLVL TERM HOSTNAME container GOMAXPROCS XDG_RUNTIME_DIR);
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
	my $text = output_of($saker, 'replay', '-q', '--all', $file);
	my $json = output_of($saker, 'replay', '-q', '--json', '-p', join(' ', map { "%$_" } @fields), $file);
	my @bad;
	for ($text, $json) {
		push @bad, "host name $machine" if $machine ne 'localhost' && /\b\Q$machine\E\b/;
		push @bad, "path $1" while m{((?:/work/|/home/(?!alice)\w|/root/\.(?!ssh|aws|kube|bash|profile|vim|docker|wgetrc)|/proc/\d+/cwd|/mnt/(?!bin/saker|raw\.skr))[^\s"]*)}g;
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
