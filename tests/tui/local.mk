# SPDX-License-Identifier: GPL-3.0-or-later
check_PROGRAMS += tests/tui/tui_test
tests_tui_tui_test_SOURCES = tests/tui/tui_test.c
tests_tui_tui_test_LDADD = $(SUPPORT) $(FLOOR_5) $(CMOCKA_LIBS)
TESTS += tests/tui/tui_test
