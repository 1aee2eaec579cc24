/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gemm, MatMul and BatchNorm against their definitions, and their gradients against central differences. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>

#include <cmocka.h>

#include "support/attributes.h"
#include "support/operands.h"
#include "support/small_graph.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

static void check_gemm(bool ta, bool tb, int c_rank, const int64_t *c_dims)
{
    enum { M = 3, K = 4, N = 5 };
    struct builder builder = builder_start(NULL, 0);
    const int64_t a[] = {ta ? K : M, ta ? M : K}, b[] = {tb ? N : K, tb ? K : N};
    const struct attribute attributes[] = {integer_attribute("transA", ta), integer_attribute("transB", tb),
                                           real_attribute("alpha", 0.75), real_attribute("beta", 1.5)};
    int inputs[4] = {differentiable_input(&builder, 2, a), builder_parameter(&builder, "B", 2, b, -1, 1),
                     VALUE_NONE, VALUE_NONE};
    if (c_rank >= 0)
        inputs[2] = builder_parameter(&builder, "C", c_rank, c_dims, -1, 1);
    struct graph *graph =
        builder_finish(&builder, builder_node(&builder, "Gemm", "gemm", inputs, attributes, 4));
    for (int way = 0; way < 4; way++) {
        struct engine *engine = small_engine(graph, a[0], way >= 2 ? ELEMENT_DOUBLE : ELEMENT_FLOAT,
                                             way % 2 ? KERNEL_REFERENCE : KERNEL_AUTO);
        small_run(engine, graph);
        const struct operand *x = engine_value(engine, graph_find_value(graph, "shifted_output"));
        const struct operand *w = engine_value(engine, inputs[1]);
        const struct operand *bias = c_rank >= 0 ? engine_value(engine, inputs[2]) : NULL;
        int64_t rows = c_rank > 1 ? c_dims[0] : 1, columns = c_rank > 0 ? c_dims[c_rank - 1] : 1;
        for (int64_t i = 0; i < M * N; i++) {
            int64_t m = i / N, n = i % N;
            double sum =
                bias ? 1.5 * operand_get(bias, (rows == 1 ? 0 : m) * columns + (columns == 1 ? 0 : n)) : 0;
            for (int64_t k = 0; k < K; k++)
                sum += 0.75 * operand_get(x, ta ? k * M + m : m * K + k) *
                       operand_get(w, tb ? n * K + k : k * N + n);
            assert_true(fabs(operand_get(engine_output(engine), i) - sum) < (way >= 2 ? 1e-14 : 1e-6));
        }
        engine_free(engine);
    }
    check_differences(graph, a[0], 1e-7);
    graph_free(graph);
}

static void gemm_in_all_forms(void **state)
{
    static const struct {
        int rank;
        int64_t dims[2];
    } forms[] = {{-1, {0}}, {0, {0}}, {1, {1}}, {1, {5}}, {2, {1, 5}}, {2, {3, 1}}, {2, {3, 5}}, {2, {1, 1}}};
    (void)state;
    for (int t = 0; t < 4; t++)
        for (int i = 0; i < COUNT(forms); i++)
            check_gemm(t & 1, t & 2, forms[i].rank, forms[i].dims);
}

struct matmul_case {
    int a_rank, b_rank, y_rank;
    int64_t a[5], b[5], y[5];
};

static void check_matmul(const struct matmul_case *test)
{
    struct builder builder = builder_start(NULL, 0);
    const int inputs[] = {differentiable_input(&builder, test->a_rank, test->a),
                          builder_parameter(&builder, "B", test->b_rank, test->b, -1, 1), VALUE_NONE};
    struct graph *graph =
        builder_finish(&builder, builder_node(&builder, "MatMul", "product", inputs, NULL, 0));
    struct shape expected = shape_of(test->y_rank, test->y);
    for (int way = 0; way < 2; way++) {
        struct engine *engine =
            small_engine(graph, test->a[0], way ? ELEMENT_DOUBLE : ELEMENT_FLOAT, KERNEL_AUTO);
        small_run(engine, graph);
        const struct operand *x = engine_value(engine, graph_find_value(graph, "shifted_output"));
        const struct operand *w = engine_value(engine, inputs[1]), *y = engine_output(engine);
        assert_true(shape_equal(&y->shape, &expected));
        /* Right-aligned, a vector being a matrix of one row or column: dimension d counts from the end. */
        int64_t m = test->a_rank > 1 ? test->a[test->a_rank - 2] : 1, k = test->a[test->a_rank - 1];
        int64_t n = test->b_rank > 1 ? test->b[test->b_rank - 1] : 1,
                lead = shape_elements(&y->shape) / (m * n);
        int lead_rank = test->y_rank - (test->a_rank > 1) - (test->b_rank > 1);
        for (int64_t i = 0; i < lead * m * n; i++) {
            int64_t rest = i / (m * n), a = 0, b = 0, a_step = 1, b_step = 1;
            for (int d = 1; d <= lead_rank; d++) {
                int64_t size = test->y[lead_rank - d], index = rest % size;
                int64_t a_size = test->a_rank - 2 >= d ? test->a[test->a_rank - 2 - d] : 1;
                int64_t b_size = test->b_rank - 2 >= d ? test->b[test->b_rank - 2 - d] : 1;
                a += (a_size > 1 ? index : 0) * a_step;
                b += (b_size > 1 ? index : 0) * b_step;
                a_step *= a_size;
                b_step *= b_size;
                rest /= size;
            }
            double sum = 0;
            for (int64_t p = 0; p < k; p++)
                sum += operand_get(x, (a * m + i / n % m) * k + p) * operand_get(w, (b * k + p) * n + i % n);
            assert_true(fabs(operand_get(y, i) - sum) < (way ? 1e-13 : 1e-5));
        }
        engine_free(engine);
    }
    check_differences(graph, test->a[0], 1e-7);
    graph_free(graph);
}

static void matmul_broadcasts(void **state)
{
    static const struct matmul_case cases[] = {
        {2, 2, 2, {2, 3}, {3, 4}, {2, 4}},
        {3, 2, 3, {2, 3, 4}, {4, 5}, {2, 3, 5}},
        {3, 3, 3, {2, 3, 4}, {2, 4, 2}, {2, 3, 2}},
        {4, 3, 4, {2, 1, 3, 4}, {5, 4, 2}, {2, 5, 3, 2}},
        {2, 3, 3, {3, 4}, {2, 4, 2}, {2, 3, 2}},
        {2, 1, 1, {3, 4}, {4}, {3}},
        {1, 2, 1, {4}, {4, 3}, {3}},
        {3, 1, 2, {2, 3, 4}, {4}, {2, 3}},
    };
    (void)state;
    for (int i = 0; i < COUNT(cases); i++)
        check_matmul(&cases[i]);
}

/* --- BatchNorm ------------------------------------------------------------------------------------------ */

static struct graph *normalization_graph(int rank, int opset, const struct attribute *extra)
{
    static const char *const names[] = {"scale", "shift", "mean", "var"};
    const int64_t dims[] = {2, 3, 4, 3, 2};
    struct builder builder = builder_start(NULL, 0);
    builder.graph->opset = opset;
    int inputs[6] = {differentiable_input(&builder, rank, dims), 0, 0, 0, 0, VALUE_NONE};
    for (int i = 0; i < 4; i++)
        inputs[i + 1] = builder_parameter(&builder, names[i], 1, dims + 1, i == 3 ? 0.3 : -1, 1.5);
    const struct attribute attributes[] = {real_attribute("epsilon", 0.01),
                                           extra ? *extra : real_attribute("momentum", 0.9)};
    return builder_finish(&builder,
                          builder_node(&builder, "BatchNormalization", "norm", inputs, attributes, 2));
}

static void normalization_is_its_definition(void **state)
{
    (void)state;
    for (int rank = 2; rank <= 5; rank++) {
        struct graph *graph = normalization_graph(rank,
                                                  rank == 2   ? 7
                                                  : rank == 3 ? 9
                                                  : rank == 4 ? 14
                                                              : 15,
                                                  NULL);
        for (int type = ELEMENT_FLOAT; type <= ELEMENT_DOUBLE; type++) {
            struct engine *engine = small_engine(graph, 2, (enum element_type)type, KERNEL_AUTO);
            small_run(engine, graph);
            const struct operand *x = engine_value(engine, graph_find_value(graph, "shifted_output"));
            const struct operand *parameter[4];
            static const char *const names[] = {"scale", "shift", "mean", "var"};
            for (int i = 0; i < 4; i++)
                parameter[i] = engine_value(engine, graph_find_value(graph, names[i]));
            int64_t positions = shape_product(&x->shape, 2, rank);
            for (int64_t i = 0; i < shape_elements(&x->shape); i++) {
                int64_t c = i / positions % 3;
                double expected = operand_get(parameter[0], c) *
                                      (operand_get(x, i) - operand_get(parameter[2], c)) /
                                      sqrt(operand_get(parameter[3], c) + 0.01) +
                                  operand_get(parameter[1], c);
                assert_true(fabs(operand_get(engine_output(engine), i) - expected) <
                            (type == ELEMENT_FLOAT ? 2e-6 : 1e-14));
            }
            engine_free(engine);
        }
        check_differences(graph, 2, 1e-7);
        graph_free(graph);
    }
}

static void training_mode_is_refused(void **state)
{
    (void)state;
    const struct attribute training = integer_attribute("training_mode", 1),
                           spatial = integer_attribute("spatial", 0);
    refused(normalization_graph(4, 15, &training), 2, "training_mode=1");
    refused(normalization_graph(4, 15, &training), 2, "norm");
    refused(normalization_graph(4, 7, &spatial), 2, "spatial=0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gemm_in_all_forms),
        cmocka_unit_test(matmul_broadcasts),
        cmocka_unit_test(normalization_is_its_definition),
        cmocka_unit_test(training_mode_is_refused),
    };
    return cmocka_run_group_tests_name("linear", tests, NULL, NULL);
}
