#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The program as it is run, against what Falco printed: ../shared/conformance/legacy-tests.json
# (rule files with captures) and output-probes.json.
use strict;
use warnings;
use File::Temp 'tempdir';
use JSON::PP;

my $data = $ENV{CONFORMANCE} // '../shared/conformance';
my $saker = ($ENV{O} // 'build') . '/saker-analyze';
if (!-d $data) {
	print "1..0 # SKIP no conformance data at $data\n";
	exit 0;
}
my $dir = tempdir(CLEANUP => 1);
my $json = JSON::PP->new->utf8->canonical;
$ENV{TZ} = 'UTC';

sub load {
	local $/;
	open my $f, '<', "$data/$_[0].json" or die "$_[0]: $!";
	return $json->decode(<$f>);
}

# What it prints and its status.  Bytes in, bytes out.
sub run {
	my (@args) = @_;
	my $pid = open(my $f, '-|') // die "fork: $!";
	exec_child(@args) if !$pid;
	local $/;
	my $out = <$f> // '';
	close $f;
	return ($out, $? >> 8);
}

sub exec_child {
	open STDERR, '>', "$dir/stderr";
	exec $saker, 'analyze', @_ or exit 127;
}

my ($test, $ran, $failed, $left) = (0, 0, 0, 0);
sub check {
	my ($what, $ok, $why) = @_;
	$ran++;
	return if $ok;
	$failed++;
	$why =~ s/\n/\n# /g;
	print "# $what: $why\n";
}
sub done {
	my ($name) = @_;
	$test++;
	printf "%s %d - %s: %d cases, %d not ours\n", $failed ? 'not ok' : 'ok', $test, $name,
		$ran, $left;
	($ran, $failed, $left) = (0, 0, 0);
}

# ---- legacy rule files ----

# What Falco's configuration and command line said, in our options.
sub options {
	my ($c) = @_;
	my @out;
	for (@{$c->{options}}) {
		if (/^rules\[\]=(.*)$/) {
			push @out, map { /^(\w+)\.(\w+):(.*)$/ ? ('-o', "rules[].$1.$2=$3") : () }
				split / then /, $1;
		} elsif (/^(json_|time_format|priority=)/) {
			push @out, '-o', $_;
		}
	}
	push @out, '--rule-matching', 'all' if ($c->{config} // '') eq 'RuleMatchingAll';
	return @out;
}

# Several sets of "everything off, then this on" start from the first only.
sub once_off {
	my ($seen, @out) = (0);
	while (@_) {
		my ($o, $v) = (shift, shift);
		next if $v eq 'rules[].disable.rule=*' && $seen++;
		push @out, $o, $v;
	}
	return @out;
}

sub capture { return -e "$data/legacy/captures/$_[0]" ? "$data/legacy/captures/$_[0]" :
	"$data/../captures/$_[0]"; }

sub check_validate {
	my ($c, $oracle) = @_;
	my ($out, $status) = run('-V', '--json', map { ('-r', "$data/legacy/rules/$_") }
		@{$c->{validate}});
	my $got = $json->decode($out)->{falco_load_results};
	my @why;
	push @why, "status $status" if !!$status != !!$oracle->{rc};
	for my $i (0 .. $#{$oracle->{results}}) {
		my ($g, $w) = ($got->[$i], $oracle->{results}[$i]);
		push @why, "file $i: successful" if !!$g->{successful} != !!$w->{successful};
		my ($e, $f) = ($g->{errors}[0], $w->{errors}[0]);
		if ($f) {
			push @why, "error $e->{code} $e->{message}, want $f->{code} $f->{message}"
				if ($e->{code} // '') ne $f->{code};
			my $path = join '/', map { "$_->{item_type}:$_->{item_name}" }
				@{$e->{context}{locations}};
			my $want = join '/', map { "$_->[0]:$_->[1]" } @{$f->{items}};
			push @why, "place $path, want $want" if $path ne $want;
		}
		next if $f;
		my ($gw, $ww) = map { join ' ', sort map { $_->{code} } @{$_->{warnings}} } $g, $w;
		push @why, "warnings $gw, want $ww" if $gw ne $ww;
	}
	return join '; ', @why;
}

sub check_run {
	my ($c, $oracle) = @_;
	my @opts = (once_off(options($c)), '--json', '-o', 'json_output=true');
	my ($out, $status) = run('-q', @opts, (map { ('-r', "$data/legacy/rules/$_") }
		@{$c->{rules}}), capture($c->{capture}));
	my (%rules, %levels, $n);
	for (split /\n/, $out) {
		my $alert = eval { $json->decode($_) } or return "no JSON: $_";
		$rules{$alert->{rule}}++;
		$levels{$alert->{priority}}++;
		$n++;
	}
	my $wrong = sprintf 'status %d, %s', $status, $json->encode([\%rules, \%levels]);
	return '' if ($n // 0) == $oracle->{detections} &&
		$json->encode(\%rules) eq $json->encode($oracle->{by_rule}) &&
		$json->encode(\%levels) eq $json->encode($oracle->{by_priority}) &&
		$status == ($n ? 1 : 0);
	return "$wrong, want " . $json->encode([$oracle->{by_rule}, $oracle->{by_priority}]);
}

my %why_left;
for my $c (@{load('legacy-tests')->{tests}}) {
	my $oracle = $c->{'oracle_0.44.1'};
	# Not run by Falco either: plugins, other captures.
	if (!$oracle || (!@{$c->{validate}} && $oracle->{rc})) {
		$left++;
		$why_left{$c->{file} =~ /k8saudit/ ? 'of a plugin' : !$c->{capture} ? "of Falco's commands" :
			  $oracle ? 'refused by Falco' : 'whose captures are not published'}++;
		next;
	}
	my $why = @{$c->{validate}} ? check_validate($c, $oracle) : check_run($c, $oracle);
	check($c->{test}, !$why, $why);
}
done('legacy-tests');
print "# not ours: ", join(', ', map { "$why_left{$_} $_" } sort keys %why_left), "\n";

for my $kind ('txt', 'json') {
	open my $f, '<', "$data/legacy/outputs/single_rule_with_cat_write.$kind" or die $!;
	chomp(my @want = <$f>);
	local $ENV{FALCO_HOSTNAME} = 'test-falco-hostname';
	my $file = $kind eq 'txt' ? 'SingleRule' : 'SingleRuleWithTags';
	my ($out) = run('-q', $kind eq 'json' ? '--json' : (), '-r',
		"$data/legacy/rules/$file.yaml", capture('cat_write.scap'));
	my @got = split /\n/, $out;
	# The file has a line for each enter event, too, at the time of that event.
	if ($kind eq 'txt') {
		my %want = map { $_ => 1 } @want;
		check("golden text", $want{$_}, "$_ is not in the golden output") for @got;
	} else {
		my %want = map { $json->encode($json->decode($_)) => 1 } @want;
		check('golden JSON', $want{$json->encode($json->decode($_))}, $_) for @got;
	}
	check("golden $kind", @got == 4, @got . ' lines');
}
done('legacy outputs');

# ---- outputs ----

sub put_rule {
	my ($format, $prio, @tags) = @_;
	open my $f, '>:utf8', "$dir/r.yaml" or die $!;
	print $f "- rule: my rule\n  desc: d\n  condition: evt.type=open and fd.name=/dev/null\n" .
		'  output: ' . JSON::PP->new->ascii->encode([$format]) =~ s/^\[(.*)\]$/$1/r =~ s/\x7f/\\u007f/gr . "\n" .
		"  priority: $prio\n  tags: [@{[join ', ', @tags]}]\n";
	close $f;
}

my $probes = load('output-probes');
for my $c (@{$probes->{cases}}) {
	put_rule($c->{format}, 'WARNING');
	my ($out) = run('-q', '--json', '--strict-falco', '-r', "$dir/r.yaml",
		capture('cat_write.scap'));
	my $got = eval { $json->decode($out) };
	my @why;
	for my $v ('0.44.1', 'master') {
		my $want = $c->{$v};
		my $ok = $want->{error} ? !$got : $got && $got->{output} eq $want->{output} &&
			$json->encode($got->{output_fields}) eq $json->encode($want->{output_fields});
		push @why, $json->encode($want // {}) unless $ok;
	}
	check($c->{format}, @why < 2, "$out want " . ($why[0] // ''));
}
done('output-probes, formats');

for my $c (@{$probes->{lines}}) {
	put_rule($c->{format}, $c->{other}{prio} // 'WARNING', @{$c->{other}{tags} // []});
	my @opts;
	for my $key (sort keys %{$c->{config}}) {
		my $v = $c->{config}{$key};
		push @opts, ref $v eq 'ARRAY' ?
			map { ('-o', "append_output[]=" . $json->encode($_)) } @$v :
			('-o', "$key=" . ($v ? 'true' : 'false'));
	}
	local $ENV{TZ} = $c->{other}{tz} // 'UTC';
	local $ENV{FALCO_HOSTNAME} = 'test-host';
	my ($out) = run('-q', @opts, '-r', "$dir/r.yaml", capture('cat_write.scap'));
	my $want = $c->{stdout};
	utf8::encode($want);
	# From 0.45 on Falco escapes texts, and so do we.
	next if $c->{version} eq '0.44.1' && $c->{case} eq 'text special chars';
	check("$c->{case} ($c->{version})", $out eq $want, "$out want $want");
}
done('output-probes, lines');

print "1..$test\n";
