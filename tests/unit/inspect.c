/* SPDX-License-Identifier: Apache-2.0 */
/* What runtimes leave on disk, in a directory that stands for /. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/live/bolt.h"
#include "capture/live/inspect.h"
#include "capture/live/rootfile.h"

#define ID "8a1c9f7be6d2435f0b9d1e2c3f4a5b6c7d8e9f0a1b2c3d4e5f60718293a4b5c6"
#define POD "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static char root[64];
static int root_fd;

static int begin(void **unused)
{
	strcpy(root, "/tmp/saker-inspect-XXXXXX");
	assert_non_null(mkdtemp(root));
	root_fd = open(root, O_PATH | O_DIRECTORY);
	return root_fd < 0;
}

static int end(void **unused)
{
	char command[128];

	close(root_fd);
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static void put(const char *path, const void *bytes, size_t len)
{
	char full[4096];
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *p = full + strlen(root) + 1; (p = strchr(p, '/')); *p++ = '/') {
		*p = 0;
		mkdir(full, 0755);
	}
	f = fopen(full, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	fclose(f);
}

static void put_text(const char *path, const char *text)
{
	put(path, text, strlen(text));
}

static struct buf inspect(const char *type, bool known)
{
	const struct inspect in = { .root = root_fd };
	const struct cgroup_container c = { .type = type, .id = ID, .len = strlen(ID) };
	struct buf b = {0};

	assert_int_equal(inspect_container(&in, &c, &b), known);
	buf_text(&b);
	return b;
}

static void has(const struct buf *b, const char *part)
{
	if (!strstr((const char *)b->p, part))
		fail_msg("%s lacks %s", (const char *)b->p, part);
}

static void docker_is_read(void **unused)
{
	struct buf b;

	put_text("/var/lib/docker/containers/" ID "/config.v2.json",
		 "{\"Name\":\"/shop\",\"Image\":\"sha256:abc\","
		 "\"Created\":\"2024-05-06T07:08:09.1Z\","
		 "\"Config\":{\"Image\":\"reg:5000/a/shop:2\",\"Labels\":{\"k\":\"v\"},"
		 "\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"true\"]}},"
		 "\"MountPoints\":{\"/d\":{\"Source\":\"/s\",\"RW\":true,"
		 "\"Propagation\":\"rprivate\"}},"
		 "\"NetworkSettings\":{\"Networks\":{\"b\":"
		 "{\"IPAddress\":\"172.17.0.2\"}}}}");
	put_text("/var/lib/docker/containers/" ID "/hostconfig.json",
		 "{\"Privileged\":true,\"PidMode\":\"host\"}");
	put_text("/var/lib/docker/image/overlay2/repositories.json",
		 "{\"Repositories\":{\"reg:5000/a/shop\":"
		 "{\"reg:5000/a/shop@sha256:dd\":\"sha256:abc\"}}}");
	b = inspect("docker", true);
	has(&b, "\"name\":\"shop\"");
	has(&b, "\"imagerepo\":\"reg:5000/a/shop\",\"imagetag\":\"2\",\"ip\":\"172.17.0.2\"");
	has(&b, "\"imagedigest\":\"sha256:dd\",\"imageid\":\"abc\"");
	has(&b, "\"Mounts\":[{\"Destination\":\"/d\",\"Mode\":\"\",\"Propagation\":\"rprivate\","
		"\"RW\":true,\"Source\":\"/s\"}]");
	has(&b, "\"created_time\":1714979289");
	has(&b, "\"Healthcheck\":{\"args\":[\"-c\",\"true\"],\"exe\":\"/bin/sh\"}");
	has(&b, "\"host_pid\":true");
	has(&b, "\"privileged\":true");
	has(&b, "\"id\":\"8a1c9f7be6d2\"");
	buf_release(&b);
}

static void crio_is_read_with_labels(void **unused)
{
	struct buf b;

	put_text("/var/lib/containers/storage/overlay-containers/" ID "/userdata/config.json",
		 "{\"annotations\":{\"io.kubernetes.cri-o.ContainerType\":\"container\","
		 "\"io.kubernetes.cri-o.SandboxID\":\"" POD "\","
		 "\"io.kubernetes.cri-o.ImageName\":\"reg/shop:2\",\"io.kubernetes.cri-o.Labels\":"
		 "\"{\\\"io.kubernetes.pod.name\\\":\\\"p\\\",\\\"io.kubernetes.container.name\\\":"
		 "\\\"web\\\"}\"},\"linux\":{\"namespaces\":[{\"type\":\"pid\"}]}}");
	put_text("/var/lib/containers/storage/overlay-containers/" POD "/userdata/config.json",
		 "{\"annotations\":{\"io.kubernetes.cri-o.IP.0\":\"10.0.0.7\","
		 "\"io.kubernetes.cri-o.Labels\":\"{\\\"app\\\":\\\"shop\\\"}\"}}");
	b = inspect("cri-o", true);
	has(&b, "\"name\":\"web\"");
	has(&b, "\"io.kubernetes.pod.name\":\"p\"");
	has(&b, "\"pod_sandbox_labels\":{\"app\":\"shop\"}");
	has(&b, "\"ip\":\"10.0.0.7\"");
	has(&b, "\"host_network\":true");
	has(&b, "\"host_pid\":false");
	has(&b, "\"type\":8");
	buf_release(&b);
}

static void unknown_ones_have_their_id(void **unused)
{
	struct buf b = inspect("podman", false);

	has(&b, "\"name\":\"8a1c9f7be6d2\"");
	has(&b, "\"type\":11");
	buf_release(&b);
}

/* Labels of a megabyte go, the name stays. */
static void what_is_too_long_is_left_out(void **unused)
{
	struct buf text = {0}, b;

	buf_str(&text, "{\"Name\":\"/big\",\"Config\":{\"Image\":\"i\",\"Labels\":{");
	for (unsigned i = 0; i < 300; i++) {
		buf_printf(&text, "%s\"label%u\":\"", i ? "," : "", i);
		memset(buf_room(&text, 4000), 'x', 4000);
		text.len += 4000;
		buf_str(&text, "\"");
	}
	buf_str(&text, "}}}");
	put("/var/lib/docker/containers/" ID "/config.v2.json", text.p, text.len);
	b = inspect("docker", true);
	has(&b, "\"name\":\"big\"");
	assert_true(b.len <= INSPECT_JSON_MAX);
	buf_release(&b);
	buf_release(&text);
}

static void harm_is_not_read(void **unused)
{
	struct buf b = {0};
	char full[128];

	put_text("/etc/good", "x");
	snprintf(full, sizeof(full), "%s/etc/fifo", root);
	assert_int_equal(mkfifo(full, 0600), 0);
	snprintf(full, sizeof(full), "%s/etc/out", root);
	assert_int_equal(symlink("../../../../../../etc/passwd", full), 0);
	assert_int_equal(rootfile_read(root_fd, "/etc/good", 100, &b), 0);
	assert_int_equal(rootfile_read(root_fd, "/etc/fifo", 100, &b), -1);
	assert_int_equal(rootfile_read(root_fd, "/etc/out", 100, &b), -1);
	assert_int_equal(rootfile_read(root_fd, "/etc", 100, &b), -1);
	assert_int_equal(rootfile_read(root_fd, "/etc/good", 0, &b), -1);
	buf_release(&b);
}

static void le(uint8_t *p, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* Two meta pages, and page 2: a leaf with the bucket "b" in line, which has "k": "v". */
static void a_database(uint8_t file[4096])
{
	uint8_t *const leaf = file + 2048, *const in = leaf + 16 + 16 + 1 + 16;

	memset(file, 0, 4096);
	for (unsigned i = 0; i < 2; i++) {
		uint8_t *const meta = file + 1024 * i + 16;

		le(meta, 0xED0CDAED, 4);
		le(meta + 4, 2, 4);
		le(meta + 8, 1024, 4);
		le(meta + 16, 2, 8);
		le(meta + 48, i, 8);
	}
	le(leaf + 8, 2, 2);
	le(leaf + 10, 1, 2);
	le(leaf + 16, 1, 4);		/* a bucket */
	le(leaf + 20, 16, 4);
	le(leaf + 24, 1, 4);
	le(leaf + 28, 16 + 34, 4);
	leaf[32] = 'b';
	le(in + 8, 2, 2);
	le(in + 10, 1, 2);
	le(in + 20, 16, 4);
	le(in + 24, 1, 4);
	le(in + 28, 1, 4);
	in[32] = 'k';
	in[33] = 'v';
}

static bool look_up(const uint8_t file[4096], char *value)
{
	struct bolt_bucket bucket;
	struct bolt_value v;
	struct bolt b;
	bool found = false;

	put("/db", file, 4096);
	if (bolt_open(&b, root_fd, "/db") < 0)
		return false;
	if (bolt_bucket(&b, bolt_root(&b), "b", &bucket) && bolt_value(&b, bucket, "k", &v)) {
		found = v.len == 1;
		*value = found ? (char)v.p[0] : 0;
	}
	bolt_close(&b);
	return found;
}

static void databases_are_read(void **unused)
{
	uint8_t file[4096];
	char value = 0;

	a_database(file);
	assert_true(look_up(file, &value));
	assert_int_equal(value, 'v');
}

/* Every byte of the pages in turn as no writer would leave it. */
static void damaged_databases_do_no_harm(void **unused)
{
	uint8_t file[4096];
	char value;

	for (unsigned i = 0; i < 2048 + 128; i = i == 127 ? 2048 : i + 1) {
		a_database(file);
		file[i] ^= 0xff;
		look_up(file, &value);
		file[i] = 0x7f;
		look_up(file, &value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(docker_is_read, begin, end),
		cmocka_unit_test_setup_teardown(crio_is_read_with_labels, begin, end),
		cmocka_unit_test_setup_teardown(unknown_ones_have_their_id, begin, end),
		cmocka_unit_test_setup_teardown(what_is_too_long_is_left_out, begin, end),
		cmocka_unit_test_setup_teardown(harm_is_not_read, begin, end),
		cmocka_unit_test_setup_teardown(databases_are_read, begin, end),
		cmocka_unit_test_setup_teardown(damaged_databases_do_no_harm, begin, end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
