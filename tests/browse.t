#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# saker browse, screen by screen: each tests/browse/NAME.keys is a script, and what is on the
# screen at its "screen STEP" lines must be tests/browse/screens/NAME.STEP.
#
#   recording FILE    of fixtures; it is copied, so that notes go beside the copy
#   size 120x40       before the start: of the terminal (80x24); later: it is resized
#   env NAME=VALUE    args WORDS         before the start
#   file NAME         puts tests/browse/NAME beside the recording
#   keys C-f Enter j  keys by their names (tmux's); text WORDS: typed as they are
#   click COLUMN ROW
#   screen STEP       colors STEP (with colours)
#   complete          waits until all is there to show, before keys that act on it
#   written NAME      a file that was written is as tests/browse/screens/SCRIPT.NAME
#   quit              it must end with status 0 and leave the terminal as it was
#   restart           starts it again, in the same folder
#
# UPDATE=1 writes the screens instead; ONLY=NAME runs one script.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename;
use File::Copy;
use lib dirname(__FILE__);
use Saker;
use Screen;
use Test::More;

plan skip_all => 'tmux is not installed (.ci/deps installs it)' unless Screen::available();

my $here = abs_path(dirname(__FILE__)) . '/browse';
my @scripts = grep { !$ENV{ONLY} || basename($_, '.keys') eq $ENV{ONLY} } sort glob "$here/*.keys";
my ($screens, %used) = (0);

sub compare {
	my ($name, $file, $got) = @_;
	$used{basename($file)} = 1;
	if ($ENV{UPDATE}) {
		spill($file, $got);
		pass("$name is written");
		return;
	}
	my $ok = is($got, slurp($file), $name);
	return if $ok;
	spill("$dir/got", $got);
	diag(`diff $file $dir/got`);
}

sub start {
	my ($s, $folder) = @_;
	return Screen->new(folder => $folder, size => $s->{size}, env => $s->{env},
		args => [$s->{recording}, @{$s->{args}}]);
}

sub show {
	my ($screen, $script, $step, $colors) = @_;
	my $file = "$here/screens/$script.$step";
	my $complete = $screen->wait_complete;
	my $got = $ENV{UPDATE} ? $screen->settled($colors) : $screen->becomes(slurp($file), $colors);
	ok($complete, "$script $step: complete in time") unless $complete;
	compare("$script $step", $file, $got);
	$screens++;
}

sub leave {
	my ($screen, $script) = @_;
	$screen->wait_keys;
	$screen->press('q') if !-e "$screen->{folder}/over";
	ok($screen->wait_over, "$script: it ends");
	like($screen->settled, qr/^status 0$/m, "$script: status 0");
	is($screen->leftovers, '', "$script: the terminal is as it was");
	$screen->close;
}

sub play {
	my ($path) = @_;
	my $script = basename($path, '.keys');
	my %s = (size => [80, 24], env => {}, args => [], recording => 'demo.skr');
	my $folder = "$dir/$script";
	mkdir $folder;
	my $screen;
	for my $line (split /\n/, slurp($path)) {
		next if $line =~ /^\s*(#|$)/;
		my ($word, $rest) = $line =~ /^(\w+)\s*(.*?)\s*$/ or die "$path: $line\n";
		if ($word eq 'env') { my ($k, $v) = split /=/, $rest, 2; $s{env}{$k} = $v; next }
		if ($word eq 'args') { push @{$s{args}}, split ' ', $rest; next }
		if ($word eq 'recording') { $s{recording} = $rest; next }
		if ($word eq 'file') { copy("$here/$rest", "$folder/$rest") or die "$rest: $!\n"; next }
		if ($word eq 'size') {
			my ($w, $h) = $rest =~ /^(\d+)x(\d+)$/ or die "$path: $line\n";
			if ($screen) { $screen->wait_keys; $screen->resize($w, $h) }
			$s{size} = [$w, $h];
			next;
		}
		if (!$screen) {
			copy("$top/fixtures/$s{recording}", $folder) or die "$s{recording}: $!\n"
				unless -e "$folder/$s{recording}";
			$screen = start(\%s, $folder);
		}
		if ($word eq 'keys') { $screen->wait_keys; $screen->press(split ' ', $rest) }
		elsif ($word eq 'text') { $screen->wait_keys; $screen->text($rest) }
		elsif ($word eq 'restart') { leave($screen, $script); $screen = start(\%s, $folder) }
		elsif ($word eq 'click') { $screen->wait_complete; $screen->click(split ' ', $rest) }
		elsif ($word eq 'complete') { ok($screen->wait_complete, "$script: complete in time") }
		elsif ($word eq 'screen') { show($screen, $script, $rest, 0) }
		elsif ($word eq 'colors') { show($screen, $script, $rest, 1) }
		elsif ($word eq 'written') {
			$screen->wait_complete;
			compare("$script $rest", "$here/screens/$script.$rest", slurp("$folder/$rest"));
		} elsif ($word eq 'quit') { leave($screen, $script); undef $screen }
		else { die "$path: $line\n" }
	}
	leave($screen, $script) if $screen;
}

play($_) for @scripts;
unless ($ENV{ONLY}) {
	my @missing = grep { /\S/ && index(slurp("$top/README.md"), "    $_\n") < 0 }
		split /\n/, slurp("$here/screens/views.tree");
	is(join("\n", @missing), '', 'README.md shows the process tree as it is');
	my @left = grep { !$used{$_} } map { basename($_) } glob "$here/screens/*";
	is("@left", '', 'no screen is left over');
	note("$screens screens");
}
done_testing();
