#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# tests/ci: the GitHub Action, the GitLab job and the hooks of pre-commit do what they say.  Their
# YAML is read and their scripts are run as a runner would: with inputs put in, in a checkout of a
# repository of rules, with the files by which a runner listens.  Nothing is fetched.
use strict;
use warnings;
use Cwd qw(abs_path getcwd);
use File::Basename;
use lib dirname(__FILE__);
use File::Copy;
use JSON::PP;
use Saker;
use Test::More;

plan skip_all => 'python3-yaml is not installed' if system("python3 -c 'import yaml' 2>/dev/null");
plan skip_all => 'git is not installed' if system('command -v git >/dev/null');

sub yaml {
	my ($path) = @_;
	my $text = `python3 -c 'import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)' "$path"`;
	return JSON::PP->new->decode($text);
}

sub quiet {
	my (@command) = @_;
	system(@command) == 0 or die "@command\n";
}

$ENV{GIT_CONFIG_GLOBAL} = '/dev/null';
$ENV{GIT_CONFIG_NOSYSTEM} = 1;
delete $ENV{$_} for grep { /^(GITHUB|CI|RUNNER)_/ } keys %ENV;
my $saker_path = dirname($saker);
my $plain_path = join ':', grep { !-x "$_/saker" } split /:/, $ENV{PATH};

# ---- a repository of rules, with a base and a change ----

sub rule {
	my ($name, $program, $priority) = @_;
	return "- rule: $name\n  desc: D\n  condition: evt.type = execve and proc.name = $program\n  output: run | command=%proc.cmdline\n  priority: $priority\n";
}

sub git {
	my (@args) = @_;
	quiet('git', '-C', "$dir/repo", '-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'init.defaultBranch=main', @args);
}

mkdir "$dir/$_" for 'repo', 'repo/rules', 'repo/recordings', 'temp';
copy("$top/fixtures/demo.skr", "$dir/repo/recordings/demo.skr");
spill("$dir/repo/rules/a.yaml", rule('Cat run', 'cat', 'NOTICE') . "\n" . rule('Id run', 'id', 'NOTICE'));
spill("$dir/repo/rules/a.test.yaml", "rules: a.yaml\ntests:\n  - name: cat\n    recording: ../recordings/demo.skr\n    expect: [{rule: Cat run, count: 1}]\n" .
	"  - name: id\n    recording: ../recordings/demo.skr\n    expect: [{rule: Id run}]\n");
git('init', '-q');
git('add', '.');
git('commit', '-qm', 'base');
chomp(my $base = `git -C $dir/repo rev-parse HEAD`);
my $good = slurp("$dir/repo/rules/a.yaml");
my $changed = rule('Cat run', 'cat', 'ERROR') . "\n" . rule('Id run', 'no-such', 'NOTICE');

# ---- the GitHub Action ----

sub literal {
	my ($text) = @_;
	return "'" . $text =~ s/(['\\])/\\$1/gr . "'";
}

# What a runner does of its expressions: names are looked up, the rest is Perl as well.
sub evaluate {
	my ($text, $context) = @_;
	my $perl = '';
	while ($text =~ /\G\s*(?:('(?:[^']|'')*')|(\w+)\(\)|([\w.-]+)|(==|!=|&&|\|\||!|[()]))\s*/gc) {
		my ($string, $function, $name, $op) = ($1, $2, $3, $4);
		if (defined $string) { $perl .= ' ' . literal(substr($string, 1, -1) =~ s/''/'/gr) }
		elsif (defined $function) { $perl .= $function eq 'always' ? ' 1' : die "function $function\n" }
		elsif (defined $name) { die "no $name\n" unless exists $context->{$name}; $perl .= ' ' . literal($context->{$name}) }
		else { $perl .= ' ' . ({ '==' => 'eq', '!=' => 'ne' }->{$op} // $op) }
	}
	die "expression: $text\n" if (pos($text) // 0) < length $text;
	my $value = eval $perl;
	die "$perl: $@" if $@;
	return $value;
}

sub expand {
	my ($text, $context) = @_;
	return $text =~ s/\$\{\{(.*?)\}\}/evaluate($1, $context)/ger;
}

# Runs the action with these inputs: status, log, files by which it talks to the runner.
my $action_path;
sub act {
	my ($event, %with) = @_;
	local $ENV{PATH} = delete($with{PATH}) // "$saker_path:$ENV{PATH}";
	my $action = yaml("$action_path/action.yml");
	my %context = ('github.action_path' => $action_path, 'runner.temp' => "$dir/temp", 'github.token' => 'secret',
		map { ("github.event.$_" => $event->{$_} // '') } qw(pull_request.base.sha pull_request.number before));
	$context{"inputs.$_"} = expand($action->{inputs}{$_}{default}, \%context) for keys %{$action->{inputs}};
	die "no input $_\n" for grep { !exists $action->{inputs}{$_} } keys %with;
	$context{"inputs.$_"} = $with{$_} for keys %with;
	$context{"steps.compare.outputs.$_"} = '' for qw(report differs);
	my %file = map { $_ => "$dir/temp/$_" } qw(GITHUB_STEP_SUMMARY GITHUB_OUTPUT GITHUB_PATH);
	spill($file{$_}, '') for keys %file;
	my ($log, $status, @uses, %ran) = ('', 0);
	for my $step (@{$action->{runs}{steps}}) {
		my $if = $step->{if} ? evaluate($step->{if} =~ s/^\$\{\{|\}\}$//gr, \%context) : !$status;
		next unless $if;
		if ($step->{uses}) { push @uses, { %$step, path => expand($step->{with}{path}, \%context) }; next }
		die "shell $step->{shell}\n" if $step->{shell} ne 'bash';
		$ran{$step->{name}}++;
		spill($file{GITHUB_OUTPUT}, '');
		my $script = spill("$dir/temp/step.sh", expand($step->{run}, \%context));
		local @ENV{keys %file} = values %file;
		local $ENV{GITHUB_REPOSITORY} = 'owner/rules';
		local @ENV{keys %{$step->{env}}} = map { expand($_, \%context) } values %{$step->{env}};
		$log .= `cd "$dir/repo" && bash --noprofile --norc -eo pipefail $script 2>&1`;
		$status ||= $? >> 8;
		$context{'steps.' . ($step->{id} // '') . '.outputs.' . s/=.*//sr} = s/.*?=//sr for split /\n/, slurp($file{GITHUB_OUTPUT});
		$ENV{PATH} = "$_:$ENV{PATH}" for split /\n/, slurp($file{GITHUB_PATH});
		spill($file{GITHUB_PATH}, '');
	}
	return { status => $status, log => $log, summary => slurp($file{GITHUB_STEP_SUMMARY}), uses => \@uses, ran => \%ran,
		differs => $context{'steps.compare.outputs.differs'}, report => $context{'steps.compare.outputs.report'} };
}

$action_path = "$top/tests/ci/action";
my %with = (rules => 'rules', recordings => 'recordings');
my $request = { 'pull_request.base.sha' => $base, 'pull_request.number' => 7 };

my $r = act($request, %with);
is($r->{status}, 0, 'action: nothing has changed: status 0') or diag($r->{log});
like($r->{log}, qr/^2 tests: 2 passed$/m, 'the log shows the tests');
like($r->{summary}, qr/### Rule tests\n<pre>\n2 tests: 2 passed\n<\/pre>/, 'and the summary');
like($r->{summary}, qr/### Detections: no alert differs/, 'and that no alert differs');
is($r->{differs}, 'false', 'as an output, too');
unlike($r->{log}, qr/::error/, 'without annotations');
ok(!$r->{ran}{'Comment on the pull request'}, 'and without a comment');
is($r->{uses}[0]{path}, 'saker-junit.xml', 'the results are kept');
like(slurp("$dir/repo/saker-junit.xml"), qr/<testsuites name="saker test" tests="2" failures="0"/, 'as JUnit XML');

git('checkout', '-qb', 'change');
spill("$dir/repo/rules/a.yaml", $changed);
git('commit', '-qam', 'change');
$r = act($request, %with);
is($r->{status}, 1, 'a failing test: status 1') or diag($r->{log});
like($r->{log}, qr/^::error file=rules\/a\.test\.yaml,line=8,col=\d+,title=id::'Id run' must fire at least once, but did not at all/m, 'is an annotation of its line');
like($r->{summary}, qr/FAIL .*id\n.*### Detections: 1 lost, 1 changed\n.*<code>Cat run<\/code> \| priority.*\n.*<code>Id run<\/code> \| condition/s, 'the summary has both');
is($r->{differs}, 'true', 'alerts differ');
like(slurp("$dir/repo/saker-junit.xml"), qr/failures="1"/, 'the results are written');
is(scalar @{$r->{uses}}, 1, 'and kept');
my ($token) = $r->{log} =~ /^::stop-commands::([0-9a-f]{32})$/m;
ok($token && $r->{log} =~ /^::stop-commands::$token\n.*FAIL.*^::$token\::\n::error/ms, 'what tests print is no command to the runner');

spill("$dir/repo/rules/a.test.yaml", "rules: a.yaml\ntests:\n  - name: cat\n    recording: ../recordings/demo.skr\n    expect: [{rule: Cat run}]\n");
is(act($request, %with)->{status}, 0, 'tests pass and alerts differ: status 0');
is(act($request, %with, 'fail-on-difference' => 'true')->{status}, 1, 'or 1 if that is asked for');
$r = act({ before => $base }, %with);
is($r->{differs}, 'true', 'a push is compared with what was there before');
$r = act({ before => '0' x 40 }, %with);
is($r->{status}, 0, 'a new branch has nothing to compare with');
like($r->{log}, qr/nothing to compare/, 'and says so');
$r = act($request, %with, against => 'no-such-name');
is($r->{status}, 2, 'a revision that is not there: status 2');
like($r->{log}, qr/git knows no revision 'no-such-name'/, 'and says so');
$r = act($request);
ok($r->{status} == 0 && !$r->{ran}{'Compare the alerts'}, 'without rules nothing is compared');
$r = act($request, %with, tests => "rules/a.test.yaml\n\nrules\n");
like($r->{log}, qr/^1 test: 1 passed$/m, 'paths one a line');
my $evil = '$(touch made); `touch made`; "; touch made #';
act($request, rules => $evil, recordings => $evil, tests => $evil, against => $evil, junit => $evil);
ok(!-e "$dir/repo/made", 'no input is run');
unlink "$dir/repo/$evil";

# A stand-in for gh notes what it is asked for.
mkdir "$dir/bin";
spill("$dir/bin/gh", "#!/bin/sh\n{ printf '%s|' \"\$GH_TOKEN\" \"\$@\"; echo; } >>$dir/gh.log\ncase \"\$*\" in *--paginate*) cat $dir/comments;; esac\n");
chmod 0755, "$dir/bin/gh";
for (['', qr{secret\|api\|-X\|POST\|repos/owner/rules/issues/7/comments\|-F\|body=\@\Q$dir\E/temp/saker-compare\.md\|}, 'a new comment'],
	["41\n42\n", qr{secret\|api\|-X\|PATCH\|repos/owner/rules/issues/comments/41\|-F\|body=\@}, 'the comment of before is written anew']) {
	spill("$dir/comments", $_->[0]);
	unlink "$dir/gh.log";
	$r = act($request, %with, comment => 'true', PATH => "$dir/bin:$saker_path:$ENV{PATH}");
	like(slurp("$dir/gh.log"), $_->[1], $_->[2]) or diag($r->{log});
}
$r = act({ before => $base }, %with, comment => 'true');
ok(!$r->{ran}{'Comment on the pull request'}, 'a push has no comment');

# ---- building from a checkout, as a user's job would ----

sub source {
	my ($to) = @_;
	mkdir $to;
	quiet("cd '$top' && git ls-files -co --exclude-standard -z 2>/dev/null | tar -c --null --no-recursion --ignore-failed-read -T - 2>/dev/null | tar -x -C '$to'");
	quiet("cp", '-r', "$top/.", $to) unless -e "$to/Makefile";
	return $to;
}

SKIP: {
	skip 'building takes minutes: no ccache, and CI_BUILD=1 is not set', 6 unless $ENV{CI_BUILD} || !system('command -v ccache >/dev/null');
	my $source = source("$dir/source");
	local $ENV{MAKEFLAGS} = '';
	delete local @ENV{qw(MAKELEVEL O SAN)};
	$action_path = "$source/tests/ci/action";
	$r = act($request, %with, PATH => $plain_path);
	is($r->{status}, 0, 'the action builds Saker from its own repository') or diag($r->{log});
	ok(-x "$dir/temp/saker/saker", 'in a folder of the runner');
	like($r->{log}, qr/^1 test: 1 passed$/m, 'and runs it');
	$action_path = "$top/tests/ci/action";

	local $ENV{PATH} = $plain_path;
	my $text = `cd "$dir/repo" && "$source/tests/ci/hook" test rules 2>&1`;
	is($? >> 8, 0, 'the hook builds Saker in its clone') or diag($text);
	like($text, qr/building Saker in \Q$source\E.*1 test: 1 passed/s, 'and runs it');
	$text = `cd "$dir/repo" && "$source/tests/ci/hook" test rules 2>&1`;
	unlike($text, qr/building/, 'and builds it once');
}

# ---- GitLab ----

sub gitlab {
	my (%variables) = @_;
	my $job = yaml("$top/tests/ci/gitlab.yml")->{saker};
	my $script = spill("$dir/temp/job.sh", join "\n", @{$job->{before_script}}, @{$job->{script}});
	local @ENV{keys %{$job->{variables}}} = values %{$job->{variables}};
	local @ENV{keys %variables} = values %variables;
	local $ENV{PATH} = "$saker_path:$ENV{PATH}";
	unlink "$dir/repo/$_" for qw(saker-junit.xml saker-compare.md);
	my $log = `cd "$dir/repo" && bash -eo pipefail $dir/temp/job.sh 2>&1`;
	my $status = $? >> 8;
	my @kept = grep { -s "$dir/repo/$_" } @{$job->{artifacts}{paths}}, $job->{artifacts}{reports}{junit};
	return ($status, $log, "@kept");
}

my ($status, $log, $kept) = gitlab(SAKER_RECORDINGS => 'recordings', CI_MERGE_REQUEST_DIFF_BASE_SHA => $base);
is($status, 0, 'GitLab: tests pass') or diag($log);
is($kept, 'saker-compare.md saker-junit.xml', 'a merge request has both artifacts');
like(slurp("$dir/repo/saker-compare.md"), qr/1 lost, 1 changed/, 'the comparison is with its base');
($status, $log, $kept) = gitlab();
is($kept, 'saker-junit.xml', 'other pipelines have the results only');
spill("$dir/repo/rules/b.test.yaml", "rules: a.yaml\ntests:\n  - {name: never, recording: ../recordings/demo.skr, expect: [{rule: Id run}]}\n");
($status, $log, $kept) = gitlab(CI_MERGE_REQUEST_DIFF_BASE_SHA => $base);
is($status, 1, 'a failing test fails the job');
is($kept, 'saker-compare.md saker-junit.xml', 'and the artifacts are there');
like($log, qr/FAIL .*never/, 'and the log says which');
unlink "$dir/repo/rules/b.test.yaml";

# ---- pre-commit ----

# As pre-commit does: the files that are staged and fit, in the repository that commits.
sub hook {
	my ($id, @args) = @_;
	my ($hook) = grep { $_->{id} eq $id } @{yaml("$top/.pre-commit-hooks.yaml")};
	my @files = split /\n/, `git -C $dir/repo diff --staged --name-only --diff-filter=ACMRTUXB`;
	@files = grep { /$hook->{files}/ && !($hook->{exclude} && /$hook->{exclude}/) } @files;
	return (undef, 'no files to check') unless @files;
	die "language\n" unless $hook->{language} eq 'script';
	my ($entry, @more) = split ' ', $hook->{entry};
	@args = @{$hook->{args} // []} unless @args;
	local $ENV{PATH} = "$saker_path:$ENV{PATH}";
	my @pass = exists $hook->{pass_filenames} && !$hook->{pass_filenames} ? () : @files;
	my $pid = open(my $in, '-|') // die;
	if ($pid == 0) {
		open STDERR, '>&', \*STDOUT;
		chdir "$dir/repo";
		exec "$top/$entry", @more, @args, @pass;
	}
	my $out = do { local $/; <$in> } // '';
	close $in;
	return ($? >> 8, $out);
}

git('checkout', '-q', '--', '.');
git('clean', '-qfd');
is((hook('saker-lint'))[1], 'no files to check', 'pre-commit: nothing is staged');
spill("$dir/repo/rules/a.yaml", $good . "- rule: Bad\n  desc: D\n  condition: evt.type = openat and fd.nme = x\n  output: o\n  priority: NOTICE\n");
git('add', '.');
my ($is, $out) = hook('saker-lint');
isnt($is, 0, 'lint refuses a staged rule with a mistake');
like($out, qr/rules\/a\.yaml:\d+.*fd\.nme/, 'and says where');
isnt((hook('saker-test'))[0], 0, 'so does the test');
spill("$dir/repo/rules/a.yaml", $good . "- rule: Never\n  desc: D\n  condition: evt.type = openat and evt.type = close\n  output: o\n  priority: NOTICE\n");
git('add', '.');
is((hook('saker-lint'))[0], 1, 'lint refuses a rule that never holds');
spill("$dir/repo/rules/a.yaml", rule('Cat run', 'no-such', 'NOTICE') . "\n" . rule('Id run', 'id', 'NOTICE'));
git('add', '.');
($is, $out) = hook('saker-test');
is($is, 1, 'test refuses a staged change that a test fails for');
like($out, qr/FAIL .*cat/, 'and shows which');
($is, $out) = hook('saker-test', 'rules/none.test.yaml');
is($is, 2, 'arguments of the user are those of saker test');
spill("$dir/repo/rules/a.yaml", $good =~ s/  desc: D\n/  desc:    D\n/r);
git('add', '.');
($is, $out) = hook('saker-fmt');
is($is, 1, 'fmt refuses a file that is not laid out');
like($out, qr/rules\/a\.yaml/, 'and names it');
is(slurp("$dir/repo/rules/a.yaml"), $good =~ s/  desc: D\n/  desc:    D\n/r, 'and does not write it');
$good = `$saker fmt $dir/repo/rules/a.yaml`;
spill("$dir/repo/rules/a.yaml", "# changed\n$good");
spill("$dir/repo/rules/a.test.yaml", slurp("$dir/repo/rules/a.test.yaml") . "# changed\n");
git('add', '.');
is((hook($_))[0], 0, "$_ lets a good change pass") for qw(saker-lint saker-fmt saker-test);

# ---- the scripts in the YAML ----

SKIP: {
	skip 'shellcheck is not installed', 2 if system('command -v shellcheck >/dev/null');
	my %scripts = (bash => [ map { $_->{run} // () } @{ yaml("$top/tests/ci/action/action.yml")->{runs}{steps} } ],
		sh => [ map { join "\n", @$_ } @{ yaml("$top/tests/ci/gitlab.yml")->{saker} }{qw(before_script script)} ]);
	for my $shell (sort keys %scripts) {
		my @files = map { spill("$dir/script-$shell-$_", $scripts{$shell}[$_]) } 0 .. $#{ $scripts{$shell} };
		is(`shellcheck -S warning -s $shell @files 2>&1`, '', "scripts for $shell");
	}
}

done_testing();
