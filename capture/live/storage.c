/* SPDX-License-Identifier: Apache-2.0 */
/* containers/storage, which Podman and CRI-O share:
 *
 *   DRIVER-containers/containers.json   names, image, and metadata: JSON in a text
 *   DRIVER-containers/ID/userdata/      the OCI bundle
 *   DRIVER-images/images.json           digests and names of images
 *   libpod/bolt_state.db                Podman before 5: ctr/ID/config is JSON */
#include <stdio.h>
#include <string.h>

#include "capture/live/bolt.h"
#include "capture/live/inspect_parts.h"

static const char *const drivers[] = { "overlay", "vfs", "btrfs", "zfs" };

struct store {
	const struct inspect *in;
	const char *base;		/* of storage */
	const char *driver, *id;
	struct facts *f;
};

/* The element of an array whose id it is. */
static const json_t *with_id(const json_t *list, const char *id)
{
	json_t *o;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, o) {
		const char *const have = facts_member(o, "id");

		if (have && strcmp(have, id) == 0)
			return o;
	}
	return NULL;
}

static void take_metadata(struct facts *f, const char *text)
{
	json_t *const o = text ? facts_parse(text, strlen(text)) : NULL;
	const json_t *const created = json_object_get(o, "created-at");

	facts_text(f, "name", facts_member(o, "metadata-name"));
	facts_text(f, "name", facts_member(o, "name"));
	facts_image(f, facts_member(o, "image-name"));
	facts_text(f, "imageid", facts_member(o, "image-id"));
	facts_label(f, "io.kubernetes.pod.name", facts_member(o, "pod-name"));
	facts_label(f, "io.kubernetes.pod.namespace", facts_member(o, "namespace"));
	facts_label(f, "io.kubernetes.pod.uid", facts_member(o, "uid"));
	facts_text(f, "pod_sandbox_id", facts_member(o, "pod-id"));
	if (json_is_integer(created) && json_integer_value(created) > 0)
		facts_value(f, "created_time", json_integer(json_integer_value(created)));
	json_decref(o);
}

static bool take_container(const struct store *s, const char *file)
{
	json_t *const all = facts_file(s->in, "%s/%s-containers/%s", s->base, s->driver, file);
	const json_t *const o = with_id(all, s->id);

	if (o) {
		take_metadata(s->f, facts_member(o, "metadata"));
		facts_text(s->f, "name", json_string_value(json_array_get(
			json_object_get(o, "names"), 0)));
		facts_text(s->f, "imageid", facts_member(o, "image"));
		facts_created(s->f, facts_member(o, "created"));
	}
	json_decref(all);
	return o != NULL;
}

static void take_image(const struct store *s)
{
	const char *const id = facts_member(s->f->o, "imageid");
	json_t *all;
	const json_t *o;

	if (!id)
		return;
	all = facts_file(s->in, "%s/%s-images/images.json", s->base, s->driver);
	o = with_id(all, id);
	facts_text(s->f, "imagedigest", facts_member(o, "digest"));
	facts_image(s->f, json_string_value(json_array_get(json_object_get(o, "names"), 0)));
	json_decref(all);
}

static void take_config(struct facts *f, const json_t *o)
{
	facts_text(f, "name", facts_member(o, "name"));
	facts_image(f, facts_member(o, "rootfsImageName"));
	facts_text(f, "imageid", facts_member(o, "rootfsImageID"));
	facts_text(f, "User", facts_member(o, "user"));
	facts_labels(f, json_object_get(o, "labels"));
	facts_created(f, facts_member(o, "createdTime"));
	facts_health(f, json_object_get(json_object_get(o, "healthcheck"), "Test"));
	if (json_is_boolean(json_object_get(o, "privileged")))
		facts_bool(f, "privileged", json_is_true(json_object_get(o, "privileged")));
}

/* The database has what no other file has: labels, health check. */
static void take_database(const struct store *s)
{
	struct bolt_bucket all, one;
	struct bolt_value v;
	struct bolt b;
	char path[4096];
	json_t *o;

	snprintf(path, sizeof(path), "%s/libpod/bolt_state.db", s->base);
	if (bolt_open(&b, s->in->root, path) < 0)
		return;
	if (bolt_bucket(&b, bolt_root(&b), "ctr", &all) && bolt_bucket(&b, all, s->id, &one)
	    && bolt_value(&b, one, "config", &v)) {
		o = facts_parse(v.p, v.len);
		take_config(s->f, o);
		json_decref(o);
	}
	bolt_close(&b);
}

/* Labels of a pod are those of its sandbox. */
static void take_sandbox(const struct store *s)
{
	const char *const id = facts_member(s->f->o, "pod_sandbox_id");
	json_t *config, *labels;
	const char *text;

	if (!id || strchr(id, '/'))
		return;
	config = facts_file(s->in, "%s/%s-containers/%s/userdata/config.json", s->base,
			    s->driver, id);
	text = facts_member(json_object_get(config, "annotations"), "io.kubernetes.cri-o.Labels");
	labels = text ? facts_parse(text, strlen(text)) : NULL;
	if (json_is_object(labels) && json_object_size(labels) <= 256)
		facts_value(s->f, "pod_sandbox_labels", json_incref(labels));
	facts_text(s->f, "ip", facts_member(json_object_get(config, "annotations"),
					    "io.kubernetes.cri-o.IP.0"));
	json_decref(labels);
	json_decref(config);
}

static bool take_bundle(const struct store *s)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s-containers/%s/userdata", s->base, s->driver, s->id);
	return oci_facts(s->in, path, s->f);
}

static bool in_store(const struct inspect *in, const char *base, const char *id, struct facts *f)
{
	static const char *const files[] = { "containers.json", "volatile-containers.json" };
	bool found = false;

	for (size_t d = 0; d < sizeof(drivers) / sizeof(drivers[0]) && !found; d++) {
		const struct store s = { in, base, drivers[d], id, f };

		for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && !found; i++)
			found = take_container(&s, files[i]);
		found = take_bundle(&s) || found;
		if (!found)
			continue;
		take_database(&s);
		take_image(&s);
		take_sandbox(&s);
	}
	return found;
}

static bool in_stores(const struct inspect *in, const char *id, struct facts *f)
{
	char base[4096];

	if (in_store(in, "/var/lib/containers/storage", id, f)
	    || in_store(in, "/run/containers/storage", id, f))
		return true;
	if (!in->home)
		return false;
	snprintf(base, sizeof(base), "%s/.local/share/containers/storage", in->home);
	return in_store(in, base, id, f);
}

bool podman_facts(const struct inspect *in, const char *id, struct facts *f)
{
	if (!in_stores(in, id, f))
		return false;
	facts_value(f, "type", json_integer(json_object_get(f->o, "is_pod_sandbox") ? 8 : 11));
	return true;
}

bool crio_facts(const struct inspect *in, const char *id, struct facts *f)
{
	if (!in_stores(in, id, f))
		return false;
	facts_value(f, "type", json_integer(8));
	return true;
}
