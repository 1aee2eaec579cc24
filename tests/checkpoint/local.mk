# SPDX-License-Identifier: GPL-3.0-or-later
check_PROGRAMS += tests/checkpoint/archive_test tests/checkpoint/checkpoint_test tests/checkpoint/pickle_test
tests_checkpoint_archive_test_SOURCES = tests/checkpoint/archive_test.c
tests_checkpoint_archive_test_LDADD = $(SUPPORT) $(LIBARCHIVE) $(FLOOR_0) $(CMOCKA_LIBS)
tests_checkpoint_checkpoint_test_SOURCES = tests/checkpoint/checkpoint_test.c
tests_checkpoint_checkpoint_test_LDADD = $(SUPPORT) $(FLOOR_1) $(CMOCKA_LIBS)
tests_checkpoint_pickle_test_SOURCES = tests/checkpoint/pickle_test.c
tests_checkpoint_pickle_test_LDADD = $(SUPPORT) $(LIBPICKLE) $(FLOOR_0) $(CMOCKA_LIBS)
TESTS += tests/checkpoint/archive_test tests/checkpoint/checkpoint_test tests/checkpoint/pickle_test
EXTRA_DIST += tests/checkpoint/peer.py
