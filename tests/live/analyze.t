#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Rules on the running kernel: what live says at the time, analyze says afterwards; the published
# rules see an intrusion; rules are loaded again on SIGHUP.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use JSON::PP;
use Live;
use Test::More;
use Time::HiRes qw(time);

can_record();
my $dir = scratch();
my ($alerts, $said) = ("$dir/alerts", "$dir/alerts.err");
$ENV{TZ} = 'UTC';
$ENV{FALCO_HOSTNAME} = 'test-host';

sub spill {
	my ($path, $text) = @_;
	open my $out, '>:raw', $path or die "$path: $!\n";
	print $out $text;
	close $out;
	return $path;
}

# Waits until a file has it.
sub comes {
	my ($file, $pattern) = @_;
	return wait_for(sub { slurp($file) =~ $pattern }, 20);
}

# Starts saker live; its alerts and messages go to files.
sub watch {
	my (@options) = @_;
	unlink $alerts, $said;
	my $pid = start($dir, $alerts, $saker, 'live', '--json', @options);
	comes($said, qr/rules watch/) or diag(slurp($said));
	return $pid;
}

# ---- an intrusion -------------------------------------------------------------------

# A shell below nginx, the password hashes, a connection, a program planted.
my $mischief = <<'EOT';
ln -sf /usr/bin/perl $DIR/nginx
$DIR/nginx -e 'system("/bin/sh", "-c", "id >/dev/null; cat /etc/shadow >/dev/null; true")'
perl -MSocket -e 'socket(my $s, AF_INET, SOCK_DGRAM, 0); connect($s, sockaddr_in(9, inet_aton("127.0.0.1")))'
: > /usr/bin/saker-test-planted
rm -f /usr/bin/saker-test-planted
EOT
$mischief =~ s/\$DIR/$dir/g;
my $script = spill("$dir/mischief.sh", $mischief);
my $published = "$top/../shared/rulesets/falco_rules.yaml";
for my $set ([ 'shipped', "$top/rules/saker.yaml",
		'Shell started by a server program', 'Password hashes read', 'Program directory written to' ],
	[ 'published', $published, 'Read sensitive file untrusted', 'Run shell untrusted' ]) {
	my ($name, $rules, @want) = @$set;
	SKIP: {
		skip "the $name rules are not here", 5 unless -f $rules;
		my $file = "$dir/$name.skr";
		system($saker, 'live', '-q', '--json', '--rule-matching', 'all', '-r', $rules, '--record', $file,
			'--sink', "file:$dir/$name.live", '--', 'sh', $script);
		is($? >> 8, 1, "$name rules: live gives 1 for alerts");
		my $live = slurp("$dir/$name.live");
		my %found = map { decode_json($_)->{rule} => 1 } split /\n/, $live;
		is_deeply([ grep { !$found{$_} } @want ], [], "$name rules: live sees the intrusion")
			or diag(join ', ', sort keys %found);
		my $after = qx($saker analyze -q --json --rule-matching all -r $rules $file);
		is($after, $live, "$name rules: analyze gives the same alerts afterwards");
		my $inside = () = qx($saker replay -q --all -f 'evt.type = alert' $file) =~ /\n/g;
		is($inside, scalar(() = $live =~ /\n/g), "$name rules: the alerts are in the recording");
		my ($fields) = grep { ($_->{'fd.name'} // '') eq '/etc/shadow' }
			map { decode_json($_)->{output_fields} } split /\n/, $live;
		is("$fields->{'proc.pname'} > $fields->{'proc.name'} $fields->{'fd.name'}", 'sh > cat /etc/shadow',
			"$name rules: process, parent and file are right");
	}
}

# ---- rules loaded again -----------------------------------------------------------------

my $rule = "- rule: one\n  desc: x\n  condition: evt.type = execve and proc.args contains marker-%s\n"
	. "  output: '%%proc.args'\n  priority: NOTICE\n";
my $rules = spill("$dir/rules.yaml", sprintf $rule, 'one');
my $pid = watch('-r', $rules);
system('true', 'marker-one');
ok(comes($alerts, qr/marker-one/), 'an alert comes at once');
spill($rules, 'this is no rule');
kill 'HUP', $pid;
ok(comes($said, qr/the old ones stay/), 'wrong rules are refused on SIGHUP');
system('true', 'marker-one again');
ok(comes($alerts, qr/marker-one again/), 'and the old ones stay in force');
spill($rules, sprintf $rule, 'two');
kill 'HUP', $pid;
ok(comes($said, qr/loaded again/), 'good rules are taken');
system('true', 'marker-two');
ok(comes($alerts, qr/marker-two/), 'and are in force');
is(stop($pid, 'INT'), 1, 'SIGINT ends with exit status 1');
like(slurp($said), qr/\d+ events, 3 alerts/, 'and a summary');

$pid = watch('-r', spill("$dir/none.yaml", sprintf $rule, 'never'));
is(stop($pid, 'INT'), 0, 'no alert gives 0');
my $started = time;
system($saker, 'live', '-q', '-d', '0.5', '-r', "$dir/none.yaml");
is($? >> 8, 0, '-d ends it');
cmp_ok(time - $started, '<', 10, 'in time');
is(system("$saker live -q --keep 1M -d 0.1 2>$dir/said") >> 8, 2, '--keep without --record');
like(slurp("$dir/said"), qr/--keep is for --record/, 'says so');
is(system("$saker live -q --keep 2M --size 2M --record $dir/no.skr -d 0.1 2>$dir/said") >> 8, 2, '--keep of all');
like(slurp("$dir/said"), qr/--size must be more than --keep/, 'says so');

# A flight recorder: the newest is kept, and what is kept is whole.
my $kept = "$dir/kept.skr";
is(system($saker, 'live', '-q', '--disable', '*', '--record', $kept, '--keep', '1M', '--',
	'dd', 'if=/dev/zero', 'of=/dev/null', 'bs=1', 'count=3000000', 'status=none'), 0, '--keep');
my ($size, $blocks) = (stat $kept)[7, 12];
cmp_ok($size, '>', 3 << 19, 'more was recorded than is kept');
cmp_ok($blocks * 512, '<', $size - (1 << 18), 'what is older takes no room');
my $info = `$saker info $kept 2>&1`;
like($info, qr/: a hole: what stood there was given up/, 'readers tell the hole');
like($info, qr/^lost +\d+ RECORD/m, 'and how many events were in it');
is(system("$saker cut -q $kept $dir/whole.skr 2>/dev/null") >> 8, 3, 'cut tells it too');
is(`$saker replay -q -f 'evt.type = execve' $dir/whole.skr 2>&1`, '', 'what is left is a whole recording');
like(`$saker replay -q -n 1 -p '%proc.exepath' $dir/whole.skr`, qr{/dd$}, 'that knows what came before');

done_testing;
