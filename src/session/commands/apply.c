/* SPDX-License-Identifier: GPL-3.0-or-later */
/* apply: the selected channels are removed for good. */
#include <math.h>
#include <string.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "data/sampler.h"
#include "nn/graph/graph.h"
#include "prune/compensate.h"
#include "prune/sampled.h"
#include "prune/surgery.h"
#include "score/layer.h"
#include "session/commands/logits.h"
#include "session/commands/sampled_call.h"
#include "session/language/command.h"
#include "session/model.h"
#include "session/pruning.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/what_if.h"
#include "session/words/option.h"
#include "session/words/value.h"
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

/* --- compensation --------------------------------------------------------------------------------------- */

/* What is cut: the session's network and selection, or the network with biases that compensate. */
struct applying {
    struct call *call;
    struct model *model;       /* one share */
    bool *removed;             /* per class of its coupling, owned */
    char network[DIGEST_SIZE]; /* names it with the selection */
    bool compensate;
    struct compensation told;
};

/* Its classes are those of the session's network: the same channels in the same layers. */
static status carry_selection(struct applying *apply, struct error *error)
{
    const struct session *session = apply->call->session;
    const struct coupling *from = session->state.model->coupling, *to = apply->model->coupling;
    apply->removed = mem_new((size_t)to->class_count, sizeof *apply->removed);
    if (apply->removed == NULL)
        return error_memory(error);
    for (int i = 0; i < to->layers->count; i++)
        for (int64_t c = 0; c < to->layers->items[i].channels; c++)
            if (session->state.pruning->removed[from->layer_classes[i][c]])
                apply->removed[to->layer_classes[i][c]] = true;
    return STATUS_OK;
}

/* The network whole, with biases of which something is to be removed. */
static status compensated_model(struct applying *apply, const struct sampled *sampled, struct error *error)
{
    const struct session *session = apply->call->session;
    struct graph *graph;
    struct text made = {0};
    char network[DIGEST_SIZE];
    status code = compensate_apply(session->state.model->coupling, session->state.pruning->removed, sampled,
                                   &apply->told, &graph, error);
    if (code != STATUS_OK)
        return code;
    text_add(&made, "compensate: ");
    text_add_sampled(&made, sampled);
    code = sampled_network_name(apply->call, sampled, &made, network, error);
    if (code == STATUS_OK) {
        struct derivation derivation = {session->state.model, graph, NULL, network, text_data(&made), false};
        code = model_derive(&derivation, &apply->model, error);
    } else {
        graph_free(graph);
    }
    if (code == STATUS_OK)
        code = network_name(network, session->state.pruning->network, DIGEST_SIZE, apply->network, error);
    text_free(&made);
    return code;
}

static status prepare(struct applying *apply, struct error *error)
{
    const struct session *session = apply->call->session;
    struct sample sample = {0};
    struct sampled sampled;
    struct setting_value compensate;
    status code = call_value(apply->call, "compensate", &compensate, error);
    apply->compensate = code == STATUS_OK && compensate.integer;
    if (apply->compensate)
        code = call_sampled(apply->call, &sample, &sampled, error);
    if (code == STATUS_OK && apply->compensate)
        code = compensated_model(apply, &sampled, error);
    sample_free(&sample);
    if (code == STATUS_OK && !apply->compensate) {
        apply->model = model_retain(session->state.model);
        memcpy(apply->network, session->state.pruning->network, sizeof apply->network);
    }
    return code == STATUS_OK ? carry_selection(apply, error) : code;
}

static void tell_compensated(const struct applying *apply)
{
    const struct compensation *told = &apply->told;
    struct text text = {0};
    if (!apply->compensate)
        return;
    text_add_thousands(&text, told->biases);
    text_add_format(&text, " biases of %d layer%s took in what ", told->layers, told->layers == 1 ? "" : "s");
    text_add_thousands(&text, told->channels);
    text_add(&text, " removed inputs add on average");
    if (told->left_out > 0)
        text_add_format(&text, "; %d layer%s (%s) cannot have a bias", told->left_out,
                        told->left_out == 1 ? "" : "s", told->first);
    reply_line(apply->call->reply, "%s", reply_text(apply->call->reply, &text));
    text_free(&text);
}

/* --- the smaller network -------------------------------------------------------------------------------- */

static status smaller_model(const struct applying *apply, struct graph *graph, struct model **model,
                            struct error *error)
{
    const struct session *session = apply->call->session;
    struct text made = {0};
    char network[DIGEST_SIZE];
    text_add_selection(&made, "prune", session->state.model, session->state.pruning);
    if (!made.failed)
        made.data[--made.length] = '\0'; /* the last line's end */
    status code =
        made.failed ? error_memory(error) : network_name(apply->network, "apply", 5, network, error);
    if (code == STATUS_OK) {
        struct derivation derivation = {apply->model, graph, apply->removed, network, text_data(&made), true};
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

/* Masked and smaller network, compared. */
static status compare(const struct applying *apply, const struct model *smaller,
                      struct logits_difference *difference, struct error *error)
{
    const struct graph *masked = NULL;
    struct graph *own = NULL;
    status code = apply->compensate ? mask_apply(apply->model->coupling, apply->removed, &own, error)
                                    : session_graph(apply->call->session, &masked, error);
    if (code == STATUS_OK)
        code = logits_compare(apply->call->session, own != NULL ? own : masked, smaller->graph, difference,
                              error);
    graph_free(own);
    return code == STATUS_OK ? check_difference(difference, error) : code;
}

static status make_smaller(struct applying *apply, struct model **model, struct logits_difference *difference,
                           struct error *error)
{
    struct graph *graph;
    status code = prepare(apply, error);
    if (code == STATUS_OK)
        code = surgery_apply(apply->model->coupling, apply->removed, &graph, error);
    if (code == STATUS_OK)
        code = smaller_model(apply, graph, model, error);
    if (code != STATUS_OK)
        return code;
    code = compare(apply, *model, difference, error);
    if (code != STATUS_OK)
        model_free(*model);
    return code;
}

static status run_apply(struct call *call, struct error *error)
{
    struct session *session = call->session;
    struct applying apply = {.call = call};
    struct model *model;
    struct logits_difference difference;
    if (!session->state.pruning->removed_count)
        return error_set(error, STATUS_STATE, "nothing is selected: 'prune' selects");
    struct model *before = model_retain(session->state.model);
    struct pruning *selected = pruning_retain(session->state.pruning);
    bool scored = session->state.board->count > 0;
    status code = make_smaller(&apply, &model, &difference, error);
    if (code == STATUS_OK)
        code = session_set_model(session, model, error);
    if (code == STATUS_OK) {
        carry_over(before, selected, model, session->state.pruning);
        tell_applied(call, before, &difference);
        tell_compensated(&apply);
        if (scored)
            reply_add(call->reply, STYLE_NOTE, "the scores of the network before were dropped");
    }
    model_free(before);
    pruning_free(selected);
    model_free(apply.model);
    mem_free(apply.removed);
    return code;
}

static const struct parameter apply_parameters[] = {
    {"compensate", VALUE_BOOLEAN, 0, 0, 0, NULL, "no",
     "what removed channels add on average, over a sample of the data set, goes into the biases behind them"},
    PARAMETER_END,
};
static const int apply_options[] = {OPTIONS_OF_SAMPLED, OPTION_NONE};
static const struct example apply_examples[] = {
    {"prune l1 0.4; apply", "makes the smaller network", false},
    {"undo; apply compensate=yes samples=100", "makes it anew with biases that make up for what is gone",
     false},
    EXAMPLE_END,
};

const struct command command_apply = {
    .name = "apply",
    .parameters = apply_parameters,
    .options = apply_options,
    .flags = COMMAND_MODEL | COMMAND_LONG | COMMAND_CHANGES | COMMAND_OF_MODEL,
    .help = "remove the selected channels",
    .text = "Builds the smaller network: weights are cut, and everything in the file that knows a number of "
            "channels follows. Both networks, masked and smaller, are run on a few images of the data set, "
            "or on noise where none is open; the largest difference of their logits is printed. The smaller "
            "network takes the place of the old one, without scores and ratios, and can be pruned again. It "
            "remembers the original number of every channel, for save and diff, and the accuracy before "
            "pruning, for eval.\n\n"
            "With compensate=yes a sample of the data set runs through the network first. What a removed "
            "channel adds to a layer on average (its mean at the layer's input, times the sum of the "
            "layer's weights on it) goes into the layer's bias, into the running mean of a BatchNorm that "
            "follows where there is no bias, or into a bias that is made. The options of the sample are "
            "those of score, and hold for this command alone. A command that does more is repair.",
    .examples = apply_examples,
    .run = run_apply,
};
