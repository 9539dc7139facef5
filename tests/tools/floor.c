/* SPDX-License-Identifier: Apache-2.0 */
/* For tests/bench/capture: floor OBJECT PROGRAM attaches one program of tests/bench/floor.bpf.c,
 * says so, and holds it until its input ends. */
#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool load(struct bpf_object *o, const char *name)
{
	struct bpf_program *p, *wanted = NULL;

	bpf_object__for_each_program(p, o) {
		const bool is = strcmp(bpf_program__name(p), name) == 0;

		bpf_program__set_autoload(p, is);
		if (is)
			wanted = p;
	}
	return wanted && bpf_object__load(o) == 0 && bpf_program__attach(wanted);
}

int main(int argc, char **argv)
{
	struct bpf_object *o;

	if (argc != 3)
		return 2;
	o = bpf_object__open_file(argv[1], NULL);
	if (!o || !load(o, argv[2]))
		return 1;
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
	bpf_object__close(o);
	return 0;
}
