# SPDX-License-Identifier: GPL-3.0-or-later
check_PROGRAMS += tests/onnx/onnx_test tests/onnx/onnx_hostile_test tests/onnx/onnx_node_test tests/onnx/onnx_write_test
tests_onnx_onnx_test_SOURCES = tests/onnx/onnx_test.c
tests_onnx_onnx_test_LDADD = $(SUPPORT) $(FLOOR_1) $(CMOCKA_LIBS)
tests_onnx_onnx_hostile_test_SOURCES = tests/onnx/onnx_hostile_test.c
tests_onnx_onnx_hostile_test_LDADD = $(SUPPORT) $(FLOOR_1) $(CMOCKA_LIBS)
tests_onnx_onnx_node_test_SOURCES = tests/onnx/onnx_node_test.c
tests_onnx_onnx_node_test_LDADD = $(SUPPORT) $(FLOOR_1)
tests_onnx_onnx_write_test_SOURCES = tests/onnx/onnx_write_test.c
tests_onnx_onnx_write_test_LDADD = $(SUPPORT) $(FLOOR_1) $(CMOCKA_LIBS)
TESTS += tests/onnx/onnx_test tests/onnx/onnx_hostile_test tests/onnx/onnx_node_test tests/onnx/onnx_write_test
