# SPDX-License-Identifier: GPL-3.0-or-later
EXTRA_DIST += tests/train/torch_training.py tests/train/torch_numbers.py
check_PROGRAMS += tests/train/learning_test tests/train/torch_test tests/train/trainer_test
tests_train_learning_test_SOURCES = tests/train/learning_test.c tests/train/torch_numbers.h
tests_train_learning_test_LDADD = $(SUPPORT) $(FLOOR_2) $(CMOCKA_LIBS)
tests_train_torch_test_SOURCES = tests/train/torch_test.c
tests_train_torch_test_LDADD = $(SUPPORT) $(FLOOR_2) $(CMOCKA_LIBS)
tests_train_trainer_test_SOURCES = tests/train/trainer_test.c
tests_train_trainer_test_LDADD = $(SUPPORT) $(FLOOR_2) $(CMOCKA_LIBS)
TESTS += tests/train/learning_test tests/train/torch_test tests/train/trainer_test
check_PROGRAMS += tests/train/network_test
tests_train_network_test_SOURCES = tests/train/network_test.c
tests_train_network_test_LDADD = $(SUPPORT) $(FLOOR_2) $(CMOCKA_LIBS)
TESTS += tests/train/network_test
check_PROGRAMS += tests/train/mode_test
tests_train_mode_test_SOURCES = tests/train/mode_test.c
tests_train_mode_test_LDADD = $(SUPPORT) $(FLOOR_2) $(CMOCKA_LIBS)
TESTS += tests/train/mode_test
