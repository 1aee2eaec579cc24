# SPDX-License-Identifier: GPL-3.0-or-later
check_PROGRAMS += tests/data_test tests/sampler_test tests/shapes_dump
tests_data_test_SOURCES = tests/data_test.c
tests_data_test_LDADD = $(LIBDATA) $(FLOOR_0) $(CMOCKA_LIBS)
tests_sampler_test_SOURCES = tests/sampler_test.c
tests_sampler_test_LDADD = $(LIBDATA) $(FLOOR_0) $(CMOCKA_LIBS)
TESTS += tests/data_test tests/sampler_test

# Writes the built-in data set for tools outside; not a test.
tests_shapes_dump_SOURCES = tests/shapes_dump.c
tests_shapes_dump_LDADD = $(LIBDATA) $(FLOOR_0)
