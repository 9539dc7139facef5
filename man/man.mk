# SPDX-License-Identifier: Apache-2.0
# Manual pages: man/NAME.SECTION, with lines that ask for a generated part:
#   .\" @OPTIONS verb@   options of a verb, from its table
#   .\" @TABLE name@     a table of the catalogue or of the fields, by man/gen.c

PAGES := $(sort $(wildcard man/*.[1-9]))
PAGES := $(if $(HAVE_BPF),$(PAGES),$(filter-out man/saker-capture.1,$(PAGES)))
BUILT_PAGES := $(PAGES:%=$(O)/%)

man: $(BUILT_PAGES)

$(O)/man/gen: $(O)/man/gen.o $(LIB)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILT_PAGES): $(O)/%: % man/expand.pl $(O)/man/gen $(PROGRAMS)
	@mkdir -p $(@D)
	$(call say,MAN,$@)perl man/expand.pl $(O) $< > $@
