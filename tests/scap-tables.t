#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The tables of the .scap reader and writer against all rows of the format's facts: names, types
# and order of the parameters of each event, what becomes of those of old versions, and each flag
# both ways.  The facts are not part of the repository.
use strict;
use warnings;
use File::Basename;
use Test::More;

my $build = $ENV{O} || 'build';
my $top = dirname(__FILE__) . '/..';
my $facts = "$top/../shared/facts";
plan skip_all => 'no ../shared/facts' unless -f "$facts/flag-conversions.tsv";
plan skip_all => 'not built' unless -x "$build/tests/tools/ppm";

sub slurp { open my $f, '<', shift or die; local $/; return <$f> }
sub rows { return map { [ split /\t/ ] } grep { length && !/^#/ } split /\n/, slurp("$facts/$_[0]") }

# ---- events ----

my %row;
my $def = slurp("$top/capture/trace/scap_events.def");
while ($def =~ /^SCAP_(\w+)\((\d+), (\w+),\s+(?:\d,\s+)?((?:\s*"[^"]*")+)\)/mg) {
	my ($kind, $code, $name, $text) = ($1, $2, $3, $4);
	my @params = map { my ($n, $t) = /^([^:]+):([^\/]+)/; { name => $n, type => $t } }
		split ' ', join '', $text =~ /"([^"]*)"/g;
	$row{$code} = { kind => $kind, name => $name, params => \@params };
}
my (%event, %code_of);
for (rows('event-table.tsv')) {
	my ($code, $enum, $dir, $name, undef, undef, $flags, undef, $n, $i, $param, $type) = @$_;
	$event{$code} //= { enum => $enum, dir => $dir, name => $name, unused => scalar($flags =~ /EF_UNUSED/), n => $n };
	$code_of{$enum} = $code;
	push @{ $event{$code}{params} }, { name => $param, type => $type =~ s/^PT_//r } if $param ne '-';
}

my %same_type = (FSPATH => 'PATH', FSRELPATH => 'RELPATH');
my $n_params = 0;
my (@missing, @names, @types, @counts);
for my $code (sort { $a <=> $b } keys %event) {
	my ($e, $r) = ($event{$code}, $row{$code});
	my $called = "$code ($e->{enum})";
	if (!$r) {
		push @missing, $called unless $e->{unused};
		next;
	}
	my @want = @{ $e->{params} // [] };
	# Beginnings name as much as their ends can use, in the order of the file.
	push @counts, $called if $r->{kind} ne 'ENTER' && @{ $r->{params} } != @want;
	for (0 .. $#{ $r->{params} }) {
		my ($have, $want) = ($r->{params}[$_], $want[$_]);
		$n_params++;
		if (!$want) { push @counts, "$called: parameter $_"; next }
		my $type = $same_type{$want->{type}} // $want->{type};
		push @types, "$called $want->{name}: $have->{type}, not $type" if $have->{type} ne $type && $have->{name} ne '-';
		next if $have->{name} eq '-' || $have->{name} eq $want->{name};
		push @names, "$code $want->{name} $have->{name}";
	}
}
is_deeply(\@missing, [], 'each event of the format has a row');
is_deeply(\@counts, [], 'with as many parameters');
is_deeply(\@types, [], 'of the same types');

# Old versions have other names for what the call has today: those that the conversion gives.
my (%step, %allowed);
for (rows('conversion-table.tsv')) {
	my ($code, undef, $n, $action, $new, $out, $how) = @$_;
	next unless $action =~ /ADD_PARAMS|CHANGE_TYPE/;
	$step{$code, $n} = { to => $action eq 'CHANGE_TYPE' ? $code_of{$new} : $code, n => $out, add => $action eq 'ADD_PARAMS',
		how => [ map { [ /^(.+?)=(.*)$/ ] } split /, /, $how ] };
}
sub follow {
	my ($code, $n) = @_;
	my @is = map { [ $_->{name}, "old[$_->{i}]" ] } map { { name => $event{$code}{params}[$_]{name}, i => $_ } } 0 .. $n - 1;
	my $own = $code;
	while (my $s = $step{$code, $n}) {
		# The beginning of another version is not that of this event.
		my $begin = $code == $own ? 'begin' : 'none';
		my @new = map { my ($name, $from) = @$_; $from =~ s/^enter/$begin/;
			$from =~ /^old\[(\d+)\]/ ? [ $name, $is[$1][1] ] : [ $name, $from ] } @{ $s->{how} };
		@is = $s->{add} ? (@is, @new) : @new;
		my $end = $s->{to};
		$is[$_][0] = $event{$end}{params}[$_]{name} for 0 .. $#is;
		($code, $n) = ($end, $s->{n});
	}
	return \@is;
}
my (@wrong, $n_chains, %explained);
for my $key (sort keys %step) {
	my ($code, $n) = split $;, $key;
	next if $event{$code}{dir} ne 'X' || $n > @{ $event{$code}{params} // [] };
	my $is = follow($code, $n);
	my ($own, $begin) = ($row{$code}{params}, $row{$code - 1}{params});
	$n_chains++;
	for (@$is) {
		my ($name, $from) = @$_;
		if ($from =~ /^old\[(\d+)\]/) {
			my $have = $own->[$1]{name};
			$explained{"$code $event{$code}{params}[$1]{name} $have"} = 1 if $have eq $name;
			push @wrong, "$code with $n: $name is $have" if $have ne $name && $have ne '-';
		} elsif ($from =~ /^begin\[(\d+)\]/) {
			my $have = $begin->[$1]{name} // 'nothing';
			push @wrong, "$code with $n: $name of its beginning is $have" if $have ne $name;
			$explained{($code - 1) . " $event{$code - 1}{params}[$1]{name} $have"} = 1 if $have eq $name;
		}
	}
}
cmp_ok($n_chains, '>', 100, "$n_chains ways from an old version to today's");
is_deeply(\@wrong, [], 'end where the conversion puts each value');
is_deeply([ grep { !$explained{$_} } @names ], [], 'no other parameter has another name');

# What changed between releases other than by more parameters: today's name and type hold.
my @changes;
for (rows('event-table-changes.tsv')) {
	my (undef, undef, $code, @what) = @$_;
	my $r = $row{$code} or next;
	if ($what[1] eq 'param type') {
		my ($i, undef, undef, $to) = @what[2 .. 5];
		my $have = $r->{params}[$i] or next;	# a beginning of which nobody wants it
		push @changes, [ $code, $i, $to ];
	} elsif ($what[1] eq 'param renamed') {
		my ($i, undef, $to) = @what[2 .. 4];
		push @wrong, "$code: parameter $i is not $to" if $r->{params}[$i]{name} ne $to;
	} elsif ($what[0] eq 'name' && $what[2] ne 'NA') {
		push @wrong, "$code: is not $what[2]" if $r->{name} ne $what[2];
	}
}
cmp_ok(scalar @changes, '>', 20, 'types were refined');
is_deeply(\@wrong, [], 'names of renamed events and parameters');

# ---- flags ----

my %table = (
	open_flags => 'file_flags', openat2_resolve => 'openat2_flags', io_uring_setup_flags => 'io_uring_setup_flags',
	open_modes => undef, capabilities => undef,	# the same numbers: no table
	timerfd_create_flags => undef,		# a plain number in the event table
	bpf_cmd => 'bpf_commands', fcntl_cmd => 'fcntl_commands',
	'futex_op' => 'futex_operations', 'futex_op(op&127)' => 'futex_operations', dup3_flags => 'file_flags',
	eventfd2_flags => 'file_flags', inotify_init1_flags => 'file_flags', signalfd4_flags => 'file_flags',
	pipe2_flags => 'file_flags', io_uring_register_opcodes => undef, keyctl_operation => undef, fsconfig_cmds => undef,
	prctl_options => undef, 'mknod_mode(S_IFMT)' => 'mknod_mode', poll_events => 'poll_flags',
	ptrace_requests => 'ptrace_requests', 'quotactl_cmd(cmd>>8)' => 'quotactl_cmds', quotactl_fmt => 'quotactl_quota_fmts',
	quotactl_type => 'quotactl_types', rlimit_resource => 'rlimit_resources', semctl_cmd => 'semctl_commands',
	socket_family => 'socket_families', socket_flags => 'file_flags', sockopt_level => 'sockopt_levels',
	sockopt_optname => 'sockopt_options', umount2_flags => 'umount_flags',
);
# Falco's probes test for their own number of AT_SYMLINK_NOFOLLOW, so that they never see it; we do.
# Half of O_SYNC or of O_TMPFILE is no flag of the kernel.
my %not_to = map { $_ => 1 } ('fchownat_flags_to_scap bit 1024');
my %not_from = map { $_ => 1 } ('fchownat_flags_to_scap bit 1024', 'open_flags_to_scap bit 1048576', 'open_flags_to_scap bit 4194304');
my @row;
for (rows('flag-conversions.tsv')) {
	my ($function, $kind, $kernel, undef, $falco) = @$_;
	next if $function eq 'function' || $kernel eq '*';
	my $name = $function =~ s/_to_scap//r;
	my $table = exists $table{$name} ? $table{$name} : $name;
	next unless defined $table;
	push @row, { name => "$function $kind $kernel", kind => $kind, kernel => $kernel, falco => $falco, table => $table };
}
sub ask {
	my (@lines) = @_;
	my $pid = open my $out, '>', "/tmp/scap-tables.$$" or die;
	print $out map { "$_\n" } @lines;
	close $out;
	chomp(my @answers = `$build/tests/tools/ppm < /tmp/scap-tables.$$`);
	unlink "/tmp/scap-tables.$$";
	return @answers;
}
my @to = ask(map { "$_->{table} to $_->{kernel}" } @row);
my @from = ask(map { "$_->{table} from $_->{falco}" } @row);
my (@to_wrong, @from_wrong, @no_table, %several);
$several{"$_->{table} $_->{falco}"}++ for @row;
for (0 .. $#row) {
	my $r = $row[$_];
	if ($to[$_] eq '?') { push @no_table, $r->{name}; next }
	# A bit alone is an open for reading, too.
	my $falco = $r->{falco} | ($r->{table} eq 'file_flags' && $r->{kind} ne 'access_mode' && !($r->{falco} & 3) ? 1 : 0);
	my $have = $r->{table} eq 'file_flags' ? $to[$_] | 1 * !($to[$_] & 3) : $to[$_];
	push @to_wrong, "$r->{name}: $have, not $falco" if $have != $falco && !$not_to{$r->{name}};
	# Falco's 0 says nothing; of several that are one number of Falco's any is right.
	my $back = $from[$_] >> 63 ? -1 : $from[$_] & 0xffffffff;
	push @from_wrong, "$r->{name}: $back" if $back != $r->{kernel} && $r->{falco}
		&& $several{"$r->{table} $r->{falco}"} == 1 && !$not_from{$r->{name}};
}
cmp_ok(scalar @row, '>', 350, scalar(@row) . ' flags');
is_deeply(\@no_table, [], 'each has its table');
is_deeply(\@to_wrong, [], 'the kernel\'s to Falco\'s');
is_deeply(\@from_wrong, [], 'and back');
done_testing;
