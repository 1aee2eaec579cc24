/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The engine on a small residual network: gradients and probes against central differences in double. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "nn/execution/execution.h"
#include "nn/plain/internal.h"
#include "support/residual.h"

/* Derivative of the loss with respect to a relative change of some elements, or an absolute one. */
static double difference(struct engine *engine, double **elements, int count, bool relative)
{
    const double step = 1e-5;
    double before[2], loss[2];
    for (int i = 0; i < count; i++)
        before[i] = *elements[i];
    for (int side = 0; side < 2; side++) {
        double change = side ? -step : step;
        for (int i = 0; i < count; i++)
            *elements[i] = relative ? before[i] * (1 + change) : before[i] + change;
        loss[side] = residual_loss(engine, 0);
    }
    for (int i = 0; i < count; i++)
        *elements[i] = before[i];
    return (loss[0] - loss[1]) / (2 * step);
}

static void near(const char *what, const char *name, int64_t index, double got, double expected)
{
    if (!(fabs(got - expected) <= 2e-8 * (1 + fabs(expected))))
        fail_msg("%s of %s[%lld] is %.12g, by differences %.12g", what, name, (long long)index, got,
                 expected);
}

static void weight_gradients_are_differences(void **state)
{
    (void)state;
    struct residual network = residual_network();
    struct engine *engine = residual_engine(&network, 3, ELEMENT_DOUBLE, true);
    int weights[MOST_PARAMETERS], count = residual_parameters(network.graph, weights);
    residual_run(engine, 0);
    for (int w = 0; w < count; w++) {
        const struct value *value = &network.graph->values[weights[w]];
        for (int64_t i = 0; i < shape_elements(&value->shape); i++) {
            double *element = (double *)value->constant->data + i;
            const double *gradient = engine_weight_gradient(engine, w)->data;
            near("gradient", value->name, i, gradient[i], difference(engine, &element, 1, false));
        }
    }
    engine_free(engine);
    graph_free(network.graph);
}

static double *element_of(const struct graph *graph, const char *layer, const char *what, int64_t index)
{
    char name[100];
    snprintf(name, sizeof name, "%s.%s", layer, what);
    int value = graph_find_value(graph, name);
    return value < 0 ? NULL : (double *)graph->values[value].constant->data + index;
}

/* Sum of a probe over the images of the micro-batch. */
static double probe_total(const struct engine *engine, int probe, enum probe_sum sum, int64_t channel)
{
    int64_t channels = engine_probe_channels(engine, probe);
    double total = 0;
    for (int64_t n = 0; n < engine->batch; n++)
        total += engine_probe(engine, probe)[(n * PROBE_SUMS + sum) * channels + channel];
    return total;
}

static void check_norm_probe(struct engine *engine, const struct residual *network, int p, int64_t c)
{
    const char *norm = network->norms[p];
    double *scale = element_of(network->graph, norm, "scale", c),
           *shift = element_of(network->graph, norm, "shift", c);
    double r = 1 / sqrt(*element_of(network->graph, norm, "var", c) + 1e-5);
    double *both[] = {scale, shift};
    double delta = probe_total(engine, p, PROBE_DELTA, c),
           centered = probe_total(engine, p, PROBE_DELTA_CENTERED, c);
    double gate = probe_total(engine, p, PROBE_GATE, c);
    near("S0", norm, c, delta, difference(engine, &shift, 1, false));
    near("r * Sd", norm, c, r * centered, difference(engine, &scale, 1, false));
    near("gate", norm, c, gate, difference(engine, both, 2, true));
    assert_true(fabs(gate - (*scale * r * centered + *shift * delta)) < 1e-12);
}

/* Without BatchNorm u is the linear output: a gate scales the filter and the bias. */
static void check_plain_probe(struct engine *engine, const struct residual *network, int p, int64_t c)
{
    const char *name = network->linears[p];
    double *bias = element_of(network->graph, name, "bias", c);
    double centered = probe_total(engine, p, PROBE_DELTA_CENTERED, c), step = 1e-5, loss[2];
    near("S0", name, c, probe_total(engine, p, PROBE_DELTA, c), difference(engine, &bias, 1, false));
    int weight =
        graph_find_value(network->graph, strcmp(name, "branch") == 0 ? "branch.weight" : "hidden.weight");
    struct tensor *tensor = network->graph->values[weight].constant;
    int64_t length = shape_elements(&tensor->shape) / tensor->shape.dim[0];
    double *filter = (double *)tensor->data + c * length;
    for (int side = 0; side < 2; side++) {
        double factor = side ? 1 - step : 1 + step;
        for (int64_t i = 0; i < length; i++)
            filter[i] *= factor;
        loss[side] = residual_loss(engine, 0);
        for (int64_t i = 0; i < length; i++)
            filter[i] /= factor;
    }
    near("<w, g>", name, c, centered, (loss[0] - loss[1]) / (2 * step));
}

static void probes_are_differences(void **state)
{
    (void)state;
    struct residual network = residual_network();
    network.probes[3].center = element_of(network.graph, "branch", "bias", 0);
    network.probes[4].center = element_of(network.graph, "hidden", "bias", 0);
    for (int p = 0; p < 3; p++)
        network.probes[p].center = element_of(network.graph, network.norms[p], "mean", 0);
    struct engine *engine = residual_engine(&network, 3, ELEMENT_DOUBLE, false);
    residual_run(engine, 0);
    for (int p = 0; p < 5; p++)
        for (int64_t c = 0; c < engine_probe_channels(engine, p); c++)
            if (network.norms[p])
                check_norm_probe(engine, &network, p, c);
            else
                check_plain_probe(engine, &network, p, c);
    int lift = graph_find_value(network.graph, "lift");
    for (int64_t c = 0; c < 8; c++) {
        double *d = (double *)network.graph->values[lift].constant->data + c;
        near("lift", "conv1", c, probe_total(engine, 1, PROBE_LIFT, c), difference(engine, &d, 1, false));
    }
    for (int64_t c = 0; c < 16; c++) /* h is the identity: G is delta */
        assert_true(probe_total(engine, 2, PROBE_LIFT, c) == probe_total(engine, 2, PROBE_GATE, c));
    for (int i = 0; i < 3 * PROBE_SUMS * 2; i++)
        assert_true(engine_probe(engine, 5)[i] == 0); /* no path leads from there to the output */
    engine_free(engine);
    graph_free(network.graph);
}

static void probes_are_per_image(void **state)
{
    (void)state;
    struct residual network = residual_network();
    for (int type = ELEMENT_FLOAT; type <= ELEMENT_DOUBLE; type++) {
        struct engine *three = residual_engine(&network, 3, (enum element_type)type, true);
        struct engine *one = residual_engine(&network, 1, (enum element_type)type, true);
        residual_run(three, 0);
        for (int64_t n = 0; n < 3; n++) {
            residual_run(one, n);
            for (int p = 0; p < PROBES; p++) {
                int64_t count = PROBE_SUMS * engine_probe_channels(one, p);
                for (int64_t i = 0; i < count; i++)
                    assert_true(fabs(engine_probe(three, p)[n * count + i] - engine_probe(one, p)[i]) <
                                (type == ELEMENT_FLOAT ? 1e-5 : 1e-13));
            }
        }
        engine_free(three);
        engine_free(one);
    }
    graph_free(network.graph);
}

/* What nobody asked for is not computed; memory of gradients is used again. */
static void only_wanted_gradients_exist(void **state)
{
    (void)state;
    struct residual network = residual_network();
    struct engine *engine = residual_engine(&network, 2, ELEMENT_DOUBLE, false);
    const struct plain *plain = (const struct plain *)engine; /* which runs double */
    size_t sum = 0, block = 0;
    assert_null(engine->value_gradients[network.graph->inputs[0]].data);
    assert_null(engine->value_gradients[network.probes[0].linear].data);
    assert_null(engine->value_gradients[network.probes[5].target].data);
    assert_non_null(engine->value_gradients[network.probes[0].target].data);
    assert_non_null(engine->value_gradients[network.probes[1].linear].data);
    for (int v = 0; v < network.graph->value_count; v++) {
        const struct operand *gradient = &engine->value_gradients[v];
        if (!gradient->data || gradient->data == engine->output_gradient)
            continue;
        size_t end = (size_t)((unsigned char *)gradient->data - plain->gradients) + operand_bytes(gradient);
        sum += operand_bytes(gradient);
        block = end > block ? end : block;
    }
    assert_true(block * 2 < sum);
    engine_free(engine);
    graph_free(network.graph);
}

static void engine_polls_cancellation(void **state)
{
    (void)state;
    struct residual network = residual_network();
    struct progress progress = {0};
    struct error error = {0};
    const struct engine_options options = {
        .batch = 1, .real = ELEMENT_FLOAT, .backward = true, .progress = &progress};
    struct engine *engine;
    assert_int_equal(engine_new(network.graph, &options, &engine, &error), STATUS_OK);
    assert_int_equal(engine_forward(engine, &error), STATUS_OK);
    progress_cancel(&progress);
    assert_int_equal(engine_forward(engine, &error), STATUS_CANCELLED);
    assert_int_equal(engine_backward(engine, &error), STATUS_CANCELLED);
    engine_free(engine);
    graph_free(network.graph);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    struct residual network = residual_network();
    int weights[MOST_PARAMETERS];
    const struct engine_options options = {.batch = 2,
                                           .real = ELEMENT_FLOAT,
                                           .backward = true,
                                           .probes = network.probes,
                                           .probe_count = PROBES,
                                           .weights = weights,
                                           .weight_count = residual_parameters(network.graph, weights)};
    struct engine *engine = NULL;
    status code = STATUS_MEMORY;
    for (long nth = 1; code != STATUS_OK; nth++) {
        struct error error = {0};
        mem_fail_at(nth);
        code = engine_new(network.graph, &options, &engine, &error);
        mem_fail_at(0);
        assert_true(code == STATUS_OK || (code == STATUS_MEMORY && error.code == code && !engine));
    }
    engine_free(engine);
    graph_free(network.graph);
}

static void wrong_uses_are_refused(void **state)
{
    (void)state;
    struct residual network = residual_network();
    struct error error = {0};
    struct engine *engine = NULL;
    struct probe probe = network.probes[0];
    probe.activated = network.probes[2].target; /* another shape */
    struct engine_options options = {
        .batch = 2, .real = ELEMENT_FLOAT, .backward = true, .probes = &probe, .probe_count = 1};
    assert_int_equal(engine_new(network.graph, &options, &engine, &error), STATUS_USAGE);
    assert_non_null(strstr(error.message, "bn2_output"));
    options.probe_count = 0;
    options.weights = &network.probes[0].linear;
    options.weight_count = 1;
    assert_int_equal(engine_new(network.graph, &options, &engine, &error), STATUS_USAGE);
    options.weight_count = 0;
    options.batch = INT64_C(1) << 40;
    assert_int_not_equal(engine_new(network.graph, &options, &engine, &error), STATUS_OK);
    options.batch = 0;
    assert_int_equal(engine_new(network.graph, &options, &engine, &error), STATUS_RANGE);
    assert_null(engine);
    graph_free(network.graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weight_gradients_are_differences),
        cmocka_unit_test(probes_are_differences),
        cmocka_unit_test(probes_are_per_image),
        cmocka_unit_test(only_wanted_gradients_exist),
        cmocka_unit_test(engine_polls_cancellation),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(wrong_uses_are_refused),
    };
    return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
