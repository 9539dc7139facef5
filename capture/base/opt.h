/* SPDX-License-Identifier: Apache-2.0 */
/* Options of a verb from one table: parsing, --help, the manual's OPTIONS section
 * (--help=mdoc) and shell completion (--help=words) derive from the same rows.
 *
 *   enum { O_OUTPUT, O_QUIET };
 *   static const struct opt opts[] = {
 *           { O_OUTPUT, 'o', "output", "FILE", "write the recording to FILE" },
 *           { O_QUIET, 'q', "quiet", NULL, "no progress, no summary" },
 *   };
 *   static const struct opt_spec spec = { "capture", "[options] [-- COMMAND ...]",
 *           "record this machine", OPTS(opts) };
 *
 *   struct opt_parse p;
 *   opt_begin(&p, &spec, argc, argv);
 *   while ((key = opt_next(&p)) >= 0)
 *           switch (key) { case O_OUTPUT: path = p.value; ... }
 *   if (key != OPT_END)
 *           return opt_status(key);
 *   operands are argv[p.first] ... argv[argc - 1]
 */
#ifndef SAKER_BASE_OPT_H
#define SAKER_BASE_OPT_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

struct opt {
	int key;		/* >= 0, what opt_next returns */
	char letter;		/* 0: long form only (always, if the argument is optional) */
	const char *name;	/* long form */
	const char *arg;	/* name of the argument; NULL: a switch; "[=NAME]": optional,
				 * and then p.value is NULL without it */
	const char *help;
};

/* What to say of a letter that is no option here but one of a program that people know. */
struct opt_hint {
	char letter;
	const char *say;
};

struct opt_spec {
	const char *verb, *usage, *about;
	const struct opt *opts;
	unsigned n;
	const char *status;	/* lines about the exit status, for --help; NULL: 0 and 2 */
	const struct opt_hint *hints;	/* ended by a letter of 0, or NULL */
};

#define OPTS(table) (table), sizeof(table) / sizeof((table)[0])

enum { OPT_END = -1, OPT_HELPED = -2, OPT_WRONG = -3 };

struct opt_parse {
	const struct opt_spec *spec;
	int argc, first;	/* first: index of the first operand, after OPT_END */
	char **argv;
	const char *value;
	struct option longs[80];
	char shorts[168];
};

void opt_begin(struct opt_parse *p, const struct opt_spec *spec, int argc, char **argv);
/* The key of the next option, or OPT_END, OPT_HELPED (--help, --version: printed), OPT_WRONG
 * (a message is on stderr).  Options end at the first operand that follows "--"; operands may
 * stand between options. */
int opt_next(struct opt_parse *p);
/* What to exit with after OPT_HELPED or OPT_WRONG. */
int opt_status(int key);
/* Prints message and "try --help", returns EXIT_FAILED. */
int opt_usage_error(const struct opt_spec *spec, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Argument values; negative with a message that names the option. */
int opt_u64(const struct opt_parse *p, const char *what, uint64_t min, uint64_t max,
	    uint64_t *out);
/* Bytes with an optional K, M, G (powers of 1024). */
int opt_size(const struct opt_parse *p, const char *what, uint64_t min, uint64_t max,
	     uint64_t *out);
/* Seconds ("10", "0.5") or with unit ns us ms s m h d; in nanoseconds. */
int opt_duration(const struct opt_parse *p, const char *what, uint64_t *ns);

#endif
