/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of control groups as runtimes make them, seen on machines or in their sources. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "capture/base/cgroup.h"

#define ID "8a1c9f7be6d2435f0b9d1e2c3f4a5b6c7d8e9f0a1b2c3d4e5f60718293a4b5c6"
#define ID2 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define TASK "0123456789abcdef0123456789abcdef"
#define UID "0d8a3f1c-97b3-4b0e-a5b5-6cf3c2b6f3f5"
#define UID_ "0d8a3f1c_97b3_4b0e_a5b5_6cf3c2b6f3f5"
#define POD_SLICE "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_ ".slice"
#define USER "/user.slice/user-1000.slice/user@1000.service"

static const struct shape {
	const char *path, *type, *id;
} shapes[] = {
	/* Docker: cgroupfs, systemd, rootless, in Docker, swarm, ECS */
	{ "/docker/" ID, "docker", ID },
	{ "/docker/" ID "/init", "docker", ID },
	{ "/system.slice/docker-" ID ".scope", "docker", ID },
	{ "/system.slice/docker-" ID ".scope/system.slice/cron.service", "docker", ID },
	{ USER "/user.slice/docker-" ID ".scope", "docker", ID },
	{ USER "/docker.service/docker/" ID, "docker", ID },
	{ "/docker/" ID "/docker/" ID2, "docker", ID2 },
	{ "/docker/" ID "/kubepods/besteffort/pod" UID "/" ID2, "cri", ID2 },
	{ "/custom-parent/" ID, "docker", ID },
	{ "/ecs/5d14d6c6-5ec2-4f3f-b8e3-15fb83b09d2e/" ID, "docker", ID },
	{ "/ecs/" TASK "/" TASK "-1234567890", "docker", TASK "-1234567890" },
	/* Podman: systemd, cgroupfs, pods, rootless, split groups, services */
	{ "/machine.slice/libpod-" ID ".scope", "podman", ID },
	{ "/machine.slice/libpod-" ID ".scope/container", "podman", ID },
	{ "/machine.slice/libpod-" ID ".scope/ctr/init.scope", "podman", ID },
	{ "/machine.slice/machine-libpod_pod_" ID2 ".slice/libpod-" ID ".scope", "podman", ID },
	{ "/libpod_parent/libpod-" ID, "podman", ID },
	{ "/libpod_parent/" ID2 "/libpod-" ID, "podman", ID },
	{ "/process_api/172c/libpod_parent/libpod-" ID, "podman", ID },
	{ USER "/user.slice/libpod-" ID ".scope", "podman", ID },
	{ USER "/user.slice/libpod-" ID ".scope/container", "podman", ID },
	{ USER "/user.slice/user-libpod_pod_" ID2 ".slice/libpod-" ID ".scope", "podman", ID },
	{ "/system.slice/web.service/libpod-payload-" ID, "podman", ID },
	{ USER "/app.slice/web.service/libpod-payload-" ID, "podman", ID },
	/* containerd and CRI-O, with Kubernetes */
	{ POD_SLICE "/cri-containerd-" ID ".scope", "containerd", ID },
	{ "/kubelet" POD_SLICE "/cri-containerd-" ID ".scope", "containerd", ID },
	{ "/kubelet/kubepods/burstable/pod" UID "/" ID, "cri", ID },
	{ "/system.slice/containerd.service/kubepods-pod" UID_ ".slice:cri-containerd:" ID,
	  "containerd", ID },
	{ "/kubepods/besteffort/pod" UID "/" ID, "cri", ID },
	{ "/kubepods/pod" UID "/" ID, "cri", ID },
	{ "/kubepods/burstable/pod" UID "/" ID "/system.slice/x.service", "cri", ID },
	{ POD_SLICE "/" ID, "cri", ID },
	{ POD_SLICE "/crio-" ID ".scope", "cri-o", ID },
	{ POD_SLICE "/crio-" ID ".scope/container", "cri-o", ID },
	{ "/kubepods/burstable/pod" UID "/crio-" ID, "cri-o", ID },
	{ POD_SLICE "/docker-" ID ".scope", "docker", ID },
	{ "/../../kubepods-pod" UID_ ".slice/cri-containerd-" ID ".scope", "containerd", ID },
	{ "/system.slice/nerdctl-" ID ".scope", "containerd", ID },
	{ USER "/user.slice/nerdctl-" ID ".scope", "containerd", ID },
	{ "/default/" ID, "containerd", ID },
	{ "/k8s.io/" ID, "containerd", ID },
	/* LXC, LXD */
	{ "/lxc/web", "lxc", "web" },
	{ "/lxc/web/system.slice/cron.service", "lxc", "web" },
	{ "/lxc.payload.web", "lxc", "web" },
	{ "/lxc.payload.web/init.scope", "lxc", "web" },
	{ "/lxc.payload/web", "lxc", "web" },
	{ "/lxc.payload.web/system.slice/docker-" ID ".scope", "docker", ID },
	{ "/lxc.payload.web/lxc.payload.inner", "lxc", "inner" },
	/* systemd-nspawn, libvirt */
	{ "/machine.slice/machine-web.scope", "nspawn", "web" },
	{ "/machine.slice/machine-web.scope/payload/system.slice/ssh.service", "nspawn", "web" },
	{ "/machine.slice/systemd-nspawn@web.service/payload", "nspawn", "web" },
	{ "/machine.slice/systemd-nspawn@web.service/payload/init.scope", "nspawn", "web" },
	{ "/machine.slice/machine-lxc\\x2d4107\\x2dweb.scope", "libvirt-lxc", "web" },
	{ "/machine/web.libvirt-lxc", "libvirt-lxc", "web" },
	/* others */
	{ "/garden/d7b8a9c0-12ab", "bpm", "d7b8a9c0-12ab" },
	{ "/mesos/" UID, "mesos", UID },
	/* Where Podman without systemd puts its monitors: a container to Falco. */
	{ "/libpod_parent/conmon", "", "conmon" },
	/* No containers: the host, and what runtimes run beside one. */
	{ "/", NULL, NULL },
	{ "", NULL, NULL },
	{ "/init.scope", NULL, NULL },
	{ "/system.slice/docker.service", NULL, NULL },
	{ "/system.slice/containerd.service", NULL, NULL },
	{ "/system.slice/lxc.service", NULL, NULL },
	{ "/lxc", NULL, NULL },
	{ "/lxc.monitor.web", NULL, NULL },
	{ USER "/app.slice/app-org.gnome.Terminal.slice/vte-spawn-" UID ".scope", NULL, NULL },
	{ "/machine.slice/libpod-conmon-" ID ".scope", NULL, NULL },
	{ POD_SLICE "/crio-conmon-" ID ".scope", NULL, NULL },
	{ POD_SLICE, NULL, NULL },
	{ "/machine.slice/machine-libpod_pod_" ID2 ".slice", NULL, NULL },
	{ "/machine.slice/machine-qemu\\x2d1\\x2dvm.scope", NULL, NULL },
	{ "/machine.slice/systemd-nspawn@web.service/supervisor", NULL, NULL },
	{ "/docker/8a1c9f7be6d2", NULL, NULL },
	{ "/docker/" ID "0", NULL, NULL },
	{ "/docker/zz" TASK "0123456789abcdef0123456789abcd", NULL, NULL },
	{ "/ecs/" TASK, NULL, NULL },
	{ "/mesos/agents", NULL, NULL },
};

static void check(const struct shape *s)
{
	const size_t len = strlen(s->path);
	char *const path = malloc(len ? len : 1);	/* no NUL behind it */
	struct cgroup_container c;
	bool found;

	memcpy(path, s->path, len);
	found = cgroup_container(path, len, &c);
	if (found != (s->type != NULL))
		fail_msg("%s: %s", s->path, found ? "is a container" : "is none");
	if (found && (strcmp(c.type, s->type) || c.len != strlen(s->id)
		      || memcmp(c.id, s->id, c.len)))
		fail_msg("%s: %s %.*s", s->path, c.type, (int)c.len, c.id);
	free(path);
}

static void every_shape_is_told(void **unused)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		check(&shapes[i]);
}

static void names_are_not_shortened(void **unused)
{
	static const char name[] = "/lxc/a-container-with-a-long-name", hex[] = "/docker/" ID;
	struct cgroup_container c;

	assert_true(cgroup_container(name, strlen(name), &c));
	assert_int_equal(cgroup_shown(&c), strlen(name) - 5);
	assert_true(cgroup_container(hex, strlen(hex), &c));
	assert_int_equal(cgroup_shown(&c), 12);
}

static void the_first_group_in_a_container_counts(void **unused)
{
	static const char hybrid[] = "cpuset=/\0cpu=/system.slice\0memory=/docker/" ID,
			  v2[] = "cpu=/machine.slice/libpod-" ID ".scope\0memory=/docker/" ID2,
			  none[] = "cpuset=/\0cpu=/\0no equals sign\0=";
	struct cgroup_container c;

	assert_true(cgroups_container(hybrid, sizeof(hybrid), &c));
	assert_string_equal(c.type, "docker");
	assert_true(cgroups_container(v2, sizeof(v2), &c));
	assert_string_equal(c.type, "podman");
	assert_false(cgroups_container(none, sizeof(none), &c));
	assert_false(cgroups_container(none, 0, &c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_shape_is_told),
		cmocka_unit_test(names_are_not_shortened),
		cmocka_unit_test(the_first_group_in_a_container_counts),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
