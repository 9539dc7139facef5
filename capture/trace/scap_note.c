/* SPDX-License-Identifier: Apache-2.0 */
/* Losses, notes and alerts as notifications of .scap, which has no events for them: an id and
 * a text.  Losses and notes are read back as what they were. */
#include "capture/trace/scap_note.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char loss_id[] = "saker.loss", note_id[] = "saker.note", alert_id[] = "saker.alert";

static const char *class_name(uint64_t class)
{
	const struct flags_table *t = &flags_tables[FT_loss_class];

	for (unsigned i = 0; i < t->n; i++)
		if (t->flags[i].kernel == class)
			return t->flags[i].name;
	return "OTHER";
}

const char *scap_note_text(const struct event *ev, char space[SCAP_NOTE_SPACE], struct value *text)
{
	int n;

	switch (ev->type) {
	case EV_LOSS:
		n = snprintf(space, SCAP_NOTE_SPACE, "%" PRIu64 " events lost, class=%s cpu=%d "
			     "from=%" PRIu64 " to=%" PRIu64, value_u64(EV(ev, LOSS, count), 0),
			     class_name(value_u64(EV(ev, LOSS, class), 1)),
			     (int)value_i64(EV(ev, LOSS, cpu), -1),
			     value_u64(EV(ev, LOSS, from), 0), value_u64(EV(ev, LOSS, to), 0));
		value_bytes(text, space, (size_t)n);
		return loss_id;
	case EV_NOTE:
		*text = *EV(ev, NOTE, text);
		return note_id;
	case EV_ALERT:
		*text = *EV(ev, ALERT, output);
		return alert_id;
	}
	return NULL;
}

static bool read_loss(const struct value *text, struct event *ev)
{
	char copy[SCAP_NOTE_SPACE], class[16];
	uint64_t count, from, to;
	int cpu;

	snprintf(copy, sizeof(copy), "%.*s", (int)text->len, (const char *)text->p);
	if (sscanf(copy, "%" SCNu64 " events lost, class=%15s cpu=%d from=%" SCNu64 " to=%" SCNu64,
		   &count, class, &cpu, &from, &to) != 5)
		return false;
	event_init(ev, EV_LOSS);
	value_number(&ev->v[P(LOSS, count)], count);
	for (unsigned i = 0; i < flags_tables[FT_loss_class].n; i++)
		if (strcmp(flags_tables[FT_loss_class].flags[i].name, class) == 0)
			value_number(&ev->v[P(LOSS, class)],
				     flags_tables[FT_loss_class].flags[i].kernel);
	if (cpu >= 0)
		value_number(&ev->v[P(LOSS, cpu)], (unsigned)cpu);
	if (from)
		value_number(&ev->v[P(LOSS, from)], from);
	if (to)
		value_number(&ev->v[P(LOSS, to)], to);
	return true;
}

static bool is(const struct value *v, const char *text)
{
	return v->state == VALUE_SET && v->len == strlen(text) && !memcmp(v->p, text, v->len);
}

bool scap_note_read(struct event *ev)
{
	const struct event old = { .ts = ev->ts, .tid = ev->tid, .cpu = ev->cpu };
	const struct value id = *event_value(ev, 0), text = *event_value(ev, 1);

	if (text.state != VALUE_SET || text.len > SCAP_NOTE_MAX)
		return false;
	if (is(&id, loss_id)) {
		if (!read_loss(&text, ev))
			return false;
	} else if (is(&id, note_id)) {
		event_init(ev, EV_NOTE);
		ev->v[P(NOTE, text)] = text;
	} else {
		return false;
	}
	ev->ts = old.ts;
	ev->tid = old.tid;
	ev->cpu = old.cpu;
	return true;
}
