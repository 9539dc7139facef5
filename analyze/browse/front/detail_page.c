/* SPDX-License-Identifier: Apache-2.0 */
/* What there is to say of an event, as a page. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyze/browse/front/ui.h"
#include "capture/base/timearg.h"

enum {
	LABEL = 14, FIELD_LABEL = 26,
	COMMAND_ROWS = 2,	/* of a command in the head, of which Process has all */
};

static void put(struct doc *d, const char *label, struct bytes text)
{
	if (text.len)
		doc_pair(d, label, LABEL, ROLE_TEXT, text.p, text.len);
}

static void put_values(struct doc *d, const struct detail_value *v, unsigned n, int label)
{
	for (unsigned i = 0; i < n; i++)
		doc_pair(d, v[i].name, label, v[i].lost ? ROLE_LOSS : ROLE_TEXT,
			 v[i].lost ? "<LOST>" : v[i].text.p, v[i].lost ? 6 : v[i].text.len);
}

/* Whose event it is, and below whom. */
static void put_lineage(struct doc *d, const struct detail *x)
{
	struct buf b = {0};

	if (x->n_process > 0)
		put(d, "command", x->process[0].cmdline);
	if (x->n_process > 0 && x->process[0].cmdline.len)
		doc_most(d, COMMAND_ROWS);
	for (unsigned i = 1; i < x->n_process; i++) {
		if (i > 1)
			buf_str(&b, " < ");
		buf_put(&b, x->process[i].name.p, x->process[i].name.len);
	}
	if (b.len)
		doc_pair(d, "below", LABEL, ROLE_TEXT, b.p, b.len);
	if (b.len)
		doc_most(d, COMMAND_ROWS);
	buf_release(&b);
}

/* The name of the machine at the other end of a connection, where the recording tells it. */
static void put_peer(struct doc *d, const struct detail *x)
{
	for (unsigned i = 0; i < x->n_fields; i++)
		if (!x->fields[i].lost && strcmp(x->fields[i].name, "fd.rip.name") == 0)
			put(d, "other end", x->fields[i].text);
}

static void put_head(struct ui *u, struct doc *d, const struct detail *x)
{
	char when[TIME_TEXT_MAX], text[160];
	int n;

	time_date(when, x->ts, ui_offset(u), ' ');
	n = snprintf(text, sizeof(text), "%s  event %" PRIu64 "  thread %" PRId64 "  cpu %u", when,
		     x->num, x->tid == UINT32_MAX ? -1 : (int64_t)x->tid, x->cpu);
	doc_add(d, ROLE_TEXT, text, (size_t)n);
	put(d, "call", x->type);
	put(d, "category", x->category);
	put_peer(d, x);
	if (x->latency)
		doc_pair(d, "took", LABEL, ROLE_TEXT, when, time_brief(when, x->latency));
	put_lineage(d, x);
}

static void put_rules(struct doc *d, const struct detail *x)
{
	for (unsigned i = 0; i < x->n_rules; i++) {
		const struct detail_rule *r = &x->rules[i];
		char title[300];

		snprintf(title, sizeof(title), "Rule: %s", r->rule->name);
		doc_section(d, title);
		doc_add(d, severity_role(r->rule->priority), r->line.p, r->line.len);
		doc_text(d, ROLE_TEXT, r->why.p, r->why.len);
	}
}

static void put_process(struct ui *u, struct doc *d, const struct detail_process *p)
{
	char text[TIME_TEXT_MAX + 40], since[20] = "";
	int n;

	if (p->start_ts)
		ui_time_text(u, since, sizeof(since), p->start_ts);
	n = snprintf(text, sizeof(text), "%u%s%s", p->pid, *since ? " since " : "", since);
	doc_pair(d, "pid", LABEL, ROLE_TEXT, text, (size_t)n);
	put(d, "name", p->name);
	put(d, "program", p->exe);
	put(d, "command", p->cmdline);
	put(d, "directory", p->cwd);
	put(d, "user", p->user);
	put(d, "container", p->container);
}

static void put_ancestors(struct doc *d, const struct detail *x)
{
	const bool utf8 = term_utf8();

	for (unsigned i = 1; i < x->n_process; i++) {
		const struct detail_process *p = &x->process[i];
		struct buf b = {0};

		for (unsigned k = 1; k < i && k < 20; k++)
			buf_str(&b, "  ");
		buf_printf(&b, "%s %u ", utf8 ? "└" : "`", p->pid);
		buf_put(&b, p->name.p, p->name.len);
		buf_str(&b, "  ");
		buf_put(&b, p->cmdline.p, p->cmdline.len);
		doc_add(d, ROLE_TEXT, b.p, b.len);
		doc_most(d, 1);
		buf_release(&b);
	}
}

static void put_fds(struct doc *d, const struct detail *x)
{
	for (unsigned i = 0; i < x->n_fds; i++) {
		const struct detail_fd *fd = &x->fds[i];
		char label[40];

		snprintf(label, sizeof(label), "%" PRId64 " %c%s", fd->fd,
			 fd->type ? fd->type : '?',
			 fd->is_this ? (term_utf8() ? " ◂" : " <") : "");
		doc_pair(d, label, 10, fd->is_this ? ROLE_KEY : ROLE_TEXT, fd->name.p,
			 fd->name.len);
	}
	if (x->n_fds_all > x->n_fds)
		doc_printf(d, ROLE_DIM, "... and %" PRIu64 " more", x->n_fds_all - x->n_fds);
}

void detail_page(struct ui *u, struct frame *f)
{
	const struct detail *x = f->detail;
	struct doc *d = &f->doc;
	struct note *n = notes_find(&u->notes, x->num, x->ts);

	doc_clear(d);
	put_head(u, d, x);
	if (n)
		doc_pair(d, "note", LABEL, ROLE_KEY, *n->text ? n->text : "bookmark",
			 *n->text ? strlen(n->text) : 8);
	put_rules(d, x);
	doc_section(d, "Parameters");
	put_values(d, x->params, x->n_params, LABEL);
	if (x->payload.len) {
		doc_section(d, f->hex ? "Payload (x: as text)" : "Payload (x: in hex)");
		doc_bytes(d, ROLE_TEXT, (const uint8_t *)x->payload.p, x->payload.len, f->hex);
	}
	if (x->n_process > 0) {
		doc_section(d, "Process");
		put_process(u, d, &x->process[0]);
	}
	if (x->n_process > 1) {
		doc_section(d, "Ancestors");
		put_ancestors(d, x);
	}
	if (x->n_fds > 0) {
		doc_section(d, "Open files");
		put_fds(d, x);
	}
	doc_section(d, "Fields");
	put_values(d, x->fields, x->n_fields, FIELD_LABEL);
}
