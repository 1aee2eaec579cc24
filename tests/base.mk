# SPDX-License-Identifier: GPL-3.0-or-later
check_PROGRAMS += tests/base_test
tests_base_test_SOURCES = tests/base_test.c
tests_base_test_LDADD = $(FLOOR_0) $(CMOCKA_LIBS)
TESTS += tests/base_test
