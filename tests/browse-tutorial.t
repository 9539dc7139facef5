#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The tutorial of saker-browse(1), played: the keys of each step (.Ic on a line of its own, .D1) are
# pressed, and then each literal that the step speaks of (.Li) must be on the screen.  Both are
# read out of the manual's source.
use strict;
use warnings;
use File::Basename;
use File::Copy;
use lib dirname(__FILE__);
use Saker;
use Screen;
use Test::More;

plan skip_all => 'tmux is not installed (.ci/deps installs it)' unless Screen::available();

use constant KEYS_MAX => 25;
my %named = map { $_ => 1 } qw(Enter Up Down Left Right Home End Tab PgUp PgDn);

# Words of a line of keys as tmux's names: /POST is five keys.
sub keys_of {
	my ($word) = @_;
	return 'BSpace' if $word eq 'Backspace';
	return $word if $named{$word};
	return split //, $word;
}

# The recording, how many keys there are said to be, and of each step: title, keys, literals.
sub tutorial {
	my ($page) = @_;
	my ($text) = slurp($page) =~ /^\.Sh TUTORIAL\n(.*?)^\.Sh /ms or die "$page has no tutorial\n";
	$text =~ s/\\&//g;
	my ($head, @items) = split /^\.It\n/m, $text;
	my ($recording) = $head =~ /^\.Dl saker browse fixtures\/(\S+)$/m;
	my ($n_said) = $head =~ /^\.Li (\d+)$/m;
	my @steps;
	for my $item (@items) {
		$item =~ s/^\.El\n.*//ms;
		my ($title) = $item =~ /^\.Em (.*?) ?\.?$/m;
		my @keys = map { keys_of($_) } map { split ' ' } $item =~ /^\.D1 Ic (.*)$/mg;
		my @shown = map { s/ [.,]$//r } $item =~ /^\.Li (.*)$/mg;
		push @steps, { title => $title, keys => \@keys, shown => \@shown };
	}
	return ($recording, $n_said, @steps);
}

my ($recording, $n_said, @steps) = tutorial("$top/man/saker-browse.1");
my $n_keys = map { @{$_->{keys}} } @steps;
is($n_keys, $n_said, 'there are as many keys as the manual says');
cmp_ok($n_keys, '<=', KEYS_MAX, 'and not too many');

copy("$top/fixtures/$recording", $dir) or die "$recording: $!\n";
my $screen = Screen->new(folder => $dir, size => [80, 24], args => [$recording]);
ok($screen->wait_complete, 'the recording is open');
for my $step (@steps) {
	cmp_ok(scalar @{$step->{shown}}, '>', 0, "$step->{title}: there is something to see");
	for my $key (@{$step->{keys}}) {
		$screen->press($key);
		ok($screen->wait_complete, "$step->{title}: $key is acted on") or last;
	}
	my $text = $screen->settled =~ s/ +/ /gr;
	ok(index($text, $_) >= 0, "$step->{title}: $_") or diag($text) for @{$step->{shown}};
}
$screen->press('q');
ok($screen->wait_over, 'it ends');
is($screen->leftovers, '', 'the terminal is as it was');
done_testing();
