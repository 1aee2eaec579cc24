/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks that end in a softmax, spelled in many ways: judged, each is the network without it; and the loss
 * is -log p of the probabilities that the file's own network gives. A linear layer over positions is the
 * pointwise convolution. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/graph_maker.h"
#include "nn/engine/network_end.h"
#include "nn/simplify/simplify.h"
#include "score/criterion.h"
#include "score/layer.h"
#include "score/score.h"
#include "stats/evaluate.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { IMAGES = 9, CLASSES = 10, CHANNELS = 6 };

static struct dataset *dataset;
static struct sample sample;

static void check(status code, const struct error *error)
{
    if (code != STATUS_OK)
        fail_msg("%s", error->message);
}

static int setup(void **state)
{
    (void)state;
    struct error error = {0};
    const struct dataset_options options = {.images = IMAGES, .seed = 3};
    const struct sample_options all = {.fraction = 1};
    check(dataset_open(dataset_kind_find("shapes"), NULL, &options, &dataset, &error), &error);
    check(sample_draw(dataset, &all, &sample, &error), &error);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sample_free(&sample);
    dataset_free(dataset);
    return 0;
}

/* --- networks ------------------------------------------------------------------------------------------- */

/* Small numbers of both signs that repeat after 97 elements. */
static void make_weights(struct graph *graph, const char *name, int rank, const int64_t *dims, double size)
{
    int value = make_reals(graph, name, rank, dims, 0);
    const struct tensor *tensor = graph->values[value].constant;
    for (int64_t i = 0; i < shape_elements(&tensor->shape); i++)
        ((float *)tensor->data)[i] = (float)(size * ((double)(i * 37 % 97) / 48 - 1));
}

static void make_real(struct graph *graph, const char *name, float number)
{
    struct tensor *tensor = tensor_new(ELEMENT_FLOAT, &(struct shape){.rank = 0});
    assert_non_null(tensor);
    *(float *)tensor->data = number;
    make_tensor(graph, name, tensor);
}

static void node(struct graph *graph, const char *op, const char *const *inputs, const char *output)
{
    make_node(graph, "", op, inputs, NAMES(output), NO_ATTRIBUTES);
}

/* Logits "x", batch x classes. */
static struct graph *begin(int opset)
{
    struct graph *graph = make_graph(opset);
    make_input(graph, "image", DIMS(1, 3, 32, 32));
    make_weights(graph, "conv.weight", DIMS(CHANNELS, 3, 3, 3), 0.5);
    make_weights(graph, "fc.weight", DIMS(CLASSES, CHANNELS), 4);
    make_node(graph, "", "Conv", NAMES("image", "conv.weight"), NAMES("y"), NO_ATTRIBUTES);
    node(graph, "Relu", NAMES("y"), "h");
    node(graph, "GlobalAveragePool", NAMES("h"), "mean");
    node(graph, "Flatten", NAMES("mean"), "features");
    make_node(graph, "", "Gemm", NAMES("features", "fc.weight"), NAMES("x"),
              ATTRIBUTES(integer_attribute("transB", 1)));
    return graph;
}

static void along(struct graph *graph, const char *op, const char *input, const char *output, int64_t axis)
{
    make_node(graph, "", op, NAMES(input), NAMES(output), ATTRIBUTES(integer_attribute("axis", axis)));
}

static void to_shape(struct graph *graph, const char *input, const char *output, int rank,
                     const int64_t *dims)
{
    char name[64];
    snprintf(name, sizeof name, "%s.shape", output);
    make_integers(graph, name, rank, dims);
    node(graph, "Reshape", NAMES(input, name), output);
}

static void end_logits(struct graph *graph)
{
    node(graph, "Identity", NAMES("x"), "out");
}

static void end_softmax(struct graph *graph)
{
    along(graph, "Softmax", "x", "out", 1);
}

static void end_softmax_last(struct graph *graph)
{
    node(graph, "Softmax", NAMES("x"), "out");
}

static void end_flatten(struct graph *graph)
{
    along(graph, "Softmax", "x", "p", -1);
    node(graph, "Identity", NAMES("p"), "i");
    node(graph, "Flatten", NAMES("i"), "out");
}

static void end_in_maps(struct graph *graph)
{
    to_shape(graph, "x", "maps", DIMS(1, CLASSES, 1, 1));
    along(graph, "Softmax", "maps", "p", 1);
    node(graph, "Flatten", NAMES("p"), "out");
}

static void end_channels_last(struct graph *graph)
{
    static const int64_t order[] = {0, 3, 1, 2};
    to_shape(graph, "x", "maps", DIMS(1, 1, 1, CLASSES));
    along(graph, "Softmax", "maps", "p", 3);
    make_node(graph, "", "Transpose", NAMES("p"), NAMES("t"),
              ATTRIBUTES(integers_attribute("perm", 4, order)));
    node(graph, "Flatten", NAMES("t"), "out");
}

static void end_clip(struct graph *graph)
{
    make_real(graph, "least", 1e-7F);
    make_real(graph, "most", 1);
    along(graph, "Softmax", "x", "p", 1);
    node(graph, "Clip", NAMES("p", "least", "most"), "out");
}

static void end_spelt_out(struct graph *graph)
{
    make_integers(graph, "axes", 1, (const int64_t[]){1});
    node(graph, "Exp", NAMES("x"), "e");
    node(graph, "ReduceSum", NAMES("e", "axes"), "s");
    node(graph, "Div", NAMES("e", "s"), "out");
}

static void end_log_softmax(struct graph *graph)
{
    along(graph, "LogSoftmax", "x", "out", 1);
}

static void end_exponential(struct graph *graph)
{
    along(graph, "LogSoftmax", "x", "l", 1);
    node(graph, "Exp", NAMES("l"), "out");
}

/* Ends that are none of these. */
static void end_sigmoid(struct graph *graph)
{
    node(graph, "Sigmoid", NAMES("x"), "s");
    node(graph, "Flatten", NAMES("s"), "out");
}

static void end_other_axis(struct graph *graph)
{
    to_shape(graph, "x", "maps", DIMS(1, CLASSES, 1, 1));
    along(graph, "Softmax", "maps", "p", 2);
    node(graph, "Flatten", NAMES("p"), "out");
}

static void end_scaled(struct graph *graph)
{
    make_real(graph, "two", 2);
    along(graph, "Softmax", "x", "p", 1);
    node(graph, "Mul", NAMES("p", "two"), "out");
}

static void end_narrow_clip(struct graph *graph)
{
    make_real(graph, "least", 0.1F);
    make_real(graph, "most", 1);
    along(graph, "Softmax", "x", "p", 1);
    node(graph, "Clip", NAMES("p", "least", "most"), "out");
}

static struct graph *network(int opset, void (*end)(struct graph *graph))
{
    struct error error = {0};
    struct graph *made = begin(opset), *graph;
    end(made);
    make_output(made, "out");
    check(graph_finish(made, &error), &error);
    check(graph_simplify(made, &graph, &error), &error);
    graph_free(made);
    return graph;
}

/* --- judging -------------------------------------------------------------------------------------------- */

static struct score_statistics *score(const struct graph *graph, const struct layers *layers,
                                      enum element_type real, unsigned needs)
{
    struct error error = {0};
    struct score_statistics *statistics;
    struct pool *pool;
    check(pool_new(2, &pool, &error), &error);
    const struct score_pass pass = {.graph = graph,
                                    .layers = layers,
                                    .dataset = dataset,
                                    .sample = &sample,
                                    .needs = needs,
                                    .real = real,
                                    .micro_batch = 4,
                                    .batch = 3,
                                    .pool = pool};
    check(score_statistics_compute(&pass, &statistics, &error), &error);
    pool_free(pool);
    return statistics;
}

static struct layers *layers_of(const struct graph *graph)
{
    struct error error = {0};
    struct layers *layers;
    check(layers_find(graph, &layers, &error), &error);
    return layers;
}

static void assert_as_logits(enum element_type real, int opset, void (*end)(struct graph *graph))
{
    struct graph *plain = network(opset, end_logits), *graph = network(opset, end);
    struct layers *plain_layers = layers_of(plain), *layers = layers_of(graph);
    const unsigned needs = NEED_GRADIENTS | NEED_WEIGHT_GRADIENTS;
    struct score_statistics *expected = score(plain, plain_layers, real, needs),
                            *found = score(graph, layers, real, needs);
    assert_true(found->loss == expected->loss);
    assert_int_equal(found->correct, expected->correct);
    const struct layer_statistics *a = &expected->layers[0], *b = &found->layers[0];
    const double *const one[] = {a->delta,        a->gate,       a->lift,
                                 a->gate_squared, a->weight_abs, a->gradient_norm};
    const double *const two[] = {b->delta,        b->gate,       b->lift,
                                 b->gate_squared, b->weight_abs, b->gradient_norm};
    for (size_t i = 0; i < COUNT(one); i++)
        assert_memory_equal(one[i], two[i], CHANNELS * sizeof(double));
    assert_true(fabs(a->gate[1]) > 0);
    score_statistics_free(expected);
    score_statistics_free(found);
    layers_free(plain_layers);
    layers_free(layers);
    graph_free(plain);
    graph_free(graph);
}

static const struct {
    int opset;
    enum network_end end;
    void (*make)(struct graph *graph);
} ends[] = {
    {13, NETWORK_END_LOGITS, end_logits},         {13, NETWORK_END_SOFTMAX, end_softmax},
    {13, NETWORK_END_SOFTMAX, end_softmax_last},  {11, NETWORK_END_SOFTMAX, end_softmax},
    {11, NETWORK_END_SOFTMAX, end_softmax_last},  {13, NETWORK_END_SOFTMAX, end_flatten},
    {13, NETWORK_END_SOFTMAX, end_in_maps},       {11, NETWORK_END_SOFTMAX, end_in_maps},
    {13, NETWORK_END_SOFTMAX, end_channels_last}, {13, NETWORK_END_SOFTMAX, end_clip},
    {13, NETWORK_END_SOFTMAX, end_spelt_out},     {13, NETWORK_END_LOG_SOFTMAX, end_log_softmax},
    {13, NETWORK_END_SOFTMAX, end_exponential},
};

static void every_spelling_is_judged_at_its_logits(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ends); i++) {
        assert_as_logits(ELEMENT_DOUBLE, ends[i].opset, ends[i].make);
        assert_as_logits(ELEMENT_FLOAT, ends[i].opset, ends[i].make);
    }
}

static void ends_are_told_apart(void **state)
{
    (void)state;
    struct error error = {0};
    static const struct {
        enum network_end end;
        void (*make)(struct graph *graph);
    } others[] = {
        {NETWORK_END_SIGMOID, end_sigmoid},
        {NETWORK_END_LOGITS, end_other_axis},
        {NETWORK_END_LOGITS, end_scaled},
        {NETWORK_END_LOGITS, end_narrow_clip},
    };
    for (size_t i = 0; i < COUNT(ends) + COUNT(others); i++) {
        bool other = i >= COUNT(ends);
        struct graph *graph =
            other ? network(13, others[i - COUNT(ends)].make) : network(ends[i].opset, ends[i].make);
        enum network_end end = NETWORK_END_SIGMOID;
        struct judged_graph judged;
        check(network_end_find(graph, &end, &error), &error);
        assert_int_equal(end, other ? others[i - COUNT(ends)].end : ends[i].end);
        check(judged_graph_init(&judged, graph, &error), &error);
        assert_int_equal(judged.nodes != NULL, !other && end != NETWORK_END_LOGITS);
        judged_graph_free(&judged);
        graph_free(graph);
    }
}

/* The mean of -log p, p from the network as the file has it. */
static double loss_of_probabilities(const struct graph *graph)
{
    struct error error = {0};
    struct engine *engine;
    const struct engine_options options = {
        .batch = IMAGES, .real = ELEMENT_DOUBLE, .kernel = KERNEL_REFERENCE};
    double sum = 0;
    check(engine_new(graph, &options, &engine, &error), &error);
    int64_t labels[IMAGES], size = engine_input_elements(engine);
    for (int i = 0; i < IMAGES; i++)
        check(dataset_image(dataset, sample.records[i], ELEMENT_DOUBLE,
                            (double *)engine_input(engine) + i * size, &labels[i], &error),
              &error);
    check(engine_forward(engine, &error), &error);
    const double *p = engine_output(engine)->data;
    for (int i = 0; i < IMAGES; i++)
        sum -= log(p[i * CLASSES + labels[i]]);
    engine_free(engine);
    return sum / IMAGES;
}

static void loss_is_that_of_the_probabilities(void **state)
{
    (void)state;
    struct error error = {0};
    struct graph *graph = network(13, end_softmax);
    struct pool *pool;
    struct evaluation evaluation;
    check(pool_new(1, &pool, &error), &error);
    const struct evaluate evaluate = {.graph = graph,
                                      .dataset = dataset,
                                      .sample = &sample,
                                      .real = ELEMENT_DOUBLE,
                                      .micro_batch = 4,
                                      .pool = pool};
    check(evaluate_run(&evaluate, &evaluation, &error), &error);
    double expected = loss_of_probabilities(graph);
    assert_true(fabs(evaluation.loss - expected) <= 1e-12 * expected);
    assert_int_equal(evaluation.probabilities, 0);
    evaluation_free(&evaluation);
    pool_free(pool);
    graph_free(graph);
}

/* --- channels last -------------------------------------------------------------------------------------- */

/* 8 x 8 positions of 5 channels become 6: by a MatMul on channels last, or by a pointwise convolution. */
static struct graph *positions_network(bool channels_last)
{
    static const int64_t last[] = {0, 2, 3, 1}, first[] = {0, 3, 1, 2};
    enum { FROM = 5 };
    struct error error = {0};
    struct graph *made = make_graph(13), *graph;
    make_input(made, "image", DIMS(1, 3, 32, 32));
    make_weights(made, "stem.weight", DIMS(FROM, 3, 4, 4), 0.5);
    make_weights(made, "bias", DIMS(CHANNELS), 0.3);
    make_weights(made, "fc.weight", DIMS(CLASSES, CHANNELS), 2);
    make_node(made, "", "Conv", NAMES("image", "stem.weight"), NAMES("stem"),
              ATTRIBUTES(integers_attribute("strides", 2, (const int64_t[]){4, 4})));
    if (channels_last) {
        int value = make_reals(made, "mix.weight", DIMS(FROM, CHANNELS), 0);
        float *weights = made->values[value].constant->data;
        for (int c = 0; c < CHANNELS; c++)
            for (int k = 0; k < FROM; k++)
                weights[k * CHANNELS + c] = (float)((c * FROM + k) * 37 % 97) / 48 - 1;
        make_node(made, "", "Transpose", NAMES("stem"), NAMES("rows"),
                  ATTRIBUTES(integers_attribute("perm", 4, last)));
        node(made, "MatMul", NAMES("rows", "mix.weight"), "product");
        node(made, "Add", NAMES("product", "bias"), "sum");
        node(made, "Relu", NAMES("sum"), "active");
        make_node(made, "", "Transpose", NAMES("active"), NAMES("maps"),
                  ATTRIBUTES(integers_attribute("perm", 4, first)));
    } else {
        int value = make_reals(made, "mix.weight", DIMS(CHANNELS, FROM, 1, 1), 0);
        float *weights = made->values[value].constant->data;
        for (int i = 0; i < CHANNELS * FROM; i++)
            weights[i] = (float)(i * 37 % 97) / 48 - 1;
        node(made, "Conv", NAMES("stem", "mix.weight", "bias"), "sum");
        node(made, "Relu", NAMES("sum"), "maps");
    }
    node(made, "GlobalAveragePool", NAMES("maps"), "mean");
    node(made, "Flatten", NAMES("mean"), "features");
    make_node(made, "", "Gemm", NAMES("features", "fc.weight"), NAMES("out"),
              ATTRIBUTES(integer_attribute("transB", 1)));
    make_output(made, "out");
    check(graph_finish(made, &error), &error);
    check(graph_simplify(made, &graph, &error), &error);
    graph_free(made);
    return graph;
}

static void assert_near(const double *a, const double *b, double tolerance)
{
    double largest = 0;
    for (int i = 0; i < CHANNELS; i++)
        largest = fmax(largest, fabs(a[i]));
    assert_true(largest > 0);
    for (int i = 0; i < CHANNELS; i++)
        assert_true(fabs(a[i] - b[i]) <= tolerance * largest);
}

static void channels_last_are_scored_as_a_pointwise_convolution(void **state)
{
    (void)state;
    const unsigned needs = NEED_GRADIENTS | NEED_WEIGHT_GRADIENTS | NEED_ANY_ACTIVATION;
    struct graph *rows = positions_network(true), *maps = positions_network(false);
    struct layers *row_layers = layers_of(rows), *map_layers = layers_of(maps);
    int row = layers_index(row_layers, "mix"), map = layers_index(map_layers, "mix");
    assert_true(row >= 0 && map >= 0);
    for (int real = 0; real < 2; real++) {
        enum element_type type = real ? ELEMENT_FLOAT : ELEMENT_DOUBLE;
        struct score_statistics *one = score(rows, row_layers, type, needs),
                                *two = score(maps, map_layers, type, needs);
        const struct layer_statistics *a = &one->layers[row], *b = &two->layers[map];
        const double tolerance = real ? 1e-4 : 1e-11;
        assert_near(a->delta, b->delta, tolerance);
        assert_near(a->delta_centered, b->delta_centered, tolerance);
        assert_near(a->gate, b->gate, tolerance);
        assert_near(a->lift, b->lift, tolerance);
        assert_near(a->gate_squared, b->gate_squared, tolerance);
        assert_near(a->weight_dot, b->weight_dot, tolerance);
        assert_near(a->weight_abs, b->weight_abs, tolerance);
        assert_near(a->gradient_norm, b->gradient_norm, tolerance);
        assert_near(a->activation.sum, b->activation.sum, tolerance);
        assert_near(a->activation.squared, b->activation.squared, tolerance);
        assert_near(a->activation.rank, b->activation.rank, real ? 0.2 : 0);
        assert_int_equal(a->activation.positions, b->activation.positions);
        score_statistics_free(one);
        score_statistics_free(two);
    }
    layers_free(row_layers);
    layers_free(map_layers);
    graph_free(rows);
    graph_free(maps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_spelling_is_judged_at_its_logits),
        cmocka_unit_test(ends_are_told_apart),
        cmocka_unit_test(loss_is_that_of_the_probabilities),
        cmocka_unit_test(channels_last_are_scored_as_a_pointwise_convolution),
    };
    return cmocka_run_group_tests_name("network_end", tests, setup, teardown);
}
