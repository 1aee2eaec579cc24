# SPDX-License-Identifier: GPL-3.0-or-later
check_PROGRAMS += tests/checkpoint/pickle_test
tests_checkpoint_pickle_test_SOURCES = tests/checkpoint/pickle_test.c
tests_checkpoint_pickle_test_LDADD = $(SUPPORT) $(LIBPICKLE) $(FLOOR_0) $(CMOCKA_LIBS)
TESTS += tests/checkpoint/pickle_test
