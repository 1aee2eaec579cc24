# SPDX-License-Identifier: GPL-3.0-or-later
# Every test prints TAP. Programs use cmocka; scripts are POSIX shell.
TEST_EXTENSIONS = .sh
TAP_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
LOG_DRIVER = $(TAP_DRIVER)
LOG_COMPILER = $(SHELL) $(top_srcdir)/tests/support/run-cmocka
SH_LOG_DRIVER = $(TAP_DRIVER)
SH_LOG_COMPILER = $(SHELL)
EXTRA_DIST += tests/support/leave-out.sh tests/support/run-cmocka tests/support/skipped

# What was not run, and why, stands below the summary.
check-local: check-TESTS
	@$(SHELL) $(top_srcdir)/tests/support/skipped $(TEST_LOGS)
AM_TESTS_ENVIRONMENT = \
	CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	IPPRO_DATADIR='$(abs_top_srcdir)'; export IPPRO_DATADIR; \
	IPPRO='$(abs_top_builddir)/src/ippro-explore'; export IPPRO; \
	GENERATE='$(abs_top_builddir)/man/generator/generate'; export GENERATE; \
	SRCDIR='$(abs_top_srcdir)'; export SRCDIR; \
	LC_ALL=C.UTF-8; export LC_ALL;

if HAVE_CMOCKA
include tests/support/local.mk
include tests/base/local.mk
include tests/nn/local.mk
include tests/checkpoint/local.mk
include tests/onnx/local.mk
include tests/architecture/local.mk
include tests/image/local.mk
include tests/data/local.mk
include tests/score/local.mk
include tests/train/local.mk
include tests/prune/local.mk
include tests/search/local.mk
include tests/stats/local.mk
include tests/view/local.mk
include tests/session/local.mk
include tests/lua/local.mk
include tests/shell/local.mk
include tests/tui/local.mk
endif
include tests/program/local.mk
include tests/bench/local.mk
include tests/fuzz/local.mk

# Data races, in a build with --enable-thread-sanitizer: the tests that start threads. A report of any process fails
# the target.
THREAD_TESTS = \
	tests/base/base_test tests/base/file_test \
	tests/data/augment_test tests/data/data_test tests/data/pictures_test \
	tests/nn/run_test \
	tests/score/score_test \
	tests/train/trainer_test \
	tests/stats/gamma_test tests/stats/judge_test tests/stats/segmentation_test \
	tests/session/live_test tests/session/session_test \
	tests/lua/job_test tests/lua/lua_test \
	tests/shell/disk_sync_test \
	tests/tui/tui_test
check-threads:
	rm -f race.*
	@status=0; TSAN_OPTIONS='log_path=$(abs_builddir)/race' $(MAKE) $(AM_MAKEFLAGS) check-TESTS \
		check_PROGRAMS='$(THREAD_TESTS)' TESTS='$(THREAD_TESTS)' || status=1; \
	for report in race.*; do if test -f "$$report"; then cat "$$report"; status=1; fi; done; exit $$status
.PHONY: check-threads
