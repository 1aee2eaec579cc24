/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What transformers and ConvNeXt are made of, in the fused engine: which steps it makes of the operators, and
 * that outputs and gradients are those of plain loops in double, with every instruction set. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nn/blocked/blocked.h"
#include "nn/execution/times.h"
#include "support/network.h"
#include "support/operands.h"
#include "support/small_graph.h"

enum { BATCH = 3 };

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))
#define DIMS(...)                                                                                            \
    COUNT(((int64_t[]){__VA_ARGS__})), (int64_t[])                                                           \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }
#define NODE(op, name, ...) builder_node(b, op, name, (int[]){__VA_ARGS__, VALUE_NONE}, NULL, 0)

/* --- pieces --------------------------------------------------------------------------------------------- */

static int turned(struct builder *b, const char *name, int value, int rank, const int64_t *perm)
{
    const struct attribute attribute = {
        .name = "perm", .kind = ATTRIBUTE_INTEGERS, .integers = (int64_t *)perm, .count = (size_t)rank};
    return builder_node(b, "Transpose", name, (int[]){value, VALUE_NONE}, &attribute, 1);
}

static int number(struct builder *b, const char *name, double value)
{
    return builder_parameter(b, name, 0, NULL, value, value);
}

/* x normalised over its last axis, as exporters write it out. */
static int written_norm(struct builder *b, int x, int64_t channels)
{
    static const int64_t last[] = {-1};
    const struct attribute axes = {
        .name = "axes", .kind = ATTRIBUTE_INTEGERS, .integers = (int64_t *)last, .count = 1};
    const int mean = builder_node(b, "ReduceMean", "mean", (int[]){x, VALUE_NONE}, &axes, 1);
    const int d = NODE("Sub", "sub", x, mean);
    const int square = NODE("Pow", "square", d, number(b, "two", 2));
    const int var = builder_node(b, "ReduceMean", "var", (int[]){square, VALUE_NONE}, &axes, 1);
    const int root = NODE("Sqrt", "root", NODE("Add", "more", var, number(b, "epsilon", 1e-3)));
    const int z = NODE("Div", "z", d, root);
    const int scaled = NODE("Mul", "scaled", z, builder_parameter(b, "scale", DIMS(channels), 0.5, 1.5));
    return NODE("Add", "norm_shifted", scaled, builder_parameter(b, "shift", DIMS(channels), -1, 1));
}

static int written_gelu(struct builder *b, int x)
{
    const int erf = NODE("Erf", "erf", NODE("Div", "part", x, number(b, "root_two", sqrt(2))));
    const int one = NODE("Add", "plus_one", erf, number(b, "one", 1));
    return NODE("Mul", "halved", NODE("Mul", "times", x, one), number(b, "half", 0.5));
}

static int linear(struct builder *b, const char *const names[4], int x, int64_t from, int64_t to)
{
    const int y = NODE("MatMul", names[0], x, builder_parameter(b, names[1], DIMS(from, to), -0.3, 0.3));
    return NODE("Add", names[2], builder_parameter(b, names[3], DIMS(to), -0.5, 0.5), y);
}

/* --- networks ------------------------------------------------------------------------------------------- */

/* A block of ConvNeXt: rows of channels between two transpositions, a scale per channel, the residual. */
static struct graph *convnext_block(void)
{
    static const int64_t to_rows[] = {0, 2, 3, 1}, from_rows[] = {0, 3, 1, 2};
    static const char *const up[] = {"up", "up_weight", "up_sum", "up_bias"}, *const down[] = {
                                                                                  "down", "down_weight",
                                                                                  "down_sum", "down_bias"};
    struct builder start = builder_start(NULL, 0), *b = &start;
    const int x = differentiable_input(b, DIMS(BATCH, 18, 3, 5));
    const int stem =
        NODE("Conv", "stem", x, builder_parameter(b, "stem_weight", DIMS(18, 18, 1, 1), -0.3, 0.3));
    const int rows = turned(b, "to_rows", stem, 4, to_rows);
    const int hidden = written_gelu(b, linear(b, up, written_norm(b, rows, 18), 18, 35));
    const int back = turned(b, "from_rows", linear(b, down, hidden, 35, 18), 4, from_rows);
    const int scaled =
        NODE("Mul", "scale_rows", builder_parameter(b, "layer_scale", DIMS(18, 1, 1), 0.5, 1), back);
    return builder_finish(b, NODE("Add", "residual", scaled, stem));
}

static int sliced(struct builder *b, const char *const names[4], int x, int64_t from, int64_t to)
{
    return NODE("Slice", names[0], x, builder_integers(b, names[1], 1, &from),
                builder_integers(b, names[2], 1, &to), builder_integers(b, names[3], 1, (int64_t[]){2}));
}

/* Attention of 3 heads of 8 numbers over 5 tokens, queries, keys and values from one projection. With
 * `tokens_first` the projection is on tokens x images x channels, as PyTorch's own module exports it. */
static struct graph *attention(bool tokens_first)
{
    static const char *const qkv[] = {"qkv", "qkv_weight", "qkv_sum", "qkv_bias"}, *const out[] = {
                                                                                       "out", "out_weight",
                                                                                       "out_sum", "out_bias"};
    static const char *const names[3][4] = {{"query", "q_from", "q_to", "q_axis"},
                                            {"key", "k_from", "k_to", "k_axis"},
                                            {"value", "v_from", "v_to", "v_axis"}};
    static const char *const heads[3] = {"query_heads", "key_heads", "value_heads"},
                             *const shapes[3] = {"q_shape", "k_shape", "v_shape"},
                             *const ways[3] = {"query_turned", "key_turned", "value_turned"};
    static const int64_t swap[] = {1, 0, 2}, rows[] = {0, 2, 1, 3}, columns[] = {0, 2, 3, 1},
                         first_rows[] = {1, 2, 0, 3}, first_columns[] = {1, 2, 3, 0},
                         first_back[] = {2, 0, 1, 3};
    struct builder start = builder_start(NULL, 0), *b = &start;
    b->graph->opset = 17;
    const int x = differentiable_input(b, DIMS(BATCH, 5, 24));
    const int norm = NODE("LayerNormalization", "norm", x, builder_parameter(b, "scale", DIMS(24), 0.5, 1.5),
                          builder_parameter(b, "shift", DIMS(24), -1, 1));
    const int all = linear(b, qkv, tokens_first ? turned(b, "swapped", norm, 3, swap) : norm, 24, 72);
    int part[3];
    for (int i = 0; i < 3; i++) {
        const int64_t shape[] = {tokens_first ? 5 : 0, tokens_first ? -1 : 5, 3, 8};
        const int head = NODE("Reshape", heads[i], sliced(b, names[i], all, 24 * i, 24 * i + 24),
                              builder_integers(b, shapes[i], 4, shape));
        part[i] = turned(b, ways[i], head, 4,
                         tokens_first ? i == 1 ? first_columns : first_rows
                         : i == 1     ? columns
                                      : rows);
    }
    const int scores =
        NODE("MatMul", "scores", NODE("Div", "scaled", part[0], number(b, "root", sqrt(8))), part[1]);
    const struct attribute axis = {.name = "axis", .kind = ATTRIBUTE_INTEGER, .integer = -1};
    const int weights = builder_node(b, "Softmax", "softmax", (int[]){scores, VALUE_NONE}, &axis, 1);
    const int mixed = NODE("MatMul", "mixed", weights, part[2]);
    const int64_t joined[] = {tokens_first ? 5 : 0, tokens_first ? -1 : 5, 24};
    const int merged =
        NODE("Reshape", "joined", turned(b, "back", mixed, 4, tokens_first ? first_back : rows),
             builder_integers(b, "joined_shape", 3, joined));
    const int y = linear(b, out, merged, 24, 24);
    return builder_finish(
        b, NODE("Add", "residual", tokens_first ? turned(b, "swapped_back", y, 3, swap) : y, x));
}

/* --- comparing ------------------------------------------------------------------------------------------ */

static struct engine *make(const struct graph *graph, enum element_type real, enum kernel_choice choice,
                           struct step_times *times, int *count)
{
    static const char *const learnt[] = {"offset",     "stem_weight", "up_weight",  "up_bias", "down_weight",
                                         "qkv_weight", "qkv_bias",    "out_weight", "out_bias"};
    int weights[COUNT(learnt)];
    struct error error = {0};
    struct engine *engine = NULL;
    *count = 0;
    for (int i = 0; i < COUNT(learnt); i++) {
        const int v = graph_find_value(graph, learnt[i]);
        if (v >= 0)
            weights[(*count)++] = v;
    }
    const struct engine_options options = {.batch = BATCH,
                                           .real = real,
                                           .kernel = choice,
                                           .backward = true,
                                           .reuse = true,
                                           .weights = weights,
                                           .weight_count = *count,
                                           .times = times};
    if (engine_new(graph, &options, &engine, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    small_run(engine, graph);
    return engine;
}

static void expect_close(const struct operand *ours, const struct operand *exact)
{
    double largest = 0;
    const int64_t count = shape_elements(&exact->shape);
    for (int64_t i = 0; i < count; i++)
        largest = fmax(largest, fabs(operand_get(exact, i)));
    assert_true(largest > 0);
    for (int64_t i = 0; i < count; i++)
        if (!(fabs(operand_get(ours, i) - operand_get(exact, i)) <= 1e-5 * largest))
            fail_msg("number %d: %.9g, not %.9g", (int)i, operand_get(ours, i), operand_get(exact, i));
}

static int steps_named(const struct step_times *times, const char *name)
{
    int found = 0;
    for (int i = 0; i < step_times_count(times); i++)
        found += strcmp(step_times_at(times, i)->of[FORWARD_PASS].kernel, name) == 0;
    return found;
}

struct wanted {
    const char *kernel;
    int count;
};

static void check_network(struct graph *graph, const struct wanted *wanted, int wanted_count)
{
    const struct blocked_kernels *kernels, *own = blocked_kernels();
    int count;
    struct engine *exact = make(graph, ELEMENT_DOUBLE, KERNEL_REFERENCE, NULL, &count);
    for (int isa = 0; (kernels = blocked_kernels_at(isa)); isa++) {
        struct step_times *times = step_times_new();
        blocked_kernels_choose(kernels);
        struct engine *ours = make(graph, ELEMENT_FLOAT, KERNEL_AUTO, times, &count);
        expect_close(engine_output(ours), engine_output(exact));
        for (int w = 0; w < count; w++)
            expect_close(engine_weight_gradient(ours, w), engine_weight_gradient(exact, w));
        engine_free(ours);
        for (int i = 0; i < wanted_count; i++)
            if (steps_named(times, wanted[i].kernel) != wanted[i].count)
                fail_msg("%d steps of %s, not %d", steps_named(times, wanted[i].kernel), wanted[i].kernel,
                         wanted[i].count);
        step_times_free(times);
    }
    blocked_kernels_choose(own);
    engine_free(exact);
    graph_free(graph);
}

static void convnext_is_steps_on_rows(void **state)
{
    static const struct wanted wanted[] = {{"to rows", 1},   {"layer norm", 1}, {"linear", 2}, {"gelu", 1},
                                           {"from rows", 1}, {"tail", 1},       {"Mul", 0},    {"Erf", 0}};
    (void)state;
    check_network(convnext_block(), wanted, COUNT(wanted));
}

static void attention_copies_nothing(void **state)
{
    static const struct wanted wanted[] = {{"layer norm", 1}, {"linear", 2}, {"product", 2},
                                           {"softmax", 1},    {"Slice", 0},  {"Transpose", 0},
                                           {"Div", 0},        {"Reshape", 0}};
    (void)state;
    check_network(attention(false), wanted, COUNT(wanted));
}

/* Only the two transpositions around it are left. */
static void attention_of_tokens_first_copies_nothing(void **state)
{
    static const struct wanted wanted[] = {{"layer norm", 1}, {"linear", 2}, {"product", 2},
                                           {"softmax", 1},    {"Slice", 0},  {"Transpose", 2},
                                           {"Div", 0},        {"Reshape", 0}};
    (void)state;
    check_network(attention(true), wanted, COUNT(wanted));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convnext_is_steps_on_rows),
        cmocka_unit_test(attention_copies_nothing),
        cmocka_unit_test(attention_of_tokens_first_copies_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
