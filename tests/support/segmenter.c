/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A network that classifies pixels, node by node. */
#include "support/segmenter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/status.h"
#include "nn/graph/tensor.h"
#include "support/attributes.h"
#include "support/random_network.h"

static int halve(struct maker *m, int x)
{
    const int64_t two[] = {2, 2};
    struct attribute attributes[] = {integers_attribute("kernel_shape", 2, two),
                                     integers_attribute("strides", 2, two)};
    return maker_node(m, "AveragePool", 1, &x, 2, attributes);
}

static int enlarge(struct maker *m, int x)
{
    const struct shape shape = {.rank = 1, .dim = {4}};
    struct tensor *tensor = tensor_new(ELEMENT_FLOAT, &shape);
    assert_non_null(tensor);
    for (int i = 0; i < 4; i++)
        ((float *)tensor->data)[i] = i < 2 ? 1 : 2;
    const int scales = graph_add_constant(m->graph, "scales", tensor);
    tensor_free(tensor);
    assert_true(scales >= 0);
    struct attribute attributes[] = {string_attribute("mode", "linear"),
                                     string_attribute("coordinate_transformation_mode", "half_pixel")};
    return maker_node(m, "Resize", 3, (int[]){x, VALUE_NONE, scales}, 2, attributes);
}

static int layer(struct maker *m, int x, int64_t in, int64_t out)
{
    return maker_one(m, "Relu", maker_norm(m, maker_conv(m, x, in, out, 3, 1, false), out));
}

struct graph *segmenter(int64_t classes, int64_t height, int64_t width, enum segmenter_end end, uint64_t seed)
{
    enum { CHANNELS = 12 };
    struct maker m = {.graph = graph_new(), .size = height};
    struct error error = {0};
    const struct shape input = {.rank = 4, .dim = {DIMENSION_UNKNOWN, 3, height, width}};
    assert_non_null(m.graph);
    random_seed(&m.random, seed, 5);
    m.graph->opset = 13;
    m.graph->ir_version = 7;
    int x = graph_add_value(m.graph, "image", ELEMENT_DOUBLE, &input);
    assert_int_equal(graph_add_input(m.graph, x), 0);
    x = layer(&m, halve(&m, x), 3, CHANNELS);
    x = maker_two(&m, "Add", x, layer(&m, x, CHANNELS, CHANNELS));
    x = maker_conv(&m, layer(&m, x, CHANNELS, CHANNELS + 4), CHANNELS + 4, classes, 1, 1, true);
    if (end != SEGMENTER_HALF_SIZE)
        x = enlarge(&m, x);
    if (end == SEGMENTER_SOFTMAX) {
        struct attribute axis = integer_attribute("axis", 1);
        x = maker_node(&m, "Softmax", 1, &x, 1, &axis);
    }
    graph_add_output(m.graph, x);
    if (graph_finish(m.graph, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    return m.graph;
}
