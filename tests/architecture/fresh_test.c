/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Weights drawn at random: their moments are those of torch.nn.init, and a seed gives the same ones; and
 * architectures of other widths. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "architecture/fit.h"
#include "architecture/fresh.h"
#include "architecture/step_kind.h"
#include "architecture/variant.h"
#include "base/memory.h"
#include "nn/graph/graph.h"

struct layer {
    const char *kind, *name;
    int inputs[2], input_count;
    double channels, kernel, groups;
    double before, after; /* channels of zeros */
    bool bias;
};

/* A stem, a depthwise and a wider convolution in groups beside a shortcut that is padded, a linear layer. */
static const struct layer layers[] = {
    {.kind = "conv", .name = "stem", .inputs = {0}, .channels = 32, .kernel = 3},
    {.kind = "batchnorm", .name = "norm", .inputs = {1}},
    {.kind = "conv", .name = "depth", .inputs = {2}, .channels = 64, .kernel = 5, .groups = 32, .bias = true},
    {.kind = "conv",
     .name = "groups",
     .inputs = {3},
     .channels = 128,
     .kernel = 3,
     .groups = 4,
     .bias = true},
    {.kind = "pad_channels", .inputs = {2}, .before = 32, .after = 64},
    {.kind = "add", .inputs = {4, 5}, .input_count = 2},
    {.kind = "average", .inputs = {6}},
    {.kind = "flatten", .inputs = {7}},
    {.kind = "linear", .name = "middle", .inputs = {8}, .channels = 256},
    {.kind = "linear", .name = "head", .inputs = {9}, .channels = 10},
};
enum { LAYERS = sizeof layers / sizeof *layers };

static status add(struct architecture *architecture, const struct layer *layer, struct error *error)
{
    struct layer_step step = layer_step_of(step_kind_find(layer->kind));
    int value;
    step.name = layer->name;
    step.inputs = (int *)layer->inputs;
    step.input_count = layer->input_count ? layer->input_count : 1;
    step.settings[SETTING_CHANNELS][0] = layer->channels;
    step.settings[SETTING_KERNEL][0] = step.settings[SETTING_KERNEL][1] = layer->kernel;
    step.settings[SETTING_BEFORE][0] = layer->before;
    step.settings[SETTING_AFTER][0] = layer->after;
    if (layer->groups > 0)
        step.settings[SETTING_GROUPS][0] = layer->groups;
    if (layer->bias)
        step.settings[SETTING_BIAS][0] = 1;
    return architecture_add(architecture, &step, &value, error);
}

/* `output`: the value at which it ends. */
static struct architecture *described(int output)
{
    const struct feature_shape input = {3, 8, 8, false};
    struct error error = {0};
    struct architecture *architecture = architecture_new("sketch", &input, 10);
    assert_non_null(architecture);
    for (int i = 0; i < output; i++) {
        if (add(architecture, &layers[i], &error) != STATUS_OK)
            fail_msg("%s", error.message);
    }
    assert_int_equal(architecture_finish(architecture, output, &error), STATUS_OK);
    assert_int_equal(architecture_extra(architecture, "auxiliary.*", &error), STATUS_OK);
    return architecture;
}

static const struct initialisation *named(const char *name)
{
    int i = 0;
    while (strcmp(initialisation_name(i), name) != 0)
        i++;
    return initialisation_at(i);
}

static struct checkpoint *drawn(const struct architecture *architecture, const char *by, uint64_t seed)
{
    struct checkpoint *checkpoint;
    struct error error = {0};
    if (fresh_checkpoint(architecture, named(by), seed, &checkpoint, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    return checkpoint;
}

/* --- numbers -------------------------------------------------------------------------------------------- */

struct expected {
    const char *name;
    double mean, deviation; /* of the distribution */
    double most;            /* no number is farther from 0; 0: any */
};

static void compare(const struct checkpoint *checkpoint, const struct expected *expected)
{
    const struct tensor *tensor = checkpoint->weights[checkpoint_find(checkpoint, expected->name)].tensor;
    const float *numbers = tensor->data;
    const int64_t count = shape_elements(&tensor->shape);
    double sum = 0, squares = 0, most = 0;
    for (int64_t i = 0; i < count; i++) {
        sum += numbers[i];
        squares += (numbers[i] - expected->mean) * (numbers[i] - expected->mean);
        most = fmax(most, fabs(numbers[i]));
    }
    const double mean = sum / (double)count, deviation = sqrt(squares / (double)count),
                 slack = 5 * expected->deviation / sqrt((double)count);
    if (fabs(mean - expected->mean) > slack || fabs(deviation - expected->deviation) > slack ||
        (expected->most > 0 && most > expected->most * (1 + 1e-7)))
        fail_msg("%s: mean %g, deviation %g, at most %g", expected->name, mean, deviation, most);
    if (expected->most > 0 && count >= 100) /* and the bound is reached */
        assert_true(most > expected->most * 0.95);
}

#define EVEN(fan) 0, 1 / sqrt(3.0 * (fan)), 1 / sqrt((double)(fan))

static void test_pytorch(void **state)
{
    const struct expected expected[] = {
        {"stem.weight", EVEN(27)},      {"norm.weight", 1, 0, 1},      {"norm.bias", 0, 0, 0},
        {"norm.running_mean", 0, 0, 0}, {"norm.running_var", 1, 0, 1}, {"depth.weight", EVEN(25)},
        {"depth.bias", EVEN(25)},       {"groups.weight", EVEN(144)},  {"groups.bias", EVEN(144)},
        {"middle.weight", EVEN(128)},   {"middle.bias", EVEN(128)},    {"head.weight", EVEN(256)},
        {"head.bias", EVEN(256)},
    };
    struct architecture *architecture = described(LAYERS);
    struct checkpoint *checkpoint = drawn(architecture, "pytorch", 3);
    (void)state;
    assert_int_equal(checkpoint->count, sizeof expected / sizeof *expected);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        compare(checkpoint, &expected[i]);
    assert_true(checkpoint->made);
    assert_string_equal(checkpoint->format, "pytorch, seed 3");
    checkpoint_free(checkpoint);
    architecture_free(architecture);
}

/* fan_out is the number of filters times the places of the window, also with groups. */
static void test_he(void **state)
{
    const struct expected expected[] = {
        {"stem.weight", 0, sqrt(2.0 / (32 * 9)), 0},
        {"norm.weight", 1, 0, 1},
        {"norm.running_var", 1, 0, 1},
        {"depth.weight", 0, sqrt(2.0 / (64 * 25)), 0},
        {"depth.bias", 0, 0, 0},
        {"groups.weight", 0, sqrt(2.0 / (128 * 9)), 0},
        {"groups.bias", 0, 0, 0},
        {"head.weight", EVEN(256)},
        {"head.bias", EVEN(256)},
    };
    struct architecture *architecture = described(LAYERS);
    struct checkpoint *checkpoint = drawn(architecture, "he", 1);
    (void)state;
    assert_string_equal(initialisation_name(0), "he");
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        compare(checkpoint, &expected[i]);
    checkpoint_free(checkpoint);
    architecture_free(architecture);
}

static void test_seeds(void **state)
{
    struct architecture *architecture = described(LAYERS);
    struct checkpoint *a = drawn(architecture, "he", 1), *b = drawn(architecture, "he", 1),
                      *c = drawn(architecture, "he", 2);
    (void)state;
    assert_string_equal(a->digest, b->digest);
    assert_string_not_equal(a->digest, c->digest);
    const float *first = a->weights[checkpoint_find(a, "stem.weight")].tensor->data,
                *second = a->weights[checkpoint_find(a, "groups.weight")].tensor->data;
    assert_true(first[0] / sqrt(2.0 / 288) - second[0] / sqrt(2.0 / 1152) != 0); /* streams of their own */
    assert_true(first[0] == 0x1.074d3ap-5f);
    checkpoint_free(a);
    checkpoint_free(b);
    checkpoint_free(c);
    architecture_free(architecture);
}

/* --- variants ------------------------------------------------------------------------------------------- */

static status vary(const struct architecture *architecture, const struct variant *variant,
                   struct architecture **result, struct error *error)
{
    *result = NULL;
    return architecture_variant(architecture, variant, result, error);
}

static const struct shape *parameter_shape(const struct architecture *architecture, const char *name)
{
    for (int i = 0; i < architecture->parameter_count; i++) {
        if (strcmp(architecture->parameters[i].name, name) == 0)
            return &architecture->parameters[i].shape;
    }
    fail_msg("no parameter %s", name);
    return NULL;
}

static void assert_shape(const struct architecture *architecture, const char *name, const int64_t *dim)
{
    const struct shape *shape = parameter_shape(architecture, name);
    for (int i = 0; i < shape->rank; i++)
        assert_int_equal(shape->dim[i], dim[i]);
}

static void test_variant(void **state)
{
    struct architecture *architecture = described(LAYERS), *narrow, *same;
    struct error error = {0};
    (void)state;
    const struct variant variant = {.classes = 7, .channels = 1, .size = {12, 16}, .width = 0.5};
    assert_int_equal(vary(architecture, &variant, &narrow, &error), STATUS_OK);
    assert_shape(narrow, "stem.weight", (const int64_t[]){16, 1, 3, 3});
    assert_shape(narrow, "depth.weight", (const int64_t[]){32, 1, 5, 5});
    assert_shape(narrow, "groups.weight", (const int64_t[]){64, 8, 3, 3});
    assert_shape(narrow, "middle.weight", (const int64_t[]){128, 64});
    assert_shape(narrow, "head.weight", (const int64_t[]){7, 128});
    assert_int_equal(narrow->steps[4].settings[SETTING_BEFORE][0], 16);
    assert_int_equal(narrow->steps[4].settings[SETTING_AFTER][0], 32);
    assert_int_equal(narrow->input.width, 16);
    assert_int_equal(narrow->classes, 7);
    assert_string_equal(narrow->extras[0], "auxiliary.*");
    assert_int_equal(vary(architecture, &(struct variant){.width = 1}, &same, &error), STATUS_OK);
    assert_int_equal(same->size, architecture->size);
    assert_string_equal(same->digest, architecture->digest);
    architecture_free(same);
    architecture_free(narrow);
    architecture_free(architecture);
}

/* Refusals name the layer. */
static void test_refused(void **state)
{
    struct architecture *architecture = described(LAYERS), *headless = described(6), *result;
    struct error error = {0};
    (void)state;
    assert_int_equal(vary(architecture, &(struct variant){.width = 0.28}, &result, &error), STATUS_SHAPE);
    assert_non_null(strstr(error.message, "sketch: conv groups: "));
    assert_null(result);
    assert_int_equal(vary(architecture, &(struct variant){.width = 1e9}, &result, &error), STATUS_RANGE);
    assert_int_equal(headless->head, -1);
    assert_int_equal(vary(headless, &(struct variant){.classes = 3, .width = 1}, &result, &error),
                     STATUS_UNSUPPORTED);
    architecture_free(architecture);
    architecture_free(headless);
}

/* --- memory --------------------------------------------------------------------------------------------- */

static status build(const struct architecture *architecture, struct error *error)
{
    static const int64_t as_described[2] = {0, 0};
    struct architecture *variant = NULL;
    struct checkpoint *checkpoint = NULL;
    struct fit *fit = NULL;
    struct graph *graph = NULL;
    status code = architecture_variant(architecture, &(struct variant){.width = 0.5}, &variant, error);
    if (code == STATUS_OK)
        code = fresh_checkpoint(variant, initialisation_at(0), 1, &checkpoint, error);
    if (code == STATUS_OK)
        code = fit_new(variant, 0, checkpoint, as_described, &fit, error);
    if (code == STATUS_OK)
        assert_int_equal(fit->verdict, FIT_EXACT);
    if (code == STATUS_OK)
        code = fit_graph(fit, &graph, error);
    graph_free(graph);
    fit_free(fit);
    checkpoint_free(checkpoint);
    architecture_free(variant);
    return code;
}

static void test_memory(void **state)
{
    struct architecture *architecture = described(LAYERS);
    status code = STATUS_MEMORY;
    int failures = -1;
    (void)state;
    for (long nth = 1; code != STATUS_OK; nth++, failures++) {
        struct error error = {0};
        mem_fail_at(nth);
        code = build(architecture, &error);
        mem_fail_at(0);
        assert_true(code == STATUS_OK || code == STATUS_MEMORY);
    }
    assert_true(failures > 50);
    architecture_free(architecture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pytorch), cmocka_unit_test(test_he),      cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_variant), cmocka_unit_test(test_refused), cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
