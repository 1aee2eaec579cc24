# SPDX-License-Identifier: GPL-3.0-or-later
check_PROGRAMS += tests/prune_test
tests_prune_test_SOURCES = tests/prune_test.c
tests_prune_test_LDADD = $(FLOOR_2) $(CMOCKA_LIBS)
TESTS += tests/prune_test
check_PROGRAMS += tests/surgery_test
tests_surgery_test_SOURCES = tests/surgery_test.c
tests_surgery_test_LDADD = $(FLOOR_2) $(CMOCKA_LIBS)
TESTS += tests/surgery_test
