/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/base/opt.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "capture/base/err.h"
#include "capture/base/timearg.h"

enum { KEY_HELP = 1 << 16, KEY_VERSION, HELP_COLUMN = 28 };

void opt_begin(struct opt_parse *p, const struct opt_spec *spec, int argc, char **argv)
{
	char *s = p->shorts;
	unsigned i;

	*p = (struct opt_parse){ .spec = spec, .argc = argc, .argv = argv };
	*s++ = ':';
	for (i = 0; i < spec->n && i < 76; i++) {
		const struct opt *o = &spec->opts[i];

		p->longs[i] = (struct option){ o->name, !o->arg ? no_argument :
			*o->arg == '[' ? optional_argument : required_argument, NULL, o->key };
		if (o->letter) {
			*s++ = o->letter;
			if (o->arg)
				*s++ = ':';
		}
	}
	*s++ = 'h';
	p->longs[i++] = (struct option){ "help", optional_argument, NULL, KEY_HELP };
	p->longs[i] = (struct option){ "version", no_argument, NULL, KEY_VERSION };
	optind = 0;
	opterr = 0;
}

static void help_row(const struct opt *o)
{
	char left[64];
	const int n = snprintf(left, sizeof(left), "  %c%c%s --%s%s%s", o->letter ? '-' : ' ',
			       o->letter ? o->letter : ' ', o->letter ? "," : " ", o->name,
			       o->arg && *o->arg != '[' ? " " : "", o->arg ? o->arg : "");

	if (n >= HELP_COLUMN)
		printf("%s\n%*s%s\n", left, HELP_COLUMN, "", o->help);
	else
		printf("%-*s%s\n", HELP_COLUMN, left, o->help);
}

static const struct opt help_option = { 0, 'h', "help", NULL, "show this help" };
static const struct opt version_option = { 0, 0, "version", NULL, "show the version" };

static const char *manual_of(const char *verb)
{
	static const struct { const char *verb, *page; } pages[] = {
#define VERB(name, program, page, help) { #name, "saker-" #page },
#include "capture/base/verbs.def"
#undef VERB
	};

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (strcmp(pages[i].verb, verb) == 0)
			return pages[i].page;
	return "saker";
}

static void help_text(const struct opt_spec *spec)
{
	printf("Usage: saker %s %s\n%c%s.\n\n", spec->verb, spec->usage,
	       *spec->about & ~0x20, spec->about + 1);
	for (unsigned i = 0; i < spec->n; i++)
		help_row(&spec->opts[i]);
	help_row(&help_option);
	help_row(&version_option);
	printf("\nExit status: %s\nManual: man %s\n",
	       spec->status ? spec->status : "0 done, 2 wrong usage or failure.",
	       manual_of(spec->verb));
}

static void mdoc_escaped(const char *s)
{
	for (; *s; s++)
		if (*s == '\\')
			fputs("\\e", stdout);
		else
			putchar(*s);
}

static void mdoc_row(const struct opt *o)
{
	fputs(".It ", stdout);
	if (o->letter)
		printf("Fl %c%s", o->letter, o->name ? " , " : "");
	printf("Fl -%s", o->name);
	if (o->arg && *o->arg == '[')
		printf(" Ns Oo Ns = Ns Ar %.*s Oc", (int)strlen(o->arg) - 3, o->arg + 2);
	else if (o->arg)
		printf(" Ar %s", o->arg);
	putchar('\n');
	mdoc_escaped(o->help);
	puts(".");
}

static void help_mdoc(const struct opt_spec *spec)
{
	puts(".Bl -tag -width Ds");
	for (unsigned i = 0; i < spec->n; i++)
		mdoc_row(&spec->opts[i]);
	puts(".El");
}

static void help_words(const struct opt_spec *spec)
{
	for (unsigned i = 0; i < spec->n; i++)
		printf("--%s%s\n", spec->opts[i].name,
		       spec->opts[i].arg && *spec->opts[i].arg != '[' ? "=" : "");
	puts("--help\n--version");
}

static int help(const struct opt_spec *spec, const char *form)
{
	if (form && strcmp(form, "mdoc") == 0)
		help_mdoc(spec);
	else if (form && strcmp(form, "words") == 0)
		help_words(spec);
	else
		help_text(spec);
	return OPT_HELPED;
}

static const char *hint(const struct opt_spec *spec, int letter)
{
	for (const struct opt_hint *h = spec->hints; h && h->letter; h++)
		if (h->letter == letter)
			return h->say;
	return NULL;
}

static int wrong(const struct opt_parse *p, int c)
{
	const char *arg = optind > 0 && optind <= p->argc ? p->argv[optind - 1] : "";

	if (c == ':')
		opt_usage_error(p->spec, "%s needs an argument", arg);
	else if (optopt && optopt < KEY_HELP && strncmp(arg, "--", 2) != 0)
		opt_usage_error(p->spec, "there is no option -%c%s%s", optopt,
				hint(p->spec, optopt) ? ": " : "",
				hint(p->spec, optopt) ? hint(p->spec, optopt) : "");
	else
		opt_usage_error(p->spec, "there is no option %s", arg);
	return OPT_WRONG;
}

static int key_of_letter(const struct opt_spec *spec, int c)
{
	for (unsigned i = 0; i < spec->n; i++)
		if (spec->opts[i].letter == c)
			return spec->opts[i].key;
	return OPT_WRONG;
}

/* Letters and keys share getopt's return value: keys of rows without a letter are
 * told from letters by longindex. */
int opt_next(struct opt_parse *p)
{
	int index = -1;
	const int c = getopt_long(p->argc, p->argv, p->shorts, p->longs, &index);

	p->value = optarg;
	if (c == -1) {
		p->first = optind;
		return OPT_END;
	}
	if (c == '?' || c == ':') {
		if (index < 0)
			return wrong(p, c);
	}
	if (index < 0)
		return c == 'h' ? help(p->spec, NULL) : key_of_letter(p->spec, c);
	if (c == KEY_HELP)
		return help(p->spec, optarg);
	if (c == KEY_VERSION) {
		puts("saker " SAKER_VERSION);
		return OPT_HELPED;
	}
	return c;
}

int opt_status(int key)
{
	return key == OPT_HELPED ? EXIT_DONE : EXIT_FAILED;
}

int opt_usage_error(const struct opt_spec *spec, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	warn("%s; try saker %s --help", text, spec->verb);
	return EXIT_FAILED;
}

static int not_a(const struct opt_parse *p, const char *what, const char *kind)
{
	return err(ERR_USAGE, "%s: '%s' is not %s", what, p->value, kind);
}

static int in_range(const struct opt_parse *p, const char *what, uint64_t v, uint64_t min,
		    uint64_t max)
{
	if (v < min || v > max)
		return err(ERR_USAGE, "%s: %s is not between %" PRIu64 " and %" PRIu64,
			   what, p->value, min, max);
	return 0;
}

int opt_u64(const struct opt_parse *p, const char *what, uint64_t min, uint64_t max, uint64_t *out)
{
	const char *s = p->value;
	uint64_t v = 0;

	if (!*s)
		return not_a(p, what, "a number");
	for (; *s; s++)
		if (*s < '0' || *s > '9' || __builtin_mul_overflow(v, 10, &v)
		    || __builtin_add_overflow(v, (uint64_t)(*s - '0'), &v))
			return not_a(p, what, "a number");
	*out = v;
	return in_range(p, what, v, min, max);
}

int opt_size(const struct opt_parse *p, const char *what, uint64_t min, uint64_t max, uint64_t *out)
{
	static const char units[] = "KMGT";
	const char *s = p->value, *unit;
	uint64_t v = 0;

	if (*s < '0' || *s > '9')
		return not_a(p, what, "a size");
	for (; *s >= '0' && *s <= '9'; s++)
		if (__builtin_mul_overflow(v, 10, &v)
		    || __builtin_add_overflow(v, (uint64_t)(*s - '0'), &v))
			return not_a(p, what, "a size");
	if (*s) {
		unit = strchr(units, *s & ~0x20);
		if (!unit || s[1]
		    || __builtin_mul_overflow(v, UINT64_C(1) << 10 * (unit - units + 1), &v))
			return not_a(p, what, "a size");
	}
	*out = v;
	return in_range(p, what, v, min, max);
}

int opt_duration(const struct opt_parse *p, const char *what, uint64_t *ns)
{
	return time_duration(p->value, ns) < 0 ? not_a(p, what, "a duration (10, 0.5s, 2m)") : 0;
}
