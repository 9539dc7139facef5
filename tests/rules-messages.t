#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# What is said of wrong rule files: all of it at once, with places, and as JSON with Falco's
# keys.  UPDATE=1 writes what is said now to tests/messages.
use strict;
use warnings;
use File::Temp 'tempdir';
use JSON::PP;
use Test::More;

my $saker = ($ENV{O} // 'build') . '/saker-analyze';
my $planted = 'tests/messages/planted.yaml';
my $dir = tempdir(CLEANUP => 1);

sub run {
	my ($out, $err) = ("$dir/out", "$dir/err");
	my $command = join ' ', map { "'$_'" } $saker, 'analyze', @_;
	my $status = system "$command >$out 2>$err";
	return ($status >> 8, map { slurp($_) } $out, $err);
}

sub slurp {
	open my $f, '<', $_[0] or return '';
	local $/;
	return <$f> // '';
}

sub spew {
	open my $f, '>', $_[0] or die "$_[0]: $!";
	print $f $_[1];
	close $f;
}

my ($status, $out, $err) = run('-V', $planted);
spew('tests/messages/planted.out', $err) if $ENV{UPDATE};
is($status, 2, 'a wrong file has a status');
is($out, '', 'and nothing on standard output');
is($err, slurp('tests/messages/planted.out'), 'all mistakes are told, in order of place');

like((run('-V', '--strict-falco', $planted))[2], qr/deprecated field 'evt\.latency'/,
     'Falco has no latencies');

my @lines = split /\n/, slurp($planted);
my $carets = 0;
my @said = split /\n/, $err;
for my $i (0 .. $#said) {
	next unless $said[$i] =~ /^\Q$planted\E:(\d+):(\d+): (error|warning): .* \[LOAD_\w+\]$/;
	my ($line, $column) = ($1, $2);
	# Long lines are cut around the place.
	my $shown = substr $said[$i + 1], 2;
	my $at = length($said[$i + 2]) - 3;
	my $ok = index($lines[$line - 1], $shown) >= 0 && $said[$i + 2] =~ /^ *\^$/ &&
		substr("$lines[$line - 1] ", $column - 1, 1) eq substr("$shown ", $at, 1);
	$carets++ if $ok;
	ok($ok, "line $line is shown with a caret below column $column") unless $ok;
}
my $messages = () = $err =~ /^\Q$planted\E:/mg;
is($carets, $messages, 'each message has its line and caret');

($status, $out, $err) = run('-V', '--json', $planted, 'rules/saker.yaml');
my $json = JSON::PP->new->utf8->decode($out);
is_deeply([keys %$json], ['falco_load_results'], 'JSON has one result object');
my ($bad, $good) = @{$json->{falco_load_results}};
is_deeply([sort keys %$bad],
	  [qw(errors name schema_valid schema_warnings successful warnings)], "with Falco's keys");
is_deeply([sort keys %{$bad->{errors}[0]}], [qw(code codedesc context message)], 'of errors');
is_deeply([sort keys %{$bad->{errors}[0]{context}}], [qw(locations snippet)], 'of contexts');
is_deeply([sort keys %{$bad->{errors}[0]{context}{locations}[0]}],
	  [qw(item_name item_type position)], 'of locations');
is_deeply([sort keys %{$bad->{errors}[0]{context}{locations}[0]{position}}],
	  [qw(column line name offset)], 'and of positions');
ok(!$bad->{successful}, 'it failed');
is($good->{name}, 'rules/saker.yaml', 'the file behind it is checked, too');
is(@{$bad->{errors}} + @{$bad->{warnings}}, $messages, 'as many messages as in the text');

($status, $out) = run('-V', 'rules/saker.yaml');
is($status, 0, 'a good file has status 0');
like($out, qr/^\d+ rules are good$/, 'and is called good');

# A directory: each of its files has a result.
mkdir "$dir/d";
spew("$dir/d/b.yml", "- list: l\n  items: [a]\n");
spew("$dir/d/a.yaml", "- macro: m\n  condition: evt.type = opn\n" .
     "- rule: r\n  desc: d\n  condition: m\n  output: o\n  priority: INFO\n");
spew("$dir/d/c.txt", "no rules\n");
($status, $out) = run('-V', '--json', "$dir/d");
my @names = map { $_->{name} =~ s{.*/}{}r } @{JSON::PP->new->decode($out)->{falco_load_results}};
is("@names", 'a.yaml b.yml', 'the files of a directory in order, and no others');
($status, $out, $err) = run('-V', "$dir/d");
like($err, qr/a\.yaml:2:25: error: .*unknown event type opn; did you mean open\?/,
     'a macro that a rule uses is checked');

($status, $out, $err) = run('-V', "$dir/none.yaml");
is($status, 2, 'a file that is not there');
like($err, qr/none\.yaml: error: .*No such file.*\[LOAD_ERR_FILE_READ\]/, 'is named');

# The parser of YAML counts characters; places are bytes.
for my $mark ('', "\xef\xbb\xbf") {
	spew("$dir/utf8.yaml", $mark . "# \xc3\xa9\xc3\xa9\xe2\x82\xac" x 300 . "\n- rule: caf\xc3\xa9\n" .
		"  desc: d\n  output: o\n  priority: NOTICE\n  condition: proc.nmae = caf\xc3\xa9\n");
	($status, $out, $err) = run('-V', "$dir/utf8.yaml");
	is($status, 2, 'a wrong file with other letters');
	like($err, qr/utf8\.yaml:6:14: error: .*\n    condition: proc\.nmae = caf\xc3\xa9\n {15}\^/,
		'has the right place' . ($mark && ', with a byte order mark too'));
}

# ---- lists ----

spew("$dir/list.yaml", "- list: l\n  items: [12, 'a b', abc]\n- rule: r\n  desc: d\n  output: o\n  priority: NOTICE\n" .
	"  condition: evt.type=open and proc.pid in (l)\n");
($status, $out, $err) = run('-V', "$dir/list.yaml");
like($err, qr/list\.yaml:2:16: error: rule 'r': a b is not a valid number.*\n    items: \[12, 'a b', abc\]\n {17}\^/,
	'what is wrong with an item of a list is told there');
spew("$dir/list.yaml", "- list: l\n  items: [12, a]\n");
spew("$dir/rule.yaml", "- rule: r\n  desc: d\n  output: o\n  priority: NOTICE\n" .
	"  condition: evt.type=open and proc.pid in (l)\n");
($status, $out, $err) = run('-V', "$dir/list.yaml", "$dir/rule.yaml");
like($err, qr/rule\.yaml:5:\d+: error: rule 'r': a is not a valid number/, 'where it is named if that is another file');

# ---- stages ----

my $stages = '';
for my $stage (qw(tokens ast expanded folded events)) {
	($status, $out) = run("--dump=$stage", '-r', 'tests/messages/stages.yaml');
	$stages .= "== $stage\n$out";
}
spew('tests/messages/stages.out', $stages) if $ENV{UPDATE};
is($stages, slurp('tests/messages/stages.out'), 'each stage prints what it made of a rule');
($status, $out) = run('--dump=code', '-r', 'tests/messages/stages.yaml');
like($out, qr/^r0 R$/m, 'code names its rules');
like($out, qr/^p\d+ s\d+.* proc\.name in \(bash, sh\)$/m, 'and its predicates');
like($out, qr/^openat: r0@/m, 'by type of event');
like($out, qr/^ +\d+ .*fail/m, 'as tests and jumps');
for my $stage (qw(tokens ast expanded folded events code)) {
	($status, $out, $err) = run("--dump=$stage", '-f', 'evt.type = open and proc.name = x');
	ok($status == 0 && $out =~ /open/, "$stage of a filter");
}
($status, $out, $err) = run('--dump=parsed', '-f', 'evt.type = open');
is($status, 2, 'another stage is refused');
like($err, qr/'parsed' is none of tokens, ast, expanded, folded, events, code/, 'with their names');

done_testing();
