/* SPDX-License-Identifier: Apache-2.0 */
/* container.* and k8s.*: in which container, from what the recorder found out. */
#include <fnmatch.h>
#include <stdlib.h>

#include "capture/base/strict.h"
#include "replay/field/getters.h"

/* The container of the event's process, or that a container event tells of. */
static const struct container *container_of(const struct field_ctx *c)
{
	if (c->cur->container)
		return c->cur->container;
	return c->cur->thread ? c->cur->thread->proc->container : NULL;
}

static bool on_host(const struct field_ctx *c)
{
	return c->cur->thread && !container_of(c);
}

/* Host processes have these texts, containers what is known of them. */
static enum field_found text_or(const struct field_ctx *c, const struct field_ref *r,
				struct fval *out, const char *host, const struct text *t)
{
	if (on_host(c))
		return put_str(r, out, host);
	if (!container_of(c) || t->len == 0)
		return FIELD_ABSENT;
	return put_text(r, out, *t);
}

/* Known containers have a text here even if it is empty. */
static enum field_found known_text(const struct field_ctx *c, const struct field_ref *r,
				   struct fval *out, const struct text *t)
{
	if (on_host(c))
		return put_str(r, out, "");
	if (!container_of(c) || container_of(c)->json.len == 0)
		return FIELD_ABSENT;
	return put_text(r, out, *t);
}

static const struct container nothing;

#define OF(member) (container_of(c) ? &container_of(c)->member : &nothing.member)

GET(get_container_id)
{
	return text_or(c, r, out, "host", OF(id));
}

GET(get_container_full_id)
{
	return text_or(c, r, out, "host", OF(full_id));
}

GET(get_container_name)
{
	return text_or(c, r, out, "host", OF(name));
}

GET(get_container_type)
{
	return text_or(c, r, out, "host", OF(type));
}

GET(get_container_image)
{
	return known_text(c, r, out, OF(image));
}

GET(get_container_image_id)
{
	return known_text(c, r, out, OF(image_id));
}

GET(get_container_image_repository)
{
	return known_text(c, r, out, OF(image_repo));
}

GET(get_container_image_tag)
{
	return known_text(c, r, out, OF(image_tag));
}

GET(get_container_image_digest)
{
	return known_text(c, r, out, OF(image_digest));
}

GET(get_container_privileged)
{
	if (on_host(c))
		return put_bool(r, out, false);
	if (!container_of(c) || (container_of(c)->privileged < 0 && !strict_falco))
		return FIELD_ABSENT;
	return put_bool(r, out, container_of(c)->privileged > 0);
}

/* When its pid namespace began; 0 if nobody knows. */
static uint64_t start_of(const struct field_ctx *c)
{
	const struct container *in = container_of(c);
	const struct thread *t = c->cur->thread;

	if (in && t && t->proc->pidns_start_ts)
		return t->proc->pidns_start_ts;
	return in ? in->start_ts : 0;
}

GET(get_container_start_ts)
{
	const uint64_t start = start_of(c);

	return start ? put_u(r, out, start) : FIELD_ABSENT;
}

GET(get_container_duration)
{
	const uint64_t start = start_of(c);

	if (!start || start > c->ev->ts)
		return FIELD_ABSENT;
	return put_u(r, out, c->ev->ts - start);
}

/* ---- from the JSON text ---- */

struct json container_json(const struct field_ctx *c)
{
	const struct container *in = container_of(c);
	struct json j = {0}, inner;

	if (!in || !in->json.len)
		return j;
	j = (struct json){ in->json.p, in->json.len };
	inner = json_member(j, "container", 9);
	return inner.len ? inner : j;
}

static enum field_found json_text(const struct field_ctx *c, const struct field_ref *r,
				  struct fval *out, struct json v)
{
	struct buf b = {0};

	if (v.len == 0)
		return FIELD_ABSENT;
	if (!json_unquote(v, &b))
		buf_put(&b, v.p, v.len);
	return put_buf(c, r, out, &b);
}

static enum field_found member_text(const struct field_ctx *c, const struct field_ref *r,
				    struct fval *out, const char *name)
{
	const struct json v = json_member(container_json(c), name, strlen(name));

	if (on_host(c) || (container_json(c).len && !v.len))
		return put_str(r, out, "");
	return json_text(c, r, out, v);
}

GET(get_container_ip)
{
	return member_text(c, r, out, "ip");
}

GET(get_container_cni_json)
{
	return member_text(c, r, out, "cni_json");
}

static enum field_found member_bool(const struct field_ctx *c, const struct field_ref *r,
				    struct fval *out, const char *name)
{
	struct json v;

	if (on_host(c))
		return put_bool(r, out, false);
	v = json_member(container_json(c), name, strlen(name));
	return container_json(c).len ? put_bool(r, out, json_is(v, "true")) : FIELD_ABSENT;
}

GET(get_container_host_pid)
{
	return member_bool(c, r, out, "host_pid");
}

GET(get_container_host_network)
{
	return member_bool(c, r, out, "host_network");
}

GET(get_container_host_ipc)
{
	return member_bool(c, r, out, "host_ipc");
}

static struct json label(const struct field_ctx *c, const char *name)
{
	return json_member(json_member(container_json(c), "labels", 6), name, strlen(name));
}

GET(get_container_label)
{
	return r->key ? json_text(c, r, out, label(c, r->key)) : FIELD_ABSENT;
}

GET(get_container_labels)
{
	const struct json labels = json_member(container_json(c), "labels", 6);
	struct json at = {0}, key;
	struct buf b = {0};

	if (on_host(c))
		return put_str(r, out, "");
	if (!labels.len)
		return FIELD_ABSENT;
	while (json_next(labels, &at, &key)) {
		if (b.len)
			buf_str(&b, ", ");
		json_unquote(key, &b);
		buf_byte(&b, ':');
		json_unquote(at, &b);
	}
	return put_buf(c, r, out, &b);
}

/* ---- mounts ---- */

static const char *const mount_members[] = { "Source", "Destination", "Mode", "RW", "Propagation" };

static void mount_text(struct buf *b, struct json m)
{
	for (unsigned i = 0; i < sizeof(mount_members) / sizeof(mount_members[0]); i++) {
		const struct json v = json_member(m, mount_members[i], strlen(mount_members[i]));

		if (i)
			buf_byte(b, ':');
		if (!json_unquote(v, b))
			buf_put(b, v.p, v.len);
	}
}

static struct json mounts_of(const struct field_ctx *c)
{
	return json_member(container_json(c), "Mounts", 6);
}

GET(get_container_mounts)
{
	const struct json mounts = mounts_of(c);
	struct json at = {0}, key;
	struct buf b = {0};

	if (on_host(c))
		return put_str(r, out, "");
	if (!mounts.len)
		return FIELD_ABSENT;
	while (json_next(mounts, &at, &key)) {
		if (b.len)
			buf_byte(&b, ',');
		mount_text(&b, at);
	}
	return put_buf(c, r, out, &b);
}

/* A mount by its number, or by a pattern that its source (container.mount, .dest by
 * source) or destination fits. */
static struct json find_mount(const struct field_ctx *c, const struct field_ref *r,
			      const char *by)
{
	struct json at = {0}, key;
	int64_t i = 0;

	while (json_next(mounts_of(c), &at, &key)) {
		struct buf b = {0};
		bool fits;

		if (r->index != INT64_MIN) {
			if (i++ == r->index)
				return at;
			continue;
		}
		json_unquote(json_member(at, by, strlen(by)), &b);
		fits = r->key && fnmatch(r->key, buf_text(&b), 0) == 0;
		buf_release(&b);
		if (fits)
			return at;
	}
	return (struct json){0};
}

GET(get_container_mount)
{
	const struct json m = find_mount(c, r, "Source");
	struct buf b = {0};

	if (!m.len)
		return FIELD_ABSENT;
	mount_text(&b, m);
	return put_buf(c, r, out, &b);
}

#define MOUNT(name, by, member)							\
	GET(get_container_mount_##name)						\
	{									\
		const struct json m = find_mount(c, r, by);			\
										\
		return json_text(c, r, out, json_member(m, member, strlen(member)));	\
	}
MOUNT(source, "Destination", "Source")
MOUNT(dest, "Source", "Destination")
MOUNT(mode, "Source", "Mode")
MOUNT(rdwr, "Source", "RW")
MOUNT(propagation, "Source", "Propagation")

/* ---- pods ---- */

GET(get_k8s_pod_name)
{
	return json_text(c, r, out, label(c, "io.kubernetes.pod.name"));
}

GET(get_k8s_ns_name)
{
	return json_text(c, r, out, label(c, "io.kubernetes.pod.namespace"));
}

GET(get_k8s_pod_uid)
{
	return json_text(c, r, out, label(c, "io.kubernetes.pod.uid"));
}

GET(get_k8s_pod_full_sandbox_id)
{
	const struct json id = json_member(container_json(c), "pod_sandbox_id", 14);

	return id.len > 2 ? json_text(c, r, out, id) : FIELD_ABSENT;
}

GET(get_k8s_pod_sandbox_id)
{
	const enum field_found found = get_k8s_pod_full_sandbox_id(c, r, out);

	if (found == FIELD_FOUND && out->len > 12)
		out->len = 12;
	return found;
}

static struct json pod_labels(const struct field_ctx *c)
{
	return json_member(container_json(c), "pod_sandbox_labels", 18);
}

GET(get_k8s_pod_label)
{
	return r->key ? json_text(c, r, out, json_member(pod_labels(c), r->key, strlen(r->key)))
		      : FIELD_ABSENT;
}

GET(get_k8s_pod_labels)
{
	struct json at = {0}, key;
	struct buf b = {0};

	if (!pod_labels(c).len)
		return FIELD_ABSENT;
	while (json_next(pod_labels(c), &at, &key)) {
		if (b.len)
			buf_str(&b, ", ");
		json_unquote(key, &b);
		buf_byte(&b, ':');
		json_unquote(at, &b);
	}
	return put_buf(c, r, out, &b);
}
