/* SPDX-License-Identifier: Apache-2.0 */
/* What an opened file is called: nearly always one component below a directory that
 * needs no cleaning, or a path that needs none itself. */
#include "replay/state/internal.h"

/* One component that means nothing special. */
static bool is_plain(const char *p, size_t len)
{
	return len && p[0] != '.' && !memchr(p, '/', len);
}

static void name_joined(struct state *st, struct fdinfo *f, struct text dir, const char *p,
			size_t len)
{
	size_t n = path_join(st->path[0], dir.p, dir.len, p, len);

	f->name = text_alone(st, text_none(), st->path[0], n);
	n = path_raw(st->path[1], p, len);
	if (n == f->name.len && memcmp(st->path[1], f->name.p, n) == 0)
		f->nameraw = text_ref(f->name);
	else
		f->nameraw = text_alone(st, text_none(), st->path[1], n);
}

void name_opened(struct state *st, struct fdinfo *f, struct text dir, const struct value *name)
{
	const char *p = (const char *)name->p;
	const size_t len = name->len;

	if (path_is_clean(p, len)) {
		f->name = text_alone(st, text_none(), p, len);
		f->nameraw = text_ref(f->name);
	} else if (is_plain(p, len) && dir.len + len + 1 <= PATH_BYTES
		   && text_is_clean(dir)) {
		f->name = text_alone(st, dir, p, len);
		f->nameraw = text_alone(st, text_none(), p, len);
	} else {
		name_joined(st, f, dir, p, len);
	}
}
