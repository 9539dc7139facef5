/* SPDX-License-Identifier: Apache-2.0 */
/* What the numbers in snap_fd events mean: written by snapshots and readers, read by the
 * state.  They stand in recordings: new ones are added at the end. */
#ifndef SAKER_BASE_FDKIND_H
#define SAKER_BASE_FDKIND_H

enum fd_kind {		/* order and letters of Falco's fd.typechar */
	FD_UNKNOWN, FD_FILE, FD_DIRECTORY, FD_IPV4, FD_IPV6, FD_UNIX, FD_PIPE, FD_EVENT,
	FD_SIGNAL, FD_EPOLL, FD_INOTIFY, FD_TIMER, FD_NETLINK, FD_BPF, FD_USERFAULT,
	FD_IOURING, FD_MEMFD, FD_PIDFD, FD_UNSUPPORTED, FD_PACKET, FD__N
};

enum fd_role { ROLE_NONE, ROLE_CLIENT, ROLE_SERVER, ROLE_LISTEN };
enum l4_proto { L4_NONE, L4_TCP, L4_UDP, L4_ICMP, L4_RAW };

#endif
