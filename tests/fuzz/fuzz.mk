# SPDX-License-Identifier: Apache-2.0
# Fuzzing with libFuzzer (clang): every tests/fuzz/NAME.c is a program; its seeds are made
# by tests/fuzz/NAME.seed, if that exists (arguments: directory, build directory).

FUZZ_SECONDS ?= 60
FUZZ_O := $(O)/fuzz
FUZZ_FLAGS := -std=gnu11 -g -O1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=undefined $(WARN)
FUZZ_SRC := $(sort $(wildcard tests/fuzz/*.c))
FUZZ_PROGRAMS := $(patsubst tests/fuzz/%.c,$(FUZZ_O)/%,$(FUZZ_SRC))

$(FUZZ_O)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,FUZZCC,$@)$(CLANG) $(CPPFLAGS) $(FUZZ_FLAGS) -MMD -MP -c -o $@ $<

FUZZ_BROWSE := $(filter $(FUZZ_O)/browse% %/notes %/views %/vt,$(FUZZ_PROGRAMS))
$(FUZZ_BROWSE): $(patsubst %.c,$(FUZZ_O)/obj/%.o,$(BROWSE_SRC))
$(FUZZ_BROWSE): LIBS += $(BROWSE_LIBS)

$(FUZZ_PROGRAMS): $(FUZZ_O)/%: $(FUZZ_O)/obj/tests/fuzz/%.o $(patsubst %.c,$(FUZZ_O)/obj/%.o,$(LIB_SRC))
	$(call say,LD,$@)$(CLANG) -fsanitize=fuzzer,address,undefined -o $@ $^ $(LIBS)

fuzz-deps:
	@FUZZ=1 .ci/deps

$(FUZZ_PROGRAMS): | fuzz-deps

.PHONY: fuzz-deps
fuzz: $(FUZZ_PROGRAMS) $(TOOLS)
	@for p in $(notdir $(FUZZ_PROGRAMS)); do \
		mkdir -p $(FUZZ_O)/corpus/$$p $(FUZZ_O)/found; \
		test ! -x tests/fuzz/$$p.seed || tests/fuzz/$$p.seed $(FUZZ_O)/corpus/$$p $(O) || exit 1; \
		echo "fuzzing $$p for $(FUZZ_SECONDS) s"; \
		$(FUZZ_O)/$$p -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 \
			-print_final_stats=1 -artifact_prefix=$(FUZZ_O)/found/$$p- \
			$(FUZZ_O)/corpus/$$p 2>$(FUZZ_O)/$$p.log || { tail -40 $(FUZZ_O)/$$p.log; exit 1; }; \
		grep -E 'stat::number_of_executed_units' $(FUZZ_O)/$$p.log; \
	done
