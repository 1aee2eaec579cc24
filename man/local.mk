# SPDX-License-Identifier: GPL-3.0-or-later
# The manual's lists and the shell completion come from the program's own tables, so the program is run to make
# them. mandoc is only needed by the tests.
man1_MANS += man/ippro-explore.1
dist_man_MANS = man/ippro-lua.3
EXTRA_DIST += man/ippro-explore.1.in man/fill.awk
CLEANFILES += man/ippro-explore.1

man/ippro-explore.1: $(srcdir)/man/ippro-explore.1.in $(srcdir)/man/fill.awk src/ippro-explore$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) man && \
	$(AWK) -v program='$(abs_top_builddir)/src/ippro-explore$(EXEEXT)' -f $(srcdir)/man/fill.awk \
		$(srcdir)/man/ippro-explore.1.in >$@.new && mv $@.new $@

bashcompletion_DATA = man/ippro-explore
CLEANFILES += man/ippro-explore
man/ippro-explore: src/ippro-explore$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) man && src/ippro-explore$(EXEEXT) --generate=completion >$@.new && mv $@.new $@
