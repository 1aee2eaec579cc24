/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pooling against its definition, and its gradients against central differences. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>

#include <cmocka.h>

#include "support/attributes.h"
#include "support/geometry.h"
#include "support/operands.h"
#include "support/small_graph.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

enum pooling_kind { POOL_MAX, POOL_AVERAGE, POOL_AVERAGE_PADDED, POOL_KINDS };

static struct graph *pooling_graph(const struct geometry *g, enum pooling_kind kind, bool ceil_mode)
{
    struct builder builder = builder_start(NULL, 0);
    struct attribute attributes[6];
    int64_t pads[6], x[5] = {g->batch, g->channels};
    memcpy(x + 2, g->in, sizeof g->in);
    int count = geometry_attributes(g, attributes, pads);
    if (kind == POOL_AVERAGE_PADDED)
        attributes[count++] = integer_attribute("count_include_pad", 1);
    attributes[count++] = integer_attribute("ceil_mode", ceil_mode);
    const int inputs[] = {differentiable_input(&builder, g->spatial + 2, x), VALUE_NONE};
    return builder_finish(&builder, builder_node(&builder, kind == POOL_MAX ? "MaxPool" : "AveragePool",
                                                 "pool", inputs, attributes, count));
}

static double direct_pool(const struct geometry *g, enum pooling_kind kind, const struct operand *x,
                          int64_t i)
{
    int64_t out = geometry_elements(g->out), in = geometry_elements(g->in);
    double largest = -INFINITY, sum = 0, seen = 0, counted = 0;
    for (int64_t k = 0; k < geometry_elements(g->kernel); k++) {
        int64_t from, o[3], tap[3];
        geometry_unpack(g->out, i % out, o);
        geometry_unpack(g->kernel, k, tap);
        bool padded = true; /* within the padded input, not in what ceil_mode adds */
        for (int d = 0; d < 3; d++)
            padded = padded &&
                     o[d] * g->stride[d] + tap[d] * g->dilation[d] < g->in[d] + g->before[d] + g->after[d];
        counted += padded;
        if (!geometry_source(g, i % out, k, &from))
            continue;
        double value = operand_get(x, i / out * in + from);
        largest = value > largest ? value : largest;
        sum += value;
        seen++;
    }
    return kind == POOL_MAX ? largest : sum / (kind == POOL_AVERAGE ? seen : counted);
}

static void check_pooling(const struct geometry *file, enum pooling_kind kind, bool ceil_mode)
{
    struct geometry g = geometry_widened(file);
    struct graph *graph = pooling_graph(file, kind, ceil_mode);
    for (int type = ELEMENT_FLOAT; type <= ELEMENT_DOUBLE; type++) {
        struct engine *engine = small_engine(graph, file->batch, (enum element_type)type, KERNEL_AUTO);
        small_run(engine, graph);
        const struct operand *y = engine_output(engine);
        assert_int_equal(shape_elements(&y->shape), g.batch * g.channels * geometry_elements(g.out));
        for (int64_t i = 0; i < shape_elements(&y->shape); i++) {
            double expected =
                direct_pool(&g, kind, engine_value(engine, graph_find_value(graph, "shifted_output")), i);
            if (fabs(operand_get(y, i) - expected) > (type == ELEMENT_FLOAT ? 1e-6 : 1e-14))
                fail_msg("%s: output[%lld] is %.10g, expected %.10g", g.title, (long long)i,
                         operand_get(y, i), expected);
        }
        engine_free(engine);
    }
    check_differences(graph, file->batch, 1e-7);
    graph_free(graph);
}

static void pooling_is_its_definition(void **state)
{
    static const struct geometry windows[] = {
        {"2x2", 2, 2, 3, 0, 1, {6, 5}, {2, 2}, {2, 2}, {1, 1}, {0, 0}, {0, 0}, {3, 2}, NULL, false},
        {"3x3, padding", 2, 2, 2, 0, 1, {7, 8}, {3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}, {4, 4}, NULL, false},
        {"dilated", 2, 1, 2, 0, 1, {7, 8}, {2, 3}, {1, 2}, {3, 2}, {1, 2}, {0, 1}, {5, 4}, NULL, false},
        {"same upper",
         2,
         1,
         2,
         0,
         1,
         {6, 5},
         {3, 2},
         {2, 1},
         {1, 1},
         {0, 0},
         {1, 1},
         {3, 5},
         "SAME_UPPER",
         false},
        {"same lower",
         2,
         1,
         2,
         0,
         1,
         {6, 5},
         {3, 2},
         {2, 1},
         {1, 1},
         {1, 1},
         {0, 0},
         {3, 5},
         "SAME_LOWER",
         false},
        {"one dimension", 1, 2, 2, 0, 1, {9}, {3}, {2}, {1}, {1}, {1}, {5}, NULL, false},
        {"three dimensions",
         3,
         1,
         2,
         0,
         1,
         {4, 5, 4},
         {2, 3, 2},
         {1, 2, 2},
         {1, 1, 1},
         {1, 1, 0},
         {0, 1, 0},
         {4, 3, 2},
         NULL,
         false},
    };
    static const struct geometry ceiled[] = {
        {"ceil", 2, 1, 2, 0, 1, {6, 7}, {3, 2}, {2, 2}, {1, 1}, {0, 0}, {0, 0}, {3, 4}, NULL, false},
        {"ceil, padding", 2, 1, 2, 0, 1, {6, 8}, {3, 3}, {2, 3}, {1, 1}, {1, 1}, {1, 1}, {4, 3}, NULL, false},
        /* A window that would start after the data is left out: (4 + 2 - 2) / 3 up is 2 and one more. */
        {"ceil, last window left out", 1, 1, 2, 0, 1, {5}, {2}, {3}, {1}, {1}, {1}, {2}, NULL, false},
    };
    (void)state;
    for (int kind = 0; kind < POOL_KINDS; kind++) {
        for (int i = 0; i < COUNT(windows); i++)
            check_pooling(&windows[i], (enum pooling_kind)kind, false);
        for (int i = 0; i < COUNT(ceiled); i++)
            check_pooling(&ceiled[i], (enum pooling_kind)kind, true);
    }
}

static void global_pooling(void **state)
{
    static const char *const names[] = {"GlobalAveragePool", "GlobalMaxPool"};
    (void)state;
    for (int k = 0; k < 2; k++) {
        for (int rank = 3; rank <= 5; rank++) {
            struct builder builder = builder_start(NULL, 0);
            const int64_t dims[] = {2, 3, 4, 3, 2};
            const int inputs[] = {differentiable_input(&builder, rank, dims), VALUE_NONE};
            struct graph *graph =
                builder_finish(&builder, builder_node(&builder, names[k], "pool", inputs, NULL, 0));
            struct engine *engine = small_engine(graph, 2, ELEMENT_DOUBLE, KERNEL_AUTO);
            small_run(engine, graph);
            const struct operand *x = engine_value(engine, graph_find_value(graph, "shifted_output"));
            int64_t positions = shape_product(&x->shape, 2, rank);
            for (int64_t p = 0; p < 6; p++) {
                double sum = 0, largest = -INFINITY;
                for (int64_t i = 0; i < positions; i++) {
                    sum += operand_get(x, p * positions + i);
                    largest = fmax(largest, operand_get(x, p * positions + i));
                }
                double expected = k ? largest : sum / (double)positions;
                assert_true(fabs(operand_get(engine_output(engine), p) - expected) < 1e-14);
            }
            engine_free(engine);
            check_differences(graph, 2, 1e-7);
            graph_free(graph);
        }
    }
}

static void wide_padding_is_refused(void **state)
{
    (void)state;
    const struct geometry g = {"wide", 2,      1,      2,      0,      1,    {6, 5}, {2, 2},
                               {2, 2}, {1, 1}, {2, 0}, {0, 0}, {4, 2}, NULL, false};
    refused(pooling_graph(&g, POOL_MAX, false), 1, "padding");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pooling_is_its_definition),
        cmocka_unit_test(global_pooling),
        cmocka_unit_test(wide_padding_is_refused),
    };
    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
