/* SPDX-License-Identifier: GPL-3.0-or-later */
/* apply: the selected channels are removed for good. */
#include <math.h>

#include "base/digest.h"
#include "base/status.h"
#include "base/text.h"
#include "nn/graph/graph.h"
#include "prune/surgery.h"
#include "score/layer.h"
#include "session/commands/logits.h"
#include "session/language/command.h"
#include "session/model.h"
#include "session/pruning.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/what_if.h"
#include "view/style.h"

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

static const struct example apply_examples[] = {{"prune l1 0.4; apply", "makes the smaller network", false},
                                                EXAMPLE_END};

const struct command command_apply = {
    .name = "apply",
    .flags = COMMAND_MODEL | COMMAND_LONG | COMMAND_CHANGES | COMMAND_OF_MODEL,
    .help = "remove the selected channels",
    .text = "Builds the smaller network: weights are cut, and everything in the file that knows a number of "
            "channels follows. Both networks, masked and smaller, are run on a few images of the data set, "
            "or on noise where none is open; the largest difference of their logits is printed. The smaller "
            "network takes the place of the old one, without scores and ratios, and can be pruned again. It "
            "remembers the original number of every channel, for save and diff, and the accuracy before "
            "pruning, for eval.",
    .examples = apply_examples,
    .run = run_apply,
};
