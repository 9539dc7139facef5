/* SPDX-License-Identifier: Apache-2.0 */
/* Containers: which one a process runs in, and what the recorder found out about it. */
#include <arpa/inet.h>
#include <ctype.h>

#include <xxhash.h>

#include "capture/base/cgroup.h"
#include "replay/state/internal.h"
#include "replay/state/json.h"

enum { CONTAINERS_MAX = 65536, DEPTH_MAX = 256, CUSTOM = 5 };

static struct container *find(const struct state *st, const char *id, size_t len)
{
	struct container *const c = map_get(&st->cont_by_id, (uint32_t)XXH3_64bits(id, len));

	return c && c->id.len == len && memcmp(c->id.p, id, len) == 0 ? c : NULL;
}

struct container *container_named(struct state *st, const char *id, size_t len)
{
	struct container *c = find(st, id, len);

	if (c)
		return c;
	if (st->n_cont >= CONTAINERS_MAX)
		return NULL;
	c = slab_take(&st->containers);
	c->id = text_new(st, id, len);
	c->full_id = c->name = c->type = c->image = c->image_repo = c->image_tag = text_none();
	c->image_digest = c->image_id = c->json = text_none();
	c->privileged = -1;
	st->cont = mem_grow(st->cont, &st->cont_cap, st->n_cont + 1, sizeof(struct container *));
	st->cont[st->n_cont++] = c;
	map_put(&st->cont_by_id, (uint32_t)XXH3_64bits(id, len), c);
	return c;
}

/* A container that was told of by a process may have a group of its own, which ends with
 * its name. */
static struct container *by_last_name(const struct state *st, struct text cgroups)
{
	const size_t len = strnlen(cgroups.p, cgroups.len);
	const char *const slash = len ? memrchr(cgroups.p, '/', len) : NULL;
	const size_t n = slash ? (size_t)(cgroups.p + len - slash - 1) : 0;
	struct container *c = n ? find(st, slash + 1, n) : NULL;

	return c && c->by_pid ? c : NULL;
}

struct container *container_of_cgroups(struct state *st, struct text cgroups)
{
	struct cgroup_container found;
	struct container *c;

	if (!cgroups_container(cgroups.p, cgroups.len, &found))
		return by_last_name(st, cgroups);
	c = container_named(st, found.id, cgroup_shown(&found));
	if (c && c->full_id.len == 0)
		text_set(st, &c->full_id, found.id, found.len);
	if (c && c->type.len == 0)
		text_set(st, &c->type, found.type, strlen(found.type));
	return c;
}

/* ---- from the recorder ---- */

static const char *const types[] = {	/* numbers of Falco's container plugin */
	"docker", "lxc", "libvirt-lxc", "mesos", "rkt", "custom", "cri", "containerd", "cri-o",
	"bpm", "static", "podman",
};

static void take_string(struct state *st, struct text *to, struct json of, const char *name)
{
	struct buf b = {0};

	if (json_unquote(json_member(of, name, strlen(name)), &b))
		text_set(st, to, b.p, b.len);
	buf_release(&b);
}

static void take_type(struct state *st, struct container *c, struct json v)
{
	unsigned n = 0;

	if (v.len && v.p[0] == '"') {
		struct buf b = {0};

		if (json_unquote(v, &b))
			text_set(st, &c->type, b.p, b.len);
		buf_release(&b);
		return;
	}
	for (size_t i = 0; i < v.len && i < 4; i++) {
		if (!isdigit((unsigned char)v.p[i]))
			return;
		n = n * 10 + (unsigned)(v.p[i] - '0');
	}
	if (n == CUSTOM && c->type.len)	/* the path says more */
		return;
	if (v.len && n < sizeof(types) / sizeof(types[0]))
		text_set(st, &c->type, types[n], strlen(types[n]));
}

static uint64_t number(struct json v)
{
	uint64_t n = 0;

	for (size_t i = 0; i < v.len && i < 19 && isdigit((unsigned char)v.p[i]); i++)
		n = n * 10 + (uint64_t)(v.p[i] - '0');
	return n;
}

static void take_address(struct container *c, struct json v)
{
	struct buf b = {0};

	memset(c->ip, 0, sizeof(c->ip));
	if (json_unquote(v, &b))
		inet_pton(AF_INET, buf_text(&b), c->ip);
	buf_release(&b);
}

static void describe(struct state *st, struct container *c, struct json of)
{
	const struct json priv = json_member(of, "privileged", 10);

	take_string(st, &c->full_id, of, "full_id");
	take_string(st, &c->name, of, "name");
	take_string(st, &c->image, of, "image");
	take_string(st, &c->image_repo, of, "imagerepo");
	take_string(st, &c->image_tag, of, "imagetag");
	take_string(st, &c->image_digest, of, "imagedigest");
	take_string(st, &c->image_id, of, "imageid");
	take_type(st, c, json_member(of, "type", 4));
	take_address(c, json_member(of, "ip", 2));
	c->start_ts = number(json_member(of, "created_time", 12)) * UINT64_C(1000000000);
	c->privileged = priv.len ? json_is(priv, "true") : -1;
}

/* A process and its descendants whose control groups do not tell are in the container. */
static void put_in(struct tnode *n, struct container *c, unsigned depth)
{
	if (!n || !c || depth > DEPTH_MAX)
		return;
	if (!n->t.proc->container)
		n->t.proc->container = c;
	if (depth == 0)
		c->by_pid = true;
	for (struct tnode *k = n->child; k; k = k->next_sib)
		if (!k->t.proc->container)
			put_in(k, c, depth + 1);
}

HANDLER(on_container)
{
	const struct value *json = EV(ev, CONTAINER, json), *id_only = EV(ev, CONTAINER, id);
	const uint32_t pid = (uint32_t)value_u64(EV(ev, CONTAINER, pid), 0);
	struct json of, inner;
	struct container *c = NULL;
	struct buf id = {0};

	if (id_only->state == VALUE_SET && json->state != VALUE_SET && pid)
		put_in(tnode_get(st, pid), container_named(st, (const char *)id_only->p,
							   id_only->len), 0);
	if (json->state != VALUE_SET || json->len == 0)
		return;
	of = (struct json){ (const char *)json->p, json->len };
	inner = json_member(of, "container", 9);
	if (inner.len)
		of = inner;
	if (json_unquote(json_member(of, "id", 2), &id) && id.len)
		c = container_named(st, (const char *)id.p, id.len);
	buf_release(&id);
	if (!c)
		return;
	text_set(st, &c->json, json->p, json->len);
	describe(st, c, of);
	st->cur.container = c;
	put_in(tnode_get(st, pid), c, 0);
}

void container_release(struct state *st)
{
	for (size_t i = 0; i < st->n_cont; i++) {
		struct container *c = st->cont[i];
		struct text *const texts[] = { &c->id, &c->full_id, &c->name, &c->type, &c->image,
			&c->image_repo, &c->image_tag, &c->image_digest, &c->image_id, &c->json };

		for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++)
			text_drop(st, texts[k]);
		slab_give(&st->containers, c);
	}
	st->n_cont = 0;
	map_release(&st->cont_by_id);
}
