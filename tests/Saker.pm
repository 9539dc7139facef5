# SPDX-License-Identifier: Apache-2.0
# What tests of command lines share: the program, a directory of their own, files, runs.
package Saker;
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename;
use File::Temp qw(tempdir);
use parent 'Exporter';

our @EXPORT = qw($build $saker $top $dir slurp spill run);
our $build = $ENV{O} || 'build';
our $saker = abs_path("$build/saker");
our $top = abs_path(dirname(__FILE__) . '/..');
our $dir = tempdir(CLEANUP => 1);
$ENV{TZ} = 'UTC';
$ENV{FALCO_HOSTNAME} = 'test-host';

# '' where there is no file.
sub slurp {
	my ($path) = @_;
	open my $in, '<:raw', $path or return '';
	local $/;
	return scalar(<$in>) // '';
}

# Writes the file; its path.
sub spill {
	my ($path, $text) = @_;
	open my $out, '>:raw', $path or die "$path: $!\n";
	print $out $text;
	close $out;
	return $path;
}

# saker ARGS: exit status (128 and the signal if one ended it), standard output and error.
sub run {
	my (@args) = @_;
	my $pid = open(my $in, '-|') // die "fork: $!\n";
	if ($pid == 0) {
		open STDERR, '>', "$dir/stderr";
		exec $saker, @args;
	}
	local $/;
	my $out = <$in> // '';
	close $in;
	return ($? & 127 ? 128 + ($? & 127) : $? >> 8, $out, slurp("$dir/stderr"));
}

1;
