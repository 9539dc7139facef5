#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# A capture that becomes a recording and a capture again has every event and every parameter that both can
# express, as another reader of the format sees them.  What is not kept is in scap-kept.differences, each with
# its reason.  EXHAUSTIVE=1: all captures, not only the small ones.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename;
use File::Temp qw(tempdir);
use Test::More;

my $build = abs_path($ENV{O} || 'build');
my $saker = "$build/saker";
my $top = abs_path(dirname(__FILE__) . '/..');
my $shared = "$top/../shared";
my $dump = "$shared/tools/scapdump.py";
my $dir = tempdir(CLEANUP => 1);

plan skip_all => 'saker is not built' unless -x $saker && -x "$build/saker-replay";
plan skip_all => "no $dump" unless -r $dump;
plan skip_all => 'no python3' if system('python3 -c "" 2>/dev/null');

# ---- the format's events --------------------------------------------------------

# Names of parameters of each event, and what the event is called now.
sub event_table {
	my %params;
	open my $f, '<', "$shared/facts/event-table.tsv" or die "event-table.tsv: $!\n";
	while (<$f>) {
		next if /^#/;
		my @c = split /\t/;
		push @{$params{$c[1]}}, $c[10] if $c[10] ne q(-);
		$params{$c[1]} //= [];
	}
	return \%params;
}

my $params = event_table();

# PPME_SYSCALL_EXECVE_16_X is an execve.
sub call_of {
	my ($name) = @_;
	$name =~ s/^PPME_(?:SYSCALL_|SOCKET_|SYSDIGEVENT_)?//;
	$name =~ s/_[EX]$//;
	$name =~ s/_\d+$//;
	return lc $name;
}

# ---- known differences ----------------------------------------------------------

my @known;
open my $list, '<', "$top/tests/scap-kept.differences" or die "scap-kept.differences: $!\n";
while (<$list>) {
	chomp;
	next if /^#|^$/;
	my ($call, $param, $was, $is, $reason) = split /\t/;
	die "scap-kept.differences:$.: no reason\n" unless $reason;
	push @known, {line => $., call => qr/^(?:$call)$/, param => qr/^(?:$param)$/, was => qr/^(?:$was)$/s,
		is => qr/^(?:$is)$/s, n => 0};
}
close $list;

sub is_known {
	my ($call, $param, $was, $is) = @_;
	for (@known) {
		next unless $call =~ $_->{call} && $param =~ $_->{param} && $was =~ $_->{was} && $is =~ $_->{is};
		$_->{n}++;
		return 1;
	}
	return 0;
}

# ---- events ---------------------------------------------------------------------

sub values_of {
	my ($text, $names) = @_;
	my (@places, %value);
	my $from = 0;
	for my $name (@$names) {
		my $at = index $text, "$name=", $from;
		next if $at < 0 || ($at && substr($text, $at - 1, 1) ne ' ');
		push @places, [$name, $at];
		$from = $at + length($name) + 1;
	}
	for my $i (0 .. $#places) {
		my ($name, $at) = @{$places[$i]};
		my $end = $i < $#places ? $places[$i + 1][1] - 1 : length $text;
		$value{$name} = substr $text, $at + length($name) + 1, $end - $at - length($name) - 1;
	}
	return \%value;
}

# The next event that is not the beginning of a call; it has what the beginning said, too.
sub next_event {
	my ($in, $began, $after) = @_;
	while (my $line = <$in>) {
		chomp $line;
		my ($head, $tid, $name, $text) = $line =~ /^\d+ (\S+ cpu\d+ tid=(\S+)) (\S+) (.*)$/s or next;
		next if $text =~ /^\[STATE\] / && $after;	# what old readers are told besides
		$text =~ s/^\[STATE\] //;
		my $v = values_of($text, $params->{$name} // []);
		my $e = {head => $head, name => $name, call => call_of($name), v => $v};
		(my $end = $name) =~ s/_E$/_X/;
		if ($name =~ /_E$/ && $params->{$end}) {
			$began->{$tid} = $e;
			next;
		}
		my $enter = delete $began->{$tid};
		$e->{v} = {%{$enter->{v}}, %$v} if $enter && $enter->{call} eq $e->{call};
		return $e;
	}
	return;
}

my (%wrong, %example, $n_events, $n_values, $n_files);

sub differ {
	my ($what, $call, $param, $was, $is) = @_;
	return if is_known($call, $param, $was, $is);
	$wrong{"$call.$param"}++;
	$example{"$call.$param"} //= "was '$was', is '$is' ($what)";
}

sub compare_values {
	my ($what, $was, $is) = @_;
	$n_events++;
	for my $param (sort keys %{$was->{v}}) {
		my ($a, $b) = ($was->{v}{$param}, $is->{v}{$param} // '(none)');
		$n_values++;
		differ($what, $was->{call}, $param, $a, $b) if $a ne $b;
	}
}

sub compare_files {
	my ($what, $before, $after) = @_;
	open my $old, '-|', 'python3', $dump, '-e', $before or die;
	open my $new, '-|', 'python3', $dump, '-e', $after or die;
	my (%a, %b, $wrong);
	while (my $was = next_event($old, \%a)) {
		my $is = next_event($new, \%b, 1);
		if (!$is || $is->{head} ne $was->{head}) {
			$wrong = "$was->{head} $was->{name}, then: " . ($is ? "$is->{head} $is->{name}" : 'nothing');
			last;
		}
		compare_values("$what $was->{head}", $was, $is);
	}
	$wrong //= 'one more' if next_event($new, \%b, 1);
	ok(!$wrong, "$what: every event, in order") or diag($wrong);
	1 while <$old>;
	1 while <$new>;
}

# ---- what Falco does with it ----------------------------------------------------

# Events that its converter knows no way for end its reading: each beginning that we write is in its table
# with that number of parameters, and each end has all that there are today.
sub check_rows {
	my (%event, %way, $bad);
	open my $f, '<', "$shared/facts/event-table.tsv" or die;
	while (<$f>) {
		my @c = split /\t/;
		$event{$c[0]} = {flags => $c[7], n => $c[8]} if $c[0] =~ /^\d+$/;
	}
	open $f, '<', "$shared/facts/conversion-table.tsv" or die;
	while (<$f>) {
		my @c = split /\t/;
		$way{"$c[0] $c[2]"} = 1 if $c[0] =~ /^\d+$/;
	}
	open $f, '<', "$top/capture/trace/scap_events.def" or die;
	local $/;
	my $text = <$f>;
	while ($text =~ /^SCAP_(\w+)\((\d+), (\w+),([^")]*)((?:\s*"[^"]*")*)\)/mg) {
		my ($kind, $code, $name, $params) = ($1, $2, $3, $5);
		my $n = () = $params =~ /[\w-]+:/g;
		my $managed = $event{$code}{flags} & 1 << 12;
		$bad .= "$name $code has $n parameters\n"
			if $kind eq 'ENTER' ? $managed && !$way{"$code $n"} : $kind !~ /OLD/ && $n != $event{$code}{n};
	}
	is($bad, undef, 'Falco knows a way for each event');
}

check_rows();

# ---- lists ----------------------------------------------------------------------

# Entries as sorted lines of "key value", by kind and who they are.
sub lists_of {
	my ($file) = @_;
	my (%entry, %n);
	open my $in, '-|', 'python3', $dump, '-m', $file or die;
	while (<$in>) {
		my ($kind, $of, $text) = /^  (PROC|FD|IF|USER|GROUP)(?: tid=(\d+))? (.*)/ or next;
		my %v = $text =~ /'(\w+)': ('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|b'(?:[^'\\]|\\.)*'|[^,}]*)/g;
		my $who = join ' ', $kind, $of // (), map { $v{$_} // () } $kind eq 'PROC' ? 'tid'
			: $kind eq 'FD' ? 'fd' : $kind eq 'IF' ? qw(name addr) : qw(name uid gid);
		$entry{$who . ' #' . $n{$who}++} = \%v;
	}
	close $in;
	return \%entry;
}

sub compare_lists {
	my ($what, $before, $after) = @_;
	my ($was, $is) = map { lists_of($_) } $before, $after;
	for my $who (sort keys %$was) {
		my ($kind) = $who =~ /^(\w+)/;
		if (!$is->{$who}) {
			differ($what, lc $kind, 'entry', $who, '(none)');
			next;
		}
		for my $key (grep { !/^_/ } sort keys %{$was->{$who}}) {
			my ($a, $b) = ($was->{$who}{$key}, $is->{$who}{$key} // '(none)');
			$n_values++;
			differ("$what $who", lc $kind, $key, $a, $b) if $a ne $b;
		}
	}
}

my @captures = @ARGV ? @ARGV : glob("$shared/captures/*.scap");
my @attacks = glob("$shared/captures/attacks/*.scap");
push @captures, $ENV{EXHAUSTIVE} ? @attacks : @attacks[0, -1] unless @ARGV;
@captures = grep { -s $_ < 600_000 } @captures unless $ENV{EXHAUSTIVE} || @ARGV;
for my $capture (@captures) {
	my $what = basename($capture);
	my $said = `$saker convert -q --force $capture $dir/a.skr 2>&1`;
	is($?, 0, "$what: to .skr") or diag($said);
	# In turn for all readers, and without what old ones need.
	my $how = $n_files++ % 2 ? '--exit-only' : '';
	$said = `$saker convert -q --force $how $dir/a.skr $dir/a.scap 2>&1`;
	is($?, 0, "$what: and back $how") or diag($said);
	compare_files($what, $capture, "$dir/a.scap");
	compare_lists($what, $capture, "$dir/a.scap");
}
cmp_ok($n_events, '>', 0, "$n_events events");
is(scalar keys %wrong, 0, "$n_values values: each is the same or a known difference");
diag("$_ ($wrong{$_}): $example{$_}") for sort { $wrong{$b} <=> $wrong{$a} || $a cmp $b } keys %wrong;
if ($ENV{VERBOSE}) {
	diag("scap-kept.differences:$_->{line}: $_->{n}") for @known;
}
done_testing;
