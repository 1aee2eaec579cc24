# SPDX-License-Identifier: GPL-3.0-or-later
check_PROGRAMS += tests/data/data_test tests/data/sampler_test tests/data/shapes_dump
tests_data_data_test_SOURCES = tests/data/data_test.c
tests_data_data_test_LDADD = $(SUPPORT) $(LIBDATA) $(LIBNN) $(FLOOR_0) $(CMOCKA_LIBS)
tests_data_sampler_test_SOURCES = tests/data/sampler_test.c
tests_data_sampler_test_LDADD = $(SUPPORT) $(LIBDATA) $(LIBNN) $(FLOOR_0) $(CMOCKA_LIBS)
TESTS += tests/data/data_test tests/data/sampler_test

# Writes the built-in data set for tools outside; not a test.
tests_data_shapes_dump_SOURCES = tests/data/shapes_dump.c
tests_data_shapes_dump_LDADD = $(LIBDATA) $(LIBNN) $(FLOOR_0)
check_PROGRAMS += tests/data/npy_test
tests_data_npy_test_SOURCES = tests/data/npy_test.c
tests_data_npy_test_LDADD = $(SUPPORT) $(LIBDATA) $(LIBNN) $(FLOOR_0) $(CMOCKA_LIBS)
TESTS += tests/data/npy_test
check_PROGRAMS += tests/data/pictures_test
tests_data_pictures_test_SOURCES = tests/data/pictures_test.c
tests_data_pictures_test_LDADD = $(SUPPORT) $(LIBDATA) $(LIBNN) $(FLOOR_0) $(CMOCKA_LIBS)
TESTS += tests/data/pictures_test
check_PROGRAMS += tests/data/packed_test
tests_data_packed_test_SOURCES = tests/data/packed_test.c
tests_data_packed_test_LDADD = $(SUPPORT) $(LIBDATA) $(LIBNN) $(FLOOR_0) $(CMOCKA_LIBS)
TESTS += tests/data/packed_test
check_PROGRAMS += tests/data/augment_test
tests_data_augment_test_SOURCES = tests/data/augment_test.c
tests_data_augment_test_LDADD = $(SUPPORT) $(LIBDATA) $(LIBNN) $(FLOOR_0) $(CMOCKA_LIBS)
TESTS += tests/data/augment_test
