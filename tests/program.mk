# SPDX-License-Identifier: GPL-3.0-or-later
# Tests of the whole program, and of what is installed with it.
program_tests = tests/commands.sh tests/errors.sh tests/lua.sh tests/lua-criteria.sh tests/lua-manual.sh tests/lua-scripts.sh tests/manual.sh tests/pruning.sh tests/scripts.sh tests/terminal.sh
TESTS += $(program_tests)
EXTRA_DIST += $(program_tests) tests/program.sh \
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
