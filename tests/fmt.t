#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# saker fmt: one layout, comments kept, the meaning untouched; laid out twice is laid out once.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use Saker;
use Test::More;

sub fmt { return run('fmt', @_) }

my $messy = spill("$dir/messy.yaml", <<'EOT');
# The head of the file.

# It has two parts.

-   list:   shells
    items:
       - sh
       - "bash"
       - 'da sh'
- macro: started     # of programs
  # why: forks are no starts
  condition: (evt.type in (execve,execveat)   and evt.res="SUCCESS")

# - rule: commented out
#   desc: it stays

# about the rule
- rule: A shell
  output:   "shell %proc.name: it was started"
  priority:   WARNING   # not more
  tags: [ b,
     a ]
  # the condition is long
  condition: started and proc.name in (shells) and not (proc.pname = cron and (proc.aname[2] = init or proc.aname[3] = init) and user.name != "a  b") and not proc.exepath in (/usr/local/bin/one, /usr/local/bin/two, /usr/local/bin/three, /usr/local/bin/four, /usr/local/bin/fivefive)
  desc: A shell was started by something that is not known to start shells, which is worth a look in most places.
  exceptions:
    - name: known     # nested values are moved only
      fields: [proc.name]
      values:
        - [x]

# the end
EOT
my $want = <<'EOT';
# The head of the file.

# It has two parts.

- list: shells
  items: [sh, "bash", 'da sh']

- macro: started  # of programs
  # why: forks are no starts
  condition: (evt.type in (execve,execveat) and evt.res="SUCCESS")

# - rule: commented out
#   desc: it stays

# about the rule
- rule: A shell
  desc: >-
    A shell was started by something that is not known to start shells, which is worth a look in
    most places.
  # the condition is long
  condition: >
    started
    and proc.name in (shells)
    and not (proc.pname = cron
      and (proc.aname[2] = init or proc.aname[3] = init)
      and user.name != "a  b")
    and not proc.exepath in (/usr/local/bin/one, /usr/local/bin/two, /usr/local/bin/three,
        /usr/local/bin/four, /usr/local/bin/fivefive)
  exceptions:
    - name: known     # nested values are moved only
      fields: [proc.name]
      values:
        - [x]
  output: "shell %proc.name: it was started"
  priority: WARNING  # not more
  tags: [b, a]

# the end
EOT
my ($status, $out, $said) = fmt($messy);
is($status, 0, 'exit 0') or diag($said);
is($out, $want, 'one layout');
isnt(slurp($messy), $want, 'the file is as it was');

# In place.
($status, $out) = fmt('--check', $messy);
is($status, 1, '--check: exit 1 where something would change');
is($out, "$messy\n", 'and its name');
chmod 0640, $messy;
($status, $out) = fmt('-w', $messy);
is($status, 0, '--write: exit 0');
is($out, "$messy\n", 'names what was written');
is(slurp($messy), $want, 'and writes it');
is((stat $messy)[2] & 07777, 0640, 'the mode stays');
is(scalar(() = glob("$dir/messy.yaml.*")), 0, 'nothing else is left');
($status, $out) = fmt('--check', $messy);
is($status, 0, '--check: exit 0 where nothing would');
is($out, '', 'and nothing is said');
my $before = (stat $messy)[1];
($status, $out) = fmt('-w', $messy);
is($out, '', 'what is laid out is not written again');
is((stat $messy)[1], $before, 'it is the same file');

# What cannot be laid out safely stays as it is.
my $special = "- list: a\n  items:   &x [1,   2]\n- list:   b\n  items: *x\n- {list: c,   items: [y]}\n";
($status, $out) = fmt(spill("$dir/special.yaml", $special));
is($status, 0, 'anchors and flow mappings');
like($out, qr/^  items:   &x \[1,   2\]$/m, 'an item with an anchor is not touched');
like($out, qr/^- \{list: c,   items: \[y\]\}$/m, 'nor is one in braces');
my $inside = "- list: a\n  items: [\n    x,  # first\n    y ]\n- rule: r\n  desc: |\n    one\n      two\n" .
	"  condition: a\n  output: |\n    kept  \n     as is\n  priority: INFO\n";
($status, $out) = fmt(spill("$dir/inside.yaml", $inside));
is($status, 0, 'comments inside values');
like($out, qr/^  items: \[\n    x,  # first\n    y \]$/m, 'a list with comments keeps its lines');
like($out, qr/^  desc: \|\n    one\n      two$/m, 'a literal text too');
like($out, qr/^  output: \|\n    kept  \n     as is$/m, 'with the blanks at its ends');

# Mistakes.
($status, undef, $said) = fmt(spill("$dir/wrong.yaml", "- rule: [\n"));
is($status, 2, 'no YAML: exit 2');
like($said, qr/wrong\.yaml: error at line 2/, 'and where');
($status, undef, $said) = fmt(spill("$dir/map.yaml", "rule: x\n"));
is($status, 2, 'no list: exit 2');
like($said, qr/not one list/, 'and why');
($status, undef, $said) = fmt("$dir/none.yaml");
is($status, 2, 'no file: exit 2');
like($said, qr/none\.yaml: No such file/, 'and which');
($status) = fmt('-w', '-c', $messy);
is($status, 2, '--check and --write: exit 2');
($status, $out) = fmt(spill("$dir/empty.yaml", ''));
is("$status $out", '0 ', 'an empty file');
($status, $out) = fmt(spill("$dir/comment.yaml", "# only this\n"));
is("$status $out", "0 # only this\n", 'a comment alone');

is((fmt('--check', "$top/rules/saker.yaml"))[0], 0, 'the shipped rules are laid out');

# Our own rules, and the published ones: the same rules come out, and nothing changes twice.
sub rules_of {
	my ($file) = @_;
	my $text = `$saker analyze -q --list-rules --json -r '$file' 2>/dev/null`;
	my $conditions = `$saker analyze -q --dump=folded -r '$file' 2>/dev/null`;
	$text =~ s/"desc":"(\\.|[^"\\])*"//g;
	return $text . $conditions;
}

for my $file ("$top/rules/saker.yaml", glob "$top/../shared/rulesets/*.yaml") {
	my $name = basename($file);
	my $once = spill("$dir/once.yaml", (fmt($file))[1]);
	ok(-s $once, "$name is laid out");
	is((fmt($once))[1], slurp($once), "$name: a second time nothing changes");
	ok(rules_of($once) eq rules_of($file), "$name: the same rules");
	my $comments = join '', sort grep { /^ *#/ } map { s/^ +//r } split /^/, slurp($file) =~ s/ +$//gmr;
	my $after = join '', sort grep { /^ *#/ } map { s/^ +//r } split /^/, slurp($once);
	is($after, $comments, "$name: all comments are there");
}

# Bytes changed at random: a layout, or a message; never a crash, never another meaning.
srand 7;
my $text = $want;
my %ends;
for my $round (1 .. 300) {
	my $broken = $text;
	for (0 .. rand 3) {
		my $at = int rand length $broken;
		substr($broken, $at, 1) = substr("\n #-:[]{}'\">|&*\t\r\0\xe9x", int rand 20, 1);
	}
	my ($code) = fmt(spill("$dir/broken.yaml", $broken));
	$ends{$code}++;
}
is(join(' ', grep { $_ != 0 && $_ != 2 } keys %ends), '', 'damaged files end with 0 or 2');
ok($ends{0} && $ends{2}, 'some with each');

done_testing;
