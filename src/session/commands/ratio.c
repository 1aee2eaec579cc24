/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ratio: how much of each block is to go. */
#include "base/status.h"
#include "base/text.h"
#include "prune/coupling.h"
#include "score/layer.h"
#include "session/commands/block_table.h"
#include "session/language/command.h"
#include "session/pruning.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/target.h"
#include "session/words/value.h"
#include "view/style.h"
#include "view/figure.h"

static status list_ratios(const struct call *call, const char *name, struct error *error)
{
    const struct session *session = call->session;
    const struct coupling *coupling = session->state.model->coupling;
    struct target target = {0};
    status code = name ? target_find(session->state.model, name, &target, error) : STATUS_OK;
    if (code != STATUS_OK)
        return code;
    struct figure *figure = shown_figure(session, FIGURE_TABLE, "ratios");
    if (figure) {
        figure_title(figure, "Ratios of %s%s%s", model_title(session->state.model), name ? ": " : "",
                     name ? name : "");
        block_columns(figure);
        for (int i = 0; i < coupling->block_count; i++) {
            if (!name || target.blocks[i])
                block_row(session, i, figure);
        }
    }
    target_free(&target);
    return reply_figure(call->reply, figure, error);
}

/* Layers that were not named and now lose channels too. */
static void tell_tied(const struct call *call, const char *name, const struct target *target)
{
    const struct coupling *coupling = call->session->state.model->coupling;
    struct text text = {0};
    int count = 0;
    for (int i = 0; i < coupling->layers->count; i++) {
        const char *layer = coupling->layers->items[i].name;
        if (layers_match(coupling->layers, name, i))
            continue;
        bool tied = false;
        for (int k = 0; !tied && k < coupling->block_count; k++) {
            const struct block *block = &coupling->blocks[k];
            for (int j = 0; target->blocks[k] && j < block->layer_count; j++)
                tied |= block->layers[j] == i;
        }
        if (tied && count++ < 6)
            text_add_format(&text, "%s%s", count > 1 ? ", " : "", layer);
    }
    if (count > 6)
        text_add_format(&text, " and %d more", count - 6);
    if (count)
        reply_add(call->reply, STYLE_NOTE, "tied to what was named, and pruned with it: %s",
                  reply_text(call->reply, &text));
    text_free(&text);
}

static void tell_ratio(const struct call *call, const char *name, const char *value,
                       const struct target *target, int passed)
{
    const struct pruning *pruning = call->session->state.pruning;
    const struct coupling *coupling = call->session->state.model->coupling;
    struct text text = {0};
    int64_t channels = 0;
    for (int i = 0; i < pruning->block_count; i++) {
        if (target->blocks[i] && !(passed && pruning->excluded[i]))
            channels += block_channels(coupling, &coupling->blocks[i]);
    }
    text_add_target(&text, coupling->layers, name);
    text_add_format(&text, ": %s for ", value);
    text_add_thousands(&text, channels);
    int blocks = target->count - passed;
    text_add_format(&text, " channels in %d %s", blocks, blocks == 1 ? "block" : "blocks");
    if (target->locked)
        text_add_format(&text, "; %d locked", target->locked);
    if (passed)
        text_add_format(&text, "; %d kept, until a name or a pattern says otherwise", passed);
    reply_line(call->reply, "%s", reply_text(call->reply, &text));
    text_free(&text);
    if (!target_is_word(call->session->state.model->layers, name))
        tell_tied(call, name, target);
}

static status set_ratio(struct call *call, const char *name, const char *value, struct error *error)
{
    struct target target;
    struct pruning *next = NULL;
    double ratio = 0;
    bool excluded = !text_to_double(value, &ratio);
    int passed = 0;
    status code = target_find(call->session->state.model, name, &target, error);
    if (code != STATUS_OK)
        return code;
    code = pruning_copy(call->session->state.pruning, &next, error);
    if (code == STATUS_OK) {
        passed = pruning_set_ratio(next, &target, ratio, excluded,
                                   target_is_word(call->session->state.model->layers, name));
        code = pruning_settle(next, call->session->state.model, error);
    }
    if (code == STATUS_OK) {
        session_set_pruning(call->session, next);
        tell_ratio(call, name, excluded ? "kept" : value, &target, passed);
    } else {
        pruning_free(next);
    }
    target_free(&target);
    return code;
}

static status run_ratio(struct call *call, struct error *error)
{
    const char *name = call_argument(call, 0), *value = call_argument(call, 1);
    if (!value)
        return list_ratios(call, name, error);
    if (call->invocation->redirect)
        return error_set(error, STATUS_USAGE, "shows no figure when it sets a ratio");
    return set_ratio(call, name, value, error);
}

static const struct parameter ratio_arguments[] = {
    {"TARGET", VALUE_TARGET, PARAMETER_OPTIONAL, 0, 0, NULL, NULL,
     "a layer, a stage, a pattern with * ? [abc], or streams, inner or all"},
    {"VALUE", VALUE_RATIO, PARAMETER_OPTIONAL, 0, 1, NULL, NULL,
     "share of the channels to prune, or none (or keep): leave them alone"},
    PARAMETER_END,
};
static const struct example ratio_examples[] = {
    {"ratio *.conv1 0.4", "wants 40 % of the channels in every block's first convolution pruned", false},
    {"ratio streams 0.15", "wants 15 % of the channels of every residual stream pruned", false},
    {"ratio layer3.0.conv1 none", "leaves one layer alone, whatever is said of all", false},
    {"ratio", "lists the ratios", false},
    EXAMPLE_END,
};

const struct command command_ratio = {
    .name = "ratio",
    .arguments = ratio_arguments,
    .flags = COMMAND_MODEL | COMMAND_CHANGES | COMMAND_FIGURES | COMMAND_QUIET,
    .help = "set and list pruning ratios",
    .text = "Sets the share of channels that the next prune takes from a block. A layer of a stream stands "
            "for the blocks that it is in, and the layers tied to it are named. The words streams, inner "
            "and all stand for the blocks of that kind.\n\n"
            "With none, or keep, blocks are left alone: the words, and a prune with one ratio for all, pass "
            "them by until a ratio is set for them by name or pattern. Channels of the network's input and "
            "output are locked, with a reason that group tells. Without a value lists the ratios. The "
            "selection of the last prune stays as it is until the next.",
    .examples = ratio_examples,
    .run = run_ratio,
};
