/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of inspect.h share.  A reader fills in facts, an object with the
 * members of Falco's container event; what is there already is better and stays. */
#ifndef SAKER_LIVE_INSPECT_PARTS_H
#define SAKER_LIVE_INSPECT_PARTS_H

#include <jansson.h>

#include "capture/live/inspect.h"

struct facts {
	json_t *o;
	struct buf rootfs;	/* path on the machine; empty: unknown */
};

/* The readers, one a runtime: true if it knows the container. */
bool docker_facts(const struct inspect *in, const char *id, struct facts *f);
bool podman_facts(const struct inspect *in, const char *id, struct facts *f);
bool crio_facts(const struct inspect *in, const char *id, struct facts *f);
bool containerd_facts(const struct inspect *in, const char *id, struct facts *f);
bool runc_facts(const struct inspect *in, const char *id, struct facts *f);

/* From the OCI bundle's config.json: mounts, namespaces, privileges, and annotations with
 * which CRI runtimes tell of pods. */
bool oci_facts(const struct inspect *in, const char *bundle, struct facts *f);

/* The JSON file at a path of parts, NULL if there is none. */
json_t *facts_file(const struct inspect *in, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
json_t *facts_parse(const void *p, size_t len);

/* A member's text, NULL if it is none. */
const char *facts_member(const json_t *o, const char *name);

/* Set what is not set yet; NULL and "" do nothing. */
void facts_text(struct facts *f, const char *name, const char *text);
void facts_value(struct facts *f, const char *name, json_t *value);
void facts_bool(struct facts *f, const char *name, bool value);
void facts_label(struct facts *f, const char *name, const char *text);
void facts_labels(struct facts *f, const json_t *labels);
void facts_rootfs(struct facts *f, const char *path);

/* An image "host/name:tag@digest" with its parts. */
void facts_image(struct facts *f, const char *reference);

/* Seconds since the epoch of "2024-05-06T07:08:09.123Z" as created_time. */
void facts_created(struct facts *f, const char *text);

void facts_mount(struct facts *f, const char *source, const char *target, const char *mode,
		 bool writable, const char *propagation);

/* ["CMD", "a", "b"] or ["CMD-SHELL", "text"] as Healthcheck. */
void facts_health(struct facts *f, const json_t *test);

#endif
