#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The tests of the shipped rules (fixtures/saker.test.yaml, tests/rules) show all parts of their
# conditions, and notice when one is dropped or turned.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use Saker;
use Test::More;

my ($status, $out, $said) = run('test', '--coverage', '--fail-under', 95, "$top/fixtures", "$top/tests/rules");
is($status, 0, '95% of the predicates of the shipped rules were true and false') or diag("$out$said");
note($out =~ /(coverage of predicates: .*)/);
SKIP: {
	skip 'mutants take long with sanitizers', 1 if $ENV{SAN};
	($status, $out, $said) = run('test', '--mutate', '--fail-under', 95, "$top/fixtures", "$top/tests/rules");
	is($status, 0, '95% of the mutants of the shipped rules are noticed') or diag("$out$said");
	note($out =~ /(mutants: .*)/);
}
done_testing;
