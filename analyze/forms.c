/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/forms.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/base/err.h"

int forms_add(struct forms *f, const char *name)
{
	if (f->n == FORMS_MAX)
		return err(ERR_USAGE, "--format: at most %u times", FORMS_MAX);
	f->v[f->n++] = (struct form){ .name = name };
	return 0;
}

int forms_output(struct forms *f, const char *path)
{
	if (f->n == 0)
		forms_add(f, NULL);
	if (f->v[f->n - 1].path)
		return err(ERR_USAGE, "--output: --format stands before each");
	f->v[f->n - 1].path = path;
	return 0;
}

static int find(struct form *f, const char *const *names)
{
	struct buf all = {0};
	int rc = 0;
	const char *const *n = names;

	if (!f->name)
		f->name = *names;
	while (*n && strcmp(*n, f->name) != 0)
		n++;
	if (!*n) {
		for (n = names; *n; n++)
			buf_printf(&all, "%s%s", n == names ? "" : ", ", *n);
		rc = err(ERR_USAGE, "--format: '%s' is none of %s", f->name, buf_text(&all));
	}
	buf_release(&all);
	return rc;
}

int forms_check(struct forms *f, const char *const *names)
{
	unsigned n = 0;

	if (f->n == 0)
		forms_add(f, NULL);
	for (unsigned i = 0; i < f->n; i++) {
		if (find(&f->v[i], names) < 0)
			return -ERR_USAGE;
		n += !f->v[i].path;
		if (n > 1)
			return err(ERR_USAGE, "--format: only one form goes to standard output; "
				   "--output says where the others go");
	}
	return 0;
}

int forms_open(struct forms *f, FILE *standard)
{
	for (unsigned i = 0; i < f->n; i++) {
		struct form *one = &f->v[i];

		one->out = one->path ? fopen(one->path, "we") : standard;
		if (!one->out)
			return err_sys("%s", one->path);
	}
	return 0;
}

int forms_print(struct forms *f, forms_put *put, const void *arg)
{
	struct buf out = {0};
	int rc = 0;

	for (unsigned i = 0; i < f->n; i++) {
		struct form *one = &f->v[i];

		buf_reset(&out);
		put(arg, one->name, isatty(fileno(one->out)) && !getenv("NO_COLOR"), &out);
		if (out.len > 0)
			fwrite(out.p, 1, out.len, one->out);
		if (fflush(one->out) != 0)
			rc = err_sys("%s", one->path ? one->path : "standard output");
		if (one->path)
			fclose(one->out);
	}
	buf_release(&out);
	return rc;
}
