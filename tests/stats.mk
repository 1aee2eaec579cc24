# SPDX-License-Identifier: GPL-3.0-or-later
check_PROGRAMS += tests/stats_test
tests_stats_test_SOURCES = tests/stats_test.c
tests_stats_test_LDADD = $(FLOOR_2) $(CMOCKA_LIBS)
TESTS += tests/stats_test
check_PROGRAMS += tests/judge_test
tests_judge_test_SOURCES = tests/judge_test.c
tests_judge_test_LDADD = $(FLOOR_2) $(CMOCKA_LIBS)
TESTS += tests/judge_test
check_PROGRAMS += tests/gamma_test
tests_gamma_test_SOURCES = tests/gamma_test.c
tests_gamma_test_LDADD = $(FLOOR_2) $(CMOCKA_LIBS)
TESTS += tests/gamma_test
