/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/live/probes.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/base/err.h"

#include "bpf/saker.skel.h"

/* A quarter must hold the longest record of an exec. */
enum { RING_MIN = 256 << 10 };
enum { INITIAL_PID_NAMESPACE = 0xEFFFFFFC };	/* a fixed inode in all kernels */

/* What libbpf last complained about: the end of a message when loading fails. */
static char complaint[256];

static int keep_complaint(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (level == LIBBPF_WARN && strncmp(fmt, "libbpf: failed to load", 22) != 0) {
		vsnprintf(complaint, sizeof(complaint), fmt, ap);
		complaint[strcspn(complaint, "\n")] = 0;
	}
	if (getenv("SAKER_LIBBPF_DEBUG"))
		return vfprintf(stderr, fmt, ap);
	return 0;
}

static bool have_capability(cap_value_t cap)
{
	cap_t const c = cap_get_proc();
	cap_flag_value_t v = CAP_CLEAR;

	if (c) {
		cap_get_flag(c, cap, CAP_EFFECTIVE, &v);
		cap_free(c);
	}
	return v == CAP_SET;
}

/* The reasons that a person can do something about, before the kernel says EPERM. */
static int check_machine(void)
{
	struct stat st;

	if (!have_capability(CAP_SYS_ADMIN) &&
	    !(have_capability(CAP_BPF) && have_capability(CAP_PERFMON)))
		return err(ERR_PRIVILEGE, "recording needs root (or the capabilities "
			   "CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE)");
	/* The kernel half knows the initial namespace's ids only, this process others. */
	if (stat("/proc/self/ns/pid", &st) == 0 && st.st_ino != INITIAL_PID_NAMESPACE)
		return err(ERR_PRIVILEGE, "recording works from the initial pid namespace only: "
			   "in a container, start it with the host's (--pid=host)");
	if (access("/sys/kernel/btf/vmlinux", R_OK) != 0)
		return err(ERR_PRIVILEGE, "this kernel has no BTF (/sys/kernel/btf/vmlinux): "
			   "recording needs Linux 5.8 or later with CONFIG_DEBUG_INFO_BTF");
	return 0;
}

/* Where a thread's call is kept while it lasts. */
static int check_latency(void)
{
	if (libbpf_probe_bpf_map_type(BPF_MAP_TYPE_TASK_STORAGE, NULL) > 0)
		return 0;
	return err(ERR_UNSUPPORTED, "--latency needs Linux 5.12 or later: this kernel has no "
		   "storage for tasks");
}

/* CPUs that the machine has or may get: the last number of "0-3,8-11". */
static unsigned count_cpus(void)
{
	char text[256] = "";
	unsigned last = 0;
	FILE *const f = fopen("/sys/devices/system/cpu/present", "re");

	if (f) {
		if (!fgets(text, sizeof(text), f))
			text[0] = 0;
		fclose(f);
	}
	for (const char *p = text; *p; p++)
		if (*p >= '0' && *p <= '9' && (p == text || p[-1] < '0' || p[-1] > '9'))
			last = (unsigned)strtoul(p, NULL, 10);
	return last + 1;
}

static uint32_t power_of_two(uint32_t n)
{
	uint32_t p = RING_MIN;

	while (p < n && p < 1u << 30)
		p <<= 1;
	return p;
}

/* Identity and depth of a cgroup of version 2; the kernel compares ancestors by depth. */
static int find_cgroup(const char *path, uint64_t *id, uint32_t *level)
{
	static const char *const mounts[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	char full[4096];
	struct stat st;

	for (unsigned i = 0; i < 2; i++) {
		snprintf(full, sizeof(full), "%s/cgroup.procs", mounts[i]);
		if (access(full, F_OK) != 0)
			continue;
		snprintf(full, sizeof(full), "%s/%s", mounts[i], path + strspn(path, "/"));
		if (stat(full, &st) != 0)
			return err_sys("cgroup %s", full);
		*id = st.st_ino;
		*level = 0;
		for (const char *p = path; *p; p++)
			*level += *p != '/' && (p == path || p[-1] == '/');
		return 0;
	}
	return err(ERR_UNSUPPORTED, "--cgroup needs cgroup version 2, which is not mounted here");
}

static int configure(struct saker_bpf *b, const struct live_options *opt)
{
	struct wire_settings *const set = (void *)&b->rodata->set;

	set->snaplen = opt->snaplen > WIRE_SNAPLEN_MAX ? WIRE_SNAPLEN_MAX : opt->snaplen;
	if (set->snaplen && set->snaplen < WIRE_NAMES_LEN)
		set->names_len = WIRE_NAMES_LEN;
	set->recorder = (uint32_t)getpid();
	set->helper = opt->helper ? opt->helper : set->recorder;
	set->watcher = opt->watcher ? opt->watcher : set->recorder;
	set->fork_is_silent = plan_arch() != ARCH_X86_64;
	if (opt->pid || opt->command)
		set->filters |= WF_TREE;
	if (opt->by_uid) {
		set->filters |= WF_UID;
		set->uid = opt->uid;
	}
	if (opt->comm) {
		set->filters |= WF_COMM;
		memset(set->comm, 0, sizeof(set->comm));
		memcpy(set->comm, opt->comm, strnlen(opt->comm, 15));
	}
	if (opt->cgroup) {
		uint64_t id;

		if (find_cgroup(opt->cgroup, &id, &set->cgroup_level) < 0)
			return -ERR_USAGE;
		set->cgroup = id;
		set->filters |= WF_CGROUP;
	}
	bpf_program__set_autoload(b->progs.process_fork,
				  set->filters & WF_TREE || set->fork_is_silent);
	bpf_program__set_autoload(b->progs.page_fault_user, opt->page_faults);
	bpf_program__set_autoload(b->progs.page_fault_kernel, opt->page_faults);
	bpf_program__set_autoload(b->progs.task_switch, opt->switches);
	set->latency = opt->latency;
	bpf_program__set_autoload(b->progs.sys_enter, opt->latency);
	bpf_map__set_autocreate(b->maps.begun, opt->latency);
	bpf_program__set_autoload(b->progs.sample_task, opt->sample != 0);
	bpf_program__set_autoattach(b->progs.sample_task, false);
	return 0;
}

static int open_and_load(struct probes *p, const struct live_options *opt,
			 const struct wire_conf *conf, bool have_cast)
{
	int n;

	p->bpf = saker_bpf__open();
	if (!p->bpf)
		return err_sys("cannot open the eBPF programs");
	memcpy((void *)p->bpf->rodata->conf, conf, 2 * WIRE_NR_MAX * sizeof(*conf));
	if (configure(p->bpf, opt) < 0)
		return -ERR_USAGE;
	((struct wire_settings *)&p->bpf->rodata->set)->ring_size = p->ring_size;
	((struct wire_settings *)&p->bpf->rodata->set)->have_cast = have_cast;
	bpf_map__set_value_size(p->bpf->maps.rings, WIRE_DATA + p->ring_size + WIRE_SLACK);
	bpf_map__set_max_entries(p->bpf->maps.rings, p->n_cpus);
	n = saker_bpf__load(p->bpf);
	if (n == 0)
		return 0;
	saker_bpf__destroy(p->bpf);
	p->bpf = NULL;
	return n;
}

/* Kernels that have no iterators over tasks (or none that this program may use) show threads in
 * /proc as well. */
static void attach_samples(struct probes *p)
{
	const struct bpf_program *const prog = p->bpf->progs.sample_task;

	if (!bpf_program__autoload(prog))
		return;
	p->samples = bpf_program__attach_iter(prog, NULL);
}

int probes_load(struct probes *p, const struct live_options *opt, const struct wire_conf *conf)
{
	bool have_cast = true;		/* tried: asking costs more */
	struct live_options with = *opt;
	int n = check_machine();

	*p = (struct probes){ .n_cpus = count_cpus(), .rings_fd = -1 };
	if (n < 0)
		return n;
	libbpf_set_print(keep_complaint);
	if (opt->latency && check_latency() < 0)
		return -ERR_UNSUPPORTED;
	p->ring_size = power_of_two(opt->ring_size ? opt->ring_size : 8u << 20);
	do {
		n = open_and_load(p, &with, conf, have_cast);
		if (n < 0 && (have_cast || with.sample) && n != -E2BIG && n != -ENOMEM &&
		    n != -EPERM && n != -ERR_USAGE) {
			with.sample = have_cast ? with.sample : 0;	/* /proc has it too */
			have_cast = !have_cast;
			continue;
		}
		/* Old kernels limit a map's element to 4 MiB; and memory may be short. */
		if (n != -E2BIG && n != -ENOMEM)
			break;
		p->ring_size /= 2;
	} while (p->ring_size >= RING_MIN);
	if (n == -ERR_USAGE && !p->bpf)
		return n;
	if (n == -EPERM)
		return err(ERR_PRIVILEGE, "the kernel refuses eBPF programs (locked down, in a "
			   "container without CAP_BPF and CAP_PERFMON, or forbidden by policy)");
	if (n < 0)
		return err(ERR_PRIVILEGE, "the kernel does not take the eBPF programs%s: %s%s%s",
			   opt->latency ? " (it may without --latency)" : "", strerror(-n),
			   complaint[0] ? ": " : "", complaint);
	p->rings_fd = bpf_map__fd(p->bpf->maps.rings);
	attach_samples(p);
	return 0;
}

int probes_attach(struct probes *p)
{
	const int n = saker_bpf__attach(p->bpf);

	if (n < 0)
		return err(ERR_PRIVILEGE, "cannot attach to the kernel's tracepoints: %s%s%s",
			   strerror(-n), complaint[0] ? ": " : "", complaint);
	return 0;
}

int probes_sample(const struct probes *p)
{
	return p->samples ? bpf_iter_create(bpf_link__fd(p->samples)) : -ENOSYS;
}

bool probes_followed(const struct probes *p, uint32_t pid)
{
	uint8_t one;

	return bpf_map__lookup_elem(p->bpf->maps.tree, &pid, sizeof(pid), &one, sizeof(one),
				    0) == 0;
}

void probes_detach(struct probes *p)
{
	if (p->bpf)
		saker_bpf__detach(p->bpf);
}

void probes_close(struct probes *p)
{
	bpf_link__destroy(p->samples);
	p->samples = NULL;
	saker_bpf__destroy(p->bpf);
	p->bpf = NULL;
}

int probes_follow(struct probes *p, uint32_t pid)
{
	const uint8_t one = 1;

	if (bpf_map__update_elem(p->bpf->maps.tree, &pid, sizeof(pid), &one, sizeof(one),
				 BPF_NOEXIST) == 0)
		__atomic_fetch_add(&p->bpf->bss->tree_alive, 1, __ATOMIC_RELAXED);
	else if (errno != EEXIST)
		return err_sys("cannot follow process %u", pid);
	return 0;
}

uint64_t probes_tree_alive(const struct probes *p)
{
	return __atomic_load_n(&p->bpf->bss->tree_alive, __ATOMIC_RELAXED);
}

uint64_t probes_ringless(const struct probes *p)
{
	return __atomic_load_n(&p->bpf->bss->ringless, __ATOMIC_RELAXED);
}
