/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors that come by other ways than calls that make them: sent over a socket, taken
 * from another process; and a thread with descriptors and a directory of its own. */
#include "tests/live/mark.h"

#include <sched.h>
#include <sys/mman.h>

static int sent(int fd)
{
	char c = 'x';
	struct iovec v = { &c, 1 };
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(sizeof(int))];
	} ctl = { .h = { .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET,
			 .cmsg_type = SCM_RIGHTS } };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &ctl,
			    .msg_controllen = sizeof(ctl) };
	int un[2], got;

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, un), "socketpair");
	memcpy(CMSG_DATA(&ctl.h), &fd, sizeof(int));
	must(sendmsg(un[0], &m, 0), "sendmsg");
	must(recvmsg(un[1], &m, 0), "recvmsg");
	memcpy(&got, CMSG_DATA(&ctl.h), sizeof(int));
	close(un[0]);
	close(un[1]);
	return got;
}

static void *apart_thread(void *arg)
{
	int fd = *(int *)arg;

	must(unshare(CLONE_FILES | CLONE_FS), "unshare");
	must(chdir("/etc"), "/etc");
	close(fd);
	fd = open("hostname", O_RDONLY);
	mark_file(fd, "file");
	return NULL;
}

int main(void)
{
	int fd = open("/etc/hosts", O_RDONLY), copy;
	pthread_t t;

	counter = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	copy = (int)CALL(__NR_pidfd_getfd, must(CALL(__NR_pidfd_open, getpid(), 0),
			"pidfd_open"), fd, 0);
	mark_file(must(copy, "pidfd_getfd"), "file");
	copy = sent(fd);
	mark_file(copy, "file");
	pthread_create(&t, NULL, apart_thread, &fd);
	pthread_join(t, NULL);
	mark_file(fd, "file");
	mark_process();
	say_now();
	return 0;
}
