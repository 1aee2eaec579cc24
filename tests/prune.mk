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
	tests/reference_dump.c tests/reference_dump.h \
	tests/support/csv_read.c tests/support/csv_read.h
tests_reference_test_LDADD = $(FLOOR_2) $(CMOCKA_LIBS)
TESTS += tests/prune_test tests/layer_test tests/score_test tests/reference_test
PRUNE_RANDOM = tests/random_network.c tests/random_network.h tests/random_blocks.c
check_PROGRAMS += tests/spelling_test
tests_spelling_test_SOURCES = tests/spelling_test.c tests/network.c tests/network.h
tests_spelling_test_LDADD = $(FLOOR_2) $(CMOCKA_LIBS)
TESTS += tests/spelling_test
check_PROGRAMS += tests/fused_test
tests_fused_test_SOURCES = tests/fused_test.c $(PRUNE_RANDOM)
tests_fused_test_LDADD = $(FLOOR_2) $(CMOCKA_LIBS)
TESTS += tests/fused_test
check_PROGRAMS += tests/coupling_test tests/coupling_lock_test tests/selection_test tests/cost_test tests/surgery_test \
	tests/surgery_hand_test tests/rescale_test tests/trained_test
tests_coupling_test_SOURCES = tests/coupling_test.c tests/coupling_maker.h tests/graph_maker.h $(PRUNE_RANDOM)
tests_coupling_test_LDADD = $(FLOOR_2) $(CMOCKA_LIBS)
tests_coupling_lock_test_SOURCES = tests/coupling_lock_test.c tests/coupling_maker.h tests/graph_maker.h
tests_coupling_lock_test_LDADD = $(FLOOR_2) $(CMOCKA_LIBS)
tests_selection_test_SOURCES = tests/selection_test.c tests/graph_maker.h
tests_selection_test_LDADD = $(FLOOR_2) $(CMOCKA_LIBS)
tests_cost_test_SOURCES = tests/cost_test.c tests/graph_maker.h $(PRUNE_RANDOM)
tests_cost_test_LDADD = $(FLOOR_2) $(CMOCKA_LIBS)
tests_surgery_test_SOURCES = tests/surgery_test.c $(PRUNE_RANDOM)
tests_surgery_test_LDADD = $(FLOOR_2) $(CMOCKA_LIBS)
tests_surgery_hand_test_SOURCES = tests/surgery_hand_test.c tests/graph_maker.h $(PRUNE_RANDOM)
tests_surgery_hand_test_LDADD = $(FLOOR_2) $(CMOCKA_LIBS)
tests_rescale_test_SOURCES = tests/rescale_test.c tests/graph_maker.h $(PRUNE_RANDOM)
tests_rescale_test_LDADD = $(FLOOR_2) $(CMOCKA_LIBS)
tests_trained_test_SOURCES = tests/trained_test.c
tests_trained_test_LDADD = $(FLOOR_2) $(CMOCKA_LIBS)
TESTS += tests/coupling_test tests/coupling_lock_test tests/selection_test tests/cost_test tests/surgery_test \
	tests/surgery_hand_test tests/rescale_test tests/trained_test
check_PROGRAMS += tests/network_end_test
tests_network_end_test_SOURCES = tests/network_end_test.c tests/graph_maker.h
tests_network_end_test_LDADD = $(FLOOR_2) $(CMOCKA_LIBS)
TESTS += tests/network_end_test
