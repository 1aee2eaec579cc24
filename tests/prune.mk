# SPDX-License-Identifier: GPL-3.0-or-later
check_PROGRAMS += tests/prune_test tests/layer_test tests/score_test tests/reference_test
tests_prune_test_SOURCES = tests/prune_test.c
tests_prune_test_LDADD = $(FLOOR_2) $(CMOCKA_LIBS)
tests_layer_test_SOURCES = tests/layer_test.c tests/network.c tests/network.h
tests_layer_test_LDADD = $(FLOOR_2) $(CMOCKA_LIBS)
tests_score_test_SOURCES = tests/score_test.c tests/network.c tests/network.h
tests_score_test_LDADD = $(FLOOR_2) $(CMOCKA_LIBS)
tests_reference_test_SOURCES = \
	tests/reference_test.c \
	tests/reference_columns.c tests/reference_columns.h \
	tests/reference_dump.c tests/reference_dump.h
tests_reference_test_LDADD = $(FLOOR_2) $(CMOCKA_LIBS)
TESTS += tests/prune_test tests/layer_test tests/score_test tests/reference_test
check_PROGRAMS += tests/surgery_test
tests_surgery_test_SOURCES = tests/surgery_test.c
tests_surgery_test_LDADD = $(FLOOR_2) $(CMOCKA_LIBS)
TESTS += tests/surgery_test
