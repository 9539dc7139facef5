/* SPDX-License-Identifier: Apache-2.0 */
/* Reading of user's views: view_load.c reads files and views, view_columns.c their columns,
 * view_words.c what both are made of. */
#ifndef SAKER_BROWSE_VIEW_LOAD_PARTS_H
#define SAKER_BROWSE_VIEW_LOAD_PARTS_H

#include "analyze/browse/model/view.h"
#include "rules/set/yaml.h"

struct load {
	struct views *views;
	const char *name;	/* of the file */
	struct buf messages;	/* a line each */
	unsigned n_wrong;
};

/* One message more. */
void load_wrong(struct load *l, const struct yaml *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Complains of keys of the mapping that are not known; the last is NULL. */
void load_known(struct load *l, const struct yaml *map, const char *const *known);
/* Values by their key; what is not there, or wrong and told, is NULL or otherwise. */
const struct yaml *load_scalar(struct load *l, const struct yaml *map, const char *key);
const char *load_text(struct load *l, const struct yaml *map, const char *key,
		      const char *otherwise);
bool load_bool(struct load *l, const struct yaml *map, const char *key);
/* One of the words by its place. */
uint8_t load_word(struct load *l, const struct yaml *map, const char *key,
		  const char *const *words, uint8_t otherwise);
/* A copy that lives as long as the views. */
const char *load_keep(struct load *l, const struct yaml *v);
/* Complains of what is no field for the view. */
void load_field(struct load *l, const struct yaml *v, const struct view *view);

void load_columns(struct load *l, struct view *v, const struct yaml *map);
/* By name, + before it: ascending. */
void load_sort(struct load *l, struct view *v, const struct yaml *map);

#endif
