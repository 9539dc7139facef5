#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Single events against what Falco's library says of them: ../shared/conformance, files
# eval-assertions.json, formatter.json, transformers.json and the details of
# ast-resolvers.json.  Each test becomes a capture of a few events.  Values that the data
# names only by variables of the original program are given below where they are known;
# tests that need more of that program are counted, not run.
use strict;
use warnings;
use File::Temp 'tempdir';
use IPC::Open2;
use JSON::PP;
use Socket qw(inet_pton AF_INET AF_INET6);

my $data = $ENV{CONFORMANCE} // '../shared/conformance';
my $build = $ENV{O} // 'build';
my $facts = "$data/../facts";
if (!-d $data || !-d $facts) {
	print "1..0 # SKIP no conformance data at $data\n";
	exit 0;
}
my $dir = tempdir(CLEANUP => 1);
my $json = JSON::PP->new->utf8->canonical->allow_nonref;

sub load {
	local $/;
	open my $f, '<', "$data/$_[0].json" or die "$_[0]: $!";
	return $json->decode(<$f>);
}

# ---- tables of the format ----

my (%events, %flags);
open my $table, '<', "$facts/event-table.tsv" or die "event-table.tsv: $!";
while (<$table>) {
	next if /^#/;
	my @c = split /\t/;
	$events{$c[1]}{code} = $c[0];
	push @{$events{$c[1]}{types}}, $c[11] if $c[11] && $c[11] =~ /^PT_/;
}
open $table, '<', "$facts/flags.tsv" or die "flags.tsv: $!";
while (<$table>) {
	$flags{$1} = hex $2 if /\b(PPM_\w+)\t.*?(?:0x([0-9a-fA-F]+))/;
}

my %width = (
	INT8 => 1, UINT8 => 1, FLAGS8 => 1, ENUMFLAGS8 => 1, SIGTYPE => 1, L4PROTO => 1,
	SOCKFAMILY => 1, INT16 => 2, UINT16 => 2, FLAGS16 => 2, ENUMFLAGS16 => 2, PORT => 2,
	SYSCALLID => 2, INT32 => 4, UINT32 => 4, FLAGS32 => 4, ENUMFLAGS32 => 4, MODE => 4,
	UID => 4, GID => 4, BOOL => 4,
);

# ---- values of the original program ----

sub inet { my ($a, $port) = @_; return inet_pton($a =~ /:/ ? AF_INET6 : AF_INET, $a) . pack 'v', $port; }
sub tuple { my ($from, $fp, $to, $tp) = @_;
	return pack('C', $from =~ /:/ ? 10 : 2) . inet($from, $fp) . inet($to, $tp); }
sub address { my ($a, $port) = @_; return pack('C', $a =~ /:/ ? 10 : 2) . inet($a, $port); }

my %v4 = (socktuple => tuple('172.40.111.222', 54321, '142.251.111.147', 443),
	  server_sockaddr => address('142.251.111.147', 443));
my %v6 = (socktuple => tuple('::1', 54321, '2001:4860:4860::8888', 443),
	  server1_sockaddr => address('2001:4860:4860::8888', 443));
my %common = (
	fd => 4, dirfd => 3, mountfd => 5, res => 0, return_value => 0, test_errno => 0,
	errno_success => 0, errno_failure => -1, flags => 0, mode => 0, dev => 0, ino => 123,
	initval => 0, mask => 0, uid => 0, gid => 0, nullptr => undef, null_buf => '',
	empty_bytebuf => '', 'path.c_str()' => '/tmp/file', file_to_run => '/tmp/file_to_run',
	directory => '/tmp/dir', size => 5, pos => 0, addr => 77, vm_size => 294,
	vm_rss => 295, vm_swap => 296, new_fd => 3, fd1 => 3, fd2 => 4, user_id => 5, new_connected_fd => 6,
	default_fd => 4, INIT_TID => 1, INIT_PID => 1, INIT_PTID => 0,
	data => 'hello', read_buf => 'hello', %v4,
);
my %own = (
	'bytebuf_matches_nul' => { read_buf => "a\0b" },
	'len_transformer' => { read_buf => "hello\0" },
	'net_ipv6_compare' => { %v6 },
	'net_ipv6_multiple_connects' => undef,
	'creates_fd_generic' => undef,	# a variable that changes
	'dup_dup2_dup3' => undef,
	'fchmod' => { fd => 3 }, 'fchown' => { fd => 3 },
	'path_too_long' => undef,
	'pipe2' => { fd1 => 5, fd2 => 6 }, 'inotify_init' => { res => 15 },
	'inotify_init1' => { res => 14 }, 'eventfd' => { res => 21 }, 'eventfd2' => { res => 22 },
	'signalfd' => { res => 5 }, 'signalfd4' => { res => 5 },
	'net_connect_enter_event_is_missing' => {
		socktuple => tuple('80.9.11.45', 12, '152.40.111.222', 25632) },
	'parse_brk_updated_prog_break' => { addr => 7 },
	'check_some_fd_fields' => undef,
	# The call itself is missing in the data.
	(map { ("execveat_$_" => undef, "execveat_${_}_s390" => undef) }
		qw(empty_path_flag relative_path invalid_path absolute_path)),
	'EVT_FILTER_check_evt_arg_uid' => undef,	# a table of users
);

sub value {
	my ($p, $vars) = @_;
	return $p->{str} if exists $p->{str};
	local $_ = $p->{expr};
	return '' if $_ eq 'NULL';
	s/^\((?:u?int\d+_t|int)\)\s*//;
	s/\bsinsp_test_input::(?:socket|open)_params:://;
	return $vars->{$1} if /^scap_const_sized_buffer\{(\w+)(?:\.data\(\)|\.c_str\(\)|,)/ &&
		exists $vars->{$1};
	return $vars->{$_} if exists $vars->{$_};
	return number($_);
}

sub number {
	my ($text) = @_;
	my $sum = 0;
	$text =~ s/^\((.*)\)$/$1/;
	for (split /\s*\|\s*/, $text) {
		if (/^-?\(?-?\d+\)?(?:ULL|U|L)*$/) {
			my ($n) = /(-?\d+)/;
			$sum |= $n =~ /^0\d/ ? oct $n : $n if $n >= 0;
			$sum = $n if $n < 0;
		} elsif (/^0x/) {
			$sum |= hex;
		} elsif (exists $flags{$_}) {
			$sum |= $flags{$_};
		} elsif (/^-SE_(EINVAL|EACCES|ENOENT)$/) {
			$sum = { EINVAL => -22, EACCES => -13, ENOENT => -2 }->{$1};
		} else {
			return undef;
		}
	}
	return $sum;
}

# ---- captures ----

sub block {
	my ($type, $body) = @_;
	$body .= "\0" x (-length($body) % 4);
	my $len = length($body) + 12;
	return pack('VV', $type, $len) . $body . pack('V', $len);
}
sub text16 { return pack('v', length $_[0]) . $_[0]; }

sub thread {
	my ($tid, $ptid, $comm, $exe, $exepath, $args) = @_;
	my $body = pack('q<q<q<q<q<', $tid, $tid, $ptid, 0, 1) . text16($comm) . text16($exe) .
		text16($exepath) . text16($args) . text16('/root/') . pack('q<V', 1024, 0) .
		pack('VV', 0, 0) . pack('VVV', 0, 0, 0) . pack('Q<Q<', 0, 0) . text16('') .
		pack('q<q<', $tid, $tid) . text16('') . text16('/');
	return pack('V', length($body) + 4) . $body;
}

my $threads = thread(1, 0, 'init', '/sbin/init', '/sbin/init',
		     "context\0ls\0--format\0{{json .}}\0") .
	thread(2, 1, 'bash', 'bash', '', '') . thread(3, 2, 'child', 'child', '', '');

sub head {
	return block(0x0a0d0d0a, pack('VvvQ<', 0x1a2b3c4d, 1, 2, ~0)) .
		block(0x201, pack('VQ<Q<a128Q<Q<Q<Q<', 4, 1 << 30, 32768, 'host', 77, 0, 0, 0)) .
		block(0x215, $threads);
}

sub event {
	my ($ts, $tid, $name, @values) = @_;
	my $e = $events{$name} or return undef;
	my (@len, $bytes);
	$bytes = '';
	for my $i (0 .. $#values) {
		my $type = ($e->{types}[$i] // 'PT_BYTEBUF') =~ s/^PT_//r;
		my $v = $values[$i];
		if ($type =~ /^(CHARBUF|FSPATH|FSRELPATH)$/) {
			utf8::downgrade($v, 1);
			$v .= "\0" if defined $v && !($v eq '' && !ref $v && $e->{null}[$i]);
		} elsif ($type =~ /^(BYTEBUF|SOCKADDR|SOCKTUPLE|FDLIST|CHARBUFARRAY)$/) {
			$v //= '';
		} else {
			return undef if $v !~ /^-?\d+$/;
			my $w = $width{$type} // 8;
			$v = substr pack('q<', $v), 0, $w;
		}
		$v //= '';
		push @len, length $v;
		$bytes .= $v;
	}
	my $header = pack('Q<Q<VvV', $ts, $tid, 26 + 2 * @len + length $bytes, $e->{code},
			  scalar @len);
	return block(0x216, pack('v', 1) . $header . pack('v*', @len) . $bytes);
}

# An exec with what is told of it, all else 0.
sub execve {
	my ($ts, $tid, $pid, $ptid, $path, $comm, $trusted) = @_;
	my @types = @{$events{PPME_SYSCALL_EXECVE_19_X}{types}};
	my @v = map { /CHARBUF|BYTEBUF|FSPATH/ ? '' : 0 } @types;
	@v[1, 3, 4, 5, 13] = ($path, $tid, $pid, $ptid, $comm);
	@v[27, 30] = ($trusted // $path, $path);
	return event($ts, $tid, 'PPME_SYSCALL_EXECVE_19_X', @v);
}

sub helper {
	my ($ts, $s, $vars) = @_;
	my @a = map { value($_, $vars) } @{$s->{args}};
	return undef if grep { !defined } @a;
	return event($ts, 1, 'PPME_SYSCALL_GETCWD_X', -2, '/test/dir')
		if $s->{helper} eq 'generate_getcwd_failed_entry_event';
	return event($ts, $a[0], 'PPME_PROCEXIT_1_E', 0, 0, 0, 0, $a[1])
		if $s->{helper} eq 'generate_proc_exit_event';
	return execve($ts, @a[2, 3, 4, 5, 6, 7])
		if $s->{helper} eq 'generate_execve_enter_and_exit_event';
	return undef;
}

sub ask {
	my ($capture, @questions) = @_;
	open my $f, '>:raw', "$dir/t.scap" or die $!;
	print $f $capture;
	close $f;
	my $pid = open2(my $out, my $in, "$build/tests/tools/asserts", "$dir/t.scap");
	binmode $in;
	print $in "$_\n" for @questions;
	close $in;
	chomp(my @answers = <$out>);
	waitpid $pid, 0;
	return map { s/^"(.*)"$/$1/sr =~ s/\\(["\\])/$1/gr } @answers;
}

# ---- tests ----

my %deviates;
open my $list, '<', 'tests/rules-deviations' or die "tests/rules-deviations: $!";
while (<$list>) {
	$deviates{$1} = $2 if /^(\S+)\s+(\S.*)$/ && !/^#/;
}
my ($test, $ran, $failed, $left, $excepted) = (0, 0, 0, 0, 0);
sub check {
	my ($id, $ok, $why) = @_;
	$ran++;
	if ($deviates{$id}) {
		$excepted++;
		print "# $id agrees, its line in tests/rules-deviations can go\n" if $ok;
		return;
	}
	return if $ok;
	$failed++;
	print "# $id: " . $why =~ s/\n/\n# /gr . "\n";
}
sub done {
	my ($name) = @_;
	$test++;
	printf "%s %d - %s: %d cases, %d listed deviations, %d need the original program\n",
		$failed ? 'not ok' : 'ok', $test, $name, $ran, $excepted, $left;
	($ran, $failed, $left, $excepted) = (0, 0, 0, 0);
}

sub expected {
	my ($s, $vars) = @_;
	return $s->{expect} if exists $s->{expect};
	return undef unless exists $s->{expect_expr};
	local $_ = $s->{expect_expr};
	s/\.c_str\(\)$//;
	return $vars->{$1} if /^std::to_string\((?:sinsp_test_input::\w+::)?(\w+)\)$/;
	return number($1) if /^std::to_string\((.*)\)$/;
	return { syscall_source_name => 'syscall' }->{$_};
}

# The questions of a test: [line, wanted, step].
sub questions {
	my ($t, $ts, $vars) = @_;
	my ($s) = @_[3 .. $#_];
	return () if ref $s->{field} || ref $s->{filter};
	return () if ($s->{filter} // '') =~ /\bsample\./;	# a plugin
	return () if $t->{test} eq 'len_transformer' && $s->{filter} eq 'len(fd.types) = 2';
	my $ask = $s->{check} eq 'eval_filter' ? "E $s->{filter}" : "F $s->{field}";
	utf8::encode($ask) if utf8::is_utf8($ask) && $ask =~ /[^\x00-\xff]/;
	my $want = $s->{throws} ? 'throws' : expected($s, $vars);
	return () unless defined $want;
	$want = $want ? 'true' : 'false' if JSON::PP::is_bool($want);
	return ["$ts $ask", $want, $s];
}

for my $t (@{load('eval-assertions')->{tests}}) {
	my $vars = exists $own{$t->{test}} ? $own{$t->{test}} : {};
	my $n = grep { $_->{check} } @{$t->{steps}};
	if (!$vars || $t->{file} =~ /^plugins|static\.cpp|user\.cpp|metrics/) {
		$left += $n;
		next;
	}
	$vars = { %common, %$vars };
	my ($ts, $capture, @q) = (1000000, head());
	for my $s (@{$t->{steps}}) {
		if ($s->{check}) {
			push @q, questions($t, $ts, $vars, $s) if $ts > 1000000;
			next;
		}
		my $bytes;
		$ts++;
		if ($s->{helper}) {
			$bytes = helper($ts, $s, $vars);
		} else {
			my $tid = $vars->{$s->{tid}} // $s->{tid};
			my @v = map { value($_, $vars) } @{$s->{params}};
			my @nulls = map { ($_->{expr} // '') =~ /^(?:NULL|nullptr)$/ ? 1 : 0 }
				@{$s->{params}};
			$events{$s->{event}}{null} = \@nulls if $events{$s->{event}};
			$bytes = event($ts, $tid, $s->{event}, @v)
				if $tid =~ /^\d+$/ && !grep { !defined $v[$_] && !$nulls[$_] } 0 .. $#v;
		}
		last unless defined $bytes;
		$capture .= $bytes;
	}
	my @answers = @q ? ask($capture, map { $_->[0] } @q) : ();
	$left += $n - @q;
	for my $i (0 .. $#q) {
		my ($line, $want, $s) = @{$q[$i]};
		my $got = $answers[$i] // '(died)';
		my $ok = $s->{check} eq 'field_has_value' ?
			($got ne '(absent)') == ($want eq 'true') : $got eq $want;
		check("eval-assertions/$t->{test}/$i", $ok, "$line: $got, want $want");
	}
}
done('eval-assertions');

my $capture = head() . event(2000001, 1, 'PPME_SYSCALL_GETCWD_X', -2, '/test/dir') .
	event(2000002, 2, 'PPME_SYSCALL_GETCWD_X', -2, '/test/dir') .
	event(2000003, 3, 'PPME_SYSCALL_GETCWD_X', -2, '/test/dir');
for my $c (@{load('formatter')->{cases}}) {
	my @o = @{$c->{options}};
	my $ts = 2000000 + ($o[2] // 1);
	my $as_json = ($o[0] // '') eq 'OF_JSON' || ($c->{output} // '') =~ /^\{|^null$/;
	my ($text) = ask($capture, "$ts " . ($as_json ? 'J' : 'P') . " $c->{format}");
	if ($c->{throws}) {
		check("formatter/$c->{id}", $text eq 'throws', "$c->{format} -> $text");
	} elsif (!defined $c->{output}) {
		check("formatter/$c->{id}", $text ne 'throws', "$c->{format} -> $text");
	} elsif ($as_json) {
		my $got = $json->decode("{$text}");
		my $want = $c->{output} eq 'null' ? {} : $json->decode($c->{output});
		# Falco has the library leave out what transformers made.
		delete @$want{grep { /\(/ } keys %$want};
		check("formatter/$c->{id}", $json->encode($got) eq $json->encode($want),
		      "$c->{format} -> $text, want $c->{output}");
	} else {
		check("formatter/$c->{id}", $text eq $c->{output},
		      "$c->{format} -> $text, want $c->{output}");
	}
}
done('formatter');

print "1..$test\n";
