/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/commands/take_model.h"

#include <string.h>

#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "nn/engine/quality.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "session/commands/misfit.h"
#include "session/model.h"
#include "session/network_outputs.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "view/style.h"

/* Another network than before sees the images that were opened for that one. */
static void tell_images(const struct dataset *dataset, struct reply *reply)
{
    if (dataset)
        reply_add(reply, STYLE_NOTE, "the images stay: %s %s, normalised by %s", dataset->kind->name,
                  dataset->split, dataset->normalization);
}

/* What the file's batch is baked into. */
static void tell_batch(const struct graph *graph, struct reply *reply)
{
    if (graph->batch > 0)
        reply_add(reply, STYLE_NOTE, "it takes %lld %s at a time: the file's batch could not be freed (%s)",
                  (long long)graph->batch, graph->batch == 1 ? "image" : "images", graph->batch_node);
}

static void reply_model(const struct model *model, struct reply *reply)
{
    struct text text = {0};
    text_add_escaped(&text, model->name, 0);
    text_add_format(&text, ": %d layers, ", model->layers->count);
    text_add_thousands(&text, model->cost.parameters);
    text_add(&text, " parameters, ");
    text_add_shape(&text, &model->input);
    if (model->classes) {
        text_add_format(&text, " images in, %lld classes ", (long long)model->classes);
        text_add(&text, model_measure(model) == QUALITY_MEAN_IOU ? "per pixel" : "out");
    } else if (model->graph->output_count == 1) {
        text_add(&text, " images in, ");
        shape_text(&model->output, &text);
        text_add(&text, " out");
    } else {
        text_add_format(&text, " images in, %d outputs", model->graph->output_count);
    }
    reply_line(reply, "%s", reply_text(reply, &text));
    text_free(&text);
}

/* A note for each line; NULL: none. */
static void reply_lines(struct reply *reply, const char *lines, const char *before)
{
    for (const char *line = lines; line;) {
        size_t length = strcspn(line, "\n");
        reply_add(reply, STYLE_NOTE, "%s%.*s", before, (int)length, line);
        line = line[length] ? line + length + 1 : NULL;
    }
}

/* Which of the file's outputs are looked at, where it is not all, and what lacks without classes. */
static void tell_outputs(const struct model *model, struct reply *reply)
{
    const struct graph *graph = model->graph;
    struct text text = {0};
    if (model_dropped(model)) {
        text_add(&text, "the output looked at is ");
        outputs_add_names(graph, OUTPUTS_ALL, &text);
        text_add_format(&text, "; left out, when it is saved too: %s", model_dropped(model));
    } else if (graph->output_count > 1) {
        text_add(&text, "outputs: ");
        outputs_add_names(graph, OUTPUTS_ALL, &text);
    }
    if (text.length)
        reply_add(reply, STYLE_NOTE, "%s", reply_text(reply, &text));
    text_free(&text);
    if (!model->classes)
        reply_add(reply, STYLE_NOTE,
                  "the outputs are no classes: there is no accuracy, and gradients need a loss ('set loss')");
}

status take_model(struct call *call, struct model *model, struct error *error)
{
    const struct model *before = call->session->state.model;
    bool other = before && strcmp(model_original(before)->network, model->network) != 0;
    int dropped = call->session->state.board->count;
    status code = session_set_model(call->session, model, error);
    if (code != STATUS_OK)
        return code;
    reply_model(model, call->reply);
    reply_lines(call->reply, model->notes, "");
    reply_lines(call->reply, model->lacks, "the end of the file is cut off: ");
    tell_outputs(model, call->reply);
    tell_batch(model->graph, call->reply);
    if (judged_words(model))
        reply_add(call->reply, STYLE_NOTE, "%s", judged_words(model));
    if (dropped)
        reply_add(call->reply, STYLE_NOTE, "the scores of the network before were dropped");
    if (other)
        tell_images(call->session->state.dataset, call->reply);
    reply_misfit(call->session, call->reply);
    return STATUS_OK;
}
