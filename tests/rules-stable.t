#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The published stable rules (read where they are) under the tests of tests/rules-stable: all pass,
# and each rule has a recording that it fires on and one that it must not.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use Saker;
use Test::More;
use Time::HiRes qw(time);

my $rules = "$top/../shared/rulesets/falco_rules.yaml";
plan skip_all => "no $rules" unless -e $rules;

my $begin = time;
my ($status, $out, $said) = run('test', '-j', 1, "$top/tests/rules-stable");
my $took = time - $begin;
is($status, 0, 'saker test passes') or diag("$out$said");
note(sprintf '%s in %.2f s on one core', $out =~ /^(\d+ tests)/m, $took);
cmp_ok($took, '<', $ENV{SAN} ? 60 : 5, 'in less than 5 s on one core');

($status, $out, $said) = run('test', '--coverage', '--fail-under', 95, "$top/tests/rules-stable");
is($status, 0, '95% of the predicates were true and false') or diag("$out$said");
note($out =~ /(coverage of predicates: .*)/);
SKIP: {
	skip 'mutants take long with sanitizers', 1 if $ENV{SAN};
	($status, $out, $said) = run('test', '--mutate', '--fail-under', 90, "$top/tests/rules-stable");
	is($status, 0, '90% of the mutants are noticed') or diag("$out$said");
	note($out =~ /(mutants: .*)/);
}

my (%fires, %near);
for (split /\n/, slurp("$top/tests/rules-stable/recordings.test.yaml")) {
	$fires{$1}++ if /^      - rule: (.*)/;
	$near{$1}++ if /^      - no: (.*)/;
}
for my $rule (map { /^- rule: (.*)/ ? $1 : () } split /\n/, slurp($rules)) {
	ok($fires{$rule}, "'$rule' has a recording that it fires on");
	ok($near{$rule}, "'$rule' has a recording that it must not fire on");
}
done_testing;
