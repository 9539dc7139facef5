#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The table of fields: what --list-fields and saker-fields(7) say of each; and every field
# that Falco has against what ../shared/facts knows of it, if that is there.
use strict;
use warnings;
use JSON::PP;
use Test::More;

my $o = $ENV{O} // 'build';
my $facts = ($ENV{SHARED} // '../shared') . '/facts';

my (%ours, @order);
for (split /\n/, `$o/saker analyze --list-fields --json`) {
	my $field = decode_json($_);
	push @order, $field->{name};
	ok(!$ours{$field->{name}}, "$field->{name} is there once") if $ours{$field->{name}};
	$ours{$field->{name}} = $field;
}
cmp_ok(scalar @order, '>', 250, '--list-fields --json has one object for each field');
is_deeply([grep { $ours{$_}{help} !~ /^\S.{5,}\.$/s } @order], [], 'each has a help text');

my $text = `$o/saker analyze --list-fields`;
my $page = do { local (@ARGV, $/) = "$o/man/saker-fields.7"; <> };
my @shown = grep { !$ours{$_}{hidden} } @order;
is_deeply([grep { $text !~ /^  \Q$_\E[\[. ]/m } @shown], [], '--list-fields has them all');
is_deeply([grep { $page !~ /\Q$_\E/ } @shown], [], 'so has saker-fields(7)');
is_deeply([grep { $text =~ /^  \Q$_\E[\[ ]/m } grep { $ours{$_}{hidden} } @order], [],
	  'but for the hidden ones');

# Rows of a table as hashes by its header.
sub rows {
	my ($name) = @_;
	open my $f, '<', "$facts/$name" or return;
	chomp(my $header = <$f>);
	my @names = split /\t/, $header;
	my @rows;
	while (<$f>) {
		chomp;
		my %row;
		@row{@names} = split /\t/, $_, -1;
		push @rows, \%row;
	}
	return @rows;
}

my %argument = (
	'none' => '', 'optional: [index]' => '[n]?', 'optional: [fd number]' => '[n]?',
	'optional: [NAME]' => '[key]?', 'optional: [NAME] or [index]' => '[key]?',
	'required: [index] or .name' => '[n] or .name', 'required: .name' => '.name',
	'required: .number' => '.name', 'required: .controller' => '.name',
	'optional: .src .dst' => '.name?', 'required: [epoch-ns]' => '[key]',
	'required: [key]' => '[key]', 'required: [key] or [index]' => '[key]',
	'optional: [key]' => '[key]?',
);
my %print = (
	'ID' => 'id', 'DEC' => 'plain', 'NA' => 'plain', 'DIR' => 'plain', 'HEX' => 'hex',
	'10_PADDED_DEC' => 'padded9',
);

# Falco has no value for them any more, Saker has.
my $alive = qr/^evt\.(wait_)?latency/;

sub differences {
	my ($row) = @_;
	my $f = $ours{$row->{name}} or return "$row->{name} is missing";
	my $type = $row->{type} eq 'STRING' ? 'CHARBUF' : $row->{type};
	my %want = (type => $type, argument => $argument{$row->{argument}} // $row->{argument},
		    deprecated => $row->{deprecated} ne '', list => $row->{is_list} ne '');
	if (exists $row->{print_format}) {
		$want{$_} = 0 for grep { $row->{name} =~ $alive } 'deprecated';
		%want = (%want, print => $print{$row->{print_format}},
			 condition_only => $row->{usage_restriction} eq 'filter-only',
			 output_only => $row->{usage_restriction} eq 'print-only',
			 hidden => $row->{hidden_from_list} ne '' && $row->{name} !~ $alive,
			 transformers => $row->{transformer_ok} eq 'yes',
			 right_side => $row->{rhs_field_ok} eq 'yes');
	}
	return map { "$row->{name}: $_ is '$f->{$_}', not '$want{$_}'" }
		grep { $f->{$_} ne $want{$_} && ($f->{$_} || $want{$_}) } sort keys %want;
}

SKIP: {
	skip "no tables of Falco's fields in $facts", 2 unless -e "$facts/falco-fields.tsv";
	is_deeply([map { differences($_) } rows('falco-fields.tsv')], [],
		  'every field that Falco has, of its type');
	is_deeply([map { differences($_) } grep { $_->{plugin} eq 'container' }
		   rows('falco-plugin-fields.tsv')], [], 'and those of its plugin for containers');
}
done_testing;
