/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/forms.h"

#include <stdlib.h>
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
		forms_add(f, "people");
	if (f->v[f->n - 1].path)
		return err(ERR_USAGE, "--output: --format stands before each");
	f->v[f->n - 1].path = path;
	return 0;
}

int forms_check(struct forms *f)
{
	unsigned n = 0;

	if (f->n == 0)
		forms_add(f, "people");
	for (unsigned i = 0; i < f->n; i++) {
		const struct form *one = &f->v[i];

		if (!test_printer_named(one->name))
			return err(ERR_USAGE, "--format: '%s' is none of people, tap, junit, "
				   "sarif, json, github", one->name);
		n += !one->path;
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

int forms_print(struct forms *f, const struct test_suite *s, bool all)
{
	struct test_print p = { .suite = s, .all = all };
	struct buf out = {0};
	int rc = 0;

	for (unsigned i = 0; i < f->n; i++) {
		struct form *one = &f->v[i];

		p.color = isatty(fileno(one->out)) && !getenv("NO_COLOR");
		buf_reset(&out);
		test_printer_named(one->name)(&p, &out);
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
