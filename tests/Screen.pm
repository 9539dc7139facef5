# SPDX-License-Identifier: Apache-2.0
# saker browse in a real terminal emulator: tmux runs it, takes keys, and tells what is on its
# screen.  Nothing sleeps as a way of waiting: the browser tells in a file how many keys it has
# acted on and whether all that it shows is there (SAKER_BROWSE_SYNC).
package Screen;
use strict;
use warnings;
use Cwd qw(abs_path);
use Encode qw(decode_utf8);
use Time::HiRes qw(time sleep);
use Saker;

our $timeout = $ENV{SCREEN_TIMEOUT} || ($ENV{SAN} ? 60 : 20);
my $n_servers = 0;

sub available {
	return `tmux -V 2>/dev/null` =~ /^tmux/;
}

# new(folder => where it runs, size => [80, 24], args => [...], env => {...}, job => with job control,
# limit => KiB of the largest file)
sub new {
	my ($class, %o) = @_;
	my $self = bless { %o, sent => 0, server => "saker-$$-" . ++$n_servers }, $class;
	my ($w, $h) = @{$o{size}};
	my %env = (LANG => 'C.UTF-8', LC_ALL => 'C.UTF-8', TZ => 'UTC', HOME => $o{folder}, NO_COLOR => '',
		XDG_STATE_HOME => "$o{folder}/state", SAKER_BROWSE_SYNC => "$o{folder}/sync", %{$o{env} || {}});
	my $conf = spill("$o{folder}/tmux.conf", join "\n", 'set -g default-terminal "' .
		($env{TERM} || 'tmux-256color') . '"', 'set -s escape-time 0', 'set -g status off',
		'set -g history-limit 0', 'set -g remain-on-exit on', 'set -g allow-rename off', '');
	delete $env{TERM};
	my $run = join ' ', map { quote($_) } 'env', (map { "$_=$env{$_}" } sort keys %env), $saker, 'browse',
		@{$o{args}};
	# With job control it is a job of the shell, so that it can be stopped; "continue" continues it.
	my $stops = $o{job} ? "echo stopped >stopped\nuntil test -e continue; do sleep 0.05; done\nfg >/dev/null\n" : '';
	spill("$o{folder}/run.sh", "cd " . quote($o{folder}) . "\nstty -g >before\n" .
		($o{job} ? "set -m\n" : '') . ($o{limit} ? 'ulimit -f ' . 2 * $o{limit} . "\n" : '') . "$run 2>stderr\n$stops" .
		"status=\$?\ntrap '' INT QUIT TSTP\necho \"status \$status\"\ncat stderr\nstty -g >after\necho \"status \$status\" >over.new\nmv over.new over\nwhile sleep 0.05; do cat >/dev/null; done\n");
	unlink "$o{folder}/sync", "$o{folder}/over";
	local $ENV{LC_ALL} = 'C.UTF-8';
	delete local $ENV{TMUX};
	system('tmux', '-u', '-L', $self->{server}, '-f', $conf, 'new-session', '-d', '-x', $w, '-y', $h,
		"sh $o{folder}/run.sh") == 0 or die "tmux does not start\n";
	return $self;
}

sub quote {
	my ($s) = @_;
	$s =~ s/'/'\\''/g;
	return "'$s'";
}

sub tmux {
	my ($self, @args) = @_;
	local $ENV{LC_ALL} = 'C.UTF-8';
	open my $in, '-|', 'tmux', '-u', '-L', $self->{server}, @args or die "tmux: $!\n";
	local $/;
	my $out = <$in> // '';
	close $in;
	return $out;
}

sub ask {
	my ($self, $format) = @_;
	chomp(my $out = $self->tmux('display-message', '-p', $format));
	return $out;
}

# Keys by tmux's names; each is one key of the browser.
sub press {
	my ($self, @keys) = @_;
	for my $key (@keys) {
		$self->tmux('send-keys', $key);
		$self->{sent}++;
		$self->wait_keys if $key eq 'Escape';	# or it would be a part of the next key
	}
}

sub text {
	my ($self, $text) = @_;
	$self->tmux('send-keys', '-l', '--', $text);
	$self->{sent} += length $text;
}

# A press of the first button, or the wheel (64, 65); rows and columns from 1.
sub click {
	my ($self, $column, $row, $button) = @_;
	my @events = $button ? ($button) : (0, 3);	# a button is released
	# Pasted, because keys are sent one by one and the first one is Esc.
	my $bytes = join '', map { "\e[M" . join '', map { chr(32 + $_) } $_, $column, $row } @events;
	$bytes =~ s/;$/\\;/;	# a last one would end the command
	$self->wait_keys;
	my $before = $self->clicks;
	for (1 .. 3) {
		$self->tmux('set-buffer', '-b', 'mouse', $bytes);
		$self->tmux('paste-buffer', '-b', 'mouse', '-r', '-d');
		$self->press('C-l');	# this key comes behind it
		# Where it was not told as a click there is either nothing, or keys that nobody sent.
		return if !$self->wait_keys || $self->clicks > $before || ($self->state)[0] > $self->{sent};
	}
}

sub resize {
	my ($self, $w, $h) = @_;
	$self->tmux('resize-window', '-x', $w, '-y', $h);
	$self->{size} = [$w, $h];
	my $end = time + $timeout;
	sleep 0.01 until $self->ask('#{pane_width}x#{pane_height}') eq "${w}x$h" || time > $end;
}

sub state {
	my ($self) = @_;
	my ($n, $done, $w, $h) = slurp("$self->{folder}/sync") =~ /^(\d+) (\d) (\d+)x(\d+) \d+\n/ or return (-1, 0);
	return (-1, 0) if $w != $self->{size}[0] || $h != $self->{size}[1];
	return ($n + 0, $done);
}

sub clicks {
	my ($self) = @_;
	return slurp("$self->{folder}/sync") =~ /^\S+ \S+ \S+ (\d+)\n/ ? $1 + 0 : 0;
}

# What the browser has drawn, which the terminal may not have read yet.
sub drawn {
	my ($self) = @_;
	return slurp("$self->{folder}/sync") =~ /^[^\n]*\n(.*)/s ? $1 : '';
}

# Until the browser has acted on all keys (and, unless only that, shows all there is to show).
sub wait_keys {
	my ($self, $complete) = @_;
	my $end = time + $timeout;
	while (time < $end) {
		my ($n, $done) = $self->state;
		return 1 if $n >= $self->{sent} && ($done || !$complete);
		return 0 if -e "$self->{folder}/over";
		sleep 0.005;
	}
	return 0;
}

# After wait_keys was not true: whether the browser still takes keys.  Then one was lost on the way to
# it (a terminal that is slow joins the parts of a key otherwise than they were sent), and
# those that it took are from now on all that were sent.
sub answers {
	my ($self) = @_;
	my ($before) = $self->state;
	$self->tmux('send-keys', 'C-l');
	my $end = time + $timeout;
	while (time < $end) {
		my ($n) = $self->state;
		if ($n > $before) {
			$self->{sent} = $n;
			return 1;
		}
		sleep 0.01;
	}
	return 0;
}

sub wait_complete {
	my ($self) = @_;
	return $self->wait_keys(1);
}

sub wait_over {
	my ($self) = @_;
	my $end = time + $timeout;
	sleep 0.01 until -e "$self->{folder}/over" || time > $end;
	return -e "$self->{folder}/over";
}

# The screen as lines without blanks at their ends.  With colours, what changes how text looks stands
# in braces before it: {1;38;5;221}text{}.
sub capture {
	my ($self, $colors) = @_;
	my $text = $self->tmux('capture-pane', '-p', $colors ? ('-e', '-N') : ());
	return join '', map { s/ +$//r . "\n" } split /\n/, $text unless $colors;
	my (%now, $out);
	for my $line (split /\n/, $text) {
		my ($shown, $last) = ('', '');
		for my $part ($line =~ /\e\[[\d;:]*m|\e\([B0]|[^\e]+/g) {
			if ($part =~ /^\e\[(.*)m/) { sgr(\%now, $1); next }
			next if $part =~ /^\e/;
			my $looks = join ';', map { $now{$_} } sort keys %now;
			$shown .= "{$looks}" if $looks ne $last;
			$last = $looks;
			$shown .= $part;
		}
		$shown =~ s/ +$// if $last eq '';
		$shown =~ s{ *\{\}$}{};
		$out .= "$shown\n";
	}
	return $out // '';
}

# What a sequence changes of how text looks.
sub sgr {
	my ($now, $text) = @_;
	my @codes = split /[;:]/, length $text ? $text : '0';
	while (@codes) {
		my $c = shift @codes;
		$c ||= 0;
		if ($c == 0) { %$now = () }
		elsif ($c == 38 || $c == 48) {
			my $how = shift @codes;
			my @more = splice @codes, 0, $how == 5 ? 1 : 3;
			$now->{$c == 38 ? 'f' : 'g'} = join ';', $c, $how, @more;
		}
		elsif ($c == 39) { delete $now->{f} }
		elsif ($c == 49) { delete $now->{g} }
		elsif ($c >= 30 && $c <= 37 || $c >= 90 && $c <= 97) { $now->{f} = $c }
		elsif ($c >= 40 && $c <= 47 || $c >= 100 && $c <= 107) { $now->{g} = $c }
		elsif ($c >= 22 && $c <= 29) { delete $now->{"a$_"} for $c == 22 ? (1, 2) : $c - 20 }
		elsif ($c < 10) { $now->{"a$c"} = $c }
	}
}

sub shows {
	my ($text) = @_;
	return decode_utf8($text) =~ s/\n+\z//r;
}

# What the terminal has seen may be behind what the browser has written: until it shows that, or,
# when the browser is over, until it stays the same.
sub settled {
	my ($self, $colors) = @_;
	my ($last, $same, $end) = ('', 0, time + 5);
	until (-e "$self->{folder}/over" || time > $end) {
		my $drawn = $self->drawn;
		if ($drawn =~ /\S/ && shows($self->capture) eq shows($drawn)) {
			my $now = $self->capture($colors);
			return $now if $self->drawn eq $drawn;
		}
		sleep 0.01;
	}
	for (1 .. 100) {
		my $now = $self->capture($colors);
		$same = $now eq $last ? $same + 1 : 0;
		return $now if $same >= 3;
		$last = $now;
		sleep 0.03;
	}
	return $last;
}

# Until the screen is as wanted, or it is clear that it will not be.
sub becomes {
	my ($self, $want, $colors) = @_;
	my $end = time + 3;
	my $got;
	do {
		$got = $self->capture($colors);
		return $got if $got eq $want;
		sleep 0.02;
	} while (time < $end);
	return $got;
}

# The process of the browser itself.
sub pid {
	my ($self) = @_;
	my $shell = $self->ask('#{pane_pid}');
	my $end = time + $timeout;
	while (time < $end) {
		for my $pid (split ' ', slurp("/proc/$shell/task/$shell/children")) {
			return $pid if slurp("/proc/$pid/comm") =~ /^saker/;
		}
		sleep 0.01;
	}
	return;
}

# What the terminal was left like, besides its modes: '' if as it was.
sub leftovers {
	my ($self) = @_;
	my %want = (alternate_on => 0, cursor_flag => 1, mouse_any_flag => 0, keypad_flag => 0,
		keypad_cursor_flag => 0, insert_flag => 0, wrap_flag => 1, origin_flag => 0,
		scroll_region_upper => 0);
	my $end = time + $timeout;
	my @wrong;
	# What the program wrote last may not have come to the terminal when the program is gone.
	while (1) {
		@wrong = grep { $self->ask("#{$_}") ne $want{$_} } sort keys %want;
		last if !@wrong || time > $end;
		sleep 0.05;
	}
	push @wrong, 'stty' if slurp("$self->{folder}/before") ne slurp("$self->{folder}/after");
	return join ' ', @wrong;
}

sub close {
	my ($self) = @_;
	return if $self->{closed}++;
	$self->tmux('kill-server');
}

sub DESTROY {
	my ($self) = @_;
	local $?;
	$self->close;
}

1;
