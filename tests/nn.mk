# SPDX-License-Identifier: GPL-3.0-or-later
NN_SMALL_GRAPH = tests/network.c tests/network.h tests/small_graph.c tests/small_graph.h
NN_RESIDUAL = tests/network.c tests/network.h tests/residual.c tests/residual.h
check_PROGRAMS += tests/convolution_test tests/pool_test tests/linear_test tests/engine_test tests/run_test \
	tests/loss_test tests/logits_test
tests_convolution_test_SOURCES = tests/convolution_test.c tests/geometry.c tests/geometry.h $(NN_SMALL_GRAPH)
tests_convolution_test_LDADD = $(FLOOR_1) $(CMOCKA_LIBS)
tests_pool_test_SOURCES = tests/pool_test.c tests/geometry.c tests/geometry.h $(NN_SMALL_GRAPH)
tests_pool_test_LDADD = $(FLOOR_1) $(CMOCKA_LIBS)
tests_linear_test_SOURCES = tests/linear_test.c $(NN_SMALL_GRAPH)
tests_linear_test_LDADD = $(FLOOR_1) $(CMOCKA_LIBS)
tests_engine_test_SOURCES = tests/engine_test.c $(NN_RESIDUAL)
tests_engine_test_LDADD = $(FLOOR_1) $(CMOCKA_LIBS)
tests_run_test_SOURCES = tests/run_test.c $(NN_RESIDUAL)
tests_run_test_LDADD = $(FLOOR_1) $(CMOCKA_LIBS)
tests_loss_test_SOURCES = tests/loss_test.c
tests_loss_test_LDADD = $(FLOOR_1) $(CMOCKA_LIBS)
tests_logits_test_SOURCES = tests/logits_test.c
tests_logits_test_LDADD = $(FLOOR_1) $(CMOCKA_LIBS)
TESTS += tests/convolution_test tests/pool_test tests/linear_test tests/engine_test tests/run_test tests/loss_test \
	tests/logits_test
check_PROGRAMS += tests/graph_test tests/movement_test tests/simplify_test
tests_graph_test_SOURCES = tests/graph_test.c tests/graph_maker.h
tests_graph_test_LDADD = $(FLOOR_1) $(CMOCKA_LIBS)
tests_movement_test_SOURCES = tests/movement_test.c tests/graph_maker.h
tests_movement_test_LDADD = $(FLOOR_1) $(CMOCKA_LIBS)
tests_simplify_test_SOURCES = tests/simplify_test.c tests/graph_maker.h
tests_simplify_test_LDADD = $(FLOOR_1) $(CMOCKA_LIBS)
TESTS += tests/graph_test tests/movement_test tests/simplify_test
check_PROGRAMS += tests/operator_test tests/operator_value_test
tests_operator_test_SOURCES = tests/operator_test.c tests/operator_bench.h
tests_operator_test_LDADD = $(FLOOR_1) $(CMOCKA_LIBS)
tests_operator_value_test_SOURCES = tests/operator_value_test.c tests/operator_bench.h
tests_operator_value_test_LDADD = $(FLOOR_1) $(CMOCKA_LIBS)
TESTS += tests/operator_test tests/operator_value_test
