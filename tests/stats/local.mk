# SPDX-License-Identifier: GPL-3.0-or-later
check_PROGRAMS += tests/stats/stats_test
tests_stats_stats_test_SOURCES = tests/stats/stats_test.c
tests_stats_stats_test_LDADD = $(SUPPORT) $(FLOOR_2) $(CMOCKA_LIBS)
TESTS += tests/stats/stats_test
check_PROGRAMS += tests/stats/judge_test
tests_stats_judge_test_SOURCES = tests/stats/judge_test.c
tests_stats_judge_test_LDADD = $(SUPPORT) $(FLOOR_2) $(CMOCKA_LIBS)
TESTS += tests/stats/judge_test
check_PROGRAMS += tests/stats/gamma_test
tests_stats_gamma_test_SOURCES = tests/stats/gamma_test.c
tests_stats_gamma_test_LDADD = $(SUPPORT) $(FLOOR_2) $(CMOCKA_LIBS)
TESTS += tests/stats/gamma_test
check_PROGRAMS += tests/stats/segmentation_test
tests_stats_segmentation_test_SOURCES = tests/stats/segmentation_test.c
tests_stats_segmentation_test_LDADD = $(SUPPORT) $(FLOOR_2) $(CMOCKA_LIBS)
TESTS += tests/stats/segmentation_test
