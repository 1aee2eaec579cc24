/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Selecting what goes: prune, unprune. Surgery is in apply.c. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "prune/selection.h"
#include "score/criterion.h"
#include "score/criterion_options.h"
#include "session/board.h"
#include "session/commands/rows.h"
#include "session/language/command.h"
#include "session/pruning.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/target.h"
#include "session/what_if.h"
#include "session/words/choice.h"
#include "session/words/option.h"
#include "session/words/value.h"

/* --- prune ---------------------------------------------------------------------------------------------- */

/* The parameters of this call over those of the recipe over the defaults. */
static status fill_rule(const struct call *call, struct pruning *pruning, struct error *error)
{
    struct pruning_rule *rule = &pruning->rule;
    struct setting_value value;
    status code = call_value(call, "global", &value, error);
    rule->global = value.integer != 0;
    if (code == STATUS_OK && (call_setting(call, "round_to") || !(pruning->fixed & RULE_ROUND_TO)) &&
        (code = call_value(call, "round_to", &value, error)) == STATUS_OK)
        rule->options.round_to = value.integer;
    if (code == STATUS_OK && (call_setting(call, "min") || !(pruning->fixed & RULE_MINIMUM)) &&
        (code = call_value(call, "min", &value, error)) == STATUS_OK)
        rule->options.minimum = value.integer;
    if (code == STATUS_OK && (call_setting(call, "cap") || !(pruning->fixed & RULE_CAP)) &&
        (code = call_value(call, "cap", &value, error)) == STATUS_OK)
        rule->options.cap = value.real;
    if (code == STATUS_OK && (call_setting(call, "combine") || !(pruning->fixed & RULE_COMBINE)) &&
        (code = call_value(call, "combine", &value, error)) == STATUS_OK)
        rule->combine = (enum combination)value.integer;
    if (call_setting(call, "round") || !(pruning->fixed & RULE_ROUND))
        rule->options.rounding = (enum rounding)option_integer(&call->options, OPTION_ROUND);
    return code;
}

static status choose_criterion(const struct call *call, struct pruning *pruning, struct error *error)
{
    const char *label = call_argument(call, 0);
    if (label)
        snprintf(pruning->rule.criterion, sizeof pruning->rule.criterion, "%s", label);
    return *pruning->rule.criterion
               ? STATUS_OK
               : error_set(error, STATUS_USAGE, "by which criterion? 'prune l1 0.4' prunes by l1");
}

/* One ratio for everything that is free. */
static void set_uniform(const struct model *model, struct pruning *pruning, double ratio)
{
    for (int i = 0; i < pruning->block_count; i++) {
        if (!model->coupling->blocks[i].locked && !pruning->excluded[i])
            pruning->ratio[i] = ratio;
    }
}

static status choose_ratios(const struct call *call, struct pruning *pruning, struct error *error)
{
    const char *text = call_argument(call, 1);
    double ratio = 0;
    bool any = false;
    if (text && !text_to_double(text, &ratio))
        return error_set(error, STATUS_RANGE, "'%s' is no ratio", text);
    if (pruning->rule.global) {
        pruning->rule.ratio = ratio;
        return text ? STATUS_OK
                    : error_set(error, STATUS_USAGE,
                                "global=yes needs a RATIO of all channels, as in 'prune l1 0.4 global=yes'");
    }
    if (text)
        set_uniform(call->session->state.model, pruning, ratio);
    for (int i = 0; i < pruning->block_count; i++)
        any |= pruning->ratio[i] > 0;
    return any || text ? STATUS_OK
                       : error_set(error, STATUS_STATE,
                                   "no ratio is set: 'ratio TARGET VALUE' sets ratios, 'prune %s 0.4' takes "
                                   "one for all",
                                   pruning->rule.criterion);
}

static status needs_pass(const char *label, struct error *error)
{
    return error_set(error, STATUS_STATE, "%s is not scored yet, and that takes a pass: 'score %s' scores it",
                     label, label);
}

status bring_scores(struct call *call, const char *label, const struct score_entry **entry,
                    struct error *error)
{
    struct session *session = call->session;
    struct choice choice;
    struct score_outcome outcome;
    *entry = session_entry(session, label);
    if (*entry)
        return STATUS_OK;
    status code = choice_parse(label, &choice, error);
    if (code != STATUS_OK)
        return code;
    struct criterion_options base = options_criterion(session->state.options);
    if (choice_needs(&choice, &base, session->state.model->layers) & PASS_NEEDS)
        return needs_pass(label, error);
    struct options options = *session->state.options;
    code = session_score(session, &choice, 1, &options, call->progress, &outcome, error);
    *entry = session_entry(session, label);
    return code;
}

status scores_for(const struct call *call, const char *label, int seed_shift, struct scores **scores,
                  struct error *error)
{
    const struct session *session = call->session;
    const struct score_entry *entry = session_entry(session, label);
    struct choice choice;
    if (entry && !seed_shift) {
        *scores = scores_retain(entry->scores);
        return STATUS_OK;
    }
    status code = choice_parse(label, &choice, error);
    if (code != STATUS_OK)
        return code;
    struct criterion_options options = options_criterion(session->state.options);
    if (choice_needs(&choice, &options, session->state.model->layers) & PASS_NEEDS)
        return needs_pass(label, error);
    options = choice_options(&choice, &options);
    options.seed += (uint64_t)seed_shift;
    return scores_compute(session->state.model->graph, session->state.model->layers, choice.criterion,
                          &options, NULL, scores, error);
}

static status keep_rule_text(const struct session *session, struct pruning *pruning, struct error *error)
{
    struct text text = {0};
    const struct score_entry *entry = session_entry(session, pruning->rule.criterion);
    text_add_rule(&text, session, pruning);
    pruning->scored_on[0] = '\0';
    if (entry && (entry->needs & PASS_NEEDS))
        snprintf(pruning->scored_on, sizeof pruning->scored_on, "%s",
                 dataset_digest(session->state.board->pass->dataset));
    mem_free(pruning->how);
    pruning->how = text.failed || !pruning->removed_count ? NULL : mem_string(text_data(&text));
    bool failed = text.failed || (pruning->removed_count && !pruning->how);
    text_free(&text);
    return failed ? error_memory(error) : STATUS_OK;
}

static status select_channels(struct call *call, struct pruning *next, struct error *error)
{
    const struct score_entry *entry;
    status code = choose_criterion(call, next, error);
    if (code == STATUS_OK)
        code = fill_rule(call, next, error);
    if (code == STATUS_OK)
        code = choose_ratios(call, next, error);
    if (code == STATUS_OK)
        code = bring_scores(call, next->rule.criterion, &entry, error);
    if (code == STATUS_OK)
        code = pruning_select(next, call->session->state.model, entry->scores, error);
    return code == STATUS_OK ? keep_rule_text(call->session, next, error) : code;
}

static status run_prune(struct call *call, struct error *error)
{
    struct pruning *next;
    status code = pruning_copy(call->session->state.pruning, &next, error);
    if (code != STATUS_OK)
        return code;
    code = select_channels(call, next, error);
    if (code != STATUS_OK) {
        pruning_free(next);
        return code;
    }
    session_set_pruning(call->session, next);
    return show_selection(call->session, call->reply, "prune", error);
}

/* --- unprune -------------------------------------------------------------------------------------------- */

static status bring_back(const struct call *call, const struct target *target, struct pruning *next,
                         struct error *error)
{
    const struct coupling *coupling = call->session->state.model->coupling;
    int64_t before = next->removed_count;
    for (int i = 0; i < next->class_count; i++) {
        if (coupling->classes[i].block >= 0 && target->blocks[coupling->classes[i].block])
            next->removed[i] = false;
    }
    status code = pruning_settle(next, call->session->state.model, error);
    if (code != STATUS_OK || !next->how || next->removed_count == before)
        return code;
    char *how = mem_format("%s, without %s", next->how, call_argument(call, 0));
    mem_free(next->how);
    next->how = how;
    return how ? STATUS_OK : error_memory(error);
}

static status run_unprune(struct call *call, struct error *error)
{
    struct session *session = call->session;
    struct target target;
    struct pruning *next;
    if (!session->state.pruning->removed_count)
        return error_set(error, STATUS_STATE, "nothing is selected: 'prune' selects");
    status code = target_find(session->state.model, call_argument(call, 0), &target, error);
    if (code != STATUS_OK)
        return code;
    code = pruning_copy(session->state.pruning, &next, error);
    if (code == STATUS_OK) {
        code = bring_back(call, &target, next, error);
        if (code == STATUS_OK)
            session_set_pruning(session, next);
        else
            pruning_free(next);
    }
    target_free(&target);
    return code == STATUS_OK ? show_selection(call->session, call->reply, "unprune", error) : code;
}

/* --- rows ----------------------------------------------------------------------------------------------- */

static const struct parameter prune_arguments[] = {
    {"CRITERION", VALUE_CRITERION, PARAMETER_OPTIONAL, 0, 0, NULL, NULL,
     "what to select by; without it the criterion of the recipe or of the last prune"},
    {"RATIO", VALUE_REAL, PARAMETER_OPTIONAL, 0, 1, NULL, NULL,
     "one ratio for all blocks that are free and not kept; without it the ratios that are set"},
    PARAMETER_END,
};
static const struct parameter prune_parameters[] = {
    {"global", VALUE_BOOLEAN, 0, 0, 0, NULL, "no", "rank all channels of the network together"},
    {"round_to", VALUE_INTEGER, 0, 1, 4096, NULL, "1", "keep a multiple of this number of channels"},
    {"min", VALUE_INTEGER, 0, 1, 1e6, NULL, "1", "channels that every block keeps"},
    {"cap", VALUE_REAL, 0, 0, 1, NULL, "1", "with global=yes: the largest share that one block may lose"},
    {"combine", VALUE_CHOICE, 0, 0, 0, combination_name, "mean",
     "how the scores of channels that are tied together become one"},
    PARAMETER_END,
};
static const int prune_options[] = {OPTION_ROUND, OPTION_NONE};
static const struct example prune_examples[] = {
    {"prune l1 0.4", "selects 40 % of all free channels by l1", false},
    {"ratio inner 0.5; prune geomedian round_to=8", "prunes inside blocks, to multiples of eight", false},
    {"prune l2 0.3 global=yes cap=0.6", "ranks the channels of all layers together", false},
    EXAMPLE_END,
};
static const struct parameter unprune_arguments[] = {
    {"TARGET", VALUE_TARGET, 0, 0, 0, NULL, NULL,
     "a layer, a pattern with * ? [abc], or streams, inner or all"},
    PARAMETER_END,
};
static const struct example unprune_examples[] = {
    {"prune l1 0.4; unprune layer1*", "selects, then brings a stage's channels back", false},
    EXAMPLE_END,
};

const struct command commands_prune[] = {
    {"prune", NULL, "prune", prune_arguments, prune_parameters, prune_options,
     COMMAND_MODEL | COMMAND_LONG | COMMAND_CHANGES | COMMAND_FIGURES | COMMAND_QUIET,
     "select the channels that go",
     "Takes the lowest-scored channels of every block at its ratio, and shows what would be left: channels, "
     "parameters and multiply-adds of every layer that changes. The selection is a mask at once: from now on "
     "everything that runs the network runs it without the selected channels; apply removes them for good. "
     "Each prune selects anew, from the whole network. A layer always keeps a channel, and a branch "
     "something to read; what was not possible as asked is noted.\n\n"
     "Scores from weights are computed when they are not there yet; others must have been scored. They are "
     "always those of the network without the mask. Channels that are tied together have one score: the "
     "mean of theirs unless combine= says otherwise, over the layers that make these channels: the filters "
     "of "
     "depthwise convolutions have no voice, they follow the channel that they read. A layer that the "
     "criterion "
     "cannot score has no voice either, and where no layer of a block is scored the block is left alone, "
     "which "
     "a note says. With global=yes RATIO is the share of all channels that are free and scored.",
     prune_examples, run_prune},
    {"unprune", NULL, "prune", unprune_arguments, NULL, NULL,
     COMMAND_MODEL | COMMAND_CHANGES | COMMAND_FIGURES | COMMAND_QUIET, "bring selected channels back",
     "Takes the channels of a layer, of all layers that match a pattern, or of a kind of blocks out of the "
     "selection. Their ratios stay: the next prune would take them again.",
     unprune_examples, run_unprune},
    {.name = NULL},
};
