/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Weights back into a state_dict. */
#include "session/commands/save_weights.h"

#include <string.h>

#include "architecture/fit.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/zeros.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "session/commands/channel_zeros.h"
#include "session/model.h"
#include "session/parameters.h"
#include "session/reply.h"
#include "view/style.h"

struct outgoing {
    struct weight *weights; /* tensors are borrowed */
    int count, extras;
    int left_out;           /* of heads that the smaller network does not fit */
    const char *first_left; /* the name of the first */
};

static const struct tensor *constant_of(const struct graph *graph, const char *name)
{
    int value = graph_find_value(graph, name);
    return value >= 0 ? graph->values[value].constant : NULL;
}

/* Have weights of the network as loaded other shapes now, or are some gone? */
static bool is_cut(const struct model *model, const struct graph *graph)
{
    const struct graph *whole = model_original(model)->graph;
    for (int i = 0; i < model->weights->count; i++) {
        const char *name = model->weights->weights[i].name;
        const struct tensor *before = constant_of(whole, name), *now = constant_of(graph, name);
        if (before && (!now || !shape_equal(&before->shape, &now->shape)))
            return true;
    }
    return false;
}

/* Does a counter belong to a layer of which a parameter is not in the network? */
static bool counts_for_none(const struct checkpoint *from, const struct graph *graph, const char *name)
{
    const char *dot = strrchr(name, '.');
    const size_t length = dot ? (size_t)(dot + 1 - name) : 0;
    for (int i = 0; length && i < from->count; i++) {
        const char *other = from->weights[i].name;
        if (strncmp(name, other, length) == 0 && !strchr(other + length, '.') && !fit_is_counter(other) &&
            !constant_of(graph, other))
            return true;
    }
    return false;
}

/* Of a checkpoint: every weight that it has, with the network's numbers where these are part of it. One that
 * the network had when it was loaded, and has no longer, is left out; and so are heads for training alone
 * where channels were cut, for what they read is not described, with their counters. */
static status gather_checkpoint(const struct model *model, const struct graph *graph,
                                struct outgoing *outgoing, struct error *error)
{
    const struct checkpoint *from = model->weights;
    outgoing->weights = mem_new((size_t)from->count + 1, sizeof *outgoing->weights);
    if (!outgoing->weights)
        return error_memory(error);
    const bool cut = is_cut(model, graph);
    for (int i = 0; i < from->count; i++) {
        const char *name = from->weights[i].name;
        int value = graph_find_value(graph, name);
        struct tensor *tensor = value >= 0 ? graph->values[value].constant : NULL;
        if (!tensor && graph_find_value(model_original(model)->graph, name) >= 0)
            continue;
        if (!tensor && cut && !fit_is_counter(name)) {
            if (!outgoing->left_out++)
                outgoing->first_left = name;
            continue;
        }
        if (!tensor && cut && counts_for_none(from, graph, name))
            continue;
        outgoing->extras += !tensor;
        struct tensor *in_file = from->weights[i].tensor;
        outgoing->weights[outgoing->count++] =
            (struct weight){name, tensor ? tensor : in_file, in_file->file_type};
    }
    return STATUS_OK;
}

/* Of a file that had a graph: its parameters, in the order of its values. */
static status gather_graph(const struct model *model, const struct graph *graph, struct outgoing *outgoing,
                           struct error *error)
{
    bool *parameters;
    const struct model *original = model_original(model);
    if (model_parameters(original, &parameters, error) != STATUS_OK)
        return error->code;
    outgoing->weights = mem_new((size_t)original->graph->value_count + 1, sizeof *outgoing->weights);
    for (int i = 0; outgoing->weights && i < original->graph->value_count; i++) {
        const char *name = original->graph->values[i].name;
        int value = parameters[i] ? graph_find_value(graph, name) : -1;
        if (value >= 0 && graph->values[value].constant)
            outgoing->weights[outgoing->count++] = (struct weight){name, graph->values[value].constant, 0};
    }
    mem_free(parameters);
    return outgoing->weights ? STATUS_OK : error_memory(error);
}

static void tell_left_out(struct call *call, const struct outgoing *outgoing)
{
    struct text name = {0};
    text_add_escaped(&name, outgoing->first_left, 0);
    reply_add(
        call->reply, STYLE_NOTE,
        "%d parameter%s left out, which training alone needs and whose channels are no longer those of the "
        "network: %s%s",
        outgoing->left_out, outgoing->left_out > 1 ? "s are" : " is", reply_text(call->reply, &name),
        outgoing->left_out > 1 ? " and others" : "");
    text_free(&name);
}

static status write(const struct model *model, const struct graph *graph, const char *path, const char *front,
                    const struct outgoing *outgoing, struct error *error)
{
    struct channel_zeros *list;
    struct zeros_record zeros = {0};
    status code = channel_zeros_find(model, graph, &list, &zeros.count, error);
    if (code != STATUS_OK)
        return code;
    zeros.list = list;
    code = checkpoint_write(path, front, outgoing->weights, outgoing->count, &zeros, error);
    mem_free(list);
    return code;
}

status save_weights(struct call *call, const char *path, const struct graph *graph, bool prefix,
                    struct error *error)
{
    const struct model *model = call->session->state.model;
    const char *front = model->weights && prefix ? model->weights->prefix : "";
    struct outgoing outgoing = {0};
    status code = model->weights ? gather_checkpoint(model, graph, &outgoing, error)
                                 : gather_graph(model, graph, &outgoing, error);
    if (code == STATUS_OK && outgoing.count == 0)
        code = error_set(error, STATUS_STATE, "the network has no parameters that could be written");
    if (code == STATUS_OK)
        code = write(model, graph, path, front, &outgoing, error);
    if (code == STATUS_OK) {
        reply_add(call->reply, STYLE_NOTE, "%d tensors of %s written to %s", outgoing.count, model->name,
                  path);
        if (outgoing.extras)
            reply_add(call->reply, STYLE_NOTE,
                      "%d of them are no part of the network: as they were in its file", outgoing.extras);
        if (outgoing.left_out)
            tell_left_out(call, &outgoing);
        if (*front)
            reply_add(call->reply, STYLE_NOTE,
                      "their names begin with %s, as in its file: prefix=no leaves it out", front);
    }
    mem_free(outgoing.weights);
    return code;
}
