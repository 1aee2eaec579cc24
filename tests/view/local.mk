# SPDX-License-Identifier: GPL-3.0-or-later
check_PROGRAMS += tests/view/contrast_test tests/view/view_test tests/view/view_files_test tests/view/view_csv_png_test
tests_view_contrast_test_SOURCES = tests/view/contrast_test.c
tests_view_contrast_test_LDADD = $(SUPPORT) $(FLOOR_3) $(CMOCKA_LIBS)
tests_view_view_test_SOURCES = tests/view/view_test.c
tests_view_view_test_LDADD = $(SUPPORT) $(FLOOR_3) $(CMOCKA_LIBS)
tests_view_view_files_test_SOURCES = tests/view/view_files_test.c
tests_view_view_files_test_LDADD = $(SUPPORT) $(FLOOR_3) $(CMOCKA_LIBS)
tests_view_view_csv_png_test_SOURCES = tests/view/view_csv_png_test.c
tests_view_view_csv_png_test_LDADD = $(SUPPORT) $(FLOOR_3) $(CMOCKA_LIBS)
TESTS += tests/view/contrast_test tests/view/view_test tests/view/view_files_test tests/view/view_csv_png_test

# What figures look like; "UPDATE_GOLDEN=1 tests/view/view_test" writes them anew.
EXTRA_DIST += \
	tests/view/golden/view-40.txt \
	tests/view/golden/view-80.txt \
	tests/view/golden/view-80-ascii.txt \
	tests/view/golden/view-80-dark-256.txt \
	tests/view/golden/view-80-light-16.txt \
	tests/view/golden/view-80-mono.txt \
	tests/view/golden/view-200.txt \
	tests/view/golden/view-fit.txt \
	tests/view/golden/view-fit-ascii.txt \
	tests/view/golden/view-200-ascii.txt
