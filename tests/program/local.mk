# SPDX-License-Identifier: GPL-3.0-or-later
# Tests of the whole program, and of what is installed with it.
program_tests = \
	tests/program/augment.sh \
	tests/program/bring.sh \
	tests/program/building.sh \
	tests/program/commands.sh \
	tests/program/criteria.sh \
	tests/program/errors.sh \
	tests/program/floors.sh \
	tests/program/format.sh \
	tests/program/forward.sh \
	tests/program/includes.sh \
	tests/program/judging.sh \
	tests/program/kept.sh \
	tests/program/leaving.sh \
	tests/program/lua-criteria.sh \
	tests/program/lua-manual.sh \
	tests/program/lua-scripts.sh \
	tests/program/lua.sh \
	tests/program/manual.sh \
	tests/program/mpi.sh \
	tests/program/modern.sh \
	tests/program/names.sh \
	tests/program/outputs.sh \
	tests/program/own.sh \
	tests/program/panes.sh \
	tests/program/paste.sh \
	tests/program/pruning.sh \
	tests/program/reading.sh \
	tests/program/repair.sh \
	tests/program/saving.sh \
	tests/program/screens.sh \
	tests/program/scripts.sh \
	tests/program/segmentation.sh \
	tests/program/sessions.sh \
	tests/program/terminal.sh \
	tests/program/training-scripts.sh \
	tests/program/training.sh \
	tests/program/typing.sh \
	tests/program/weights.sh \
	tests/program/window.sh
TESTS += $(program_tests)
EXTRA_DIST += $(program_tests) tests/onnx/compare.py tests/onnx/execute.py tests/onnx/networks.py tests/program/peer/building.py tests/program/peer/forward.py tests/program/peer/saving.py tests/program/outputs_peer.py tests/program/repair_peer.py tests/support/program.sh tests/support/ranks.sh tests/support/tmux.sh \
	tests/program/screens/ascii.in tests/program/screens/ascii.out \
	tests/program/screens/bind.in tests/program/screens/bind.out \
	tests/program/screens/colors-dark-80x24.in tests/program/screens/colors-dark-80x24.out \
	tests/program/screens/colors-dark-100x30.in tests/program/screens/colors-dark-100x30.out \
	tests/program/screens/colors-dark-200x60.in tests/program/screens/colors-dark-200x60.out \
	tests/program/screens/colors-light-80x24.in tests/program/screens/colors-light-80x24.out \
	tests/program/screens/colors-light-100x30.in tests/program/screens/colors-light-100x30.out \
	tests/program/screens/colors-light-200x60.in tests/program/screens/colors-light-200x60.out \
	tests/program/screens/folded.in tests/program/screens/folded.out \
	tests/program/screens/layouts.in tests/program/screens/layouts.out \
	tests/program/screens/log.in tests/program/screens/log.out \
	tests/program/screens/overview.in tests/program/screens/overview.out \
	tests/program/screens/panes.in tests/program/screens/panes.out \
	tests/program/screens/small.in tests/program/screens/small.out \
	tests/program/screens/sorted.in tests/program/screens/sorted.out \
	tests/program/screens/tiny-1x1.in tests/program/screens/tiny-1x1.out \
	tests/program/screens/tiny-20x5.in tests/program/screens/tiny-20x5.out \
	tests/program/screens/tiny-30x7.in tests/program/screens/tiny-30x7.out \
	tests/program/screens/tiny-9x2.in tests/program/screens/tiny-9x2.out \
	tests/program/screens/train-80x24.in tests/program/screens/train-80x24.out \
	tests/program/screens/train-200x60.in tests/program/screens/train-200x60.out \
	tests/program/screens/truth.in tests/program/screens/truth.out \
	tests/program/screens/work-100x30.in tests/program/screens/work-100x30.out \
	tests/program/screens/work-200x60.in tests/program/screens/work-200x60.out \
	tests/program/screens/work-80x24.in tests/program/screens/work-80x24.out \
	tests/program/screens/work-ascii.in tests/program/screens/work-ascii.out \
	tests/program/commands/advice.in tests/program/commands/advice.out \
	tests/program/commands/answers.in tests/program/commands/answers.out \
	tests/program/commands/augment.in tests/program/commands/augment.out \
	tests/program/commands/blocks.in tests/program/commands/blocks.out \
	tests/program/commands/compare.in tests/program/commands/compare.out \
	tests/program/commands/errors.in tests/program/commands/errors.out \
	tests/program/commands/eval.in tests/program/commands/eval.out \
	tests/program/commands/files.in tests/program/commands/files.out \
	tests/program/commands/gamma.in tests/program/commands/gamma.out \
	tests/program/commands/judge.in tests/program/commands/judge.out \
	tests/program/commands/look.in tests/program/commands/look.out \
	tests/program/commands/map.in tests/program/commands/map.out \
	tests/program/commands/own.in tests/program/commands/own.out \
	tests/program/commands/program.in tests/program/commands/program.out \
	tests/program/commands/prune.in tests/program/commands/prune.out \
	tests/program/commands/save.in tests/program/commands/save.out \
	tests/program/commands/search.in tests/program/commands/search.out \
	tests/program/commands/score.in tests/program/commands/score.out \
	tests/program/commands/stages.in tests/program/commands/stages.out \
	tests/program/commands/train.in tests/program/commands/train.out
$(program_tests:.sh=.log): src/ippro-explore$(EXEEXT)
tests/program/manual.log: man/generator/generate$(EXEEXT)

# Writes what segmentation.sh works on; not a test.
check_PROGRAMS += tests/program/reading_maker
tests_program_reading_maker_SOURCES = tests/program/reading_maker.c
tests_program_reading_maker_LDADD = $(SUPPORT) $(FLOOR_1) $(CMOCKA_LIBS)
tests/program/reading.log: tests/program/reading_maker$(EXEEXT)
check_PROGRAMS += tests/program/segmentation_maker
tests_program_segmentation_maker_SOURCES = tests/program/segmentation_maker.c
tests_program_segmentation_maker_LDADD = $(SUPPORT) $(FLOOR_1) $(CMOCKA_LIBS) $(PNG_LIBS)
EXTRA_DIST += tests/program/segmentation_peer.py
tests/program/segmentation.log: tests/program/segmentation_maker$(EXEEXT)
