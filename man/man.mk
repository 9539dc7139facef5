# SPDX-License-Identifier: Apache-2.0
# Manual pages: man/NAME.SECTION, with lines that ask for a generated part:
#   .\" @OPTIONS verb@   options of a verb, from its table
#   .\" @TABLE name@     a table of the catalogue or of the fields, by man/gen.c

PAGES := $(sort $(wildcard man/*.[1-9]))
PAGES := $(if $(HAVE_BPF),$(PAGES),$(filter-out man/saker-capture.1,$(PAGES)))
BUILT_PAGES := $(PAGES:%=$(O)/%)

SCHEMA := $(O)/man/saker-test.schema.json

man: $(BUILT_PAGES) $(SCHEMA)

$(O)/man/gen: $(O)/man/gen.o $(BROWSE) $(LIB)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(BROWSE_LIBS) $(LIBS)

$(BUILT_PAGES): $(O)/%: % man/expand.pl $(O)/man/gen $(PROGRAMS)
	@mkdir -p $(@D)
	$(call say,MAN,$@)perl man/expand.pl $(O) $< > $@

# The names of events and operators are those of the tables.
$(SCHEMA): man/saker-test.schema.json $(O)/man/gen
	$(call say,SCHEMA,$@)sed -e "s|@EVENTS@|$$($(O)/man/gen event-names)|" \
		-e "s|@OPERATORS@|$$($(O)/man/gen operators)|" $< > $@
