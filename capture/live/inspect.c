/* SPDX-License-Identifier: Apache-2.0 */
/* The readers are asked in the order that the type of the control group suggests.  The
 * answer is bounded: what a container chose for itself (labels, mounts) goes first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/live/inspect_parts.h"
#include "capture/live/rootfile.h"

typedef bool reader(const struct inspect *in, const char *id, struct facts *f);

/* type_number: as Falco counts them; 5 is "custom". */
static const struct runtime {
	const char *type;
	int number;
	reader *ask[4];
} runtimes[] = {
	{ "docker",      0,  { docker_facts, containerd_facts, podman_facts, runc_facts } },
	{ "podman",      11, { podman_facts, runc_facts } },
	{ "cri-o",       8,  { crio_facts, runc_facts } },
	{ "containerd",  7,  { containerd_facts, runc_facts } },
	{ "cri",         6,  { containerd_facts, crio_facts, docker_facts, runc_facts } },
	{ "runc",        5,  { containerd_facts, runc_facts } },
	{ "lxc",         1,  { NULL } },
	{ "libvirt-lxc", 2,  { NULL } },
	{ "mesos",       3,  { NULL } },
	{ "bpm",         9,  { NULL } },
	{ "nspawn",      5,  { NULL } },
};

static const struct runtime *runtime_of(const char *type)
{
	for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++)
		if (strcmp(runtimes[i].type, type) == 0)
			return &runtimes[i];
	return &runtimes[0];
}

/* Where nobody writes anything down there is nothing to wait for. */
static bool ask(const struct inspect *in, const struct runtime *r, const char *id,
		struct facts *f)
{
	if (!r->ask[0])
		return true;
	for (size_t i = 0; i < sizeof(r->ask) / sizeof(r->ask[0]) && r->ask[i]; i++)
		if (r->ask[i](in, id, f))
			return true;
	return false;
}

/* Of "  |-- 10.88.0.2\n  /32 host LOCAL": the first that is not the loopback's. */
static void take_address(const struct inspect *in, struct facts *f)
{
	struct buf b = {0};
	char path[64], address[64] = "";
	const char *p;

	if (json_is_true(json_object_get(f->o, "host_network")) || !in->pid)
		return;
	snprintf(path, sizeof(path), "/proc/%u/net/fib_trie", in->pid);
	if (rootfile_read(in->root, path, 1 << 20, &b) == 0) {
		for (p = strstr((char *)b.p, "|-- "); p; p = strstr(p + 1, "|-- ")) {
			const char *const line = strchr(p, '\n');

			if (sscanf(p, "|-- %63[0-9.]", address) == 1 && line
			    && strncmp(address, "127.", 4) != 0
			    && strncmp(line + 1 + strspn(line + 1, " "), "/32 host LOCAL", 14) == 0)
				break;
			address[0] = 0;
		}
		facts_text(f, "ip", address);
	}
	buf_release(&b);
}

static void fill_in(struct facts *f, const struct runtime *r, const char *id, size_t shown)
{
	static const char *const texts[] = { "image", "imagerepo", "imagetag", "imagedigest",
		"imageid", "ip" };
	static const char *const bools[] = { "privileged", "is_pod_sandbox", "host_pid",
		"host_network", "host_ipc" };

	facts_value(f, "id", json_stringn(id, shown));
	facts_value(f, "full_id", json_string(id));
	facts_value(f, "type", json_integer(r->number));
	facts_value(f, "name", json_stringn(id, shown));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		facts_value(f, texts[i], json_string(""));
	for (size_t i = 0; i < sizeof(bools) / sizeof(bools[0]); i++)
		facts_bool(f, bools[i], false);
	facts_value(f, "labels", json_object());
	facts_value(f, "Mounts", json_array());
	facts_value(f, "created_time", json_integer(0));
	facts_value(f, "env", json_array());
	facts_value(f, "port_mappings", json_array());
}

/* The text, shortened until it fits. */
static void put_json(json_t *o, struct buf *out)
{
	static const char *const last[] = { NULL, "cni_json", "Mounts", "pod_sandbox_labels",
		"labels", "Healthcheck", "User" };
	json_t *const whole = json_object();
	char *text = NULL;

	json_object_set(whole, "container", o);
	for (size_t i = 0; i < sizeof(last) / sizeof(last[0]); i++) {
		free(text);
		if (last[i])
			json_object_del(o, last[i]);
		text = json_dumps(whole, JSON_COMPACT | JSON_SORT_KEYS);
		if (!text || strlen(text) <= INSPECT_JSON_MAX)
			break;
	}
	if (text)
		buf_str(out, text);
	free(text);
	json_decref(whole);
}

static bool is_sane(const char *id, size_t len)
{
	return len && len < 256 && !memchr(id, '/', len) && id[0] != '.';
}

bool inspect_container(const struct inspect *in, const struct cgroup_container *c,
		       struct buf *json)
{
	const struct runtime *const r = runtime_of(c->type);
	struct facts f = { .o = json_object() };
	bool known = false;
	char id[256];

	if (is_sane(c->id, c->len)) {
		snprintf(id, sizeof(id), "%.*s", (int)c->len, c->id);
		known = ask(in, r, id, &f);
		take_address(in, &f);
		fill_in(&f, r, id, cgroup_shown(c));
		put_json(f.o, json);
	}
	buf_release(&f.rootfs);
	json_decref(f.o);
	return known;
}

/* The facts as the runtime has them. */
static void ask_alone(const struct inspect *in, const struct cgroup_container *c,
		      struct facts *f)
{
	char id[256];

	*f = (struct facts){ .o = json_object() };
	if (!is_sane(c->id, c->len))
		return;
	snprintf(id, sizeof(id), "%.*s", (int)c->len, c->id);
	ask(in, runtime_of(c->type), id, f);
}

static bool give(struct facts *f, const char *text, struct buf *out)
{
	buf_reset(out);
	if (text)
		buf_str(out, text);
	buf_text(out);
	buf_release(&f->rootfs);
	json_decref(f->o);
	return out->len > 0;
}

bool inspect_name(const struct inspect *in, const struct cgroup_container *c, struct buf *name)
{
	struct facts f;

	ask_alone(in, c, &f);
	return give(&f, facts_member(f.o, "name"), name);
}

bool inspect_rootfs(const struct inspect *in, const struct cgroup_container *c, struct buf *path)
{
	struct facts f;

	ask_alone(in, c, &f);
	return give(&f, buf_text(&f.rootfs), path);
}

/* ---- by the first process ---- */

struct by_pid {
	const struct inspect *in;
	struct buf *id;
	const char *ns;
	bool found;
};

static int shim_task(const char *name, void *arg)
{
	struct by_pid *const s = arg;
	struct buf b = {0};
	char path[4096];

	snprintf(path, sizeof(path), "/run/containerd/io.containerd.runtime.v2.task/%s/%s/init.pid",
		 s->ns, name);
	if (rootfile_read(s->in->root, path, 64, &b) == 0
	    && strtoul((char *)b.p, NULL, 10) == s->in->pid) {
		s->found = true;
		buf_str(s->id, name);
	}
	buf_release(&b);
	return s->found;
}

static int shim_namespace(const char *name, void *arg)
{
	struct by_pid *const s = arg;
	char path[4096];

	s->ns = name;
	snprintf(path, sizeof(path), "/run/containerd/io.containerd.runtime.v2.task/%s", name);
	return rootfile_list(s->in->root, path, shim_task, s);
}

static int runc_state(const char *name, void *arg)
{
	struct by_pid *const s = arg;
	json_t *const o = facts_file(s->in, "/run/runc/%s/state.json", name);

	if (o && json_integer_value(json_object_get(o, "init_process_pid")) == s->in->pid) {
		s->found = true;
		buf_str(s->id, name);
	}
	json_decref(o);
	return s->found;
}

/* "conmon ... -c ID ..." is the parent of Podman's and CRI-O's containers. */
static bool conmon_child(const struct inspect *in, struct buf *id)
{
	struct buf b = {0};
	char path[64];
	const char *p, *end;
	unsigned ppid = 0;
	bool found = false;

	snprintf(path, sizeof(path), "/proc/%u/status", in->pid);
	p = rootfile_read(in->root, path, 65536, &b) == 0 ? strstr((char *)b.p, "\nPPid:") : NULL;
	if (p)
		ppid = (unsigned)strtoul(p + 6, NULL, 10);
	snprintf(path, sizeof(path), "/proc/%u/cmdline", ppid);
	if (ppid && rootfile_read(in->root, path, 65536, &b) == 0) {
		p = (const char *)b.p;
		end = p + b.len;
		found = strlen(p) >= 6 && strcmp(p + strlen(p) - 6, "conmon") == 0;
		while (found && p < end && strcmp(p, "-c") != 0)
			p += strlen(p) + 1;
		found = found && p < end && (p += 3) < end && strlen(p) == CONTAINER_FULL_ID;
		if (found)
			buf_str(id, p);
	}
	buf_release(&b);
	return found;
}

bool inspect_by_pid(const struct inspect *in, struct buf *id, struct cgroup_container *c)
{
	struct by_pid s = { .in = in, .id = id };

	buf_reset(id);
	*c = (struct cgroup_container){ .type = "podman" };
	if (!conmon_child(in, id)) {
		c->type = "runc";
		rootfile_list(in->root, "/run/containerd/io.containerd.runtime.v2.task",
			      shim_namespace, &s);
		if (s.found)
			c->type = "containerd";
		else
			rootfile_list(in->root, "/run/runc", runc_state, &s);
	}
	c->id = buf_text(id);
	c->len = id->len;
	c->named = id->len != CONTAINER_FULL_ID;
	return id->len > 0;
}
