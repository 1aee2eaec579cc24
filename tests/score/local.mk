# SPDX-License-Identifier: GPL-3.0-or-later
EXTRA_DIST += tests/score/data/example_logits.csv tests/score/data/example_readings.csv tests/score/data/example_scores.csv \
	tests/score/data/unet.onnx tests/score/data/unet_logits.csv tests/score/data/unet_scores.csv \
	tests/score/make_example_reference.py tests/score/make_unet_reference.py
check_PROGRAMS += tests/score/prune_test tests/score/layer_test tests/score/score_test tests/score/reference_test
tests_score_prune_test_SOURCES = tests/score/prune_test.c
tests_score_prune_test_LDADD = $(SUPPORT) $(FLOOR_2) $(CMOCKA_LIBS)
tests_score_layer_test_SOURCES = tests/score/layer_test.c
tests_score_layer_test_LDADD = $(SUPPORT) $(FLOOR_2) $(CMOCKA_LIBS)
tests_score_score_test_SOURCES = tests/score/score_test.c
tests_score_score_test_LDADD = $(SUPPORT) $(FLOOR_2) $(CMOCKA_LIBS)
tests_score_reference_test_SOURCES = tests/score/reference_test.c
tests_score_reference_test_LDADD = $(SUPPORT) $(FLOOR_2) $(CMOCKA_LIBS)
TESTS += tests/score/prune_test tests/score/layer_test tests/score/score_test tests/score/reference_test
check_PROGRAMS += tests/score/spelling_test
tests_score_spelling_test_SOURCES = tests/score/spelling_test.c
tests_score_spelling_test_LDADD = $(SUPPORT) $(FLOOR_2) $(CMOCKA_LIBS)
TESTS += tests/score/spelling_test
EXTRA_DIST += tests/score/criteria_numbers.py tests/score/make_block_reference.py \
	tests/score/data/block_convnext.onnx tests/score/data/block_convnext.csv \
	tests/score/data/block_shared.onnx tests/score/data/block_shared.csv \
	tests/score/data/block_transformer.onnx tests/score/data/block_transformer.csv \
	tests/score/data/block_turned.onnx tests/score/data/block_turned.csv
check_PROGRAMS += tests/score/block_test
tests_score_block_test_SOURCES = tests/score/block_test.c
tests_score_block_test_LDADD = $(SUPPORT) $(FLOOR_2) $(CMOCKA_LIBS)
TESTS += tests/score/block_test
check_PROGRAMS += tests/score/weight_sums_test
tests_score_weight_sums_test_SOURCES = tests/score/weight_sums_test.c
tests_score_weight_sums_test_LDADD = $(SUPPORT) $(FLOOR_2) $(CMOCKA_LIBS)
TESTS += tests/score/weight_sums_test
