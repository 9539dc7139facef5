#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# saker test: what passes and what fails, what it says of both, mistakes in test files.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use Saker;
use Test::More;

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

($status, $out, $said) = run('test', '-v', "$top/tests/saker-test/hand.test.yaml");
is($status, 0, 'events written by hand') or diag("$out$said");

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
wrong_event('{evt: openat}', qr/which process/, 'no process');
wrong_event('{proc: 33, evt: close}', qr/no process 33/, 'a process that nobody told of');
wrong_event('{proc: {name: containerd-shim-runc-v2}, evt: close}', qr/at most 15 bytes: 'containerd-shim'/, 'a name that is too long');
wrong_event('{proc: cat, evt: close, time: 2s}, {evt: close, time: 1s}', qr/time goes back/, 'time that goes back');
wrong_event('{proc: cat, evt: connect, fd.sip: 1.2.3.400}', qr/'1\.2\.3\.400' is no address/, 'no address');

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

done_testing();
