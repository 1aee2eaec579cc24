/* SPDX-License-Identifier: GPL-3.0-or-later */
/* prune: what goes. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "prune/selection.h"
#include "session/board.h"
#include "session/commands/grouping.h"
#include "session/commands/scores_for.h"
#include "session/language/command.h"
#include "session/pruning.h"
#include "session/session.h"
#include "session/what_if.h"
#include "session/words/choice.h"
#include "session/words/option.h"
#include "session/words/value.h"

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
    rule->grouping = call_grouping(call, &rule->grouping, pruning->fixed);
    if (code == STATUS_OK && (code = call_value(call, "rank", &value, error)) == STATUS_OK)
        rule->options.scope = (enum rank_scope)value.integer;
    if (code == STATUS_OK && rule->options.scope != RANK_NETWORK && !rule->global)
        code = error_set(error, STATUS_USAGE,
                         "rank=%s is for global=yes: without it every block has its own ranking",
                         rank_scope_name((int)rule->options.scope));
    if (code == STATUS_OK && (call_setting(call, "blocks") || !(pruning->fixed & RULE_BLOCKS)) &&
        (code = call_value(call, "blocks", &value, error)) == STATUS_OK)
        rule->blocks = value.integer;
    if (call_setting(call, "round") || !(pruning->fixed & RULE_ROUND))
        rule->options.rounding = (enum rounding)option_integer(&call->options, OPTION_ROUND);
    return code;
}

static status choose_criterion(const struct call *call, struct pruning *pruning, struct error *error)
{
    const struct setting *by = call_setting(call, "by");
    const char *label = by ? by->value.text : call_argument(call, 0);
    if (by && call_argument(call, 0) && strcmp(label, call_argument(call, 0)) != 0)
        return error_set(error, STATUS_USAGE, "by %s or by %s?", call_argument(call, 0), label);
    if (label)
        snprintf(pruning->rule.criterion, sizeof pruning->rule.criterion, "%.*s", CHOICE_LABEL_SIZE - 1,
                 label);
    return *pruning->rule.criterion
               ? STATUS_OK
               : error_set(error, STATUS_USAGE, "by which criterion? 'prune l1 0.4' prunes by l1");
}

/* One ratio for everything that is free. */
static void set_uniform(const struct model *model, struct pruning *pruning, double ratio)
{
    for (int i = 0; i < pruning->block_count; i++) {
        if (model->coupling->blocks[i].locked || pruning->excluded[i])
            continue;
        pruning->ratio[i] = ratio;
        pruning->chosen[i] = true;
    }
}

static status choose_ratios(const struct call *call, struct pruning *pruning, struct error *error)
{
    const char *text = call_argument(call, 1);
    double ratio = 0;
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
    return text || pruning_has_ratio(pruning) || pruning->rule.blocks > 0
               ? STATUS_OK
               : error_set(error, STATUS_STATE,
                           "no ratio is set: 'ratio TARGET VALUE' sets ratios, 'prune %s 0.4' takes "
                           "one for all",
                           pruning->rule.criterion);
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
        code = pruning_select(next, call->session->state.model, entry->scores,
                              entry_statistics(call->session, entry), error);
    if (code == STATUS_OK)
        reply_filters_alone(call->reply, entry->choice.label, entry->scores, &next->rule.grouping);
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
    {"rank", VALUE_CHOICE, 0, 0, 0, rank_scope_name, "network",
     "with global=yes: rank all channels together, or those of each kind of blocks, whose channels go through the same "
     "operators, and take the ratio of each (isomorphic pruning, arXiv 2407.04616)"},
    GROUPING_PARAMETERS,
    {"blocks", VALUE_INTEGER, 0, 0, 1e6, NULL, "0",
     "residual blocks that go whole, those of the lowest scores"},
    {"by", VALUE_CRITERION, 0, 0, 0, NULL, NULL, "the criterion, where it is not the first word"},
    PARAMETER_END,
};
static const int prune_options[] = {OPTION_ROUND, OPTION_NONE};
static const struct example prune_examples[] = {
    {"prune l1 0.4", "selects 40 % of all free channels by l1", false},
    {"ratio inner 0.5; prune geomedian round_to=8", "prunes inside blocks, to multiples of eight", false},
    {"prune l2 0.3 compat=torch-pruning", "selects what Torch-Pruning would", false},
    {"prune l2 0.3 global=yes cap=0.6", "ranks the channels of all layers together", false},
    {"prune l2 0.3 global=yes rank=isomorphic",
     "ranks streams with streams and inner layers with inner layers", false},
    {"ratio all 0; prune blocks=1 by=l1", "selects the residual block of the lowest score, and no channel",
     false},
    EXAMPLE_END,
};

const struct command command_prune = {
    .name = "prune",
    .arguments = prune_arguments,
    .parameters = prune_parameters,
    .options = prune_options,
    .flags = COMMAND_MODEL | COMMAND_LONG | COMMAND_CHANGES | COMMAND_FIGURES | COMMAND_QUIET,
    .help = "select the channels that go",
    .text =
        "Takes the lowest-scored channels of every block at its ratio, and shows what would be left: "
        "channels, parameters and multiply-adds of every layer that changes. The selection is a mask at "
        "once: from now on everything that runs the network runs it without the selected channels; "
        "apply removes them for good. Each prune selects anew, from the whole network. A layer always "
        "keeps a channel, and a branch something to read; what was not possible as asked is noted.\n\n"
        "Scores from weights are computed when they are not there yet; others must have been scored. "
        "They are always those of the network without the mask. Channels that are tied together have "
        "one score: the mean of theirs unless combine= says otherwise ('help groups'), over the layers that make these "
        "channels: the filters of depthwise convolutions have no voice, they follow the channel that "
        "they read. A layer that the criterion cannot score has no voice either, and where no layer of "
        "a block is scored the block is left alone, which a note says. With global=yes RATIO is the "
        "share of all channels that are free and scored.\n\n"
        "With blocks=N the N residual blocks of the lowest scores go whole, before channels are looked at; "
        "without RATIO and ratios that are set nothing else goes. A block is what is added to the value "
        "that it started from: without it that value goes on. A block with a projection, or with zeros "
        "around channels, in its shortcut stays. A block's score is the mean over its layers of the mean of "
        "their channels, or what combine= says in both places. blocks=3 is also a line of recipes "
        "('blocks 3').",
    .examples = prune_examples,
    .run = run_prune,
};
