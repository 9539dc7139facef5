/* SPDX-License-Identifier: Apache-2.0 */
/* thread.cpu*, thread.cputime*: what threads used; evt.cpu.*: what processors did. */
#include "capture/base/strict.h"
#include "replay/field/getters.h"

/* ---- of threads ---- */

static enum field_found put_ns(const struct field_ctx *c, const struct field_ref *r,
			       struct fval *out, uint64_t ns)
{
	return c->cur->cpu.known ? put_u(r, out, ns) : FIELD_ABSENT;
}

GET(get_thread_cputime)
{
	return put_ns(c, r, out, c->cur->cpu.user + c->cur->cpu.system);
}

GET(get_thread_cputime_user)
{
	return put_ns(c, r, out, c->cur->cpu.user);
}

GET(get_thread_cputime_system)
{
	return put_ns(c, r, out, c->cur->cpu.system);
}

/* Falco has no thread use more than a processor, and nothing where it has to begin. */
static enum field_found put_percent(const struct field_ctx *c, const struct field_ref *r,
				    struct fval *out, uint64_t ns)
{
	const struct cpu_use *const use = &c->cur->cpu;

	if (c->ev->type != EV_PROCINFO || !c->cur->thread)
		return FIELD_ABSENT;
	if (!strict_falco && (!use->known || !use->interval))
		return FIELD_ABSENT;
	fval_as(out, r);
	out->d = use->known && use->interval ? 100.0 * (double)ns / (double)use->interval : 0;
	if (strict_falco && out->d > 100)
		out->d = 100;
	return FIELD_FOUND;
}

GET(get_thread_cpu)
{
	return put_percent(c, r, out, c->cur->cpu.user + c->cur->cpu.system);
}

GET(get_thread_cpu_user)
{
	return put_percent(c, r, out, c->cur->cpu.user);
}

GET(get_thread_cpu_system)
{
	return put_percent(c, r, out, c->cur->cpu.system);
}

/* ---- of processors ---- */

#define T(name) value_u64(EV(c->ev, CPUINFO, name), 0)

static enum field_found put_part(const struct field_ctx *c, const struct field_ref *r,
				 struct fval *out, uint64_t ns)
{
	return c->ev->type == EV_CPUINFO ? put_u(r, out, ns) : FIELD_ABSENT;
}

GET(get_evt_cpu_user)
{
	return put_part(c, r, out, T(user) + T(nice));
}

static uint64_t kernel_time(const struct field_ctx *c)
{
	return T(system) + T(irq) + T(softirq);
}

GET(get_evt_cpu_system)
{
	return put_part(c, r, out, kernel_time(c));
}

GET(get_evt_cpu_iowait)
{
	return put_part(c, r, out, T(iowait));
}

GET(get_evt_cpu_idle)
{
	return put_part(c, r, out, T(idle));
}

GET(get_evt_cpu_steal)
{
	return put_part(c, r, out, T(steal));
}

GET(get_evt_cpu_busy)
{
	const uint64_t busy = T(user) + T(nice) + kernel_time(c) + T(steal),
		       all = busy + T(idle) + T(iowait);

	if (c->ev->type != EV_CPUINFO || all == 0)
		return FIELD_ABSENT;
	fval_as(out, r);
	out->d = 100.0 * (double)busy / (double)all;
	return FIELD_FOUND;
}
