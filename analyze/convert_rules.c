/* SPDX-License-Identifier: Apache-2.0 */
/* saker convert-rules: rules of the Sigma project as a rule file of ours. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyze/verbs.h"
#include "capture/base/err.h"
#include "capture/base/opt.h"
#include "capture/base/output.h"
#include "rules/set/sigma.h"

enum { O_OUTPUT, O_APPROXIMATE, O_ALL, O_JSON, O_QUIET };

static const struct opt opts[] = {
	{ O_OUTPUT, 'o', "output", "FILE",
	  "write the rules to FILE (default: standard output); what stood there is "
	  "kept as FILE.old" },
	{ O_APPROXIMATE, 0, "approximate", NULL,
	  "write rules that cannot be said exactly too, with a comment that tells "
	  "what is missing" },
	{ O_ALL, 0, "all", NULL,
	  "take rules whose status is deprecated or unsupported too" },
	{ O_JSON, 0, "json", NULL,
	  "the report as a JSON object: on standard output with -o, else on standard error" },
	{ O_QUIET, 'q', "quiet", NULL, "no summary" },
};

static const struct opt_spec spec = {
	"convert-rules", "[options] FILE ...", "make rules of Sigma rules", OPTS(opts),
	"0 all were converted, 1 some were not, 2 wrong usage or failure.",
};

struct convert {
	struct sigma sigma;
	const char *path;
	bool json, quiet;
};

static int write_all(int fd, const struct buf *b, const char *path)
{
	ssize_t n;

	for (size_t at = 0; at < b->len; at += (size_t)n) {
		n = write(fd, b->p + at, b->len - at);
		if (n < 0)
			return err_sys("cannot write %s", path);
	}
	return 0;
}

static int put_rules(const struct convert *c)
{
	const bool file = c->path && strcmp(c->path, "-") != 0;
	int fd = STDOUT_FILENO, e;

	if (file)
		fd = output_create(c->path, false);
	if (fd < 0)
		return fd;
	e = write_all(fd, &c->sigma.out, file ? c->path : "standard output");
	if (file && close(fd) < 0 && e == 0)
		e = err_sys("cannot write %s", c->path);
	return e;
}

static void put_report(const struct convert *c)
{
	const bool file = c->path && strcmp(c->path, "-") != 0;
	const struct sigma *s = &c->sigma;
	struct buf out = {0};

	if (c->json)
		sigma_report_json(s, &out);
	else
		sigma_report_text(s, &out);
	if (out.len)
		fwrite(out.p, 1, out.len, c->json && file ? stdout : stderr);
	if (!c->quiet && !c->json)
		fprintf(stderr, "%zu converted, %zu not, %zu skipped\n", s->n_written,
			s->n_refused, s->n_skipped);
	buf_release(&out);
}

static int run(struct convert *c, char **paths)
{
	int e = 0;

	for (; *paths && e >= 0; paths++)
		e = sigma_load(&c->sigma, *paths);
	if (e >= 0)
		e = sigma_finish(&c->sigma);
	if (e >= 0)
		e = put_rules(c);
	if (e < 0) {
		err_print();
		return EXIT_FAILED;
	}
	put_report(c);
	return c->sigma.n_refused ? EXIT_FINDINGS : EXIT_DONE;
}

int verb_convert_rules(int argc, char **argv)
{
	struct convert c = { .path = NULL };
	struct opt_parse p;
	int key, status;

	opt_begin(&p, &spec, argc, argv);
	while ((key = opt_next(&p)) >= 0)
		switch (key) {
		case O_OUTPUT: c.path = p.value; break;
		case O_APPROXIMATE: c.sigma.approximate = true; break;
		case O_ALL: c.sigma.all = true; break;
		case O_JSON: c.json = true; break;
		case O_QUIET: c.quiet = true; break;
		}
	if (key != OPT_END)
		return opt_status(key);
	if (p.first == argc)
		return opt_usage_error(&spec,
				       "a file or directory of Sigma rules is needed");
	status = run(&c, argv + p.first);
	sigma_release(&c.sigma);
	return status;
}
