/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layers that are no plain chain of convolutions, against PyTorch's autograd in float64: linear layers over
 * channels that come last, over tokens in front of images and in one dimension with them, behind attention,
 * and layers that are called several times. The files are made by make_block_reference.py. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "nn/simplify/simplify.h"
#include "onnx/onnx.h"
#include "score/criterion.h"
#include "support/reference_columns.h"
#include "support/reference_dump.h"

enum { IMAGES = 8, ALL_NEEDS = NEED_GRADIENTS | NEED_WEIGHT_GRADIENTS | NEED_ACTIVATIONS };

static char *path_of(const char *name, const char *ending)
{
    const char *source = getenv("SRCDIR");
    char *path = mem_format("%s/tests/score/data/block_%s.%s", source ? source : ".", name, ending);
    assert_non_null(path);
    return path;
}

static struct work start(const char *name)
{
    struct error error = {0};
    struct graph *file = NULL;
    struct work work = {0};
    char *path = path_of(name, "onnx");
    check(onnx_read(path, &file, &error), &error);
    check(graph_simplify(file, &work.graph, &error), &error);
    graph_free(file);
    mem_free(path);
    check(layers_find(work.graph, &work.layers, &error), &error);
    const struct dataset_options options = {.split = "train", .normalization = "half", .seed = 1};
    const struct sample_options first = {.count = IMAGES, .order = SAMPLE_FIRST};
    check(dataset_open(dataset_kind_find("shapes"), NULL, &options, &work.dataset, &error), &error);
    check(sample_draw(work.dataset, &first, &work.sample, &error), &error);
    return work;
}

static void finish(struct work *work)
{
    score_statistics_free(work->statistics);
    sample_free(&work->sample);
    dataset_free(work->dataset);
    layers_free(work->layers);
    graph_free(work->graph);
}

/* In micro-batches of 3 images, so that the last one is not full. */
static struct score_statistics *run_pass(const struct work *work, enum element_type real, unsigned needs,
                                         int threads)
{
    struct error error = {0};
    struct score_statistics *statistics = NULL;
    struct pool *pool;
    check(pool_new(threads, &pool, &error), &error);
    const struct score_pass pass = {.graph = work->graph,
                                    .layers = work->layers,
                                    .dataset = work->dataset,
                                    .sample = &work->sample,
                                    .needs = needs,
                                    .real = real,
                                    .micro_batch = 3,
                                    .batch = 4,
                                    .pool = pool};
    check(score_statistics_compute(&pass, &statistics, &error), &error);
    pool_free(pool);
    return statistics;
}

/* --- numbers of the dump -------------------------------------------------------------------------------- */

static double *activation_column(const struct work *work, int layer)
{
    const int64_t channels = work->layers->items[layer].channels;
    double *values =
        mem_copy(work->statistics->layers[layer].activation.sum, (size_t)channels * sizeof *values);
    assert_non_null(values);
    for (int64_t c = 0; c < channels; c++)
        values[c] /= IMAGES;
    return values;
}

static double *proscore_of(const struct work *work, int layer, double gamma)
{
    double *values = log_proscore_column(work, layer, PROSCORE_FILTER, gamma);
    for (int64_t c = 0; c < work->layers->items[layer].channels; c++)
        values[c] = exp(values[c]);
    return values;
}

static double *proscore_column_1(const struct work *work, int layer)
{
    return proscore_of(work, layer, 1);
}

static double *proscore_column_001(const struct work *work, int layer)
{
    return proscore_of(work, layer, 0.01);
}

static const struct reference_column own_columns[] = {
    {"activation", "", false, activation_column},
    {"proscore_filter_1", "", false, proscore_column_1},
    {"proscore_filter_0.01", "", false, proscore_column_001},
};

/* The largest error over the channels, in parts of the layer's largest value. */
static double error_of(const struct work *work, const struct dump *dump, const struct dump_layer *layer,
                       const struct reference_column *column)
{
    const int index = layers_index(work->layers, layer->name), place = dump_column(dump, column->name);
    double largest = 0, worst = 0;
    assert_true(index >= 0);
    assert_int_equal(work->layers->items[index].channels, layer->count);
    double *values = column->make(work, index);
    for (int c = 0; c < layer->count; c++) {
        const double expected = dump_value(dump, layer->first + c, place);
        largest = fmax(largest, fabs(expected));
        worst = fmax(worst, isfinite(values[c]) ? fabs(values[c] - expected) : INFINITY);
    }
    mem_free(values);
    return worst / largest;
}

static void compare_column(const struct work *work, const struct dump *dump,
                           const struct reference_column *column, double tolerance)
{
    if (dump_column(dump, column->name) < 0 || strcmp(column->note, " (from reductions)") == 0)
        return; /* of layers with BatchNorm, and these have none */
    for (int l = 0; l < dump->layer_count; l++) {
        const double error = error_of(work, dump, &dump->layers[l], column);
        if (!(error <= tolerance))
            fail_msg("%s of %s: %.1e of the layer's largest", column->name, dump->layers[l].name, error);
    }
}

static void compare_all(const char *name, enum element_type real, double tolerance)
{
    struct error error = {0};
    struct dump dump;
    struct work work = start(name);
    char *path = path_of(name, "csv");
    check(dump_read_scores(path, &dump, &error), &error);
    mem_free(path);
    int scored = 0;
    for (int i = 0; i < work.layers->count; i++)
        scored += !work.layers->items[i].output_layer;
    assert_int_equal(scored, dump.layer_count);
    work.statistics = run_pass(&work, real, ALL_NEEDS, 2);
    for (size_t i = 0; i < reference_column_count; i++)
        compare_column(&work, &dump, &reference_columns[i], tolerance);
    for (size_t i = 0; i < sizeof own_columns / sizeof *own_columns; i++)
        compare_column(&work, &dump, &own_columns[i], tolerance);
    dump_free(&dump);
    finish(&work);
}

/* --- threads, and the two ways to <w, grad w> ----------------------------------------------------------- */

static void assert_same(const struct layer_statistics *a, const struct layer_statistics *b, int64_t channels)
{
    const size_t bytes = (size_t)channels * sizeof(double);
    assert_memory_equal(a->delta, b->delta, bytes);
    assert_memory_equal(a->delta_centered, b->delta_centered, bytes);
    assert_memory_equal(a->gate, b->gate, bytes);
    assert_memory_equal(a->lift, b->lift, bytes);
    assert_memory_equal(a->gate_squared, b->gate_squared, bytes);
    assert_memory_equal(a->weight_abs, b->weight_abs, bytes);
    assert_memory_equal(a->activation.squared, b->activation.squared, bytes);
}

static void compare_threads(const char *name)
{
    for (int real = ELEMENT_FLOAT; real <= ELEMENT_DOUBLE; real++) {
        struct work work = start(name);
        struct score_statistics *other = run_pass(&work, (enum element_type)real, ALL_NEEDS, 3);
        work.statistics = run_pass(&work, (enum element_type)real, ALL_NEEDS, 1);
        for (int i = 0; i < work.layers->count; i++)
            if (!work.layers->items[i].output_layer)
                assert_same(&work.statistics->layers[i], &other->layers[i], work.layers->items[i].channels);
        score_statistics_free(other);
        finish(&work);
    }
}

/* Sums over positions give what the weights' own gradients give: y is linear in w at every call. */
static void compare_dots(const char *name)
{
    struct work work = start(name);
    struct score_statistics *sums = run_pass(&work, ELEMENT_DOUBLE, NEED_GRADIENTS, 1);
    work.statistics = run_pass(&work, ELEMENT_DOUBLE, ALL_NEEDS, 1);
    for (int i = 0; i < work.layers->count; i++)
        for (int64_t c = 0; c < work.layers->items[i].channels && sums->layers[i].weight_dot; c++) {
            const double exact = work.statistics->layers[i].weight_dot[c];
            assert_true(fabs(sums->layers[i].weight_dot[c] - exact) <= 1e-9 * fmax(1, fabs(exact)));
        }
    score_statistics_free(sums);
    finish(&work);
}

static const char *const names[] = {"convnext", "transformer", "turned", "shared"};

static void for_all(void (*what)(const char *name))
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        what(names[i]);
}

static void test_double(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        compare_all(names[i], ELEMENT_DOUBLE, 1e-7); /* the files have GELU's root of 2 in float */
}

static void test_float(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        compare_all(names[i], ELEMENT_FLOAT, 1e-3);
}

static void test_threads(void **state)
{
    (void)state;
    for_all(compare_threads);
}

static void test_dots(void **state)
{
    (void)state;
    for_all(compare_dots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_double),
        cmocka_unit_test(test_float),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_dots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
