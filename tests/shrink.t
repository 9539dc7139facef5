#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# saker shrink: the small recording gives the same alerts with the same fields, of one rule or of
# all, of rules over one event and over several; it verifies, is small, names no machine, and
# is the same each time.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use JSON::PP;
use Saker;
use Test::More;

my $demo = "$top/fixtures/demo.skr";
my $small = "$dir/small.skr";

# Alerts without what tells of the place among other events.
sub alerts {
	my ($file, @args) = @_;
	my ($status, $out, $said) = run('analyze', '-q', '--json', @args, $file);
	ok($status <= 1, "$file is analyzed") or diag($said);
	return map {
		my $a = decode_json($_);
		delete @{ $a->{output_fields} }{'evt.num', 'evt.reltime', 'evt.deltatime'};
		delete $a->{output};
		JSON::PP->new->canonical->encode($a);
	} split /\n/, $out;
}

# Shrinks; the numbers of the summary.
sub shrink {
	my ($file, @args) = @_;
	unlink $small;
	my ($status, $out, $said) = run('shrink', '-o', $small, @args, $file);
	is($status, 0, "shrink @args $file") or diag($said);
	is($out, '', 'nothing on standard output');
	my ($verify) = run('verify', '-q', $small);
	is($verify, 0, 'it verifies');
	return $said =~ /(\d+) alerts?; (\d+) of (\d+) events, (\d+) rows? of state, (\d+) bytes/;
}

# ---- all fixtures, the shipped rules ----

for my $file (sort glob "$top/fixtures/*.skr") {
	my @want = alerts($file);
	if (!@want) {
		my ($status, undef, $said) = run('shrink', '-o', "$dir/none.skr", $file);
		is($status, 1, "$file gives no alert");
		like($said, qr/no alert that is to stay/, '... which it says');
		ok(!-e "$dir/none.skr", '... and nothing is written');
		next;
	}
	my ($n, $events, $of, $rows, $bytes) = shrink($file);
	is_deeply([ alerts($small) ], \@want, 'the same alerts');
	is($n, @want, '... as many as it says');
	ok($events <= @want, "an event for each: $events");
	is($bytes, -s $small, 'its size is told');
	cmp_ok($bytes, '<=', 6000, "$bytes bytes");
}

# ---- which alerts ----

my @all = alerts($demo);
my @cat = grep { /shadow/ } @all;
ok(@cat && @cat < @all, 'some of the alerts are about one file');
my $rule = decode_json($cat[0])->{rule};
for my $keep ($rule, "alerts of $rule", substr($rule, 0, 8) . '*') {
	my ($n) = shrink($demo, '--keep', $keep);
	is_deeply([ alerts($small) ], [ grep { decode_json($_)->{rule} eq $rule } @all ],
		"--keep '$keep'");
}
my ($status, $out, $said) = run('shrink', '-k', 'nothing like it', '-o', "$dir/x.skr", $demo);
is($status, 2, 'a rule that there is not');
like($said, qr/--keep: no enabled rule is named 'nothing like it'/, '... is named');

my $rules = spill("$dir/rules.yaml", <<'EOT');
- rule: opens
  desc: all files that are opened
  condition: evt.type = openat
  output: "%evt.num %evt.reltime %proc.name %proc.pname %fd.name %evt.args %user.name"
  priority: NOTICE
- rule: exits
  desc: processes end
  condition: evt.type = procexit
  output: "%evt.deltatime %proc.cmdline %proc.aname[1] %proc.aname[2] %proc.aname[3] %proc.env[PATH]"
  priority: NOTICE
EOT
my @opens = grep { /"opens"/ } alerts($demo, '-r', $rules);
ok(@opens > 100, 'a rule with many alerts');
shrink($demo, '-r', $rules, '--keep', 'opens', '--first', 3);
is_deeply([ alerts($small, '-r', $rules) ], [ @opens[0 .. 2] ], 'the first three');
my ($last) = grep { $_->{rule} eq 'opens' } reverse map { decode_json($_) } split /\n/,
	(run('analyze', '-q', '--json', '-r', $rules, $demo))[1];
my $num = $last->{output_fields}{'evt.num'};
shrink($demo, '-r', $rules, '--event', $num);
is_deeply([ alerts($small, '-r', $rules) ], [ $opens[-1] ], "the alert of event $num");
shrink($demo, '-r', $rules);
is_deeply([ alerts($small, '-r', $rules) ], [ alerts($demo, '-r', $rules) ],
	'all of them, with ancestors and an environment');

# ---- rules over several events ----

my $several = spill("$dir/several.yaml", <<'EOT');
- rule: many
  desc: a process opens many files
  condition: evt.type = openat
  output: "%evt.num %proc.name %fd.name"
  priority: NOTICE
  correlate: {within: 5ms, by: proc.pid, count: 5}
- rule: different
  desc: a process opens different files
  condition: evt.type = openat
  output: "%proc.name %fd.name"
  priority: NOTICE
  correlate: {within: 1s, by: proc.pid, count: 4, distinct: fd.name}
- rule: alone
  desc: what does not happen
  condition: evt.type = openat and fd.name = /etc/shadow
  output: "%proc.name %fd.name"
  priority: NOTICE
  correlate: {within: 2ms, by: proc.pid, absence: {condition: evt.type = unlinkat}}
- rule: chain
  desc: one thing after the other
  condition: evt.type = unlinkat
  output: "%proc.name"
  priority: NOTICE
  correlate:
    within: 1s
    by: proc.pid
    sequence: [{name: a, condition: evt.type = execve}, {name: b, condition: evt.type = close}]
EOT
my @several = alerts($demo, '-r', $several);
for my $keep ('many', 'different', 'alone', 'chain', '*') {
	my $want = join '|', $keep eq '*' ? qw(many different alone chain) : $keep;
	my ($n, $events, $of) = shrink($demo, '-r', $several, '--keep', $keep);
	is_deeply([ grep { /"rule":"(?:$want)"/ } alerts($small, '-r', $several) ],
		[ grep { /"rule":"(?:$want)"/ } @several ], "alerts of $keep");
	ok($n > 0 && $events < $of / 2, "$events events of $of");
}

# ---- other formats, names, files ----

is((run('convert', '-q', $demo, "$dir/demo.scap.gz"))[0], 0, 'a capture');
shrink("$dir/demo.scap.gz");
is_deeply([ alerts($small) ], [ alerts("$dir/demo.scap.gz") ], '... gives the same alerts');
is((run('shrink', '-q', "$dir/demo.scap.gz"))[0], 0, 'without --output');
ok(-s "$dir/demo.small.skr", '... it stands beside it');

shrink($demo);
my $first = slurp($small);
my ($again) = run('shrink', '-q', '-o', $small, $demo);
is($again, 0, 'again');
ok($first eq slurp($small), 'the same bytes each time');
ok($first eq slurp("$small.old"), 'what stood there is kept');
is((stat $small)[2] & 07777, 0600, 'readable by its owner only');
run('shrink', '-q', '--force', '-o', $small, $demo);
is((run('shrink', '-q', '-o', '-', $demo))[1], $first, 'to standard output');
spill("$dir/keep.skr", 'mine');
isnt((run('shrink', '-o', "$dir/keep.skr", "$dir/rules.yaml"))[0], 0, 'no recording');
is(slurp("$dir/keep.skr"), 'mine', '... and the file that stands there stays');
isnt((run('shrink', '-o', "$dir/no/such/place.skr", $demo))[0], 0, 'no such folder');
is((run('shrink', '-'))[0], 2, 'standard input cannot be read twice');

# Half a recording: what is good is used.
spill("$dir/cut.skr", substr(slurp($demo), 0, 22000));
($status, $out, $said) = run('shrink', '-o', $small, '--force', "$dir/cut.skr");
is($status, 3, 'a cut recording') or diag($said);
is((run('verify', '-q', $small))[0], 0, '... gives a whole one');

done_testing();
