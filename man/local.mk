# SPDX-License-Identifier: GPL-3.0-or-later
# The manual's lists and the shell completion come from the program's own tables: `generate` is built for it, linked
# with the rooms that have them. mandoc is only needed by the tests.
noinst_PROGRAMS += man/generator/generate
man_generator_generate_SOURCES = \
	man/generator/completion.c man/generator/completion.h \
	man/generator/described.c man/generator/described.h \
	man/generator/generate.c \
	man/generator/mdoc.c man/generator/mdoc.h \
	man/generator/sections.c man/generator/sections.h
man_generator_generate_LDADD = $(LIBREPL) $(FLOOR_4)

man1_MANS += man/ippro-explore.1
dist_man_MANS = man/ippro-lua.3
EXTRA_DIST += man/ippro-explore.1.in man/fill.awk
CLEANFILES += man/ippro-explore.1

man/ippro-explore.1: $(srcdir)/man/ippro-explore.1.in $(srcdir)/man/fill.awk man/generator/generate$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) man && \
	$(AWK) -v generate='man/generator/generate$(EXEEXT)' -f $(srcdir)/man/fill.awk \
		$(srcdir)/man/ippro-explore.1.in >$@.new && mv $@.new $@

# Each shell wants a name of its own for the file.
bashcompletion_DATA = man/ippro-explore
zshcompletion_DATA = man/_ippro-explore
fishcompletion_DATA = man/ippro-explore.fish
CLEANFILES += $(bashcompletion_DATA) $(zshcompletion_DATA) $(fishcompletion_DATA)
completion_of = $(AM_V_GEN)$(MKDIR_P) man && man/generator/generate$(EXEEXT)
man/ippro-explore: man/generator/generate$(EXEEXT)
	$(completion_of) bash-completion >$@.new && mv $@.new $@
man/_ippro-explore: man/generator/generate$(EXEEXT)
	$(completion_of) zsh-completion >$@.new && mv $@.new $@
man/ippro-explore.fish: man/generator/generate$(EXEEXT)
	$(completion_of) fish-completion >$@.new && mv $@.new $@
