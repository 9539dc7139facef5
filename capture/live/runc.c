/* SPDX-License-Identifier: Apache-2.0 */
/* runc and crun alone: a directory for each container that runs.  runc's state has the
 * bundle and the annotations as labels "name=value", crun's status names the bundle. */
#include <stdlib.h>
#include <string.h>

#include "capture/live/inspect_parts.h"

static const char *const places[] = {
	"/run/runc", "/run/containerd/runc/k8s.io", "/run/containerd/runc/default",
	"/run/docker/runtime-runc/moby", "/run/user/0/runc",
};

static const char *bundle_of(const json_t *state)
{
	const json_t *const labels = json_object_get(json_object_get(state, "config"), "labels");
	json_t *l;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)labels, i, l) {
		const char *const text = json_string_value(l);

		if (text && strncmp(text, "bundle=", 7) == 0)
			return text + 7;
	}
	return NULL;
}

static bool take_state(const struct inspect *in, const json_t *state, const char *bundle,
		       struct facts *f)
{
	if (!state)
		return false;
	if (bundle)
		oci_facts(in, bundle, f);
	facts_created(f, facts_member(state, "created"));
	facts_rootfs(f, facts_member(json_object_get(state, "config"), "rootfs"));
	return true;
}

bool runc_facts(const struct inspect *in, const char *id, struct facts *f)
{
	bool found = false;
	json_t *o;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && !found; i++) {
		o = facts_file(in, "%s/%s/state.json", places[i], id);
		found = take_state(in, o, bundle_of(o), f);
		json_decref(o);
	}
	if (!found) {
		o = facts_file(in, "/run/crun/%s/status", id);
		found = take_state(in, o, facts_member(o, "bundle"), f);
		json_decref(o);
	}
	return found;
}
