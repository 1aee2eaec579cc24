/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libFuzzer's entry to all that happens to the bytes of a model: reading, simplifying, planning, the layers,
 * how their channels go together, and one image through the network. HACKING.md says how to run it. */
#include <stdint.h>
#include <string.h>

#include "onnx/onnx.h"
#include "nn/engine/engine.h"
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    struct graph *graph, *simple;

    if (onnx_read_bytes("fuzzed.onnx", data, size, &graph, &error) != STATUS_OK)
        return 0;
    if (graph_simplify(graph, &simple, &error) == STATUS_OK) {
        if (simple->input_count == 1 && simple->output_count == 1) {
            study(simple);
            run_network(simple);
        }
        graph_free(simple);
    }
    graph_free(graph);
    return 0;
}
