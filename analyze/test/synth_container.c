/* SPDX-License-Identifier: Apache-2.0 */
/* The event has the form in which Falco's plugin tells of containers; keys are named like the
 * fields container.*. */
#include "analyze/test/synth_container.h"

#include <stdio.h>
#include <string.h>

#include "capture/base/quote.h"

static void put_text(struct buf *out, const char *name, const char *text, size_t len)
{
	buf_str(out, out->p[out->len - 1] == '{' ? "\"" : ",\"");
	quote_json(out, name, strlen(name));
	buf_str(out, "\":\"");
	quote_json(out, text, len);
	buf_byte(out, '"');
}

/* "docker.io/library/nginx:1.25" is a repository and a tag. */
static void put_image(struct buf *out, const struct yaml *map, const char *image)
{
	const char *slash = strrchr(image, '/'), *tag = strchr(slash ? slash : image, ':');
	const size_t n = tag ? (size_t)(tag - image) : strlen(image);

	put_text(out, "image", image, strlen(image));
	if (!yaml_get(map, "image.repository"))
		put_text(out, "imagerepo", image, n);
	if (!yaml_get(map, "image.tag"))
		put_text(out, "imagetag", tag ? tag + 1 : "", tag ? strlen(tag + 1) : 0);
}

static bool put_labels(struct synth *s, struct buf *out, const struct yaml *map)
{
	if (map->kind != YAML_MAPPING) {
		test_file_say(s->f, map, "labels is a map of texts");
		return false;
	}
	buf_str(out, ",\"labels\":{");
	for (uint32_t i = 0; i + 1 < map->n; i += 2) {
		const struct yaml *key = map->kids[i], *v = map->kids[i + 1];

		if (!read_count(s->f, map))
			return false;
		if (key->kind != YAML_SCALAR || v->kind != YAML_SCALAR) {
			test_file_say(s->f, key, "labels is a map of texts");
			return false;
		}
		put_text(out, key->p, v->p, v->len);
	}
	buf_byte(out, '}');
	return true;
}

static bool put_keys(struct synth *s, struct buf *out, const struct yaml *map)
{
	static const char *const texts[][2] = {
		{ "full_id", "full_id" }, { "name", "name" }, { "type", "type" }, { "ip", "ip" },
		{ "image.repository", "imagerepo" }, { "image.tag", "imagetag" },
		{ "image.digest", "imagedigest" }, { "image.id", "imageid" },
	};
	static const char *const flags[] = { "privileged", "host_pid", "host_network", "host_ipc" };
	const struct yaml *v;
	const char *text;

	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (!(v = yaml_get(map, texts[i][0])))
			continue;
		if (!read_text(s->f, v, texts[i][0], &text))
			return false;
		put_text(out, texts[i][1], text, v->len);
	}
	if ((v = yaml_get(map, "image"))) {
		if (!read_text(s->f, v, "image", &text))
			return false;
		put_image(out, map, text);
	}
	for (unsigned i = 0; i < 4; i++) {
		bool on;

		if (!(v = yaml_get(map, flags[i])))
			continue;
		if (!read_bool(s->f, v, flags[i], &on))
			return false;
		buf_printf(out, ",\"%s\":%s", flags[i], on ? "true" : "false");
	}
	v = yaml_get(map, "labels");
	return !v || put_labels(s, out, v);
}

static void tell_all(struct synth *s, struct buf *json)
{
	struct event *ev = synth_add(s, EV_CONTAINER);

	buf_str(json, "}}");
	value_bytes(&ev->v[P(CONTAINER, json)], arena_strn(&s->f->arena, json->p, json->len),
		    json->len);
}

static bool described(struct synth *s, struct synth_proc *p, const struct yaml *map)
{
	static const char *const keys[] = { "id", "full_id", "name", "type", "ip", "image",
		"image.repository", "image.tag", "image.digest", "image.id", "privileged",
		"host_pid", "host_network", "host_ipc", "labels", NULL };
	const struct yaml *id = yaml_get(map, "id");
	struct buf json = {0};
	bool ok;

	if (!read_map(s->f, map, "a container", keys))
		return false;
	if (id ? !read_text(s->f, id, "id", &p->container) : false)
		return false;
	if (!id)
		p->container = arena_printf(&s->f->arena, "c0ffee%06x", ++s->next_container);
	buf_str(&json, "{\"container\":{");
	put_text(&json, "id", p->container, strlen(p->container));
	ok = put_keys(s, &json, map);
	if (ok)
		tell_all(s, &json);
	buf_release(&json);
	return ok;
}

bool synth_container(struct synth *s, struct synth_proc *p, const struct yaml *v)
{
	if (read_is(v, "host")) {
		p->container = NULL;
		return true;
	}
	if (v->kind == YAML_SCALAR ? !read_text(s->f, v, "container", &p->container) :
	    !described(s, p, v))
		return false;
	p->tell_container = true;
	if (p->cgroups)
		return true;
	/* The last name of the group tells that it is the container's. */
	p->n_cgroups = strlen(p->container) + sizeof("cpuset=/saker-test/");
	p->cgroups = arena_printf(&s->f->arena, "cpuset=/saker-test/%s", p->container);
	return true;
}

void synth_container_tell(struct synth *s, const struct synth_proc *p)
{
	struct event *ev;

	if (!p->container)
		return;
	ev = synth_add(s, EV_CONTAINER);
	synth_text(s, &ev->v[P(CONTAINER, id)], p->container);
	value_number(&ev->v[P(CONTAINER, pid)], p->pid);
}
