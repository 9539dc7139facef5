/* SPDX-License-Identifier: Apache-2.0 */
/* What a container is: from the files in which Docker, Podman, containerd, CRI-O and runc
 * keep what they know, since nobody can ask them when the recording is read. */
#ifndef SAKER_LIVE_INSPECT_H
#define SAKER_LIVE_INSPECT_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/base/buf.h"
#include "capture/base/cgroup.h"

enum { INSPECT_JSON_MAX = 60 << 10 };

struct inspect {
	int root;		/* directory that stands for / */
	const char *home;	/* of the user whose container it is; NULL: root */
	uint32_t pid;		/* a process in it; 0: none is left */
};

/* Appends the JSON text of a container event, in the form that Falco's has (replay/field
 * reads it).  True if a runtime knows the container; else the text has what the path told. */
bool inspect_container(const struct inspect *in, const struct cgroup_container *c,
		       struct buf *json);

/* Finds the container whose first process this is, where its control groups do not tell:
 * from the files of runc and containerd, and from conmon, its parent.  The id is put into
 * id; false if there is none. */
bool inspect_by_pid(const struct inspect *in, struct buf *id, struct cgroup_container *c);

/* What it is called; false if no runtime says. */
bool inspect_name(const struct inspect *in, const struct cgroup_container *c, struct buf *name);

/* Where the root directory of the container lies on the machine, as text; false if not known. */
bool inspect_rootfs(const struct inspect *in, const struct cgroup_container *c, struct buf *path);

#endif
