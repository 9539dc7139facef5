#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The terminal under saker browse: texts of a recording that want to do something to it, and all
# ways out.
use strict;
use warnings;
use File::Basename;
use File::Copy;
use lib dirname(__FILE__);
use Saker;
use Screen;
use Test::More;
use Time::HiRes qw(time sleep);

plan skip_all => 'tmux is not installed (.ci/deps installs it)' unless Screen::available();

sub start {
	my ($name, $recording, %o) = @_;
	my $folder = "$dir/$name";
	mkdir $folder;
	copy($recording, "$folder/case.skr") or die "$recording: $!\n";
	return Screen->new(folder => $folder, size => [80, 24], args => ['case.skr'], %o);
}

# ---- texts that want to do something ----

my $odd = "$build/tests/tools/odd";
SKIP: {
	skip "$odd is not built", 1 unless -x $odd;
	system($odd, "$dir/odd.skr") == 0 or die "odd: $?\n";
	for my $o ([utf8 => []], [ascii => ['--ascii']]) {
		my ($name, $args) = @$o;
		my $s = start("odd-$name", "$dir/odd.skr", args => [@$args, 'case.skr']);
		my $title = $s->ask('#{pane_title}');
		my ($n, $changed, $garbled, $raw) = (0, '', '', '');
		my $look = sub {
			my ($what) = @_;
			$s->wait_complete or $changed .= "$what: not complete\n";
			my $before = $s->settled;
			$raw .= "$what\n" if $before =~ /[\x00-\x09\x0b-\x1f\x7f]/ ||
				($name eq 'ascii' && $before =~ /[^\x00-\x7f]/);
			$s->press('C-l');
			$s->wait_complete;
			$garbled .= "$what\n" if $s->settled ne $before;
			$changed .= "$what: title\n" if $s->ask('#{pane_title}') ne $title;
			$changed .= "$what: modes\n" if $s->ask('#{alternate_on}#{cursor_flag}') ne '10';
			$n++;
		};
		$look->('overview');
		for my $view (qw(alerts Processes tree every exec threads that\ were\ op changes opens
				directories users sessions callers)) {
			$s->press('v');
			$s->text($view);
			$s->press('Enter');
			$look->($view);
			$s->press('End');
			$look->("end of $view");
		}
		$s->press('v');
		$s->text('every event');
		$s->press('Enter', 'Home');
		for (1 .. 9) {
			$s->press('Enter');
			$look->('an event');
			$s->press('F');
			$look->('a stream');
			$s->press('x');
			$look->('a stream in hex');
			$s->press('BSpace', 'BSpace', ('Down') x 9);
		}
		$s->press('f');
		$s->text('fd.name = ');
		$s->press('Tab');
		$look->('values');
		$s->press('Escape', 'Escape');
		is($raw, '', "$name: no control character is shown as it is, on $n screens");
		is($garbled, '', "$name: each screen is what it is when drawn anew");
		is($changed, '', "$name: nothing about the terminal is changed");
		$s->press('Q');
		ok($s->wait_over, "$name: it ends");
		like($s->settled, qr/^status 0$/m, "$name: status 0");
		is($s->leftovers, '', "$name: the terminal is as it was");
	}
}

# ---- ways out ----

my %status = (HUP => 0, TERM => 0, INT => 0, QUIT => 131, SEGV => 139, ABRT => 134, BUS => 135, ILL => 132,
	FPE => 136);
for my $signal (sort keys %status) {
	my $s = start("signal-$signal", "$top/fixtures/demo.skr", env => {ASAN_OPTIONS =>
		'handle_segv=0:handle_sigbus=0:handle_abort=0:handle_sigill=0:handle_sigfpe=0'});
	$s->wait_complete;
	$s->press('v');
	$s->wait_complete;
	kill $signal, $s->pid;
	ok($s->wait_over, "SIG$signal: it ends");
	like($s->settled, qr/^status $status{$signal}$/m, "SIG$signal: status $status{$signal}");
	is($s->leftovers, '', "SIG$signal: the terminal is as it was");
	is(-s "$s->{folder}/case.skr.notes" ? 1 : 0, $status{$signal} ? 0 : 1,
		"SIG$signal: " . ($status{$signal} ? 'nothing is written by a crash' : 'the place is saved'));
}

# Killed: nothing runs then, so another process gives the terminal back.
{
	my $s = start('kill', "$top/fixtures/demo.skr");
	$s->wait_complete;
	is($s->ask('#{alternate_on}#{cursor_flag}#{mouse_any_flag}'), '101', 'SIGKILL: the terminal is taken');
	my $tty = $s->ask('#{pane_tty}');
	kill KILL => $s->pid;
	ok($s->wait_over, 'SIGKILL: it ends');
	my ($end, $left, $mode) = (time + 10, '', '');
	do {
		sleep 0.05;
		$left = $s->ask('#{alternate_on}#{cursor_flag}#{mouse_any_flag}#{keypad_cursor_flag}');
		$mode = `stty -g -F $tty`;
	} until ($left eq '0100' && $mode eq slurp("$s->{folder}/before")) || time > $end;
	is($left, '0100', 'SIGKILL: the terminal is given back');
	is($mode, slurp("$s->{folder}/before"), 'SIGKILL: with the mode that it had');
	$s->close;
}

# Stopped and continued: the shell has its terminal in between, and then the screen is there again.
{
	my $s = start('stop', "$top/fixtures/demo.skr", job => 1);
	$s->wait_complete;
	my ($pid, $before) = ($s->pid, $s->settled);
	my $end = time + $Screen::timeout;
	$s->press('C-z');
	sleep 0.01 until -e "$s->{folder}/stopped" || time > $end;
	like(slurp("/proc/$pid/stat"), qr/\) T /, 'C-z stops it');
	is($s->ask('#{alternate_on}#{cursor_flag}#{mouse_any_flag}'), '010', 'and the terminal is given back');
	spill("$s->{folder}/continue", '');
	sleep 0.01 until slurp("/proc/$pid/stat") !~ /\) T / || time > $end;
	is($s->becomes($before), $before, 'continued, it shows what it showed');
	is($s->ask('#{alternate_on}#{cursor_flag}'), '10', 'with the terminal taken');
	$s->press('v');
	ok($s->wait_complete, 'it takes keys then');
	$s->press('Escape', 'Q');
	ok($s->wait_over, 'it ends');
	is($s->leftovers, '', 'the terminal is as it was');
}

# No terminal, an unknown one, a recording that is none.
{
	my ($status, $out, $err) = run('browse', "$top/fixtures/demo.skr");
	is($status, 2, 'without a terminal: status 2');
	like($err, qr/needs a terminal/, 'and a message');
	my $s = start('unknown', "$top/fixtures/demo.skr", env => {TERM => 'no-such-terminal'});
	ok($s->wait_over, 'TERM of an unknown terminal: it ends');
	$s->close;
	$s = start('damaged', spill("$dir/none", "this is no recording\n" x 100));
	ok($s->wait_over, 'no recording: it ends');
	like($s->settled, qr/^status 2$/m, 'with status 2');
	is($s->leftovers, '', 'and the terminal as it was');
}
done_testing();
