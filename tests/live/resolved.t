#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Answers of name servers: kept whole although other payload is cut, and the names that they give to
# addresses are in the recording, whatever call got them.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use Live;
use Test::More;

can_record();
my $dir = scratch();
my $server = '127.0.53.7';

sub serve {
	my $pid = start($dir, "$dir/ready", program('answers'), 'server', $server);
	return (wait_for(sub { slurp("$dir/ready") =~ /ready/ }), $pid);
}

sub spill {
	my ($path, $text) = @_;
	open my $f, '>', $path or die "$path: $!\n";
	print $f $text;
	close $f or die "$path: $!\n";
}

# Records the client: how many bytes of each answer, and the names.
sub asked {
	my (@options) = @_;
	my $file = "$dir/case.skr";
	system($saker, 'capture', '-q', '-f', 'evt.type exists', '--force', '-o', $file, @options, '--',
		program('answers'), 'client', $server) == 0 or diag('capture failed');
	my $events = events($file, '-a');
	my @from = grep { $_->{type} eq 'recvmmsg' || ($_->{type} =~ /^(read|recv)/
		&& $_->{args}{res} > 200 && $_->{args}{res} < 220) } @$events;
	return ([map { length($_->{args}{data} // '') } @from],
		{map { $_->{args}{name} => $_->{args}{addr} } grep { $_->{type} eq 'resolved' } @$events},
		$file);
}

my ($ready, $pid) = serve();
plan skip_all => "no name server at $server: " . slurp("$dir/ready.err") unless $ready;

my %all = map { ('w' . chr(ord('a') + $_) . '.answers.test', '192.0.2.' . (ord('a') + $_)) } 0 .. 8;
my ($bytes, $names, $file) = asked();
is(scalar @$bytes, 9, 'nine ways to get an answer');
is(scalar(grep { $_ > 180 } @$bytes), 9, '... and all of each is kept') or diag("@$bytes");
is_deeply($names, \%all, '... and the names are told');
is(qx($saker replay -q '$file' -f 'evt.type = connect and fd.rip.name exists'), '',
	'the server itself has none');

($bytes, $names) = asked('--snaplen', '0');
is(scalar(grep { $_ } @$bytes), 0, '--snaplen 0 keeps nothing');
is_deeply($names, {}, '... and no names');
($bytes, $names) = asked('--snaplen', '10');
is_deeply($names, \%all, '--snaplen 10: as before');

# ---- by the rules that watch ----

spill("$dir/rules.yaml", <<'END');
- rule: Named
  desc: a connection to a machine that a name was asked for
  condition: evt.type = connect and fd.sip.name = wa.answers.test
  output: named %fd.sip.name
  priority: NOTICE
END
my $live = "$dir/live.skr";
system($saker, 'live', '-q', '-r', "$dir/rules.yaml", '--record', $live, '--', program('answers'),
	'client', $server) == 0 or diag('live failed');
$names = { map { $_->{args}{name} => $_->{args}{addr} }
	grep { $_->{type} eq 'resolved' } @{events($live, '-a')} };
is_deeply($names, \%all, 'saker live --record tells the names as well');
stop($pid, 'TERM');

# ---- the whole machine ----

system($saker, 'capture', '-q', '--force', '-o', $file, '--duration', '1s');
my ($host) = slurp('/etc/hosts') =~ /^127\.0\.0\.1[ \t]+([a-z]+)\s/m;
SKIP: {
	skip 'no name of 127.0.0.1', 1 unless $host;
	is((grep { $_->{type} eq 'resolved' && $_->{args}{addr} eq '127.0.0.1'
		&& $_->{args}{name} eq $host } @{events($file, '-a')}), 1, 'names of /etc/hosts');
}

done_testing();
