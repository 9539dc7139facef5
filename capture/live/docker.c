/* SPDX-License-Identifier: Apache-2.0 */
/* Docker: containers/ID/config.v2.json and hostconfig.json, image/DRIVER/repositories.json. */
#include <stdio.h>
#include <string.h>

#include "capture/live/inspect_parts.h"
#include "capture/live/rootfile.h"

static void take_config(struct facts *f, const json_t *o)
{
	const json_t *const config = json_object_get(o, "Config");
	const char *const name = facts_member(o, "Name"), *const image = facts_member(o, "Image");
	const json_t *points = json_object_get(o, "MountPoints");
	const char *target;
	json_t *m;

	facts_text(f, "name", name && *name == '/' ? name + 1 : name);
	facts_image(f, facts_member(config, "Image"));
	facts_text(f, "imageid", image && strncmp(image, "sha256:", 7) == 0 ? image + 7 : image);
	facts_labels(f, json_object_get(config, "Labels"));
	facts_text(f, "User", facts_member(config, "User"));
	facts_created(f, facts_member(o, "Created"));
	facts_health(f, json_object_get(json_object_get(config, "Healthcheck"), "Test"));
	json_object_foreach((json_t *)(uintptr_t)points, target, m)
		facts_mount(f, facts_member(m, "Source"), target, facts_member(m, "Mode"),
			    json_is_true(json_object_get(m, "RW")), facts_member(m, "Propagation"));
}

static void take_address(struct facts *f, const json_t *o)
{
	const json_t *const settings = json_object_get(o, "NetworkSettings");
	const json_t *networks = json_object_get(settings, "Networks");
	const char *name;
	json_t *n;

	facts_text(f, "ip", facts_member(settings, "IPAddress"));
	json_object_foreach((json_t *)(uintptr_t)networks, name, n)
		facts_text(f, "ip", facts_member(n, "IPAddress"));
}

static bool is_host(const json_t *o, const char *member)
{
	const char *const mode = facts_member(o, member);

	return mode && strcmp(mode, "host") == 0;
}

static void take_host_config(struct facts *f, const json_t *o)
{
	if (!o)
		return;
	facts_bool(f, "privileged", json_is_true(json_object_get(o, "Privileged")));
	facts_bool(f, "host_pid", is_host(o, "PidMode"));
	facts_bool(f, "host_network", is_host(o, "NetworkMode"));
	facts_bool(f, "host_ipc", is_host(o, "IpcMode"));
}

struct digest_search {
	const struct inspect *in;
	const char *base;
	struct facts *f;
};

/* "nginx": {"nginx:1.2": "sha256:ID", "nginx@sha256:DIGEST": "sha256:ID"} */
static int look_for_digest(const char *driver, void *arg)
{
	const struct digest_search *const s = arg;
	const char *const repo = facts_member(s->f->o, "imagerepo");
	const char *const id = facts_member(s->f->o, "imageid");
	json_t *const all = facts_file(s->in, "%s/image/%s/repositories.json", s->base, driver);
	const json_t *const repos = json_object_get(all, "Repositories");
	const json_t *const names = repo ? json_object_get(repos, repo) : NULL;
	const char *name;
	json_t *of;

	json_object_foreach((json_t *)(uintptr_t)names, name, of) {
		const char *const at = strchr(name, '@'), *const image = json_string_value(of);

		if (at && id && image && strstr(image, id))
			facts_text(s->f, "imagedigest", at + 1);
	}
	json_decref(all);
	return 0;
}

static bool in_base(const struct inspect *in, const char *base, const char *id, struct facts *f)
{
	json_t *const o = facts_file(in, "%s/containers/%s/config.v2.json", base, id);
	json_t *host;
	struct digest_search s = { in, base, f };
	char path[4096];

	if (!o)
		return false;
	host = facts_file(in, "%s/containers/%s/hostconfig.json", base, id);
	take_config(f, o);
	take_address(f, o);
	take_host_config(f, host);
	snprintf(path, sizeof(path), "%s/image", base);
	rootfile_list(in->root, path, look_for_digest, &s);
	json_decref(host);
	json_decref(o);
	facts_value(f, "type", json_integer(0));
	return true;
}

bool docker_facts(const struct inspect *in, const char *id, struct facts *f)
{
	char base[4096];

	if (in_base(in, "/var/lib/docker", id, f))
		return true;
	if (!in->home)
		return false;
	snprintf(base, sizeof(base), "%s/.local/share/docker", in->home);
	return in_base(in, base, id, f);
}
