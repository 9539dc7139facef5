/* SPDX-License-Identifier: Apache-2.0 */
/* Each source of a parameter (bpf/sources.def) is either in the registers, or it needs
 * an operation of the kernel half whose blob then holds it.  Parameters that need the same
 * operation share it. */
#include "capture/live/plan_source.h"

#include <stddef.h>
#include <string.h>

static void use_arg(struct maker *m, unsigned arg)
{
	if (arg < 6 && m->conf->n_args <= arg)
		m->conf->n_args = (uint8_t)(arg + 1);
}

/* Room that a blob of the operation takes at most. */
static uint32_t op_max(const struct wire_op *op, uint32_t snaplen)
{
	switch (op->kind) {
	case OP_MEM: case OP_SEM: case OP_IOVSIZE: case OP_MSGSIZE: case OP_WINSIZE:
		return 8 + 32;
	case OP_FILE: case OP_FILEMEM: case OP_QUEUE: case OP_PAIR: case OP_VM: case OP_EXE:
		return 8 + 48;
	case OP_SOCKADDR: case OP_PEERNAME: case OP_MSGNAME:
		return 8 + 128;
	case OP_TUPLE:
		return 8 + sizeof(struct wire_tuple) + 128;
	case OP_TASK:
		return 8 + sizeof(struct wire_task);
	case OP_IOV: case OP_MSG:
		return 8 + 2 * snaplen + 8;
	case OP_BUF: case OP_BUFP:
		return op->flags & OPF_PAYLOAD ? 8 + snaplen + 8 : 8 + WIRE_PATH_MAX;
	case OP_GOT: case OP_GOTTTY: case OP_RIGHTS:
		return 8 + WIRE_RIGHTS_BYTES + sizeof(struct wire_got) + 3 * WIRE_PATH_MAX;
	case OP_FDLIST:
		return 8 + WIRE_FDLIST_MAX * 8;
	case OP_FILEPATH: case OP_EXEPATH: case OP_CWD: case OP_ARGV: case OP_CGROUPS:
		return 8 + 2 * WIRE_PATH_MAX;
	default:
		return 8 + WIRE_PATH_MAX;
	}
}

/* Index of the blob of an operation, which is added if the call does not have it yet. */
static uint8_t need(struct maker *m, struct wire_op op)
{
	struct wire_conf *const c = m->conf;

	for (uint8_t i = 0; i < c->n_ops; i++)
		if (memcmp(&c->ops[i], &op, sizeof(op)) == 0)
			return i;
	if (c->n_ops == WIRE_OPS_MAX)
		return GET_NO_BLOB;
	if (op.a != WIRE_RET)
		use_arg(m, op.a);
	if (op.kind != OP_MEM && op.kind != OP_SEM && op.kind != OP_FILEMEM)
		use_arg(m, op.b);
	if (op.flags & OPF_PAYLOAD)
		c->flags |= WCF_PAYLOAD;
	c->ops[c->n_ops] = op;
	c->max += op_max(&op, m->snaplen);
	return c->n_ops++;
}

#define OP(...) ((struct wire_op){ __VA_ARGS__ })

static void number(struct get *g, enum param_type type)
{
	g->width = (uint8_t)type_width(type);
	g->sign = type_is_signed(type);
	if (type == PT_DYN) {
		g->width = 8;
		g->tag = PT_UINT64;
	}
}

static void from_arg(struct maker *m, struct get *g, enum get_how how, unsigned arg)
{
	g->how = (uint8_t)how;
	g->arg = (uint8_t)arg;
	use_arg(m, arg);
}

static void from_blob(struct maker *m, struct get *g, enum get_how how, struct wire_op op)
{
	g->blob = need(m, op);
	g->how = g->blob == GET_NO_BLOB ? GET_ABSENT : (uint8_t)how;
}

/* Number of size bytes at an offset of the memory that an argument points to.  Several of
 * the same structure come in one blob where they lie within 32 bytes. */
static void from_mem(struct maker *m, struct get *g, const struct param_desc *d, uint8_t flags)
{
	const uint8_t base = d->arg[1] / 32 * 32;
	const bool lone = d->src == SRC_MEMINO;

	if (m->compat && flags & OPF_NATIVE)
		return;
	flags = (uint8_t)(flags & ~OPF_NATIVE);
	for (uint8_t i = 0; i < m->conf->n_ops && !lone; i++) {
		struct wire_op *const op = &m->conf->ops[i];

		if (op->kind == OP_MEM && op->a == d->arg[0] && op->flags == flags &&
		    op->b == base && d->arg[1] - base + d->arg[2] <= 32) {
			if (op->c < d->arg[1] - base + d->arg[2])
				op->c = (uint8_t)(d->arg[1] - base + d->arg[2]);
			g->blob = i;
			g->how = GET_NUMBER;
			g->off = (uint8_t)(d->arg[1] - base);
			g->width = d->arg[2];
			return;
		}
	}
	from_blob(m, g, GET_NUMBER, OP(.kind = OP_MEM, .flags = flags, .a = d->arg[0], .b = base,
				       .c = (uint8_t)(d->arg[1] - base + d->arg[2])));
	g->off = (uint8_t)(d->arg[1] - base);
	g->width = d->arg[2];
}

/* Where the facts of struct wire_task stand. */
static const struct { uint8_t off, width; } task_numbers[FACT__N] = {
#define AT(field) { offsetof(struct wire_task, field), sizeof(((struct wire_task *)0)->field) }
	[FACT_TID] = AT(tid), [FACT_PID] = AT(pid), [FACT_PTID] = AT(ptid),
	[FACT_VTID] = AT(vtid), [FACT_VPID] = AT(vpid), [FACT_SID] = AT(sid),
	[FACT_PGID] = AT(pgid), [FACT_VPGID] = AT(vpgid),
	[FACT_PIDNS_LEVEL] = AT(pidns_level), [FACT_PIDNS_START] = AT(pidns_start),
	[FACT_FDLIMIT] = AT(fdlimit), [FACT_PGFT_MAJ] = AT(pgft_maj),
	[FACT_PGFT_MIN] = AT(pgft_min), [FACT_TTY] = AT(tty), [FACT_LOGINUID] = AT(loginuid),
	[FACT_UID] = AT(uid), [FACT_GID] = AT(gid), [FACT_EUID] = AT(euid),
	[FACT_EGID] = AT(egid), [FACT_CAP_I] = AT(cap_i), [FACT_CAP_P] = AT(cap_p),
	[FACT_CAP_E] = AT(cap_e),
#undef AT
};

/* Which argument of exec is its argv; the environment follows, the path is argument
 * exec_path of them. */
static unsigned exec_argv(unsigned event)
{
	return event == EV_EXECVEAT ? 2 : 1;
}

static void from_vm(struct maker *m, struct get *g, size_t off, bool in_task)
{
	from_blob(m, g, GET_PAGES, OP(.kind = in_task ? OP_TASK : OP_VM));
	g->off = (uint8_t)(off + (in_task ? offsetof(struct wire_task, vm) : 0));
	g->width = 4;
}

static void from_exe(struct maker *m, struct get *g, enum get_how how, size_t off, uint8_t width)
{
	from_blob(m, g, how, OP(.kind = OP_EXE));
	g->off = (uint8_t)off;
	g->width = width;
}

static void from_task(struct maker *m, struct get *g, enum task_fact fact)
{
	const unsigned ev = m->plan->event;
	const bool is_exec = ev == EV_EXECVE || ev == EV_EXECVEAT;
	const bool running = m->plan->native == UINT16_MAX;	/* made by a tracepoint */
	const bool memory_only = !is_exec && catalog[ev].category == EC_MEMORY;
	const uint8_t argv = (uint8_t)exec_argv(ev);

	switch (fact) {
	case FACT_EXE:
	case FACT_ARGS:
		from_blob(m, g, fact == FACT_EXE ? GET_FIRST : GET_REST,
			  is_exec && !running ? OP(.kind = OP_ARGV, .a = argv)
					      : OP(.kind = OP_EXEC_ARGS));
		return;
	case FACT_ENV:
		from_blob(m, g, GET_BYTES, is_exec && !running
			  ? OP(.kind = OP_ARGV, .a = (uint8_t)(argv + 1))
			  : OP(.kind = OP_EXEC_ENV));
		return;
	case FACT_FILENAME:
		from_blob(m, g, GET_TEXT, running ? OP(.kind = OP_FILENAME)
			  : OP(.kind = OP_STR, .a = (uint8_t)(argv - 1)));
		return;
	case FACT_TRUSTED_EXEPATH:
		from_blob(m, g, GET_TEXT, OP(.kind = OP_EXEPATH));
		return;
	case FACT_CWD:
		from_blob(m, g, GET_TEXT, OP(.kind = OP_CWD));
		return;
	case FACT_CGROUPS:
		from_blob(m, g, GET_BYTES, OP(.kind = OP_CGROUPS));
		return;
	case FACT_COMM:
		from_blob(m, g, GET_COMM, OP(.kind = OP_TASK));
		return;
	case FACT_START:
		from_blob(m, g, GET_BOOT_TIME, OP(.kind = OP_TASK));
		g->off = offsetof(struct wire_task, start);
		return;
	case FACT_VM_SIZE:
		from_vm(m, g, offsetof(struct wire_vm, size), !memory_only);
		return;
	case FACT_VM_RSS:
		from_vm(m, g, offsetof(struct wire_vm, rss), !memory_only);
		return;
	case FACT_VM_SWAP:
		from_vm(m, g, offsetof(struct wire_vm, swap), !memory_only);
		return;
	case FACT_EXEFLAGS:
		from_exe(m, g, GET_NUMBER, offsetof(struct wire_exe, flags), 4);
		return;
	case FACT_EXE_DEV:
		from_exe(m, g, GET_DEV, offsetof(struct wire_exe, dev), 4);
		return;
	case FACT_EXE_INO:
		from_exe(m, g, GET_NUMBER, offsetof(struct wire_exe, ino), 8);
		return;
	case FACT_EXE_CTIME:
		from_exe(m, g, GET_NUMBER, offsetof(struct wire_exe, ctime), 8);
		return;
	case FACT_EXE_MTIME:
		from_exe(m, g, GET_NUMBER, offsetof(struct wire_exe, mtime), 8);
		return;
	case FACT_CLONE_FLAGS:
		g->how = GET_CLONE_FLAGS;
		if (ev == EV_CLONE)
			use_arg(m, 0);
		else if (ev == EV_CLONE3)
			g->blob = need(m, OP(.kind = OP_MEM, .a = 0, .c = 8));
		return;
	default:
		if (!task_numbers[fact].width)
			return;
		from_blob(m, g, GET_NUMBER, OP(.kind = OP_TASK));
		g->off = task_numbers[fact].off;
		g->width = task_numbers[fact].width;
	}
}

static void from_file(struct maker *m, struct get *g, enum get_how how, size_t off, uint8_t width)
{
	from_blob(m, g, how, OP(.kind = OP_FILE, .flags = OPF_SUCCESS, .a = WIRE_RET));
	g->off = (uint8_t)off;
	g->width = width;
}

/* Parameters of source PROBE: what they are depends on the event. */
static void from_probe(struct maker *m, struct get *g, const char *name)
{
	if (strcmp(name, "queuelen") == 0 || strcmp(name, "queuemax") == 0 ||
	    strcmp(name, "queuepct") == 0) {
		from_blob(m, g, strcmp(name, "queuepct") ? GET_NUMBER : GET_QUEUE_PERCENT,
			  OP(.kind = OP_QUEUE, .flags = OPF_SUCCESS, .a = 0));
		g->off = strcmp(name, "queuemax") == 0 ? offsetof(struct wire_queue, max) : 0;
		g->width = 4;
	} else if (strcmp(name, "source") == 0 || strcmp(name, "peer") == 0) {
		from_blob(m, g, GET_NUMBER, OP(.kind = OP_PAIR, .flags = OPF_SUCCESS, .a = 3));
		g->off = strcmp(name, "peer") == 0 ? offsetof(struct wire_pair, peer) : 0;
		g->width = 8;
	}
}

/* Sources that are one operation each. */
enum length {	/* where the operation's argument b comes from */
	B_NONE, B_NEXT, B_SECOND, B_RET
};

static const struct row {
	uint8_t how;		/* enum get_how */
	uint8_t op, flags;	/* enum wire_op_kind, wire_op_flag */
	uint8_t b;		/* enum length */
} rows[SRC__N] = {
	[SRC_STR]	 = { GET_TEXT,	   OP_STR,	0,			     B_NONE },
	[SRC_STROUT]	 = { GET_TEXT,	   OP_STR,	OPF_SUCCESS,		     B_NONE },
	[SRC_RBUF]	 = { GET_BYTES,	   OP_BUF,	OPF_PAYLOAD | OPF_SUCCESS,   B_RET },
	[SRC_WBUF]	 = { GET_BYTES,	   OP_BUF,	OPF_PAYLOAD | OPF_LIMIT_RET, B_NEXT },
	[SRC_BUFLEN]	 = { GET_BYTES,	   OP_BUF,	OPF_PAYLOAD,		     B_SECOND },
	[SRC_BUFLENP]	 = { GET_BYTES,	   OP_BUFP,	OPF_PAYLOAD | OPF_SUCCESS |
							OPF_DEREF,		     B_SECOND },
	[SRC_IOV]	 = { GET_BYTES,	   OP_IOV,	OPF_PAYLOAD | OPF_LIMIT_RET, B_NEXT },
	[SRC_RIOV]	 = { GET_BYTES,	   OP_IOV,	OPF_PAYLOAD | OPF_SUCCESS |
							OPF_LIMIT_RET,		     B_NEXT },
	[SRC_IOVSIZE]	 = { GET_NUMBER,   OP_IOVSIZE,	0,			     B_NEXT },
	[SRC_MSGDATA]	 = { GET_BYTES,	   OP_MSG,	OPF_PAYLOAD | OPF_LIMIT_RET, B_NONE },
	[SRC_MSGRDATA]	 = { GET_BYTES,	   OP_MSG,	OPF_PAYLOAD | OPF_SUCCESS |
							OPF_LIMIT_RET,		     B_NONE },
	[SRC_MMSGRDATA]	 = { GET_BYTES,	   OP_MSG,	OPF_PAYLOAD | OPF_SUCCESS | OPF_LIMIT_RET |
							OPF_MMSG,		     B_NONE },
	[SRC_MSGSIZE]	 = { GET_NUMBER,   OP_MSGSIZE,	0,			     B_NONE },
	[SRC_MSGCTL]	 = { GET_BYTES,	   OP_MSGCTL,	OPF_SUCCESS,		     B_NONE },
	[SRC_MSGGOT]	 = { GET_BYTES,	   OP_RIGHTS,	OPF_SUCCESS,		     B_NONE },
	[SRC_FDLIST]	 = { GET_FDLIST,   OP_FDLIST,	0,			     B_NEXT },
	[SRC_SOCKADDR]	 = { GET_SOCKADDR, OP_SOCKADDR, 0,			     B_NEXT },
	[SRC_TUPLE]	 = { GET_TUPLE,	   OP_TUPLE,	0,			     B_NONE },
	[SRC_TUPLE_IN]	 = { GET_TUPLE,	   OP_TUPLE,	0,			     B_NONE },
	[SRC_TUPLE_TO]	 = { GET_TUPLE,	   OP_TUPLE,	0,			     B_NONE },
	[SRC_TUPLE_FROM] = { GET_TUPLE,	   OP_TUPLE,	0,			     B_NONE },
	[SRC_TUPLE_MSG]	 = { GET_TUPLE,	   OP_TUPLE,	0,			     B_NONE },
	[SRC_TUPLE_RMSG] = { GET_TUPLE,	   OP_TUPLE,	0,			     B_NONE },
	[SRC_MEMINO]	 = { GET_NUMBER,   OP_FILEMEM,	OPF_SUCCESS,		     B_SECOND },
};

static uint8_t length_arg(enum length b, const struct param_desc *d)
{
	switch (b) {
	case B_NONE:
		return 0;
	case B_NEXT:
		return (uint8_t)(d->arg[0] + 1);
	case B_SECOND:
		return d->arg[1];
	case B_RET:
		return WIRE_RET;
	}
	return 0;
}

/* Does the payload go through the descriptor that is argument 0? */
static bool is_io(unsigned event)
{
	const struct event_desc *const d = &catalog[event];

	return d->category == EC_IO_READ || d->category == EC_IO_WRITE;
}

/* 1 + the argument with the address of the other end; 0: none. */
static uint8_t peer_arg(unsigned event)
{
	const struct event_desc *const d = &catalog[event];

	for (unsigned i = 0; i < d->n_params; i++)
		if (d->params[i].src == SRC_TUPLE_TO || d->params[i].src == SRC_TUPLE_FROM)
			return (uint8_t)(d->params[i].arg[1] + 1);
	return 0;
}

static void from_row(struct maker *m, struct get *g, const struct param_desc *d,
		     const struct row *row)
{
	struct wire_op op = { .kind = row->op, .a = d->arg[0], .b = length_arg(row->b, d) };
	uint8_t flags = row->flags;

	/* Of sendmmsg only the first message is looked at: its length is what was sent. */
	if (d->src == SRC_MSGDATA && m->plan->event == EV_SENDMMSG)
		flags |= OPF_MMSG;
	/* Values of socket options are no payload. */
	if (d->type == PT_DYN) {
		flags = (uint8_t)(flags & ~OPF_PAYLOAD);
		g->tag = PT_BYTEBUF;
	}
	op.flags = flags;
	if (flags & OPF_PAYLOAD && is_io(m->plan->event)) {
		op.c = peer_arg(m->plan->event);
		op.d = 1;
	}
	from_blob(m, g, row->how, op);
	if (row->how == GET_NUMBER)
		g->width = 8;
	if (d->src == SRC_MEMINO)
		g->off = offsetof(struct wire_file, ino);
}

/* The other end of a socket that has none of its own: the address in the call. */
static void from_peer(struct maker *m, struct get *g, const struct param_desc *d)
{
	const uint8_t addr = d->arg[1], len = (uint8_t)(d->arg[1] + 1);
	const bool msg = d->src == SRC_TUPLE_MSG || d->src == SRC_TUPLE_RMSG;

	g->inbound = d->src == SRC_TUPLE_IN || d->src == SRC_TUPLE_FROM || d->src == SRC_TUPLE_RMSG;
	if (msg)
		g->blob2 = need(m, OP(.kind = OP_MSGNAME, .a = addr, .flags = OPF_PEERLESS));
	else if (d->src == SRC_TUPLE_TO)
		g->blob2 = need(m, OP(.kind = OP_PEERNAME, .a = addr, .b = len,
				      .flags = OPF_PEERLESS));
	else if (d->src == SRC_TUPLE_FROM)
		g->blob2 = need(m, OP(.kind = OP_PEERNAME, .a = addr, .b = len,
				      .flags = OPF_PEERLESS | OPF_DEREF));
}

static void from_registers(struct maker *m, struct get *g, const struct param_desc *d)
{
	const uint8_t a = d->arg[0];

	switch (d->src) {
	case SRC_ARG:
		from_arg(m, g, GET_ARG, a);
		return;
	case SRC_INT:
	case SRC_UINT:
		from_arg(m, g, GET_ARG, a);
		g->width = 4;
		g->sign = d->src == SRC_INT;
		return;
	case SRC_SLONG:
		from_arg(m, g, GET_ARG, a);
		g->width = m->compat ? 4 : 8;
		g->sign = true;
		if (g->tag)
			g->tag = PT_INT64;
		return;
	case SRC_POS:
		from_arg(m, g, m->compat ? GET_POS : GET_ARG, a);
		if (m->compat)
			use_arg(m, a + 1u);
		return;
	case SRC_SHR:
	case SRC_CLEAR:
		from_arg(m, g, d->src == SRC_SHR ? GET_SHR : GET_CLEAR, a);
		g->bits = d->arg[1];
		return;
	}
}

static void from_semops(struct maker *m, struct get *g, const struct param_desc *d)
{
	from_blob(m, g, GET_NUMBER, OP(.kind = OP_SEM, .a = d->arg[0], .b = d->arg[1] / 6 * 6,
				       .c = 6));
	use_arg(m, d->arg[0] + 1u);
	g->off = d->arg[1] % 6;
	g->width = d->arg[2];
}

static void from_source(struct maker *m, struct get *g, const struct param_desc *d)
{
	const uint8_t a = d->arg[0];

	switch ((enum param_src)d->src) {
	case SRC_RET:
		g->how = GET_RET;
		return;
	case SRC_SYSNR:
		g->how = d->type == PT_SYSCALLID ? GET_NR : GET_NATIVE_NR;
		return;
	case SRC_ARG: case SRC_INT: case SRC_UINT: case SRC_SLONG: case SRC_POS: case SRC_SHR:
	case SRC_CLEAR:
		from_registers(m, g, d);
		return;
	case SRC_MEM:
		from_mem(m, g, d, 0);
		return;
	case SRC_OUT:
		from_mem(m, g, d, OPF_SUCCESS);
		return;
	case SRC_LMEM:
		from_mem(m, g, d, OPF_NATIVE);
		return;
	case SRC_LOUT:
		from_mem(m, g, d, OPF_NATIVE | OPF_SUCCESS);
		return;
	case SRC_SEMOPS:
		from_semops(m, g, d);
		return;
	case SRC_TIMESPEC:
		if (!m->compat)
			from_blob(m, g, GET_TIMESPEC, OP(.kind = OP_MEM, .a = a, .c = 16));
		return;
	case SRC_STR_IF:
		from_blob(m, g, GET_TEXT, OP(.kind = OP_STR, .flags = OPF_IF, .a = a,
					     .b = d->arg[1], .c = d->arg[2], .d = d->arg[3]));
		return;
	case SRC_STR: case SRC_STROUT: case SRC_RBUF: case SRC_WBUF: case SRC_BUFLEN:
	case SRC_BUFLENP: case SRC_IOV: case SRC_RIOV: case SRC_IOVSIZE: case SRC_MSGDATA:
	case SRC_MSGRDATA: case SRC_MMSGRDATA: case SRC_MSGSIZE: case SRC_MSGCTL: case SRC_FDLIST:
	case SRC_SOCKADDR: case SRC_MEMINO: case SRC_MSGGOT:
		from_row(m, g, d, &rows[d->src]);
		return;
	case SRC_TUPLE: case SRC_TUPLE_IN: case SRC_TUPLE_TO: case SRC_TUPLE_FROM:
	case SRC_TUPLE_MSG: case SRC_TUPLE_RMSG:
		from_row(m, g, d, &rows[d->src]);
		from_peer(m, g, d);
		return;
	case SRC_TUPLE_RET:
		from_blob(m, g, GET_TUPLE, OP(.kind = OP_TUPLE, .flags = OPF_SUCCESS,
					      .a = WIRE_RET));
		g->inbound = true;
		return;
	case SRC_FILEDEV:
		from_file(m, g, GET_DEV, offsetof(struct wire_file, dev), 4);
		return;
	case SRC_FILEINO:
		from_file(m, g, GET_NUMBER, offsetof(struct wire_file, ino), 8);
		return;
	case SRC_FILEFLAGS:
		from_file(m, g, GET_NUMBER, offsetof(struct wire_file, facts), 4);
		return;
	case SRC_FILEPATH:
		from_blob(m, g, GET_TEXT, OP(.kind = OP_FILEPATH, .flags = OPF_SUCCESS,
					     .a = WIRE_RET));
		return;
	case SRC_GOT:
		from_blob(m, g, GET_BYTES, OP(.kind = OP_GOT, .flags = OPF_SUCCESS, .a = WIRE_RET));
		return;
	case SRC_GOTTTY:
		from_blob(m, g, GET_BYTES, OP(.kind = OP_GOTTTY, .flags = OPF_SUCCESS,
					      .a = WIRE_RET));
		return;
	case SRC_WINSIZE:
		from_blob(m, g, GET_NUMBER, OP(.kind = OP_WINSIZE, .flags = OPF_SUCCESS, .a = 2));
		g->off = a;
		g->width = 2;
		return;
	case SRC_TASK:
		from_task(m, g, a);
		return;
	case SRC_PROBE:
		from_probe(m, g, d->name);
		return;
	case SRC_SNAP: case SRC_NONE: case SRC__N:
		return;
	}
}

void plan_source(struct maker *m, struct get *g, const struct param_desc *d)
{
	*g = (struct get){ .how = GET_ABSENT, .blob = GET_NO_BLOB, .blob2 = GET_NO_BLOB };
	number(g, d->type);
	from_source(m, g, d);
}
