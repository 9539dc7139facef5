/* SPDX-License-Identifier: Apache-2.0 */
/* config.json of an OCI bundle.  What it says of pods are annotations that containerd and
 * CRI-O make for themselves; their names are those of their sources. */
#include <string.h>

#include "capture/live/inspect_parts.h"

/* Which annotation is which member; a label where the name begins with a dot. */
static const struct annotation {
	const char *name, *member;
} annotations[] = {
	{ "io.kubernetes.cri.container-name",      ".io.kubernetes.container.name" },
	{ "io.kubernetes.cri.image-name",          "image" },
	{ "io.kubernetes.cri.sandbox-id",          "pod_sandbox_id" },
	{ "io.kubernetes.cri.sandbox-name",        ".io.kubernetes.pod.name" },
	{ "io.kubernetes.cri.sandbox-namespace",   ".io.kubernetes.pod.namespace" },
	{ "io.kubernetes.cri.sandbox-uid",         ".io.kubernetes.pod.uid" },
	{ "io.kubernetes.cri-o.SandboxID",         "pod_sandbox_id" },
	{ "io.kubernetes.cri-o.ImageName",         "image" },
	{ "io.kubernetes.cri-o.UserRequestedImage", "image" },
	{ "io.kubernetes.cri-o.IP.0",              "ip" },
	{ "io.kubernetes.cri-o.Namespace",         ".io.kubernetes.pod.namespace" },
	{ "io.kubernetes.cri-o.KubeName",          ".io.kubernetes.pod.name" },
	{ "io.kubernetes.cri-o.CNIResult",         "cni_json" },
	{ "io.kubernetes.container.name",          ".io.kubernetes.container.name" },
	{ "io.kubernetes.pod.name",                ".io.kubernetes.pod.name" },
	{ "io.kubernetes.pod.namespace",           ".io.kubernetes.pod.namespace" },
	{ "io.kubernetes.pod.uid",                 ".io.kubernetes.pod.uid" },
};

static void take_annotations(struct facts *f, const json_t *a)
{
	for (size_t i = 0; i < sizeof(annotations) / sizeof(annotations[0]); i++) {
		const char *const to = annotations[i].member;
		const char *const text = facts_member(a, annotations[i].name);

		if (!text)
			continue;
		if (*to == '.')
			facts_label(f, to + 1, text);
		else if (strcmp(to, "image") == 0)
			facts_image(f, text);
		else
			facts_text(f, to, text);
	}
	facts_created(f, facts_member(a, "io.kubernetes.cri-o.Created"));
}

/* The sandbox of a pod has no container's name of its own. */
static void take_kind(struct facts *f, const json_t *a)
{
	const char *const cri = facts_member(a, "io.kubernetes.cri.container-type");
	const char *const crio = facts_member(a, "io.kubernetes.cri-o.ContainerType");
	const char *const kind = cri ? cri : crio;
	const json_t *const labels = json_object_get(f->o, "labels");

	if (!kind)
		return;
	facts_bool(f, "is_pod_sandbox", strcmp(kind, "sandbox") == 0);
	if (strcmp(kind, "sandbox") == 0)
		facts_text(f, "name", facts_member(labels, "io.kubernetes.pod.name"));
	else
		facts_text(f, "name", facts_member(labels, "io.kubernetes.container.name"));
}

/* CRI-O has the labels of the container as JSON in a text, and image and digest in one. */
static void take_crio(struct facts *f, const json_t *a)
{
	const char *const labels = facts_member(a, "io.kubernetes.cri-o.Labels");
	const char *const ref = facts_member(a, "io.kubernetes.cri-o.ImageRef");
	const char *const priv = facts_member(a, "io.kubernetes.cri-o.PrivilegedRuntime");
	json_t *const o = labels ? facts_parse(labels, strlen(labels)) : NULL;

	facts_labels(f, o);
	json_decref(o);
	if (ref && strchr(ref, '@'))
		facts_text(f, "imagedigest", strchr(ref, '@') + 1);
	else if (ref && strncmp(ref, "sha256:", 7) == 0)
		facts_text(f, "imageid", ref + 7);
	else
		facts_text(f, "imageid", ref);
	if (priv)
		facts_bool(f, "privileged", strcmp(priv, "true") == 0);
}

static const char *propagation_of(const json_t *options, bool *writable)
{
	static const char *const kinds[] = { "private", "rprivate", "shared", "rshared",
					     "slave", "rslave" };
	const char *found = "";
	json_t *o;
	size_t i;

	*writable = true;
	json_array_foreach((json_t *)(uintptr_t)options, i, o) {
		const char *const text = json_string_value(o);

		if (text && strcmp(text, "ro") == 0)
			*writable = false;
		for (size_t k = 0; text && k < sizeof(kinds) / sizeof(kinds[0]); k++)
			if (strcmp(text, kinds[k]) == 0)
				found = kinds[k];
	}
	return found;
}

/* Files that the runtime itself puts there are not what somebody mounted. */
static bool is_own(const char *source)
{
	static const char *const own[] = { "/run/containers/", "/var/lib/containers/storage/",
		"/run/containerd/", "/var/lib/containerd/", "/var/run/containers/" };

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strncmp(source, own[i], strlen(own[i])) == 0 && !strstr(source, "/volumes/"))
			return true;
	return strstr(source, "/containers/storage/overlay-containers/") != NULL;
}

static void take_mounts(struct facts *f, const json_t *mounts)
{
	json_t *m;
	size_t i;

	if (json_object_get(f->o, "Mounts"))
		return;
	json_array_foreach((json_t *)(uintptr_t)mounts, i, m) {
		const char *const type = facts_member(m, "type");
		const char *const source = facts_member(m, "source");
		const char *propagation;
		bool writable;

		if (!type || strcmp(type, "bind") != 0 || !source || is_own(source))
			continue;
		propagation = propagation_of(json_object_get(m, "options"), &writable);
		facts_mount(f, source, facts_member(m, "destination"), "", writable,
			    propagation);
	}
}

static void take_namespaces(struct facts *f, const json_t *linux_part)
{
	static const struct { const char *type, *member; } host[] = {
		{ "pid", "host_pid" }, { "network", "host_network" }, { "ipc", "host_ipc" },
	};
	const json_t *const list = json_object_get(linux_part, "namespaces");
	json_t *ns;
	size_t k;

	for (size_t i = 0; linux_part && i < sizeof(host) / sizeof(host[0]); i++) {
		bool own = false;

		json_array_foreach((json_t *)(uintptr_t)list, k, ns) {
			const char *const type = facts_member(ns, "type");

			own = own || (type && strcmp(type, host[i].type) == 0);
		}
		facts_bool(f, host[i].member, !own);
	}
}

/* Where nobody says so: all capabilities and nothing of /proc hidden is what it means. */
static void guess_privileged(struct facts *f, const json_t *config)
{
	const json_t *const caps = json_object_get(json_object_get(json_object_get(
		config, "process"), "capabilities"), "bounding");
	const json_t *const hidden = json_object_get(json_object_get(config, "linux"),
						     "maskedPaths");
	bool module = false, admin = false;
	json_t *c;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)caps, i, c) {
		const char *const name = json_string_value(c);

		module = module || (name && strcmp(name, "CAP_SYS_MODULE") == 0);
		admin = admin || (name && strcmp(name, "CAP_SYS_ADMIN") == 0);
	}
	facts_bool(f, "privileged", module && admin && json_array_size(hidden) == 0);
}

static void take_root(struct facts *f, const char *bundle, const json_t *config)
{
	const char *path = facts_member(json_object_get(config, "root"), "path");
	struct buf b = {0};

	if (path && *path != '/') {
		buf_printf(&b, "%s/%s", bundle, path);
		path = buf_text(&b);
	}
	facts_rootfs(f, path);
	buf_release(&b);
}

bool oci_facts(const struct inspect *in, const char *bundle, struct facts *f)
{
	json_t *const config = facts_file(in, "%s/config.json", bundle);
	const json_t *const a = json_object_get(config, "annotations");
	const char *podman;

	if (!config)
		return false;
	take_annotations(f, a);
	take_crio(f, a);
	take_kind(f, a);
	podman = facts_member(a, "io.podman.annotations.privileged");
	if (podman)
		facts_bool(f, "privileged", strcmp(podman, "TRUE") == 0);
	take_mounts(f, json_object_get(config, "mounts"));
	take_namespaces(f, json_object_get(config, "linux"));
	guess_privileged(f, config);
	take_root(f, bundle, config);
	json_decref(config);
	return true;
}
