/* SPDX-License-Identifier: Apache-2.0 */
/* Machine, accounts, interfaces, mounts. */
#include "capture/live/snap.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/live/accounts.h"
#include "capture/live/decode.h"
#include "capture/live/helper.h"

enum { FILE_MAX_BYTES = 16 << 20, HOSTS_MAX_BYTES = 256 << 10, HOSTS_NAMES = 4 };

void snap_machine(struct snapshot *s)
{
	const struct source_info *const i = s->opt.info;
	struct event ev;

	snap_event(s, &ev, EV_SNAP_MACHINE);
	snap_text(&ev.v[P(SNAP_MACHINE, hostname)], i->hostname);
	snap_text(&ev.v[P(SNAP_MACHINE, kernel)], i->kernel);
	snap_text(&ev.v[P(SNAP_MACHINE, arch)], i->arch_name);
	value_number(&ev.v[P(SNAP_MACHINE, n_cpus)], i->n_cpus);
	value_number(&ev.v[P(SNAP_MACHINE, memory)], i->memory);
	value_number(&ev.v[P(SNAP_MACHINE, boot_ts)], i->boot_ts);
	value_number(&ev.v[P(SNAP_MACHINE, page_size)], (uint64_t)sysconf(_SC_PAGESIZE));
	if (snap_read(AT_FDCWD, "/proc/self/cmdline", &s->a, 4096) == 0) {
		for (size_t k = 0; k + 1 < s->a.len; k++)
			if (!s->a.p[k])
				s->a.p[k] = ' ';
		snap_text(&ev.v[P(SNAP_MACHINE, cmdline)], (const char *)s->a.p);
	}
	snap_add(s, &ev);
}

static int add_account(const struct account *a, void *arg)
{
	struct snapshot *const s = arg;
	struct event ev;

	account_event(a, "", &ev);
	ev.ts = s->opt.ts;
	snap_add(s, &ev);
	return 0;
}

void snap_accounts(struct snapshot *s)
{
	if (snap_read(AT_FDCWD, "/etc/passwd", &s->a, FILE_MAX_BYTES) == 0)
		accounts_each((char *)s->a.p, false, add_account, s);
	if (snap_read(AT_FDCWD, "/etc/group", &s->a, FILE_MAX_BYTES) == 0)
		accounts_each((char *)s->a.p, true, add_account, s);
}

/* One line of /etc/hosts: address, names.  The first name is the machine's, so it comes last, as
 * the newest. */
static void hosts_line(struct snapshot *s, char *line)
{
	char *names[HOSTS_NAMES], *rest = line, *word, *addr = NULL;
	unsigned n = 0;
	struct event ev;

	line[strcspn(line, "#")] = 0;
	while (n < HOSTS_NAMES && (word = strsep(&rest, " \t\r"))) {
		if (*word && !addr)
			addr = word;
		else if (*word)
			names[n++] = word;
		for (; addr != word && *word; word++)
			*word = (char)tolower((unsigned char)*word);
	}
	while (n-- > 0) {
		snap_event(s, &ev, EV_RESOLVED);
		snap_text(&ev.v[P(RESOLVED, addr)], addr);
		snap_text(&ev.v[P(RESOLVED, name)], names[n]);
		snap_add(s, &ev);
	}
}

/* Of a part of the machine it would tell what the part may never see. */
void snap_hosts(struct snapshot *s)
{
	char *rest, *line;

	if (s->opt.tree || snap_read(AT_FDCWD, "/etc/hosts", &s->a, HOSTS_MAX_BYTES) < 0)
		return;
	rest = (char *)s->a.p;
	while ((line = strsep(&rest, "\n")))
		hosts_line(s, line);
}

enum { ANSWER_MS = 100, ANSWERS_MS = 5000 };

static void take_answers(struct snapshot *s)
{
	struct event ev;

	while (helper_next(s->opt.helper, &ev) == 0) {
		ev.ts = s->opt.ts;
		snap_add(s, &ev);
	}
}

void snap_container(struct snapshot *s, const struct event *ev)
{
	struct event copy = *ev;

	for (unsigned i = 0; s->opt.helper && i < ANSWERS_MS / ANSWER_MS; i++) {
		if (helper_see(s->opt.helper, &copy) >= 0)
			return;
		helper_wait(s->opt.helper, ANSWER_MS);
		take_answers(s);
	}
}

/* What comes too late follows among the events. */
void snap_containers(struct snapshot *s)
{
	for (unsigned i = 0; s->opt.helper && i < ANSWERS_MS / ANSWER_MS; i++) {
		take_answers(s);
		if (s->opt.helper->waiting == 0 || atomic_load(s->opt.stop))
			return;
		helper_wait(s->opt.helper, ANSWER_MS);
	}
}

static size_t address(uint8_t *out, const struct sockaddr *sa)
{
	if (!sa)
		return 0;
	return sockaddr_value(out, (const uint8_t *)sa, sa->sa_family == AF_INET
			      ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
}

void snap_ifaces(struct snapshot *s)
{
	struct ifaddrs *all;
	struct event ev;
	uint8_t addr[136], mask[136];

	if (getifaddrs(&all) < 0)
		return;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		if (!i->ifa_addr || (i->ifa_addr->sa_family != AF_INET &&
				     i->ifa_addr->sa_family != AF_INET6))
			continue;
		snap_event(s, &ev, EV_SNAP_IFACE);
		snap_text(&ev.v[P(SNAP_IFACE, name)], i->ifa_name);
		value_bytes(&ev.v[P(SNAP_IFACE, addr)], addr, address(addr, i->ifa_addr));
		value_bytes(&ev.v[P(SNAP_IFACE, mask)], mask, address(mask, i->ifa_netmask));
		value_number(&ev.v[P(SNAP_IFACE, index)], if_nametoindex(i->ifa_name));
		snap_add(s, &ev);
	}
	freeifaddrs(all);
}

/* mountinfo writes blank, tab, newline and backslash as \ooo. */
static void unescape(char *p)
{
	char *out = p;

	while (*p) {
		if (*p == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] >= '0' && p[2] <= '7' &&
		    p[3] >= '0' && p[3] <= '7') {
			*out++ = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
			p += 4;
		} else {
			*out++ = *p++;
		}
	}
	*out = 0;
}

/* 36 35 98:0 /root /target rw,noatime master:1 - ext3 /dev/root rw,errors=continue */
static void mount_line(struct snapshot *s, char *line, uint32_t pid)
{
	char *field[10], *rest = line, *dash = strstr(line, " - ");
	unsigned major = 0, minor = 0, n = 0;
	struct event ev;

	if (!dash)
		return;
	*dash = 0;
	while (n < 6 && rest)
		field[n++] = strsep(&rest, " ");
	rest = dash + 3;
	while (n >= 6 && n < 9 && rest)
		field[n++] = strsep(&rest, " ");
	if (n < 8)
		return;
	major = (unsigned)strtoul(field[2], &rest, 10);
	minor = *rest == ':' ? (unsigned)strtoul(rest + 1, NULL, 10) : 0;
	for (unsigned i = 3; i < 8; i++)
		unescape(field[i]);
	snap_event(s, &ev, EV_SNAP_MOUNT);
	value_number(&ev.v[P(SNAP_MOUNT, pid)], pid);
	value_number(&ev.v[P(SNAP_MOUNT, id)], strtoul(field[0], NULL, 10));
	value_number(&ev.v[P(SNAP_MOUNT, parent)], strtoul(field[1], NULL, 10));
	value_number(&ev.v[P(SNAP_MOUNT, dev)], encode_dev(major << 20 | (minor & 0xfffff)));
	snap_text(&ev.v[P(SNAP_MOUNT, root)], field[3]);
	snap_text(&ev.v[P(SNAP_MOUNT, target)], field[4]);
	snap_text(&ev.v[P(SNAP_MOUNT, flags)], field[5]);
	snap_text(&ev.v[P(SNAP_MOUNT, fstype)], field[6]);
	snap_text(&ev.v[P(SNAP_MOUNT, source)], field[7]);
	snap_add(s, &ev);
}

static bool namespace_is_new(struct snapshot *s, uint64_t ns)
{
	for (size_t i = 0; i < s->n_mount_namespaces; i++)
		if (s->mount_namespaces[i] == ns)
			return false;
	s->mount_namespaces = mem_grow(s->mount_namespaces, &s->mount_namespaces_cap,
				       s->n_mount_namespaces + 1, sizeof(ns));
	s->mount_namespaces[s->n_mount_namespaces++] = ns;
	return true;
}

void snap_mounts(struct snapshot *s, int pid_dir, uint32_t pid)
{
	char *rest, *line;

	if (snap_link(pid_dir, "ns/mnt", &s->a) < 0 ||
	    !namespace_is_new(s, snap_bracket((char *)s->a.p)) ||
	    snap_read(pid_dir, "mountinfo", &s->a, FILE_MAX_BYTES) < 0)
		return;
	rest = (char *)s->a.p;
	while ((line = strsep(&rest, "\n")))
		if (*line)
			mount_line(s, line, pid);
}
