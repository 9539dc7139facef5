/* SPDX-License-Identifier: Apache-2.0 */
/* Each test enters the sandbox in a child of its own. */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/base/sandbox.h"

struct outcome {
	int status;
	char said[512];
};

/* Runs act in a child behind the sandbox: its exit status and what it wrote on stderr. */
static struct outcome inside(unsigned allow, int (*act)(void))
{
	struct outcome o = {0};
	int ends[2];
	pid_t pid;
	ssize_t n;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(ends[1], STDERR_FILENO);
		_exit(sandbox_enter(allow) < 0 ? 100 : act());
	}
	close(ends[1]);
	n = read(ends[0], o.said, sizeof(o.said) - 1);
	o.said[n > 0 ? n : 0] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(pid, &o.status, 0), pid);
	return o;
}

static void ends_with(unsigned allow, int (*act)(void), int status)
{
	const struct outcome o = inside(allow, act);

	if (!WIFEXITED(o.status) || WEXITSTATUS(o.status) != status)
		fail_msg("status %#x, said '%s'", o.status, o.said);
}

static int open_file(void)
{
	const int fd = open("/etc/passwd", O_RDONLY);

	return fd >= 0 ? 1 : errno == EPERM || errno == EACCES ? 0 : 2;
}

/* Bits: what was named can be read, what was not, what was named can be written. */
static int read_named(void)
{
	static const char *const paths[] = { "/etc/passwd", "/nowhere" };
	const long landlock = syscall(444, NULL, 0, 1);

	if (sandbox_enter_reading(SANDBOX_PLAIN, paths, 2) < 0)
		return 100;
	return (open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0) |
	       (landlock > 0 && open("/etc/group", O_RDONLY | O_CLOEXEC) >= 0) << 1 |
	       (open("/etc/passwd", O_WRONLY | O_CLOEXEC) >= 0) << 2 |
	       (open("/tmp/saker-sandbox", O_RDONLY | O_CREAT, 0600) >= 0) << 3;
}

static int create_file(void)
{
	return open("/tmp/saker-sandbox", O_WRONLY | O_CREAT, 0600) >= 0;
}

static int read_memory_and_files(void)
{
	char c;
	void *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED || read(STDIN_FILENO, &c, 0) < 0 || lseek(0, 0, SEEK_CUR) == -2;
}

static int execute_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
		!= MAP_FAILED;
}

static void *in_thread(void *arg)
{
	*(int *)arg = open_file();
	return NULL;
}

static int start_thread(void)
{
	pthread_t t;
	int result = 50;

	if (pthread_create(&t, NULL, in_thread, &result) != 0)
		return 51;
	pthread_join(t, NULL);
	return result;
}

static int make_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}

static int start_process(void)
{
	return fork() >= 0;
}

static int execute(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return 1;
}

/* cmocka 1.1.5 reports a skipped test as one that failed. */
static bool there_is_a_sandbox(void)
{
	if (!sandbox_built())
		print_message("# not tested: this build has no sandbox\n");
	return sandbox_built();
}

static void no_file_can_be_opened(void **unused)
{
	if (!there_is_a_sandbox())
		return;
	ends_with(SANDBOX_PLAIN, open_file, 0);
	ends_with(SANDBOX_PLAIN, create_file, 0);
	ends_with(SANDBOX_TERMINAL | SANDBOX_CHILD, open_file, 0);
}

static void files_that_were_named_can_be_read_and_nothing_else(void **unused)
{
	int status = 0;
	pid_t pid;

	if (!there_is_a_sandbox())
		return;
	pid = fork();
	if (pid == 0)
		_exit(read_named());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

static void memory_and_open_files_go_on(void **unused)
{
	ends_with(SANDBOX_PLAIN, read_memory_and_files, 0);
}

static void memory_cannot_become_code(void **unused)
{
	if (!there_is_a_sandbox())
		return;
	ends_with(SANDBOX_PLAIN, execute_memory, 0);
}

static void threads_start_and_are_inside(void **unused)
{
	if (!there_is_a_sandbox())
		return;
	ends_with(SANDBOX_PLAIN, start_thread, 0);
}

static void what_exploits_want_ends_the_process_with_a_message(void **unused)
{
	static int (*const acts[])(void) = { make_socket, start_process, execute };

	if (!there_is_a_sandbox())
		return;
	for (unsigned i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		const struct outcome o = inside(SANDBOX_PLAIN, acts[i]);

		assert_true(WIFEXITED(o.status));
		assert_int_equal(WEXITSTATUS(o.status), EXIT_FAILED);
		assert_non_null(strstr(o.said, "stopped by the sandbox at system call"));
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(no_file_can_be_opened),
	cmocka_unit_test(files_that_were_named_can_be_read_and_nothing_else),
	cmocka_unit_test(memory_and_open_files_go_on),
	cmocka_unit_test(memory_cannot_become_code),
	cmocka_unit_test(threads_start_and_are_inside),
	cmocka_unit_test(what_exploits_want_ends_the_process_with_a_message),
};

TEST_MAIN(tests)
