/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A batch through a network that learns: the same bits for any number of threads, the same numbers however
 * the batch is cut, gradients as central differences say, and nothing changed where something fails. */
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
#include "base/pool.h"
#include "base/random.h"
#include "nn/graph/tensor.h"
#include "nn/simplify/simplify.h"
#include "onnx/onnx.h"
#include "train/network.h"

enum { ELEMENTS = 3 * 32 * 32 };

static struct graph *graph;

static int begin(void **state)
{
    struct error error = {0};
    struct graph *file;
    char path[1024];
    (void)state;
    snprintf(path, sizeof path, "%s/examples/shapes-resnet.onnx", getenv("SRCDIR") ? getenv("SRCDIR") : ".");
    if (onnx_read(path, &file, &error) || graph_simplify(file, &graph, &error)) {
        fprintf(stderr, "%s\n", error.message);
        return -1;
    }
    graph_free(file);
    return 0;
}

static int end(void **state)
{
    (void)state;
    graph_free(graph);
    return 0;
}

static status fetch(void *argument, int64_t position, enum element_type real, void *image, int64_t *labels,
                    struct error *error)
{
    uint64_t number = (uint64_t)position * 977 + 13;
    (void)argument, (void)error;
    for (int i = 0; i < ELEMENTS; i++) {
        number = number * 6364136223846793005u + 1442695040888963407u;
        const double value = (double)(number >> 40) / 0x1p23 - 1;
        if (real == ELEMENT_DOUBLE)
            ((double *)image)[i] = value;
        else
            ((float *)image)[i] = (float)value;
    }
    labels[0] = position % 10;
    return STATUS_OK;
}

static struct training_network *new_network(enum element_type real, int64_t batch, struct pool *pool)
{
    const struct training_options options = {
        .real = real, .batch = batch, .norm_momentum = 0.1, .pool = pool};
    struct training_network *network;
    struct error error = {0};
    if (training_network_new(graph, &options, &network, &error))
        fail_msg("%s", error.message);
    return network;
}

static double run(struct training_network *network, int64_t images)
{
    const struct training_batch batch = {.images = images, .fetch = fetch};
    struct training_result result;
    struct error error = {0};
    if (training_network_pass(network, &batch, &result, &error))
        fail_msg("%s", error.message);
    assert_int_equal(result.images, images);
    return result.loss;
}

static struct pool *new_pool(int threads)
{
    struct pool *pool;
    struct error error = {0};
    assert_int_equal(pool_new(threads, &pool, &error), STATUS_OK);
    return pool;
}

/* The largest difference of gradients and statistics, relative to the largest gradient of each. */
static double difference(const struct training_network *a, const struct training_network *b)
{
    double most = 0;
    for (int p = 0; p < training_parameter_count(a); p++) {
        const struct training_parameter *x = training_parameter(a, p), *y = training_parameter(b, p);
        double off = 0, largest = 1e-6;
        for (int64_t i = 0; i < x->elements; i++) {
            off = fmax(off, fabs(((double *)x->gradient)[i] - ((double *)y->gradient)[i]));
            largest = fmax(largest, fabs(((double *)x->gradient)[i]));
        }
        most = fmax(most, off / largest);
    }
    for (int n = 0; n < training_running_count(a); n++)
        for (int64_t c = 0; c < training_running(a, n)->channels; c++)
            most = fmax(most, fabs(((double *)training_running(a, n)->variance)[c] -
                                   ((double *)training_running(b, n)->variance)[c]));
    return most;
}

static void threads_leave_every_bit(void **state)
{
    (void)state;
    struct pool *one = new_pool(1), *three = new_pool(3);
    struct training_network *a = new_network(ELEMENT_FLOAT, 45, one),
                            *b = new_network(ELEMENT_FLOAT, 45, three);
    for (int step = 0; step < 2; step++) {
        const double loss = run(a, 45 - step), other = run(b, 45 - step);
        assert_true(loss == other && isfinite(loss));
    }
    for (int p = 0; p < training_parameter_count(a); p++)
        assert_memory_equal(training_parameter(a, p)->gradient, training_parameter(b, p)->gradient,
                            (size_t)training_parameter(a, p)->elements * sizeof(float));
    for (int n = 0; n < training_running_count(a); n++)
        assert_memory_equal(training_running(a, n)->mean, training_running(b, n)->mean,
                            (size_t)training_running(a, n)->channels * sizeof(float));
    training_network_free(a);
    training_network_free(b);
    pool_free(one);
    pool_free(three);
}

/* 37 images in parts of another size, the last of them not full: one batch all the same. */
static void parts_are_one_batch(void **state)
{
    (void)state;
    struct training_network *a = new_network(ELEMENT_DOUBLE, 37, NULL),
                            *b = new_network(ELEMENT_DOUBLE, 200, NULL);
    const double loss = run(a, 37), other = run(b, 37);
    assert_true(fabs(loss - other) <= 1e-12 * loss);
    assert_true(difference(a, b) <= 1e-9);
    training_network_free(a);
    training_network_free(b);
}

static void gradients_are_central_differences(void **state)
{
    (void)state;
    const double step = 1e-7; /* few inputs of a ReLU cross zero */
    struct training_network *network = new_network(ELEMENT_DOUBLE, 6, NULL);
    struct training_network *moved = new_network(ELEMENT_DOUBLE, 6, NULL);
    run(network, 6);
    for (int p = 0; p < training_parameter_count(network); p++) {
        const struct training_parameter *parameter = training_parameter(network, p);
        const int64_t index = (p * 7919) % parameter->elements;
        double *number = (double *)training_parameter(moved, p)->data + index;
        const double before = *number, gradient = ((double *)parameter->gradient)[index];
        *number = before + step;
        training_network_changed(moved);
        const double above = run(moved, 6);
        *number = before - step;
        training_network_changed(moved);
        const double below = run(moved, 6), expected = (above - below) / (2 * step);
        *number = before;
        if (!(fabs(gradient - expected) <= 1e-6 + 1e-3 * fabs(expected)))
            fail_msg("%s[%d]: %.9g, by differences %.9g", parameter->name, (int)index, gradient, expected);
    }
    training_network_free(network);
    training_network_free(moved);
}

static status fetch_badly(void *argument, int64_t position, enum element_type real, void *image,
                          int64_t *labels, struct error *error)
{
    if (position == 5)
        return error_set(error, STATUS_FILE, "image 5 cannot be read");
    return fetch(argument, position, real, image, labels, error);
}

static void a_failed_pass_leaves_statistics(void **state)
{
    (void)state;
    struct training_network *a = new_network(ELEMENT_DOUBLE, 8, NULL),
                            *b = new_network(ELEMENT_DOUBLE, 8, NULL);
    const struct training_batch batch = {.images = 8, .fetch = fetch_badly};
    struct training_result result;
    struct error error = {0};
    assert_int_equal(training_network_pass(a, &batch, &result, &error), STATUS_FILE);
    assert_string_equal(error.message, "image 5 cannot be read");
    run(a, 8);
    run(b, 8);
    assert_true(difference(a, b) == 0);
    const struct training_batch large = {.images = 9, .fetch = fetch};
    assert_int_equal(training_network_pass(a, &large, &result, &error), STATUS_RANGE);
    training_network_free(a);
    training_network_free(b);
}

static void memory_may_end_anywhere(void **state)
{
    (void)state;
    const struct training_options options = {.real = ELEMENT_FLOAT, .batch = 2, .norm_momentum = 0.1};
    status code = STATUS_MEMORY;
    for (long nth = 1; code != STATUS_OK; nth += 1 + nth / 50) {
        struct training_network *network = NULL;
        struct error error = {0};
        mem_fail_at(nth);
        code = training_network_new(graph, &options, &network, &error);
        mem_fail_at(0);
        assert_true(code == STATUS_OK || (code == STATUS_MEMORY && !network));
        training_network_free(network);
    }
}

/* What learnt nothing is the network that it was. */
static void the_graph_comes_back(void **state)
{
    (void)state;
    struct training_network *network = new_network(ELEMENT_FLOAT, 4, NULL);
    struct graph *copy;
    struct error error = {0};
    assert_int_equal(training_network_graph(network, &copy, &error), STATUS_OK);
    assert_int_equal(copy->node_count, graph->node_count);
    for (int v = 0; v < graph->value_count; v++) {
        const struct tensor *own = graph->values[v].constant;
        const int other = graph_find_value(copy, graph->values[v].name);
        if (!own)
            continue;
        assert_true(other >= 0);
        assert_memory_equal(own->data, copy->values[other].constant->data,
                            (size_t)shape_elements(&own->shape) * element_size(own->type));
    }
    graph_free(copy);
    training_network_free(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_leave_every_bit),
        cmocka_unit_test(parts_are_one_batch),
        cmocka_unit_test(gradients_are_central_differences),
        cmocka_unit_test(a_failed_pass_leaves_statistics),
        cmocka_unit_test(memory_may_end_anywhere),
        cmocka_unit_test(the_graph_comes_back),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
