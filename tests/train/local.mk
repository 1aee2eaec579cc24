# SPDX-License-Identifier: GPL-3.0-or-later
EXTRA_DIST += tests/train/torch_training.py
check_PROGRAMS += tests/train/torch_test
tests_train_torch_test_SOURCES = tests/train/torch_test.c
tests_train_torch_test_LDADD = $(SUPPORT) $(FLOOR_2) $(CMOCKA_LIBS)
TESTS += tests/train/torch_test
