/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Graphs of one node, run once and checked. */
#include "support/small_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "support/operands.h"

enum { MOST_PARAMETERS = 8 };

struct engine *small_engine(const struct graph *graph, int64_t batch, enum element_type real,
                            enum kernel_choice choice)
{
    int weights[MOST_PARAMETERS], count = 0;
    for (int v = 0; v < graph->value_count; v++)
        if (graph->values[v].constant && graph->values[v].constant->type == ELEMENT_DOUBLE)
            weights[count++] = v;
    const struct engine_options options = {.batch = batch,
                                           .real = real,
                                           .kernel = choice,
                                           .backward = true,
                                           .weights = weights,
                                           .weight_count = count};
    struct error error = {0};
    struct engine *engine = NULL;
    status code = engine_new(graph, &options, &engine, &error);
    if (code != STATUS_OK)
        print_error("%s\n", error.message);
    assert_int_equal(code, STATUS_OK);
    return engine;
}

/* Random numbers that floats hold exactly, so that float and double networks see the same. */
static void operand_fill(const struct operand *operand, uint64_t stream)
{
    struct random_state random;
    random_seed(&random, 5, stream);
    for (int64_t i = 0; i < shape_elements(&operand->shape); i++)
        operand_set(operand, i, (double)(float)random_between(&random, -1, 1));
}

static void small_forward(struct engine *engine)
{
    struct error error = {0};
    assert_int_equal(engine_forward(engine, &error), STATUS_OK);
}

/* Input and output gradient random, then forward and backward. */
void small_run(struct engine *engine, const struct graph *graph)
{
    struct error error = {0};
    operand_fill(engine_value(engine, graph->inputs[0]), 1);
    small_forward(engine);
    struct operand gradient = *engine_output(engine);
    gradient.data = engine_output_gradient(engine);
    operand_fill(&gradient, 2);
    assert_int_equal(engine_backward(engine, &error), STATUS_OK);
}

/* What small_run() differentiates: the output times its random gradient. */
static double small_objective(struct engine *engine)
{
    struct operand output = *engine_output(engine), gradient = output;
    gradient.data = engine_output_gradient(engine);
    double sum = 0;
    small_forward(engine);
    for (int64_t i = 0; i < shape_elements(&output.shape); i++)
        sum += operand_get(&output, i) * operand_get(&gradient, i);
    return sum;
}

/* Every element of every double parameter, in double: in that precision the engine shares the graph's
 * constants. */
void check_differences(const struct graph *graph, int64_t batch, double tolerance)
{
    const double step = 1e-5;
    struct engine *engine = small_engine(graph, batch, ELEMENT_DOUBLE, KERNEL_AUTO);
    small_run(engine, graph);
    for (int v = 0, w = 0; v < graph->value_count; v++) {
        struct tensor *tensor = graph->values[v].constant;
        if (!tensor || tensor->type != ELEMENT_DOUBLE)
            continue;
        const struct operand *gradient = engine_weight_gradient(engine, w++);
        for (int64_t i = 0; i < shape_elements(&tensor->shape); i++) {
            double *element = (double *)tensor->data + i, before = *element;
            *element = before + step;
            double above = small_objective(engine);
            *element = before - step;
            double below = small_objective(engine);
            *element = before;
            double expected = (above - below) / (2 * step);
            if (fabs(operand_get(gradient, i) - expected) > tolerance * (1 + fabs(expected)))
                fail_msg("gradient of %s[%lld]: %.12g, by differences %.12g", graph->values[v].name,
                         (long long)i, operand_get(gradient, i), expected);
        }
    }
    engine_free(engine);
}

/* An input that a parameter of the same shape is added to: the parameter's gradient is the data gradient. */
int differentiable_input(struct builder *builder, int rank, const int64_t *dims)
{
    int image = builder_input(builder, "image", rank - 1, dims + 1);
    const int sum[] = {image, builder_parameter(builder, "offset", rank, dims, -0.5, 0.5), VALUE_NONE};
    return builder_node(builder, "Add", "shifted", sum, NULL, 0);
}

void refused(struct graph *graph, int64_t batch, const char *words)
{
    const struct engine_options options = {.batch = batch, .real = ELEMENT_FLOAT};
    struct error error = {0};
    struct engine *engine = NULL;
    assert_int_not_equal(engine_new(graph, &options, &engine, &error), STATUS_OK);
    if (!strstr(error.message, words))
        fail_msg("\"%s\" does not say \"%s\"", error.message, words);
    assert_null(engine);
    graph_free(graph);
}
