#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# saker why: it names the check, macro or exception that decided, with values, and what it says
# agrees with the alerts of saker analyze.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use JSON::PP;
use Saker;
use Test::More;

my $demo = "$top/fixtures/demo.skr";

sub why { return run('why', '-q', @_) }

my $rules = spill("$dir/rules.yaml", <<'EOT');
- list: shells
  items: [sh, bash]
- macro: opens
  condition: evt.type in (open, openat, openat2) and fd.num >= 0
- macro: by_shell
  condition: proc.name in (shells)
- rule: Shadow
  desc: the file of passwords is read
  condition: opens and fd.name = /etc/shadow
  output: x
  priority: NOTICE
- rule: Shadow again
  desc: the same, later in the file
  condition: opens and fd.name = /etc/shadow
  output: x
  priority: NOTICE
- rule: Silenced
  desc: an exception keeps it from firing
  condition: opens and fd.name = /etc/shadow
  output: x
  priority: NOTICE
  exceptions:
    - name: never_used
      fields: [proc.name, fd.name]
    - name: by_vi
      fields: proc.name
      values: [vi, ed]
    - name: known_readers
      fields: [proc.name, fd.name]
      comps: [=, startswith]
      values:
        - [cat, /etc/]
        - [less, /etc/]
- rule: Off
  desc: not enabled
  condition: opens and fd.name = /etc/shadow
  output: x
  priority: NOTICE
  enabled: false
- rule: In a macro
  desc: a macro is what fails
  condition: opens and not by_shell and fd.name = /etc/nothing
  output: x
  priority: NOTICE
- rule: Two ways
  desc: the nearer of two alternatives is named
  condition: >
    opens and fd.name = /etc/shadow and
    (proc.name = nobody or (proc.name = nowhere and proc.pname = nothing))
  output: x
  priority: NOTICE
- rule: Sides
  desc: a field on the right
  condition: evt.type = execve and proc.name = val(proc.pname)
  output: x
  priority: NOTICE
EOT

# An event that matches.
my ($status, $out, $said) = why('-r', $rules, 'Shadow', $demo);
is($status, 0, 'a rule that matches: exit 0') or diag($said);
like($out, qr/^rule 'Shadow' \[.*rules\.yaml:7\]\n\d+ events of its types, 1 matches: (\d+)\n/,
	'how often, and where');
my ($event) = $out =~ /1 matches: (\d+)/;
($status, $out) = run('replay', '-q', '-f', "evt.num = $event", '-p', '%evt.type %fd.name', $demo);
is($out, "openat /etc/shadow\n", 'that event is the one');

($status, $out) = why('-r', $rules, 'Shadow', '--event', $event, $demo);
is($status, 0, 'it matches');
like($out, qr/^matches$/m, 'and is said to');
like($out, qr/^  yes  +opens: all of  \[rules\.yaml:9\]$/m, 'macros are opened');
like($out, qr/^  yes  +fd\.num >= 0   \(fd\.num is \d+\)$/m, 'numbers are shown');
like($out, qr/^  yes  +fd\.name = \/etc\/shadow   \(fd\.name is \/etc\/shadow\)$/m,
	'and texts');
unlike($out, qr/^>/m, 'nothing is to blame');

# Another rule stands before it; it is off.
($status, $out) = why('-r', $rules, 'Shadow again', '--event', $event, $demo);
like($out, qr/^but 'Shadow' stands before it and matches too/m, 'a rule in the shadow of another');
($status, $out) = why('-r', $rules, 'off', '--event', $event, $demo);
is($status, 0, 'a rule is found by a part of its name, in any case');
like($out, qr/^but the rule is not enabled$/m, 'a rule that is off');

# One exception is what it misses by.
($status, $out) = why('-r', $rules, 'Silenced', '--event', $event, $demo);
is($status, 1, 'no match: exit 1');
like($out, qr/^does not match: 2 checks would have to be otherwise|^does not match: 1 check /m,
	'how far away');
like($out, qr/exception known_readers: not proc\.name = cat/, 'the exception is named');
like($out, qr/^> no   +not exception known_readers: any of  \[rules\.yaml:\d+\]$/m,
	'its place too');
like($out, qr/^  yes  +not exception by_vi: proc\.name in \(vi, ed\)   \(proc\.name is cat\)/m,
	'the other exception is not to blame');
unlike($out, qr/never_used/, 'an exception without values is none');
($status, $out) = why('-r', $rules, 'Silenced', $demo);
is($status, 1, 'no event matches: exit 1');
like($out, qr/^\d+ events of its types, 0 match$/m, 'none does');
my ($first) = $out =~ /^event (\d+) at/m;
is($first, $event, 'the nearest event is the one that an exception silences');

# Alternatives, macros, sides.
($status, $out) = why('-r', $rules, 'Two ways', '--event', $event, $demo);
like($out, qr/^does not match: 1 check would have to be otherwise: proc\.name = nobody$/m,
	'the nearer alternative');
($status, $out) = why('-r', $rules, 'In a macro', '--event', $event, $demo);
like($out, qr/^  yes  +not by_shell: proc\.name in \(sh, bash\)/m, 'not and macro on a line');
like($out, qr/^> no   +fd\.name = \/etc\/nothing /m, 'what fails');
($status, $out) = why('-r', $rules, 'Sides', '-k', 1, $demo);
like($out, qr/proc\.name = val\(proc\.pname\)   \(proc\.name is \S+, proc\.pname is \S+\)/,
	'both sides are shown');
($status, $out) = why('-r', $rules, 'Silenced', '--event', 1, $demo);
like($out, qr/^the rule looks only at events of type open, openat, openat2$/m,
	'an event of another type');
($status, $out) = why('-r', $rules, 'Silenced', '--event', $event, '--full', $demo);
like($out, qr/^  no   +fd\.name startswith \/etc\/|yes +fd\.name startswith \/etc\//m,
	'--full opens everything');

# Near a time.
my ($stamp) = run('replay', '-q', '-f', "evt.num = $event", '-p', '%evt.rawtime', $demo);
(undef, $stamp) = run('replay', '-q', '-f', "evt.num = $event", '-p', '%evt.rawtime', $demo);
chomp $stamp;
($status, $out) = why('-r', $rules, 'Silenced', '--near', "\@$stamp", $demo);
like($out, qr/^event $event at/m, '--near finds the nearest event');
($status, $out) = why('-r', $rules, 'Silenced', '--near', '+3600s', $demo);
is($status, 1, 'nothing near a time after the end');
like($out, qr/^0 events of its types within a second/m, 'and it says so');

# JSON: well formed, and the tree says the same.
($status, $out) = why('--json', '-r', $rules, 'Silenced', '--event', $event, $demo);
my $json = eval { decode_json($out) };
ok($json, 'JSON can be read') or diag($@, $out);
is($json->{groups}[0]{nearest}{event}{'evt.num'}, $event, 'the event');
my @found;
sub collect {
	my ($part) = @_;
	push @found, $part->{exception} if $part->{blamed} && $part->{exception};
	collect($_) for @{ $part->{parts} || [] };
}
collect($json->{groups}[0]{nearest}{condition});
is("@found", 'known_readers', 'the exception that is to blame');

# What it says of every event is what analyze does.
for my $rule ('Shadow', 'Silenced', 'Two ways', 'Sides') {
	my (undef, $alerts) = run('analyze', '-q', '--json', '--rule-matching=all', '-r', $rules,
		$demo);
	my $n = grep { decode_json($_)->{rule} eq $rule } split /\n/, $alerts;
	(undef, $out) = why('--json', '-r', $rules, $rule, $demo);
	is(decode_json($out)->{matched}, $n, "$rule: as many matches as alerts");
}

# Mistakes.
($status, undef, $said) = why('-r', $rules, 'Shado', $demo);
is($status, 2, 'several rules have the part in their names: exit 2');
like($said, qr/several rules have 'Shado' in their names:\n  Shadow\n  Shadow again\n/, 'they are listed');
($status, undef, $said) = why('-r', $rules, 'No such rule', $demo);
is($status, 2, 'no such rule: exit 2');
like($said, qr/no rule is named 'No such rule'/, 'it is named');
($status, undef, $said) = why('-r', $rules, 'Shadow', '--event', 999999999, $demo);
is($status, 2, 'no such event: exit 2');
like($said, qr/has no event 999999999; its last is \d+/, 'the last one is told');
($status, undef, $said) = why('-r', $rules, 'Shadow');
is($status, 2, 'no recording: exit 2');
($status, undef, $said) = why('-r', $rules, '--event', 1, '--near', '+1s', 'Shadow', $demo);
is($status, 2, '--event with --near: exit 2');

# A damaged recording: what is there, and exit 3.
my $bytes = slurp($demo);
spill("$dir/cut.skr", substr($bytes, 0, length($bytes) - 40));
($status) = why('-r', $rules, 'Shadow', "$dir/cut.skr");
is($status, 3, 'a cut recording: exit 3');

done_testing;
