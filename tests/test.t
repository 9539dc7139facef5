#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# saker test: what passes and what fails, what it says of both, mistakes in test files.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename;
use lib dirname(__FILE__);
use JSON::PP;
use Saker;
use Test::More;
use Time::HiRes qw(time);

my $n = 0;
my $head = "rules: $top/rules/saker.yaml\ntests:\n";

# A test file of its own: status, output, errors.
sub test {
	my ($text, @args) = @_;
	my $file = spill("$dir/t" . $n++ . '.test.yaml', $text =~ /^\s*tests:/m ? $text : $head . $text);
	my ($status, $out, $said) = run('test', @args, $file);
	s/^\Q$dir\E\///mg, s/\s\K\Q$dir\E\///mg for $out, $said;
	return ($status, $out, $said);
}

# One case on the demonstration recording.
sub demo {
	my ($rest, @args) = @_;
	$rest =~ s/^/    /mg;
	return test("  - name: demo\n    recording: $top/fixtures/demo.skr\n$rest", @args);
}

sub passes {
	my ($rest, $name) = @_;
	my ($status, $out, $said) = demo($rest);
	is($status, 0, "passes: $name") or diag("$out$said");
}

sub fails {
	my ($rest, $says, $name) = @_;
	my ($status, $out, $said) = demo($rest);
	is($status, 1, "fails: $name") or diag("$out$said");
	like($out, $says, "$name: says what differs");
}

sub wrong {
	my ($rest, $says, $name) = @_;
	my ($status, $out, $said) = demo($rest);
	is($status, 2, "refused: $name") or diag("$out$said");
	like($said, $says, "$name: says what is wrong");
}

# ---- expectations ----

my $shadow = 'Password hashes read';
passes("expect: [{rule: $shadow}]", 'a rule fires');
passes("expect: [{rule: $shadow, count: 1}]", 'exactly once');
passes("expect: [{rule: $shadow, count: {min: 1, max: 3}}]", 'in a range');
passes("expect: [{rule: $shadow, at: 464}, {rule: $shadow, at: {event: 464}}]", 'at an event');
passes("expect: [{no: Kernel module loaded}]", 'a rule does not fire');
passes("expect: [{no: $shadow, fields: {proc.name: perl}}]", 'a rule does not fire for a process');
passes("expect: [{rule: $shadow}]\nelse: ['*']", 'others that are allowed');
passes("expect: [{rule: $shadow, fields: {proc.name: cat, user.uid: 0, fd.name: {startswith: /etc, endswith: shadow}, " .
	"evt.type: [open, openat], proc.pname: {'!=': bash}, proc.tty: {exists: true}, 'proc.aname[9]': null, " .
	"evt.rawres: {'>=': 0}, proc.cmdline: {glob: 'cat *'}, 'proc.aname[2]': {regex: 'n.*x'}}}]", 'fields by all kinds of operators');

passes("expect: [{rule: $shadow, priority: warning, output: [file=/etc/shadow, process=cat]}]", 'priority and output');
fails("expect: [{rule: Kernel module loaded}]", qr/'Kernel module loaded' must fire at least once, but did not at all/, 'missed');
fails("expect: [{rule: $shadow, count: 2}]", qr/'$shadow' must fire twice, but did once/, 'too few');
fails("expect: [{no: Log *}]", qr/'Log \*' must not fire, but did once.*\n    event \d+: .*A log was removed/, 'one too many');
fails("expect: [{rule: $shadow, fields: {proc.name: dog}}]", qr/with other values.*\n.*\n\s+proc\.name: expected = dog, is cat\n/, 'another value');
fails("expect: [{rule: $shadow, priority: notice}]", qr/with other values.*\n.*\n\s+priority: expected Notice, is Warning\n/, 'another priority');
fails("expect: [{rule: $shadow, output: [file=/etc, user=nobody]}]", qr/\n\s+output: expected to contain user=nobody\n/, 'another output');
fails("expect: [{rule: $shadow, at: 3}]", qr/at other events than 3/, 'another event');
fails("expect: [{rule: $shadow}]\nelse: none", qr/'Log removed' fired once, and is none of the expected/, 'something else');
fails("expect: none", qr/'$shadow' fired once/, 'anything at all');

# ---- skip and todo ----

my ($status, $out, $said) = demo("skip: not today\nexpect: none");
is($status, 0, 'a skipped test is no failure');
like($out, qr/^skip .*\(not today\)\n1 test: 0 passed, 1 skipped/, 'and says why');
($status, $out) = demo("todo: known\nexpect: none");
is($status, 0, 'a known miss is no failure');
($status, $out) = demo("todo: known\nexpect: [{rule: $shadow}]");
is($status, 1, 'a known miss that passes is one');

# ---- mistakes ----

wrong("expekt: none", qr/t\d+\.test\.yaml:5:5: error: a test has no 'expekt'; did you mean expect\?\n      expekt: none\n      \^/,
	'an unknown key');
wrong("expect: [{rule: Password hashes raed}]", qr/:5:\d+: error: no rule is named.*did you mean Password hashes read/, 'an unknown rule');
wrong("expect: [{rule: $shadow, fields: {proc.nme: x}}]", qr/did you mean proc\.name/, 'an unknown field');
wrong("expect: [{rule: $shadow, fields: {proc.name: {startwith: x}}}]", qr/did you mean startswith/, 'an unknown operator');
wrong("expect: [{rule: $shadow, fields: {evt.rawres: abc}}]", qr/error: evt\.rawres: .*abc/, 'a value of another type');
wrong("expect: [{rule: $shadow, priority: loud}]", qr/error: priority is one of emergency/, 'an unknown priority');
wrong("expect: none\nexpect: none", qr/'expect' stands here twice/, 'a key twice');

# ---- events by hand ----

($status, $out, $said) = run('test', '-v', "$top/tests/saker-test");
is($status, 0, 'events written by hand, and the same alerts of them as of recordings') or diag("$out$said");

sub wrong_event {
	my ($event, $says, $name) = @_;
	my ($status, $out, $said) = test("  - {name: x, expect: none, events: [$event]}\n");
	is($status, 2, "refused: $name") or diag("$out$said");
	like($said, $says, "$name: says what is wrong");
}

wrong_event('{proc: {nme: cat}, evt: open}', qr/a process has no 'nme'; did you mean name/, 'an unknown key of a process');
wrong_event('{proc: cat, evt: opnat}', qr/no event 'opnat'; did you mean openat/, 'an unknown event');
wrong_event('{proc: cat, evt: openat, flgs: 1}', qr/openat has no parameter 'flgs'; did you mean flags/, 'an unknown parameter');
wrong_event('{proc: cat, evt: openat, flags: O_RDNLY}', qr/no flag 'O_RDNLY' here; did you mean O_RDONLY/, 'an unknown flag');
wrong_event('{proc: cat, evt: openat, fd.nam: x}', qr/'nam'; did you mean name/, 'an unknown field of a descriptor');
wrong_event('{proc: cat, evt: openat, proc.name: x}', qr/proc\.name is of the process: proc: \{name/, 'a field of the process');
wrong_event('{proc: cat, evt: openat, evt.is_open_read: true}', qr/cannot be set/, 'a field that follows from others');
wrong_event('{proc: cat, evt: close, res: EFOO}', qr/no error 'EFOO'/, 'an unknown error');
wrong_event('{proc: cat, evt: openat, mode: 888}', qr/'888' is no number/, 'a mode that is not octal');
wrong_event('{proc: cat, evt: kill, pid: 99999999999}', qr/does not fit pid/, 'a number that is too large');
wrong_event('{proc: cat, evt: close, evt.latency: soon}', qr/how long the call took: 50ms/, 'no duration');
wrong_event('{proc: cat, evt: procexit, evt.latency: 1s}', qr/procexit is no call/, 'a duration of what is no call');
wrong_event('{evt: openat}', qr/which process/, 'no process');
wrong_event('{proc: 33, evt: close}', qr/no process 33/, 'a process that nobody told of');
wrong_event('{proc: {name: containerd-shim-runc-v2}, evt: close}', qr/at most 15 bytes: 'containerd-shim'/, 'a name that is too long');
wrong_event('{proc: cat, evt: close, time: 2s}, {evt: close, time: 1s}', qr/time goes back/, 'time that goes back');
wrong_event('{proc: cat, evt: connect, fd.sip: 1.2.3.400}', qr/'1\.2\.3\.400' is no address/, 'no address');

# ---- matrix ----

($status, $out) = test(<<'END', '-v');
  - name: shells
    matrix: {shell: [bash, zsh], server: [nginx, apache2]}
    events: [{proc: {exepath: '/bin/${shell}', pname: '${server}', args: ['$${HOME}']}, evt: execve}]
    expect: [{rule: Shell started by a server program, fields: {proc.name: '${shell}', proc.pname: '${server}', proc.args: '${shell}'}}]
  - name: a row of ${shell}
    matrix: [{shell: bash, todo: 'false'}, {shell: nosh, todo: unknown}]
    todo: ${todo}
    events: [{proc: {exepath: '/bin/${shell}', pname: nginx}, evt: execve}]
    expect: [{rule: Shell started by a server program}]
END
like($out, qr/^FAIL .*: shells \(bash, nginx\)\n.*\n.*\n\s+proc\.args: expected = bash, is \$\{HOME\}\n/m, 'a matrix: each with each, and an escape');
is(scalar(() = $out =~ /^FAIL .*: shells \((?:bash|zsh), (?:nginx|apache2)\)$/mg), 4, 'so many tests');
like($out, qr/^ok .*: a row of bash\ntodo .*: a row of nosh \(unknown\)$/m, 'a matrix: rows');
wrong('matrix: {a: [b]}' . "\nexpect: [{rule: '\${c}'}]", qr/the matrix has no 'c'/, 'a name that the matrix does not have');
wrong('matrix: {a: b}' . "\nexpect: none", qr/here stands a list of values/, 'a matrix without lists');

# ---- the JSON schema ----

my @schema = ("$top/tests/saker-test/schema.py", abs_path("$build/man/saker-test.schema.json"));
my @files = split /\n/, `find '$top/fixtures' '$top/tests' -name '*.test.yaml'`;
SKIP: {
	$out = `python3 @schema @files 2>&1`;
	skip "no JSON schema: $out", 8 if $? >> 8 == 77 || $? >> 8 == 127;
	is($?, 0, 'the JSON schema accepts our ' . @files . ' test files') or diag($out);
	my $case = 'name: x, expect: none, events';
	for (['tests: [{nam: x}]', 'an unknown key'], ['tests: [{name: x, expect: none}]', 'a test without events'],
		["tests: [{$case: [{proc: {nme: cat}, evt: open}]}]", 'an unknown key of a process'],
		["tests: [{$case: [{proc: {name: containerd-shim-runc-v2}}]}]", 'a long name'],
		['tests: [{name: x, recording: y, expect: [{rule: x, count: {mim: 1}}]}]', 'an unknown bound'],
		['tests: [{name: x, recording: y, expect: [{rule: x, fields: {a: {startswth: b}}}]}]', 'an unknown operator'],
		['tests: [{name: x, recording: y, expect: [{rule: x, no: y}]}]', 'both rule and no']) {
		spill("$dir/schema.yaml", $_->[0]);
		system("python3 @schema $dir/schema.yaml >/dev/null 2>&1");
		is($? >> 8, 1, "the JSON schema refuses $_->[1]");
	}
}

# ---- hostile files ----

sub refused {
	my ($bytes, $says, $name) = @_;
	my $begin = time;
	my ($status, undef, $said) = run('test', spill("$dir/hostile.test.yaml", $bytes));
	my $took = time - $begin;
	is($status, 2, "refused: $name");
	like($said, $says, "$name: says why");
	cmp_ok(length $said, '<', 50_000, "$name: not at length");
	# generous: under sanitizers and on busy machines
	cmp_ok($took, '<', 30, sprintf '%s: in bounded time (%.1f s)', $name, $took);
}

my $x = "x: &x {proc: cat, evt: openat}\n";
refused('a' x (9 << 20), qr/at most 8 MiB/, 'a huge file');
refused('[' x 100_000, qr/nested too deeply/, 'deep nesting');
refused(join('', map { chr(int(rand 256)) } 1 .. 10_000), qr/error/, 'noise');
refused("tests:\n  - name: \"a\\0b\"\n", qr/NUL/, 'a NUL in a name');
refused("tests: [" . ('{name: x, recordng: y}, ' x 50_000) . ']', qr/did you mean recording/, 'many mistakes');
refused("tests:\n  - {" . join(', ', map { "k$_: 1" } 1 .. 200_000) . '}', qr/has no 'k1'/, 'many keys');
refused("x: &a [" . join(',', ('{name: x}') x 1000) . "]\n" . join('', map { chr(97 + $_) . ": &" . chr(97 + $_) . ' [' .
	join(',', ('*' . chr(96 + $_)) x 100) . "]\n" } 1 .. 10) . "tests: *k\n", qr/error/, 'aliases of aliases');
refused("rules: $top/rules/saker.yaml\ntests:\n  - name: x\n    matrix: {" . join(', ', map { "v$_: [" . join(',', 1 .. 100) . ']' } 1 .. 8) .
	"}\n    events: [{proc: cat, evt: openat}]\n    expect: none\n", qr/says too much|at most/, 'a matrix of 10^16');
refused("tests:\n  - name: x\n    expect: none\n    events:\n" . ("      - {proc: cat, evt: openat}\n" x 30_000), qr/at most 20000 events/, 'many events');
refused("tests:\n  - name: x\n    expect: none\n    events:\n      - {proc: " . ('{parent: ' x 60) . 'cat' . ('}' x 60) . ", evt: openat}\n", qr/nested too deeply|generations/, 'many generations');
is((run('test', "$dir/nowhere.test.yaml"))[0], 2, 'a file that is not there');
is((run('test', '/dev/null'))[0], 2, 'what is no file');

# ---- which ones ----

spill("$dir/several.test.yaml", $head . join '', map { "  - {name: $_ one, tags: [$_], recording: $top/fixtures/demo.skr, expect: [{rule: $shadow}]}\n" } qw(red green blue));
for (['-k', 'green'], ['-k', 'g* one'], ['-t', 'blue']) {
	($status, $out) = run('test', @$_, "$dir/several.test.yaml");
	like($out, qr/^1 test: 1 passed\n/, "one is chosen by @$_");
}
($status, $out, $said) = run('test', '-k', 'yellow', "$dir/several.test.yaml");
is($status, 2, 'no test of that name is an error');
mkdir "$dir/below";
mkdir "$dir/below/deep";
symlink '..', "$dir/below/deep/loop";
spill("$dir/below/deep/x.test.yaml", slurp("$dir/several.test.yaml"));
($status, $out) = run('test', '-v', "$dir/below");
is($status, 0, 'files are found below folders, once');
like($out, qr/3 tests: 3 passed/, 'and each test runs');

# ---- failures say why ----

fails("expect: [{rule: Kernel module loaded}]", qr/no event is of a type that the rule looks at: init_module, finit_module\n\s+types of the events: /,
	'why: no event of its types');
fails("expect: [{no: $shadow}]", qr/matches\n(.*\n)*?\s+yes\s+.*fd\.name is \/etc\/shadow/, 'why: what made it fire');
($status, $out) = test("  - {name: x, events: [{proc: cat, evt: openat, fd.name: /etc/shadow, flags: O_RDONLY}, " .
	"{evt: openat, fd.name: /etc/shadowy, flags: O_RDONLY}], expect: [{rule: $shadow, count: 2}]}\n");
like($out, qr/must fire twice, but did once.*\n    event 1: .*\n    of 1 other event of its types the nearest:\n\s+event 2 /,
	'too few: also where it did not fire');
(undef, $out) = test("  - {name: x, events: [{proc: cat, evt: openat, fd.name: /etc/passwd}], expect: [{rule: $shadow}]}\n");
like($out, qr/of 1 event of its types the nearest:\n.*openat.*\n.*1 check would have to be otherwise: fd\.name in .*\n(.*\n)*?\s+> no .*fd\.name is \/etc\/passwd/,
	'why: the nearest event and what kept it');
(undef, $out) = test("  - {name: x, events: [{proc: cat, evt: openat, fd.name: /etc/hosts, flags: O_RDONLY}, " .
	"{evt: openat, fd.name: /etc/passwd, flags: O_RDWR}], expect: [{rule: $shadow, fields: {fd.name: /etc/passwd}}]}\n");
like($out, qr/of 2 events of its types the nearest:\n\s+event 2 /, 'why: the event that the author described');
unlike($out, qr/\033/, 'no colours but on a terminal');

spill("$dir/several.yaml", slurp("$top/tests/saker-test/several.yaml"));
spill("$dir/few.test.yaml", "rules: several.yaml\ntests:\n  - {name: x, events: [{proc: cat, evt: openat, fd.name: /srv/1}], expect: [{rule: Many}]}\n");
like((run('test', "$dir/few.test.yaml"))[1], qr/about several events: 3 within 10\.0 s; 1 match its condition/, 'why: too few events of several');
spill("$dir/order.yaml", join '', map { "- {rule: $_, desc: d, condition: evt.type = openat, output: x, priority: INFO}\n" } qw(First Second));
(undef, $out) = run('test', spill("$dir/order.test.yaml", "rules: order.yaml\ntests:\n" .
	"  - {name: x, events: [{proc: cat, evt: openat}], expect: [{rule: Second}]}\n" .
	"  - {name: y, options: {rule-matching: all}, events: [{proc: cat, evt: openat}], expect: [{rule: Second}]}\n" .
	"  - {name: z, options: {disable: First}, events: [{proc: cat, evt: openat}], expect: [{rule: Second}]}\n" .
	"  - {name: w, options: {disable: '*'}, events: [{proc: cat, evt: openat}], expect: [{rule: Second}]}\n"));
like($out, qr/but 'First' stands before it and matches too/, 'why: another rule is first');
like($out, qr/'Second' must fire, but is not enabled/, 'why: it is not enabled');
like($out, qr/^4 tests: 2 passed, 2 failed$/m, 'options choose rules and how they match');

spill("$dir/off.yaml", "- rule: First\n  enabled: false\n  override: {enabled: replace}\n");
like((run('test', '--add-rules', "$dir/off.yaml", '-k', 'x', "$dir/order.test.yaml"))[1], qr/^1 test: 1 passed$/m, 'rules behind those of the test');
like((run('test', '-r', "$dir/off.yaml", '-k', 'x', "$dir/order.test.yaml"))[2], qr/cannot be loaded/, 'rules instead of those of the test');

# ---- nothing of the machine ----

{
	my $text = $head . "  - {name: x, recording: $top/fixtures/demo.skr, expect: [{rule: $shadow, fields: {evt.hostname: localhost, evt.time: " .
		"'05:40:04.202439762'}}, {no: Log removed}]}\n";
	my $file = spill("$dir/hermetic.test.yaml", $text);
	my @here = run('test', $file);
	local @ENV{qw(TZ FALCO_HOSTNAME LC_ALL HOME)} = ('Asia/Tokyo', 'other', 'tr_TR.UTF-8', '/nowhere');
	my @there = run('test', $file);
	is_deeply(\@there, \@here, 'time zone, host name and locale do not matter');
	is(scalar(() = $here[1] =~ /must/g), 1, 'and are always the same');
}
my @trees = ("$top/tests/saker-test", "$top/fixtures", $dir);
my @once = run('test', '-j', 1, @trees);
is_deeply([run('test', '-j', 4, @trees)], \@once, 'the same for any number of threads') for 1 .. 3;
SKIP: {
	skip 'no script', 2 unless `sh -c 'command -v script'`;
	like(`script -qec '$saker test $dir/few.test.yaml' /dev/null`, qr/\033\[1;31mFAIL/, 'colours on a terminal');
	unlike(`NO_COLOR=1 script -qec '$saker test $dir/few.test.yaml' /dev/null`, qr/\033\[/, 'not with NO_COLOR');
}
system($saker, 'convert', '-q', "$top/fixtures/demo.skr", "$dir/demo.scap") == 0 or system($saker, 'convert', "$top/fixtures/demo.skr", "$dir/demo.scap");
($status, $out) = run('test', spill("$dir/scap.test.yaml", $head . "  - {name: x, recording: demo.scap, expect: [{rule: $shadow}]}\n"));
is($status, 0, 'captures of Falco') or diag($out);
spill("$dir/cut.skr", substr(slurp("$top/fixtures/demo.skr"), 0, 20000));
($status, $out) = run('test', spill("$dir/cut.test.yaml", $head . "  - {name: x, recording: cut.skr, expect: none}\n"));
is($status, 2, 'a damaged recording is no failure of rules');
like($out, qr/cut\.skr: it is damaged/, 'and told');

# ---- forms ----

my $mixed = spill("$dir/mixed.test.yaml", $head . <<"END");
  - {name: 'good <&"> # name', recording: $top/fixtures/demo.skr, expect: [{rule: $shadow}]}
  - {name: "bad: 100%,\\t", recording: $top/fixtures/demo.skr, expect: [{no: $shadow}, {rule: Kernel module loaded}]}
  - {name: skipped, skip: 'not # now', recording: $top/fixtures/demo.skr, expect: none}
  - {name: missed, todo: known, recording: $top/fixtures/demo.skr, expect: none}
  - {name: found, todo: known, recording: $top/fixtures/demo.skr, expect: [{rule: $shadow}]}
  - {name: broken, recording: nowhere.skr, expect: none}
END
my $wrong = spill("$dir/wrong.test.yaml", "tests:\n  - nam: x\n");
my %forms = (tap => 'tap', junit => 'xml', sarif => 'sarif', json => 'json', github => 'gh', people => 'txt');
($status, undef, $said) = run('test', $mixed, $wrong, map { ('--format', $_, '-o', "$dir/out.$forms{$_}") } sort keys %forms);
is($status, 2, 'all forms at once');
like($said, qr/a test has no 'nam'; did you mean name/, 'mistakes are on standard error');
is((run('test', '--format', 'tap', '--format', 'json', $mixed))[0], 2, 'one form on standard output');
is((run('test', '--format', 'xml', $mixed))[0], 2, 'an unknown form');
is(slurp("$dir/out.txt"), (run('test', $mixed, $wrong))[1], 'a file has what standard output would');
(undef, $out) = run('test', '--format', 'junit', '-j', 3, $mixed, $wrong);
is($out, slurp("$dir/out.xml"), 'the same bytes for another number of threads');

my $tap = slurp("$dir/out.tap");
like($tap, qr/^TAP version 13\n1\.\.7\n/, 'TAP has a plan');
like($tap, qr/^ok 2 - .*good <&"> \\# name$/m, 'and escapes');
like($tap, qr/^not ok 5 - .*missed # TODO known$/m, 'and knows todo');
SKIP: {
	skip 'no prove', 3 unless `sh -c 'command -v prove'`;
	$out = `prove -v --exec '$saker test --format tap' '$mixed' 2>&1`;
	is($? >> 8, 1, 'prove fails');
	like($out, qr/Failed 3\/6 subtests/, 'and counts failures');
	$out = `prove --exec '$saker test --format tap' '$dir/several.test.yaml' 2>&1`;
	is($?, 0, 'prove passes') or diag($out);
}
SKIP: {
	skip 'no xmllint', 2 unless `sh -c 'command -v xmllint'`;
	$out = `xmllint --noout --schema '$top/tests/saker-test/junit.xsd' '$dir/out.xml' 2>&1`;
	is($?, 0, 'JUnit is accepted by its schema') or diag($out);
	like(slurp("$dir/out.xml"), qr/<testsuites name="saker test" tests="7" failures="2" errors="2" skipped="2">/, 'and counts');
}
my $json = JSON::PP->new->utf8;
my $object = $json->decode(slurp("$dir/out.json"));
is(join(' ', map { $_->{status} } @{$object->{tests}}), 'passed failed skipped todo todo passed broken', 'JSON has all');
is($object->{tests}[1]{failures}[1]{rule}, 'Kernel module loaded', 'and names rules');
is($object->{mistakes}[0]{line}, 2, 'and mistakes');
my $sarif = $json->decode(slurp("$dir/out.sarif"));
is($sarif->{version}, '2.1.0', 'SARIF has its version');
my ($sarif_run) = @{$sarif->{runs}};
ok($sarif_run->{tool}{driver}{name}, 'and a tool with a name');
my %ids = map { $_->{id} => 1 } @{$sarif_run->{tool}{driver}{rules}};
my @results = @{$sarif_run->{results}};
cmp_ok(scalar @results, '>=', 5, 'and results');
is(scalar(grep { !$ids{$_->{ruleId}} || $sarif_run->{tool}{driver}{rules}[$_->{ruleIndex}]{id} ne $_->{ruleId} || !length $_->{message}{text} ||
	$_->{level} ne 'error' || !$_->{locations}[0]{physicalLocation}{artifactLocation}{uri} ||
	$_->{locations}[0]{physicalLocation}{region}{startLine} < 1 } @results), 0, 'each with what is required');
ok((grep { $_->{relatedLocations} } @results), 'some with the rule beside them');
my $github = slurp("$dir/out.gh");
like($github, qr/^::error file=\S+mixed\.test\.yaml,line=\d+,col=\d+,title=bad%3A 100%25%2C\\x09::'$shadow' must not fire, but did once%0A/m, 'GitHub: places and escapes');
is(scalar(grep { !/^::error file=/ } split /\n/, $github), 1, 'and a summary');
like((run('test', '--list', $mixed))[1], qr/mixed\.test\.yaml:3: good <&"> # name\n/, 'tests are listed');
is((run('test', '-x', $mixed))[1] =~ /; 4 not run/, 1, 'the first failure ends it if asked');

done_testing();
