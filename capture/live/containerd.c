/* SPDX-License-Identifier: Apache-2.0 */
/* containerd: the bundle of each task in its state directory, and meta.db, in which
 * v1/NAMESPACE/containers/ID has image and labels and v1/NAMESPACE/images/NAME the digest.
 * Labels of a pod are those of its sandbox's container. */
#include <stdio.h>
#include <string.h>

#include "capture/live/bolt.h"
#include "capture/live/inspect_parts.h"
#include "capture/live/rootfile.h"

#define TASKS "/run/containerd/io.containerd.runtime.v2.task"
#define DATABASE "/var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db"

struct search {
	const struct inspect *in;
	const char *id;
	struct facts *f;
	char ns[256];
};

static int look_in(const char *ns, void *arg)
{
	struct search *const s = arg;
	char path[4096];

	snprintf(path, sizeof(path), TASKS "/%s/%s", ns, s->id);
	if (strlen(ns) >= sizeof(s->ns) || !oci_facts(s->in, path, s->f))
		return 0;
	snprintf(s->ns, sizeof(s->ns), "%s", ns);
	return 1;
}

static const char *text_of(struct bolt_value v, char *to, size_t size)
{
	snprintf(to, size, "%.*s", v.len < size ? (int)v.len : 0, (const char *)v.p);
	return to;
}

static void add_label(struct bolt_value key, struct bolt_value value, void *arg)
{
	char name[1024], text[4096];

	text_of(key, name, sizeof(name));
	json_object_set_new(arg, name, json_string(text_of(value, text, sizeof(text))));
}

/* The labels of a container, new; NULL if there are none. */
static json_t *labels_of(const struct bolt *b, struct bolt_bucket containers, const char *id)
{
	struct bolt_bucket one, labels;
	json_t *o;

	if (!bolt_bucket(b, containers, id, &one) || !bolt_bucket(b, one, "labels", &labels))
		return NULL;
	o = json_object();
	bolt_each(b, labels, add_label, o);
	return o;
}

static void take_image(const struct bolt *b, struct bolt_bucket ns, const char *image,
		       struct facts *f)
{
	struct bolt_bucket images, one, target;
	struct bolt_value v;
	char text[256];

	if (bolt_bucket(b, ns, "images", &images) && bolt_bucket(b, images, image, &one)
	    && bolt_bucket(b, one, "target", &target) && bolt_value(b, target, "digest", &v))
		facts_text(f, "imagedigest", text_of(v, text, sizeof(text)));
}

/* In the form of the Docker command line: nerdctl, and the sandbox, name themselves so. */
static void take_names(struct facts *f)
{
	const json_t *const labels = json_object_get(f->o, "labels");

	facts_text(f, "name", facts_member(labels, "nerdctl/name"));
	facts_text(f, "name", facts_member(labels, "io.kubernetes.container.name"));
}

static void take_database(const struct search *s)
{
	struct bolt_bucket v1, ns, containers, one;
	const char *sandbox;
	struct bolt_value v;
	char image[1024];
	json_t *labels;
	struct bolt b;

	if (bolt_open(&b, s->in->root, DATABASE) < 0)
		return;
	if (bolt_bucket(&b, bolt_root(&b), "v1", &v1) && bolt_bucket(&b, v1, s->ns, &ns)
	    && bolt_bucket(&b, ns, "containers", &containers)
	    && bolt_bucket(&b, containers, s->id, &one)) {
		if (bolt_value(&b, one, "image", &v) && v.len) {
			facts_image(s->f, text_of(v, image, sizeof(image)));
			take_image(&b, ns, image, s->f);
		}
		labels = labels_of(&b, containers, s->id);
		facts_labels(s->f, labels);
		json_decref(labels);
		sandbox = facts_member(s->f->o, "pod_sandbox_id");
		labels = sandbox ? labels_of(&b, containers, sandbox) : NULL;
		if (labels && json_object_size(labels) <= 256)
			facts_value(s->f, "pod_sandbox_labels", json_incref(labels));
		json_decref(labels);
	}
	bolt_close(&b);
}

bool containerd_facts(const struct inspect *in, const char *id, struct facts *f)
{
	struct search s = { .in = in, .id = id, .f = f };

	if (!rootfile_list(in->root, TASKS, look_in, &s))
		return false;
	/* Docker's own namespace: what it is called Docker knows. */
	if (strcmp(s.ns, "moby") == 0 && docker_facts(in, id, f))
		return true;
	take_database(&s);
	take_names(f);
	facts_value(f, "type", json_integer(7));
	return true;
}
