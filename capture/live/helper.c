/* SPDX-License-Identifier: Apache-2.0 */
/* The recorder's side. */
#include "capture/live/helper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

#include "capture/base/cgroup.h"
#include "capture/base/err.h"
#include "capture/base/mem.h"
#include "capture/live/accounts.h"
#include "capture/live/helper_wire.h"

enum { SEEN_SLOTS = 1 << 17, SEEN_MAX = SEEN_SLOTS / 2 };

_Bool helper_texts(const struct helper_msg *m, unsigned long len, const char **text, unsigned n)
{
	const char *p = m->text, *const end = (const char *)m + len;

	if (len < sizeof(*m))
		return false;
	for (unsigned i = 0; i < n; i++) {
		const char *const nul = memchr(p, 0, (size_t)(end - p));

		if (!nul)
			return false;
		text[i] = p;
		p = nul + 1;
	}
	return true;
}

_Bool helper_send(int sock, const struct helper_msg *head, const char *const *text, unsigned n,
		  int flags)
{
	struct iovec v[5] = { { (void *)(uintptr_t)head, sizeof(*head) } };
	const struct msghdr msg = { .msg_iov = v, .msg_iovlen = n + 1u };
	size_t len = sizeof(*head);

	for (unsigned i = 0; i < n; i++) {
		v[i + 1] = (struct iovec){ (void *)(uintptr_t)text[i], strlen(text[i]) + 1 };
		len += v[i + 1].iov_len;
	}
	return len <= HELPER_MSG_MAX && sendmsg(sock, &msg, flags | MSG_NOSIGNAL) >= 0;
}

void helper_start(struct helper *h)
{
	const int room = 1 << 20;
	const pid_t recorder = getpid();
	int ends[2];

	*h = (struct helper){ .sock = -1 };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		warn("containers will not be named: %s", strerror(errno));
		return;
	}
	setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	h->pid = fork();
	if (h->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		if (getppid() == recorder)
			helper_main(ends[1]);
		_exit(0);
	}
	close(ends[1]);
	if (h->pid < 0) {
		warn("containers will not be named: %s", strerror(errno));
		close(ends[0]);
		h->pid = 0;
		return;
	}
	h->sock = ends[0];
	h->seen = xcalloc(SEEN_SLOTS, sizeof(*h->seen));
	h->msg = xmalloc(HELPER_MSG_MAX);
}

void helper_stop(struct helper *h)
{
	if (h->sock >= 0)
		close(h->sock);
	if (h->pid > 0) {
		kill(h->pid, SIGKILL);
		waitpid(h->pid, NULL, 0);
	}
	free(h->seen);
	free(h->msg);
	*h = (struct helper){ .sock = -1 };
}

/* The place for what was not seen before; NULL: it was. */
static uint64_t *unseen(struct helper *h, const void *p, size_t len, uint64_t salt)
{
	const uint64_t hash = XXH3_64bits_withSeed(p, len, salt) | 1;
	uint64_t i = hash >> 17 & (SEEN_SLOTS - 1);

	for (; h->seen[i]; i = (i + 1) & (SEEN_SLOTS - 1))
		if (h->seen[i] == hash)
			return NULL;
	if (h->n_seen >= SEEN_MAX)
		return NULL;
	h->seen[i] = hash;
	h->n_seen++;
	return &h->seen[i];
}

/* The place is the last that was taken: it may be given back. */
static int ask(struct helper *h, uint64_t *place, const struct helper_msg *m,
	       const char *const *text, unsigned n)
{
	if (helper_send(h->sock, m, text, n, MSG_DONTWAIT)) {
		h->waiting++;
		return 1;
	}
	*place = 0;
	h->n_seen--;
	return -1;
}

static int ask_about(struct helper *h, const struct cgroup_container *c, uint32_t pid)
{
	const struct helper_msg m = { .kind = HELPER_ASK, .a = pid, .named = c->named };
	const char *text[2] = { c->type };
	uint64_t *place;
	char id[256];

	place = c->len < sizeof(id) ? unseen(h, c->id, c->len, 1) : NULL;
	if (!place)
		return 0;
	memcpy(id, c->id, c->len);
	id[c->len] = 0;
	text[1] = id;
	return ask(h, place, &m, text, 2);
}

/* The first process of a pid namespace, in control groups that tell nothing. */
static int ask_about_process(struct helper *h, const struct event *ev, uint32_t pid)
{
	const struct helper_msg m = { .kind = HELPER_ASK_PID, .a = pid };
	const struct value *const vpid = ev->type == EV_SNAP_THREAD ? EV(ev, SNAP_THREAD, vpid)
		: EV(ev, EXECVE, vpid);
	uint64_t *place;

	if (value_u64(vpid, 0) != 1 || pid == 1)
		return 0;
	place = unseen(h, &pid, sizeof(pid), ev->ts);
	return place ? ask(h, place, &m, NULL, 0) : 0;
}

_Static_assert(P(EXECVE, cgroups) == P(EXECVEAT, cgroups), "execveat");
_Static_assert(P(EXECVE, vpid) == P(EXECVEAT, vpid), "execveat");

int helper_see(struct helper *h, const struct event *ev)
{
	const struct value *groups;
	struct cgroup_container c;

	if (ev->type == EV_SNAP_THREAD)
		groups = EV(ev, SNAP_THREAD, cgroups);
	else if (ev->type == EV_EXECVE || ev->type == EV_EXECVEAT)
		groups = EV(ev, EXECVE, cgroups);
	else
		return 0;
	if (h->sock < 0 || groups->state != VALUE_SET || ev->tid != ev->pid)
		return 0;
	if (cgroups_container((const char *)groups->p, groups->len, &c))
		return c.type[0] ? ask_about(h, &c, ev->pid) : 0;	/* none: conmon */
	return ask_about_process(h, ev, ev->pid);
}

/* The event of an answer; false if it is none. */
static bool event_of(const struct helper_msg *m, size_t len, struct event *ev)
{
	const char *t[4];
	struct account a = { .uid = m->a, .gid = m->b };

	switch ((enum helper_kind)m->kind) {
	case HELPER_CONTAINER:
		if (!helper_texts(m, len, t, 2))
			return false;
		event_init(ev, EV_CONTAINER);
		value_bytes(&ev->v[P(CONTAINER, id)], t[0], strlen(t[0]));
		value_bytes(&ev->v[P(CONTAINER, json)], t[1], strlen(t[1]));
		if (m->a)
			value_number(&ev->v[P(CONTAINER, pid)], m->a);
		return true;
	case HELPER_USER:
		if (!helper_texts(m, len, t, 4))
			return false;
		a.name = t[0];
		a.home = t[1];
		a.shell = t[2];
		account_event(&a, t[3], ev);
		return true;
	case HELPER_GROUP:
		if (!helper_texts(m, len, t, 2))
			return false;
		a = (struct account){ .is_group = true, .gid = m->a, .name = t[0] };
		account_event(&a, t[1], ev);
		return true;
	case HELPER_ASK:
	case HELPER_ASK_PID:
	case HELPER_DONE:
		break;
	}
	return false;
}

int helper_next(struct helper *h, struct event *ev)
{
	const struct helper_msg *const m = (const void *)h->msg;
	ssize_t n;

	while (h->sock >= 0) {
		n = recv(h->sock, h->msg, HELPER_MSG_MAX, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
			close(h->sock);		/* it is gone */
			h->sock = -1;
			h->waiting = 0;
			break;
		}
		if (n < 0)
			break;
		if ((size_t)n < sizeof(*m))
			continue;
		if (m->kind == HELPER_DONE)
			h->waiting -= h->waiting > 0;
		else if (event_of(m, (size_t)n, ev))
			return 0;
	}
	return 1;
}

void helper_wait(struct helper *h, int ms)
{
	struct pollfd p = { .fd = h->sock, .events = POLLIN };

	if (h->sock >= 0)
		poll(&p, 1, ms);
}
