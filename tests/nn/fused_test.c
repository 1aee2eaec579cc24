/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fused engine on random networks against the plain loops in double: logits, probe sums, weight gradients
 * and replaced operands, with every choice of kernels and every instruction set that the processor has. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "nn/blocked/blocked.h"
#include "nn/engine/engine.h"
#include "score/layer.h"
#include "support/random_network.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { NETWORKS = 24 };
#else
enum { NETWORKS = 240 };
#endif
enum { BATCH = 3, MOST_LAYERS = 64 };

/* Of the largest number beside it: rounding of float through a dozen layers. */
static const double TOLERANCE = 1e-4;

static const enum kernel_choice choices[] = {KERNEL_AUTO, KERNEL_DIRECT, KERNEL_WINOGRAD};
static const char *const choice_names[] = {"auto", "direct", "winograd"};

struct subject {
    uint64_t seed;
    const char *what;
    struct graph *graph;
    struct layers *layers;
    struct probe probes[MOST_LAYERS];
    double *centers[MOST_LAYERS];
    int weights[2 * MOST_LAYERS], maps[MOST_LAYERS]; /* weights: biases as well, where there are */
    int count, weight_count;
};

static void check(status code, const struct error *error, const struct subject *s)
{
    if (code != STATUS_OK)
        fail_msg("seed %llu, %s: %s", (unsigned long long)s->seed, s->what, error->message);
}

static struct subject subject_new(uint64_t seed)
{
    struct error error = {0};
    struct subject s = {.seed = seed, .what = "network"};
    s.graph = seed % 3 == 0 ? random_network(seed, 3) : random_wide_network(seed, 1 + (int)(seed % 4));
    check(layers_find(s.graph, &s.layers, &error), &error, &s);
    assert_true(s.layers->count <= MOST_LAYERS);
    for (int i = 0; i < s.layers->count; i++) {
        const struct layer *layer = &s.layers->items[i];
        const struct shape *shape = &s.graph->values[layer->linear].shape;
        if (layer->output_layer || shape->rank < 2 || shape->dim[1] != layer->channels ||
            (layer->kind == LAYER_LINEAR && shape->rank != 2))
            continue; /* scoring refuses these */
        s.centers[s.count] =
            layer_parameter(s.graph, layer, layer->norm_node >= 0 ? layer->mean : layer->bias);
        assert_non_null(s.centers[s.count]);
        s.probes[s.count] =
            (struct probe){layer->linear, layer->target, layer->activated, s.centers[s.count], false};
        s.maps[s.count] = layer->activated;
        s.count++;
        s.weights[s.weight_count++] = layer->weight;
        if (layer->bias != VALUE_NONE)
            s.weights[s.weight_count++] = layer->bias;
    }
    return s;
}

static void subject_free(struct subject *s)
{
    for (int i = 0; i < s->count; i++)
        mem_free(s->centers[i]);
    layers_free(s->layers);
    graph_free(s->graph);
}

static struct engine_options options_of(const struct subject *s, enum element_type real,
                                        enum kernel_choice choice, bool weights)
{
    return (struct engine_options){.batch = BATCH,
                                   .real = real,
                                   .kernel = choice,
                                   .backward = true,
                                   .probes = s->probes,
                                   .probe_count = s->count,
                                   .weights = s->weights,
                                   .weight_count = weights ? s->weight_count : 0};
}

static void put(const struct operand *operand, void *data, int64_t index, double value)
{
    if (operand->type == ELEMENT_FLOAT)
        ((float *)data)[index] = (float)value;
    else
        ((double *)data)[index] = value;
}

static double get(const struct operand *operand, int64_t index)
{
    return operand->type == ELEMENT_FLOAT ? (double)((const float *)operand->data)[index]
                                          : ((const double *)operand->data)[index];
}

/* The same images in both precisions. */
static void put_images(struct engine *engine, uint64_t seed)
{
    struct random_state random;
    random_seed(&random, 7, seed);
    const struct operand *output = engine_output(engine);
    for (int64_t i = 0; i < BATCH * engine_input_elements(engine); i++)
        put(output, engine_input(engine), i, (double)(float)random_between(&random, -1, 1));
}

static struct engine *engine_of(const struct subject *s, const struct engine_options *options)
{
    struct error error = {0};
    struct engine *engine;
    check(engine_new(s->graph, options, &engine, &error), &error, s);
    put_images(engine, s->seed);
    check(engine_forward(engine, &error), &error, s);
    return engine;
}

static void backward(const struct subject *s, struct engine *engine)
{
    struct error error = {0};
    struct random_state random;
    random_seed(&random, 8, s->seed);
    const struct operand *output = engine_output(engine);
    for (int64_t i = 0; i < shape_elements(&output->shape); i++)
        put(output, engine_output_gradient(engine), i, (double)(float)random_between(&random, -1, 1));
    check(engine_backward(engine, &error), &error, s);
}

/* `unit`: what errors are measured by. */
static void near(const struct subject *s, const char *what, int which, int64_t index, double got,
                 double expected, double unit)
{
    if (!(fabs(got - expected) <= TOLERANCE * unit))
        fail_msg("seed %llu, %s: %s %d [%lld] is %.9g, expected %.9g (of %.3g)", (unsigned long long)s->seed,
                 s->what, what, which, (long long)index, got, expected, unit);
}

static void compare_operands(const struct subject *s, const char *what, int which, const struct operand *got,
                             const struct operand *expected)
{
    double largest = 1;
    int64_t count = shape_elements(&expected->shape);
    for (int64_t i = 0; i < count; i++)
        largest = fmax(largest, fabs(get(expected, i)));
    for (int64_t i = 0; i < count; i++)
        near(s, what, which, i, get(got, i), get(expected, i), largest);
}

/* Watched values are whole although the engine reuses memory. */
static void compare_watched(const struct subject *s, const struct engine *got, const struct engine *exact)
{
    for (int w = 0; w < s->count; w++) {
        const struct operand *expected = engine_value(exact, s->maps[w]);
        int64_t count = shape_elements(&expected->shape) / BATCH;
        double largest = 1, *image = mem_new((size_t)count, sizeof *image);
        assert_non_null(image);
        for (int64_t i = 0; i < count * BATCH; i++)
            largest = fmax(largest, fabs(get(expected, i)));
        for (int64_t n = 0; n < BATCH; n++) {
            engine_watched_image(got, w, n, image);
            for (int64_t i = 0; i < count; i++)
                near(s, "watched", w, n * count + i, image[i], get(expected, n * count + i), largest);
        }
        mem_free(image);
    }
}

static double largest_sum(const struct engine *engine, int probe)
{
    double largest = 1;
    for (int64_t i = 0; i < BATCH * PROBE_SUMS * engine_probe_channels(engine, probe); i++)
        largest = fmax(largest, fabs(engine_probe(engine, probe)[i]));
    return largest;
}

static void compare_probes(const struct subject *s, const struct engine *got, const struct engine *expected)
{
    for (int p = 0; p < s->count; p++) {
        const double largest = largest_sum(expected, p);
        for (int64_t i = 0; i < BATCH * PROBE_SUMS * engine_probe_channels(expected, p); i++)
            near(s, "probe", p, i, engine_probe(got, p)[i], engine_probe(expected, p)[i], largest);
    }
}

/* Whether the plain loops in float already give other gradients: two positions of a maximum, say, that only
 * double can tell apart. */
static bool is_beyond_float(const struct subject *s, const struct engine *exact)
{
    const struct engine_options options = options_of(s, ELEMENT_FLOAT, KERNEL_REFERENCE, false);
    struct engine *engine = engine_of(s, &options);
    bool beyond = false;
    backward(s, engine);
    for (int p = 0; p < s->count; p++)
        for (int64_t i = 0; i < BATCH * PROBE_SUMS * engine_probe_channels(exact, p); i++)
            beyond = beyond || !(fabs(engine_probe(engine, p)[i] - engine_probe(exact, p)[i]) <=
                                 TOLERANCE / 2 * largest_sum(exact, p));
    engine_free(engine);
    return beyond;
}

/* Relus whose input is so near zero that rounding may decide would make gradients jump. */
static bool is_on_an_edge(const struct subject *s, const struct engine *exact)
{
    for (int n = 0; n < s->graph->node_count; n++) {
        const struct node *node = &s->graph->nodes[n];
        const struct operand *x =
            node->input_count > 0 && node->inputs[0] >= 0 ? engine_value(exact, node->inputs[0]) : NULL;
        if (!(node->op->flags & OPERATOR_ACTIVATION) || !x->data || x->type == ELEMENT_INT64)
            continue;
        for (int64_t i = 0; i < shape_elements(&x->shape); i++)
            if (fabs(get(x, i)) < 2e-5 || fabs(get(x, i) - 6) < 2e-5)
                return true;
    }
    return false;
}

static void check_network(const struct subject *s, const struct engine *exact, enum kernel_choice choice,
                          bool weights)
{
    struct engine_options options = options_of(s, ELEMENT_FLOAT, choice, weights);
    bool watched = s->seed / 2 % 2;
    options.reuse = watched;
    options.watched = s->maps;
    options.watched_count = watched ? s->count : 0;
    struct engine *engine = engine_of(s, &options);
    compare_operands(s, "output", 0, engine_output(engine), engine_output(exact));
    for (int round = 0; round < 2; round++) { /* the second finds memory as the first has left it */
        struct error error = {0};
        check(engine_forward(engine, &error), &error, s);
        backward(s, engine);
        compare_probes(s, engine, exact);
        if (watched)
            compare_watched(s, engine, exact);
        for (int w = 0; weights && w < s->weight_count; w++)
            compare_operands(s, "weight gradient", w, engine_weight_gradient(engine, w),
                             engine_weight_gradient(exact, w));
    }
    engine_free(engine);
}

static void networks_agree(void **state)
{
    (void)state;
    const struct blocked_kernels *kernels, *best = blocked_kernels_at(0);
    int edges = 0;
    for (uint64_t seed = 0; seed < NETWORKS; seed++) {
        struct subject s = subject_new(seed);
        const struct engine_options options = options_of(&s, ELEMENT_DOUBLE, KERNEL_REFERENCE, true);
        struct engine *exact = engine_of(&s, &options);
        bool edge = is_on_an_edge(&s, exact);
        backward(&s, exact);
        edge = edge || is_beyond_float(&s, exact);
        edges += edge;
        for (int v = 0; !edge && (kernels = blocked_kernels_at(v)); v++) {
            blocked_kernels_choose(kernels);
            for (size_t c = 0; c < sizeof choices / sizeof *choices; c++) {
                char what[60];
                bool weights = (seed + c) % 2;
                snprintf(what, sizeof what, "%s %s%s", kernels->name, choice_names[c],
                         weights ? " with weights" : "");
                s.what = what;
                check_network(&s, exact, choices[c], weights);
            }
        }
        engine_free(exact);
        subject_free(&s);
    }
    blocked_kernels_choose(best);
    printf("# %d of %d networks left out: a Relu's input is too near to zero for float, or a maximum is not "
           "clear\n",
           edges, NETWORKS);
    assert_true(edges < NETWORKS / 2);
}

/* Neither reused memory nor shared weights change a bit. */
static void memory_changes_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < NETWORKS / 4; seed++) {
        struct subject s = subject_new(seed);
        struct engine_options options = options_of(&s, ELEMENT_FLOAT, KERNEL_AUTO, false);
        struct packed_weights *packed = options.packed = packed_weights_new();
        assert_non_null(packed);
        struct engine *whole = engine_of(&s, &options);
        backward(&s, whole);
        options.reuse = true;
        struct engine *twin = engine_of(&s, &options);
        backward(&s, twin);
        options.packed = NULL;
        options.backward = false;
        options.probe_count = 0;
        struct engine *forward = engine_of(&s, &options);
        size_t bytes = (size_t)shape_elements(&engine_output(whole)->shape) * element_size(ELEMENT_FLOAT);
        assert_memory_equal(engine_output(whole)->data, engine_output(twin)->data, bytes);
        assert_memory_equal(engine_output(whole)->data, engine_output(forward)->data, bytes);
        for (int p = 0; p < s.count; p++)
            assert_memory_equal(engine_probe(whole, p), engine_probe(twin, p),
                                (size_t)(BATCH * PROBE_SUMS * engine_probe_channels(whole, p)) *
                                    sizeof(double));
        engine_free(whole); /* before its twin */
        packed_weights_free(packed);
        struct error error = {0};
        check(engine_forward(twin, &error), &error, &s);
        assert_memory_equal(engine_output(forward)->data, engine_output(twin)->data, bytes);
        assert_true(engine_memory(twin) <= engine_memory(forward) + bytes || s.count > 0); /* its gradient */
        engine_free(twin);
        engine_free(forward);
        subject_free(&s);
    }
}

/* Half of a layer's weights, zero. */
static struct tensor *halved(const struct graph *graph, int value)
{
    const struct tensor *own = graph->values[value].constant;
    struct tensor *tensor = tensor_new(ELEMENT_DOUBLE, &own->shape);
    assert_non_null(tensor);
    for (int64_t i = shape_elements(&own->shape) / 2; i < shape_elements(&own->shape); i++)
        ((double *)tensor->data)[i] = tensor_get(own, i);
    return tensor;
}

static void run_replaced(const struct subject *s, struct engine *engine, int layer)
{
    struct error error = {0};
    const struct layer *item = &s->layers->items[layer];
    struct tensor *tensor = halved(s->graph, item->weight);
    int input = 0;
    while (s->graph->nodes[item->node].inputs[input] != item->weight)
        input++;
    check(engine_set_operand(engine, item->node, input, tensor, &error), &error, s);
    check(engine_forward_from(engine, engine_step_of(engine, item->node), &error), &error, s);
    tensor_free(tensor);
}

/* Where plain loops in float do not find it either: a quotient of what is left. */
static bool is_lost_in_float(const struct engine *plain, const struct engine *exact)
{
    const struct operand *got = engine_output(plain), *expected = engine_output(exact);
    double largest = 1, worst = 0;
    for (int64_t i = 0; i < shape_elements(&expected->shape); i++) {
        largest = fmax(largest, fabs(get(expected, i)));
        worst = fmax(worst, fabs(get(got, i) - get(expected, i)));
    }
    return !(worst <= TOLERANCE / 2 * largest);
}

/* In any order, one after another without a full pass between, and back to the network itself. */
static void replacements_agree(void **state)
{
    (void)state;
    struct error error = {0};
    int lost = 0;
    for (uint64_t seed = 0; seed < NETWORKS / 4; seed++) {
        struct subject s = subject_new(seed);
        struct engine_options options = {.batch = BATCH, .real = ELEMENT_FLOAT};
        struct engine *engine = engine_of(&s, &options), *fresh = engine_of(&s, &options);
        options.kernel = KERNEL_REFERENCE;
        struct engine *plain = engine_of(&s, &options);
        options.real = ELEMENT_DOUBLE;
        struct engine *exact = engine_of(&s, &options);
        size_t bytes = (size_t)shape_elements(&engine_output(engine)->shape) * element_size(ELEMENT_FLOAT);
        struct random_state random;
        random_seed(&random, 9, seed);
        for (int i = 0; i < 6; i++) {
            int layer = (int)random_below(&random, (uint64_t)s.layers->count);
            s.what = s.layers->items[layer].name;
            run_replaced(&s, engine, layer);
            run_replaced(&s, exact, layer);
            run_replaced(&s, plain, layer);
            lost += is_lost_in_float(plain, exact);
            if (!is_lost_in_float(plain, exact))
                compare_operands(&s, "output with replaced operands", layer, engine_output(engine),
                                 engine_output(exact));
            engine_restore_operands(engine);
            engine_restore_operands(plain);
            engine_restore_operands(exact);
            check(engine_forward(plain, &error), &error, &s); /* the plain engine wants it so */
            check(engine_forward(exact, &error), &error, &s);
        }
        check(engine_forward_from(engine, engine_step_of(engine, s.layers->items[s.layers->count - 1].node),
                                  &error),
              &error, &s);
        assert_memory_equal(engine_output(engine)->data, engine_output(fresh)->data, bytes);
        engine_free(engine);
        engine_free(fresh);
        engine_free(plain);
        engine_free(exact);
        subject_free(&s);
    }
    assert_true(lost < NETWORKS / 16);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    struct subject s = subject_new(5);
    const struct engine_options options = options_of(&s, ELEMENT_FLOAT, KERNEL_AUTO, true);
    struct engine *engine = NULL;
    status code = STATUS_MEMORY;
    for (long nth = 1; code != STATUS_OK; nth++) {
        struct error error = {0};
        mem_fail_at(nth);
        code = engine_new(s.graph, &options, &engine, &error);
        mem_fail_at(0);
        assert_true(code == STATUS_OK || (code == STATUS_MEMORY && error.code == code && !engine));
    }
    engine_free(engine);
    subject_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_agree),
        cmocka_unit_test(memory_changes_nothing),
        cmocka_unit_test(replacements_agree),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests_name("fused", tests, NULL, NULL);
}
