/* SPDX-License-Identifier: Apache-2.0 */
/* saker fmt: rule files in one layout. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyze/verbs.h"
#include "capture/base/err.h"
#include "capture/base/opt.h"
#include "rules/set/layout.h"

enum { O_CHECK, O_WRITE, O_QUIET };

static const struct opt opts[] = {
	{ O_CHECK, 'c', "check", NULL, "name the files that would change, and change nothing" },
	{ O_WRITE, 'w', "write", NULL, "write the files, instead of printing them" },
	{ O_QUIET, 'q', "quiet", NULL, "do not name files that are written" },
};

static const struct opt_spec spec = {
	"fmt", "[options] FILE...", "lay rule files out", OPTS(opts),
	"0 done, or nothing would change; 1 with --check: something would; 2 failure.",
};

struct fmt {
	bool check, write, quiet, differs, failed;
};

static int read_all(const char *path, struct buf *out)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	size_t n;

	if (!in)
		return err_sys("%s", path);
	do {
		n = fread(buf_room(out, 1 << 16), 1, 1 << 16, in);
		out->len += n;
	} while (n && out->len <= YAML_BYTES_MAX);
	n = (size_t)ferror(in);
	if (in != stdin)
		fclose(in);
	return n ? err_sys("%s", path) : 0;
}

static int write_all(int fd, const struct buf *b)
{
	for (size_t done = 0; done < b->len;) {
		const ssize_t n = write(fd, b->p + done, b->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

/* Beside the file and then in its place: a full disk leaves it as it was. */
static int replace(const char *path, const struct buf *b)
{
	struct stat st;
	char *temp;
	int fd, rc = 0;

	if (asprintf(&temp, "%s.fmt-XXXXXX", path) < 0)
		abort();
	fd = stat(path, &st) < 0 ? -1 : mkostemp(temp, O_CLOEXEC);
	if (fd < 0) {
		rc = err_sys("%s", path);
	} else if (write_all(fd, b) < 0 || fchmod(fd, st.st_mode & 07777) < 0 || fsync(fd) < 0 ||
		   rename(temp, path) < 0) {
		rc = err_sys("%s", path);
		unlink(temp);
	}
	if (fd >= 0)
		close(fd);
	free(temp);
	return rc;
}

static int lay_out(struct fmt *f, const char *path, const struct buf *in, const struct buf *out)
{
	const bool same = in->len == out->len && memcmp(in->p, out->p, in->len) == 0;

	f->differs |= !same;
	if (f->check) {
		if (!same)
			printf("%s\n", path);
		return 0;
	}
	if (!f->write || strcmp(path, "-") == 0)
		return write_all(STDOUT_FILENO, out) < 0 ? err_sys("standard output") : 0;
	if (same)
		return 0;
	if (!f->quiet)
		printf("%s\n", path);
	return replace(path, out);
}

static void one_file(struct fmt *f, const char *path)
{
	struct buf in = {0}, out = {0};
	int rc = read_all(path, &in);

	buf_text(&in);
	if (rc >= 0 && !layout_file(path, (const char *)in.p, in.len, &out))
		rc = -ERR_RULE;
	if (rc >= 0 && in.len)
		rc = lay_out(f, path, &in, &out);
	if (rc < 0) {
		err_print();
		f->failed = true;
	}
	buf_release(&in);
	buf_release(&out);
}

int verb_fmt(int argc, char **argv)
{
	struct fmt f = {0};
	struct opt_parse p;
	int key;

	opt_begin(&p, &spec, argc, argv);
	while ((key = opt_next(&p)) >= 0) {
		f.check |= key == O_CHECK;
		f.write |= key == O_WRITE;
		f.quiet |= key == O_QUIET;
	}
	if (key != OPT_END)
		return opt_status(key);
	if (f.check && f.write)
		return opt_usage_error(&spec, "--check or --write, not both");
	if (p.first == argc)
		return opt_usage_error(&spec, "which rule files?");
	for (int i = p.first; i < argc; i++)
		one_file(&f, argv[i]);
	if (f.failed)
		return EXIT_FAILED;
	return f.check && f.differs ? EXIT_FINDINGS : EXIT_DONE;
}
