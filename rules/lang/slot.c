/* SPDX-License-Identifier: Apache-2.0 */
/* What checks look at: each distinct side of one is a slot of the engine. */
#include <stdlib.h>
#include <string.h>

#include "rules/lang/check.h"

uint8_t type_class_of(enum field_type t)
{
	switch (t) {
	case FIELD_INT: case FIELD_UINT: case FIELD_DOUBLE: case FIELD_PORT:
		return T_N;
	case FIELD_BOOL:
		return T_B;
	case FIELD_STRING:
		return T_S;
	case FIELD_BYTES:
		return T_Y;
	case FIELD_IP: case FIELD_NET:
		return T_A;
	case FIELD_DYN:
		return T_N | T_S | T_Y;
	}
	return 0;
}

/* Ancestor fields ask all ancestors unless they name one. */
static enum shape field_shape(const struct field_ref *r)
{
	const struct field_desc *d = r->desc;

	if (!d->get_all)
		return SHAPE_ONE;
	if (d->flags & FIELD_BOTH_ENDS)
		return SHAPE_ENDS;
	if (d->flags & FIELD_ANCESTORS) {
		if (!d->get || !r->arg || r->index < 0)
			return r->arg && r->index == INT64_MIN && d->get ? SHAPE_ONE : SHAPE_ANY;
		return d->arg == ARG_KEY_OPT ? SHAPE_ANY : SHAPE_ONE;
	}
	return d->flags & FIELD_LIST ? SHAPE_LIST : SHAPE_ONE;
}

static bool varies(const struct extract *x)
{
	if (x->from == FROM_FIELD)
		return x->ref.desc->flags & FIELD_TIME_VARIES;
	for (uint32_t i = 0; i < x->n_kids; i++)
		if (varies(x->kids[i]))
			return true;
	return false;
}

/* A guess in ns, only good for putting tests in order. */
static uint16_t extract_cost(const struct extract *x)
{
	unsigned cost = 20;

	if (x->from == FROM_FIELD) {
		const char *name = x->ref.desc->name;

		if (strncmp(name, "evt.", 4) == 0)
			return strncmp(name, "evt.arg", 7) == 0 ? 40 : 5;
		if (x->ref.desc->get_all)
			return 80;
		return strstr(name, "cmdline") || strstr(name, "args") ? 60 : 12;
	}
	for (uint32_t i = 0; i < x->n_kids; i++)
		cost += extract_cost(x->kids[i]);
	return (uint16_t)(cost < 1000 ? cost : 1000);
}

/* Canonical text does not tell "proc.name" from proc.name: keys also hold the kinds. */
static void kinds(struct buf *key, const struct operand *o)
{
	buf_byte(key, (uint8_t)(o->is_val ? 'v' : 'a' + o->kind));
	for (uint32_t i = 0; o->kind == OPERAND_CALL && i < o->n_kids; i++)
		kinds(key, o->kids[i]);
}

static void slot_key(struct buf *key, const struct operand *o)
{
	operand_print(key, o);
	buf_byte(key, 0);
	kinds(key, o);
}

void pred_key(struct buf *key, const struct node *n)
{
	check_print(key, n);
	buf_byte(key, 0);
	kinds(key, n->left);
	if (n->right)
		kinds(key, n->right);
}

static uint32_t slot_add(struct engine *e, const struct operand *o, struct extract *x)
{
	struct buf text = {0};
	bool is_new;
	uint32_t id;

	slot_key(&text, o);
	id = intern_add(&e->slot_names, text.p, text.len, &is_new);
	buf_release(&text);
	if (!is_new)
		return id;
	e->slots = mem_grow(e->slots, &e->slots_cap, id + 1, sizeof(*e->slots));
	e->slots[id] = (struct slot){
		.text = e->slot_names.keys[id].p, .x = x, .type = x->type,
		.shape = (uint8_t)(x->from == FROM_FIELD ? field_shape(&x->ref) :
				   x->list ? SHAPE_LIST : SHAPE_ONE),
		.varies = varies(x), .cost = extract_cost(x),
	};
	if (x->from == FROM_FIELD && e->slots[id].shape == SHAPE_ONE) {
		e->slots[id].get = x->ref.desc->get;
		e->slots[id].ref = &x->ref;
	}
	return id;
}

/* The slot of a side that may have been met before: then it is known to be right. */
uint32_t slot_of(struct engine *e, const struct at *at, const struct operand *o)
{
	struct buf text = {0};
	struct extract *x;
	uint32_t id;

	slot_key(&text, o);
	id = intern_find(&e->slot_names, text.p, text.len);
	buf_release(&text);
	if (id != INTERN_NONE)
		return id;
	x = extract_check(at, o);
	return x ? slot_add(e, o, x) : NO_SLOT;
}

uint32_t engine_slot(struct engine *e, struct lang *l, const struct ast *a,
		     const struct operand *o)
{
	const struct at at = { .l = l, .text = a->text, .off = o->off };

	return slot_of(e, &at, o);
}
