# SPDX-License-Identifier: GPL-3.0-or-later
EXTRA_DIST += tests/architecture/torch_gradients.py tests/architecture/torch_networks.py
check_PROGRAMS += \
	tests/architecture/architecture_test tests/architecture/fresh_test tests/architecture/gradient_test \
	tests/architecture/torch_test
tests_architecture_fresh_test_SOURCES = tests/architecture/fresh_test.c
tests_architecture_fresh_test_LDADD = $(SUPPORT) $(FLOOR_1) $(CMOCKA_LIBS)
tests_architecture_architecture_test_SOURCES = tests/architecture/architecture_test.c
tests_architecture_architecture_test_LDADD = $(SUPPORT) $(FLOOR_1) $(CMOCKA_LIBS)
tests_architecture_torch_test_SOURCES = tests/architecture/torch_test.c
tests_architecture_torch_test_LDADD = $(SUPPORT) $(FLOOR_5) $(CMOCKA_LIBS)
tests_architecture_gradient_test_SOURCES = tests/architecture/gradient_test.c
tests_architecture_gradient_test_LDADD = $(SUPPORT) $(FLOOR_5) $(CMOCKA_LIBS)
TESTS += \
	tests/architecture/architecture_test tests/architecture/fresh_test tests/architecture/gradient_test \
	tests/architecture/torch_test
