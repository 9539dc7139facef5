#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# saker lint: it finds what is planted and nothing else; what it says of published files is known
# finding by finding; our own rules are clean; its forms of output.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename;
use File::Temp qw(tempdir);
use JSON::PP;
use Test::More;
use Time::HiRes qw(time);

my $build = $ENV{O} || 'build';
my $saker = abs_path("$build/saker");
my $top = abs_path(dirname(__FILE__) . '/..');
my $dir = tempdir(CLEANUP => 1);

sub lines_of {
	my ($path) = @_;
	open my $in, '<', $path or die "$path: $!\n";
	chomp(my @lines = <$in>);
	return @lines;
}

sub spill {
	my ($path, $text) = @_;
	open my $out, '>:raw', $path or die "$path: $!\n";
	print $out $text;
	close $out;
	return $path;
}

sub lint {
	my (@args) = @_;
	my $pid = open(my $in, '-|') // die "fork: $!\n";
	if ($pid == 0) {
		open STDERR, '>', "$dir/stderr";
		exec $saker, 'lint', @args;
	}
	local $/;
	my $out = <$in> // '';
	close $in;
	my $said = join("\n", lines_of("$dir/stderr"));
	return ($? & 127 ? -1 : $? >> 8, $out, $said);
}

# file:line code, sorted
sub found {
	my (@args) = @_;
	my ($status, $out) = lint('--json', @args);
	my $json = JSON::PP->new->utf8->decode($out);
	my @found = sort map { basename($_->{file}) . ":$_->{line} $_->{code}" } @{$json->{findings}};
	return ($status, \@found, $json);
}

sub is_lists {
	my ($got, $want, $name) = @_;
	my (%got, %want);
	$got{$_}++ for @$got;
	$want{$_}++ for @$want;
	my @more = grep { ($got{$_} || 0) > ($want{$_} || 0) } sort keys %got;
	my @less = grep { ($want{$_} || 0) > ($got{$_} || 0) } sort keys %want;
	ok(!@more && !@less, $name) or
		diag(join("\n", (map { "unexpected: $_" } @more), (map { "missing: $_" } @less)));
}

# ---- what is planted ----

my $planted = "$top/tests/rules-lint/planted.yaml";
my @text = lines_of($planted);
my @want;
for my $i (0 .. $#text) {
	my ($code, $needle) = $text[$i] =~ /^\s*# PLANT ([\w-]+): (.*)$/ or next;
	my ($at) = grep { index($text[$_], $needle) >= 0 && $text[$_] !~ /# PLANT/ } $i + 1 .. $#text;
	die "planted.yaml: no line has '$needle'\n" unless defined $at;
	push @want, sprintf 'planted.yaml:%d %s', $at + 1, $code;
}
my ($status, $got, $json) = found($planted);
is($status, 1, 'findings are status 1');
cmp_ok(scalar @want, '>=', 40, 'at least 40 defects are planted');
is_lists($got, [sort @want], 'exactly the ' . @want . ' planted defects are found');
is($json->{ignored}, 2, 'two findings are hidden by comments');
my %codes = map { (split ' ')[1] => 1 } @want;
my (undef, $list) = lint('--list', '--json');
my @all = map { JSON::PP->new->utf8->decode($_) } split /\n/, $list;
my @missing = grep { $_->{number} && $_->{on} && !$codes{$_->{code}} && $_->{code} ne 'too-large' } @all;
is(join(' ', map { $_->{code} } @missing), '', 'every code that is on has a planted defect');
ok(!(grep { !$_->{message} || !$_->{help} || !$_->{snippet} } @{$json->{findings}}),
	'all findings have a text, a help and a line');

# ---- rules that are in use ----

($status, $got) = found("$top/rules/saker.yaml");
is_lists($got, [], 'our own rules are clean');
is($status, 0, 'nothing found is status 0');

my $published = "$top/../shared/rulesets";
SKIP: {
	skip 'no published rule files', 2 unless -d $published;
	my %want;
	for (lines_of("$top/tests/rules-lint/published.tsv")) {
		next if /^#/ || !/\S/;
		my ($place, $code, $why) = split /\t/;
		die "published.tsv: no reason for $place\n" unless $why;
		push @{$want{(split /:/, $place)[0]}}, "$place $code";
	}
	my $begin = time;
	my @got;
	for my $file (sort glob "$published/*.yaml") {
		push @got, @{(found($file))[1]};
	}
	my $took = time - $begin;
	is_lists([sort @got], [sort map { @$_ } values %want], 'the published files: ' . @got .
		' findings, each explained');
	cmp_ok($took, '<', $ENV{SAN} ? 10 : 0.5, sprintf 'all of them in %.2f s', $took);
}

done_testing();
