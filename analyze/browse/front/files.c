/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/front/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyze/browse/front/files_parts.h"
#include "capture/base/err.h"

static int to_helper = -1, from_helper = -1;
static char begun[FILES_NAME_MAX + 1];	/* the file that comes in pieces, for messages */

int files_start(const char *folder, const char *notes)
{
	int request[2], answer[2];
	pid_t pid;

	if (pipe2(request, O_CLOEXEC) < 0 || pipe2(answer, O_CLOEXEC) < 0)
		return err_sys("pipe");
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return err_sys("fork");
	if (pid == 0) {
		close(request[1]);
		close(answer[0]);
		files_helper(request[0], answer[1], folder, notes ? notes : "");
	}
	close(request[0]);
	close(answer[1]);
	to_helper = request[1];
	from_helper = answer[0];
	return 0;
}

void files_stop(void)
{
	if (to_helper >= 0)
		close(to_helper);
	if (from_helper >= 0)
		close(from_helper);
	to_helper = from_helper = -1;
}

/* ---- requests ------------------------------------------------------------------- */

/* 0, negative with a message, or errno. */
static int ask(const struct head *h, const char *name, const void *p)
{
	int32_t failed;

	if (to_helper < 0 || !files_put(to_helper, h, sizeof(*h)) ||
	    !files_put(to_helper, name, h->name_len) || !files_put(to_helper, p, h->len) ||
	    !files_get(from_helper, &failed, sizeof(failed)))
		return err(ERR_SYSTEM, "the helper that writes files is gone");
	errno = failed;
	return failed;
}

static int ask_for_file(const struct head *h, const char *name, const void *p)
{
	int failed;

	if (!files_good_name(name))
		return err(ERR_USAGE, "'%s': a plain name, without folders", name);
	failed = ask(h, name, p);
	if (failed <= 0)
		return failed;
	return failed == EEXIST ? err(ERR_USAGE, "%s exists; choose another name", name)
		: err_sys("%s", name);
}

int files_new(const char *name, const void *p, size_t len)
{
	const struct head h = { NEW_FILE, (uint32_t)strlen(name), len };

	if (len > FILES_BYTES_MAX)
		return err(ERR_LIMIT, "%s would be larger than 1 GiB", name);
	return ask_for_file(&h, name, p);
}

int files_begin(const char *name)
{
	const struct head h = { FIRST_PIECE, (uint32_t)strlen(name), 0 };

	snprintf(begun, sizeof(begun), "%s", name);
	return ask_for_file(&h, name, "");
}

int files_add(const void *p, size_t len)
{
	const struct head h = { PIECE, 0, len };
	const int failed = ask(&h, "", p);

	return failed > 0 ? err_sys("%s", begun) : failed;
}

int files_end(void)
{
	const struct head h = { LAST_PIECE, 0, 0 };
	const int failed = ask(&h, "", "");

	return failed > 0 ? err_sys("%s", begun) : failed;
}

int files_notes(const void *p, size_t len)
{
	const struct head h = { NOTES, 0, len };
	const int failed = ask(&h, "", p);

	return failed > 0 ? err_sys("notes") : failed;
}
