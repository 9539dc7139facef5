#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The manual: each page is clean mdoc, and every block of an EXAMPLES section runs.  Blocks are run in
# order, in a directory that holds what examples speak of; a command ends with 0, with 1 (found
# something) or, where it would go on for ever, by the signal that Ctrl-C sends.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename;
use File::Copy;
use File::Temp qw(tempdir);
use Test::More;

my $build = $ENV{O} || 'build';
my $top = abs_path(dirname(__FILE__) . '/..');
my @pages = sort glob "$build/man/*.[1-9]";
ok(@pages > 0, 'pages were built');

my $can_record = -x "$build/saker-capture" && system("$build/saker capture -q -n 1 -d 1 -o /dev/null >/dev/null 2>&1") == 0;
my $dir = tempdir(CLEANUP => 1);
copy("$top/fixtures/demo.skr", "$dir/$_") or die "fixtures/demo.skr: $!\n" for qw(case.skr other.skr);
copy("$top/rules/saker.yaml", "$dir/rules.yaml");
chmod 0755, "$dir/suspicious" if copy('/bin/true', "$dir/suspicious");
$ENV{PATH} = abs_path($build) . ":$ENV{PATH}";
$ENV{TZ} = 'UTC';

sub examples {
	my ($page) = @_;
	open my $in, '<', $page or die "$page: $!\n";
	my ($inside, $block, @blocks) = (0);
	while (<$in>) {
		$inside = /^\.Sh EXAMPLES/ if /^\.Sh/;
		next unless $inside;
		if (/^\.Bd/) { $block = '' }
		elsif (/^\.Ed/) { push @blocks, $block; undef $block }
		elsif (defined $block) { s/\\e/\\/g; s/^\\&//; s/\\-/-/g; $block .= $_ }
	}
	return @blocks;
}

for my $page (@pages) {
	my $name = basename($page);
	# Each page documents "saker VERB", so it may well refer to saker(1).
	my $lint = `mandoc -T lint -W warning $page 2>&1 | grep -v 'cross reference to self'`;
	is($lint, '', "$name is clean mdoc");
	my $n = 0;
	for my $block (examples($page)) {
		$n++;
		SKIP: {
			skip "$name example $n needs BPF and root", 1
				if $block =~ /saker (capture|live)/ && !$can_record;
			open my $out, '>', "$dir/example.sh" or die;
			print $out "saker() { command saker \"\$@\" || [ \$? -eq 1 ]; }\n$block";
			close $out;
			my $text = `cd $dir && timeout -s INT -k 20 15 bash -e example.sh 2>&1 </dev/null`;
			my $status = $? >> 8;
			ok(grep({ $status == $_ } 0, 124), "$name example $n runs")
				or diag("exit $status\n$block\n$text");
		}
	}
}
done_testing();
