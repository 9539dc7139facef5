#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The values of fields against those that Falco printed for the same captures:
# ../shared/conformance/golden and ../shared/captures/attacks, which are not part of the
# project.  NAME.fields.jsonl.gz has an array for each event, NAME.allfields.jsonl.gz an
# object with nearly every field there is.  Each difference must be in
# tests/fields-deviations, and what is there must occur as often as it says.
#
# FIELDS_LIST=1 prints all differences instead, tabs between the columns.
use strict;
use warnings;
use JSON::PP;
use Test::More;

my $saker = ($ENV{O} // 'build') . '/saker';
my $shared = $ENV{SHARED} // '../shared';
my @dirs = grep { -e "$_/fields.json" }
	"$shared/conformance/golden", "$shared/captures/attacks";
plan skip_all => "no values that Falco printed in $shared" unless @dirs;
plan skip_all => 'slow with sanitizers' if $ENV{SAN};
($ENV{TZ}, $ENV{FALCO_HOSTNAME}) = ('UTC', 'test-host');

my $json = JSON::PP->new->utf8->allow_nonref->canonical;

# ---- what may differ ----

# NAME TEXT: why; then lines of SET CAPTURE TYPE COUNT WHY FIELD...
my (@entries, %why);
sub load_entries {
	open my $f, '<', 'tests/fields-deviations' or die "tests/fields-deviations: $!";
	while (<$f>) {
		next if /^\s*(#|$)/;
		if (/^=\s*(\S+)\s+(\S.*)/) {
			$why{$1} = $2;
			next;
		}
		my ($set, $capture, $type, $count, $reason, @fields) = split;
		die "tests/fields-deviations:$.: $_" unless @fields && $count =~ /^\d+$/;
		push @entries, { set => $set, capture => $capture, type => $type, count => $count,
				 why => $reason, field => $_, line => $., seen => 0 } for @fields;
	}
	for my $e (@entries) {
		exists $why{$_} or die "tests/fields-deviations:$e->{line}: no reason '$_'\n"
			for split /,/, $e->{why};
	}
}

# The first entry that speaks of it.
my %found;
sub entry_of {
	my ($set, $capture, $type, $field) = @_;
	my $key = "$set $capture $type $field";
	return $found{$key} if exists $found{$key};
	for my $e (@entries) {
		next if $e->{field} ne $field || $e->{set} ne $set;
		next if $e->{capture} ne '*' && $e->{capture} ne $capture;
		next if $e->{type} ne '*' && $e->{type} ne $type;
		return $found{$key} = $e;
	}
	return $found{$key} = undef;
}

# ---- reading ----

my $value = qr/"(?:[^"\\]++|\\.)*+"|\[[^\]]*+\]|[^,\]}\s]++/;

# Both are written by programs, one line each: no need of a parser, which is slow.
sub array_of {
	my ($line) = @_;
	my @v;
	pos($line) = 1;
	push @v, $1 while $line =~ /\G\s*($value)\s*[,\]]/gc;
	return \@v;
}

sub object_of {
	my ($line) = @_;
	my %v;
	$v{$1} = $2 while $line =~ /[{,]\s*"([^"]*)"\s*:\s*($value)(?=\s*[,}])/g;
	return \%v;
}

sub lines_of {
	my @command = @_;
	open my $f, '-|', @command or die "$command[0]: $!";
	my @lines = <$f>;
	close $f or die "@command[0, 1]: failed\n";
	return \@lines;
}

# Numbers by value, lists without order (Falco's is that of a hash), texts by letter.
sub same {
	my ($x, $y) = @_;
	return 1 if $x eq $y;
	my ($a, $b) = map { $json->decode($_) } $x, $y;
	return "@{[sort @$a]}" eq "@{[sort @$b]}" if ref $a eq 'ARRAY' && ref $b eq 'ARRAY';
	return 0 if !defined $a || !defined $b || ref $a || ref $b;
	return 0 if ($x =~ /^"/) ne ($y =~ /^"/);
	return $x =~ /^"/ ? $a eq $b : $a == $b;
}

# ---- comparing ----

my (%total, %same, @unknown);
my ($missing, $captures) = (0, 0);

sub identity {
	my ($v) = @_;
	return join ' ', map { $v->{$_} // '' } 'evt.rawtime', 'thread.tid', 'evt.type';
}

sub compare_event {
	my ($set, $capture, $want, $got) = @_;
	my $type = $want->{'evt.type'} =~ s/"//gr;
	for my $field (keys %$want) {
		next if $field eq 'evt.num';	# Falco numbers what it dropped as well
		my ($w, $g) = ($want->{$field}, $got->{$field} // '(nothing)');
		$total{$set}++;
		if ($w eq $g || ($g ne '(nothing)' && same($w, $g))) {
			$same{$set}++;
			next;
		}
		my $entry = entry_of($set, $capture, $type, $field);
		$entry->{seen}++ if $entry;
		my $told = join "\t", $set, $capture, $type, $field, $want->{'evt.num'}, $w, $g;
		print "$told\n" if $ENV{FIELDS_LIST};
		push @unknown, $told if !$entry;
	}
}

sub compare {
	my ($set, $capture, $file, $scap, $names) = @_;
	my $format = join ' ', map { "%$_" } @$names;
	$captures++;
	my (@wants, %times, %have);
	for my $line (@{lines_of('gzip', '-dc', $file)}) {
		my $want;
		if ($line =~ /^\[/) {
			my $values = array_of($line);
			die "$file: unexpected line\n" if @$values != @$names;
			@$want{@$names} = @$values;
		} else {
			$want = object_of($line);
		}
		push @wants, $want;
		$times{$want->{'evt.rawtime'}} = 1;
	}
	for my $line (@{lines_of($saker, 'replay', '-q', '--json', '-p', $format, $scap)}) {
		next unless $line =~ /"evt\.rawtime":(\d+)/ && $times{$1};
		my $got = object_of(substr $line, length '{"output_fields":');
		push @{$have{identity($got)}}, $got;
	}
	for my $want (@wants) {
		my $got = shift @{$have{identity($want)} // []};
		$got ? compare_event($set, $capture, $want, $got) : $missing++;
	}
}

load_entries();
for my $dir (@dirs) {
	for my $file (sort glob "$dir/*.{fields,allfields}.jsonl.gz") {
		my ($capture, $set) = $file =~ m{([^/]+)\.(fields|allfields)\.jsonl\.gz$};
		my ($scap) = grep { -e } "$dir/$capture.scap", "$shared/captures/$capture.scap";
		next unless $scap;
		open my $f, '<', "$dir/$set.json" or die "$dir/$set.json: $!";
		my $names = $json->decode(join '', <$f>);
		compare($set, $capture, $file, $scap, $names);
	}
}
exit 0 if $ENV{FIELDS_LIST};

is($missing, 0, 'every event that Falco had is there');
ok(!@unknown, 'no difference but those in tests/fields-deviations')
	or diag(join "\n", splice(@unknown, 0, 20), @unknown ? 'and ' . @unknown . ' more' : ());
my @stale = grep { $_->{seen} != $_->{count} } @entries;
ok(!@stale, 'what is in tests/fields-deviations occurs as often as it says')
	or diag(map { "tests/fields-deviations:$_->{line}: $_->{field}: $_->{seen}\n" } @stale);
my $share = 100 * $same{fields} / $total{fields};
cmp_ok($share, '>=', 99.5, 'nearly all values are equal');
diag(sprintf '%d files, %d values of which %.3f %% are equal; of nearly all fields %d and %.1f %%',
     $captures, $total{fields}, $share, $total{allfields},
     100 * $same{allfields} / $total{allfields});
done_testing;
