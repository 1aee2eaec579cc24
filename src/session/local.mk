# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libsession.a
src_libsession_a_SOURCES = \
	src/session/board.c src/session/board.h \
	src/session/choice.c src/session/choice.h \
	src/session/command.c src/session/command.h src/session/commands.h \
	src/session/command_compare.c \
	src/session/command_files.c \
	src/session/command_filter.c \
	src/session/command_hist.c \
	src/session/command_judge.c \
	src/session/command_look.c \
	src/session/command_program.c \
	src/session/command_score.c \
	src/session/completion.c src/session/completion.h \
	src/session/help.c src/session/help.h \
	src/session/history.c src/session/history.h \
	src/session/invocation.c \
	src/session/measurement.c src/session/measurement.h \
	src/session/model.c src/session/model.h \
	src/session/option.c src/session/option.h \
	src/session/parse.c src/session/parse.h \
	src/session/pruning.c src/session/pruning.h \
	src/session/reply.c src/session/reply.h \
	src/session/session.c src/session/session.h \
	src/session/shown.c src/session/shown.h \
	src/session/state.c src/session/state.h \
	src/session/statement.c \
	src/session/summary.c src/session/summary.h \
	src/session/value.c src/session/value.h \
	src/session/value_words.c \
	src/session/version.h
LIBSESSION = src/libsession.a
