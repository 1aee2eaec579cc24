/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Weights back into a state_dict. */
#include "session/commands/save_weights.h"

#include "base/memory.h"
#include "base/status.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/zeros.h"
#include "nn/graph/graph.h"
#include "session/commands/channel_zeros.h"
#include "session/model.h"
#include "session/parameters.h"
#include "session/reply.h"
#include "view/style.h"

struct outgoing {
    struct weight *weights; /* tensors are borrowed */
    int count, extras;
};

/* Of a checkpoint: every weight that it has, with the network's numbers where these are part of it. One that
 * the network had when it was loaded, and has no longer, is left out. */
static status gather_checkpoint(const struct model *model, const struct graph *graph,
                                struct outgoing *outgoing, struct error *error)
{
    const struct checkpoint *from = model->weights;
    outgoing->weights = mem_new((size_t)from->count + 1, sizeof *outgoing->weights);
    if (!outgoing->weights)
        return error_memory(error);
    for (int i = 0; i < from->count; i++) {
        const char *name = from->weights[i].name;
        int value = graph_find_value(graph, name);
        struct tensor *tensor = value >= 0 ? graph->values[value].constant : NULL;
        if (!tensor && graph_find_value(model_original(model)->graph, name) >= 0)
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
        if (*front)
            reply_add(call->reply, STYLE_NOTE,
                      "their names begin with %s, as in its file: prefix=no leaves it out", front);
    }
    mem_free(outgoing.weights);
    return code;
}
