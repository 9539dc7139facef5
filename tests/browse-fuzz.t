#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# saker browse under random keys, clicks, texts and window sizes.  It must not crash, hang or
# leak (build with SAN=1), and no screen may be garbled: drawn anew (^L) it must be the same.
#
#   BROWSE_FUZZ=600 SEED=7 SAN=1 prove -v tests/browse-fuzz.t     (20 seconds of seed 1
#   if nothing is said)
#   MUTATE=1 ...        in damaged recordings, of which each is looked at for a short while
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

my $seconds = $ENV{BROWSE_FUZZ} || 20;
my $seed = $ENV{SEED} // ($ENV{BROWSE_FUZZ} ? int(time) : 1);
srand $seed;
diag("SEED=$seed") if $ENV{BROWSE_FUZZ};

my @recordings = map { basename($_) } glob "$top/fixtures/*.skr";
my @plain;	# of some, as .scap and without compression: what mutants are made of
if ($ENV{MUTATE}) {
	for my $name (qw(tty names shm-near traversal sudo-rule reverse-shell cron-job container)) {
		push @plain, map { "$dir/$name.$_" } 'skr', 'scap';
		system("$build/tests/tools/bad plain $top/fixtures/$name.skr $dir/$name.skr") == 0 or die;
		run(qw(convert -q), "$top/fixtures/$name.skr", "$dir/$name.scap");
	}
}
my @moves = qw(Up Down Left Right PPage NPage Home End j k h l g G C-d C-u C-f C-b Space);
my @deeper = qw(Enter Enter Enter e t o p c F T i J K Tab BTab BSpace BSpace Escape);
my @other = (qw(v f d D W / n N : [ ] { } r R . < + - u P s S C w b m B ? C-c C-l x a), ',', '(', ')', '=', '>');
my @texts = ('proc.name = ', 'evt.type in (open, openat)', 'sh', '/etc', '+1s', '#42', '++5ms', 'files', 'x',
	"\x{e9}\x{65e5}", 'proc.', 'not ', ')', '"', '\\', 'a.csv', 'found.yaml');

sub pick { return $_[rand @_] }

sub batch {
	my ($s) = @_;
	my @keys;
	for (1 .. 1 + int rand 30) {
		my $p = rand;
		push @keys, $p < 0.4 ? pick(@moves) : $p < 0.7 ? pick(@deeper) : $p < 0.97 ? pick(@other) :
			pick(qw(q F1 F2 F3 F4 F10 IC DC M-x C-a C-e C-k C-w));
	}
	# Esc begins names of keys: it goes alone.
	my @now;
	for my $key (@keys) {
		if ($key eq 'Escape' || $key =~ /^M-/) {
			send_keys($s, @now);
			@now = ();
			$s->press($key);
		} else {
			push @now, $key;
		}
	}
	send_keys($s, @now);
	if (rand() < 0.3) {
		my $text = pick(@texts);
		$s->text($text);
		$s->press(pick(qw(Enter Tab Tab Escape BSpace Up)));
	}
	$s->click(1 + int rand 90, 1 + int rand 30, pick(0, 0, 0, 64, 65)) if rand() < 0.2;
}

sub send_keys {
	my ($s, @keys) = @_;
	return unless @keys;
	$s->tmux('send-keys', @keys);
	$s->{sent} += @keys;
}

my ($n_keys, $n_runs, $n_screens, $n_garbled, $n_lost, $n_refused, $failed) = (0, 0, 0, 0, 0, 0, '');
my $end = time + $seconds;

sub dead {
	my ($s, $why) = @_;
	if ($s->ask('#{pane_id}') eq '') {	# tmux crashes, too
		diag("tmux died: $why");
		return;
	}
	my $reports = join '', map { slurp($_) } "$s->{folder}/stderr", glob "$s->{folder}/san.*";
	$failed ||= "$why ($s->{sent} keys to $s->{size}[0]x$s->{size}[1]: " . slurp("$s->{folder}/sync") . ")\n" . $s->settled . $reports;
}

# Whatever was drawn piece by piece is what it is when drawn at once.
sub check_garbled {
	my ($s) = @_;
	return unless $s->wait_complete;
	my $before = $s->settled;
	$s->press('C-l');
	$s->wait_complete;
	my $after = $s->settled;
	$n_screens++;
	return if $before eq $after || -e "$s->{folder}/over";
	$n_garbled++;
	spill("$dir/before", $before);
	spill("$dir/after", $after);
	diag("garbled:\n" . `diff $dir/before $dir/after`) if $n_garbled < 4;
}

# It says in one line why it cannot be shown.
sub refused {
	my ($folder) = @_;
	return slurp("$folder/over") eq "status 2\n" && slurp("$folder/stderr") =~ /\Asaker: [^\n]+\n\z/
		&& !glob "$folder/san.*";
}

sub play {
	my $folder = "$dir/run" . ++$n_runs;
	my $recording = $ENV{MUTATE} ? 'mutant.skr' : pick(@recordings);
	mkdir $folder;
	if ($ENV{MUTATE}) {
		my $number = $seed * 100_000 + $n_runs;
		system("$build/tests/tools/mutants -w $folder/$recording -o $number 1 @plain") == 0 or die;
	} else {
		copy("$top/fixtures/$recording", $folder) or die "$recording: $!\n";
	}
	my $s = Screen->new(folder => $folder, size => [pick(80, 120, 40, 200), pick(24, 40, 10, 60)],
		env => {ASAN_OPTIONS => "log_path=$folder/san:handle_abort=1", UBSAN_OPTIONS => "print_stacktrace=1:log_path=$folder/san",
			(rand() < 0.2 ? (NO_COLOR => 1) : ())},
		args => [rand() < 0.2 ? '--ascii' : (), $recording]);
	if (!$s->wait_keys) {
		if (!$ENV{MUTATE} || !-e "$folder/over" || !refused($folder)) { dead($s, 'it does not begin') }
		elsif (my $left = $s->leftovers) { dead($s, "the terminal is left with: $left") }
		else { $n_refused++ }
		$s->close;
		return;
	}
	for (1 .. ($ENV{MUTATE} ? 2 : 40)) {
		last if time > $end || -e "$folder/over";
		$s->resize(1 + int rand 150, 1 + int rand 50) if rand() < 0.15;
		batch($s);
		if (!$s->wait_keys && !-e "$folder/over") {
			if (!$s->answers) { dead($s, 'it hangs'); last }
			$n_lost++;
		}
		check_garbled($s) if rand() < ($ENV{MUTATE} ? 0.5 : 0.1) && !-e "$folder/over";
	}
	$n_keys += $s->{sent};
	if (!$failed) {
		# out of whatever is open, then out
		for (1 .. 20) {
			last if -e "$folder/over";
			$s->press('Escape', 'Q');
			$s->wait_keys;
		}
		if (!$s->wait_over) { dead($s, 'it does not end') }
		else {
			$s->resize(80, 24);
			dead($s, 'it did not end well') if slurp("$folder/over") ne "status 0\n";
			my $left = $s->leftovers;
			dead($s, "the terminal is left with: $left") if $left;
		}
	}
	$s->close;
}

play() while time < $end && !$failed;
is($failed, '', "no crash, hang or leak (SEED=$seed)");
is($n_garbled, 0, 'no screen was garbled');
note("$n_keys keys, $n_screens screens compared, $n_runs runs, $n_refused refused, $n_lost keys lost by the terminal");
diag("$n_keys keys, $n_screens screens compared, $n_runs runs, $n_refused refused, $n_lost keys lost by the terminal") if $ENV{BROWSE_FUZZ};
done_testing();
