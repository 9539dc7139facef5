/* SPDX-License-Identifier: Apache-2.0 */
/* What recording this is. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyze/browse/front/overview_parts.h"
#include "capture/base/timearg.h"

void overview_facts(struct ui *u, struct overview_facts *out)
{
	const struct source_info *i = u->info;
	struct browse_progress p;
	const bool all = u->first == i->first_ts;
	char from[TIME_TEXT_MAX], since[TIME_TEXT_MAX], span[TIME_TEXT_MAX];

	*out = (struct overview_facts){0};
	browse_progress(u->b, &p);
	p.complete |= p.live;
	time_date(from, u->first, ui_offset(u), ' ');
	time_span(span, u->last - u->first);
	time_of_day(since, i->first_ts, ui_offset(u));
	snprintf(out->events, sizeof(out->events), "%.19s, %s%s  %s%" PRIu64 " events%s%.*s%s",
		 from, span, all ? "" : " kept", p.complete ? "" : ">= ", p.n_events,
		 all ? "" : " since ", all ? 0 : 8, since,
		 p.n_lost || !p.complete ? "" : ", none lost");
	if (p.n_lost)
		snprintf(out->lost, sizeof(out->lost), "%" PRIu64 " lost at %" PRIu64 " places",
			 p.n_lost, p.n_losses);
	snprintf(out->machine, sizeof(out->machine), "host %s  %s %s  %u processors  %s",
		 *i->hostname ? i->hostname : "?", *i->kernel ? i->kernel : "kernel ?",
		 i->arch_name ? i->arch_name : "", i->n_cpus, i->format);
	if (p.damage.n_places || p.damage.cut)
		snprintf(out->damage, sizeof(out->damage), "%.190s", p.damage.first[0] ?
			 p.damage.first : "the recording is cut off");
}

void overview_draw_facts(struct ui *u, int row)
{
	struct overview_facts f;

	overview_facts(u, &f);
	term_put(row, 1, -1, ROLE_TEXT, f.events);
	term_put(row, 1 + (int)strlen(f.events) + 2, -1, ROLE_LOSS, f.lost);
	if (!*f.damage) {
		term_put(row + 1, 1, -1, ROLE_DIM, f.machine);
		return;
	}
	term_fill(row + 1, 1, (int)strlen(f.damage) + 1, ROLE_ERROR);
	term_put(row + 1, 2, -1, ROLE_ERROR, f.damage);
}
