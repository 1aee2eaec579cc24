# SPDX-License-Identifier: GPL-3.0-or-later
# `make fuzz`, in a build with clang: HACKING.md has the command.
EXTRA_PROGRAMS = tests/fuzz/checkpoint_fuzz tests/fuzz/onnx_fuzz
tests_fuzz_checkpoint_fuzz_SOURCES = tests/fuzz/checkpoint_fuzz.c
tests_fuzz_checkpoint_fuzz_LDADD = $(FLOOR_1)
tests_fuzz_checkpoint_fuzz_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_onnx_fuzz_SOURCES = tests/fuzz/onnx_fuzz.c
tests_fuzz_onnx_fuzz_LDADD = $(FLOOR_2)
tests_fuzz_onnx_fuzz_LDFLAGS = -fsanitize=fuzzer

.PHONY: fuzz
fuzz:
	@$(CC) --version | grep -q clang || { echo "make fuzz: configure with CC=clang, see HACKING.md"; exit 1; }
	$(MAKE) $(BUILT_SOURCES)
	$(MAKE) $(EXTRA_PROGRAMS)
