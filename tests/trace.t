#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Recordings on the command line: info, verify, cut, merge; bad ones of every kind; streams.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename;
use File::Temp qw(tempdir);
use JSON::PP;
use Test::More;

my $build = abs_path($ENV{O} || 'build');
my $saker = "$build/saker";
my $bad = "$build/tests/tools/bad";
my $top = abs_path(dirname(__FILE__) . '/..');
my $dir = tempdir(CLEANUP => 1);
$ENV{TZ} = 'UTC';

plan skip_all => 'saker is not built' unless -x $saker && -x "$build/saker-replay" && -x $bad;

# Runs saker; returns status, output, what it said.
sub saker {
	my (@args) = @_;
	system("$saker @args >$dir/out 2>$dir/err");
	return ($? >> 8, slurp("$dir/out"), slurp("$dir/err"));
}

sub slurp {
	my ($file) = @_;
	open(my $in, '<:raw', $file) or die "$file: $!";
	local $/;
	return scalar <$in>;
}

sub spew {
	my ($file, $bytes) = @_;
	open(my $out, '>:raw', $file) or die "$file: $!";
	print $out $bytes;
	close $out;
}

my $fields = join ' ', map { "%$_" } qw(evt.rawtime evt.type evt.args thread.tid proc.pid proc.name
	proc.exepath proc.cwd fd.num fd.name user.name);

sub lines_of {
	my (@args) = @_;
	my (undef, $out) = saker('replay', '-q', '-p', "'$fields'", @args);
	return $out;
}

# ---- bad ones ----

my %quiet = ('broken-link' => 'only verify checks the chain');
my $list = `$bad make $dir`;
is($?, 0, 'a recording is made, and spoilt in every way');
my ($status, $out, $said) = saker('verify', "$dir/good.skr");
is($status, 0, 'verify: the good one is intact') or diag $out;
my $good = lines_of("$dir/good.skr");
my $n_good = () = $good =~ /\n/g;
is($n_good, 180, 'replay: the good one has all its events');

for (split /\n/, $list) {
	my ($name, $message) = split /\t/;
	($status, $out, $said) = saker('verify', "$dir/$name.skr");
	ok($status == 2 || $status == 3, "$name: verify tells") or diag "exit $status";
	like("$out$said", qr/\Q$message\E/, "$name: what is wrong");
	my $cannot = $status == 2;
	($status, $out, $said) = saker('replay', '-q', "$dir/$name.skr");
	is($status, $cannot ? 2 : $quiet{$name} ? 0 : 3, "$name: replay's status");
	my $n = () = $out =~ /\n/g;
	if ($cannot) {
		is($n, 0, "$name: no event");
	} else {
		cmp_ok($n, '>=', $name =~ /^cut/ ? 1 : $n_good - 60, "$name: costs one block at most");
	}
	unlike($said, qr/\n./, "$name: one line");
	if (!$cannot) {
		($status, $out) = saker('replay', '-q', '-', "<$dir/$name.skr");
		is($status, $quiet{$name} ? 0 : 3, "$name: the same from a pipe") if $name !~ /first-dict/;
	}
}

# ---- each length of a cut ----

my $bytes = slurp("$dir/good.skr");
for (my $n = 0; $n < length $bytes; $n += 5000) {
	spew("$dir/part.skr", substr($bytes, 0, $n));
	($status, $out, $said) = saker('replay', '-q', '-p', "'$fields'", "$dir/part.skr");
	my $want = $n < 64 ? 2 : 3;
	is($status, $want, "cut at $n: exit $want") or diag $said;
	is(substr($good, 0, length $out), $out, "cut at $n: what is there is right");
}

# ---- real ones ----

my $fixture = "$top/fixtures/benign-admin.skr";
SKIP: {
	skip 'no fixtures here', 1 unless -f $fixture;
	my $all = lines_of($fixture);
	my @all = split /\n/, $all;

	($status, $out) = saker('info', '-q', '--json', $fixture);
	is($status, 0, 'info works');
	my $info = decode_json($out);
	is($info->{events}, scalar @all, 'info: number of events');
	my $sum = 0;
	$sum += $_ for values %{$info->{types}};
	is($sum, scalar @all, 'info: types add up');
	($status, $out) = saker('verify', '--json', $fixture);
	is(decode_json($out)->{digest}, $info->{digest}, 'verify and info agree on the digest');
	($status, $out) = saker('info', '-q', '--json', '-', "<$fixture");
	is_deeply(decode_json($out)->{types}, $info->{types}, 'info: the same from a pipe');
	is(lines_of('-', "<$fixture"), $all, 'replay: the same from a pipe');

	# A part of the time.
	my @ts = map { (split / /)[0] } @all;
	my ($from, $to) = ($ts[@ts / 3], $ts[2 * @ts / 3]);
	my $want = join '', map { "$_\n" } grep { my ($t) = split / /; $t >= $from && $t <= $to } @all;
	($status) = saker('cut', '-q', $fixture, "$dir/cut.skr", "--from \@$from --to \@$to");
	is($status, 0, 'cut works');
	is(lines_of("$dir/cut.skr"), $want, 'cut: events and all that is known of them are the same');
	is(lines_of($fixture, "--from \@$from --to \@$to"), $want, 'replay: as after a full read');
	($status) = saker('verify', '-q', "$dir/cut.skr");
	is($status, 0, 'cut: the part is intact');
	($status) = saker('cut', '-q', $fixture, "$dir/tail.skr", "--from \@$to");

	# Numbers of events.
	($status) = saker('cut', '-q', $fixture, "$dir/numbers.skr", '-n 100-199');
	is(lines_of("$dir/numbers.skr"), join('', map { "$_\n" } @all[99 .. 198]), 'cut: by number');
	is((split / /, lines_of("$dir/numbers.skr", '--json', "-n 1 -p '%evt.num'"))[0] =~ /"evt.num":1\b/,
	   1, 'cut: numbers begin at 1');

	# A tree: the processes of it and no others, with what they inherited.
	my ($root) = map { / pid=(\d+)/ } grep { / (clone|fork|vfork|clone3) res=0 / } @all;
	($status) = saker('cut', '-q', '--anonymous', $fixture, "$dir/tree.skr", "--tree $root");
	is($status, 0, "cut: a tree ($root)");
	my $plain = "-p '%evt.rawtime %evt.type %thread.tid %proc.name %proc.exepath %proc.cwd %fd.num %fd.name'";
	my (undef, $tree) = saker('replay', '-q', $plain, "$dir/tree.skr");
	my (undef, $filtered) = saker('replay', '-q', $plain, $fixture,
				      "-f 'proc.pid = $root or proc.apid = $root'");
	is($tree, $filtered, 'cut: the tree is what a filter gives');
	my (undef, $pseudo) = saker('replay', '-q', '--all', "$dir/tree.skr");
	my ($machine) = grep { /snap_machine/ } split /\n/, $pseudo;
	like($machine, qr/hostname=localhost/, 'cut: --anonymous takes the name of the host out');
	like($machine, qr/ kernel=\d+\.\d+ /, 'cut: --anonymous keeps no more than the series of the kernel');
	unlike($machine, qr/ memory=/, 'cut: --anonymous takes the size of the memory out');

	# A container, by name and by id.
	my $container = "$top/fixtures/container.skr";
	my $inside = lines_of($container, "-f 'container.name = web'");
	my ($id) = map { /"container.id":"(\w+)"/ } lines_of($container, '--json', "-n 1 -p '%container.id'");
	for my $which ('web', $id) {
		saker('cut', '-q', $container, "$dir/container-$which.skr", "--container $which");
		is(lines_of("$dir/container-$which.skr"), $inside, "cut: the container $which");
	}
	saker('cut', '-q', $container, "$dir/none.skr", '--container we');
	is(lines_of("$dir/none.skr"), '', 'cut: a name is whole');

	# Accounts that a tree takes on later; a .scap has all of them at its start.
	my $becomes = "$top/fixtures/system-user.skr";
	my $who = "-f 'evt.type = execve and proc.name in (sshd, id)' -p '%proc.name %user.name %group.name'";
	my ($login) = lines_of($becomes, "-n 1 -f 'evt.type = execve and proc.name = sshd'", "-p '%proc.pid'") =~ /(\d+)/;
	saker('convert', '-q', $becomes, "$dir/becomes.scap");
	saker('cut', '-q', "$dir/becomes.scap", "$dir/becomes.skr", "--tree $login");
	is(lines_of("$dir/becomes.skr", $who), "sshd root root\nid daemon daemon\n",
	   'cut: the account that a process takes on has a name');

	# Joined again.
	($status) = saker('merge', '-q', "$dir/tail.skr", "$dir/cut.skr", "$dir/joined.skr");
	is($status, 0, 'merge works');
	my $joined = lines_of("$dir/joined.skr");
	my $later = join '', map { "$_\n" } grep { my ($t) = split / /; $t > $to } @all;
	is(substr($joined, 0, length $want), $want, 'merge: sorts by time');
	is(substr($joined, -length $later), $later, 'merge: what follows is right too');
	($status, $out, $said) = saker('merge', '-q', $fixture, "$dir/good.skr", "$dir/no.skr");
	is($status, 2, 'merge: refuses other machines');
	like($said, qr/not of the same machine/, 'merge: says so');
}

# ---- mistakes ----

($status, $out, $said) = saker('cut', "$dir/good.skr", "$dir/x.skr", '--from +9s --to +1s');
is($status, 2, 'cut: from later than to');
like($said, qr/--from is later than --to/, 'cut: says so');
($status, $out, $said) = saker('cut', "$dir/good.skr", "$dir/x.skr", '-n 5');
is($status, 2, 'cut: half a range');
($status, $out, $said) = saker('verify', $dir);
is($status, 2, 'verify: a directory');
like($said, qr/is a directory/, 'verify: says so');
($status, $out, $said) = saker('info', "$dir/nothing.skr");
is($status, 2, 'info: no such file');

done_testing();
