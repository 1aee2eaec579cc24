# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libsession.a
src_libsession_a_SOURCES = \
	src/session/board.c src/session/board.h src/session/board_internal.h \
	src/session/board_live.c src/session/board_score.c \
	src/session/choice.c src/session/choice.h \
	src/session/command.c src/session/command.h src/session/commands.h \
	src/session/command_apply.c \
	src/session/command_compare.c \
	src/session/command_files.c \
	src/session/command_cost.c \
	src/session/command_curve.c \
	src/session/command_diff.c \
	src/session/command_filter.c \
	src/session/command_heat.c \
	src/session/command_hist.c \
	src/session/command_judge.c \
	src/session/command_look.c \
	src/session/command_map.c \
	src/session/command_panes.c \
	src/session/command_probe.c \
	src/session/command_program.c \
	src/session/command_prune.c \
	src/session/command_ratio.c \
	src/session/command_save.c \
	src/session/command_score.c \
	src/session/command_sensitivity.c \
	src/session/command_session.c \
	src/session/completion.c src/session/completion.h \
	src/session/document.c src/session/document.h \
	src/session/help.c src/session/help.h \
	src/session/history.c src/session/history.h \
	src/session/invocation.c \
	src/session/judgement.c src/session/judgement.h \
	src/session/kept_channels.c src/session/kept_channels.h \
	src/session/live.c src/session/live.h \
	src/session/logits.c src/session/logits.h \
	src/session/measurement.c src/session/measurement.h \
	src/session/model.c src/session/model.h \
	src/session/option.c src/session/option.h \
	src/session/panes.c src/session/panes.h \
	src/session/parse.c src/session/parse.h \
	src/session/press.c src/session/press.h \
	src/session/pruning.c src/session/pruning.h \
	src/session/ratio_list.c src/session/ratio_list.h \
	src/session/recipe.c src/session/recipe.h \
	src/session/reply.c src/session/reply.h \
	src/session/session.c src/session/session.h \
	src/session/shown.c src/session/shown.h \
	src/session/state.c src/session/state.h \
	src/session/statement.c \
	src/session/summary.c src/session/summary.h \
	src/session/sweep.c src/session/sweep.h \
	src/session/target.c src/session/target.h \
	src/session/value.c src/session/value.h \
	src/session/value_words.c \
	src/session/version.h \
	src/session/what_if.c src/session/what_if.h
LIBSESSION = src/libsession.a
