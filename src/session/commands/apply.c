/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making changes real and taking them back: apply, undo, redo. */
#include <math.h>
#include <string.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "nn/graph/graph.h"
#include "prune/surgery.h"
#include "score/layer.h"
#include "session/commands/logits.h"
#include "session/commands/rows.h"
#include "session/language/command.h"
#include "session/model.h"
#include "session/pruning.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/what_if.h"
#include "session/words/value.h"
#include "view/cells/canvas.h"

/* --- apply ---------------------------------------------------------------------------------------------- */

/* Of the largest logit. Kernels are chosen by shapes, so the smaller network may run others. */
static const double DIFFERENCE_MOST = 1e-2;

/* Masked and removed network must agree: float rounding alone may set them apart. */
static status check_difference(const struct logits_difference *difference, struct error *error)
{
    /* A mask multiplies by zero, which infinity and NaN survive: there the smaller network may know more. */
    if (logits_agree(difference, DIFFERENCE_MOST * fmax(difference->largest, 1)) ||
        difference->without[1] < difference->without[0])
        return STATUS_OK;
    struct text text = {0};
    text_add_logits(&text, difference);
    status code = error_set(error, STATUS_FAILED,
                            "the smaller network would answer differently: its logits are up to %s away from "
                            "those of the masked one",
                            text_data(&text));
    text_free(&text);
    return code;
}

static status smaller_model(const struct session *session, struct graph *graph, struct model **model,
                            struct error *error)
{
    struct text made = {0};
    char network[DIGEST_SIZE];
    text_add_selection(&made, "prune", session->state.model, session->state.pruning);
    if (!made.failed)
        made.data[--made.length] = '\0'; /* the last line's end */
    status code = made.failed ? error_memory(error)
                              : network_name(session->state.pruning->network, "apply", 5, network, error);
    if (code == STATUS_OK) {
        struct derivation derivation = {session->state.model, graph, session->state.pruning->removed, network,
                                        text_data(&made),     true};
        code = model_derive(&derivation, model, error);
    } else {
        graph_free(graph);
    }
    text_free(&made);
    return code;
}

/* Blocks that were to be left alone are so in the smaller network too, and the rule stays. */
static void carry_over(const struct model *from, const struct pruning *before, const struct model *to,
                       struct pruning *after)
{
    after->rule = before->rule;
    after->fixed = before->fixed;
    for (int i = 0; i < after->block_count; i++) {
        const char *name = to->layers->items[to->coupling->blocks[i].layers[0]].name;
        int layer = layers_index(from->layers, name);
        for (int64_t k = 0; layer >= 0 && k < from->layers->items[layer].channels; k++) {
            int class_index = from->coupling->layer_classes[layer][k];
            after->excluded[i] |= before->excluded[from->coupling->classes[class_index].block];
        }
    }
}

static void tell_applied(const struct call *call, const struct model *before,
                         const struct logits_difference *difference)
{
    const struct model *model = call->session->state.model;
    struct text text = {0};
    text_add(&text, "parameters ");
    text_add_change(&text, (double)before->cost.parameters, (double)model->cost.parameters, false);
    text_add(&text, ", multiply-adds ");
    text_add_change(&text, before->cost.macs, model->cost.macs, true);
    reply_line(call->reply, "%s: %s", model->name, reply_text(call->reply, &text));
    text_clear(&text);
    text_add_logits(&text, difference);
    reply_line(call->reply, "largest difference of logits between the masked and the smaller network: %s",
               reply_text(call->reply, &text));
    text_free(&text);
}

static status run_apply(struct call *call, struct error *error)
{
    struct session *session = call->session;
    const struct graph *masked;
    struct graph *graph;
    struct model *model;
    struct logits_difference difference;
    if (!session->state.pruning->removed_count)
        return error_set(error, STATUS_STATE, "nothing is selected: 'prune' selects");
    status code =
        surgery_apply(session->state.model->coupling, session->state.pruning->removed, &graph, error);
    if (code == STATUS_OK)
        code = smaller_model(session, graph, &model, error);
    if (code != STATUS_OK)
        return code;
    code = session_graph(session, &masked, error);
    if (code == STATUS_OK)
        code = logits_compare(session, masked, model->graph, &difference, error);
    if (code == STATUS_OK)
        code = check_difference(&difference, error);
    if (code != STATUS_OK) {
        model_free(model);
        return code;
    }
    struct model *before = model_retain(session->state.model);
    struct pruning *selected = pruning_retain(session->state.pruning);
    bool scored = session->state.board->count > 0;
    code = session_set_model(session, model, error);
    if (code == STATUS_OK) {
        carry_over(before, selected, model, session->state.pruning);
        tell_applied(call, before, &difference);
        if (scored)
            reply_add(call->reply, STYLE_NOTE, "the scores of the network before were dropped");
    }
    model_free(before);
    pruning_free(selected);
    return code;
}

/* --- undo and redo -------------------------------------------------------------------------------------- */

static void tell_network(const struct call *call)
{
    const struct session *session = call->session;
    if (!session->state.model)
        return;
    struct text text = {0};
    const struct cost *now = pruning_cost(session->state.pruning, session->state.model);
    text_add(&text, "parameters ");
    text_add_thousands(&text, now->parameters);
    text_add(&text, ", multiply-adds ");
    text_add_si(&text, now->macs, 5);
    reply_line(call->reply, "%s: %s", session->state.model->name, reply_text(call->reply, &text));
    text_free(&text);
}

static const char *step_line(const struct history *history, int step)
{
    return history->steps[step].line ? history->steps[step].line : "session open";
}

static status travel(struct call *call, int direction, struct error *error)
{
    struct history *history = &call->session->history;
    struct setting_value steps = {.integer = 1};
    status code = STATUS_OK;
    if (call_argument(call, 0))
        code = value_parse(&call->invocation->command->arguments[0], session_scope(call->session),
                           call_argument(call, 0), &steps, error);
    if (code != STATUS_OK)
        return code;
    int there = direction < 0 ? history->position - history->oldest : history->count - 1 - history->position;
    const char *name = direction < 0 ? "undo" : "redo";
    if (!there && direction < 0 && history->oldest)
        return error_set(error, STATUS_STATE,
                         "there is nothing more to undo: states before were let go, 'info' tells "
                         "how many are held");
    if (!there)
        return error_set(error, STATUS_STATE, "there is nothing to %s", name);
    if (steps.integer > there)
        return error_set(error, STATUS_RANGE, "there %s only %d to %s, not %lld", there == 1 ? "is" : "are",
                         there, name, (long long)steps.integer);
    for (int64_t i = 0; i < steps.integer; i++) {
        int step = direction < 0 ? history->position : history->position + 1;
        reply_line(call->reply, "%s: %s", direction < 0 ? "undone" : "done again", step_line(history, step));
        session_go(call->session, history->position + direction);
    }
    tell_network(call);
    return STATUS_OK;
}

static status run_undo(struct call *call, struct error *error)
{
    return travel(call, -1, error);
}

static status run_redo(struct call *call, struct error *error)
{
    return travel(call, 1, error);
}

/* --- rows ----------------------------------------------------------------------------------------------- */

static const struct parameter steps_arguments[] = {
    {"N", VALUE_INTEGER, PARAMETER_OPTIONAL, 1, 1e9, NULL, NULL, "how many commands, one without it"},
    PARAMETER_END,
};
static const struct example apply_examples[] = {{"prune l1 0.4; apply", "makes the smaller network", false},
                                                EXAMPLE_END};
static const struct example undo_examples[] = {{"prune l1 0.4; undo", "selects, and takes it back", false},
                                               EXAMPLE_END};
static const struct example redo_examples[] = {
    {"prune l1 0.4; undo; redo", "selects, takes it back, and selects after all", false}, EXAMPLE_END};

const struct command commands_apply[] = {
    {"apply", NULL, "prune", NULL, NULL, NULL, COMMAND_MODEL | COMMAND_LONG | COMMAND_CHANGES,
     "remove the selected channels",
     "Builds the smaller network: weights are cut, and everything in the file that knows a number of "
     "channels follows. Both networks, masked and smaller, are run on a few images of the data set, or on "
     "noise where none is open; the largest difference of their logits is printed. The smaller network takes "
     "the place of the old one, without scores and ratios, and can be pruned again. It remembers the "
     "original number of every channel, for save and diff, and the accuracy before pruning, for eval.",
     apply_examples, run_apply},
    {"undo", NULL, "prune", steps_arguments, NULL, NULL, COMMAND_CHANGES, "take back the last change",
     "Takes back the last command that changed something, or the last N, whatever they were: networks, data, "
     "scores, ratios, selections, options. A thousand states are held, or "
     "a gigabyte of what they do not share; older ones are let go. What was measured by eval is not "
     "forgotten.",
     undo_examples, run_undo},
    {"redo", NULL, "prune", steps_arguments, NULL, NULL, COMMAND_CHANGES, "make an undone change again",
     "Makes the last change that was undone, or the last N, again. Any other change in between ends what can "
     "be made again.",
     redo_examples, run_redo},
    {.name = NULL},
};
