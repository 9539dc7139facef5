#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# saker browse while its file is cut, written over, replaced or removed: it says so where that
# matters, goes on with what there is, and leaves the terminal as it was.
use strict;
use warnings;
use File::Basename;
use File::Copy;
use lib dirname(__FILE__);
use Saker;
use Screen;
use Test::More;

plan skip_all => 'tmux is not installed (.ci/deps installs it)' unless Screen::available();

my ($cut, $other, $written) = map { qr/^the file $_ since it was opened: what is shown .*$/m }
	'was cut', 'is another one', 'was written to';

sub overwrite {
	my ($file, $at, $bytes) = @_;
	open my $f, '+<', $file or die "$file: $!\n";
	seek $f, $at, 0;
	print $f $bytes;
	close $f or die "$file: $!\n";
}

my @cases = (
	['cut to a third', $cut, sub { truncate $_[0], (-s $_[0]) / 3 }],
	['cut to nothing', $cut, sub { truncate $_[0], 0 }],
	['written over by a smaller one', $cut, sub { copy("$top/fixtures/sudo-rule.skr", $_[0]) }],
	['written over by a larger one', $other, sub { overwrite($_[0], 0, slurp("$top/fixtures/intrusion.skr")) }],
	['damaged in its middle', $written, sub { overwrite($_[0], 5000, 'x' x 5000) }],
	['longer than it was', undef, sub { overwrite($_[0], -s $_[0], 'x' x 1000) }],
	['replaced by another file', undef, sub { copy("$top/fixtures/sudo-rule.skr", "$_[0].new"); rename "$_[0].new", $_[0] }],
	['removed', undef, sub { unlink $_[0] }],
);

sub look {
	my ($s, @keys) = @_;
	$s->press(@keys);
	ok($s->wait_complete, "@keys: it shows what there is") or diag($s->capture);
	return $s->settled;
}

sub check {
	my ($name, $end, $says, $change) = @_;
	my $folder = "$dir/" . $name =~ s/ /-/gr . $end;
	mkdir $folder;
	if ($end eq 'skr') { copy("$top/fixtures/names.skr", "$folder/r.skr") }
	else { run(qw(convert -q --to scap), "$top/fixtures/names.skr", "$folder/r.skr") }
	my $s = Screen->new(folder => $folder, size => [100, 30], args => ['r.skr'],
		env => {ASAN_OPTIONS => "log_path=$folder/san"});
	ok($s->wait_complete, "$name ($end): begins") or diag($s->settled);
	$change->("$folder/r.skr");
	my $events = look($s, 'e', 'G');
	if ($says) { like($events, $says, 'what happened is told') }
	else {
		unlike($events, qr/since it was opened/, 'nothing happened to what is open');
		like($events, qr/procexit|close|exit/, 'events are there');
	}
	look($s, 'Enter');
	look($s, 'BSpace', 'BSpace');
	$s->press('v');
	$s->text('files');
	look($s, 'Enter');
	$s->press('Q');
	ok($s->wait_over, 'it ends');
	is(slurp("$folder/over"), "status 0\n", 'well') or diag(slurp("$folder/stderr"), map { slurp($_) } glob "$folder/san.*");
	is(slurp("$folder/stderr"), '', 'quietly');
	is($s->leftovers, '', 'the terminal is as it was');
	$s->close;
}

check($_->[0], 'skr', @$_[1, 2]) for @cases;
check($_->[0], 'scap', @$_[1, 2]) for grep { $_->[0] =~ /third|removed/ } @cases;
done_testing();
