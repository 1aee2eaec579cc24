# SPDX-License-Identifier: GPL-3.0-or-later
check_PROGRAMS += tests/search/lagrange_test
tests_search_lagrange_test_SOURCES = tests/search/lagrange_test.c
tests_search_lagrange_test_LDADD = $(SUPPORT) $(FLOOR_2) $(CMOCKA_LIBS)
TESTS += tests/search/lagrange_test
check_PROGRAMS += tests/search/search_test
tests_search_search_test_SOURCES = tests/search/search_test.c
tests_search_search_test_LDADD = $(SUPPORT) $(FLOOR_2) $(CMOCKA_LIBS)
TESTS += tests/search/search_test
