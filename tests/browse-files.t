#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# saker browse writes long lists: all of their events, while one goes on looking, until one
# stops it or the disk is full.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use Saker;
use Screen;
use Test::More;
use Time::HiRes qw(time sleep);

plan skip_all => 'tmux is not installed (.ci/deps installs it)' unless Screen::available();
my $rows = "$build/tests/tools/rows";
plan skip_all => "$rows is not built" unless -x $rows;

my $times = $ENV{SAN} ? 50 : 800;	# more than a million events
my $long = "$dir/long.skr";
system("$rows repeat $long $times $top/fixtures/demo.skr >/dev/null") == 0 or die "rows: $?\n";
my ($n) = (run('info', $long))[1] =~ /^events\s+(\d+)/m or die "info\n";

sub start {
	my ($name, %o) = @_;
	my $folder = "$dir/$name";
	mkdir $folder;
	my $s = Screen->new(folder => $folder, size => [100, 24],
		args => ['--no-notes', '--view', 'events', $long], %o);
	$s->wait_complete;
	return $s;
}

sub begin {
	my ($s, $name) = @_;
	$s->press('w', 'C-u');
	$s->text($name);
	$s->press('Enter');
	$s->wait_keys;
}

# The screen, as soon as it says this.
sub until_says {
	my ($s, $what, $seconds) = @_;
	my ($end, $got) = (time + ($seconds // $Screen::timeout));
	do {
		sleep 0.02;
		$got = $s->capture;
	} until $got =~ $what || time > $end;
	like($got, $what, "the screen says $what");
	return $got;
}

sub lines {
	my ($path) = @_;
	my ($n, $last) = (0, "\n");
	open my $in, '<', $path or return -1;
	while (defined($_ = readline $in)) { $n++; $last = $_ }
	return $last =~ /\n\z/ ? $n : -$n;
}

# ---- to the last event, while one looks elsewhere ----
{
	my $s = start('all');
	begin($s, 'all.csv');
	until_says($s, qr/writing all\.csv: \d+ rows, \d+%; C-c stops/);
	$s->press('q');
	until_says($s, qr/^a file is being written; C-c stops that, q leaves then$/m);
	begin($s, 'other.csv');
	until_says($s, qr/all\.csv is not complete yet; C-c stops it/);
	$s->press('Escape', 'Down', 'Down', 'Enter');
	$s->wait_keys;
	until_says($s, qr/^ event 3  line 1 of /m);
	until_says($s, qr/^$n rows written to all\.csv$/m, 120);
	is(lines("$dir/all/all.csv"), $n + 1, "$n rows and the head");
	my ($last) = `tail -n1 $dir/all/all.csv` =~ /^"(\d+)"/;
	is($last, $n, 'the last one is of the last event');
	ok(!-e "$dir/all/other.csv", 'the other file was not begun');
	my ($peak) = slurp('/proc/' . $s->pid . '/status') =~ /^VmHWM:\s+(\d+) kB/m;
	my $size = (-s "$dir/all/all.csv") >> 10;
	SKIP: {
		skip 'memory under a sanitizer says nothing', 1 if $ENV{SAN};
		cmp_ok($peak, '<', $size * 2 / 3, "$size KiB were written with less memory than that");
	}
	$s->press('q');
	ok($s->wait_over, 'and q leaves');
	$s->close;
}

# ---- stopped ----
{
	my $s = start('stopped');
	begin($s, 'part.json');
	until_says($s, qr/writing part\.json: [1-9]\d* rows/);
	$s->press('C-c');
	my ($said) = until_says($s, qr/^stopped; part\.json has the first \d+ rows$/m) =~ /first (\d+) rows/;
	is(lines("$dir/stopped/part.json"), $said, 'they are there, and whole');
	unlike($s->capture, qr/writing/, 'nothing is being written any more');
	$s->close;
}

# ---- the disk is full ----
{
	my $s = start('full', limit => 1000);
	begin($s, 'full.csv');
	my ($said) = until_says($s, qr/^full\.csv: File too large; the \d+ rows before are in it$/m) =~
		/the (\d+) rows/;
	is(lines("$dir/full/full.csv"), $said + 1, 'they are there, and whole');
	$s->press('Down');
	ok($s->wait_complete, 'the browser goes on');
	begin($s, 'full.csv');
	until_says($s, qr/full\.csv exists/);
	$s->close;
}
done_testing();
