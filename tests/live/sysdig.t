#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# sysdig reads our .scap and prints for each event what saker replay prints for the same
# recording: processes, descriptors, users, arguments.  Differences that must be are in
# sysdig.differences, each with its reason; one that is not there fails.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use Live;
use Test::More;

my $rounds = $ENV{ROUNDS} || 32;
my @fields = qw(evt.rawtime evt.type thread.tid evt.cpu proc.pid proc.ppid proc.name proc.pname
	proc.exe proc.exepath proc.cmdline proc.pcmdline proc.cwd proc.sid proc.sname proc.vpid thread.vtid
	proc.vpgid proc.tty proc.aname[2] proc.loginshellid thread.ismain thread.cgroups proc.env
	fd.num fd.type fd.typechar fd.name fd.directory fd.filename fd.cip fd.cport fd.sip fd.sport fd.lip fd.lport
	fd.rip fd.rport fd.l4proto fd.sockfamily fd.is_server fd.dev user.uid user.name user.homedir
	user.shell user.loginuid user.loginname group.gid group.name evt.res evt.rawres evt.failed evt.buflen
	evt.is_io evt.is_io_read evt.is_io_write evt.is_wait evt.is_open_read evt.is_open_write evt.is_open_exec
	evt.abspath container.id);

# ---- the list of known differences ----------------------------------------------

# Events of the format by kind: "new" sysdig 0.29 does not know, "rows" have parameters.
sub types_of {
	my ($kind) = @_;
	my %code;
	my $text = slurp("$top/capture/trace/scap_events.def");
	while ($text =~ /^SCAP_(\w+)\((\d+), (\w+),([^")]*)((?:\s*"[^"]*")*)\)/mg) {
		$code{$3} = $2 if $1 !~ /^(?:OLD|ENTER)/;
	}
	return join '|', sort grep { $kind ne 'new' || $code{$_} >= 336 } keys %code;
}

# TYPE FIELD SYSDIG SAKER REASON, separated by tabs: patterns that match as a whole.
sub known_differences {
	my @rows;
	my ($new, $rows) = map { types_of($_) } qw(new rows);
	open my $f, '<', dirname(__FILE__) . '/sysdig.differences' or die "sysdig.differences: $!\n";
	while (<$f>) {
		chomp;
		next if /^#|^\s*$/;
		my ($type, $field, $theirs, $ours, $reason) = split /\t/;
		$type =~ s/\@new/$new/;
		$type =~ s/\@calls/(?!(?:$rows)\$).*/;
		die "sysdig.differences:$.: no reason\n" unless $reason;
		push @rows, {line => $., n => 0, type => qr/^(?:$type)$/, field => qr/^(?:$field)$/,
			theirs => qr/^(?:$theirs)$/s, ours => qr/^(?:$ours)$/s};
	}
	return \@rows;
}

my $known = known_differences();

sub is_known {
	my ($type, $field, $theirs, $ours) = @_;
	for (@$known) {
		next unless $type =~ $_->{type} && $field =~ $_->{field};
		next unless $theirs =~ $_->{theirs} && $ours =~ $_->{ours};
		$_->{n}++;
		return 1;
	}
	return 0;
}

# ---- lines ----------------------------------------------------------------------

# "a=1 b=2 c" of parameters that are known by name.
sub parameters {
	my ($text, $names) = @_;
	my %value;
	my @places;
	my $from = 0;
	for my $name (@$names) {
		my $at = $from == 0 && index($text, "$name=") == 0 ? 0 : index($text, " $name=", $from);
		next if $at < 0;
		push @places, [$name, $at, $at + length($name) + ($at || substr($text, 0, 1) eq ' ' ? 2 : 1)];
		$from = $at + 1;
	}
	for my $i (0 .. $#places) {
		my ($name, undef, $begin) = @{$places[$i]};
		my $end = $i < $#places ? $places[$i + 1][1] : length $text;
		$value{$name} = substr $text, $begin, $end - $begin;
	}
	return \%value;
}

# Names of parameters in the order of the format, of the end of an event and of its beginning.
sub parameter_names {
	my %names;
	my $text = slurp("$top/capture/trace/scap_events.def");
	while ($text =~ /^SCAP_(\w+)\(\d+, (\w+),([^")]*)((?:\s*"[^"]*")*)\)/mg) {
		my ($kind, $name, $params) = ($1, $2, $4);
		next if $kind =~ /^OLD/;
		$params =~ s/"\s*"//g;
		$names{$name}{$kind eq 'ENTER' ? '>' : '<'} = [$params =~ /([\w-]+):/g];
	}
	$names{dup}{'>'} = ['fd'];
	$text = slurp("$top/bpf/events.def");
	my %event = $text =~ /^EVENT\((\w+), (\w+)/mg;
	while ($text =~ /^PARAM\((\w+), (\w+)/mg) {
		push @{$names{$event{$1}}{own}}, $2 if $event{$1};
	}
	return \%names;
}

my $names = parameter_names();
my $between = '<|>';

sub open_lines {
	my (@command) = @_;
	open my $in, '-|', @command or die "$command[0]: $!\n";
	return $in;
}

# The fields of a line; at the end what parameters it has.
sub next_line {
	my ($in, $list) = @_;
	my $line = <$in> // return;
	chomp $line;
	my @values = split /\Q$between\E/, $line, -1;
	my $args = pop @values;
	$args =~ s/ $//;
	my $dir = @values > @fields ? pop @values : undef;
	my $n = $names->{$values[1]};
	$n = $n ? $n->{$list // $dir} // $n->{q(<)} : [];
	return {v => \@values, dir => $dir, args => parameters($args, $n)};
}

# sysdig's next event: the end of a call with what the beginning said, or a beginning that is
# alone, for a call that it does not know.
my $ahead;

sub next_of_sysdig {
	my ($in) = @_;
	my $e = $ahead // next_line($in) // return;
	$ahead = undef;
	return $e if $e->{dir} eq '<';
	$ahead = next_line($in) // return $e;
	return $e if $ahead->{dir} eq '>' || "@{$ahead->{v}}[0 .. 2]" ne "@{$e->{v}}[0 .. 2]";
	$ahead->{args} = {%{$e->{args}}, %{$ahead->{args}}};
	return next_of_sysdig($in);
}

sub next_of_saker {
	my ($in) = @_;
	my $e = next_line($in, 'own') // return;
	my $n = $names->{$e->{v}[1]};
	my %known = map { $_ => 1 } @{$n->{'<'} // []}, @{$n->{'>'} // []};
	delete @{$e->{args}}{grep { !$known{$_} } keys %{$e->{args}}};
	return $e;
}

# ---- the comparison -------------------------------------------------------------

my (%wrong, %example, $n_events, $n_values);

sub differ {
	my ($type, $field, $theirs, $ours, $line) = @_;
	return if is_known($type, $field, $theirs, $ours);
	$wrong{"$field at $type"}++;
	$example{"$field at $type"} //= "sysdig '$theirs', saker '$ours' ($line)";
}

sub compare_values {
	my ($t, $o) = @_;
	my ($theirs, $ours) = ($t->{v}, $o->{v});
	my ($at, $type) = ("$ours->[0] $ours->[2]", $ours->[1]);
	$n_events++;
	for my $i (1, 3 .. $#fields) {
		$n_values++;
		differ($type, $fields[$i], $theirs->[$i], $ours->[$i], $at) if $theirs->[$i] ne $ours->[$i];
	}
	my %all = (%{$t->{args}}, %{$o->{args}});
	for my $name (sort keys %all) {
		my ($their, $our) = map { $_->{args}{$name} // '(none)' } $t, $o;
		$n_values++;
		differ($type, "args.$name", $their, $our, $at) if $their ne $our;
	}
}

sub compare_recording {
	my ($skr, $scap) = @_;
	my $format = join $between, map { "%$_" } @fields;
	my $theirs = open_lines('sysdig', '-v', '-r', $scap, '-p', "*$format$between%evt.dir$between%evt.args");
	my $ours = open_lines($saker, 'replay', '-q', '-p', "$format$between%evt.args", $skr);
	my $same = 1;
	while (my $o = next_of_saker($ours)) {
		my $t = next_of_sysdig($theirs);
		my ($want, $have) = map { $_ ? "@{$_->{v}}[0, 2]" : 'nothing' } $o, $t;
		if ($want ne $have) {
			diag("saker: $want $o->{v}[1], sysdig: $have, behind $n_events events");
			$same = 0;
			last;
		}
		compare_values($t, $o);
	}
	my @rest = ($ahead // (), <$theirs>);
	@rest = grep { ref || /^\d/ } @rest;
	ok($same, 'the same events in the same order');
	is(scalar @rest, 0, 'sysdig has no others');
	1 while <$ours>;
	close $theirs;
	is($?, 0, 'sysdig reads to the end');
}

# ---- tests ----------------------------------------------------------------------

my $dir;
my ($skr, $scap) = @ENV{qw(SKR SCAP)};
plan skip_all => 'sysdig is not installed' if system('command -v sysdig >/dev/null');
if (!$skr) {
	can_record();
	$dir = scratch();
	my @programs = qw(files sockets processes descriptors credentials memory misc names namespaces state
		handed);
	my $script = join '; ', map { program($_) . ' >/dev/null' } grep { -x program($_) } @programs;
	$script = "for i in \$(seq $rounds); do $script; done";
	($skr) = record($dir, ['--ring', '32M'], 'sh', '-c', $script);
	$scap = "$dir/recording.scap";
	my ($code, undef, $said) = run($dir, $saker, 'convert', '-q', $skr, $scap);
	is($code, 0, 'converted') or diag($said);
}
compare_recording($skr, $scap);
cmp_ok($n_events, '>=', 100_000, "a mixed workload ($n_events events)");
is(scalar keys %wrong, 0, "$n_values values: each is the same or a known difference");
diag("$_ ($wrong{$_}): $example{$_}") for sort { $wrong{$b} <=> $wrong{$a} || $a cmp $b } keys %wrong;
diag("sysdig.differences:$_->{line}: $_->{n}") for grep { $ENV{VERBOSE} } @$known;
done_testing;
