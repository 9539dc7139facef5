/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: who notices a mistake writes one message that the user can act on;
 * callers may prepend where it happened and pass the negative code up.
 * One message per thread, so that parallel readers do not mix theirs. */
#ifndef SAKER_BASE_ERR_H
#define SAKER_BASE_ERR_H

enum err_code {
	ERR_USAGE = 1,		/* the command line is wrong */
	ERR_SYSTEM,		/* a system call failed: errno is in the text */
	ERR_FORMAT,		/* damaged or foreign input */
	ERR_LIMIT,		/* a documented bound was reached */
	ERR_RULE,		/* a rule file or a condition is wrong */
	ERR_PRIVILEGE,		/* the kernel refuses: root, BTF or BPF is missing */
	ERR_UNSUPPORTED,	/* known, but not by this build or version */
};

/* What the programs exit with; each manual page says which it uses. */
enum exit_status {
	EXIT_DONE = 0,
	EXIT_FINDINGS = 1,	/* done, and something was found */
	EXIT_FAILED = 2,	/* usage or failure */
	EXIT_DAMAGED = 3,	/* all that was good is delivered, but input was damaged */
};

/* Sets the message and returns -code. */
int err(enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), cold));

/* As err(ERR_SYSTEM), with ": " and the text of errno appended. */
int err_sys(const char *fmt, ...) __attribute__((format(printf, 1, 2), cold));

/* Prepends a place ("file.skr") to the message; returns the code it had. */
int err_at(const char *fmt, ...) __attribute__((format(printf, 1, 2), cold));

/* The message, "" if none; lives until the next err of this thread. */
const char *err_text(void);

/* Name that starts each line on stderr; argv[0]'s last part by default. */
void err_program(const char *name);

/* Prints "program: message" to stderr; warn never changes the exit status. */
void err_print(void);
void warn(const char *fmt, ...) __attribute__((format(printf, 1, 2), cold));

#endif
