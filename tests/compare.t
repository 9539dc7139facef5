#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# saker test --against: what differs between two versions of rules, where the old ones may stand
# (files, folders, revisions of git), the forms of output, exit statuses.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use JSON::PP;
use Saker;
use Test::More;

my $demo = "$top/fixtures/demo.skr";
my %rules = (
	cat => ['evt.type = execve and proc.name = cat', 'NOTICE', '%proc.cmdline'],
	id => ['evt.type = execve and proc.name = id', 'NOTICE', '%proc.cmdline'],
);

# A rule file: name => [condition, priority, output, tags].
sub rules {
	my ($file, %r) = @_;
	return spill("$dir/$file", join '', map {
		"- rule: $_\n  desc: d\n  condition: $r{$_}[0]\n  priority: $r{$_}[1]\n  output: \"$r{$_}[2]\"\n" .
			($r{$_}[3] ? "  tags: [$r{$_}[3]]\n" : '')
	} sort keys %r);
}

sub against {
	my ($old, $new, @args) = @_;
	return run('test', '--against', $old, '-r', $new, @args);
}

sub json {
	my ($status, $out, $said) = against(@_, '--format', 'json');
	my $all = eval { JSON::PP->new->utf8->decode($out) } or diag("$out$said");
	return ($status, $all, $said);
}

# ---- what is found ----

my $old = rules('old.yaml', %rules);
my ($status, $out, $said) = against($old, rules('same.yaml', %rules), $demo);
is($status, 0, 'the same rules: status 0');
like($out, qr{^\S+old\.yaml -> \S+same\.yaml, over 1 recording \(1320 events\)\nalerts: 2 before, 2 now; 0 gained, 0 lost, 0 changed, 0 of another rule\n$},
	'and nothing to tell');
is($said, '', 'without a word on stderr');

my $new = rules('new.yaml', %rules, cat => [$rules{cat}[0], 'ERROR', '%proc.cmdline', 'x'], id => ['evt.type = execve and proc.name = perl', 'NOTICE', 'now %proc.name'],
	more => ['evt.type = execve and proc.name = rm', 'DEBUG', '%proc.name']);
($status, $out) = against($old, $new, $demo);
is($status, 1, 'differences: status 1');
is((against($old, $new, $demo, '--exit-zero'))[0], 0, 'or 0 if that is asked for');
like($out, qr/^alerts: 2 before, 5 now; 4 gained, 1 lost, 1 changed, 0 of another rule$/m, 'how many');
like($out, qr/^rules\n  edited   cat: priority, tags\n  edited   id: condition, output\n  added    more\n\n/m, 'which rules are others');
like($out, qr/^cat: 1 before, 1 now: 1 changed\n  changed: \S+demo\.skr, event \d+: priority: Notice -> Error; tags: \+x\n        \S+: Error cat \/etc\/shadow\n/m, 'an alert that changed');
like($out, qr/^id: 1 before, 1 now: 1 gained, 1 lost\n  gained: \S+, event \d+\n      \+ \S+ Notice now perl\n  lost: \S+, event \d+\n      - \S+ Notice id\n/m, 'gained and lost');
like($out, qr/^more: 0 before, 3 now: 3 gained\n(  gained: .*\n.*\n){3}$/m, 'a new rule');
my ($few) = (against($old, $new, $demo, '--examples', 1))[1];
like($few, qr/^more: 0 before, 3 now: 3 gained\n  gained: .*\n.*\n  and 2 more\n$/m, 'examples are bounded');

($status, my $all) = json($old, $new, $demo, '--examples', 100);
is($status, 1, 'status with JSON');
is_deeply([@$all{qw(before now gained lost changed moved rules_added rules_removed rules_renamed rules_edited)}], [2, 5, 4, 1, 1, 0, 1, 0, 0, 2], 'sums in JSON');
is_deeply([map { [@$_{qw(rule status before now gained lost changed)}] } @{$all->{rules}}],
	[['cat', 'edited', 1, 1, 0, 0, 1], ['id', 'edited', 1, 1, 1, 1, 0], ['more', 'added', 0, 3, 3, 0, 0]], 'rules in JSON');
my ($cat) = grep { $_->{kind} eq 'changed' } @{$all->{differences}};
is_deeply($cat->{changed}, ['priority', 'tags'], 'what changed in JSON');
is_deeply([@{$cat->{new}}{qw(rule priority tags)}], ['cat', 'Error', ['x']], 'the new alert in JSON');
is_deeply([@{$cat->{old}}{qw(rule priority tags)}], ['cat', 'Notice', []], 'the old one in JSON');
is(scalar(grep { $_->{recording} eq $demo } @{$all->{differences}}), 6, 'recordings in JSON');

($status, $out) = against($old, rules('renamed.yaml', other => $rules{cat}, id => $rules{id}), $demo);
is($status, 1, 'a rule of another name: status 1');
like($out, qr/; 0 gained, 0 lost, 0 changed.*\n\nrules\n  renamed  cat -> other\n$/, 'is renamed, and its alerts are the same');
($status, $out) = against($old, rules('written.yaml', %rules, cat => ['(proc.name in (cat) and evt.type in (execve))', @{$rules{cat}}[1, 2]]), $demo);
is($status, 0, 'a rule that is written otherwise and fires on the same: status 0');
like($out, qr/edited   cat: condition \(its alerts are the same\)/, 'and that is said');
($status, $out) = against($old, rules('never.yaml', %rules, never => ['evt.type = bpf', 'NOTICE', 'o']), $demo);
like($out, qr/^  added    never$/m, 'a rule that never fires');

rules('wide.yaml', cat => [$rules{cat}[0], 'NOTICE', 'o'], wide => ["$rules{cat}[0] and evt.num > 0", 'NOTICE', 'o']);
rules('narrow.yaml', cat => ["$rules{cat}[0] and user.uid > 0", 'NOTICE', 'o'], wide => ["$rules{cat}[0] and evt.num > 0", 'NOTICE', 'o']);
($status, $out) = against("$dir/wide.yaml", "$dir/narrow.yaml", $demo);
like($out, qr/^cat: 1 before, 0 now: 1 to other rules\n  moved: \S+, event \d+: now wide\n/m, 'an alert that another rule gives now');
like($out, qr/^wide: 0 before, 1 now: 1 from other rules\n$/m, 'and that rule');
($status, $out) = against("$dir/wide.yaml", "$dir/narrow.yaml", $demo, '--rule-matching', 'all');
like($out, qr/1 lost, 0 changed, 0 of another rule/, 'with all rules on each event it is lost');

# ---- where recordings are ----

mkdir "$dir/corpus";
mkdir "$dir/corpus/$_" for 'b', 'a', '.hidden';
link_or_copy($demo, "$dir/corpus/$_.skr") for qw(b/2 a/1 .hidden/3 .4);
spill("$dir/corpus/a/notes.txt", 'no recording');

sub link_or_copy {
	my ($from, $to) = @_;
	spill($to, slurp($from));
}

(undef, $all) = json($old, $new, "$dir/corpus");
is_deeply([map { $_->{path} } @{$all->{recordings}}], ["$dir/corpus/a/1.skr", "$dir/corpus/b/2.skr"], 'recordings below a folder, by name, none hidden');
is($all->{events}, 2640, 'and their events');
mkdir "$dir/empty";
($status, $out, $said) = against($old, $new, "$dir/empty");
is($status, 2, 'a folder without recordings: status 2');
like($said, qr/no recording/, 'and a message');
is((against($old, $new, "$dir/none.skr"))[0], 2, 'no such recording: status 2');
spill("$dir/corpus/b/bad.skr", 'this is no recording');
($status, $out, $said) = against($old, $new, "$dir/corpus");
is($status, 2, 'a file that is no recording: status 2');
like($out, qr/over 2 recordings/, 'but the others are compared');
unlink "$dir/corpus/b/bad.skr";
spill("$dir/cut.skr", substr(slurp($demo), 0, 20000));
($status, $out, $said) = against($old, rules('same.yaml', %rules), "$dir/cut.skr");
like($said, qr/cut\.skr: it is cut off/, 'damage is told');

spill("$dir/corpus/a/by.test.yaml", "tests:\n  - name: by hand\n    events:\n      - {proc: {pid: 100, name: cat, pname: sh}, evt: execve}\n    expect: none\n" .
	"  - {name: recorded, recording: ../../cut.skr, expect: none}\n  - {name: again, recording: 1.skr, expect: none}\n");
(undef, $all, $said) = json($old, $new, "$dir/corpus");
is_deeply([map { $_->{path} =~ s/^\Q$dir\E\///r } @{$all->{recordings}}], ['corpus/a/1.skr', 'cut.skr', 'corpus/b/2.skr', 'corpus/a/by.test.yaml: by hand'],
	'tests: the recordings that they name, each once, and events by hand');
is(scalar(grep { $_->{kind} eq 'changed' && $_->{recording} =~ /: by hand$/ && $_->{event} == 1 } @{$all->{differences}}), 1, 'which the rules see');
(undef, $all) = json($old, $new, "$dir/corpus/a/by.test.yaml");
is(scalar @{$all->{recordings}}, 3, 'or a test file alone');
spill("$dir/corpus/a/bad.test.yaml", "tests:\n  - nme: x\n");
($status, $all, $said) = json($old, $new, "$dir/corpus");
is($status, 2, 'a test file with mistakes: status 2');
like($said, qr/bad\.test\.yaml:2:5: error: a test has no 'nme'/, 'and what they are');
is(scalar @{$all->{recordings}}, 4, 'but the others are compared');

# ---- the same output ----

my @outs = map { my $format = $_; [map { (against($old, $new, "$top/fixtures", '--format', $format, '-j', $_))[1] } 1, 1, 2, 4] } qw(text json markdown);
for (@outs) {
	my ($one, @others) = @$_;
	ok(length $one > 1000, 'there is output');
	is(scalar(grep { $_ ne $one } @others), 0, 'the same for any number of threads');
}

# ---- Markdown ----

my $evil = rules('evil.yaml', '"x|y <b>@team</b> [a](http://b.c) `d`"' => [$rules{cat}[0], 'NOTICE', '<script>|%proc.cmdline @you #1']);
($status, $out) = against($old, $evil, $demo, '--format', 'markdown');
is($status, 1, 'status with Markdown');
like($out, qr/^<!-- saker test --against -->\n### Detections: /, 'a heading that a script can find again');
like($out, qr/^\| Rule \|/m, 'a table');
unlike($out, qr/<(?!\/?(code|details|summary|br)>|!-- saker)/, 'no HTML but ours');
unlike($out, qr/[@`]|#\d(?!\d*;)/, 'nobody is mentioned, no issue, no quoting of Markdown');
my @rows = grep { /^\|/ } split /\n/, $out;
is(scalar(grep { my $n = () = /\|/g; $n != 9 } @rows), 0, 'all rows have the same columns');

SKIP: {
	skip 'cmark-gfm is not installed', 2 if system('command -v cmark-gfm >/dev/null');
	spill("$dir/out.md", $out);
	my $html = `cmark-gfm --unsafe -e table -e autolink "$dir/out.md"`;
	unlike($html, qr/<a |<script|<b>|<em>|<strong>(?!gained|lost|changed|moved|added|removed|renamed)/, 'as HTML it is inert');
	like($html, qr/<code>x\|y &lt;b&gt;\@team&lt;\/b&gt; \[a\]\(http:\/\/b\.c\) `d`<\/code>/, 'and shows the name as it is');
}

# ---- mistakes ----

($status, $out, $said) = run('test', '--against', $old, $demo);
is($status, 2, 'no new rules: status 2');
like($said, qr/--rules/, 'and what to do');
is((run('test', '--against', $old, '-r', $new, @$_, $demo))[0], 2, "not with @$_")
	for ['-k', 'x'], ['-t', 'x'], ['-x'], ['-v'], ['-l'], ['--add-rules', $new];

# ---- rules that tests name; forms in files ----

my $named = spill("$dir/named.test.yaml", "rules: [new.yaml, old.yaml]\ntests:\n  - {name: a, recording: $demo, expect: [{rule: cat}]}\n" .
	"  - {name: b, recording: $demo, rules: new.yaml, expect: [{rule: cat}]}\n");
($status, $out) = run('test', '--against', $old, $named);
my @given = map { s/^.*\n//r } $out, (run('test', '--against', $old, '-r', $new, '-r', $old, $named))[1];
is($status, (against($old, $new, '-r', $old, $named))[0], 'without --rules those that the tests name');
is($given[0], $given[1], '... with the same differences');
my ($markdown) = (against($old, $new, $demo, '--format', 'markdown'))[1];
($status, $out) = against($old, $new, $demo, '--format', 'markdown', '-o', "$dir/c.md", '--format', 'text');
is(slurp("$dir/c.md"), $markdown, 'a form to a file');
is($out, (against($old, $new, $demo))[1], 'and one to standard output');
is((against($old, $new, $demo, '--format', 'json', '--format', 'text'))[0], 2, 'two to the same place');
is((against($old, $new, $demo, '--format', 'tap'))[0], 2, 'a form that it has not');
is((against($old, $new, $demo, '--rule-matching', 'some'))[0], 2, 'neither first nor all');
spill("$dir/wrong.yaml", "- rule: x\n  desc: d\n  condition: evt.typo = open\n  output: o\n  priority: NOTICE\n");
($status, $out, $said) = against("$dir/wrong.yaml", $new, $demo);
is($status, 2, 'old rules that do not load: status 2');
like($said, qr/evt\.typo.*the old rules cannot be used/s, 'and why, and which');
($status, $out, $said) = against($new, "$dir/wrong.yaml", $demo);
like($said, qr/the new rules cannot be used/, 'or the new ones');

# ---- git ----

sub git {
	my (@args) = @_;
	local $ENV{GIT_CONFIG_GLOBAL} = '/dev/null';
	system('git', '-C', "$dir/repo", '-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'init.defaultBranch=main', @args) == 0 or die "git @args\n";
}

SKIP: {
	skip 'git is not installed', 22 if system('command -v git >/dev/null');
	my $repo = "$dir/repo";
	mkdir $repo;
	mkdir "$repo/rules";
	git('init', '-q');
	rules('repo/rules/a.yaml', cat => $rules{cat});
	rules('repo/rules/b.yaml', id => $rules{id});
	spill("$repo/rules/a.test.yaml", "tests: []\n");
	git('add', '.');
	git('commit', '-qm', 'one');
	git('tag', 'v1');
	rules('repo/rules/a.yaml', cat => [$rules{cat}[0], 'ERROR', '%proc.cmdline']);
	rules('repo/rules/c.yaml', more => ['evt.type = execve and proc.name = rm', 'DEBUG', '%proc.name']);
	git('add', '.');
	git('commit', '-qm', 'two');

	($status, $all) = json('HEAD~1', "$repo/rules/a.yaml", $demo);
	is($status, 1, 'a revision of the same file');
	is_deeply([@$all{qw(before now changed gained lost)}], [1, 1, 1, 0, 0], 'is compared');
	is((json('HEAD', "$repo/rules/a.yaml", $demo))[0], 0, 'the revision of now');
	($status, $all) = json('v1', "$repo/rules", $demo);
	is_deeply([@$all{qw(before now changed gained lost rules_added)}], [2, 5, 1, 3, 0, 1], 'a folder as it was');
	($status, $all, $said) = json('HEAD~1', "$repo/rules/c.yaml", $demo);
	is_deeply([@$all{qw(before now gained rules_added)}], [0, 3, 3, 1], 'a file that was not there');
	like($said, qr/c\.yaml was not there in HEAD~1/, 'is told');
	rules('repo/rules/a.yaml', cat => [$rules{cat}[0], 'DEBUG', '%proc.cmdline']);
	($status, $all) = json('HEAD', "$repo/rules/a.yaml", $demo);
	is($all->{changed}, 1, 'what is not committed is the new version');

	chdir "$repo/rules" or die;
	($status, $all) = json('HEAD~1:rules/a.yaml', 'a.yaml', $demo);
	is($all->{changed}, 1, 'a file of a revision, from the top');
	($status, $all) = json('HEAD~1:./a.yaml', 'a.yaml', $demo);
	is($all->{changed}, 1, 'or from here');
	($status, $all) = json('HEAD~1:rules', '.', $demo);
	is_deeply([@$all{qw(before now)}], [2, 5], 'a folder of a revision');
	for (['HEAD~1:a.yaml', qr/HEAD~1:a\.yaml: there was no such file in HEAD~1/], ['no-such-name', qr/no-such-name: .*git knows no revision/],
		['HEAD~7', qr/git knows no revision 'HEAD~7'/], ['--output=x', qr/'--output=x' is no revision/], ['-x:y', qr/'-x' is no revision/]) {
		($status, $out, $said) = run('test', "--against=$_->[0]", '-r', 'a.yaml', $demo);
		is($status, 2, "--against=$_->[0]: status 2");
		like($said, $_->[1], 'and says so');
	}
	ok(!-e 'x', 'no option reached git');
	my $name = '$(touch made)`touch made`;touch made';
	($status, $out, $said) = against("HEAD:$name", 'a.yaml', $demo);
	ok($status == 2 && !-e 'made', 'no shell sees a name');
	system('git', 'clone', '-q', '--depth', 1, "file://$repo", "$dir/shallow") == 0 or die;
	($status, $out, $said) = against('HEAD~1', "$dir/shallow/rules/a.yaml", $demo);
	like($said, qr/shallow clone: fetch more/, 'a shallow clone is told');
	chdir $dir;
	local $ENV{GIT_CEILING_DIRECTORIES} = dirname($dir);
	($status, $out, $said) = against('main', $new, $demo);
	is($status, 2, 'no repository: status 2');
	like($said, qr/not a git repository/, 'and git says so');
	chdir $top;
}
SKIP: {
	my $bin = "$dir/no-git";
	mkdir $bin;
	local $ENV{PATH} = $bin;
	($status, $out, $said) = against('main', $new, $demo);
	is($status, 2, 'no git: status 2');
	like($said, qr/git is needed/, 'and that is said');
}

done_testing();
