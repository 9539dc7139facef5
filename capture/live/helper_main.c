/* SPDX-License-Identifier: Apache-2.0 */
/* The helper's side.  Each question is answered by a thread of its own, which is left alone
 * if it takes too long: a file system that a container serves itself may keep a reader
 * waiting for good, and only what kills the whole process ends that.  What a runtime does
 * not know yet is asked for again. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "capture/base/mem.h"
#include "capture/live/accounts.h"
#include "capture/live/helper_wire.h"
#include "capture/live/inspect.h"
#include "capture/live/rootfile.h"

enum {
	ANSWER_SECONDS = 2, NICE = -10,
	LOOK_MS = 1000,			/* at accounts */
	CONTAINERS_MAX = 1024,		/* whose accounts are looked at again */
	TRIES = 4,			/* later */
	SOON_TRIES = 8, SOON_MS = 10,
	ACCOUNTS_MAX = 4096, ACCOUNTS_BYTES = 1 << 20,
	MEMORY_MAX = 512 << 20, STACK_BYTES = 1 << 20,
	STUCK_MAX = 8,			/* threads that wait for good */
};

struct subject {
	uint32_t pid;
	bool by_pid, named, live;
	bool only_known;		/* nothing is told unless the runtime knows it */
	char type[16], id[256];
	unsigned tries;
	uint64_t again;			/* ms; 0: the runtime has answered */
	uint64_t stamp;			/* of its account files */
};

struct desk {
	int sock, root;			/* root: the machine's / */
	struct subject v[CONTAINERS_MAX];
	unsigned n, at;			/* at: overwritten next, when all are taken */
	uint64_t host_stamp;
	unsigned stuck;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- accounts ---- */

struct teller {
	int sock;
	const char *container;
	unsigned n;
};

static int tell_account(const struct account *a, void *arg)
{
	struct teller *const t = arg;
	const struct helper_msg user = { .kind = HELPER_USER, .a = a->uid, .b = a->gid };
	const struct helper_msg group = { .kind = HELPER_GROUP, .a = a->gid };
	const char *const user_texts[] = { a->name, a->home, a->shell, t->container };
	const char *const group_texts[] = { a->name, t->container };

	if (a->is_group)
		helper_send(t->sock, &group, group_texts, 2, 0);
	else
		helper_send(t->sock, &user, user_texts, 4, 0);
	return ++t->n >= ACCOUNTS_MAX;
}

static void tell_accounts(int sock, int root, const char *container)
{
	struct teller t = { sock, container, 0 };
	struct buf b = {0};

	if (rootfile_read(root, "/etc/passwd", ACCOUNTS_BYTES, &b) == 0)
		accounts_each((char *)b.p, false, tell_account, &t);
	if (rootfile_read(root, "/etc/group", ACCOUNTS_BYTES, &b) == 0)
		accounts_each((char *)b.p, true, tell_account, &t);
	buf_release(&b);
}

static uint64_t accounts_stamp(int root)
{
	return rootfile_stamp(root, "/etc/passwd") * 31 + rootfile_stamp(root, "/etc/group");
}

/* ---- a container ---- */

/* Is the process still in the container that the question was about? */
static bool still_there(int root, const struct subject *s, uint32_t *owner)
{
	struct cgroup_container c = {0};
	struct buf b = {0};
	char path[64];
	const char *p;
	bool there;

	snprintf(path, sizeof(path), "/proc/%u/cgroup", s->pid);
	there = s->pid && rootfile_read(root, path, 65536, &b) == 0;
	if (there) {
		p = strstr((char *)b.p, "/user-");
		if (p && strstr(p, ".slice"))
			*owner = (uint32_t)strtoul(p + 6, NULL, 10);
		for (p = (char *)b.p; *p && !c.len; p += strcspn(p, "\n"), p += *p == '\n')
			cgroup_container(p, strcspn(p, "\n"), &c);
		there = s->by_pid || (c.len == strlen(s->id) && memcmp(c.id, s->id, c.len) == 0);
	}
	buf_release(&b);
	return there;
}

/* Whose own root directory is the machine's has the machine's accounts. */
static bool same_root(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev
		&& x.st_ino == y.st_ino;
}

/* The root directory of the container; -1 if it cannot be had.  The first program of a
 * container is the runtime, which has yet to go there: then the runtime's files say where. */
static int root_of(const struct inspect *in, const struct subject *s,
		   const struct cgroup_container *c)
{
	struct buf path = {0};
	char name[64];
	int fd = -1;

	snprintf(name, sizeof(name), "/proc/%u/root", s->pid);
	if (in->pid)
		fd = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && !same_root(fd, in->root))
		return fd;
	if (fd >= 0)
		close(fd);
	fd = inspect_rootfs(in, c, &path) ? rootfile_find(in->root, (const char *)path.p) : -1;
	if (fd >= 0 && same_root(fd, in->root)) {
		close(fd);
		fd = -1;
	}
	buf_release(&path);
	return fd;
}

struct home {
	uint32_t uid;
	char path[1024];
};

static int look_for_home(const struct account *a, void *arg)
{
	struct home *const h = arg;

	if (a->uid != h->uid || a->home[0] != '/')
		return 0;
	snprintf(h->path, sizeof(h->path), "%s", a->home);
	return 1;
}

/* The home directory of a user of the machine; NULL for root and strangers. */
static const char *find_home(int root, struct home *h)
{
	struct buf b = {0};

	if (h->uid && h->uid != UINT32_MAX
	    && rootfile_read(root, "/etc/passwd", ACCOUNTS_BYTES, &b) == 0)
		accounts_each((char *)b.p, false, look_for_home, h);
	buf_release(&b);
	return h->path[0] ? h->path : NULL;
}

struct outcome {
	bool known, found;
	uint64_t stamp;
	char type[16], id[256];
	bool named;
};

static void shown_id(const struct cgroup_container *c, char *out, size_t size)
{
	snprintf(out, size, "%.*s", (int)cgroup_shown(c), c->id);
}

static void tell_container(const struct desk *d, const struct inspect *in,
			   const struct subject *s, const struct cgroup_container *c,
			   struct outcome *o)
{
	const struct helper_msg m = { .kind = HELPER_CONTAINER, .a = s->by_pid ? s->pid : 0 };
	struct buf json = {0};
	const char *texts[2];
	char shown[256];

	shown_id(c, shown, sizeof(shown));
	o->known = inspect_container(in, c, &json);
	texts[0] = shown;
	texts[1] = buf_text(&json);
	if (json.len && (o->known || !s->only_known))
		helper_send(d->sock, &m, texts, 2, 0);
	buf_release(&json);
}

/* The work of a thread: all of an answer (first), or what has changed since. */
static void answer(const struct desk *d, const struct subject *s, bool first, struct outcome *o)
{
	struct home home = { .uid = UINT32_MAX };
	const bool there = still_there(d->root, s, &home.uid);
	const struct inspect in = { d->root, find_home(d->root, &home), there ? s->pid : 0 };
	struct cgroup_container c = { s->type, s->id, strlen(s->id), s->named };
	struct buf id = {0};
	char shown[256];
	int root;

	if (s->by_pid && !s->id[0] && (!there || !inspect_by_pid(&in, &id, &c)))
		return;
	o->found = true;
	snprintf(o->type, sizeof(o->type), "%s", c.type);
	snprintf(o->id, sizeof(o->id), "%.*s", (int)c.len, c.id);
	o->named = c.named;
	if (first)
		tell_container(d, &in, s, &c, o);
	if (!first && !there)
		return;
	root = root_of(&in, s, &c);
	if (root < 0)
		return;
	o->stamp = accounts_stamp(root);
	shown_id(&c, shown, sizeof(shown));
	if (o->stamp != s->stamp)
		tell_accounts(d->sock, root, shown);
	close(root);
}

struct job {
	struct desk *desk;
	struct subject subject;
	struct outcome outcome;
	bool first, done, left;		/* left: nobody waits any more */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void *do_job(void *arg)
{
	struct job *const j = arg;

	answer(j->desk, &j->subject, j->first, &j->outcome);
	pthread_mutex_lock(&lock);
	j->done = true;
	if (j->left) {
		j->desk->stuck--;
		free(j);
	} else {
		pthread_cond_signal(&changed);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

static bool start_thread(struct job *j)
{
	pthread_attr_t attr;
	pthread_t thread;
	int n;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	n = pthread_create(&thread, &attr, do_job, j);
	pthread_attr_destroy(&attr);
	return n == 0;
}

/* Waits for the job to end; false if it was left. */
static bool wait_for(struct job *j, struct outcome *o)
{
	struct timespec until;
	bool done;
	int n = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ANSWER_SECONDS;
	pthread_mutex_lock(&lock);
	while (!j->done && n == 0)
		n = pthread_cond_timedwait(&changed, &lock, &until);
	done = j->done;
	*o = j->outcome;
	j->left = !done;
	j->desk->stuck += !done;
	pthread_mutex_unlock(&lock);
	if (done)
		free(j);
	return done;
}

/* Lets a thread do it; false if it did not come to an end. */
static bool in_thread(struct desk *d, const struct subject *s, bool first, struct outcome *o)
{
	struct job *j;
	unsigned stuck;

	*o = (struct outcome){0};
	pthread_mutex_lock(&lock);
	stuck = d->stuck;
	pthread_mutex_unlock(&lock);
	if (stuck >= STUCK_MAX)
		return false;
	j = xcalloc(1, sizeof(*j));
	*j = (struct job){ .desk = d, .subject = *s, .first = first };
	if (start_thread(j))
		return wait_for(j, o);
	free(j);
	return false;
}

static void nap_ms(unsigned ms)
{
	const struct timespec t = { .tv_nsec = (long)ms * 1000000 };

	nanosleep(&t, NULL);
}

/* The first program of a container may run before its runtime has written anything down:
 * while the recorder waits, it is asked for a few times. */
static void attend(struct desk *d, struct subject *s, bool first)
{
	const struct helper_msg done = { .kind = HELPER_DONE };
	static const uint64_t later[] = { 50, 300, 2000 };
	struct outcome o;
	bool ended;

	s->only_known = first;
	ended = in_thread(d, s, true, &o);
	for (unsigned i = 0; first && ended && !o.known && i < SOON_TRIES; i++) {
		nap_ms(SOON_MS);
		s->only_known = i < SOON_TRIES - 1;
		ended = in_thread(d, s, true, &o);
	}
	if (ended && o.found) {
		memcpy(s->type, o.type, sizeof(s->type));
		memcpy(s->id, o.id, sizeof(s->id));
		s->named = o.named;
		s->stamp = o.stamp;
	}
	s->again = 0;
	if (ended && (!o.known || !o.found) && ++s->tries < TRIES)
		s->again = now_ms() + later[s->tries - 1];
	s->live = ended && o.found;
	if (first)
		helper_send(d->sock, &done, NULL, 0, 0);
}

static void take_question(struct desk *d, const struct helper_msg *m, size_t len)
{
	struct subject *const s = &d->v[d->n < CONTAINERS_MAX ? d->n++
					: d->at++ % CONTAINERS_MAX];
	const char *t[2] = { "", "" };

	if (m->kind == HELPER_ASK && !helper_texts(m, len, t, 2))
		return;
	*s = (struct subject){ .pid = m->a, .by_pid = m->kind == HELPER_ASK_PID,
			       .named = m->named };
	snprintf(s->type, sizeof(s->type), "%s", t[0]);
	snprintf(s->id, sizeof(s->id), "%s", t[1]);
	attend(d, s, true);
}

/* ---- now and then ---- */

static void look_at_accounts(struct desk *d)
{
	const uint64_t stamp = accounts_stamp(d->root);
	struct outcome o;

	if (stamp != d->host_stamp)
		tell_accounts(d->sock, d->root, "");
	d->host_stamp = stamp;
	for (unsigned i = 0; i < d->n; i++) {
		struct subject *const s = &d->v[i];

		if (!s->live)
			continue;
		s->live = kill((pid_t)s->pid, 0) == 0 || errno == EPERM;
		if (s->live)
			s->live = in_thread(d, s, false, &o);
		if (s->live && o.stamp)
			s->stamp = o.stamp;
	}
}

/* Asks again for what was not known; how long until the next such time, in ms. */
static int ask_again(struct desk *d)
{
	uint64_t next = LOOK_MS;

	for (unsigned i = 0; i < d->n; i++) {
		struct subject *const s = &d->v[i];
		const uint64_t now = now_ms();

		if (s->again && s->again <= now)
			attend(d, s, false);
		if (s->again && s->again - now < next)
			next = s->again > now ? s->again - now : 0;
	}
	return (int)next;
}

static void serve(struct desk *d)
{
	struct helper_msg *const m = xmalloc(HELPER_MSG_MAX);
	struct pollfd p = { .fd = d->sock, .events = POLLIN };
	uint64_t looked = now_ms();
	ssize_t n;

	for (;;) {
		const int ready = poll(&p, 1, ask_again(d));

		if (ready > 0) {
			n = recv(d->sock, m, HELPER_MSG_MAX, 0);
			if (n <= 0 && errno != EINTR)
				break;
			if (n >= (ssize_t)sizeof(*m))
				take_question(d, m, (size_t)n);
		}
		if (now_ms() - looked >= LOOK_MS) {
			look_at_accounts(d);
			looked = now_ms();
		}
	}
	free(m);
}

/* Reading files of others, and /proc/PID/root. */
static void keep_two_capabilities(void)
{
	const cap_value_t two[] = { CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE };
	cap_t const have = cap_get_proc(), c = cap_init();

	for (unsigned i = 0; have && c && i < 2; i++) {
		cap_flag_value_t set = CAP_CLEAR;

		cap_get_flag(have, two[i], CAP_PERMITTED, &set);
		cap_set_flag(c, CAP_PERMITTED, 1, &two[i], set);
		cap_set_flag(c, CAP_EFFECTIVE, 1, &two[i], set);
	}
	if (c)
		cap_set_proc(c);
	cap_free(have);
	cap_free(c);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static void shut_the_rest(int *sock)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; i < 3; i++)
		dup2(null, i);
	if (*sock != 3)
		*sock = dup2(*sock, 3);
	close_range(4, ~0u, 0);
}

#ifdef __SANITIZE_ADDRESS__
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

void helper_main(int sock)
{
	const struct rlimit memory = { MEMORY_MAX, MEMORY_MAX };
	static const int off[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct desk *d;

	/* Ctrl-C is the recorder's business. */
	for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++)
		signal(off[i], SIG_IGN);
	prctl(PR_SET_NAME, "saker-helper", 0, 0, 0);
	mallopt(M_ARENA_MAX, 1);
	shut_the_rest(&sock);
	/* The recorder waits for the first answer, though not for long. */
	setpriority(PRIO_PROCESS, 0, NICE);
	keep_two_capabilities();
	if (!sanitized)		/* their shadow is larger than that */
		setrlimit(RLIMIT_AS, &memory);
	d = xcalloc(1, sizeof(*d));
	d->sock = sock;
	d->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	d->host_stamp = accounts_stamp(d->root);
	serve(d);
	free(d);
}
