# SPDX-License-Identifier: GPL-3.0-or-later
check_PROGRAMS += tests/base_test tests/file_test tests/text_test
tests_base_test_SOURCES = tests/base_test.c
tests_base_test_LDADD = $(FLOOR_0) $(CMOCKA_LIBS)
tests_file_test_SOURCES = tests/file_test.c
tests_file_test_LDADD = $(FLOOR_0) $(CMOCKA_LIBS)
tests_text_test_SOURCES = tests/text_test.c
tests_text_test_LDADD = $(FLOOR_0) $(CMOCKA_LIBS)
TESTS += tests/base_test tests/file_test tests/text_test
