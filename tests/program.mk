# SPDX-License-Identifier: GPL-3.0-or-later
# Tests of the whole program, and of what is installed with it.
program_tests = tests/commands.sh tests/errors.sh tests/kept.sh tests/lua.sh tests/lua-criteria.sh tests/lua-manual.sh tests/lua-scripts.sh tests/judging.sh tests/manual.sh tests/pruning.sh tests/panes.sh tests/screens.sh tests/scripts.sh tests/terminal.sh
TESTS += $(program_tests)
EXTRA_DIST += $(program_tests) tests/program.sh tests/tmux.sh \
	tests/screens/ascii.in tests/screens/ascii.out \
	tests/screens/bind.in tests/screens/bind.out \
	tests/screens/layouts.in tests/screens/layouts.out \
	tests/screens/overview.in tests/screens/overview.out \
	tests/screens/panes.in tests/screens/panes.out \
	tests/screens/small.in tests/screens/small.out \
	tests/screens/tiny-1x1.in tests/screens/tiny-1x1.out \
	tests/screens/tiny-20x5.in tests/screens/tiny-20x5.out \
	tests/screens/tiny-30x7.in tests/screens/tiny-30x7.out \
	tests/screens/tiny-9x2.in tests/screens/tiny-9x2.out \
	tests/commands/compare.in tests/commands/compare.out \
	tests/commands/errors.in tests/commands/errors.out \
	tests/commands/eval.in tests/commands/eval.out \
	tests/commands/files.in tests/commands/files.out \
	tests/commands/gamma.in tests/commands/gamma.out \
	tests/commands/judge.in tests/commands/judge.out \
	tests/commands/look.in tests/commands/look.out \
	tests/commands/map.in tests/commands/map.out \
	tests/commands/program.in tests/commands/program.out \
	tests/commands/prune.in tests/commands/prune.out \
	tests/commands/save.in tests/commands/save.out \
	tests/commands/score.in tests/commands/score.out
$(program_tests:.sh=.log): src/ippro-explore$(EXEEXT)
tests/manual.log: man/generator/generate$(EXEEXT)
