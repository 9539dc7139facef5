#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The numbers of saker browse are what counting by hand gives: each table over each recording, row by
# row and cell by cell, against what saker replay prints of the fields of its keys and columns.
#
# What a view means beyond its definition, and what is modelled here:
#   * processes of the snapshot are rows of a view of processes whose filter holds for what is no
#     event, with what is known of them by then;
#   * samples of the recorder are no events: they bring numbers about threads and processors to
#     views whose keys are of such, and beside them only who that is;
#   * a text "<NA>" stands for nothing; a cell keeps 1024 bytes; empty keys alone are no row;
#   * a process is its number and its beginning.
#
# ALL=1 looks at all recordings that are there, ONLY=demo.skr at one, VIEW=files at one view.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use JSON::PP;
use Saker;
use Test::More;

my $cells = "$build/tests/tools/cells";
my $rules = "$top/rules/saker.yaml";
plan skip_all => "$cells is not built (make build-tests)" unless -x $cells;

# ---- what the browser says ----

my $string = qr/"(?:[^"\\]|\\.)*"/;

# Texts stay as they are quoted: both sides quote alike.
sub values_of {
	return map { $_ eq 'null' ? undef : $_ } $_[0] =~ /($string|null|true|false|-?[\d.eE+-]+)/g;
}

# A list of views: id, kind, filter, keys, columns, rows, filters of their events.
sub browser {
	my ($file, $filter, @args) = @_;
	open my $in, '-|', $cells, @args, $file, length $filter ? $filter : () or die "$cells: $!\n";
	my (@views, $v);
	while (my $line = <$in>) {
		if ($line =~ /^\{"view"/) {
			$v = JSON::PP->new->utf8->decode($line);
			$v->{id} = $v->{view};
			push @views, $v;
		} elsif ($line =~ /^\{"end":(\d+),"events":(\d+),"left_out":(\d+)/) {
			@$v{qw(end events left_out)} = ($1, $2, $3);
		} else {
			my ($row, $filter) = $line =~ /^\[(.*)\]\t(.*)$/ or die "cells: $line";
			push @{$v->{rows}}, [values_of($row)];
			push @{$v->{filters}}, $filter;
		}
	}
	close $in or die "$cells $file failed\n";
	return @views;
}

# ---- what happened ----

# Events as hashes of quoted values; absent fields are undef.
sub replay {
	my ($file, $filter, $fields, @more) = @_;
	my @args = ('replay', '-qaj', '-p', join(' ', map { "%$_" } @$fields), @more,
		length $filter ? ('-f', $filter) : (), $file);
	open my $in, '-|', $saker, @args or die "$saker: $!\n";
	my @events;
	while (my $line = <$in>) {
		my %e = $line =~ /"([^"]+)":($string|null|true|false|-?[\d.eE+-]+)/g;
		$_ = $_ eq 'null' ? undef : $_ for values %e;
		push @events, \%e;
	}
	close $in;
	return \@events;
}

# Who was there before: by pid what is known of it.
sub snapshot {
	my ($file) = @_;
	my %of;
	for my $e (@{replay($file, '', ['evt.type', 'evt.args', 'evt.num'])}) {
		last if $e->{'evt.num'};
		next if $e->{'evt.type'} !~ /^"snap_(?:thread|fd)"$/;
		my %a = $e->{'evt.args'} =~ /(?:^"| )(\w+)=((?:(?! \w+=).)*)/g;
		my ($pid) = ($a{pid} // '') =~ /^(\d+)/ or next;
		my $p = $of{$pid} //= { threads => 0, fds => 0 };
		if ($e->{'evt.type'} eq '"snap_fd"') { $p->{fds}++; next }
		$p->{threads}++;
		next unless $a{tid} =~ /^$pid\b/;
		$p->{leader} = 1;
		$p->{'proc.pid'} = $pid;
		my $kb = sub { $a{$_[0]} =~ /^(\d+)/ ? $1 * 1024 : undef };
		$p->{'proc.vmsize.b'} = $kb->('vm_size');
		$p->{'proc.vmrss.b'} = $kb->('vm_rss');
		$p->{'proc.name'} = "\"$a{comm}\"";
		$p->{"thread.$_"} = $a{$_} =~ /^(\d+)/ ? $1 : undef for qw(pfmajor pfminor);
	}
	return { map { $of{$_}{leader} ? ($_ => $of{$_}) : () } keys %of };
}

# When the process of each event began: what is told of its first thread, before that one does
# anything what is told of it then.
sub beginnings {
	my ($all) = @_;
	my (%began, %at, %early);
	for my $e (@$all) {
		my ($num, $pid, $tid) = @$e{qw(evt.num proc.pid thread.tid)};
		next unless $num && defined $pid;
		if ($tid eq $pid) {
			$began{$pid} = $e->{'proc.pid.ts'} // '';
			$at{$_} = $began{$pid} for @{delete $early{$pid} // []};
		} elsif (!exists $began{$pid}) {
			push @{$early{$pid}}, $num;
		}
		$at{$num} = $began{$pid} // $e->{'proc.pid.ts'} // '';
	}
	return \%at;
}

# ---- aggregates ----

my $of_threads = qr/^(?:proc|thread|user|group|container|k8s)\./;
my $only_sampled = qr/^(?:thread\.cpu|evt\.cpu\.)/;

sub fits_sample {
	my ($v, $type) = @_;
	my $threads = grep { /$of_threads/ } @{$v->{keys}};
	return $type eq 'procinfo' ? $threads == @{$v->{keys}} : $threads == 0;
}

# Columns that a sample adds to.
sub sampled {
	my ($v, $type) = @_;
	return {} unless fits_sample($v, $type);
	my (%is, $numbers);
	for my $i (0 .. $#{$v->{columns}}) {
		my ($gather, $field) = @{$v->{columns}[$i]}{qw(gather field)};
		my $own = $field =~ $only_sampled && ($type eq 'procinfo' xor $field =~ /^evt/);
		my $most = $type eq 'procinfo' && $gather =~ /^(?:max|min)$/ && $field =~ $of_threads;
		my $who = $type eq 'procinfo' ? $gather =~ /^(?:first|last|distinct)$/ && $field =~ $of_threads :
			$gather eq 'first' && length $field;
		$numbers ||= $own || $most;
		$is{$i} = 1 if $own || $most || $who;
	}
	return $numbers ? \%is : {};
}

sub key_of {
	my ($v, $e, $began) = @_;
	my @keys = @{$v->{keys}};
	my @got = map { $e->{$_} } @keys;
	return unless defined $got[0];
	return join "\0", "$got[0] $began", map { $_ // '' } @got[1 .. $#got]
		if $keys[0] eq 'proc.pid';
	return unless grep { defined && $_ ne '""' } @got;
	return join "\0", map { defined $_ ? $_ : 'none' } @got;
}

sub text_of {
	my ($value) = @_;
	return undef if $value eq '"<NA>"';
	$value = "\"$value\"" if $value !~ /^"/;
	return $value if length $value <= 1024;
	my $bytes = JSON::PP->new->utf8->allow_nonref->decode($value);
	utf8::encode($bytes);
	return $value if length $bytes <= 1024;
	return \substr($bytes, 0, 1024);
}

sub gather {
	my ($col, $c, $value) = @_;
	my $g = $col->{gather};
	if ($g eq 'first' || $g eq 'last') {
		$value = $col->{text} ? text_of($value) : $value =~ /^"/ ? undef : $value;
		$c->{v} = $value if defined $value && ($g eq 'last' || !defined $c->{v});
		return;
	}
	if ($g eq 'distinct') {
		$c->{seen}{$value} = 1;
		$c->{v} = keys %{$c->{seen}};
		return;
	}
	my $n = $value eq 'true' ? 1 : $value eq 'false' ? 0 : $value =~ /^"/ ? 0 : $value;
	$n = $n > 0 ? int($n + 0.5) : 0 if $n =~ /[.e]/;
	if ($g eq 'count') { $c->{v} += $value eq 'false' ? 0 : 1 }
	elsif ($g eq 'min') { $c->{v} = $n if !defined $c->{v} || $n < $c->{v} }
	elsif ($g eq 'max') { $c->{v} = $n if !defined $c->{v} || $n > $c->{v} }
	else { $c->{v} += $n; $c->{n}++ }	# sum, rate, mean
}

sub shown {
	my ($col, $c, $span) = @_;
	return undef if !defined $c->{v};
	return int($c->{v} / $c->{n}) if $col->{gather} eq 'mean';
	return int($c->{v} * 1e9 / ($span || 1)) if $col->{gather} eq 'rate';
	return $c->{v};
}

# Rows by key.  Cells that are a reference to nothing may have any value.
sub count {
	my ($v, $events, $at) = @_;
	my (%rows, %sampled, @process);
	$sampled{$_} = sampled($v, $_) for qw(procinfo cpuinfo);
	my ($n, %began) = (0);
	for my $e (@$events) {
		my $due;
		if (!$e->{'evt.num'}) {
			my ($type) = $e->{'evt.type'} =~ /^"(procinfo|cpuinfo)"$/ or next;
			next unless %{$due = $sampled{$type}};
		}
		my $pid = $e->{'proc.pid'} // '';
		$began{$pid} = $at->{$e->{'evt.num'}} // $e->{'proc.pid.ts'} // $began{$pid} // '';
		my $key = key_of($v, $e, $began{$pid}) // next;
		my $row = $rows{$key} //= { cells => [map { {} } @{$v->{columns}}], pid => $e->{'proc.pid'}, n => 0 };
		$n++, $row->{n}++ if $e->{'evt.num'};
		for my $i (0 .. $#{$v->{columns}}) {
			next if $due && !$due->{$i};
			my $col = $v->{columns}[$i];
			my $value = length $col->{field} ? $e->{$col->{field}} : 1;
			gather($col, $row->{cells}[$i], $value) if defined $value && $col->{gather} ne 'alerts';
		}
	}
	return (\%rows, $n);
}

# Those who were there are rows; what they were like belongs to the most and the first.
sub add_snapshot {
	my ($v, $rows, $snapshot) = @_;
	my %first;
	for my $key (sort keys %$rows) {
		my $pid = $rows->{$key}{pid};
		$first{$pid} //= $rows->{$key};
	}
	for my $pid (keys %$snapshot) {
		my $p = $snapshot->{$pid};
		my $row = $first{$pid} // ($rows->{"snapshot $pid"} = { cells => [map { {} } @{$v->{columns}}], n => 0 });
		my %known = (%$p, 'proc.nthreads' => $p->{threads});
		for my $i (0 .. $#{$v->{columns}}) {
			my $col = $v->{columns}[$i];
			my $c = $row->{cells}[$i];
			next if $col->{gather} !~ /^(?:first|last|max|min)$/ || $col->{field} !~ $of_threads
				|| $col->{field} =~ $only_sampled;
			if (exists $known{$col->{field}}) {
				next if $col->{gather} eq 'last' && defined $c->{v};
				gather($col, $c, $known{$col->{field}}) if defined $known{$col->{field}};
			} elsif ($col->{gather} ne 'last' || !defined $c->{v}) {
				$c->{any} = 1;
			}
		}
	}
}

# ---- the two side by side ----

sub same {
	my ($got, $want) = @_;
	for my $i (0 .. $#$want) {
		my $w = $want->[$i];
		next if ref $w && ref $w eq 'HASH';
		if (ref $w) {
			my $bytes = JSON::PP->new->utf8->allow_nonref->decode($got->[$i] // 'null') // '';
			utf8::encode($bytes);
			return 0 if substr($bytes, 0, 1020) ne substr($$w, 0, 1020);
			next;
		}
		return 0 if ($w // 'null') ne ($got->[$i] // 'null');
	}
	return 1;
}

sub told {
	return join ' ', map { ref $_ ? '*' : $_ // '-' } @{$_[0]};
}

# What is on one side only.
sub differences {
	my ($v, $rows, $span) = @_;
	my (%got, @want, @lines);
	push @{$got{$_->[0]}}, $_ for map { [told($_), $_] } @{$v->{rows}};
	for my $row (values %$rows) {
		my @w = map {
			$row->{cells}[$_]{any} ? {} : shown($v->{columns}[$_], $row->{cells}[$_], $span)
		} 0 .. $#{$v->{columns}};
		if ($got{told(\@w)}) {
			pop @{$got{told(\@w)}};
			delete $got{told(\@w)} unless @{$got{told(\@w)}};
		} else {
			push @want, \@w;
		}
	}
	my @got = map { $_->[1] } map { @$_ } values %got;
	for my $w (@want) {
		my ($at) = grep { same($got[$_], $w) } 0 .. $#got;
		if (defined $at) { splice @got, $at, 1 } else { push @lines, 'counted: ' . told($w) }
	}
	push @lines, 'shown:   ' . told($_) for @got;
	return sort { substr($a, 9) cmp substr($b, 9) } @lines;
}

sub check_view {
	my ($name, $v, $events, $snapshot, $at, @spans) = @_;
	my ($rows, $n) = count($v, $events, $at);
	add_snapshot($v, $rows, $snapshot)
		if "@{$v->{keys}}" eq 'proc.pid' && $v->{filter} =~ /^(?:|evt\.type != switch)$/ && $snapshot;
	my @lines = differences($v, $rows, $spans[0]);
	@lines = differences($v, $rows, $spans[1]) if @lines;
	is(scalar @lines, 0, "$name: $v->{id}") or diag(join ' | ', map { $_->{name} } @{$v->{columns}});
	diag($_) for @lines > 12 ? (@lines[0 .. 11], '...') : @lines;
	is($v->{events}, $n, "$name: $v->{id}: events") if $v->{events} != $n;
	return $rows;
}

# ---- from a row to its events ----

# Some rows of each view: the filter that leads on from them must let through what was counted.
sub check_links {
	my ($file, $name, $v, $rows) = @_;
	my (%model, @wrong);
	for my $row (values %$rows) {
		next if grep { $_->{any} } @{$row->{cells}};
		my $text = exact($v, $row);
		$model{$text} = exists $model{$text} ? undef : $row;
	}
	my ($seen, $step) = (0, 1 + int(@{$v->{rows} // []} / 2));
	for my $i (grep { $_ % $step == 0 } 0 .. $#{$v->{rows}}) {
		my $row = $model{shown_exact($v, $v->{rows}[$i])} // next;
		my $n = grep { $_->{'evt.num'} } @{replay($file, $v->{filters}[$i], ['evt.num'])};
		push @wrong, "$v->{filters}[$i]: $n events, $row->{n} counted" if $n != $row->{n};
		$seen++;
	}
	is("@wrong", '', "$name: $v->{id}: the events of $seen rows") if $seen;
}

# ---- spectra ----

# Each event is in one cell: in that whose condition says so.
sub check_spectrum {
	my ($file, $name, $v) = @_;
	my $key = $v->{keys}[0];
	my @events = grep { $_->{'evt.num'} && defined $_->{$key} }
		@{replay($file, $v->{filter}, ['evt.num', 'evt.rawtime', $key])};
	my ($n, @wrong) = (0);
	for my $i (0 .. $#{$v->{rows}}) {
		my ($text, @in) = ($v->{filters}[$i], @events);
		for my $of ($key, 'evt.rawtime') {
			my ($from) = $text =~ /\Q$of\E >= (\d+)/;
			my ($below) = $text =~ /\Q$of\E < (\d+)/;
			@in = grep { (!defined $from || $_->{$of} >= $from)
				&& (!defined $below || $_->{$of} < $below) } @in;
		}
		$n += @in;
		push @wrong, "$text: " . @in . ", $v->{rows}[$i][0] shown" if @in != $v->{rows}[$i][0];
	}
	is("@wrong", '', "$name: $v->{id}: what is in each cell");
	is($n, scalar @events, "$name: $v->{id}: each event is in one");
	is($v->{events}, scalar @events, "$name: $v->{id}: events");
}

# Cells that do not depend on the time that is looked at.
sub exact {
	my ($v, $row) = @_;
	return join ' ', map { shown($v->{columns}[$_], $row->{cells}[$_], 1) // '-' }
		grep { $v->{columns}[$_]{gather} !~ /^(?:rate|alerts)$/ } 0 .. $#{$v->{columns}};
}

sub shown_exact {
	my ($v, $cells) = @_;
	return join ' ', map { $cells->[$_] // '-' }
		grep { $v->{columns}[$_]{gather} !~ /^(?:rate|alerts)$/ } 0 .. $#{$v->{columns}};
}

# ---- alerts ----

my @severities = qw(Emergency Alert Critical Error Warning Notice Informational Debug);

# Alerts as events with the fields of alerts; what the rule says is not looked at.
sub alerts {
	my ($file, $fields) = @_;
	my %severity = map { $severities[$_] => $_ } 0 .. $#severities;
	my $extra = join ', ', map { "\"$_\"" } grep { !/^rule\./ } @$fields;
	my @lines = split /\n/, (run('analyze', '-q', '-r', $rules, '--json', '-o',
		"append_output[]={\"extra_fields\": [$extra]}", $file))[1];
	return [map {
		my ($rule) = /"rule":($string)/;
		my ($priority, $tag) = (/"priority":"(\w+)"/, /"tags":\[($string)?/);
		my %e = /"([^"]+)":($string|null|true|false|-?[\d.eE+-]+)/g;
		$_ = $_ eq 'null' ? undef : $_ for values %e;
		+{ %e, 'rule.name' => $rule, 'rule.priority' => $severity{$priority}, 'rule.tags' => $tag }
	} grep { /^\{"hostname"/ } @lines];
}

sub check_alerts {
	my ($file) = @_;
	my $name = basename($file);
	my @views = browser($file, '', '-r', $rules);
	my %fields = map { $_ => 1 } qw(evt.num evt.type evt.rawtime proc.pid proc.pid.ts thread.tid),
		map { @{$_->{keys}}, grep { length } map { $_->{field} } @{$_->{columns}} }
		grep { $_->{kind} eq 'alerts' } @views;
	my $alerts = alerts($file, [sort keys %fields]);
	for my $v (grep { $_->{kind} eq 'alerts' } @views) {
		my ($rows) = count($v, $alerts, {});
		for my $i (grep { $v->{columns}[$_]{field} eq 'rule.line' } 0 .. $#{$v->{columns}}) {
			$_->{cells}[$i] = { any => 1 } for values %$rows;
		}
		my @lines = differences($v, $rows, 1);
		is("@lines", '', "$name: $v->{id}") or diag($_) for @lines ? @lines : '';
	}
	my ($v) = grep { $_->{id} eq 'processes' } @views;
	my ($column) = grep { $v->{columns}[$_]{gather} eq 'alerts' } 0 .. $#{$v->{columns}};
	my (%got, %want);
	$got{$_->[0]} += $_->[$column] // 0 for @{$v->{rows}};
	$want{$_->{'proc.pid'} // 'none'}++ for @$alerts;
	delete @got{grep { !$got{$_} } keys %got};
	is_deeply(\%got, \%want, "$name: alerts of processes");
}

# ---- recordings ----

sub check {
	my ($file, $extra, @how) = @_;
	my $name = basename($file) . (length $extra ? " where $extra" : '');
	my @all = browser($file, $extra, @how);
	my @views = grep { $_->{kind} =~ /^(?:table|tree)$/ } @all;
	check_spectrum($file, $name, $_)
		for grep { !length $extra && $_->{rows} && $_->{kind} eq 'spectrum' } @all;
	my %fields = map { $_ => 1 } qw(evt.num evt.type evt.rawtime proc.pid proc.pid.ts thread.tid),
		map { @{$_->{keys}}, grep { length } map { $_->{field} } @{$_->{columns}} } @views;
	my $all = replay($file, '', [qw(evt.num evt.rawtime proc.pid thread.tid proc.pid.ts)]);
	my @times = map { $_->{'evt.num'} && $_->{'evt.rawtime'} ? $_->{'evt.rawtime'} : () } @$all;
	my @sorted = sort { $a <=> $b } @times;
	# Of a .scap that is not compressed the browser knows the first and the last event at once,
	# which need not be the earliest and the latest.
	my @spans = @times ? ($times[-1] - $times[0], $sorted[-1] - $sorted[0]) : (0, 0);
	my $at = beginnings($all);
	my $snapshot = length $extra ? {} : snapshot($file);
	my %events;
	for my $v (@views) {
		next if $ENV{VIEW} && $ENV{VIEW} ne $v->{id};
		my $filter = join ' and ', map { "($_)" } grep { length } $extra, $v->{filter};
		$events{$filter} //= replay($file, $filter, [sort keys %fields]);
		my $rows = check_view($name, $v, $events{$filter}, $snapshot, $at, @spans);
		check_links($file, $name, $v, $rows) if !length $extra && ($ENV{ALL} || $file =~ /intrusion|benign-container|curl_google/ && !@how);
	}
}

my @named = map { "$top/fixtures/$_.skr" } qw(intrusion demo busy tty names slow
	benign-container k8s-name account-by-hand);
my @captures = map { "$top/../shared/captures/$_.scap" } qw(run_as_user_0_container
	curl_google open-multiple-files);
@named = glob "$top/fixtures/*.skr" if $ENV{ALL};
@named = grep { /intrusion|busy/ } @named if $ENV{SAN};
@captures = glob "$top/../shared/captures/*.scap" if $ENV{ALL};
@captures = grep { /run_as/ } @captures if $ENV{SAN};
my @files = grep { !$ENV{ONLY} || basename($_) =~ /^(?:$ENV{ONLY})$/ } @named, @captures;

for my $file (@files) {
	SKIP: {
		skip(basename($file) . ' is not there', 1) unless -e $file;
		check($file, '');
	}
}
SKIP: {
	my $file = "$top/../shared/captures/run_as_user_0_container.scap";
	skip('no capture in which a container is described late', 1) unless -e $file;
	my ($v) = grep { $_->{id} eq 'containers' } browser($file, '');
	like(told($v->{rows}[0]), qr/"nginx" .*"hopeful_taussig"/, 'a container is called what it is called in the end');
}
unless ($ENV{ONLY}) {
	my $filter = 'evt.num > 300 and proc.name != sh';
	check("$top/fixtures/$_.skr", $filter) for qw(intrusion busy);
	check("$top/fixtures/demo.skr", '', '-n', '-j1');
	# A key that an event cannot have is no reason to leave it out, unless it is the first.
	check("$top/fixtures/demo.skr", '', '-v', spill("$dir/views.yaml", <<~'END'));
		- view: mixed
		  title: Mixed
		  keys: [evt.type, fs.path.name, fd.lport]
		  columns:
		    - { name: TYPE, field: evt.type }
		    - { name: PATH, field: fs.path.name }
		    - { name: EVENTS, gather: count }
		    - { name: LEAST, gather: min, field: evt.buflen }
		- view: sizes
		  kind: spectrum
		  keys: [evt.buflen]
		  columns: [{ name: SIZE, unit: bytes }]
		- view: results
		  kind: spectrum
		  keys: [evt.rawres]
		  columns: [{ name: RESULT, unit: number }]
		END
	check_alerts("$top/fixtures/$_.skr") for qw(intrusion demo account-by-hand);
}
done_testing();
