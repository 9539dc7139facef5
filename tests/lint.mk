# SPDX-License-Identifier: Apache-2.0
# make lint: what can be said of the sources without running them.

.PHONY: lint lint-includes lint-style lint-shell

lint: lint-includes lint-style lint-shell

lint-includes:
	@perl tests/lint/includes.pl

lint-style:
	@perl tests/lint/style.pl

lint-shell:
	@! command -v shellcheck >/dev/null || \
		shellcheck -S warning $$(git ls-files '*.sh' .ci tests/bench tests/ci fixtures/make | \
			xargs -r grep -lE '^#!.*\b(ba)?sh\b' 2>/dev/null)
