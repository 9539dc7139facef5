#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# .scap captures in every tool: plain, compressed, cut, joined, from files, pipes and standard
# input.  All are made from a fixture.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename;
use File::Temp qw(tempdir);
use JSON::PP;
use Test::More;
use Time::HiRes qw(time);

my $build = $ENV{O} || 'build';
my $saker = abs_path("$build/saker");
my $top = abs_path(dirname(__FILE__) . '/..');
my $dir = tempdir(CLEANUP => 1);
$ENV{TZ} = 'UTC';

plan skip_all => 'saker is not built' unless $saker && -x $saker && -x "$build/saker-replay";
my $fixture = "$top/fixtures/reverse-shell.skr";
plan skip_all => 'no fixtures' unless -f $fixture;

sub run {
	my ($command) = @_;
	my $out = `$command 2>$dir/err`;
	return ($? >> 8, $out);
}

sub said { open my $f, '<', "$dir/err" or return ''; local $/; return <$f> // '' }
sub slurp { open my $f, '<:raw', shift or die; local $/; return <$f> }
sub spew { open my $f, '>:raw', shift or die; print $f @_; close $f }

my ($plain, $gz, $pairs) = map { "$dir/$_" } qw(x.scap x.scap.gz pairs.scap);
is((run("$saker convert -q --exit-only $fixture $plain"))[0], 0, 'made a capture');
is((run("$saker convert -q --exit-only $fixture $gz"))[0], 0, 'a compressed one');
is((run("$saker convert -q -z $fixture $pairs"))[0], 0, 'one with two events for a call');
my $bytes = slurp($plain);
my ($cut, $cut_gz, $bad_gz, $two, $twice) = map { "$dir/$_" } qw(cut.scap cut.gz bad.gz two.scap twice.gz);
spew($cut, substr $bytes, 0, length($bytes) - 21);
spew($cut_gz, substr slurp($gz), 0, -100);
my $zipped = slurp($gz);
substr($zipped, length($zipped) / 2, 1) ^= "\x55";
spew($bad_gz, $zipped);
spew($two, $bytes, $bytes);
spew($twice, slurp($gz), slurp($gz));	# several streams of gzip are one

# ---- all tools, from anywhere ----

my $rules = "$top/rules/saker.yaml";
my @tools = (
	[ 'replay', '-q' ], [ 'replay --json', '-q -j --all' ], [ 'analyze', "-q -r $rules" ],
	[ 'info', '-q --json' ], [ 'verify', '' ],
);
for (@tools) {
	my ($tool, $options) = @$_;
	my ($verb) = $tool =~ /^(\w+)/;
	my ($status, $want) = run("$saker $verb $options $plain");
	isnt($want, '', "$tool says something");
	for my $how ([ 'standard input', "$saker $verb $options - <$plain" ],
		     [ 'a pipe', "cat $plain | $saker $verb $options -" ],
		     [ 'a slow pipe', "(head -c 5000 $plain; sleep 0.2; tail -c +5001 $plain) | $saker $verb $options -" ],
		     [ 'a gzip file', "$saker $verb $options $gz" ],
		     [ 'gzip on standard input', "$saker $verb $options - <$gz" ],
		     [ 'gzip from a pipe', "cat $gz | $saker $verb $options -" ],
		     [ 'gzip from a slow pipe', "(head -c 1000 $gz; sleep 0.2; tail -c +1001 $gz) | $saker $verb $options -" ]) {
		my ($s, $out) = run($how->[1]);
		# What a stream cannot know: its name, its size, its form.
		for ($want, $out) {
			s/^\S+: (?=no damage)//;
			s/"file":"[^"]*"|"size":\d+|"gzip":\w+|"first_ns":\d+| after inflating//g;
		}
		is("$s $out", "$status $want", "$tool of $how->[0]");
	}
}
for my $verb ('convert', 'cut --events 10-90') {
	my ($name) = $verb =~ /^(\w+)/;
	run("$saker $verb -q $plain $dir/want.skr");
	my $want = (run("$saker replay -q $dir/want.skr"))[1];
	for my $from ("- <$plain", "- <$gz", $gz) {
		run("$saker $verb -q --force @{[ $from =~ s/ .*//r ]} $dir/have.skr @{[ $from =~ s/^\S+//r ]}");
		is((run("$saker replay -q $dir/have.skr"))[1], $want, "$name of $from");
	}
}

# A pipe that stays open does not keep the programs, and what came is shown.
for my $file ($plain, $gz) {
	my $start = time;
	unlink "$dir/pipe";
	open my $in, '-|', "mkfifo $dir/pipe; (cat $file; exec sleep 30) >$dir/pipe & "
		. "$saker replay -q -n 3 - <$dir/pipe; kill \$!";
	my @lines = <$in>;
	is(scalar @lines, 3, basename($file) . ': three events of a pipe that is still open');
	cmp_ok(time - $start, '<', 10, 'ends when it has enough');
}

# ---- what info says ----

sub info { return decode_json((run("$saker info -q --json $_[0]"))[1]) }

my $i = info($plain)->{capture};
is($i->{beginnings}, 0, 'a capture of today has no beginnings of calls');
is($i->{events}, $i->{delivered}, 'all its events are delivered');
my $p = info($pairs)->{capture};
ok($p->{gzip}, 'that it is compressed');
is($p->{events}, $p->{delivered} + $p->{beginnings} + $p->{state_only},
	'one with pairs: all are accounted for');
is($p->{delivered}, $i->{delivered}, 'as many are delivered');
cmp_ok($p->{beginnings_ended}, '>', $p->{beginnings} / 2, 'most beginnings have their end');
is($p->{incomplete} + $p->{other_beginning}, 0, 'no end lacks what its beginning would have');
like((run("$saker info -q $pairs"))[1], qr/^dropped     \d+ beginnings/m, 'info says so in words');
is(info($two)->{capture}{sections}, 2, 'the number of sections');

# ---- damage ----

for ([ $cut, 'incomplete block at byte \d+' ], [ $cut_gz, 'at byte \d+' ],
     [ $bad_gz, 'gzip data is damaged at byte \d+|at byte \d+' ]) {
	my ($file, $what) = @$_;
	my ($status, $out) = run("$saker verify $file");
	is($status, 3, basename($file) . ': verify finds it');
	like($out, qr/damaged: .*(?:$what)/, 'and says where');
	is((run("$saker replay -q $file"))[0], 3, 'replay shows the rest');
}
for ([ 'length of a block', 4 ], [ 'its end', -4 ]) {
	my ($what, $at) = @$_;
	my $damaged = $bytes;
	# Somewhere in the middle: the third block of events.
	my $block = -1;
	my $off = 0;
	for (my $n = 0; $off + 12 < length $bytes; ) {
		my ($type, $len) = unpack 'VV', substr $bytes, $off, 8;
		if ($type == 0x216 && ++$n == 3) { $block = $off; substr($damaged, $at > 0 ? $off + $at : $off + $len + $at, 2) = "\x01\x7f"; last }
		$off += $len;
	}
	spew("$dir/damaged.scap", $damaged);
	my ($status, $out) = run("$saker verify --json $dir/damaged.scap");
	my $r = decode_json($out);
	is($status, 3, "$what is wrong: damaged");
	like($r->{first_damage}, qr/at byte $block\b/, 'with the offset of the block');
	is($r->{damaged_places}, 1, 'one place');
	is(info("$dir/damaged.scap")->{capture}{events}, $i->{events} - 1, 'which costs one event');
}
is((run("$saker verify $plain $gz $two $twice"))[0], 0, 'nothing is found where nothing is');

# ---- times ----

my $want = (run("$saker replay -q --from -0.005s $plain"))[1];
isnt($want, '', '--from -0.005s');
isnt($want, (run("$saker replay -q $plain"))[1], 'is not all');
is((run("$saker replay -q --from -0.005s $gz"))[1], $want, 'of a compressed one');
is((run("$saker cut -q --force --from -0.005s $gz $dir/end.skr"))[0], 0, 'cut knows the end, too');
is((run("$saker replay -q --from -0.005s $cut"))[0], 3, 'of one that is cut');
my ($status) = run("$saker replay -q --from -1s - <$gz | cat");
for ("cat $gz | $saker replay --from -1s -", "cat $plain | $saker analyze --from +1s -r $rules -") {
	is((run($_))[0], 2, 'not of a stream');
	like(said(), qr/stream/, 'which is said');
}
isnt((run("cat $gz | $saker replay -q --from 2000-01-01 -"))[1], '', 'but from a date on');

# ---- several sections in one recording ----

run("$saker convert -q $two $dir/two.skr");
is((run("$saker verify -q $dir/two.skr"))[0], 0, 'two sections make one recording');
my $show = "replay -q -p '%evt.rawtime %thread.tid %proc.name %proc.pname %fd.name %evt.type'";
is((run("$saker $show $dir/two.skr"))[1], (run("$saker $show $two"))[1], 'with all events and their state');
is(info("$dir/two.skr")->{events}, 2 * info($plain)->{events}, 'twice as many');
is((run("$saker $show $twice"))[1], (run("$saker $show $two"))[1], 'gzip streams behind each other');

# ---- events of no thread ----

sub block { my ($type, $body) = @_; $body .= "\0" x (-length($body) % 4);
	return pack('VV', $type, 12 + length $body) . $body . pack('V', 12 + length $body) }
sub event { my ($code, $tid, @p) = @_;
	my $e = pack('v/a*' x @p, @p);
	my $lens = pack 'v*', map { length } @p;
	my $data = join '', @p;
	return block(0x216, pack('vQ<q<VvV', 0, 1_700_000_000_000_000_000, $tid, 26 + length("$lens$data"), $code, scalar @p) . $lens . $data) }
spew("$dir/user.scap", block(0x0a0d0d0a, pack('VvvQ<', 0x1a2b3c4d, 1, 2, ~0)),
	event(354, -1, pack('V', 7), pack('V', 8), "seven\0", "/\0", "/bin/sh\0", "\0"),
	event(7, 5, pack('q<', 1), 'x'),
	event(4, 5, pack('q<', 3)), event(7, 5, pack('q<', 1), 'y'),
	event(4, 6, pack('q<', 4)), event(5, 6, pack('q<', 0)));
for my $file ("$dir/user.scap", "$dir/user.skr") {
	run("$saker convert -q $dir/user.scap $file") if $file =~ /skr/;
	my ($status, $out) = run("$saker replay -q $file");
	like($out, qr/ -1 useradded /, basename($file) . ': thread -1');
	unlike($out, qr/4294967295/, 'nowhere its 32 bits');
	like((run("$saker replay -q -j -p '%thread.tid' $file"))[1], qr/"thread.tid":-1/, 'in JSON');
	like((run("$saker info -q $file"))[1], qr/ 1  useradded$/m, 'info calls it useradded');
}
my $u = info("$dir/user.scap")->{capture};
is_deeply([ @$u{qw(events delivered beginnings beginnings_ended completed incomplete other_beginning
	invented_machines)} ], [ 6, 4, 2, 1, 1, 1, 1, 1 ], 'what beginnings completed and left open is counted');
my $text = (run("$saker info -q $dir/user.scap"))[1];
like($text, $_, "info says $_") for qr/^completed   1 ends .*: 1 close$/m, qr/^incomplete  1 ends .*missing: 1 read$/m,
	qr/^incomplete  1 ends .*another.*: 1 read$/m, qr/^converted   1 events .*useradded \(code 354\)$/m;
done_testing;
