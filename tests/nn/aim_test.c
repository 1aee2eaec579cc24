/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks with several outputs in one row, and losses of it that look at no labels: gradients by central
 * differences, with an output that goes on to another, one that stands there twice, and one of indices. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/pool.h"
#include "nn/engine/aim.h"
#include "nn/engine/run.h"
#include "nn/execution/joined.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "support/graph_maker.h"

enum { IMAGES = 5, SIDE = 4, CHANNELS = 3, PIXELS = SIDE * SIDE, WEIGHTS = CHANNELS * 2 };

/* Features, which are an output themselves and go on; their mean; the features once more; and a shape. */
static struct graph *network(void)
{
    struct graph *graph = make_graph(13);
    make_input(graph, "image", DIMS(DIMENSION_UNKNOWN, 2, SIDE, SIDE));
    make_reals(graph, "weight", DIMS(CHANNELS, 2, 1, 1), -2);
    make_node(graph, "conv", "Conv", NAMES("image", "weight"), NAMES("made"), NO_ATTRIBUTES);
    make_node(graph, "curve", "Sigmoid", NAMES("made"), NAMES("features"), NO_ATTRIBUTES);
    make_node(graph, "mean", "GlobalAveragePool", NAMES("features"), NAMES("means"), NO_ATTRIBUTES);
    make_node(graph, "size", "Shape", NAMES("features"), NAMES("shape"), NO_ATTRIBUTES);
    make_output(graph, "features");
    make_output(graph, "means");
    make_output(graph, "features");
    make_output(graph, "shape");
    graph->values[named(graph, "shape")].type = ELEMENT_INT64;
    struct error error = {0};
    assert_int_equal(graph_finish(graph, &error), STATUS_OK);
    return graph;
}

static status fetch(void *argument, int64_t position, enum element_type real, void *image, int64_t *labels,
                    struct error *error)
{
    (void)argument;
    (void)error;
    *labels = -7; /* which nobody may look at */
    for (int i = 0; i < 2 * PIXELS; i++) {
        const double value = sin((double)(position * 2 * PIXELS + i));
        if (real == ELEMENT_FLOAT)
            ((float *)image)[i] = (float)value;
        else
            ((double *)image)[i] = value;
    }
    return STATUS_OK;
}

struct seen {
    double loss, gradient[WEIGHTS];
    struct aim_part parts[8];
    int part_count;
};

static status commit(void *argument, const struct engine *engine, const struct loss *losses,
                     const int64_t *labels, int64_t first, int64_t count, struct error *error)
{
    struct seen *seen = argument;
    (void)labels;
    (void)first;
    (void)error;
    for (int64_t i = 0; i < count; i++) {
        assert_true(losses[i].bare);
        seen->loss += losses[i].loss;
    }
    const struct operand *gradient = engine_weight_gradient(engine, 0);
    for (int i = 0; i < WEIGHTS; i++)
        seen->gradient[i] += gradient->type == ELEMENT_FLOAT ? (double)((const float *)gradient->data)[i]
                                                             : ((const double *)gradient->data)[i];
    seen->part_count = engine_part_count(engine);
    aim_parts(engine, seen->parts);
    return STATUS_OK;
}

static status run(const struct graph *graph, const struct aim *aim, int threads, enum element_type real,
                  struct seen *seen, struct error *error)
{
    struct pool *pool;
    const int weight = graph_find_value(graph, "weight");
    *seen = (struct seen){.loss = 0};
    assert_int_equal(pool_new(threads, &pool, error), STATUS_OK);
    const struct run run = {
        .graph = graph,
        .engine = {.batch = 2, .real = real, .backward = true, .weights = &weight, .weight_count = 1},
        .aim = aim,
        .pool = pool,
        .images = IMAGES,
        .fetch = fetch,
        .commit = commit,
        .commit_argument = seen,
        .title = "testing",
    };
    status code = run_images(&run, error);
    pool_free(pool);
    return code;
}

static double loss_with(const struct aim *aim, int index, float change)
{
    struct graph *graph = network();
    struct seen seen;
    struct error error = {0};
    float *weights = graph->values[graph_find_value(graph, "weight")].constant->data;
    weights[index] += change;
    assert_int_equal(run(graph, aim, 1, ELEMENT_DOUBLE, &seen, &error), STATUS_OK);
    graph_free(graph);
    return seen.loss;
}

/* The product of all parts' first numbers, whose gradient stands in three places. */
static status product(void *argument, const struct aim_image *image, double *loss, struct error *error)
{
    (void)argument;
    (void)error;
    *loss = 1;
    double values[3];
    assert_int_equal(image->part_count, 3);
    for (int i = 0; i < 3; i++) {
        const int64_t at = image->parts[i].first;
        values[i] = image->type == ELEMENT_FLOAT ? (double)((const float *)image->outputs)[at]
                                                 : ((const double *)image->outputs)[at];
        *loss *= values[i];
    }
    for (int i = 0; i < 3 && image->gradient; i++) {
        const int64_t at = image->parts[i].first;
        if (image->type == ELEMENT_FLOAT)
            ((float *)image->gradient)[at] = (float)(*loss / values[i]);
        else
            ((double *)image->gradient)[at] = *loss / values[i];
    }
    return STATUS_OK;
}

static const struct aim aims[] = {
    {.kind = AIM_SUM}, {.kind = AIM_SQUARES}, {.kind = AIM_FUNCTION, .function = product}};
enum { AIMS = sizeof aims / sizeof *aims };

static void gradients_are_those_of_the_loss(void **state)
{
    (void)state;
    const float step = 0x1p-10f;
    for (int a = 0; a < AIMS; a++) {
        struct graph *graph = network();
        struct seen seen;
        struct error error = {0};
        assert_int_equal(run(graph, &aims[a], 1, ELEMENT_DOUBLE, &seen, &error), STATUS_OK);
        for (int i = 0; i < WEIGHTS; i++) {
            const double difference =
                (loss_with(&aims[a], i, step) - loss_with(&aims[a], i, -step)) / (2 * (double)step);
            assert_true(fabs(difference - seen.gradient[i]) < 1e-5 * (1 + fabs(difference)));
        }
        graph_free(graph);
    }
}

static void parts_stand_side_by_side(void **state)
{
    (void)state;
    static const char *const names[] = {"features", "means", "features"};
    static const int64_t elements[] = {CHANNELS * PIXELS, CHANNELS, CHANNELS * PIXELS};
    struct graph *graph = network();
    struct seen seen;
    struct error error = {0};
    int64_t first = 0;
    assert_int_equal(run(graph, &aims[0], 2, ELEMENT_FLOAT, &seen, &error), STATUS_OK);
    assert_int_equal(seen.part_count, 3);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(seen.parts[i].name, names[i]);
        assert_int_equal(seen.parts[i].first, first);
        assert_int_equal(seen.parts[i].elements, elements[i]);
        assert_int_equal(seen.parts[i].shape.dim[0], 1);
        first += elements[i];
    }
    assert_false(output_joins(graph, 3));
    graph_free(graph);
}

static void threads_do_not_change_a_bit(void **state)
{
    (void)state;
    for (int type = ELEMENT_FLOAT; type <= ELEMENT_DOUBLE; type++)
        for (int a = 0; a < AIMS; a++) {
            struct graph *graph = network();
            struct seen one, many;
            struct error error = {0};
            assert_int_equal(run(graph, &aims[a], 1, (enum element_type)type, &one, &error), STATUS_OK);
            assert_int_equal(run(graph, &aims[a], 4, (enum element_type)type, &many, &error), STATUS_OK);
            assert_memory_equal(&one.loss, &many.loss, sizeof one.loss);
            assert_memory_equal(one.gradient, many.gradient, sizeof one.gradient);
            graph_free(graph);
        }
}

static void without_a_loss_there_is_no_gradient(void **state)
{
    (void)state;
    static const struct aim none = {.kind = AIM_NONE};
    struct graph *graph = network();
    struct seen seen;
    struct error error = {0};
    assert_int_equal(run(graph, &none, 2, ELEMENT_FLOAT, &seen, &error), STATUS_OK);
    assert_true(isnan(seen.loss));
    for (int i = 0; i < WEIGHTS; i++)
        assert_true(seen.gradient[i] == 0);
    graph_free(graph);
}

static status refuse(void *argument, const struct aim_image *image, double *loss, struct error *error)
{
    (void)argument;
    (void)image;
    (void)loss;
    return error_set(error, STATUS_FAILED, "no loss today");
}

static void a_function_may_fail(void **state)
{
    (void)state;
    static const struct aim failing = {.kind = AIM_FUNCTION, .function = refuse};
    struct graph *graph = network();
    struct seen seen;
    struct error error = {0};
    assert_int_equal(run(graph, &failing, 3, ELEMENT_FLOAT, &seen, &error), STATUS_FAILED);
    assert_string_equal(error.message, "no loss today");
    graph_free(graph);
}

static void nothing_to_look_at(void **state)
{
    (void)state;
    struct graph *graph = network();
    struct seen seen;
    struct error error = {0};
    for (int i = 0; i < graph->output_count; i++)
        graph->outputs[i] = named(graph, "shape");
    assert_int_equal(run(graph, &aims[0], 1, ELEMENT_FLOAT, &seen, &error), STATUS_UNSUPPORTED);
    assert_non_null(strstr(error.message, "none of the network's 4 outputs"));
    graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_are_those_of_the_loss),
        cmocka_unit_test(parts_stand_side_by_side),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(without_a_loss_there_is_no_gradient),
        cmocka_unit_test(a_function_may_fail),
        cmocka_unit_test(nothing_to_look_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
