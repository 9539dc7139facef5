/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a file of views; what loads can be made ready. */
#include <stdio.h>
#include <stdlib.h>

#include "analyze/browse/model/gather.h"
#include "capture/base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct views vs;
	char *text = xmemdup0(data, len);

	views_init(&vs);
	if (views_load_text(&vs, "views.yaml", text, len) == 0) {
		for (size_t i = 0; i < vs.n; i++) {
			struct gather_plan p;

			if (!vs.v[i]->file)
				continue;
			view_latencies(vs.v[i]);
			view_needs_latencies(vs.v[i]);
			if (gather_plan_init(&p, vs.v[i]) == 0)
				gather_plan_release(&p);
		}
	}
	views_release(&vs);
	free(text);
	return 0;
}
