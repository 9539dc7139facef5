# SPDX-License-Identifier: Apache-2.0
# Saker: one makefile, out of tree in $(O).  `make help` lists the targets.

VERSION := 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=
ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang
LLVM_STRIP ?= llvm-strip
BPFTOOL ?= $(or $(wildcard /usr/sbin/bpftool),bpftool)
O ?= build$(if $(SAN),/san)
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s%s\n' '$(1)' '$(2:$(O)/%=%)';)

ARCH := $(shell uname -m)
BPF_ARCH := $(if $(filter aarch64,$(ARCH)),arm64,x86)

CPPFLAGS += -I. -I$(O) -D_GNU_SOURCE -DSAKER_VERSION='"$(VERSION)"'
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wwrite-strings -Wvla -Wno-unused-parameter -Wno-missing-field-initializers \
	$(if $(findstring clang,$(shell $(CC) --version)),-Wno-initializer-overrides,-Wno-override-init)
override WERROR := $(if $(filter 0,$(WERROR)),,-Werror)
CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=gnu11 -fno-strict-aliasing -fstack-protector-strong $(WARN) $(WERROR) $(CFLAGS)
LDFLAGS += -Wl,-z,relro,-z,now
ifdef SAN
ALL_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS += -fsanitize=address,undefined
else
ALL_CFLAGS += $(if $(findstring -O0,$(CFLAGS)),,-D_FORTIFY_SOURCE=2)
endif

# All processors; a make within takes its part from the one above.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif

.SUFFIXES:
.SECONDARY:
.DELETE_ON_ERROR:
.PHONY: all help deps check check-live check-unit check-tap bench fuzz mutants lint install uninstall \
	clean demo man fixtures build-tests check-built

# ---- what is built -----------------------------------------------------------

src = $(filter-out %/main.c,$(sort $(wildcard $(addsuffix /*.c,$(1)))))
LIB_SRC := $(call src,capture/base capture/trace replay/state replay/field rules/lang rules/set \
	analyze/alert analyze/report analyze/test)
LIVE_SRC := $(call src,capture/live)
BROWSE_SRC := $(call src,analyze/browse/model analyze/browse/front)
obj = $(patsubst %.c,$(O)/%.o,$(1))
LIB := $(O)/libsaker.a
LIVE := $(O)/libsaker-live.a
BROWSE := $(O)/libsaker-browse.a
HAVE_BPF := $(if $(NO_BPF),,1)
PROGRAMS := $(O)/saker $(O)/saker-replay $(O)/saker-analyze $(if $(HAVE_BPF),$(O)/saker-capture)

LIBS := -lzstd -lxxhash -lsodium -lz -lyaml -lpcre2-8 -lseccomp -lpthread -lm
LIVE_LIBS := -lbpf -lelf -lcap -ljansson
BROWSE_LIBS := -lncursesw -ltinfo

all: $(PROGRAMS) $(O)/rules/saker.yaml man

help:
	@sed -n 's/^#: //p' $(firstword $(MAKEFILE_LIST))

#: make            build the programs and manual pages in build/
#: make check      install what is missing, build, run all tests
#: make demo       record this machine for a few seconds and show alerts
#: make deps       install the Debian packages that are missing
#: make check-live tests of the recorder on the running kernel (root)
#: make fixtures   record the fixtures again (root; FIXTURES="demo traversal": these)
#: make bench      speed and size, as ratios
#: make fuzz       fuzz the readers (FUZZ_SECONDS=600)
#: make mutants    read 100,000 damaged captures (MUTANTS=100000, MUTANTS_SEED=1)
#: make lint       style, include order, static analysis
#: make install    to PREFIX (/usr/local), below DESTDIR
#: NO_BPF=1        offline tools only: neither clang nor libbpf is needed
#: SAN=1           address and undefined behaviour sanitizers, in build/san
#: O=DIR V=1       build elsewhere; show commands

# ---- objects -----------------------------------------------------------------

$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# What every event goes through: a twentieth faster.
HOT := $(addprefix capture/trace/,column.c skr_read.c unit_rows.c) \
	$(addprefix replay/state/,fd.c fdtable.c names.c open.c path.c state.c texts.c threads.c) \
	$(addprefix rules/lang/,eval.c match.c search.c strindex.c)
$(call obj,$(HOT)): ALL_CFLAGS += $(if $(findstring -O2,$(CFLAGS)),-O3)

$(LIB): $(call obj,$(LIB_SRC))
	@rm -f $@
	$(call say,AR,$@)ar rcs $@ $^

$(BROWSE): $(call obj,$(BROWSE_SRC))
	@rm -f $@
	$(call say,AR,$@)ar rcs $@ $^

$(LIVE): $(call obj,$(LIVE_SRC))
	@rm -f $@
	$(call say,AR,$@)ar rcs $@ $^

# ---- the kernel half ---------------------------------------------------------

BPF_SRC := $(sort $(wildcard bpf/*.bpf.c))
BPF_OBJ := $(patsubst %.c,$(O)/%.o,$(BPF_SRC))
BPF_CFLAGS := -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_$(BPF_ARCH) -I. -I$(O) \
	-Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -Wno-pass-failed $(WERROR)

$(O)/%.bpf.o: %.bpf.c
	@mkdir -p $(@D)
	$(call say,BPF,$@)$(CLANG) $(BPF_CFLAGS) -I/usr/include/$(ARCH)-linux-gnu \
		-MMD -MP -c -o $@ $< && $(LLVM_STRIP) -g $@

$(O)/bpf/saker.bpf.o: $(BPF_OBJ)
	$(call say,BPFLINK,$@)$(BPFTOOL) gen object $@ $^

$(O)/bpf/saker.skel.h: $(O)/bpf/saker.bpf.o
	$(call say,SKEL,$@)$(BPFTOOL) gen skeleton $< name saker_bpf > $@

$(call obj,$(LIVE_SRC)): | $(if $(HAVE_BPF),$(O)/bpf/saker.skel.h)

# ---- programs ----------------------------------------------------------------

$(O)/saker: $(O)/capture/front/main.o $(LIB)
$(O)/saker-replay: $(O)/replay/main.o $(call obj,$(wildcard replay/verbs/*.c)) $(LIB)
$(O)/saker-capture: $(O)/capture/main.o $(LIVE) $(LIB)
$(O)/saker-capture: PROGRAM_LIBS := $(LIVE_LIBS)
ANALYZE_SRC := $(filter-out $(if $(HAVE_BPF),,analyze/live.c),$(sort $(wildcard analyze/*.c)))
$(O)/saker-analyze: $(call obj,$(ANALYZE_SRC)) $(BROWSE) $(if $(HAVE_BPF),$(LIVE)) $(LIB)
$(O)/saker-analyze: PROGRAM_LIBS := $(if $(HAVE_BPF),$(LIVE_LIBS)) $(BROWSE_LIBS)
$(if $(HAVE_BPF),,$(O)/analyze/main.o): CPPFLAGS += -DSAKER_NO_BPF

# Where the analyzer of a build directory finds them.
$(O)/rules/%.yaml: rules/%.yaml
	@mkdir -p $(@D)
	$(Q)cp $< $@

$(PROGRAMS):
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(PROGRAM_LIBS) $(LIBS)

# ---- tests -------------------------------------------------------------------

UNIT := $(patsubst %.c,$(O)/%,$(sort $(wildcard tests/unit/*.c)))
LIVE_UNIT := $(patsubst %,$(O)/tests/unit/%,inspect live rings sample)
UNIT := $(if $(HAVE_BPF),$(UNIT),$(filter-out $(LIVE_UNIT),$(UNIT)))
$(LIVE_UNIT): $(LIVE)
$(LIVE_UNIT): LIBS := $(LIB) -ljansson $(LIBS)
BROWSE_UNIT := $(filter $(O)/tests/unit/browse%,$(UNIT))
$(BROWSE_UNIT): $(BROWSE)
$(BROWSE_UNIT): LIBS := $(BROWSE) $(LIB) $(LIBS) $(BROWSE_LIBS)

$(O)/tests/unit/%: $(O)/tests/unit/%.o $(LIB)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(LIBS)

TOOLS := $(patsubst %.c,$(O)/%,$(sort $(wildcard tests/tools/*.c)))
TOOLS := $(if $(HAVE_BPF),$(TOOLS),$(filter-out %/floor,$(TOOLS)))
$(O)/tests/tools/floor: LIBS += -lbpf -lelf
BROWSE_TOOLS := $(patsubst %,$(O)/tests/tools/%,browse cells mutants pty)
$(BROWSE_TOOLS): $(BROWSE)
$(BROWSE_TOOLS): LIBS := $(BROWSE) $(LIB) $(LIBS)
$(O)/tests/tools/floor: | $(O)/tests/bench/floor.bpf.o
$(O)/tests/tools/%: $(O)/tests/tools/%.o $(LIB)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

LIVE_PROGRAMS := $(patsubst %.c,$(O)/%,$(sort $(wildcard tests/live/*.c)))
$(O)/tests/live/%: tests/live/%.c $(wildcard tests/live/*.h)
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) -std=gnu11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -I. -pthread -o $@ $<

check: deps
	@$(MAKE) --no-print-directory check-built

build-tests: $(UNIT) $(TOOLS) $(LIVE_PROGRAMS)

check-built: all build-tests
	@O=$(abspath $(O)) SAN=$(SAN) TZ=UTC prove --timer --merge --exec '' -j2 $(UNIT) $(sort $(wildcard tests/*.t))

check-unit: $(UNIT)
	@prove --exec '' $(UNIT)

check-live: all $(LIVE_PROGRAMS) $(O)/tests/tools/dump
	@O=$(abspath $(O)) TZ=UTC prove --timer --exec '' $(sort $(wildcard tests/live/*.t))

# ---- the rest ----------------------------------------------------------------

deps:
	@NO_BPF=$(NO_BPF) .ci/deps

demo: deps
	@$(MAKE) --no-print-directory all
	@O=$(abspath $(O)) tests/demo.sh

mutants: all $(TOOLS)
	@O=$(abspath $(O)) MUTANTS=$(or $(MUTANTS),100000) prove --timer -v tests/mutants.t

fixtures: all
	@O=$(abspath $(O)) fixtures/make $(FIXTURES)

bench: all $(TOOLS)
	@O=$(abspath $(O)) tests/bench/run

# ---- installing --------------------------------------------------------------

dest := $(DESTDIR)$(PREFIX)
INSTALLED = $(PROGRAMS:$(O)/%=$(dest)/bin/%) \
	$(foreach p,$(BUILT_PAGES),$(dest)/share/man/man$(patsubst .%,%,$(suffix $p))/$(notdir $p)) \
	$(patsubst %,$(dest)/share/saker/%,$(wildcard rules/*.yaml)) \
	$(dest)/share/saker/saker-test.schema.json \
	$(dest)/share/bash-completion/completions/saker

install: all
	$(Q)install -d $(sort $(dir $(INSTALLED)))
	$(Q)install -m 755 $(PROGRAMS) $(dest)/bin
	$(Q)for p in $(BUILT_PAGES); do install -m 644 $$p $(dest)/share/man/man$${p##*.}; done
	$(Q)install -m 644 $(wildcard rules/*.yaml) $(dest)/share/saker/rules
	$(Q)install -m 644 $(SCHEMA) $(dest)/share/saker
	$(Q)install -m 644 capture/front/completion.bash $(dest)/share/bash-completion/completions/saker

uninstall:
	rm -f $(INSTALLED)

clean:
	rm -rf $(O)

include man/man.mk tests/lint.mk
-include $(wildcard tests/fuzz/fuzz.mk)
-include $(shell test -d $(O) && find $(O) -name '*.d' 2>/dev/null)
