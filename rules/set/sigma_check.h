/* SPDX-License-Identifier: Apache-2.0 */
/* A field of Sigma with its values as checks of ours. */
#ifndef SAKER_SET_SIGMA_CHECK_H
#define SAKER_SET_SIGMA_CHECK_H

#include "rules/set/sigma_expr.h"
#include "rules/set/sigma_value.h"

enum sigma_source_id {
#define SOURCE(id, category, service, output) SOURCE_##id,
#include "rules/set/sigma.def"
	SOURCE__N
};

struct sigma_source {
	const char *category, *service, *output;
};

extern const struct sigma_source sigma_sources[SOURCE__N];

enum sigma_variant_id {
#define VARIANT(id, source, keywords, events) VARIANT_##id,
#include "rules/set/sigma.def"
	VARIANT__N
};

struct sigma_variant {
	enum sigma_source_id source;
	const char *keywords, *events;
};

extern const struct sigma_variant sigma_variants[VARIANT__N];

/* A rule under construction. */
struct sigma_maker {
	struct expr_pool pool;
	enum sigma_variant_id variant;
	const char *wrong;		/* the rule is none of Sigma; NULL: it is */
	const struct yaml *wrong_at;
};

/* Notes the first mistake; NULL. */
void *sigma_wrong(struct sigma_maker *m, const struct yaml *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), cold));

/* NULL: sigma_wrong was called. */
struct expr *sigma_check(struct sigma_maker *m, const struct yaml *key,
			 const struct sigma_key *k,
			 const struct yaml *value);

/* The field of ours for outputs, or NULL. */
const char *sigma_field(enum sigma_variant_id variant, const char *name);

#endif
