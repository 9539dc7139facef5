/* SPDX-License-Identifier: Apache-2.0 */
/* A YAML file as a tree with places.  Bounded: size, depth, number of nodes; an alias is
 * another pointer to the same node and never a copy. */
#ifndef SAKER_SET_YAML_H
#define SAKER_SET_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/base/mem.h"

enum yaml_kind { YAML_NULL, YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml {
	uint8_t kind;		/* enum yaml_kind */
	bool plain;		/* a scalar without quotes */
	uint32_t line, column;	/* from 0 */
	uint32_t off, end;	/* bytes of the file */
	const char *p;		/* of a scalar, with a NUL behind */
	uint32_t len;
	uint32_t n;		/* elements, or keys and values in turn */
	struct yaml **kids;
};

struct yaml_file {
	const char *name;
	const char *text;	/* all of it, with a NUL behind */
	size_t len;
	struct yaml **docs;
	size_t n_docs;
	char error[256];	/* what was wrong and where */
	uint32_t error_line, error_column, error_off;
};

enum { YAML_BYTES_MAX = 32 << 20, YAML_DEPTH_MAX = 64, YAML_NODES_MAX = 2 << 20 };

/* false: error in f. */
bool yaml_load(struct yaml_file *f, struct arena *a);

/* The value of the first key of that name; NULL if there is none. */
const struct yaml *yaml_get(const struct yaml *map, const char *key);

#endif
