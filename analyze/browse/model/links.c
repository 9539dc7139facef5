/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/model/links.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "analyze/browse/model/arrange.h"

const char *take_text(struct buf *b, struct arena *a)
{
	const char *t = arena_strn(a, b->p, b->len);

	buf_reset(b);
	return t;
}

/* The language ends a text at the first quote with no backslash before it, so a backslash itself
 * is written as its other escape, "\ ". */
void put_constant(struct buf *out, const void *p, size_t len)
{
	const char *c = p;

	buf_byte(out, '"');
	for (size_t i = 0; i < len; i++)
		switch (c[i]) {
		case '"': buf_str(out, "\\\""); break;
		case '\\': buf_str(out, "\\ "); break;
		case '\n': buf_str(out, "\\n"); break;
		case '\r': buf_str(out, "\\r"); break;
		case '\t': buf_str(out, "\\t"); break;
		default:
			if ((uint8_t)c[i] < 0x20 || c[i] == 0x7f)
				buf_printf(out, "\\x%02x", (uint8_t)c[i]);
			else
				buf_byte(out, (uint8_t)c[i]);
		}
	buf_byte(out, '"');
}

/* No constant can hold a NUL, nor has an honest name one: then what stands around it must do. */
static void put_same(struct buf *out, const char *field, struct text t)
{
	const char *const nul = memchr(t.p, 0, t.len), *last;

	if (!nul) {
		buf_printf(out, "%s = ", field);
		put_constant(out, t.p, t.len);
		return;
	}
	last = memrchr(t.p, 0, t.len);
	buf_printf(out, "%s startswith ", field);
	put_constant(out, t.p, (size_t)(nul - t.p));
	buf_printf(out, " and %s endswith ", field);
	put_constant(out, last + 1, (size_t)(t.p + t.len - last - 1));
}

/* The language refuses to compare evt.type itself with a name that it does not know, but a
 * recording may have such types. */
static void put_equals(struct buf *out, const char *field, struct text t)
{
	struct buf low = {0};

	if (strcmp(field, "evt.type") != 0 || event_name_known(t.p, t.len)) {
		put_same(out, field, t);
		return;
	}
	for (uint32_t i = 0; i < t.len; i++)
		buf_byte(&low, (uint8_t)(t.p[i] >= 'A' && t.p[i] <= 'Z' ? t.p[i] | 0x20 : t.p[i]));
	put_same(out, "tolower(evt.type)", (struct text){ buf_text(&low), t.len });
	buf_release(&low);
}

unsigned link_put(struct link *out, unsigned n, const char *title, const char *view,
		  const char *filter, bool alone)
{
	if (n == LINKS_MAX)
		return n;
	out[n] = (struct link){ .title = title, .view = view, .filter = filter, .alone = alone };
	return n + 1;
}

/* ---- processes ---- */

static bool comes_again(struct browse *b, int64_t pid)
{
	const struct table *t = scan_processes(b->base);
	unsigned n = 0;

	browse_lock(b);
	for (size_t i = 0; t && n < 2 && i < t->n; i++)
		n += t->rows[i]->process->pid == pid;
	browse_unlock(b);
	return n > 1;
}

void put_process(struct browse *b, struct buf *out, const struct subject *s)
{
	buf_printf(out, "proc.pid = %" PRId64, s->pid);
	if (!comes_again(b, s->pid))
		return;
	if (s->start_ts > b->info.first_ts)
		buf_printf(out, " and evt.rawtime >= %" PRIu64, s->start_ts);
	if (s->end_ts)
		buf_printf(out, " and evt.rawtime <= %" PRIu64, s->end_ts);
}

static unsigned process_links(struct browse *b, const struct subject *s, struct link *out,
			      unsigned n, struct arena *a)
{
	struct buf t = {0};
	const char *me, *below;

	put_process(b, &t, s);
	me = take_text(&t, a);
	buf_printf(&t, "proc.pid = %" PRId64 " or proc.apid = %" PRId64, s->pid, s->pid);
	below = take_text(&t, a);
	buf_release(&t);
	n = link_put(out, n, "its events", "events", me, true);
	n = link_put(out, n, "its tree: it and all below it", "tree", below, true);
	n = link_put(out, n, "its files", "files", me, true);
	n = link_put(out, n, "its connections", "connections", me, true);
	return n;
}

/* ---- descriptors ---- */

static bool is_net(const struct subject *s)
{
	return s->fd_kind == FD_IPV4 || s->fd_kind == FD_IPV6;
}

/* Both ends of a connection have one name; those of unix sockets have the two addresses the
 * other way round. */
static bool put_other_end(struct buf *t, const struct subject *s)
{
	const char *arrow = memmem(s->fd_name.p, s->fd_name.len, "->", 2);
	const char *end = s->fd_name.p + s->fd_name.len, *stop;
	struct buf name = {0};

	if (is_net(s)) {
		put_equals(t, "fd.name", s->fd_name);
		if (s->pid)
			buf_printf(t, " and proc.pid != %" PRId64, s->pid);
		return true;
	}
	if (s->fd_kind != FD_UNIX || !arrow)
		return false;
	stop = memchr(arrow, ' ', (size_t)(end - arrow));
	stop = stop ? stop : end;
	if (memchr(s->fd_name.p, 0, s->fd_name.len))
		return false;
	buf_put(&name, arrow + 2, (size_t)(stop - arrow - 2));
	buf_str(&name, "->");
	buf_put(&name, s->fd_name.p, (size_t)(arrow - s->fd_name.p));
	buf_str(t, "fd.name startswith ");
	put_constant(t, name.p, name.len);
	buf_release(&name);
	return true;
}

static unsigned fd_links(const struct subject *s, struct link *out, unsigned n, struct arena *a)
{
	struct buf t = {0};

	if (put_other_end(&t, s))
		n = link_put(out, n, "the other end of this connection", "processes",
			     take_text(&t, a), true);
	put_equals(&t, "fd.name", s->fd_name);
	n = link_put(out, n, is_net(s) ? "all of this connection" : "who else touched this file",
		     is_net(s) ? "events" : "processes", take_text(&t, a), true);
	buf_release(&t);
	return n;
}

static unsigned text_link(struct link *out, unsigned n, const char *title, const char *view,
			  const char *field, struct text value, struct arena *a)
{
	struct buf t = {0};

	if (!value.len)
		return n;
	put_equals(&t, field, value);
	n = link_put(out, n, title, view, take_text(&t, a), true);
	buf_release(&t);
	return n;
}

unsigned links_add(struct browse *b, const struct subject *s, struct link *out, unsigned n,
		   struct arena *a)
{
	if (s->pid > 0)
		n = process_links(b, s, out, n, a);
	if (s->fd_name.len)
		n = fd_links(s, out, n, a);
	n = text_link(out, n, "all of this peer", "connections", "fd.rip", s->peer, a);
	n = text_link(out, n, "all of this program", "processes", "proc.exepath", s->program, a);
	if (s->container.len != 4 || memcmp(s->container.p, "host", 4) != 0)
		n = text_link(out, n, "all of this container", "processes", "container.id",
			      s->container, a);
	return n;
}

/* ---- events ---- */

static struct text peer_of(const struct fdinfo *f, char ip[INET6_ADDRSTRLEN])
{
	const bool six = f->kind == FD_IPV6;
	const struct ip_end *far = f->role == ROLE_SERVER ? &f->src : &f->dst;

	if ((f->kind != FD_IPV4 && !six) || far->port == 0
	    || !inet_ntop(six ? AF_INET6 : AF_INET, far->addr, ip, INET6_ADDRSTRLEN))
		return (struct text){ .p = "" };
	return (struct text){ ip, (uint32_t)strlen(ip) };
}

struct subject subject_of(const struct field_ctx *c)
{
	struct subject s = { .fd_name.p = "", .container.p = "", .peer.p = "", .program.p = "",
			     .num = c->ev->num };
	const struct thread *t = c->cur->thread;
	char *ip = arena_alloc(c->scratch, INET6_ADDRSTRLEN);

	if (t) {
		s.pid = t->proc->pid;
		s.start_ts = t->proc->start_ts;
		s.program = t->proc->exepath;
		if (t->proc->container)
			s.container = t->proc->container->id;
	}
	if (c->cur->fd) {
		s.fd_name = c->cur->fd->name;
		s.fd_kind = c->cur->fd->kind;
		s.peer = peer_of(c->cur->fd, ip);
	}
	return s;
}

/* ---- rows ---- */

static void put_key(struct buf *out, const struct gather_key *k)
{
	const uint8_t type = k->field->ref.desc->type;
	const struct fval v = { .p = k->text.p, .len = k->text.len, .type = type };
	const struct fval number = { .u = k->u, .type = type };

	if (k->bytes && type != FIELD_IP) {
		put_equals(out, k->field->ref.text, k->text);
		return;
	}
	buf_printf(out, "%s = ", k->field->ref.text);
	fval_text(out, k->bytes ? &v : &number);
}

static void note_key(struct subject *s, const struct gather_key *k)
{
	const char *field = k->field->rule ? "" : k->field->ref.text;

	if (strcmp(field, "fd.name") == 0 || strcmp(field, "evt.path") == 0)
		s->fd_name = k->text;
	else if (strcmp(field, "container.id") == 0)
		s->container = k->text;
	else if (strcmp(field, "proc.exepath") == 0)
		s->program = k->text;
	else if (strcmp(field, "evt.num") == 0)
		s->num = k->u;
}

/* The condition that the keys have the row's values; of alerts that it is the rule's event. */
static const char *keys_condition(struct browse *b, const struct gather_plan *p,
				  const struct row *r, struct subject *s, struct arena *a)
{
	struct gather_key k[VIEW_KEYS_MAX];
	const unsigned n = gather_keys(p, r, k);
	struct buf out = {0};
	const char *text;

	for (unsigned i = 0; i < n; i++) {
		if (k[i].field->rule == RULE_NAME && !s->num) {
			buf_reset(&out);
			buf_printf(&out, "rule:%.*s", (int)k[i].text.len, k[i].text.p);
			break;
		}
		if (!k[i].known || k[i].field->rule)
			continue;
		note_key(s, &k[i]);
		if (out.len)
			buf_str(&out, " and ");
		if (i == 0 && p->by_process) {
			s->pid = (int64_t)k[i].u;
			put_process(b, &out, s);
			continue;
		}
		put_key(&out, &k[i]);
	}
	text = take_text(&out, a);
	buf_release(&out);
	return text;
}

/* What columns say of it, where no key does. */
static void note_columns(const struct gather_plan *p, const struct row *r, struct subject *s,
			 struct arena *a)
{
	for (unsigned i = 0; i < p->view->n_columns; i++) {
		const struct cell *c = &r->cells[i];
		const char *f = p->view->columns[i].field;

		if (!f || !c->has || p->view->columns[i].gather > GATHER_LAST
		    || p->view->columns[i].gather < GATHER_FIRST)
			continue;
		if (strcmp(f, "proc.pid") == 0 && !s->pid && p->view->kind == VIEW_ALERTS)
			s->pid = (int64_t)c->u;
		else if (strcmp(f, "fd.rip") == 0)
			s->peer = (struct text){ arena_strn(a, c->text, c->len), c->len };
		else if (strcmp(f, "container.id") == 0 && !s->container.len)
			s->container = (struct text){ arena_strn(a, c->text, c->len), c->len };
		else if (strcmp(f, "evt.num") == 0 && p->view->kind == VIEW_ALERTS)
			s->num = c->u;
		else if (strcmp(f, "fd.l4proto") == 0)
			s->fd_kind = FD_IPV4;
	}
}

/* The row's events are those that the view counts; what comes next looks at more of them: a program
 * that was run is more than its exec. */
static const char *with_filter(const char *keys, const char *filter, struct arena *a)
{
	if (!*filter)
		return keys;
	return *keys ? arena_printf(a, "%s and (%s)", keys, filter) : filter;
}

unsigned links_of_row(struct browse *b, const struct gather_plan *p, const struct row *r,
		      struct link *out, struct arena *a)
{
	struct subject s = { .fd_name.p = "", .container.p = "", .peer.p = "", .program.p = "" };
	const struct view *v = p->view, *next = views_find(b->views, v->next);
	const char *keys, *events, *id = next ? next->id : "events";
	unsigned n;

	if (r->process) {
		s.start_ts = r->process->start_ts;
		s.end_ts = r->process->end_ts;
	}
	keys = keys_condition(b, p, r, &s, a);
	note_columns(p, r, &s, a);
	events = with_filter(keys, v->filter, a);
	n = link_put(out, 0, next ? next->title : "events", id, next ? keys : events, false);
	out[0].num = s.num;
	if (next)
		n = link_put(out, n, "events of it", "events", events, false);
	return links_add(b, &s, out, n, a);
}

/* The filter of a spectrum, but that there is a value, which a condition on it says as well. */
static const char *filter_besides(const struct view *v)
{
	const size_t key = strlen(v->keys[0]);
	const char *rest = v->filter;

	if (strncmp(rest, v->keys[0], key) != 0 || strncmp(rest + key, " exists", 7) != 0)
		return v->filter;
	rest += key + 7;
	if (!*rest)
		return rest;
	return strncmp(rest, " and ", 5) != 0 || strstr(rest, " or ") ? v->filter : rest + 5;
}

const char *spectrum_condition(const struct view *v, unsigned first, unsigned end, struct arena *a)
{
	struct buf b = {0};
	const char *text;

	if (first > 0)
		buf_printf(&b, "%s >= %" PRIu64, v->keys[0], bin_edge(first));
	if (first > 0 && end < BINS)
		buf_str(&b, " and ");
	if (end < BINS)
		buf_printf(&b, "%s < %" PRIu64, v->keys[0], bin_edge(end));
	if (!b.len)
		buf_printf(&b, "%s exists", v->keys[0]);
	text = with_filter(take_text(&b, a), filter_besides(v), a);
	buf_release(&b);
	return text;
}

unsigned links_of_cell(const struct view *v, const struct spectrum_key *k, const struct slices *s,
		       struct link *out, struct arena *a)
{
	const char *values = spectrum_condition(v, (unsigned)k->bin, (unsigned)k->bin + 1, a);
	const bool is_last = k->slice >= (s->grow ? UINT64_MAX : s->hi) / s->width;
	struct buf b = {0};
	const char *text;

	buf_str(&b, values);
	if (k->slice > s->lo / s->width)
		buf_printf(&b, " and evt.rawtime >= %" PRIu64, k->slice * s->width);
	if (!is_last)
		buf_printf(&b, " and evt.rawtime < %" PRIu64, (k->slice + 1) * s->width);
	text = take_text(&b, a);
	buf_release(&b);
	return link_put(out, 0, "events", "events", text, false);
}
