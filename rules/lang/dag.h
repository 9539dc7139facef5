/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions as one graph: equal parts of all conditions of a set are one node.
 * Making a node folds it: constants vanish, "not not" vanishes, nested chains become
 * one, doubles go, "x and not x" is false. */
#ifndef SAKER_LANG_DAG_H
#define SAKER_LANG_DAG_H

#include "rules/lang/intern.h"

enum { DAG_FALSE = 0, DAG_TRUE = 1 };		/* the nodes with these numbers */

enum dag_kind { DAG_CONST, DAG_PRED, DAG_NOT, DAG_AND, DAG_OR };

struct dag_node {
	const uint32_t *kids;		/* of DAG_PRED: the one predicate */
	uint32_t n;
	uint8_t kind;
};

struct dag {
	struct arena *arena;
	struct intern table;
	struct dag_node *nodes;		/* kids stand before their parents */
	size_t n, cap;
	uint32_t *scratch;
	size_t scratch_cap;
};

void dag_init(struct dag *d, struct arena *a);
void dag_release(struct dag *d);
uint32_t dag_pred(struct dag *d, uint32_t pred);
uint32_t dag_not(struct dag *d, uint32_t x);
/* kind is DAG_AND or DAG_OR. */
uint32_t dag_chain(struct dag *d, enum dag_kind kind, const uint32_t *kids, uint32_t n);

#endif
