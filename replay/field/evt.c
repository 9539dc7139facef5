/* SPDX-License-Identifier: Apache-2.0 */
/* evt.*: the event itself. */
#include <stdio.h>

#include "capture/base/strict.h"
#include "capture/base/timearg.h"
#include "replay/field/getters.h"

/* ---- what it is ---- */

const char *event_name(const struct field_ctx *c)
{
	const struct event *ev = c->ev;
	const struct syscall_desc *call;

	if (ev->type != EV_GENERIC || strcmp(ev->desc->name, "syscall") != 0)
		return ev->desc->name;
	call = syscall_by_nr(c->cur->arch, ev->nr);
	return call ? call->name : ev->desc->name;
}

/* Falco's "meta events": neither system calls nor tracepoints of the kernel. */
static bool is_meta(const struct event *ev)
{
	return ev->type == EV_UNKNOWN ? ev->desc->flags & EF_TRACEPOINT
				      : catalog[ev->type].flags & EF_PSEUDO;
}

GET(get_evt_num)
{
	return put_u(r, out, c->ev->num);
}

GET(get_evt_type)
{
	return put_str(r, out, event_name(c));
}

GET(get_evt_type_is)
{
	return put_u(r, out, r->index == (int64_t)c->ev->type);
}

GET(get_syscall_type)
{
	if (!event_is_syscall(c->ev))
		return FIELD_ABSENT;
	return put_str(r, out, event_name(c));
}

GET(get_evt_dir)
{
	return put_str(r, out, event_is_syscall(c->ev) ? "<" : ">");
}

/* The kind of the descriptor stands in for the category of plain I/O. */
static const char *io_category(const struct fdinfo *f)
{
	switch (f ? (enum fd_kind)f->kind : FD_UNKNOWN) {
	case FD_FILE:
	case FD_DIRECTORY:
		return "file";
	case FD_IPV4:
	case FD_IPV6:
		return "net";
	case FD_PIPE:
	case FD_UNIX:
	case FD_EVENT:
	case FD_SIGNAL:
	case FD_INOTIFY:
	case FD_USERFAULT:
		return "ipc";
	default:
		return "unknown";
	}
}

static bool is_io(const struct event *ev)
{
	const uint8_t cat = ev->desc->category;

	return cat == EC_IO_READ || cat == EC_IO_WRITE || cat == EC_IO_OTHER;
}

static const char *category(const struct field_ctx *c)
{
	return is_io(c->ev) ? io_category(c->cur->fd) : category_name[c->ev->desc->category];
}

GET(get_evt_category)
{
	return put_str(r, out, category(c));
}

GET(get_evt_cpu)
{
	return put_i(r, out, c->ev->cpu);
}

GET(get_evt_source)
{
	return put_str(r, out, c->env && c->env->source ? c->env->source : "syscall");
}

GET(get_evt_hostname)
{
	return c->env && c->env->hostname ? put_str(r, out, c->env->hostname) : FIELD_ABSENT;
}

GET(get_evt_is_async)
{
	return put_bool(r, out, is_meta(c->ev));
}

GET(get_evt_asynctype)
{
	return is_meta(c->ev) ? put_str(r, out, c->ev->desc->name) : FIELD_ABSENT;
}

GET(get_absent)
{
	return FIELD_ABSENT;
}

GET(get_zero)
{
	return put_u(r, out, 0);
}

GET(get_one)
{
	return put_u(r, out, 1);
}

/* ---- time ---- */

static enum field_found put_time(const struct field_ctx *c, const struct field_ref *r,
				 struct fval *out, bool date, bool fraction)
{
	const int64_t off = c->env ? c->env->utc_offset : 0;
	char text[TIME_TEXT_MAX];
	size_t n = date ? time_date(text, c->ev->ts, off, ' ') : time_of_day(text, c->ev->ts, off);

	if (!fraction)
		n -= 10;	/* .123456789 */
	return put_bytes(r, out, arena_strn(c->scratch, text, n), n);
}

GET(get_evt_time)
{
	return put_time(c, r, out, false, true);
}

GET(get_evt_time_s)
{
	return put_time(c, r, out, false, false);
}

GET(get_evt_datetime)
{
	return put_time(c, r, out, true, true);
}

GET(get_evt_datetime_s)
{
	return put_time(c, r, out, true, false);
}

GET(get_evt_time_iso8601)
{
	char text[TIME_TEXT_MAX + 8];
	size_t n = time_date(text, c->ev->ts, 0, 'T');

	memcpy(text + n, "+0000", 6);
	return put_bytes(r, out, arena_strn(c->scratch, text, n + 5), n + 5);
}

GET(get_evt_rawtime)
{
	return put_u(r, out, c->ev->ts);
}

GET(get_evt_rawtime_s)
{
	return put_u(r, out, c->ev->ts / NS_PER_S);
}

GET(get_evt_rawtime_ns)
{
	return put_u(r, out, c->ev->ts % NS_PER_S);
}

static uint64_t reltime(const struct field_ctx *c)
{
	return c->ev->ts - c->cur->first_ts;
}

GET(get_evt_reltime)
{
	return put_u(r, out, reltime(c));
}

GET(get_evt_reltime_s)
{
	return put_u(r, out, reltime(c) / NS_PER_S);
}

GET(get_evt_reltime_ns)
{
	return put_u(r, out, reltime(c) % NS_PER_S);
}

/* Since the event before; events that nobody looked at count as well, unlike Falco's,
 * whose value depends on who asked. */
GET(get_evt_deltatime)
{
	return put_u(r, out, c->ev->ts - c->cur->previous_ts);
}

GET(get_evt_deltatime_s)
{
	return put_u(r, out, (c->ev->ts - c->cur->previous_ts) / NS_PER_S);
}

GET(get_evt_deltatime_ns)
{
	return put_u(r, out, (c->ev->ts - c->cur->previous_ts) % NS_PER_S);
}

/* ---- how long it took ---- */

/* Falco knows the ends of calls only, and says 0. */
static bool has_latency(const struct field_ctx *c, uint64_t *ns)
{
	*ns = strict_falco ? 0 : c->ev->latency;
	return *ns || strict_falco;
}

static enum field_found put_latency(const struct field_ctx *c, const struct field_ref *r,
				    struct fval *out, uint64_t unit, uint64_t below)
{
	uint64_t ns;

	return has_latency(c, &ns) ? put_u(r, out, ns / unit % below) : FIELD_ABSENT;
}

GET(get_evt_latency)
{
	return put_latency(c, r, out, 1, UINT64_MAX);
}

GET(get_evt_latency_s)
{
	return put_latency(c, r, out, NS_PER_S, UINT64_MAX);
}

GET(get_evt_latency_ns)
{
	return put_latency(c, r, out, 1, NS_PER_S);
}

static unsigned power_of(uint64_t ns)
{
	unsigned power = 0;

	for (; ns >= 10; ns /= 10)
		power++;
	return power;
}

GET(get_evt_latency_quantized)
{
	uint64_t ns;

	return has_latency(c, &ns) ? put_u(r, out, power_of(ns)) : FIELD_ABSENT;
}

GET(get_evt_latency_is)
{
	unsigned power;
	uint64_t ns;

	if (!has_latency(c, &ns))
		return FIELD_ABSENT;
	power = power_of(ns);
	return put_bool(r, out, r->index == (power < 2 ? 2 : power > 9 ? 9 : power));
}

GET(get_evt_latency_human)
{
	char text[TIME_TEXT_MAX];
	uint64_t ns;
	size_t n;

	if (!has_latency(c, &ns))
		return FIELD_ABSENT;
	n = time_brief(text, ns);
	return put_bytes(r, out, arena_strn(c->scratch, text, n), n);
}

GET(get_evt_wait_latency)
{
	if (!strict_falco && !(c->ev->desc->flags & EF_WAITS))
		return FIELD_ABSENT;
	return put_latency(c, r, out, 1, UINT64_MAX);
}

/* Filter only: its one comparison is done by the rule language. */
GET(get_evt_around)
{
	const uint64_t at = (uint64_t)r->index, ts = c->ev->ts;

	return put_u(r, out, (at > ts ? at - ts : ts - at) / 1000000);
}

/* ---- result ---- */

/* Generic events have a result only in our own recordings. */
bool event_result(const struct event *ev, int64_t *res)
{
	const struct value *v;

	if (!event_is_syscall(ev) || ev->n_params == 0)
		return false;
	v = ev->type == EV_GENERIC ? EV(ev, GENERIC, res) : &ev->v[0];
	if (v->state != VALUE_SET || !type_is_number(ev->desc->params[0].type))
		return false;
	*res = v->i;
	return true;
}

GET(get_evt_res)
{
	struct buf text = {0};
	const char *name;
	int64_t res;

	if (!event_result(c->ev, &res))
		return FIELD_ABSENT;
	if (res >= 0)
		return put_str(r, out, "SUCCESS");
	name = errno_name(-res);
	if (name)
		return put_str(r, out, name);
	buf_i64_dec(&text, res);
	return put_buf(c, r, out, &text);
}

GET(get_evt_rawres)
{
	int64_t res;

	return event_result(c->ev, &res) ? put_i(r, out, res) : FIELD_ABSENT;
}

GET(get_evt_failed)
{
	int64_t res;

	return event_result(c->ev, &res) ? put_bool(r, out, res < 0) : FIELD_ABSENT;
}

enum error_class { ERROR_FILE = 1, ERROR_NET = 2, ERROR_MEMORY = 4, ERROR_OTHER = 8 };

/* A mapping of a file is about both. */
static unsigned error_classes(const struct field_ctx *c)
{
	const struct fdinfo *f = c->cur->fd;
	const uint16_t makes = c->ev->desc->flags & EF_CREATES_FD;
	const uint8_t cat = c->ev->desc->category;
	unsigned classes = cat == EC_MEMORY ? ERROR_MEMORY : 0;

	if (f ? f->kind == FD_FILE || f->kind == FD_DIRECTORY : makes && cat == EC_FILE)
		classes |= ERROR_FILE;
	if (f ? f->kind == FD_IPV4 || f->kind == FD_IPV6 || f->kind == FD_UNIX : cat == EC_NET)
		classes |= ERROR_NET;
	return classes ? classes : ERROR_OTHER;
}

GET(get_evt_count_error)
{
	int64_t res;

	return event_result(c->ev, &res) ? put_u(r, out, res < 0) : FIELD_ABSENT;
}

static enum field_found count_class(const struct field_ctx *c, const struct field_ref *r,
				    struct fval *out, enum error_class class)
{
	int64_t res;

	if (!event_result(c->ev, &res) || !(error_classes(c) & class))
		return FIELD_ABSENT;
	return put_u(r, out, res < 0);
}

GET(get_evt_count_error_file)
{
	return count_class(c, r, out, ERROR_FILE);
}

GET(get_evt_count_error_net)
{
	return count_class(c, r, out, ERROR_NET);
}

GET(get_evt_count_error_memory)
{
	return count_class(c, r, out, ERROR_MEMORY);
}

GET(get_evt_count_error_other)
{
	return count_class(c, r, out, ERROR_OTHER);
}

GET(get_evt_count_exit)
{
	return event_is_syscall(c->ev) ? put_u(r, out, 1) : FIELD_ABSENT;
}

GET(get_evt_count_procinfo)
{
	const struct thread *t = c->cur->thread;
	const bool info = strcmp(c->ev->desc->name, "procinfo") == 0;

	return put_u(r, out, info && t && t->tid == t->proc->pid);
}

GET(get_evt_count_threadinfo)
{
	return put_u(r, out, strcmp(c->ev->desc->name, "procinfo") == 0);
}

/* ---- others ---- */

GET(get_util_cnt)
{
	return c->env ? put_u(r, out, ++c->env->counter) : FIELD_ABSENT;
}

GET(get_thread_totexectime)
{
	return c->cur->thread ? put_u(r, out, 0) : FIELD_ABSENT;
}
