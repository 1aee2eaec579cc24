# SPDX-License-Identifier: GPL-3.0-or-later
check_PROGRAMS += tests/prune_test
tests_prune_test_SOURCES = tests/prune_test.c
tests_prune_test_LDADD = $(FLOOR_2) $(CMOCKA_LIBS)
TESTS += tests/prune_test
