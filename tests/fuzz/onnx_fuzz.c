/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libFuzzer's entry to all that happens to the bytes of a model: reading, simplifying, planning, the layers,
 * how their channels go together, and one image through the network. HACKING.md says how to run it. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "onnx/onnx.h"
#include "nn/engine/engine.h"
#include "nn/simplify/adapt.h"
#include "nn/simplify/simplify.h"
#include "prune/coupling.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Networks that claim large images or activations would only make the search slow. */
enum { MOST_ENGINE_BYTES = 16 << 20 };

static void run_network(const struct graph *graph)
{
    struct engine_options options = {.batch = 1, .real = ELEMENT_FLOAT, .kernel = KERNEL_REFERENCE};
    struct error error = {0};
    struct engine *engine;
    size_t worker = 0, shared = 0;

    if (engine_size(graph, &options, &worker, &shared, &error) != STATUS_OK || worker > MOST_ENGINE_BYTES ||
        engine_new(graph, &options, &engine, &error) != STATUS_OK)
        return;
    (void)engine_forward(engine, &error);
    engine_free(engine);
}

static void study(const struct graph *graph)
{
    struct error error = {0};
    struct layers *layers;
    struct coupling *coupling;

    if (layers_find(graph, &layers, &error) != STATUS_OK)
        return;
    if (coupling_build(graph, layers, &coupling, &error) == STATUS_OK)
        coupling_free(coupling);
    layers_free(layers);
}

/* What loading changes in a graph; *graph is freed and exchanged where its end is cut off. */
static bool adapt(struct graph **graph, bool partial)
{
    const struct image_size size = {8, 8};
    struct error error = {0};
    struct quantised quantised;
    struct cut_end end;
    struct graph *rest = NULL;
    struct image_findings found;
    int count;

    if (adapt_training(*graph, &count, &error) != STATUS_OK ||
        adapt_quantised(*graph, &quantised, &error) != STATUS_OK ||
        adapt_images(*graph, &size, &found, &error) != STATUS_OK)
        return false;
    if (partial && adapt_end(*graph, &rest, &end, &error) != STATUS_OK)
        return false;
    if (rest) {
        graph_free(*graph);
        *graph = rest;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    struct onnx_reading reading = {.partial = size % 2 == 0};
    struct graph *graph, *simple;

    /* No file lies beneath a folder that is none. */
    if (onnx_read_model("/dev/null/fuzzed.onnx", data, size, &reading, &graph, &error) != STATUS_OK)
        return 0;
    if (adapt(&graph, reading.partial) && graph_simplify(graph, &simple, &error) == STATUS_OK) {
        if (simple->input_count == 1 && simple->output_count == 1) {
            study(simple);
            run_network(simple);
        }
        graph_free(simple);
    }
    graph_free(graph);
    return 0;
}
