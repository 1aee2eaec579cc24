# SPDX-License-Identifier: GPL-3.0-or-later
check_PROGRAMS += tests/tui_test
tests_tui_test_SOURCES = tests/tui_test.c tests/small_model.h tests/wire.h
tests_tui_test_LDADD = $(FLOOR_5) $(CMOCKA_LIBS)
TESTS += tests/tui_test
