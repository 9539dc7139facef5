#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Changes to the published stable rules as people make them by mistake, one at a time: the tests of
# tests/rules-stable notice each, and what they print names the rule and what was changed.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use Saker;
use Test::More;

my $rules = "$top/../shared/rulesets/falco_rules.yaml";
plan skip_all => "no $rules" unless -e $rules;
my $text = slurp($rules);

# The part of the file that defines a list, macro or rule: up to the next one.
my $until = qr/.*?(?=\n- (?:list|macro|rule): |\z)/s;

# What is changed; in which item; what becomes what; names that the failures must speak of.
my @changes = (
	['a typo in a list',
		'list: sensitive_file_names', '/etc/shadow,', '/etc/shadwo,',
		'Read sensitive file untrusted', 'sensitive_file'],
	['a typo in a list of a list',
		'list: http_server_binaries', 'nginx,', 'ngnix,',
		'Run shell untrusted', 'protected_shell_spawning_binaries|http_server_binaries'],
	['an item too few',
		'list: ssh_non_standard_ports', ' 8443,', '',
		'Disallowed SSH Connection Non Standard Port', 'ssh_non_standard_ports'],
	['a list that lost its items',
		'list: known_memfd_execution_binaries', '[runc]', '[]',
		'Fileless execution via memfd_create', 'known_memfd_execution'],
	['an item too many',
		'list: shell_binaries', '[ash,', '[perl, ash,',
		'Directory traversal monitored file read', 'not proc.pname in \(perl, ash'],
	['a "not" that was dropped',
		'rule: Directory traversal monitored file read', 'and not proc.pname', 'and proc.pname',
		'Directory traversal monitored file read', 'proc.pname'],
	['a "not" too many',
		'rule: Execution from /dev/shm', '    spawned_process', '    not spawned_process',
		'Execution from /dev/shm', 'spawned_process|evt.type'],
	['a macro that was widened',
		'macro: container', 'container.id != host', 'container.id exists',
		'Packet socket created in container', 'no container'],
	['"or" that became "and"',
		'macro: outbound', '(evt.rawres >= 0 or evt.res = EINPROGRESS)',
			'(evt.rawres >= 0 and evt.res = EINPROGRESS)',
		'Disallowed SSH Connection Non Standard Port', 'outbound|evt.res'],
	['"and" that became "or"',
		'rule: Detect release_agent File Container Escapes', 'and thread.cap_effective contains CAP_SYS_ADMIN',
			'or thread.cap_effective contains CAP_SYS_ADMIN',
		'Detect release_agent File Container Escapes', 'release_agent'],
	['a wrong path',
		'rule: Execution from /dev/shm', 'proc.exe startswith "/dev/shm/"', 'proc.exe startswith "/dev/shmem/"',
		'Execution from /dev/shm', 'proc.exe'],
	['an exception that was removed',
		'rule: Read sensitive file untrusted', "    and not mandb_postinst\n", '',
		'Read sensitive file untrusted', 'mandb_postinst'],
	['an exception that is too wide',
		'macro: perl_running_updmap', 'startswith "perl /usr/bin/updmap"', 'startswith "perl /usr/bin/"',
		'Read sensitive file untrusted', 'perl'],
	['another type of event',
		'macro: create_hardlink', '(link, linkat)', '(link)',
		'Create Hardlink Over Sensitive Files', 'create_hardlink|linkat'],
	['another operator',
		'rule: Find AWS Credentials', 'endswith ".aws/credentials"', 'startswith ".aws/credentials"',
		'Find AWS Credentials', 'proc.args'],
	['letters that must now be small',
		'macro: private_aws_credentials', 'icontains "secretaccesskey"', 'contains "secretaccesskey"',
		'Find AWS Credentials', 'private_aws_credentials'],
	['another number',
		'macro: proc_is_new', '<= 5000000000', '<= 50000000000',
		'Read sensitive file trusted after startup', 'proc_is_new|proc.duration'],
	['a priority that was lowered',
		'rule: Fileless execution via memfd_create', 'priority: CRITICAL', 'priority: NOTICE',
		'Fileless execution via memfd_create', 'priority'],
	['a rule that was disabled',
		'rule: Terminal shell in container', "\n  priority:", "\n  enabled: false\n  priority:",
		'Terminal shell in container', 'enabled'],
	['an output that lost a field',
		'rule: Clear Log Activities', ' file=%fd.name', '',
		'Clear Log Activities', 'output'],
);

sub changed {
	my ($item, $from, $to) = @_;
	my ($part) = $text =~ /(^- \Q$item\E\n$until)/m or return;
	my $new = $part;
	my $at = index $new, $from;
	return if $at < 0;
	substr $new, $at, length $from, $to;
	my $all = $text;
	substr $all, index($all, $part), length $part, $new;
	return $all;
}

sub suite {
	my ($content) = @_;
	my $file = spill("$dir/falco_rules.yaml", $content);
	return run('test', '-j', 2, '-r', $file, '-r', "$top/tests/rules-stable/cluster.yaml", "$top/tests/rules-stable");
}

my ($status, $out, $said) = suite($text);
is($status, 0, 'without a change all pass') or diag("$out$said");
is(scalar @changes, 20, 'twenty changes');
my ($noticed, $named) = (0, 0);
for (@changes) {
	my ($what, $item, $from, $to, $rule, $concerned) = @$_;
	my $content = changed($item, $from, $to);
	if (!ok(defined $content, "$what: $item can be changed")) {
		next;
	}
	($status, $out, $said) = suite($content);
	cmp_ok($status, '<', 2, "$what: the rules load") or diag($said);
	$noticed++ if $status == 1;
	my @failures = $out =~ /^(FAIL.*?)(?=^FAIL|\z)/msg;
	my $names = grep { /\Q$rule\E/ && /$concerned/ } @failures;
	$named++ if $names;
	note(sprintf '%-32s %s: %s', $what, $item, $status != 1 ? 'not noticed' : $names ? 'noticed and named' : 'noticed');
	note(join '', map { "$_\n" } @failures) if $ENV{TWENTY_SHOW};
}
cmp_ok($noticed, '>=', 19, "at least nineteen are noticed ($noticed)");
cmp_ok($named, '>=', 19, "and named ($named)");
done_testing;
