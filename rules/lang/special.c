/* SPDX-License-Identifier: Apache-2.0 */
/* What the type of an event alone tells about conditions. */
#include "rules/lang/special.h"

#include <stdlib.h>
#include <string.h>

static bool set_empty(const struct event_set *s)
{
	for (size_t i = 0; i < sizeof(s->bits) / sizeof(s->bits[0]); i++)
		if (s->bits[i])
			return false;
	return true;
}

/* The text that a field has on every event of the type; NULL if it depends, "" with
 * *absent if it never has one. */
static const char *known_text(const struct field_desc *d, unsigned type, bool *absent)
{
	const struct event_desc *ev = &catalog[type];
	const bool call = !(ev->flags & (EF_TRACEPOINT | EF_PSEUDO));

	*absent = false;
	if (type == EV_UNKNOWN || type == EV_GENERIC || ev->flags & EF_PSEUDO)
		return NULL;
	if (strcmp(d->name, "evt.type") == 0)
		return ev->name;
	if (strcmp(d->name, "syscall.type") == 0) {
		*absent = !call;
		return ev->name;
	}
	if (strcmp(d->name, "evt.dir") == 0)
		return call ? "<" : ">";
	return NULL;
}

static bool text_holds(const struct pred *p, const char *text)
{
	struct field_ctx ctx = {0};
	struct engine none = {0};
	struct matcher m = { .e = &none, .ctx = &ctx };
	struct slot_value v = {
		.found = true,
		.v = { .p = text, .len = (uint32_t)strlen(text), .type = FIELD_STRING },
	};
	struct pred alone = *p;

	alone.index = NO_INDEX;
	return matcher_decide(&m, &alone, &v);
}

/* evt.num counts from 1 on all events that are not pseudo events. */
static int num_known(const struct pred *p, unsigned type)
{
	const uint64_t c = p->n == 1 ? p->c[0].u : 2;

	if (catalog[type].flags & EF_PSEUDO || p->n == 0 || p->mod || c > 1)
		return -1;
	switch ((enum test)p->test) {
	case TEST_EQ: case TEST_LE:
		return c == 0 ? 0 : -1;
	case TEST_NE: case TEST_GT:
		return c == 0 ? 1 : -1;
	case TEST_LT:
		return 0;
	case TEST_GE:
		return 1;
	default:
		return -1;
	}
}

int engine_pred_known(const struct engine *e, const struct pred *p, unsigned type)
{
	const struct slot *s = &e->slots[p->slot];
	const struct field_desc *d = s->x->ref.desc;
	const char *text;
	bool absent;

	if (p->never)
		return 0;
	if (s->x->from != FROM_FIELD)
		return -1;
	if (!set_empty(&d->only) && !event_set_has(&d->only, type))
		return 0;
	if (p->right != NO_SLOT || p->test == TEST_REGEX)
		return -1;
	if (p->test != TEST_EXISTS && p->n == 0 && !p->all)
		return 0;
	if (strcmp(d->name, "evt.num") == 0)
		return num_known(p, type);
	text = known_text(d, type, &absent);
	if (!text)
		return -1;
	return !absent && text_holds(p, text);
}

uint32_t special_node(struct special *s, uint32_t node)
{
	struct dag *d = &s->e->dag;
	const struct dag_node n = d->nodes[node];
	uint32_t *kids, r = node;
	int known;

	if (node < s->n_memo && s->memo[node])
		return s->memo[node] - 1;
	switch ((enum dag_kind)n.kind) {
	case DAG_CONST:
		break;
	case DAG_PRED:
		known = engine_pred_known(s->e, &s->e->preds[n.kids[0]], s->type);
		r = known < 0 ? node : (uint32_t)known;
		break;
	case DAG_NOT:
		r = dag_not(d, special_node(s, n.kids[0]));
		break;
	case DAG_AND:
	case DAG_OR:
		kids = xmalloc(n.n * sizeof(*kids));
		for (uint32_t i = 0; i < n.n; i++)
			kids[i] = special_node(s, n.kids[i]);
		r = dag_chain(d, (enum dag_kind)n.kind, kids, n.n);
		free(kids);
		break;
	}
	if (node < s->n_memo)
		s->memo[node] = r + 1;
	return r;
}

void special_init(struct special *s, struct engine *e)
{
	*s = (struct special){ .e = e, .n_memo = e->dag.n };
	s->memo = xcalloc(s->n_memo, sizeof(*s->memo));
}

void special_type(struct special *s, unsigned type)
{
	s->type = type;
	memset(s->memo, 0, s->n_memo * sizeof(*s->memo));
}

void special_release(struct special *s)
{
	free(s->memo);
}
