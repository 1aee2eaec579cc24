# SPDX-License-Identifier: GPL-3.0-or-later
check_PROGRAMS += tests/base/base_test tests/base/file_test tests/base/text_test
tests_base_base_test_SOURCES = tests/base/base_test.c
tests_base_base_test_LDADD = $(SUPPORT) $(FLOOR_0) $(CMOCKA_LIBS)
tests_base_file_test_SOURCES = tests/base/file_test.c
tests_base_file_test_LDADD = $(SUPPORT) $(FLOOR_0) $(CMOCKA_LIBS)
tests_base_text_test_SOURCES = tests/base/text_test.c
tests_base_text_test_LDADD = $(SUPPORT) $(FLOOR_0) $(CMOCKA_LIBS)
TESTS += tests/base/base_test tests/base/file_test tests/base/text_test
