# SPDX-License-Identifier: GPL-3.0-or-later
# Every test prints TAP. Programs use cmocka; scripts are POSIX shell.
TEST_EXTENSIONS = .sh
TAP_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
LOG_DRIVER = $(TAP_DRIVER)
LOG_COMPILER = $(SHELL) $(top_srcdir)/tests/run-cmocka
SH_LOG_DRIVER = $(TAP_DRIVER)
SH_LOG_COMPILER = $(SHELL)
EXTRA_DIST += tests/run-cmocka
AM_TESTS_ENVIRONMENT = \
	CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	IPPRO_DATADIR='$(abs_top_srcdir)'; export IPPRO_DATADIR; \
	IPPRO='$(abs_top_builddir)/src/ippro-explore'; export IPPRO; \
	GENERATE='$(abs_top_builddir)/man/generator/generate'; export GENERATE; \
	SRCDIR='$(abs_top_srcdir)'; export SRCDIR; \
	LC_ALL=C.UTF-8; export LC_ALL;

if HAVE_CMOCKA
include tests/base.mk
include tests/nn.mk
include tests/format.mk
include tests/data.mk
include tests/prune.mk
include tests/stats.mk
include tests/view.mk
include tests/session.mk
include tests/lua.mk
include tests/tui.mk
endif
include tests/program.mk
include tests/bench/local.mk
include tests/fuzz/local.mk
