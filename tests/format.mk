# SPDX-License-Identifier: GPL-3.0-or-later
check_PROGRAMS += tests/onnx_test tests/onnx_hostile_test tests/onnx_node_test tests/onnx_write_test
tests_onnx_test_SOURCES = tests/onnx_test.c tests/small_model.h tests/wire.h
tests_onnx_test_LDADD = $(FLOOR_1) $(CMOCKA_LIBS)
tests_onnx_hostile_test_SOURCES = tests/onnx_hostile_test.c tests/small_model.h tests/wire.h
tests_onnx_hostile_test_LDADD = $(FLOOR_1) $(CMOCKA_LIBS)
tests_onnx_node_test_SOURCES = tests/onnx_node_test.c
tests_onnx_node_test_LDADD = $(FLOOR_1)
tests_onnx_write_test_SOURCES = tests/onnx_write_test.c tests/graph_maker.h tests/small_model.h tests/wire.h
tests_onnx_write_test_LDADD = $(FLOOR_1) $(CMOCKA_LIBS)
TESTS += tests/onnx_test tests/onnx_hostile_test tests/onnx_node_test tests/onnx_write_test
