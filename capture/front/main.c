/* SPDX-License-Identifier: Apache-2.0 */
/* saker VERB ...: finds the program of a verb and becomes it.  The programs stand beside
 * this one; PATH is not asked, so that a checkout never runs an installed version. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture/base/buf.h"
#include "capture/base/err.h"
#include "capture/base/mem.h"

struct verb {
	const char *name, *program, *help;
};

static const struct verb verbs[] = {
#define VERB(name, program, page, help) { #name, "saker-" #program, help },
#include "capture/base/verbs.def"
#undef VERB
};
enum { N_VERBS = sizeof(verbs) / sizeof(verbs[0]) };

static void usage(FILE *to)
{
	fputs("Usage: saker VERB [options] ...\n"
	      "Records what a Linux machine does and answers questions about it later.\n\n", to);
	for (int i = 0; i < N_VERBS; i++)
		fprintf(to, "  %-15s%s\n", verbs[i].name, verbs[i].help);
	fputs("\nsaker VERB --help tells the options of a verb; man saker is the manual.\n", to);
}

static const struct verb *find(const char *name)
{
	for (int i = 0; i < N_VERBS; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

/* The directory of this executable, with a slash. */
static int own_directory(struct buf *out)
{
	char path[4096];
	const ssize_t n = readlink("/proc/self/exe", path, sizeof(path));
	const char *slash;

	if (n <= 0 || n == (ssize_t)sizeof(path))
		return err_sys("/proc/self/exe");
	slash = memrchr(path, '/', (size_t)n);
	buf_put(out, path, slash ? (size_t)(slash - path) + 1 : 0);
	return 0;
}

static int become(const struct verb *v, char **argv)
{
	struct buf path = {0};

	if (own_directory(&path) < 0)
		return -1;
	buf_str(&path, v->program);
	execv(buf_text(&path), argv);
	return errno == ENOENT
		? err(ERR_UNSUPPORTED, "%s is not here: built without %s (NO_BPF=1)?",
		      buf_text(&path), v->name)
		: err_sys("%s", buf_text(&path));
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : NULL;
	const struct verb *v;

	if (!word) {
		usage(stderr);
		return EXIT_FAILED;
	}
	if (strcmp(word, "--version") == 0) {
		puts("saker " SAKER_VERSION);
		return EXIT_DONE;
	}
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0
	    || (strcmp(word, "help") == 0 && argc == 2)) {
		usage(stdout);
		return EXIT_DONE;
	}
	if (strcmp(word, "help") == 0) {
		argv[1] = argv[2];
		argv[2] = (char[]){ "--help" };
		word = argv[1];
	}
	v = find(word);
	if (!v) {
		warn("there is no verb '%s'; saker --help lists them", word);
		return EXIT_FAILED;
	}
	become(v, argv);
	err_print();
	return EXIT_FAILED;
}
