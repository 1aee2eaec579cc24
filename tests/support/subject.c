/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A network to prune. */
#include "support/subject.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "nn/engine/engine.h"

static void check(status code, const struct error *error)
{
    if (code != STATUS_OK)
        fail_msg("%s", error->message);
}

struct subject subject_of(struct graph *graph)
{
    struct error error = {0};
    struct subject subject = {.graph = graph};
    check(layers_find(graph, &subject.layers, &error), &error);
    check(coupling_build(graph, subject.layers, &subject.coupling, &error), &error);
    subject.removed = mem_new((size_t)subject.coupling->class_count + 1, sizeof *subject.removed);
    assert_non_null(subject.removed);
    return subject;
}

void subject_free(struct subject *subject)
{
    mem_free(subject->removed);
    coupling_free(subject->coupling);
    layers_free(subject->layers);
    graph_free(subject->graph);
}

void subject_remove(struct subject *subject, const char *layer, int64_t channel)
{
    int index = layers_index(subject->layers, layer);
    assert_true(index >= 0);
    subject->removed[subject->coupling->layer_classes[index][channel]] = true;
}

void outputs_of(const struct graph *graph, float *out, int64_t count)
{
    struct error error = {0};
    struct engine *engine;
    struct engine_options options = {.batch = 2, .real = ELEMENT_FLOAT};
    check(engine_new(graph, &options, &engine, &error), &error);
    float *input = engine_input(engine);
    for (int64_t i = 0; i < 2 * engine_input_elements(engine); i++)
        input[i] = (float)(i % 7) - 3;
    check(engine_forward(engine, &error), &error);
    assert_int_equal(shape_elements(&engine_output(engine)->shape), count);
    memcpy(out, engine_output(engine)->data, (size_t)count * sizeof *out);
    engine_free(engine);
}
