/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/network_outputs.h"

#include <string.h>

#include "base/status.h"
#include "nn/engine/network_end.h"
#include "nn/graph/tensor.h"
#include "nn/simplify/simplify.h"

static const struct value *output_value(const struct graph *graph, int output)
{
    return &graph->values[graph->outputs[output]];
}

void outputs_add_names(const struct graph *graph, int without, struct text *text)
{
    bool any = false;
    for (int i = 0; i < graph->output_count; i++) {
        const struct value *value = output_value(graph, i);
        if (i == without)
            continue;
        text_add(text, any ? ", " : "");
        text_add_escaped(text, value->name, 0);
        if (value->shape.rank >= 0) {
            text_add(text, " (");
            shape_text(&value->shape, text);
            text_add(text, ")");
        }
        any = true;
    }
}

status outputs_find(const struct graph *graph, const char *name, int *output, struct error *error)
{
    for (int i = 0; i < graph->output_count; i++) {
        *output = i;
        if (strcmp(output_value(graph, i)->name, name) == 0)
            return STATUS_OK;
    }
    *output = OUTPUTS_ALL;
    if (strcmp(name, "all") == 0)
        return STATUS_OK;
    struct text there = {0};
    struct error ignored = {0};
    struct graph *simple = NULL; /* which knows the shapes, if it can be had */
    graph_simplify(graph, &simple, &ignored);
    outputs_add_names(simple ? simple : graph, OUTPUTS_ALL, &there);
    graph_free(simple);
    error_set(error, STATUS_NOT_FOUND, "the network has no output '%s': it has %s", name, text_data(&there));
    text_free(&there);
    return error->code;
}

/* Is it one row of class scores for each image? */
static bool classifies_images(const struct shape *shape)
{
    const struct network_answer answer = network_answer_of(shape);
    return answer.classes > 1 && answer.height * answer.width == 1;
}

static bool same_maps(const struct shape *a, const struct shape *b)
{
    return a->rank == 4 && b->rank == 4 && shape_product(a, 1, 4) == shape_product(b, 1, 4) &&
           a->dim[1] == b->dim[1] && a->dim[2] == b->dim[2] && a->dim[1] > 1;
}

int outputs_clear(const struct graph *graph)
{
    int first = OUTPUTS_ALL;
    bool lists = false, maps = true;
    for (int i = 0; i < graph->output_count; i++) {
        const struct value *value = output_value(graph, i);
        if (value->type == ELEMENT_INT64)
            continue;
        lists |= value->shape.rank == 3;
        maps &= same_maps(&output_value(graph, 0)->shape, &value->shape);
        if (first == OUTPUTS_ALL && classifies_images(&value->shape))
            first = i;
    }
    if (first != OUTPUTS_ALL && !lists)
        return first;
    return maps ? 0 : OUTPUTS_ALL;
}

status outputs_simplify(const struct graph *graph, int output, struct graph **simple, struct error *error)
{
    struct graph view = *graph;
    if (output != OUTPUTS_ALL) {
        view.outputs = &graph->outputs[output];
        view.output_count = 1;
    }
    return graph_simplify(&view, simple, error);
}
