/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Coupling and surgery. Random small networks with every structure the rules know: whatever is selected, the
 * masked and the smaller network agree, and so does the smaller network of the smaller network. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/random.h"
#include "nn/engine.h"
#include "nn/operator.h"
#include "nn/simplify.h"
#include "prune/cost.h"
#include "prune/coupling.h"
#include "prune/selection.h"
#include "prune/surgery.h"

/* ---- a builder of random networks ---------------------------------------------------------------------- */

struct maker {
    struct graph *graph;
    struct random_state random;
    int serial;
    int64_t size; /* height and width now */
};

static int64_t pick(struct maker *m, int64_t low, int64_t high)
{
    return low + (int64_t)random_below(&m->random, (uint64_t)(high - low + 1));
}

static int constant(struct maker *m, const char *name, int rank, const int64_t *dims, double low, double high)
{
    struct shape shape = shape_of(rank, dims);
    struct tensor *tensor = tensor_new(ELEMENT_DOUBLE, &shape);
    assert_non_null(tensor);
    for (int64_t i = 0; i < shape_elements(&shape); i++)
        ((double *)tensor->data)[i] = random_between(&m->random, low, high);
    int value = graph_add_constant(m->graph, name, tensor);
    tensor_release(tensor);
    assert_true(value >= 0);
    return value;
}

static int integers(struct maker *m, int64_t count, const int64_t *values)
{
    char name[32];
    snprintf(name, sizeof name, "i%d", m->serial++);
    struct shape shape = {.rank = 1, .dim = {count}};
    struct tensor *tensor = tensor_new(ELEMENT_INT64, &shape);
    assert_non_null(tensor);
    memcpy(tensor->data, values, (size_t)count * sizeof *values);
    int value = graph_add_constant(m->graph, name, tensor);
    tensor_release(tensor);
    return value;
}

static int node(struct maker *m, const char *op, int input_count, const int *inputs, int attribute_count,
                const struct attribute *attributes)
{
    char name[32];
    struct shape unknown = {.rank = -1};
    snprintf(name, sizeof name, "n%d", m->serial++);
    int output = graph_add_value(m->graph, name, ELEMENT_DOUBLE, &unknown);
    assert_true(output >= 0 && operator_find(op) != NULL);
    assert_true(graph_add_node(m->graph, name, operator_find(op), inputs, input_count, &output, 1, attributes,
                               attribute_count) >= 0);
    return output;
}

static int conv(struct maker *m, int x, int64_t in, int64_t out, int64_t size, int64_t groups, bool bias)
{
    char name[64];
    int id = m->serial++;
    snprintf(name, sizeof name, "conv%d.weight", id);
    int inputs[3] = {x, constant(m, name, 4, (int64_t[]){out, in / groups, size, size}, -1, 1), VALUE_NONE};
    snprintf(name, sizeof name, "conv%d.bias", id);
    if (bias)
        inputs[2] = constant(m, name, 1, &out, -1, 1);
    int64_t pads[4] = {size / 2, size / 2, size / 2, size / 2};
    struct attribute attributes[] = {
        {.name = "pads", .kind = ATTRIBUTE_INTEGERS, .integers = pads, .count = 4},
        {.name = "group", .kind = ATTRIBUTE_INTEGER, .integer = groups},
    };
    return node(m, "Conv", bias ? 3 : 2, inputs, 2, attributes);
}

static int norm(struct maker *m, int x, int64_t channels)
{
    static const char *const parts[] = {"weight", "bias", "running_mean", "running_var"};
    int id = m->serial++, inputs[5] = {x};
    for (int i = 0; i < 4; i++) {
        char name[64];
        snprintf(name, sizeof name, "bn%d.%s", id, parts[i]);
        inputs[i + 1] = constant(m, name, 1, &channels, i == 3 ? 0.5 : -1, i == 3 ? 2 : 1);
    }
    return node(m, "BatchNormalization", 5, inputs, 0, NULL);
}

static int one(struct maker *m, const char *op, int x)
{
    return node(m, op, 1, &x, 0, NULL);
}

static int two(struct maker *m, const char *op, int x, int y)
{
    return node(m, op, 2, (int[]){x, y}, 0, NULL);
}

/* conv, sometimes BatchNorm, sometimes an activation that is not zero at zero */
static int unit(struct maker *m, int x, int64_t in, int64_t out)
{
    static const char *const activations[] = {"Relu", "Sigmoid", "HardSwish", "LeakyRelu", "Tanh"};
    bool with_norm = pick(m, 0, 1);
    x = conv(m, x, in, out, pick(m, 0, 1) ? 3 : 1, 1, pick(m, 0, 1));
    if (with_norm)
        x = norm(m, x, out);
    return one(m, activations[pick(m, 0, 4)], x);
}

/* ---- blocks: each takes and gives a value with *channels channels ----------------------------------------
 */

static int block_plain(struct maker *m, int x, int64_t *channels)
{
    int64_t out = pick(m, 2, 9);
    x = unit(m, x, *channels, out);
    *channels = out;
    return x;
}

static int block_residual(struct maker *m, int x, int64_t *channels)
{
    int64_t inner = pick(m, 2, 6);
    int y = unit(m, x, *channels, inner);
    y = norm(m, conv(m, y, inner, *channels, 3, 1, false), *channels);
    return one(m, "Relu", two(m, "Add", x, y));
}

static int block_add(struct maker *m, int x, int64_t *channels)
{
    int y = norm(m, conv(m, x, *channels, *channels, 3, 1, false), *channels);
    return one(m, "Relu", two(m, "Add", y, x));
}

static int block_projection(struct maker *m, int x, int64_t *channels)
{
    int64_t out = pick(m, 3, 8);
    int y = norm(m, conv(m, x, *channels, out, 3, 1, false), out);
    int z = norm(m, conv(m, x, *channels, out, 1, 1, true), out);
    *channels = out;
    return one(m, "Relu", two(m, "Add", y, z));
}

/* Option A: strided slice and channel padding beside a convolution. */
static int block_option_a(struct maker *m, int x, int64_t *channels)
{
    if (m->size < 4)
        return block_add(m, x, channels);
    int64_t more = pick(m, 1, 3), out = *channels + 2 * more;
    int y = norm(m, conv(m, x, *channels, out, 3, 1, false), out);
    int s = node(m, "Slice", 5,
                 (int[]){x, integers(m, 2, (int64_t[]){0, 0}), integers(m, 2, (int64_t[]){m->size, m->size}),
                         integers(m, 2, (int64_t[]){2, 3}), integers(m, 2, (int64_t[]){1, 1})},
                 0, NULL);
    int p = two(m, "Pad", s, integers(m, 8, (int64_t[]){0, more, 0, 0, 0, more, 0, 0}));
    *channels = out;
    return one(m, "Relu", two(m, "Add", y, p));
}

static int block_concat(struct maker *m, int x, int64_t *channels)
{
    int64_t growth = pick(m, 1, 5);
    struct attribute axis = {.name = "axis", .kind = ATTRIBUTE_INTEGER, .integer = 1};
    int y = unit(m, x, *channels, growth);
    *channels += growth;
    return node(m, "Concat", 2, (int[]){x, y}, 1, &axis);
}

static int block_depthwise(struct maker *m, int x, int64_t *channels)
{
    int64_t multiplier = pick(m, 1, 2);
    x = one(
        m, "Relu",
        norm(m, conv(m, x, *channels, *channels * multiplier, 3, *channels, false), *channels * multiplier));
    *channels *= multiplier;
    return x;
}

static int block_grouped(struct maker *m, int x, int64_t *channels)
{
    int64_t groups = pick(m, 2, 3), in = groups * pick(m, 2, 3), out = groups * pick(m, 1, 3);
    x = unit(m, x, *channels, in);
    *channels = out;
    return one(m, "Relu", conv(m, x, in, out, 3, groups, true));
}

/* Squeeze and excite. */
static int block_gate(struct maker *m, int x, int64_t *channels)
{
    int64_t inner = pick(m, 1, 3);
    int g = one(m, "Relu", conv(m, one(m, "GlobalAveragePool", x), *channels, inner, 1, 1, true));
    g = one(m, "Sigmoid", conv(m, g, inner, *channels, 1, 1, true));
    return two(m, "Mul", x, g);
}

/* ShuffleNet: split in halves, one goes through a unit, concatenate, shuffle. */
static int block_shuffle(struct maker *m, int x, int64_t *channels)
{
    struct attribute axis = {.name = "axis", .kind = ATTRIBUTE_INTEGER, .integer = 1};
    if (*channels % 2 != 0)
        x = block_plain(m, x, channels);
    if (*channels % 2 != 0) {
        x = unit(m, x, *channels, *channels + 1);
        *channels += 1;
    }
    int64_t half = *channels / 2;
    int parts[2];
    for (int i = 0; i < 2; i++)
        parts[i] = node(m, "Slice", 4,
                        (int[]){x, integers(m, 1, (int64_t[]){i * half}),
                                integers(m, 1, (int64_t[]){(i + 1) * half}), integers(m, 1, (int64_t[]){1})},
                        0, NULL);
    parts[1] = unit(m, parts[1], half, half);
    x = node(m, "Concat", 2, parts, 1, &axis);
    int64_t turn[] = {0, 2, 1, 3, 4};
    struct attribute perm = {.name = "perm", .kind = ATTRIBUTE_INTEGERS, .integers = turn, .count = 5};
    x = two(m, "Reshape", x, integers(m, 5, (int64_t[]){0, 2, half, m->size, m->size}));
    x = node(m, "Transpose", 1, &x, 1, &perm);
    return two(m, "Reshape", x, integers(m, 4, (int64_t[]){0, -1, m->size, m->size}));
}

static int block_scale(struct maker *m, int x, int64_t *channels)
{
    char name[32];
    snprintf(name, sizeof name, "factor%d", m->serial++);
    return two(m, "Mul", x, constant(m, name, 3, (int64_t[]){*channels, 1, 1}, -2, 2));
}

static int block_pool(struct maker *m, int x, int64_t *channels)
{
    (void)channels;
    if (m->size % 2 != 0)
        return x;
    int64_t two_by_two[] = {2, 2};
    struct attribute attributes[] = {
        {.name = "kernel_shape", .kind = ATTRIBUTE_INTEGERS, .integers = two_by_two, .count = 2},
        {.name = "strides", .kind = ATTRIBUTE_INTEGERS, .integers = two_by_two, .count = 2},
    };
    m->size /= 2;
    return node(m, pick(m, 0, 1) ? "MaxPool" : "AveragePool", 1, &x, 2, attributes);
}

static int (*const blocks[])(struct maker *, int, int64_t *) = {
    block_plain,     block_residual, block_add,  block_projection, block_option_a, block_concat,
    block_depthwise, block_grouped,  block_gate, block_shuffle,    block_scale,    block_pool,
};
enum { BLOCKS = sizeof blocks / sizeof blocks[0] };

static int head(struct maker *m, int x, int64_t channels)
{
    int64_t features = channels * m->size * m->size;
    if (pick(m, 0, 1)) {
        x = one(m, "GlobalAveragePool", x);
        features = channels;
    }
    x = one(m, "Flatten", x);
    if (pick(m, 0, 1)) {
        x = one(m, "Relu",
                two(m, "MatMul", x, constant(m, "hidden.weight", 2, (int64_t[]){features, 7}, -1, 1)));
        features = 7;
    }
    struct attribute transposed = {.name = "transB", .kind = ATTRIBUTE_INTEGER, .integer = 1};
    int weight = constant(m, "fc.weight", 2, (int64_t[]){5, features}, -1, 1);
    int64_t classes = 5;
    return node(m, "Gemm", 3, (int[]){x, weight, constant(m, "fc.bias", 1, &classes, -1, 1)}, 1, &transposed);
}

static struct graph *random_network(uint64_t seed)
{
    struct maker m = {.graph = graph_new(), .size = 8};
    assert_non_null(m.graph);
    random_seed(&m.random, seed, 77);
    m.graph->opset = 14;
    struct shape shape = {.rank = 4, .dim = {DIMENSION_UNKNOWN, 3, m.size, m.size}};
    int x = graph_add_value(m.graph, "input", ELEMENT_DOUBLE, &shape);
    assert_int_equal(graph_add_input(m.graph, x), 0);
    int64_t channels = pick(&m, 3, 8);
    x = unit(&m, x, 3, channels);
    for (int64_t i = pick(&m, 2, 6); i > 0; i--)
        x = blocks[pick(&m, 0, BLOCKS - 1)](&m, x, &channels);
    graph_add_output(m.graph, head(&m, x, channels));
    struct error error = {0};
    if (graph_finish(m.graph, &error) != STATUS_OK)
        fail_msg("seed %llu: %s", (unsigned long long)seed, error.message);
    struct graph *simple;
    if (graph_simplify(m.graph, &simple, &error) != STATUS_OK)
        fail_msg("seed %llu: %s", (unsigned long long)seed, error.message);
    graph_free(m.graph);
    return simple;
}

/* ---- running and comparing -------------------------------------------------------------------------------
 */

enum { BATCH = 2, CLASSES = 5 };

static struct engine *engine_with_noise(const struct graph *graph)
{
    struct error error = {0};
    struct engine *engine;
    struct engine_options options = {.batch = BATCH, .real = ELEMENT_DOUBLE};
    if (engine_new(graph, &options, &engine, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    struct random_state random;
    random_seed(&random, 5, 5);
    double *input = engine_input(engine);
    for (int64_t i = 0; i < BATCH * engine_input_elements(engine); i++)
        input[i] = random_between(&random, -1, 1);
    assert_int_equal(engine_forward(engine, &error), STATUS_OK);
    return engine;
}

static void logits(const struct graph *graph, double *out)
{
    struct engine *engine = engine_with_noise(graph);
    memcpy(out, engine_output(engine)->data, BATCH * CLASSES * sizeof *out);
    engine_free(engine);
}

/* The mask as a variant in the network's own engine, from its first changed node on. */
static void variant_logits(const struct coupling *c, const bool *removed, double *out)
{
    struct error error = {0};
    struct masked_operands masked;
    struct engine *engine = engine_with_noise(c->graph);
    assert_int_equal(mask_operands(c, removed, &masked, &error), STATUS_OK);
    for (int i = 0; i < masked.count; i++)
        if (engine_set_operand(engine, masked.items[i].node, masked.items[i].input, masked.items[i].tensor,
                               &error) != STATUS_OK)
            fail_msg("%s", error.message);
    if (masked.count > 0) {
        int step = engine_step_of(engine, masked.first_node);
        assert_true(step >= 0);
        assert_int_equal(engine_forward_from(engine, step, &error), STATUS_OK);
    }
    memcpy(out, engine_output(engine)->data, BATCH * CLASSES * sizeof *out);
    masked_operands_free(&masked);
    engine_free(engine);
}

/* Remove each free class with the given probability, as far as every value of the network keeps something. */
static void random_selection(const struct coupling *c, struct random_state *random, double probability,
                             bool *removed)
{
    for (int i = 0; i < c->class_count; i++)
        removed[i] = c->classes[i].lock < 0 && random_uniform(random) < probability;
    selection_keep_alive(c, NULL, removed);
}

static struct graph *prune_and_compare(const struct graph *graph, uint64_t seed, double probability)
{
    struct error error = {0};
    struct layers *layers;
    struct coupling *coupling;
    struct graph *masked, *small;
    struct random_state random;
    double by_mask[BATCH * CLASSES], by_variant[BATCH * CLASSES], by_surgery[BATCH * CLASSES];
    random_seed(&random, seed, 3);
    assert_int_equal(layers_find(graph, &layers, &error), STATUS_OK);
    assert_int_equal(coupling_build(graph, layers, &coupling, &error), STATUS_OK);
    bool *removed = mem_new((size_t)coupling->class_count + 1, sizeof *removed);
    assert_non_null(removed);
    random_selection(coupling, &random, probability, removed);
    if (mask_apply(coupling, removed, &masked, &error) != STATUS_OK ||
        surgery_apply(coupling, removed, &small, &error) != STATUS_OK)
        fail_msg("seed %llu: %s", (unsigned long long)seed, error.message);
    logits(masked, by_mask);
    logits(small, by_surgery);
    variant_logits(coupling, removed, by_variant);
    assert_memory_equal(by_mask, by_variant, sizeof by_mask);
    for (int i = 0; i < BATCH * CLASSES; i++)
        if (!(fabs(by_mask[i] - by_surgery[i]) <= 1e-9 * (1 + fabs(by_mask[i]))))
            fail_msg("seed %llu: logit %d is %.17g masked, %.17g removed", (unsigned long long)seed, i,
                     by_mask[i], by_surgery[i]);
    struct cost full, what_if, left;
    struct layers *small_layers;
    struct coupling *small_coupling;
    assert_int_equal(layers_find(small, &small_layers, &error), STATUS_OK);
    assert_int_equal(coupling_build(small, small_layers, &small_coupling, &error), STATUS_OK);
    assert_int_equal(cost_compute(coupling, NULL, COST_MACS, &full, &error), STATUS_OK);
    assert_int_equal(cost_compute(coupling, removed, COST_MACS, &what_if, &error), STATUS_OK);
    assert_int_equal(cost_compute(small_coupling, NULL, COST_MACS, &left, &error), STATUS_OK);
    if (what_if.macs != left.macs || what_if.channels != left.channels)
        fail_msg("seed %llu: what-if %g multiply-adds, in fact %g", (unsigned long long)seed, what_if.macs,
                 left.macs);
    assert_true(left.macs <= full.macs);
    cost_free(&full);
    cost_free(&what_if);
    cost_free(&left);
    coupling_free(small_coupling);
    layers_free(small_layers);
    coupling_free(coupling);
    layers_free(layers);
    graph_free(masked);
    mem_free(removed);
    return small;
}

static void removal_equals_mask(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct graph *graph = random_network(seed);
        struct graph *small = prune_and_compare(graph, seed, 0.1 + 0.08 * (double)(seed % 10));
        struct graph *smaller = prune_and_compare(small, seed + 1000, 0.3);
        graph_free(smaller);
        graph_free(small);
        graph_free(graph);
    }
}

static void nothing_removed_changes_nothing(void **state)
{
    (void)state;
    double before[BATCH * CLASSES], after[BATCH * CLASSES];
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct graph *graph = random_network(seed);
        struct graph *same = prune_and_compare(graph, seed, 0);
        logits(graph, before);
        logits(same, after);
        assert_memory_equal(before, after, sizeof before);
        graph_free(same);
        graph_free(graph);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(removal_equals_mask),
        cmocka_unit_test(nothing_removed_changes_nothing),
    };
    return cmocka_run_group_tests_name("surgery", tests, NULL, NULL);
}
