#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The rule language against verdicts of Falco itself: ../shared/conformance, which is
# not part of the project.  Where we differ on purpose is in tests/rules-deviations.
use strict;
use warnings;
use JSON::PP;
use IPC::Open2;

my $data = $ENV{CONFORMANCE} // '../shared/conformance';
my $tool = ($ENV{O} // 'build') . '/tests/tools/rules';
if (!-d $data) {
	print "1..0 # SKIP no conformance data at $data\n";
	exit 0;
}

my ($in, $out);
my $pid = open2($out, $in, $tool);
binmode $in;
binmode $out;

# Bytes for the tool: texts of the data are Latin-1 code points or Unicode.
sub bytes {
	my ($text, $latin1) = @_;
	utf8::encode($text) unless $latin1;
	return $text;
}

sub ask {
	my ($verb, $text) = @_;
	print $in "$verb " . length($text) . "\n" . $text;
	$in->flush;
	my $n = <$out>;
	die "the tool died on: $verb $text\n" unless defined $n;
	my $answer = '';
	read($out, $answer, $n) == $n or die "short answer\n" if $n > 0;
	return $answer;
}

sub load {
	my ($name) = @_;
	local $/;
	open my $f, '<', "$data/$name.json" or die "$name: $!";
	return JSON::PP->new->utf8->decode(<$f>);
}

my %deviates;
open my $list, '<', 'tests/rules-deviations' or die "tests/rules-deviations: $!";
while (<$list>) {
	$deviates{$1} = $2 if /^(\S+)\s+(\S.*)$/ && !/^#/;
}

my ($test, @results) = (0);
my ($group, $ran, $failed, $excepted);
sub group { ($group, $ran, $failed, $excepted) = (shift, 0, 0, 0); }
sub done {
	$test++;
	printf "%s %d - %s: %d cases, %d listed deviations\n",
		$failed ? 'not ok' : 'ok', $test, $group, $ran, $excepted;
}
sub check {
	my ($id, $ok, $what) = @_;
	$ran++;
	if ($deviates{"$group/$id"}) {
		$excepted++;
		print "# $group/$id agrees, its line in tests/rules-deviations can go\n" if $ok;
		return;
	}
	return if $ok;
	$failed++;
	$what =~ s/\n/\n# /g;
	print "# $group/$id: " . substr($what, 0, 1500) . "\n";
}

sub verdict { return $_[0] =~ /^fail/ ? 'fail' : 'ok'; }

group('filter-parser');
for my $c (@{load('filter-parser')->{cases}}) {
	my $text = bytes($c->{filter});
	my $got = ask('parse', $text);
	check($c->{id}, verdict($got) eq $c->{expect}, "$text -> $got, want $c->{expect}");
	next if $c->{expect} ne 'ok' || $c->{test} eq 'parse_position_info';
	# A backslash and a blank are an escape, not a blank.
	my %blank = (around => " $text ", lines => $text =~ s/(?<!\\) /\n/gr,
		     tabs => $text =~ s/(?<!\\) /\t/gr);
	for my $kind (sort keys %blank) {
		my $blank = $blank{$kind};
		$got = ask('parse', $blank);
		check("$c->{id}-$kind", verdict($got) eq 'ok', "$blank -> $got");
	}
}
done();

group('filter-canonical');
for my $c (@{load('filter-canonical')->{cases}}) {
	my $got = ask('canonical', bytes($c->{filter}));
	my $again = ask('canonical', $got);
	check($c->{id}, $got eq ($c->{canonical} // $got) && $got eq $again,
	      "$c->{filter}\n got  $got\n again $again\n want " . ($c->{canonical} // ''));
}
done();

group('filter-escaping');
for my $c (@{load('filter-escaping')->{cases}}) {
	my ($input, $want) = (bytes($c->{input} // '', 1), $c->{output});
	if ($c->{op} eq 'unescape') {
		my $got = ask('canonical', "a.b = $input");
		my $ok = $c->{error} ? verdict($got) eq 'fail' :
			verdict($got) eq 'ok' && $got eq ask('canonical', $got);
		check($c->{id}, $ok, "$input -> $got");
	} else {
		my $quoted = $input;
		$quoted =~ s/([\\"])/\\$1/g;
		my %letter = ("\b" => 'b', "\f" => 'f', "\n" => 'n', "\r" => 'r', "\t" => 't');
		$quoted =~ s/([\b\f\n\r\t])/\\$letter{$1}/g;
		my $got = ask('canonical', qq(a.b = "$quoted"));
		my $ok = defined $want ? $got eq "a.b = " . bytes($want, 1) :
			$got eq ask('canonical', $got);
		check($c->{id}, $ok, "$input -> $got, want " . ($want // 'the same again'));
	}
}
done();

my $compile = load('filter-compile');
group('filter-compile');
for my $c (grep { $_->{factory} eq 'syscall' } @{$compile->{compile}}) {
	my $got = ask('compile', bytes($c->{filter}));
	check($c->{id}, verdict($got) eq $c->{expect}, "$c->{filter} -> $got, want $c->{expect}");
}
for my $c (grep { $_->{test} eq 'compilation_warnings' } @{$compile->{compile}}) {
	my @lines = split /\n/, ask('compile', bytes($c->{filter}));
	check($c->{id}, $lines[0] eq 'ok' && @lines - 1 == $c->{warnings},
	      "$c->{filter} -> @lines, want $c->{warnings} warnings");
}
# The fields of the original test are not ours: put in ones that are.
for my $c (grep { $_->{factory} eq 'mock' && $_->{test} ne 'compilation_warnings' } @{$compile->{compile}}) {
	my $text = $c->{filter} =~ s/c\.buffer/evt.buffer/r;
	my $field = $text =~ /[<>]/ ? 'proc.pid' : 'proc.name';
	$text =~ s/c\.true/$field/;
	my $got = ask('compile', bytes($text));
	check($c->{id}, verdict($got) eq $c->{expect}, "$text -> $got, want $c->{expect}");
}
for my $c (@{$compile->{boolean}}) {
	my $text = $c->{filter};
	$text =~ s/c\.true=1/evt.type=rename/g;
	$text =~ s/c\.false=1/evt.type=close/g;
	# As the tool's event has them.
	$text =~ s/c\.singlequote/evt.rawarg.oldpath/g;
	$text =~ s/c\.doublequote/evt.rawarg.newpath/g;
	my $got = ask('eval', $text);
	check($c->{id}, $got eq ($c->{expect} ? 'true' : 'false'), "$text -> $got");
}
for my $c (@{$compile->{filter_compiles}}, @{$compile->{throws}}) {
	my $got = ask('compile', bytes($c->{filter}));
	my $want = $c->{expect} =~ /^throws/ ? 'fail' : $c->{expect};
	check($c->{id}, verdict($got) eq $want, "$c->{filter} -> $got, want $want");
}
done();

group('compile-probes');
# Made with a Falco that had not loaded the container plugin.
for my $c (@{load('compile-probes')->{cases}}) {
	my @lines = split /\n/, ask('bare', bytes($c->{filter}));
	my $want = $c->{'0.44.1'};
	my $ok = verdict($lines[0]) eq $want->{expect} &&
		($want->{expect} eq 'fail' || @lines - 1 == @{$want->{warnings}});
	check($c->{id}, $ok, "$c->{filter} -> @lines, want $want->{expect}");
}
done();

group('filter-evttypes');
for my $c (@{load('filter-evttypes')->{cases}}) {
	my $got = ask('events', bytes($c->{filter}));
	my $want;
	if (defined $c->{throws}) {
		$got = ask('compile', bytes($c->{filter}));
		check($c->{id}, (verdict($got) eq 'fail') == !!$c->{throws}, "$c->{filter} -> $got");
		next;
	}
	if (defined $c->{same_as}) {
		$want = ask('events', bytes($c->{same_as}));
	} elsif (ref $c->{set}) {
		$want = @{$c->{set}} ? ask('events', 'evt.type in (' . join(',', @{$c->{set}}) . ')') : '';
	} elsif ($c->{set} eq 'ALL') {
		$want = "(all)\n";
	} elsif ($c->{set} =~ /^ALL-\{(.*)\}$/) {
		$want = ask('events', "not evt.type in ($1)");
	}
	check($c->{id}, defined $want && $got eq $want,
	      "$c->{filter}\n got  $got\n want " . ($want // $c->{set}));
}
done();

group('evt-type-names');
my $names = load('evt-type-names');
for my $n (@{$names->{accepted}}) {
	my $got = ask('compile', "evt.type = $n");
	check($n, verdict($got) eq 'ok', $got);
}
for my $n (@{$names->{rejected}}) {
	my $got = ask('compile', "evt.type = $n");
	check($n, verdict($got) eq 'fail', "$n is accepted");
}
done();

# ---- rule files ----

sub loaded {
	my ($yaml) = @_;
	return JSON::PP->new->utf8->decode(ask('load', bytes($yaml)));
}

# Codes of messages of one severity, sorted; Falco stops at the first error of a file.
sub codes {
	my ($list) = @_;
	return join ' ', sort map { $_->{code} } @$list;
}

# Agreement with one version of Falco: '' or what is different.
sub differs {
	my ($got, $want) = @_;
	my ($result, $first) = ($got->{result}, $want->{errors}[0]);
	my $load = $result->{successful} ? 'ok' : 'fail';
	my $want_load = $want->{load} eq 'ok' ? 'ok' : 'fail';
	return "load: $load, want $want_load: " . ($result->{errors}[0]{message} // '')
		if $load ne $want_load;
	if ($first) {
		my $e = $result->{errors}[0];
		return "error $e->{code} $e->{message}, want $first->{code} $first->{message}"
			if $e->{code} ne $first->{code};
		my $path = join '/', map { "$_->{item_type}:$_->{item_name}" }
			@{$e->{context}{locations}};
		my $want_path = join '/', map { "$_->[0]:$_->[1]" } @{$first->{items} // []};
		return "place $path, want $want_path" if $first->{items} && $path ne $want_path;
		# Falco adds the line inside the text to that of the item; ours is the true one.
		return '' if $path =~ /condition expression:$/;
		my $line = $e->{context}{locations}[-1]{position}{line};
		return "line $line, want $first->{line}"
			if defined $first->{line} && $line != $first->{line};
	} elsif ($want->{warnings} && codes($result->{warnings}) ne codes($want->{warnings})) {
		return 'warnings ' . codes($result->{warnings}) . ', want ' . codes($want->{warnings});
	}
	for my $name (keys %{$want->{compiled} // {}}) {
		my ($g, $w) = ($got->{compiled}{$name}, $want->{compiled}{$name});
		return "rule $name is missing" unless $g;
		for my $key (qw(condition output priority)) {
			return "$name: $key $g->{$key}, want $w->{$key}"
				if defined $w->{$key} && $g->{$key} ne $w->{$key};
		}
		return "$name: enabled" if defined $w->{enabled} && !!$g->{enabled} != !!$w->{enabled};
		return "$name: tags @{$g->{tags}}"
			if $w->{tags} && "@{$g->{tags}}" ne join ' ', sort @{$w->{tags}};
	}
	return '';
}

group('loader-probes');
for my $c (@{load('loader-probes')->{cases}}) {
	my $got = loaded($c->{rules});
	my @why = map { differs($got, $c->{$_}) } '0.44.1', 'master';
	check($c->{id}, !$why[0] || !$why[1], "$c->{name}: $why[0]");
}
done();

group('rule-loader');
for my $c (@{load('rule-loader')->{cases}}) {
	my $got = loaded($c->{rules});
	my $result = $got->{result};
	my @why = map { my %w = %{$c->{"oracle_$_"}}; $w{load} = $c->{load}; differs($got, \%w) }
		'0.44.1', 'master';
	my @bad;
	push @bad, $why[0] if $why[0] && $why[1];
	for my $key (qw(error warning)) {
		my $texts = $c->{"${key}_contains"} // next;
		for my $t (ref $texts ? @$texts : $texts) {
			push @bad, "no $key with '$t'"
				unless grep { index($_->{message}, $t) >= 0 } @{$result->{"${key}s"}};
		}
	}
	for my $name (keys %{$c->{compiled_condition} // {}}) {
		my $g = $got->{compiled}{$name}{condition} // '(none)';
		push @bad, "$name: $g, want $c->{compiled_condition}{$name}"
			if $g ne $c->{compiled_condition}{$name};
	}
	if (defined $c->{enabled_rules}) {
		my $n = grep { $_->{enabled} } values %{$got->{compiled}};
		push @bad, "$n rules enabled, want $c->{enabled_rules}" if $n != $c->{enabled_rules};
	}
	check($c->{id}, !@bad, "$c->{test}: @bad\n$c->{rules}");
}
done();

group('official-rules-compiled');
my $official = load('official-rules-compiled')->{files};
for my $path (sort keys %$official) {
	my ($file) = $path =~ m{([^/]+)$};
	open my $f, '<', "$data/../rulesets/$file" or die "$file: $!";
	my $yaml = do { local $/; <$f> };
	my $got = JSON::PP->new->utf8->decode(ask('load', $yaml));
	my $want = $official->{$path}{rules};
	check($file, $got->{result}{successful}, JSON::PP->new->encode($got->{result}));
	for my $name (sort keys %$want) {
		my ($g, $w) = ($got->{compiled}{$name}, $want->{$name});
		my @types = grep { $_ ne 'asyncevent' } @{$w->{events}};
		my @bad;
		push @bad, "condition\n$g->{condition}\n$w->{condition_compiled}"
			if ($g->{condition} // '') ne $w->{condition_compiled};
		push @bad, "output $g->{output}" if ($g->{output} // '') ne $w->{output_compiled};
		push @bad, "events $g->{events}"
			if ($g->{events} // '') ne join '', map { "$_\n" } sort @types;
		push @bad, 'enabled' if !!$g->{enabled} != !!$w->{enabled};
		push @bad, 'priority' if $g->{priority} ne $w->{priority};
		push @bad, 'tags' if "@{$g->{tags}}" ne "@{$w->{tags}}";
		check("$file/$name", !@bad, "@bad");
	}
}
done();

group('plugin-requirements');
for my $c (@{load('plugin-requirements')->{cases}}) {
	my $plugins = join '', map { "#plugin $_->{name} $_->{version}\n" } @{$c->{loaded}};
	my $got = loaded($plugins . $c->{rules});
	check($c->{id}, !!$got->{result}{successful} == ($c->{expect} eq 'ok'), $c->{rules});
}
done();

group('extra-output');
for my $c (@{load('extra-output')->{cases}}) {
	next if $c->{extra_fields};	# the configuration of sinks, not of rules
	my $extra = join '', map {
		"#extra $_->{rule}|" . join(',', @{$_->{tags}}) . "|$_->{format}\n"
	} @{$c->{extra_formats}};
	my $got = loaded($extra . $c->{rules});
	for my $name (keys %{$c->{compiled_output}}) {
		check("$c->{id}/$name", $got->{compiled}{$name}{output} eq $c->{compiled_output}{$name},
		      "$got->{compiled}{$name}{output}, want $c->{compiled_output}{$name}");
	}
	for my $name (keys %{$c->{output_not_contains} // {}}) {
		check("$c->{id}/$name", index($got->{compiled}{$name}{output},
		      $c->{output_not_contains}{$name}) < 0, $got->{compiled}{$name}{output});
	}
}
done();

group('condition-warnings');
my $n = 0;
for my $c (@{load('condition-warnings')->{cases}}) {
	my $yaml = "- rule: r\n  desc: d\n  condition: evt.type=open and $c->{condition}\n" .
		"  output: o\n  priority: INFO\n";
	my @codes = map { $_->{code} } @{loaded($yaml)->{result}{warnings}};
	check($n++, "@codes" eq ($c->{code} // ''), "$c->{condition}: @codes");
}
done();

group('macro-resolution');
$n = 0;
for my $c (@{load('ast-resolvers')->{macro_resolution}}) {
	my $macros = '';
	# Macros see those defined before them.
	for my $m (reverse sort keys %{$c->{macros}}) {
		my $text = $c->{macros}{$m};
		$macros .= "- macro: $m\n  condition: $text\n";
	}
	my $rule = "- rule: r\n  desc: d\n  condition: $c->{filter}\n  output: o\n" .
		"  priority: INFO\n  warn_evttypes: false\n";
	s/(?:evt\.name|[a-z]+\.field)\b/proc.name/g for $macros, $rule, $c->{expanded};
	my $got = loaded($macros . $rule);
	my $ok = @{$c->{unknown}} ?
		$got->{result}{errors}[0]{message} =~ /Undefined macro '$c->{unknown}[0]'/ :
		$got->{compiled}{r}{condition} eq $c->{expanded};
	check($n++, $ok, $macros . $rule);
}
done();

group('details');
# Names of a condition by kind; macros and lists are those that are known.
$n = 0;
for my $c (@{load('ast-resolvers')->{details}}) {
	my %got = map { $_ => 1 } split /\n/, ask('details', bytes($c->{condition}));
	my @bad;
	for (['fields', 'field'], ['operators', 'operator'], ['transformers', 'transformer']) {
		my ($key, $kind) = @$_;
		next unless $c->{$key};
		my @have = sort map { /^$kind (.*)/ ? $1 : () } keys %got;
		push @bad, "$key @have" if "@have" ne join ' ', sort @{$c->{$key}};
	}
	for my $name (@{$c->{macros} // []}, @{$c->{lists} // []}) {
		push @bad, "no $name" unless $got{"name $name"};
	}
	check($n++, !@bad, "$c->{condition}: @bad");
}
done();

group('transformers');
my %kind_of = (PT_CHARBUF => 'text', PT_FSPATH => 'text', PT_FSRELPATH => 'text', PT_BYTEBUF => 'bytes');
my %name_of = (BASE64 => 'b64');
for my $c (@{load('transformers')->{cases}}) {
	my $name = $name_of{$c->{transformer}} // lc $c->{transformer};
	if (my $s = $c->{supported}) {
		my %types = map { $kind_of{$_} => 1 } @{$s->{supported_types}};
		my $any = $s->{supported_list_types} eq 'all_param_types()';
		for my $type (qw(text bytes number)) {
			check("$c->{id}-$type", ask('takes', "$name 0 $type") eq
			      ($types{$type} ? 'true' : 'false'), $type);
			check("$c->{id}-list-$type", ask('takes', "$name 1 $type") eq
			      ($types{$type} || $any ? 'true' : 'false'), "list of $type");
		}
		next;
	}
	my @in = map { ref ? $_->{expr} : $_ } @{$c->{input}};
	my @want = map { ref ? $_->{expr} : $_ } @{$c->{expected}};
	my $got = ask('transform', bytes(join "\n", "$name " . ($c->{list} ? 1 : 0), @in));
	check($c->{id}, $got eq join('', map { "$_\n" } @want), "$name(@in): $got");
}
done();

group('enable-rule');
# Falco's sets of enabled rules: "default_ruleset" is ours; those made from nothing are
# one selection after everything was turned off.
for my $c (@{load('enable-rule')->{cases}}) {
	my %steps;
	my $at = 0;
	for my $s (@{$c->{steps}}) {
		$at++;
		my $set = $s->{ruleset};
		$steps{$set} //= $set eq 'default_ruleset' ? '' : "#disable name *\n";
		if (defined $s->{op}) {
			my $verb = $s->{enable} ? '#enable' : '#disable';
			my $pattern = $s->{pattern} // '';
			$steps{$set} .= $s->{op} eq 'tags' ?
				join('', map { "$verb tag $_\n" } @{$s->{tags}}) :
				$s->{op} eq 'substring' || $pattern eq '' ? "$verb name *$pattern*\n" :
				"$verb name $pattern\n";
		} elsif (defined $s->{check_enabled}) {
			my $got = loaded($steps{$set} . $c->{rules});
			my $on = grep { $_->{enabled} } values %{$got->{compiled}};
			check("$c->{id}-$at", $on == $s->{check_enabled},
			      "$steps{$set}\n$on enabled, want $s->{check_enabled}");
		}
	}
}
done();

group('wildcard');
$n = 0;
for my $c (@{load('utils')->{wildcard}}) {
	my $got = ask('matches', "$c->{pattern}\n$c->{text}");
	check($n++, $got eq ($c->{match} ? 'true' : 'false'), "$c->{pattern} $c->{text}: $got");
}
done();

group('probe-eval');
# How many events of a capture a condition holds on.
my $probes = load('probe-eval');
my @probes = @{$probes->{cases}};
my (%bad, %counted);
for my $capture (@{$probes->{captures}}) {
	my $file = "$data/../captures/$capture";
	next unless -e $file;
	my @got = split /\n/, ask('count', join "\n", $file, map { bytes($_->{condition}) } @probes);
	for my $i (0 .. $#probes) {
		my $want = $probes[$i]{counts}{$capture};
		my $ok = grep { $_ eq $got[$i] } grep { defined } values %$want;
		$counted{$i} = 1;
		$bad{$i} .= " $capture $got[$i], want $want->{'0.44.1'};" unless $ok;
	}
}
for my $i (sort { $a <=> $b } keys %counted) {
	check($i, !$bad{$i}, $probes[$i]{condition} . ($bad{$i} // ''));
}
done();

print "1..$test\n";
close $in;
waitpid $pid, 0;
