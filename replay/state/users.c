/* SPDX-License-Identifier: Apache-2.0 */
/* Names of users and groups, of the host and of containers, as the recorder saw them.
 * Nothing is asked of the machine that replays. */
#include "replay/state/internal.h"

enum { USERS_MAX = 1 << 20 };

static struct userkey *find(const struct map *m, const struct container *c, uint32_t id)
{
	for (struct userkey *k = map_get(m, id); k; k = k->next) {
		if (c ? k->container.len == c->id.len
			&& memcmp(k->container.p, c->id.p, c->id.len) == 0
		      : k->container.len == 0)
			return k;
	}
	return NULL;
}

const struct user *state_user(const struct state *st, const struct container *c, uint32_t uid)
{
	const struct userkey *k = find(&st->users, c, uid);

	return k ? &k->u : NULL;
}

const struct user *state_group(const struct state *st, const struct container *c, uint32_t gid)
{
	const struct userkey *k = find(&st->groups, c, gid);

	return k ? &k->u : NULL;
}

static struct userkey *need(struct state *st, struct map *m, const struct value *container,
			    uint32_t id)
{
	struct container *c = NULL;
	struct userkey *k;

	if (container->state == VALUE_SET && container->len)
		c = container_named(st, (const char *)container->p, container->len);
	k = find(m, c, id);
	if (k)
		return k;
	if (st->userkeys.n_live >= USERS_MAX)
		return NULL;
	k = slab_take(&st->userkeys);
	k->u.name = k->u.home = k->u.shell = k->container = text_none();
	if (c)
		k->container = text_ref(c->id);
	k->next = map_get(m, id);
	map_put(m, id, k);
	return k;
}

HANDLER(on_snap_user)
{
	const uint32_t uid = (uint32_t)value_u64(EV(ev, SNAP_USER, uid), UINT32_MAX);
	struct userkey *k = need(st, &st->users, EV(ev, SNAP_USER, container), uid);

	if (!k)
		return;
	k->u.uid = uid;
	k->u.gid = (uint32_t)value_u64(EV(ev, SNAP_USER, gid), UINT32_MAX);
	text_set_value(st, &k->u.name, EV(ev, SNAP_USER, name));
	text_set_value(st, &k->u.home, EV(ev, SNAP_USER, homedir));
	text_set_value(st, &k->u.shell, EV(ev, SNAP_USER, shell));
}

HANDLER(on_snap_group)
{
	const uint32_t gid = (uint32_t)value_u64(EV(ev, SNAP_GROUP, gid), UINT32_MAX);
	struct userkey *k = need(st, &st->groups, EV(ev, SNAP_GROUP, container), gid);

	if (!k)
		return;
	k->u.gid = gid;
	text_set_value(st, &k->u.name, EV(ev, SNAP_GROUP, name));
}

static void release(struct state *st, struct map *m)
{
	for (uint32_t i = 0; m->v && i <= m->mask; i++) {
		for (struct userkey *k = m->v[i].p, *next; k; k = next) {
			next = k->next;
			text_drop(st, &k->u.name);
			text_drop(st, &k->u.home);
			text_drop(st, &k->u.shell);
			text_drop(st, &k->container);
			slab_give(&st->userkeys, k);
		}
	}
	map_release(m);
}

void users_release(struct state *st)
{
	release(st, &st->users);
	release(st, &st->groups);
}
