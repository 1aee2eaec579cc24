# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libsession.a
src_libsession_a_SOURCES = \
	src/session/words/alias.c src/session/words/alias.h \
	src/session/words/brought.c src/session/words/brought.h \
	src/session/words/choice.c src/session/words/choice.h \
	src/session/words/gamma_list.c src/session/words/gamma_list.h \
	src/session/words/known_file.c src/session/words/known_file.h \
	src/session/words/layer_words.c src/session/words/layer_words.h \
	src/session/words/option.c src/session/words/option.h \
	src/session/words/panes.c src/session/words/panes.h \
	src/session/words/press.c src/session/words/press.h \
	src/session/words/quote.c src/session/words/quote.h \
	src/session/words/record_list.c src/session/words/record_list.h \
	src/session/words/ratio_list.c src/session/words/ratio_list.h \
	src/session/words/target_word.c src/session/words/target_word.h \
	src/session/words/value.c src/session/words/value.h \
	src/session/words/value_layer.c \
	src/session/words/value_name.c \
	src/session/words/value_number.c \
	src/session/words/value_row.h \
	src/session/words/word_list.c src/session/words/word_list.h \
	src/session/appearance.c src/session/appearance.h \
	src/session/board.c src/session/board.h \
	src/session/board_internal.h \
	src/session/board_live.c \
	src/session/board_score.c \
	src/session/event.c src/session/event.h \
	src/session/history.c src/session/history.h \
	src/session/judgement.c src/session/judgement.h \
	src/session/kept_channels.c src/session/kept_channels.h \
	src/session/lacking.c src/session/lacking.h \
	src/session/live.c src/session/live.h \
	src/session/machine.c src/session/machine.h \
	src/session/measurement.c src/session/measurement.h \
	src/session/model.c src/session/model.h \
	src/session/model_file.c src/session/model_file.h \
	src/session/network_outputs.c src/session/network_outputs.h \
	src/session/networks.c src/session/networks.h \
	src/session/noise.c src/session/noise.h \
	src/session/parameters.c src/session/parameters.h \
	src/session/pass.c src/session/pass.h \
	src/session/pass_loss.c src/session/pass_loss.h \
	src/session/pruning.c src/session/pruning.h \
	src/session/ratio.c src/session/ratio.h \
	src/session/recipe.c src/session/recipe.h \
	src/session/recipe_lines.c \
	src/session/reply.c src/session/reply.h \
	src/session/scored_images.c src/session/scored_images.h \
	src/session/session.c src/session/session.h \
	src/session/shown.c src/session/shown.h \
	src/session/state.c src/session/state.h \
	src/session/summary.c src/session/summary.h \
	src/session/target.c src/session/target.h \
	src/session/training_hooks.h \
	src/session/trial.c src/session/trial.h \
	src/session/version.h \
	src/session/what_if.c src/session/what_if.h \
	src/session/language/command.c src/session/language/command.h \
	src/session/language/completion.c src/session/language/completion.h \
	src/session/language/expand.c src/session/language/expand.h \
	src/session/language/help.c src/session/language/help.h src/session/language/help_text.h \
	src/session/language/invocation.c src/session/language/invocation.h \
	src/session/language/parse.c src/session/language/parse.h \
	src/session/language/run.c src/session/language/run.h \
	src/session/language/statement.c src/session/language/statement.h \
	src/session/commands/advice.c src/session/commands/advice.h \
	src/session/commands/alias.c \
	src/session/commands/apply.c \
	src/session/commands/apropos.c \
	src/session/commands/bind.c \
	src/session/commands/block_table.c src/session/commands/block_table.h \
	src/session/commands/channel_zeros.c src/session/commands/channel_zeros.h \
	src/session/commands/build.c \
	src/session/commands/calibrate.c \
	src/session/commands/chosen.c src/session/commands/chosen.h \
	src/session/commands/stages.c src/session/commands/stages.h \
	src/session/commands/comparison.c src/session/commands/comparison.h \
	src/session/commands/confusion.c \
	src/session/commands/corr.c \
	src/session/commands/cost.c \
	src/session/commands/curve.c \
	src/session/commands/data.c \
	src/session/commands/diff.c \
	src/session/commands/document.c src/session/commands/document.h \
	src/session/commands/echo.c \
	src/session/commands/eval_loss.c src/session/commands/eval_loss.h \
	src/session/commands/eval.c \
	src/session/commands/filter.c \
	src/session/commands/finetune.c \
	src/session/commands/flips.c \
	src/session/commands/forward.c \
	src/session/commands/forward_input.c src/session/commands/forward_input.h \
	src/session/commands/gamma.c \
	src/session/commands/gamma_figures.c \
	src/session/commands/gamma_internal.h \
	src/session/commands/group.c \
	src/session/commands/group_members.c src/session/commands/group_members.h \
	src/session/commands/grouping.c src/session/commands/grouping.h \
	src/session/commands/heat.c \
	src/session/commands/help.c \
	src/session/commands/hist.c \
	src/session/commands/info.c \
	src/session/whole_blocks.c src/session/whole_blocks.h \
	src/session/commands/latency.c \
	src/session/commands/latency_internal.h \
	src/session/commands/latency_widths.c \
	src/session/commands/layer.c \
	src/session/commands/layers.c \
	src/session/commands/layout.c \
	src/session/commands/load.c \
	src/session/commands/load_weights.c src/session/commands/load_weights.h \
	src/session/commands/logits.c src/session/commands/logits.h \
	src/session/commands/log.c \
	src/session/commands/lua.c \
	src/session/commands/measured.c src/session/commands/measured.h \
	src/session/commands/misfit.c src/session/commands/misfit.h \
	src/session/commands/networks.c \
	src/session/commands/option_change.c src/session/commands/option_change.h \
	src/session/commands/other_weights.c src/session/commands/other_weights.h \
	src/session/commands/overlap.c \
	src/session/commands/prune.c \
	src/session/commands/quit.c \
	src/session/commands/rank.c \
	src/session/commands/rank_group.c src/session/commands/rank_group.h \
	src/session/commands/ratio.c \
	src/session/commands/recipe.c \
	src/session/commands/redo.c \
	src/session/commands/request.c src/session/commands/request.h \
	src/session/commands/repair.c \
	src/session/commands/rescale.c \
	src/session/commands/run.c \
	src/session/commands/sampled_call.c src/session/commands/sampled_call.h \
	src/session/commands/sampling.c \
	src/session/commands/sampling_figures.c \
	src/session/commands/sampling_internal.h \
	src/session/commands/save.c \
	src/session/commands/save_program.c src/session/commands/save_program.h \
	src/session/commands/save_program_text.c \
	src/session/commands/save_weights.c src/session/commands/save_weights.h \
	src/session/commands/scatter.c \
	src/session/commands/score.c \
	src/session/commands/score_step.c src/session/commands/score_step.h \
	src/session/commands/scores_for.c src/session/commands/scores_for.h \
	src/session/commands/screen.c \
	src/session/commands/search.c \
	src/session/commands/search_figures.c \
	src/session/commands/search_goal.c \
	src/session/commands/search_internal.h \
	src/session/commands/search_selection.c \
	src/session/commands/sensitivity.c \
	src/session/commands/session.c \
	src/session/commands/session_criteria.c src/session/commands/session_criteria.h \
	src/session/commands/session_log.c src/session/commands/session_log.h \
	src/session/commands/session_measured.c \
	src/session/commands/session_replay.c src/session/commands/session_replay.h \
	src/session/commands/set.c \
	src/session/commands/strip.c \
	src/session/commands/strip_panels.c src/session/commands/strip_panels.h \
	src/session/commands/sweep.c src/session/commands/sweep.h \
	src/session/commands/table.c \
	src/session/commands/take_model.c src/session/commands/take_model.h \
	src/session/commands/theme.c \
	src/session/commands/train.c \
	src/session/commands/training.c src/session/commands/training.h \
	src/session/commands/training_figures.c \
	src/session/commands/training_internal.h \
	src/session/commands/training_judge.c \
	src/session/commands/training_penalty.c \
	src/session/commands/training_plan.c src/session/commands/training_plan.h \
	src/session/commands/travel.c src/session/commands/travel.h \
	src/session/commands/type.c \
	src/session/commands/unalias.c \
	src/session/commands/unbind.c \
	src/session/commands/undo.c \
	src/session/commands/unprune.c \
	src/session/commands/unsaved.c src/session/commands/unsaved.h
nodist_src_libsession_a_SOURCES = src/session/help/topics.c
LIBSESSION = src/libsession.a

# Help topics are texts; the order here is that of `help`.
help_texts = \
	src/session/help/syntax.txt \
	src/session/help/files.txt \
	src/session/help/images.txt \
	src/session/help/pruning.txt \
	src/session/help/groups.txt \
	src/session/help/recipes.txt \
	src/session/help/training.txt \
	src/session/help/keys.txt \
	src/session/help/panes.txt \
	src/session/help/gamma.txt \
	src/session/help/losses.txt \
	src/session/help/noise.txt \
	src/session/help/mpi.txt
EXTRA_DIST += $(help_texts) src/session/help/topics.awk
CLEANFILES += src/session/help/topics.c
src/session/help/topics.c: $(help_texts) src/session/help/topics.awk
	$(AM_V_GEN)$(MKDIR_P) src/session/help && \
	(cd $(srcdir) && $(AWK) -f src/session/help/topics.awk $(help_texts)) >$@.new && mv $@.new $@
