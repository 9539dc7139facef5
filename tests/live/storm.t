#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# A storm of processes with the smallest ring, which loses events of all kinds: what is not known
# says so, nothing that is said is wrong, and what lived on is known again.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use JSON::PP;
use Live;
use Test::More;

can_record();
my $dir = scratch();
my ($file, $said) = record($dir, ['--ring', '256K'], program('storm'), $ENV{STORM_MS} // 1500, 4000);
my $json = JSON::PP->new->latin1;
my @marks = map { $json->decode($_) } grep { /^\{"mark"/ } split /\n/, $said;
my %fields = map { $_ => 1 } map { keys %{$_->{fields}} } @marks;
my $marked = 'evt.type = lseek and evt.rawarg.whence = 77';
my %row = map { $_->{'evt.rawarg.offset'} => $_ }
	replay($file, $marked, 'evt.num', 'evt.rawarg.offset', 'proc.args', sort keys %fields);

my %lost;
my $out = (run($dir, $saker, 'info', $file))[1];
$lost{$2} = $1 while $out =~ /(\d+) (PAYLOAD|OTHER|FILE|STATE|PROCESS|NET)\b/g;
cmp_ok($lost{STATE} // 0, '>', 1000, 'events of descriptors were lost');
cmp_ok($lost{PROCESS} // 0, '>', 10, 'events of processes were lost');

my (%right, %unknown, @wrong, @unhealed);
for my $mark (grep { $row{$_->{mark}} } @marks) {
	my $row = $row{$mark->{mark}};
	my $survivor = $mark->{fields}{'proc.cmdline'} =~ / survivor /;
	for my $f (sort keys %{$mark->{fields}}) {
		my ($want, $have) = ($mark->{fields}{$f}, $row->{$f});
		if (defined $have && defined $want && $have eq $want) {
			$right{$f}++;
			next;
		}
		my $told = "mark $mark->{mark}, event $row->{'evt.num'}: $f: expected '"
			. ($want // 'nothing') . "', got '" . ($have // 'nothing') . "'";
		push @unhealed, $told if $survivor;
		if (defined $have && $have eq '<LOST>') {
			$unknown{$f}++;
		} else {
			push @wrong, $told;
		}
	}
}
sub sum { my $n = 0; $n += $_ for @_; return $n }
my ($right, $unknown) = (sum(values %right), sum(values %unknown));
diag("$right values right, $unknown lost") if $ENV{HARNESS_IS_VERBOSE};
cmp_ok($right, '>', 1000, 'values are right');
cmp_ok($unknown, '>', 0, 'some are <LOST>');
is(scalar @wrong, 0, 'none is wrong') or diag(join "\n", @wrong[0 .. ($#wrong < 30 ? $#wrong : 30)]);
is(scalar @unhealed, 0, 'what lives after the storm is known again')
	or diag(join "\n", @unhealed[0 .. ($#unhealed < 30 ? $#unhealed : 30)]);
done_testing;
