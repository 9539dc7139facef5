# SPDX-License-Identifier: Apache-2.0
# For the tests of the recorder on the running kernel: when they can run, recording a program,
# and comparing what it said (live.h) with what was recorded.
package Live;
use strict;
use warnings;
use Cwd qw(abs_path getcwd);
use Exporter 'import';
use File::Basename;
use File::Temp qw(tempdir);
use JSON::PP;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

our @EXPORT = qw($build $top $saker can_record scratch run slurp record events replay compare
	compare_marks compare_cases wait_for program start stop);

our $top = abs_path(dirname(__FILE__) . '/../..');
our $build = abs_path($ENV{O} || "$top/build");
our $saker = "$build/saker";
my $dump = "$build/tests/tools/dump";
my $json = JSON::PP->new->latin1;

# Ends the script visibly where nothing can be recorded.
sub can_record {
	plan skip_all => 'only root can record' if $>;
	plan skip_all => 'no BTF of the kernel' unless -r '/sys/kernel/btf/vmlinux';
	plan skip_all => 'built without BPF' unless -x "$build/saker-capture";
	for ($dump, "$build/tests/live/files") {
		plan skip_all => "no $_ (make build-tests)" unless -x $_;
	}
}

# A directory of its own for a test, gone afterwards (unless KEEP is set).
sub scratch {
	return tempdir('saker-live-XXXXXX', DIR => '/tmp', CLEANUP => !$ENV{KEEP});
}

sub program { return "$build/tests/live/$_[0]" }

sub slurp {
	my ($path) = @_;
	open my $f, '<', $path or return '';
	local $/;
	return <$f> // '';
}

# Starts a program in dir with its output in files; its pid.
sub start {
	my ($dir, $out, @command) = @_;
	my $pid = fork // die "fork: $!\n";
	return $pid if $pid;
	chdir $dir or POSIX::_exit(126);
	open STDIN, '<', '/dev/null';
	open STDOUT, '>>', $out or POSIX::_exit(126);
	open STDERR, '>>', "$out.err" or POSIX::_exit(126);
	exec { $command[0] } @command or POSIX::_exit(127);
}

# Waits for it: exit code, or 128 + signal.  Killed after a while: 124.
sub stop {
	my ($pid, $signal, $seconds) = @_;
	kill $signal, $pid if $signal;
	my $end = time + ($seconds // 60);
	while (time < $end) {
		return $? >> 8 || ($? & 127 ? 128 + ($? & 127) : 0) if waitpid($pid, POSIX::WNOHANG()) == $pid;
		sleep 0.02;
	}
	kill 'KILL', $pid;
	waitpid $pid, 0;
	return 124;
}

# Runs it: exit code, standard output, standard error.
sub run {
	my ($dir, @command) = @_;
	my $out = "$dir/run.out";
	unlink $out, "$out.err";
	my $code = stop(start($dir, $out, @command));
	return ($code, slurp($out), slurp("$out.err"));
}

# Records a command that runs in a new directory; the recording's path, what the command printed.
sub record {
	my ($dir, $options, @command) = @_;
	my $work = "$dir/work";
	my $file = "$dir/recording.skr";
	system('rm', '-rf', $work, $file);
	mkdir $work or die "$work: $!\n";
	unlink "$dir/said", "$dir/said.err";
	my $code = stop(start($work, "$dir/said", $saker, 'capture', '-q', '-o', $file, @$options,
		'--', @command));
	diag("capture of @command: exit $code: " . slurp("$dir/said.err")) if $code;
	return ($file, slurp("$dir/said"));
}

# What a recording holds, each with type, tid, pid, args as they stand there.
sub events {
	my ($file, @options) = @_;
	my @events;
	open my $in, '-|', $dump, @options, $file or die "$dump: $!\n";
	while (<$in>) {
		push @events, $json->decode($_);
	}
	close $in or diag("$dump $file: exit " . ($? >> 8));
	return \@events;
}

# Values of fields at each event that matches.
sub replay {
	my ($file, $filter, @fields) = @_;
	my @rows;
	my $format = join ' ', map { "%$_" } @fields;
	open my $in, '-|', $saker, 'replay', '-q', '--json', '-p', $format, '-f', $filter, $file
		or die "$saker: $!\n";
	while (<$in>) {
		push @rows, $json->decode($_)->{output_fields};
	}
	close $in or diag("replay -f '$filter': exit " . ($? >> 8));
	return @rows;
}

# Is the recorded value what was said?
sub same {
	my ($want, $have) = @_;
	return !defined $have unless defined $want;
	return 0 if !defined $have || ref $have;
	return $want eq $have unless ref $want;
	return 1 if $want->{set};
	return length $have >= length $want->{end} && substr($have, -length $want->{end}) eq $want->{end}
		if defined $want->{end};
	return $have >= $want->{min} && $have <= $want->{max};
}

sub shown {
	my ($v) = @_;
	my $text = JSON::PP->new->ascii->canonical->allow_nonref->encode($v);
	return length $text > 300 ? substr($text, 0, 300) . '...' : $text;
}

sub differences {
	my ($want, $have) = @_;
	return map { "$_: expected " . shown($want->{args}{$_}) . ', got ' .
		(exists $have->{args}{$_} ? shown($have->{args}{$_}) : 'no such parameter') }
		grep { !exists $have->{args}{$_} || !same($want->{args}{$_}, $have->{args}{$_}) }
		sort keys %{$want->{args}};
}

# Every line that was said has its event, in order for each thread: a test for each type.  Returns
# how often each type was said.
sub compare {
	my ($name, $said, $events) = @_;
	my (%of, %next, %count, %wrong);
	push @{$of{$_->{tid}}}, $_ for @$events;
	for my $line (split /\n/, $said) {
		my $want = $json->decode($line);
		my ($tid, $type) = @$want{qw(tid type)};
		my $list = $of{$tid} // [];
		my ($found, @nearest);
		$count{$type}++;
		for my $i ($next{$tid} // 0 .. $#$list) {
			next unless $list->[$i]{type} eq $type;
			my @d = differences($want, $list->[$i]);
			if (!@d) {
				$found = $i;
				last;
			}
			@nearest = @d if !@nearest || @d < @nearest;
		}
		$next{$tid} = $found + 1 if defined $found;
		push @{$wrong{$type}}, "$line\n\t" . (@nearest ? join "\n\t", @nearest
			: "no $type of thread $tid behind the last one found") unless defined $found;
	}
	ok(%count, "$name says what it does");
	for (sort keys %count) {
		ok(!$wrong{$_}, "$name: $_ ($count{$_})") or diag(join "\n", @{$wrong{$_}});
	}
	return \%count;
}

# Marks that were said, and for each its event.
sub marks {
	my ($file, $said) = @_;
	my @marks = map { $json->decode($_) } grep { /^\{"mark"/ } split /\n/, $said;
	my %fields = map { $_ => 1 } map { keys %{$_->{fields}} } @marks;
	my $marked = 'evt.type = lseek and evt.rawarg.whence = 77 or evt.type = pread and evt.rawarg.size = 77';
	my %row;
	for my $row (replay($file, $marked, 'evt.num', 'evt.rawarg.offset', 'evt.rawarg.pos',
			sort keys %fields)) {
		$row{$row->{'evt.rawarg.offset'} // $row->{'evt.rawarg.pos'}} = $row;
	}
	return (\@marks, \%row);
}

# What is wrong with a field of a mark; nothing if it is right.
sub wrong {
	my ($mark, $row, $f) = @_;
	my ($want, $have) = ($mark->{fields}{$f}, $row->{$f});
	$have = $have ? 'true' : 'false' if ref $have;
	return if defined $want ? defined $have && $have eq $want : !defined $have;
	return "mark $mark->{mark}, event $row->{'evt.num'}: $f: expected "
		. (defined $want ? "'$want'" : 'nothing') . ', got '
		. (defined $have ? "'$have'" : 'nothing');
}

# Each mark has its event with equal fields: a test for each field.
sub compare_marks {
	my ($name, $file, $said) = @_;
	my ($marks, $row) = marks($file, $said);
	my (%wrong, %count);
	ok(scalar @$marks, "$name says what it is");
	is(join(' ', grep { !$row->{$_} } map { $_->{mark} } @$marks), '', "$name: each has its event");
	for my $mark (grep { $row->{$_->{mark}} } @$marks) {
		for my $f (sort keys %{$mark->{fields}}) {
			$count{$f}++;
			push @{$wrong{$f}}, wrong($mark, $row->{$mark->{mark}}, $f);
		}
	}
	ok(!@{$wrong{$_}}, "$name: $_ ($count{$_})") or diag(join "\n", @{$wrong{$_}})
		for sort keys %count;
}

# The same with a test for each case (case.h).
sub compare_cases {
	my ($name, $file, $said) = @_;
	my ($marks, $row) = marks($file, $said);
	my (%wrong, %count);
	ok(scalar @$marks, "$name says what it is");
	for my $mark (@$marks) {
		my $case = $mark->{case};
		my $event = $row->{$mark->{mark}};
		$count{$case}++;
		push @{$wrong{$case}}, $event ? map { wrong($mark, $event, $_) } sort keys %{$mark->{fields}}
			: "mark $mark->{mark} has no event";
	}
	ok(!@{$wrong{$_}}, "$name: $_ ($count{$_})") or diag(join "\n", @{$wrong{$_}})
		for sort keys %count;
	for (map { $json->decode($_) } grep { /^\{"skip"/ } split /\n/, $said) {
		SKIP: { skip "$_->{skip}: $_->{why}", 1 }
	}
}

# Waits until a condition holds.
sub wait_for {
	my ($what, $seconds) = @_;
	my $end = time + ($seconds // 10);
	until ($what->()) {
		return 0 if time > $end;
		sleep 0.02;
	}
	return 1;
}

1;
