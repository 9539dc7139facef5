#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Containers of Podman, runc and containerd: what the recording knows of them, also where no
# runtime is, and that nothing which a container does to its files keeps the recorder waiting.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use JSON::PP;
use Live;
use Test::More;
use Time::HiRes qw(sleep time);

can_record();
my $busybox = (grep { -x } '/bin/busybox', '/usr/bin/busybox')[0];
plan skip_all => 'no static busybox (apt-get install busybox-static)'
	unless $busybox && qx(file -L $busybox 2>/dev/null || echo static) =~ /static/;
my %have = map { my $p = $_; $p => (grep { -x "$_/$p" } split /:/, "$ENV{PATH}:/usr/sbin:/sbin")[0] }
	qw(podman runc containerd ctr);
plan skip_all => 'neither podman nor runc' unless $have{podman} || $have{runc};

my $dir = scratch();
my $file = "$dir/r.skr";
my $image = 'saker.test/team/app:1.2';
my @podman = ('podman', '--runtime', 'runc');
my @limits = qw(--ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --network none);
my $tag = "saker-test-$$";
my ($containerd, @undo);
END { local $?; $_->() for reverse @undo }

sub quiet { return system("@_ >>$dir/tools.log 2>&1") == 0 }

sub spill {
	my ($path, $text) = @_;
	open my $out, '>', $path or die "$path: $!\n";
	print $out $text;
	close $out;
}

# A root directory with busybox and accounts of its own.
sub rootfs {
	my ($path) = @_;
	quiet("mkdir -p $path/bin $path/etc $path/proc $path/dev $path/sys $path/tmp");
	quiet("cp $busybox $path/bin/busybox");
	symlink 'busybox', "$path/bin/$_" for qw(sh cat sleep id true);
	spill("$path/etc/passwd", "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:App:/srv/app:/bin/app\n");
	spill("$path/etc/group", "root:x:0:\nappgroup:x:1000:\n");
	spill("$path/etc/shadow", "root:*:1::::::\n");
	return $path;
}

sub background {
	my ($out, @command) = @_;
	unlink $out, $file;
	my $pid = start($dir, $out, @command);
	wait_for(sub { -s $file }, 20) or diag(slurp("$out.err"));
	sleep 0.3;
	return $pid;
}

sub record_machine { return background("$dir/capture", $saker, 'capture', '-q', '-o', $file, @_) }

# Values of fields of the events that match, as JSON objects.
sub values_of {
	my ($filter, @fields) = @_;
	return replay($file, $filter, @fields);
}

# Runs analyze where no runtime has left anything.
sub analyze_elsewhere {
	my (@options) = @_;
	my $hide = join ' ', map { -d $_ ? "mount -t tmpfs none $_;" : () } '/var/lib/containers', '/run', '/var/lib/containerd';
	spill("$dir/elsewhere.sh", "$hide exec $saker analyze -q --json @options $file\n");
	return (run($dir, 'unshare', '-m', 'sh', "$dir/elsewhere.sh"))[1];
}

my $root = rootfs("$dir/rootfs");

# ---- Podman -------------------------------------------------------------------

my @alert = ('--json', '--rule-matching', 'all', '-o', 'suggested_output=true', '-r', "$top/rules/saker.yaml");
SKIP: {
	skip 'no podman', 15 unless $have{podman} && $have{runc};
	skip 'podman cannot import an image here', 15
		unless quiet("tar -C $root -cf $dir/image.tar . && podman import $dir/image.tar $image");
	push @undo, sub { quiet("podman rmi -f $image") };

	my $pid = background("$dir/live", $saker, 'live', '-q', @alert, '--record', $file);
	ok(quiet(join ' ', @podman, 'run', '--rm', @limits, '--name', $tag, '--label', 'team=red',
		'-v', "$dir:/data:ro", $image, '/bin/cat', '/etc/shadow'), 'a container reads /etc/shadow')
		or diag(slurp("$dir/tools.log"));
	ok(wait_for(sub { slurp("$dir/live") =~ /Password hashes read/ }, 10), 'an alert comes at once');
	stop($pid, 'INT');
	my ($said) = grep { /Password hashes read/ && /cat / } split /\n/, slurp("$dir/live");
	my $f = decode_json($said // '{}')->{output_fields} // {};
	like($f->{'container.id'} // '', qr/^[0-9a-f]{12}$/, 'with the id of the container');
	is($f->{'container.name'}, $tag, 'its name');
	is($f->{'container.image.repository'}, 'saker.test/team/app', 'its image');
	is($f->{'container.image.tag'}, '1.2', 'and tag');
	my ($again) = grep { /Password hashes read/ && /cat / } split /\n/, analyze_elsewhere(@alert);
	is($again, $said, 'the same alert from the recording, where no Podman has left anything');

	my ($first) = values_of('evt.type = execve and proc.name = cat and container.id != host', qw(container.name
		container.type container.full_id container.image.digest container.image.id container.privileged
		container.label[team] container.mount.dest[*/saker-live-*] container.mount.rdwr[0] user.name group.name));
	like($first->{'container.full_id'} // '', qr/^[0-9a-f]{64}$/, 'the whole id');
	like($first->{'container.image.digest'} // '', qr/^sha256:[0-9a-f]{64}$/, 'the digest of the image');
	is(join(' ', map { $first->{$_} // '' } qw(container.name container.type container.privileged
		container.label[team] container.mount.dest[*/saker-live-*] container.mount.rdwr[0])),
		"$tag podman " . ($first->{'container.privileged'} // '?') . ' red /data false',
		'name, type, label and mount are known at its first program');
	ok(!$first->{'container.privileged'} || $first->{'container.privileged'} eq 'false', 'not privileged');

	# One that runs already, with a user of its own; then its accounts change.
	quiet(join ' ', @podman, 'run', '-d', @limits, '--name', "$tag-old", '--privileged', '--user', 'app', $image,
		'/bin/sleep', '60');
	push @undo, sub { quiet("podman rm -f -t 0 $tag-old") };
	$pid = record_machine();
	quiet("podman exec $tag-old /bin/id");
	quiet(qq(podman exec --user 0 $tag-old /bin/sh -c "echo late:x:1001:1001::/:/bin/sh >>/etc/passwd"));
	sleep 2.5;
	quiet("podman exec --user 1001 $tag-old /bin/true");
	sleep 0.3;
	stop($pid, 'INT');
	my ($id) = values_of('evt.type = execve and proc.name = id', qw(container.name container.privileged user.name
		user.homedir group.name));
	is(join(' ', map { $id->{$_} // '' } qw(container.name user.name user.homedir group.name)),
		"$tag-old app /srv/app appgroup", 'one that ran before: its name, its own users and groups');
	ok($id->{'container.privileged'} && $id->{'container.privileged'} ne 'false', 'privileged');
	my ($late) = values_of('evt.type = execve and proc.name = true and container.id != host', 'user.name');
	is($late->{'user.name'}, 'late', 'an account that came while it was recorded');

	# What is cut out has what it needs.
	my ($n) = values_of('evt.type = execve and proc.name = id', 'evt.num', 'proc.pid');
	quiet("$saker cut -q --force --pid $n->{'proc.pid'} $file $dir/cut.skr")
		or quiet("$saker cut -q --pid $n->{'proc.pid'} $file $dir/cut.skr");
	my ($cut) = replay("$dir/cut.skr", 'evt.type = execve and proc.name = id',
		qw(container.name user.name));
	is(join(' ', map { $cut->{$_} // '' } qw(container.name user.name)), "$tag-old app",
		'a part that is cut out knows its container and user');

	# Only this one.
	$pid = record_machine('--container', "$tag-old");
	quiet("podman exec $tag-old /bin/true");
	quiet('true');
	sleep 0.3;
	stop($pid, 'INT');
	my %seen = map { ($_->{'container.name'} // '') => 1 } values_of('evt.type = execve', 'container.name');
	is(join(' ', sort keys %seen), "$tag-old", '--container NAME records this container alone');
}

# ---- bundles as Kubernetes runtimes write them ---------------------------------------

sub hex64 { return join '', map { sprintf '%x', int rand 16 } 1 .. 64 }

my %pod = (name => 'shop-7d4b9', ns => 'prod', uid => '0d8a3f1c-97b3-4b0e-a5b5-6cf3c2b6f3f5');

sub bundle {
	my ($id, $path, $cgroup, $annotations) = @_;
	my $bundle = "$dir/bundle-$id";
	mkdir $bundle;
	quiet("cd $bundle && runc spec") or return;
	my $c = decode_json(slurp("$bundle/config.json"));
	$c->{process}{terminal} = JSON::PP::false;
	$c->{process}{args} = [ @$path ];
	delete $c->{process}{rlimits};
	$c->{root} = { path => $root, readonly => JSON::PP::true };
	$c->{linux}{cgroupsPath} = $cgroup;
	delete $c->{linux}{resources};
	$c->{linux}{namespaces} = [ grep { $_->{type} !~ /network|cgroup/ } @{ $c->{linux}{namespaces} } ];
	$c->{annotations} = $annotations;
	push @{ $c->{mounts} }, { destination => '/config', type => 'bind', source => $top, options => [ 'rbind', 'ro', 'rprivate' ] };
	spill("$bundle/config.json", encode_json($c));
	return $bundle;
}

sub runs_bundle {
	my ($form, $cgroup, $type, $annotations) = @_;
	my $id = hex64();
	SKIP: {
		skip 'no runc', 2 unless $have{runc};
		my $bundle = bundle($id, [ '/bin/sh', '-c', 'sleep 0.3; cat /etc/shadow; true' ], sprintf($cgroup, $id), $annotations);
		my $pid = record_machine();
		my $ran = quiet("runc run -b $bundle $id");
		sleep 0.3;
		stop($pid, 'INT');
		skip "runc cannot run a bundle here", 2 unless $ran;
		my ($v) = values_of('evt.type = openat and fd.name = /etc/shadow and container.id != host', qw(container.id
			container.name container.image.repository container.image.tag k8s.pod.name k8s.ns.name k8s.pod.uid
			k8s.pod.full_sandbox_id container.host_network container.mount.dest[0] user.name container.type));
		is($v->{'container.id'}, substr($id, 0, 12), "$form: the id");
		is(join(' ', map { $v->{$_} // '-' } qw(container.name container.image.repository container.image.tag
			k8s.pod.name k8s.ns.name k8s.pod.uid k8s.pod.full_sandbox_id container.mount.dest[0] user.name)),
			"web registry.test/shop 2.0 $pod{name} $pod{ns} $pod{uid} " . ('ab' x 32) . ' /config root',
			"$form: name, image, pod, namespace and mount");
	}
}

runs_bundle("containerd's form", "/kubepods/burstable/pod$pod{uid}/%s", 'containerd', {
	'io.kubernetes.cri.container-type' => 'container', 'io.kubernetes.cri.container-name' => 'web',
	'io.kubernetes.cri.image-name' => 'registry.test/shop:2.0', 'io.kubernetes.cri.sandbox-id' => 'ab' x 32,
	'io.kubernetes.cri.sandbox-name' => $pod{name}, 'io.kubernetes.cri.sandbox-namespace' => $pod{ns},
	'io.kubernetes.cri.sandbox-uid' => $pod{uid},
});
runs_bundle("CRI-O's form", "/kubepods/burstable/pod$pod{uid}/crio-%s", 'cri-o', {
	'io.kubernetes.cri-o.ContainerType' => 'container', 'io.kubernetes.cri-o.ImageName' => 'registry.test/shop:2.0',
	'io.kubernetes.cri-o.SandboxID' => 'ab' x 32, 'io.kubernetes.container.name' => 'web',
	'io.kubernetes.cri-o.Labels' => encode_json({ 'io.kubernetes.pod.name' => $pod{name},
		'io.kubernetes.pod.namespace' => $pod{ns}, 'io.kubernetes.pod.uid' => $pod{uid},
		'io.kubernetes.container.name' => 'web' }),
});

# ---- containerd -----------------------------------------------------------------------

SKIP: {
	skip 'no containerd', 4 unless $have{containerd} && $have{ctr} && $have{runc};
	skip 'a containerd runs here already', 4 if -S '/run/containerd/containerd.sock'
		&& quiet('ctr version');
	spill("$dir/containerd.toml", "version = 2\ndisabled_plugins = ['io.containerd.grpc.v1.cri']\n");
	$containerd = start($dir, "$dir/containerd", 'containerd', '-c', "$dir/containerd.toml");
	push @undo, sub { stop($containerd, 'TERM', 10) };
	skip 'containerd does not start here', 4 unless wait_for(sub { quiet('ctr version') }, 15);
	skip 'no image for containerd', 4 unless $have{podman} && quiet("podman save --format oci-archive -o $dir/oci.tar $image")
		&& quiet("ctr -n $tag image import --snapshotter native $dir/oci.tar");
	my $id = hex64();
	push @undo, sub { quiet("ctr -n $tag image rm $image") };
	for my $name ($id, 'web') {
		my $pid = record_machine();
		my $ran = quiet("ctr -n $tag run --rm --snapshotter native --runc-binary runc --label tier=front $image $name /bin/sh -c 'sleep 0.3; cat /etc/shadow; true'");
		sleep 0.3;
		stop($pid, 'INT');
		skip 'ctr cannot run a container here', 2 unless $ran;
		my ($v) = values_of('evt.type = openat and fd.name = /etc/shadow and container.id != host', qw(container.id
			container.image.repository container.image.tag container.image.digest container.label[tier] user.name));
		is($v->{'container.id'}, substr($name, 0, 12), "containerd: the id of $name");
		is(join(' ', map { $v->{$_} // '-' } qw(container.image.repository container.image.tag
			container.label[tier] user.name)), 'saker.test/team/app 1.2 front root', 'containerd: image and label');
	}
}

# ---- harm -----------------------------------------------------------------------------

# A container makes a FIFO of its accounts, and a link out of itself.
SKIP: {
	skip 'no podman', 4 unless $have{podman} && $have{runc};
	spill("$dir/outside", "stolen:x:0:\n");
	my $pid = record_machine();
	quiet(join ' ', @podman, 'run', '--rm', @limits, '--name', "$tag-bad", $image, '/bin/sh', '-c',
		"'cd /etc; busybox rm -f passwd group; busybox mkfifo passwd;"
		. " busybox ln -s ../../../../../../../..$dir/outside group; sleep 2.5'");
	quiet(join ' ', @podman, 'run', '--rm', @limits, '--name', "$tag-next", $image, '/bin/true');
	sleep 0.3;
	is(stop($pid, 'INT', 20), 0, 'a FIFO for accounts holds nobody up');
	for my $name ("$tag-bad", "$tag-next") {
		my @rows = values_of("evt.type = execve and container.name = $name", 'proc.name');
		ok(scalar(@rows), "$name has its name");
	}
	my (undef, $all) = run($dir, $saker, 'replay', '-q', '--all', '-f', 'evt.type = snap_group', $file);
	unlike($all, qr/stolen/, 'a link leads not out of the container');
}
done_testing;
