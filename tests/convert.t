#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# saker convert: what is read from the result equals what is read from the original.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename;
use File::Temp qw(tempdir);
use Test::More;

my $build = $ENV{O} || 'build';
my $saker = abs_path("$build/saker");
my $top = abs_path(dirname(__FILE__) . '/..');
my $shared = "$top/../shared/captures";
my $dir = tempdir(CLEANUP => 1);
$ENV{TZ} = 'UTC';

plan skip_all => 'saker is not built' unless $saker && -x $saker && -x "$build/saker-replay";

sub convert {
	my (@args) = @_;
	my $said = `$saker convert @args 2>&1`;
	return ($? >> 8, $said);
}

# Everything that rules look at, except what numbers of events and Saker's own parameters are.
my $fields = join ' ', map { "%$_" } qw(evt.rawtime evt.type evt.cpu evt.res evt.buflen thread.tid
	proc.pid proc.ppid proc.name proc.cmdline proc.exepath proc.pname proc.cwd proc.sid proc.tty
	fd.num fd.type fd.name fd.sip fd.sport fd.cip fd.is_server fs.path.name
	user.uid user.name group.gid container.id evt.is_open_write evt.is_open_create);

sub lines_of {
	my ($file) = @_;
	my $lines = `$saker replay -q -p '$fields' $file`;
	return $lines;
}

sub same_lines {
	my ($have, $want, $what) = @_;
	my @have = split /\n/, $have;
	my @want = split /\n/, $want;
	is(scalar @have, scalar @want, "$what: number of events");
	my @differ = grep { ($have[$_] // '') ne $want[$_] } 0 .. $#want;
	is(scalar @differ, 0, "$what: each event")
		or diag("want $want[$differ[0]]\nhave " . ($have[$differ[0]] // 'nothing'));
}

# A call that Falco has no event for is a generic one in its files, and is found by its name in both.
is((convert("$top/fixtures/log-removal.skr", "$dir/calls.scap"))[0], 0, 'calls of which Falco has only the number');
for my $call (qw(truncate ftruncate)) {
	for my $file ("$top/fixtures/log-removal.skr", "$dir/calls.scap") {
		my $lines = `$saker replay -q -p '%evt.type %evt.category %proc.name' -f 'evt.type = $call' $file`;
		my $name = $call eq 'truncate' ? 'perl' : 'truncate';
		is($lines, "$call " . ($file =~ /skr/ ? 'file' : 'other') . " $name\n", "$call in " . basename($file));
	}
}

# Recordings of our own, through .scap and back.
for my $fixture (grep { -f } map { "$top/fixtures/$_.skr" } qw(demo reverse-shell benign-network)) {
	my $name = basename($fixture, '.skr');
	my ($status, $said) = convert($fixture, "$dir/$name.scap");
	is($status, 0, "$name to .scap") or diag($said);
	($status, $said) = convert("$dir/$name.scap", "$dir/$name.skr");
	is($status, 0, "$name back to .skr") or diag($said);
	my $want = lines_of("$dir/$name.scap");
	same_lines(lines_of("$dir/$name.skr"), $want, "$name as .skr again");
	my @types = map { (split)[1] } split /\n/, $want;
	my @own = map { (split)[1] } split /\n/, lines_of($fixture);
	@types = grep { $_ ne 'notification' } @types;	# notes and losses have become these
	is("@types", "@own", "$name: all events are there");
	($status, $said) = convert($fixture, "$dir/$name.scap");
	ok(-s "$dir/$name.scap.old", 'what stood there is kept');
	($status, $said) = convert($fixture, "$dir/$name.scap.gz");
	same_lines(lines_of("$dir/$name.scap.gz"), $want, "$name compressed");
}

# Another program reads them.
SKIP: {
	skip 'sysdig is not installed', 2 if system('command -v sysdig >/dev/null');
	skip 'no fixtures/demo.skr', 2 unless -f "$top/fixtures/demo.skr";
	my ($status, $said) = convert("$top/fixtures/demo.skr", "$dir/sysdig.scap");
	my $lines = `timeout 60 sysdig -D -r $dir/sysdig.scap 2>/dev/null`;
	is($?, 0, 'sysdig reads to the end');
	like($lines, qr{close fd=\d+\(<f>/}, 'and knows what a call is about');
}

# Captures of others.
SKIP: {
	skip 'no captures in ../shared/captures', 1 unless -d $shared;
	for my $capture (glob("$shared/tests_*.scap $shared/attacks/c-*.scap $shared/run*.scap")) {
		my $name = basename($capture, '.scap');
		my ($status, $said) = convert($capture, "$dir/$name.skr");
		is($status, 0, "$name to .skr") or diag($said);
		same_lines(lines_of("$dir/$name.skr"), lines_of($capture), $name);
		unlink "$dir/$name.skr";
	}
	my ($status, $said) = convert("$shared/made/cut30.scap", "$dir/cut.skr");
	is($status, 3, 'a cut capture is converted, and said to be cut');
	like($said, qr/incomplete block at byte 1412/, 'where');
	($status, $said) = convert("$shared/made/concat.scap", "$dir/concat.skr");
	is($status, 0, 'several sections become one recording') or diag($said);
	same_lines(lines_of("$dir/concat.skr"), lines_of("$shared/made/concat.scap"), 'several sections');
	# What an answer in the payload named is told by events of their own afterwards.
	($status, $said) = convert("$shared/curl_google.scap", "$dir/curl.skr");
	my $named = "-f 'fd.sip.name = www.google.com' -p '%evt.rawtime %evt.type %fd.sip'";
	my @named = map { scalar qx($saker replay -q '$_' $named) }
		"$shared/curl_google.scap", "$dir/curl.skr";
	like($named[0], qr/^\d+ connect [0-9a-f.:]+$/m, 'a capture has names');
	is($named[1], $named[0], '... and the recording made of it the same');
}

my ($status, $said) = convert('/etc/hostname', "$dir/out.skr");
is($status, 2, 'a foreign file is refused');
($status, $said) = convert("$top/fixtures/demo.skr", "$dir/out.txt");
is($status, 2, 'an unknown format is refused');
like($said, qr/--to scap or --to skr/, 'with what helps');

done_testing;
