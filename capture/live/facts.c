/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "capture/live/inspect_parts.h"
#include "capture/live/rootfile.h"

enum { JSON_FILE_MAX = 16 << 20, LABELS_MAX = 256, LABEL_MAX = 4096, MOUNTS_MAX = 128 };

json_t *facts_parse(const void *p, size_t len)
{
	json_error_t error;

	return json_loadb(p, len, JSON_DISABLE_EOF_CHECK, &error);
}

json_t *facts_file(const struct inspect *in, const char *fmt, ...)
{
	struct buf b = {0};
	json_t *o = NULL;
	char path[4096];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < sizeof(path)
	    && rootfile_read(in->root, path, JSON_FILE_MAX, &b) == 0)
		o = facts_parse(b.p, b.len);
	buf_release(&b);
	return o;
}

const char *facts_member(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

void facts_value(struct facts *f, const char *name, json_t *value)
{
	if (!json_object_get(f->o, name))
		json_object_set_new(f->o, name, value);
	else
		json_decref(value);
}

/* Bytes that are no UTF-8 jansson refuses; then the member is left out. */
void facts_text(struct facts *f, const char *name, const char *text)
{
	if (text && *text && strlen(text) <= LABEL_MAX)
		facts_value(f, name, json_string(text));
}

void facts_bool(struct facts *f, const char *name, bool value)
{
	facts_value(f, name, json_boolean(value));
}

void facts_label(struct facts *f, const char *name, const char *text)
{
	json_t *labels = json_object_get(f->o, "labels");

	if (!text || strlen(text) > LABEL_MAX || strlen(name) > LABEL_MAX)
		return;
	if (!labels) {
		labels = json_object();
		json_object_set_new(f->o, "labels", labels);
	}
	if (json_object_size(labels) < LABELS_MAX && !json_object_get(labels, name))
		json_object_set_new(labels, name, json_string(text));
}

void facts_labels(struct facts *f, const json_t *labels)
{
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)labels, name, v)
		facts_label(f, name, json_string_value(v));
}

void facts_rootfs(struct facts *f, const char *path)
{
	if (path && *path == '/' && f->rootfs.len == 0)
		buf_str(&f->rootfs, path);
}

static void text_n(struct facts *f, const char *name, const char *p, size_t len)
{
	char text[1024];

	if (len < sizeof(text)) {
		memcpy(text, p, len);
		text[len] = 0;
		facts_text(f, name, text);
	}
}

void facts_image(struct facts *f, const char *reference)
{
	const char *digest, *slash, *colon;
	size_t len;

	if (!reference || !*reference)
		return;
	facts_text(f, "image", reference);
	if (strncmp(reference, "sha256:", 7) == 0) {
		facts_text(f, "imageid", reference + 7);
		return;
	}
	digest = strchr(reference, '@');
	len = digest ? (size_t)(digest - reference) : strlen(reference);
	if (digest)
		facts_text(f, "imagedigest", digest + 1);
	slash = memrchr(reference, '/', len);
	colon = memrchr(reference, ':', len);
	if (colon && (!slash || colon > slash)) {
		text_n(f, "imagetag", colon + 1, (size_t)(reference + len - colon - 1));
		len = (size_t)(colon - reference);
	} else if (!digest) {
		facts_text(f, "imagetag", "latest");
	}
	text_n(f, "imagerepo", reference, len);
}

void facts_created(struct facts *f, const char *text)
{
	struct tm tm = {0};
	const char *end = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
	int hours = 0, minutes = 0;
	char sign;
	time_t t;

	if (!end)
		return;
	end += strspn(end, ".0123456789");
	t = timegm(&tm);
	if (sscanf(end, "%c%2d:%2d", &sign, &hours, &minutes) == 3)
		t -= (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
	if (t > 0)
		facts_value(f, "created_time", json_integer(t));
}

void facts_mount(struct facts *f, const char *source, const char *target, const char *mode,
		 bool writable, const char *propagation)
{
	json_t *mounts = json_object_get(f->o, "Mounts"), *m;

	if (!source || !target || strlen(source) > LABEL_MAX || strlen(target) > LABEL_MAX)
		return;
	if (!mounts) {
		mounts = json_array();
		json_object_set_new(f->o, "Mounts", mounts);
	}
	if (json_array_size(mounts) >= MOUNTS_MAX)
		return;
	m = json_object();
	json_object_set_new(m, "Source", json_string(source));
	json_object_set_new(m, "Destination", json_string(target));
	json_object_set_new(m, "Mode", json_string(mode ? mode : ""));
	json_object_set_new(m, "RW", json_boolean(writable));
	json_object_set_new(m, "Propagation", json_string(propagation ? propagation : ""));
	json_array_append_new(mounts, m);
}

void facts_health(struct facts *f, const json_t *test)
{
	const char *how = json_string_value(json_array_get(test, 0));
	const bool shell = how && strcmp(how, "CMD-SHELL") == 0;
	size_t first = shell || (how && strcmp(how, "CMD") == 0) ? 1 : 0;
	json_t *probe, *args;

	if (!how || strcmp(how, "NONE") == 0 || json_array_size(test) > LABELS_MAX)
		return;
	probe = json_object();
	args = json_array();
	if (shell)
		json_object_set_new(probe, "exe", json_string("/bin/sh"));
	else
		json_object_set(probe, "exe", json_array_get(test, first++));
	if (shell)
		json_array_append_new(args, json_string("-c"));
	for (size_t i = first; i < json_array_size(test); i++)
		json_array_append(args, json_array_get(test, i));
	json_object_set_new(probe, "args", args);
	facts_value(f, "Healthcheck", probe);
}
