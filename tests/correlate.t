#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Rules over several events: what alerts is compared with a plain reckoning over the same events,
# for many windows and counts; then the forms of the block and its mistakes.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use JSON::PP;
use Saker;
use Test::More;

my $demo = "$top/fixtures/demo.skr";

my @events = map { decode_json($_)->{output_fields} } split /\n/, (run('replay', '-q', '--json', '-p',
	'%evt.num %evt.rawtime %evt.type %proc.pid %proc.name %fd.name', $demo))[1];
ok(@events > 1000, 'there are events to reckon with');

sub alerts_of {
	my ($block, $condition, @more) = @_;
	my $rules = spill("$dir/rules.yaml", <<"EOT");
- rule: several
  desc: several events
  condition: $condition
  output: "%evt.num %evt.rawtime"
  priority: NOTICE
  correlate: $block
EOT
	my ($status, $out, $said) = run('analyze', '-q', '--json', @more, '-r', $rules, $demo);
	ok($status <= 1, "$block: exit $status") or diag($said);
	return map { decode_json($_)->{output_fields} } split /\n/, $out;
}

# The numbers of the events on which a plain list of what was seen says that it is enough.
sub reckon {
	my ($within, $count, $distinct) = @_;
	my (%seen, @fire);
	for my $e (grep { $_->{'evt.type'} eq 'openat' } @events) {
		my $key = $e->{'proc.pid'};
		my $now = $e->{'evt.rawtime'};
		next if $distinct && !defined $e->{'fd.name'};
		my @old = grep { $_->[0] + $within >= $now } @{ $seen{$key} || [] };
		@old = grep { $_->[1] ne $e->{'fd.name'} } @old if $distinct;
		push @old, [$now, $e->{'fd.name'}];
		$seen{$key} = \@old;
		next if @old < $count;
		push @fire, $e->{'evt.num'};
		$seen{$key} = [];
	}
	return @fire;
}

for my $within (1000, 50_000, 1_000_000, 60_000_000_000) {
	for my $count (2, 3, 7, 20) {
		my @have = map { $_->{'evt.num'} } alerts_of(
			"{within: ${within}ns, by: proc.pid, count: $count}", 'evt.type = openat');
		my @want = reckon($within, $count, 0);
		is("@have", "@want", "count $count in $within ns: " . @want . ' alerts');
		@have = map { $_->{'evt.num'} } alerts_of(
			"{within: ${within}ns, by: [proc.pid], count: $count, distinct: fd.name}",
			'evt.type = openat');
		@want = reckon($within, $count, 1);
		is("@have", "@want", "$count values in $within ns: " . @want . ' alerts');
	}
}
ok(scalar(reckon(60_000_000_000, 7, 0)), 'some of these have alerts');
my @short = reckon(50_000, 3, 0);
my @long = reckon(60_000_000_000, 3, 0);
isnt("@short", "@long", 'the length of the window matters');

# A sequence: the process was started, opened the password file, and ends.
my ($shadow) = grep { ($_->{'fd.name'} // '') eq '/etc/shadow' && $_->{'evt.type'} eq 'openat' } @events;
my ($end) = grep { $_->{'evt.type'} eq 'procexit' && $_->{'proc.pid'} == $shadow->{'proc.pid'} } @events;
my $steps = '[{name: started, condition: evt.type = execve}, ' .
	'{name: read, condition: evt.type = openat and fd.name = /etc/shadow}]';
my @have = alerts_of("{within: 10s, by: proc.pid, sequence: $steps}", 'evt.type = procexit');
is(join(' ', map { $_->{'evt.num'} } @have), $end->{'evt.num'}, 'a sequence');
@have = alerts_of("{within: 10s, by: proc.pid, sequence: [{name: read, condition: evt.type = openat " .
	'and fd.name = /etc/shadow}, {name: started, condition: evt.type = execve}]}', 'evt.type = procexit');
is(scalar @have, 0, 'in another order it is none');
@have = alerts_of("{within: 1us, by: proc.pid, sequence: $steps}", 'evt.type = procexit');
is(scalar @have, 0, 'nor when it took longer');
@have = alerts_of("{within: 10s, by: proc.name, sequence: [{name: one, condition: evt.num = 1, by: proc.name}, " .
	'{name: same, condition: evt.num = 1, by: proc.name}]}', 'evt.type = procexit');
is(scalar @have, 0, 'one event is not two steps');

# A file that was written is started: keys of different fields.
@have = alerts_of('{within: 10s, by: proc.exepath, sequence: ' .
	'[{name: written, by: fd.name, condition: evt.type = openat and evt.is_open_write = true}]}',
	'evt.type = execve');
ok(@have > 0, 'the key of a step may have other fields');

# What does not happen: of those that opened the file, who has not ended after 1 ms, or ever.
my $took = $end->{'evt.rawtime'} - $shadow->{'evt.rawtime'};
my $open = 'evt.type = openat and fd.name = /etc/shadow';
@have = alerts_of("{within: " . ($took + 1000) . "ns, by: proc.pid, absence: {condition: evt.type = procexit}}", $open);
is(scalar @have, 0, 'what was waited for came in time');
@have = alerts_of("{within: " . int($took / 2) . "ns, by: proc.pid, absence: {condition: evt.type = procexit}}", $open);
is(join(' ', map { $_->{'evt.num'} } @have), $shadow->{'evt.num'}, 'it came too late: the alert is of the event before');
@have = alerts_of("{within: 1ms, by: proc.pid, absence: {condition: evt.type = close and fd.name = /nowhere}}", $open);
is(scalar @have, 1, 'it never came');
@have = alerts_of("{within: 1h, by: proc.pid, absence: {condition: evt.type = close and fd.name = /nowhere}}", $open);
is(scalar @have, 0, 'the recording ended before it had to');

# What an alert says.
my ($first) = alerts_of('{within: 1m, by: proc.pid, count: 7}', 'evt.type = openat');
is($first->{'correlate.count'}, 7, 'JSON: how many');
ok($first->{'correlate.first_time'} < $first->{'correlate.last_time'}, 'JSON: from when to when');
is($first->{'correlate.last_time'}, $first->{'evt.rawtime'}, 'JSON: up to the event');
my (undef, $text) = run('analyze', '-q', '-r', "$dir/rules.yaml", $demo);
like($text, qr/^\S+ Notice \d+ \d+ \(7 times in [\d.]+ \w+\)$/m, 'text: how many in what time');

# Many threads and one give the same; other rules still alert first.
my $many = spill("$dir/many.yaml", slurp("$dir/rules.yaml") . <<'EOT');
- rule: each
  desc: each of them
  condition: evt.type = openat
  output: "%evt.num"
  priority: DEBUG
EOT
my (undef, $one) = run('analyze', '-q', '-j', 1, '-r', $many, $demo);
my (undef, $two) = run('analyze', '-q', '-j', 2, '-r', $many, $demo);
is($two, $one, 'the same for any number of threads');
like($one, qr/times in/, 'a rule that alerts first does not hide a correlation');

# An overlay: the rule in one file, the block in another.
my $base = spill("$dir/base.yaml", <<'EOT');
- rule: several
  desc: several events
  condition: evt.type = openat
  output: x
  priority: NOTICE
EOT
my $overlay = spill("$dir/overlay.yaml", "- rule: several\n  correlate: {within: 1m, by: proc.pid, count: 20}\n");
my ($status, $out) = run('analyze', '-q', '-r', $base, '-r', $overlay, $demo);
is($status, 1, 'a block in a file of its own');
is(scalar(() = $out =~ /times in/g), scalar(reckon(60_000_000_000, 20, 0)), 'it applies to the rule');
($status, $out) = run('analyze', '-q', '-r', $base, '-r', $overlay, '--strict-falco', $demo);
unlike($out, qr/times in/, '--strict-falco does not know it');

# Mistakes, each with its place.
for my $case (
	['{by: proc.pid, count: 3}', qr/no mapping for key 'within'/],
	['{within: 1, count: 1}', qr/needs a count of two or more, a sequence or an absence/],
	['{within: soon, count: 3}', qr/no span of time/],
	['{within: 0s, count: 3}', qr/no span of time/],
	['{within: 1s, count: 0}', qr/not within 1 and 10000/],
	['{within: 1s, count: 10001}', qr/not within 1 and 10000/],
	['{within: 1s, count: 3, by: proc.nmae}', qr/proc\.nmae/],
	['{within: 1s, count: 3, by: [proc.pid, fd.ip]}', qr/has one value/],
	['{within: 1s, count: 3, by: [a, b, c, d, e, f, g, h, i]}', qr/at most 8 fields/],
	['{within: 1s, count: 3, bye: proc.pid}', qr/Unknown key/],
	['{within: 1s, count: 2000, distinct: fd.name}', qr/within 2 and 1000/],
	['{within: 1s, count: 2, distinct: fd.nmae}', qr/not the name of a field/],
	['{within: 1s, sequence: []}', qr/not a sequence of steps/],
	['{within: 1s, sequence: [{condition: evt.type = open}]}', qr/no mapping for key 'name'/],
	['{within: 1s, sequence: [{name: a}]}', qr/no mapping for key 'condition'/],
	['{within: 1s, sequence: [{name: a, condition: evt.type = }]}', qr/rules\.yaml:6:/],
	['{within: 1s, sequence: [{name: a, condition: proc.nmae = x}]}', qr/did you mean proc\.name/],
	['{within: 1s, by: proc.pid, sequence: [{name: a, condition: evt.type = open, by: []}]}', qr/as many fields/],
	['{within: 1s, absence: x}', qr/not a mapping/],
	['[1]', qr/not a mapping/],
) {
	my ($block, $want) = @$case;
	spill("$dir/rules.yaml", <<"EOT");
- rule: several
  desc: several events
  condition: evt.type = openat
  output: x
  priority: NOTICE
  correlate: $block
EOT
	my ($code, undef, $said) = run('analyze', '-q', '-r', "$dir/rules.yaml", $demo);
	is($code, 2, "$block: exit 2");
	like($said, $want, 'and why') or diag($said);
}
spill("$dir/alone.yaml", "- rule: nobody\n  correlate: {within: 1s, count: 2}\n");
my ($code, undef, $said) = run('analyze', '-q', '-r', "$dir/alone.yaml", $demo);
is($code, 2, 'a block for a rule that is not there: exit 2');
like($said, qr/no rule by that name/, 'and why');

done_testing;
