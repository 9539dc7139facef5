/* SPDX-License-Identifier: Apache-2.0 */
/* What there is to say of the event at hand. */
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/model/detail_parts.h"
#include "analyze/browse/model/links.h"
#include "analyze/browse/model/why.h"
#include "analyze/report/why_print.h"
#include "replay/field/internal.h"

struct making {
	struct detail *d;
	struct details *of;
	const struct seeker *s;
	const struct field_ctx *c;
	struct arena *a;
	struct buf text;
};

static struct bytes keep(struct making *m, const void *p, size_t len)
{
	return (struct bytes){ arena_strn(m->a, p, len), len };
}

static struct bytes keep_str(struct making *m, const char *s)
{
	return keep(m, s, strlen(s));
}

static struct bytes keep_text(struct making *m, struct text t)
{
	return keep(m, t.p, t.len);
}

/* A field by its text; false if it is absent. */
static bool get(struct making *m, const char *name, struct detail_value *out)
{
	struct field_ref r;
	struct fval v;
	enum field_found found;

	if (!field_parse(&r, name, strlen(name), m->a))
		return false;
	found = field_get_value(m->c, &r, &v);
	buf_reset(&m->text);
	if (found == FIELD_FOUND)
		fval_text(&m->text, &v);
	*out = (struct detail_value){ .name = r.text, .type = r.desc->class,
		.text = keep(m, m->text.p, m->text.len), .lost = found == FIELD_LOST };
	return found != FIELD_ABSENT;
}

static struct bytes get_text(struct making *m, const char *name)
{
	struct detail_value v;

	return get(m, name, &v) ? v.text : keep_str(m, "");
}

/* ---- parameters and fields ---- */

static const char *const type_names[PT__N] = {
	[PT_NONE] = "NONE", [PT_INT8] = "INT8", [PT_INT16] = "INT16", [PT_INT32] = "INT32",
	[PT_INT64] = "INT64", [PT_UINT8] = "UINT8", [PT_UINT16] = "UINT16",
	[PT_UINT32] = "UINT32", [PT_UINT64] = "UINT64", [PT_FD] = "FD", [PT_PID] = "PID",
	[PT_ERRNO] = "ERRNO", [PT_UID] = "UID", [PT_GID] = "GID", [PT_FLAGS8] = "FLAGS8",
	[PT_FLAGS16] = "FLAGS16", [PT_FLAGS32] = "FLAGS32", [PT_ENUMFLAGS8] = "ENUMFLAGS8",
	[PT_ENUMFLAGS16] = "ENUMFLAGS16", [PT_ENUMFLAGS32] = "ENUMFLAGS32", [PT_MODE] = "MODE",
	[PT_SYSCALLID] = "SYSCALLID", [PT_SIGTYPE] = "SIGTYPE", [PT_SIGSET] = "SIGSET",
	[PT_RELTIME] = "RELTIME", [PT_ABSTIME] = "ABSTIME", [PT_BOOL] = "BOOL",
	[PT_CHARBUF] = "CHARBUF", [PT_PATH] = "PATH", [PT_RELPATH] = "RELPATH",
	[PT_BYTEBUF] = "BYTEBUF", [PT_CHARBUFARRAY] = "CHARBUFARRAY",
	[PT_CHARBUF_PAIR_ARRAY] = "CHARBUF_PAIR_ARRAY", [PT_SOCKADDR] = "SOCKADDR",
	[PT_SOCKTUPLE] = "SOCKTUPLE", [PT_FDLIST] = "FDLIST", [PT_DYN] = "DYN",
};

/* As evt.args has it: 5546(sh). */
static struct bytes param_text(struct making *m, unsigned i)
{
	size_t before;

	buf_reset(&m->text);
	param_raw(m->c, i, &m->text);
	before = m->text.len;
	buf_byte(&m->text, '(');
	param_resolved(m->c, i, &m->text);
	if (m->text.len == before + 1)
		m->text.len = before;
	else
		buf_byte(&m->text, ')');
	return keep(m, m->text.p, m->text.len);
}

static void put_params(struct making *m)
{
	const struct event *ev = m->c->ev;
	struct detail_value *v = arena_zalloc(m->a, (ev->n_params + 1u) * sizeof(*v));

	m->d->params = v;
	for (unsigned i = 0; i < ev->n_params; i++) {
		const struct param_desc *p = &ev->desc->params[i];

		if (ev->v[i].state == VALUE_ABSENT)
			continue;
		v->text = param_text(m, i);
		v->lost = ev->v[i].state == VALUE_LOST;
		v->name = arena_str(m->a, p->name);
		v->type = p->type < PT__N ? type_names[p->type] : "";
		if (p->type == PT_BYTEBUF && ev->v[i].state == VALUE_SET)
			m->d->payload = keep(m, ev->v[i].p, ev->v[i].len);
		v++;
		m->d->n_params++;
	}
}

static bool is_plain(const struct field_desc *f)
{
	const unsigned not = FIELD_FILTER_ONLY | FIELD_HIDDEN | FIELD_DEPRECATED
		| FIELD_TIME_VARIES;

	return !(f->flags & not) && f->arg != ARG_KEY_REQ && f->arg != ARG_DOT_REQ
		&& f->arg != ARG_INDEX_OR_DOT && !(f->flags & FIELD_ANCESTORS);
}

static void put_fields(struct making *m)
{
	struct detail_value *v = arena_zalloc(m->a, (n_fields + 1) * sizeof(*v));

	m->d->fields = v;
	for (unsigned i = 0; i < n_fields; i++)
		if (is_plain(&fields[i]) && get(m, fields[i].name, &v[m->d->n_fields]))
			m->d->n_fields++;
}

/* ---- the process ---- */

static void put_one_process(struct making *m, const struct thread *t, struct detail_process *p)
{
	const struct user *u = t->bits & TB_HAS_CRED ?
			       state_user(m->c->st, t->proc->container, t->uid) : NULL;

	*p = (struct detail_process){ .pid = t->proc->pid, .tid = t->tid,
		.start_ts = t->proc->start_ts, .name = keep_text(m, t->comm),
		.exe = keep_text(m, t->proc->exepath), .cwd = keep_text(m, thread_cwd(t)) };
	buf_reset(&m->text);
	buf_put(&m->text, t->proc->exe.p, t->proc->exe.len);
	for (uint32_t i = 0; i < t->proc->args.len; i++) {
		if (i == 0)
			buf_byte(&m->text, ' ');
		if (t->proc->args.p[i])
			buf_byte(&m->text, (uint8_t)t->proc->args.p[i]);
		else if (i + 1 < t->proc->args.len)
			buf_byte(&m->text, ' ');
	}
	p->cmdline = keep(m, m->text.p, m->text.len);
	p->user = u ? keep_text(m, u->name) : keep_str(m, "");
	p->container = t->proc->container ? keep_text(m, t->proc->container->id) :
		       keep_str(m, "");
}

static void put_ancestors(struct making *m)
{
	const struct thread *t = m->c->cur->thread;
	struct detail_process *v = arena_zalloc(m->a, DETAIL_ANCESTORS_MAX * sizeof(*v));

	m->d->process = v;
	while (t && m->d->n_process < DETAIL_ANCESTORS_MAX) {
		put_one_process(m, t, &v[m->d->n_process++]);
		t = thread_parent(m->c->st, t);
	}
}

static int put_fd(const struct fdinfo *f, void *arg)
{
	struct making *m = arg;
	struct detail_fd *v = (struct detail_fd *)(uintptr_t)m->d->fds;

	if (m->d->n_fds_all++ >= DETAIL_FDS_MAX)
		return 0;
	v[m->d->n_fds++] = (struct detail_fd){ .fd = f->fd, .name = keep_text(m, f->name),
		.type = fd_type_letter(f->kind),
		.is_this = f->fd == m->c->cur->fd_num };
	return 0;
}

static void put_fds(struct making *m)
{
	const struct thread *t = m->c->cur->thread;
	size_t n;

	if (!t)
		return;
	n = thread_n_fds(t);
	n = n < DETAIL_FDS_MAX ? n : DETAIL_FDS_MAX;
	m->d->fds = arena_zalloc(m->a, (n + 1) * sizeof(*m->d->fds));
	if (n)
		thread_each_fd(t, put_fd, m);
}

/* ---- rules ---- */

static void put_rules(struct making *m)
{
	enum { RULES_MAX = 32 };
	struct browse *const b = m->s->b;
	const struct rule *rules[RULES_MAX];
	struct detail_rule *v;
	struct buf why = {0};

	if (!b->rules)
		return;
	m->d->n_rules = ruleset_match(m->of->matcher, m->c, rules, RULES_MAX);
	m->d->rules = v = arena_zalloc(m->a, (m->d->n_rules + 1) * sizeof(*v));
	for (unsigned i = 0; i < m->d->n_rules; i++) {
		buf_reset(&m->of->line);
		alert_print(b->printer, rules[i], m->c, NULL, &m->of->text, &m->of->line);
		v[i].rule = rules[i];
		v[i].line = keep(m, m->of->line.p, m->of->line.len);
		buf_reset(&why);
		why_tree(m->of, rules[i], m->c, &why);
		v[i].why = keep(m, why.p, why.len);
	}
	buf_release(&why);
}

/* ---- all of it ---- */

static void put_links(struct making *m)
{
	const struct subject s = subject_of(m->c);
	struct link *v = arena_zalloc(m->a, LINKS_MAX * sizeof(*v));

	m->d->links = v;
	m->d->n_links = links_add(m->s->b, &s, v, 0, m->a);
	m->d->has_stream = m->c->cur->fd && m->c->cur->fd->name.len;
	m->d->has_tty = m->c->cur->thread && m->c->cur->thread->proc->tty;
}

struct detail *detail_make(struct details *of, const struct seeker *s)
{
	struct detail *d = xcalloc(1, sizeof(*d));
	struct making m = { .d = d, .of = of, .s = s, .c = &s->ctx, .a = &d->arena };

	d->num = s->ev.num;
	d->ts = s->ev.ts;
	d->latency = s->ev.latency;
	d->tid = s->ev.tid;
	d->cpu = s->ev.cpu;
	d->type = get_text(&m, "evt.type");
	d->category = get_text(&m, "evt.category");
	put_params(&m);
	put_fields(&m);
	put_ancestors(&m);
	put_fds(&m);
	put_rules(&m);
	put_links(&m);
	buf_release(&m.text);
	return d;
}

void detail_free(struct detail *d)
{
	if (!d)
		return;
	arena_release(&d->arena);
	free(d);
}
