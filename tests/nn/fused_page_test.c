/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The worked example of src/nn/fused/README.md: every number on that page is checked here, with every
 * instruction set that the processor has. All of them are exact in float. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "nn/blocked/blocked.h"
#include "nn/engine/engine.h"
#include "nn/execution/execution.h"
#include "nn/fused/fused.h"
#include "nn/fused/internal.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "support/graph_maker.h"

enum { CHANNELS = 2, POSITIONS = 4 };

static int constant(struct graph *graph, const char *name, int rank, const int64_t *dims,
                    const float *numbers)
{
    const int value = make_reals(graph, name, rank, dims, 0);
    memcpy(graph->values[value].constant->data, numbers,
           (size_t)shape_elements(&graph->values[value].shape) * sizeof *numbers);
    return value;
}

/* Section 1 of the page. */
static struct graph *page_graph(void)
{
    struct graph *graph = make_graph(17);
    make_input(graph, "x", DIMS(0, 2, 2, 2));
    constant(graph, "w1", DIMS(2, 2, 1, 1), (const float[]){1, 0, 1, -1});
    constant(graph, "w2", DIMS(2, 2, 1, 1), (const float[]){1, -1, 0.5F, 1});
    constant(graph, "scale", DIMS(2), (const float[]){2, 1});
    constant(graph, "shift", DIMS(2), (const float[]){1, -1});
    constant(graph, "mean", DIMS(2), (const float[]){1, 2});
    constant(graph, "var", DIMS(2), (const float[]){1, 4});
    make_node(graph, "conv1", "Conv", NAMES("x", "w1"), NAMES("y1"), NO_ATTRIBUTES);
    make_node(graph, "relu1", "Relu", NAMES("y1"), NAMES("a"), NO_ATTRIBUTES);
    make_node(graph, "conv2", "Conv", NAMES("a", "w2"), NAMES("y"), NO_ATTRIBUTES);
    make_node(graph, "norm", "BatchNormalization", NAMES("y", "scale", "shift", "mean", "var"), NAMES("u"),
              ATTRIBUTES(real_attribute("epsilon", 0)));
    make_node(graph, "add", "Add", NAMES("u", "a"), NAMES("v"), NO_ATTRIBUTES);
    make_node(graph, "relu2", "Relu", NAMES("v"), NAMES("h"), NO_ATTRIBUTES);
    make_node(graph, "pool", "GlobalAveragePool", NAMES("h"), NAMES("p"), NO_ATTRIBUTES);
    make_node(graph, "flatten", "Flatten", NAMES("p"), NAMES("logits"), NO_ATTRIBUTES);
    make_output(graph, "logits");
    struct error error = {0};
    assert_int_equal(graph_finish(graph, &error), STATUS_OK);
    return graph;
}

struct page {
    struct graph *graph;
    struct engine *engine;
    const struct fused *fused;
};

static int value_of(const struct page *page, const char *name)
{
    const int value = graph_find_value(page->graph, name);
    assert_true(value >= 0);
    return value;
}

static struct page page_new(void)
{
    static const float x[CHANNELS * POSITIONS] = {1, 2, 3, 4, 2, 0, -1, 5};
    static const double mean[CHANNELS] = {1, 2};
    struct error error = {0};
    struct page page = {.graph = page_graph()};
    const int y = value_of(&page, "y"), u = value_of(&page, "u");
    const int y1 = value_of(&page, "y1"), a = value_of(&page, "a");
    const struct probe probes[] = {{.linear = y, .target = u, .activated = u, .center = mean},
                                   {.linear = y1, .target = y1, .activated = a}};
    const struct engine_options options = {
        .batch = 1, .real = ELEMENT_FLOAT, .backward = true, .probes = probes, .probe_count = 2};
    assert_int_equal(engine_new(page.graph, &options, &page.engine, &error), STATUS_OK);
    assert_ptr_equal(page.engine->kind, &fused_engine);
    page.fused = (const struct fused *)page.engine;
    memcpy(engine_input(page.engine), x, sizeof x);
    return page;
}

static void page_free(struct page *page)
{
    engine_free(page->engine);
    graph_free(page->graph);
}

static const struct fused_layer *layer_at(const struct page *page, int step)
{
    assert_non_null(page->fused->steps[step].layer);
    return page->fused->steps[step].layer;
}

/* Blocked memory (1, 1, 2, 2, 16) against its channels, plain behind each other. */
static void check_blocked(const float *data, const float *expected)
{
    assert_non_null(data);
    for (int i = 0; i < POSITIONS; i++)
        for (int c = 0; c < LANES; c++)
            assert_true(data[i * LANES + c] == (c < CHANNELS ? expected[c * POSITIONS + i] : 0));
}

static const float *blocked(const struct page *page, const char *name)
{
    return value_data(page->fused, value_of(page, name), FORM_BLOCKED);
}

/* Section 2. */
static void plan_becomes_steps(const struct page *page)
{
    static const int steps[] = {0, 0, 1, 1, 1, 1, 2, 3};
    static const struct fused_kind *const kinds[] = {&kind_layer, &kind_layer, &kind_global_average,
                                                     &kind_plain};
    const struct fused *fused = page->fused;
    assert_int_equal(fused->engine.plan->step_count, 8);
    assert_int_equal(fused->step_count, 4);
    for (int p = 0; p < 8; p++)
        assert_int_equal(fused->step_of[p], steps[p]);
    for (int s = 0; s < 4; s++)
        assert_ptr_equal(fused->steps[s].kind, kinds[s]);
    const struct fused_layer *first = layer_at(page, 0), *second = layer_at(page, 1);
    assert_true(first->forward.planar && !second->forward.planar);
    assert_string_equal(first->family->name, "direct");
    assert_string_equal(second->family->name, "pointwise");
    assert_int_equal(second->linear, value_of(page, "y"));
    assert_int_equal(second->target, value_of(page, "u"));
    assert_int_equal(second->residual, value_of(page, "a"));
    assert_true(second->relu);
    assert_int_equal(first->probe, 1);
    assert_int_equal(second->probe, 0);
}

/* packed (groups, 2, group) holds matrix (2, 2)[o][i] and zeros beside it. */
static void check_packed(const float *packed, int group, const float *matrix)
{
    for (int o = 0; o < LANES; o++)
        for (int i = 0; i < CHANNELS; i++)
            assert_true(packed[(o / group * CHANNELS + i) * group + o % group] ==
                        (o < CHANNELS ? matrix[o * CHANNELS + i] : 0));
}

/* Section 3. */
static void weights_are_packed(const struct page *page)
{
    static const float transposed[] = {2, 0.25F, -2, 0.5F}; /* [channel of a][channel of y] */
    static const float scale[] = {2, 0.5F}, shift[] = {-1, -2}, weights[] = {1, -1, 0.5F, 1};
    const struct layer_parameters *parameters = layer_at(page, 1)->parameters;
    const int group = strcmp(page->fused->kernels->name, "baseline") == 0 ? LANES / 2 : LANES;
    check_packed(parameters->weights, group, weights);
    assert_true(layer_at(page, 1)->folded);
    check_packed(parameters->transposed, group, transposed);
    for (int c = 0; c < LANES; c++) {
        assert_true(parameters->scale[c] == (c < CHANNELS ? scale[c] : 0));
        assert_true(parameters->shift[c] == (c < CHANNELS ? shift[c] : 0));
    }
}

/* Section 4. */
static void forward_is_right(const struct page *page)
{
    struct error error = {0};
    assert_int_equal(engine_forward(page->engine, &error), STATUS_OK);
    check_blocked(blocked(page, "a"), (const float[]){1, 2, 3, 4, 0, 2, 4, 0});
    check_blocked(blocked(page, "y"), (const float[]){1, 0, -1, 4, 0.5F, 3, 5.5F, 2});
    check_blocked(blocked(page, "h"), (const float[]){2, 1, 0, 11, 0, 1.5F, 4.75F, 0});
    assert_null(blocked(page, "u"));
    assert_null(blocked(page, "v"));
    const float *logits = engine_output(page->engine)->data;
    assert_true(logits[0] == 3.5F && logits[1] == 1.5625F);
}

/* [sum][channel] in the order of enum probe_sum. */
static void check_sums(const struct page *page, int probe, const double *expected)
{
    const double *sums = engine_probe(page->engine, probe);
    for (int i = 0; i < PROBE_SUMS * CHANNELS; i++)
        assert_true(sums[i] == expected[i]);
}

/* Sections 5 and 6. */
static void backward_is_right(const struct page *page)
{
    struct error error = {0};
    const struct fused_layer *first = layer_at(page, 0), *second = layer_at(page, 1);
    float *gradient = engine_output_gradient(page->engine);
    assert_true(first->has_tail_gradient && first->tail_in_consumer);
    assert_true(second->has_tail_gradient && !second->tail_in_consumer);
    assert_int_equal(second->producer_tail, 0);
    assert_int_equal(second->delta, second->gradient);
    assert_int_equal(second->to_residual, second->to_input);
    assert_true(!second->residual_add && second->input_add);
    gradient[0] = 4;
    gradient[1] = 8;
    assert_int_equal(engine_backward(page->engine, &error), STATUS_OK);
    check_blocked(region_data(page->fused, second->delta), (const float[]){1, 1, 0, 1, 0, 2, 2, 0});
    check_blocked(region_data(page->fused, first->delta), (const float[]){3, 3.5F, 0.5F, 3, 0, 1, 3, 0});
    check_sums(page, 0, (const double[]){3, 4, 2, 9, 7, 0.5, 7, 0.5});
    check_sums(page, 1, (const double[]){10, 4, 23.5, 14, 23.5, 14, 23.5, 18});
}

static void page_is_true(void **state)
{
    const struct blocked_kernels *best = blocked_kernels(), *kernels;
    (void)state;
    for (int isa = 0; (kernels = blocked_kernels_at(isa)); isa++) {
        blocked_kernels_choose(kernels);
        struct page page = page_new();
        plan_becomes_steps(&page);
        weights_are_packed(&page);
        forward_is_right(&page);
        backward_is_right(&page);
        page_free(&page);
    }
    blocked_kernels_choose(best);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(page_is_true)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
