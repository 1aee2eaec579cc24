/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Descriptions built by hand: which parameters follow from them, how a checkpoint fits, and what the graph
 * computes. Checkpoints are made in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "architecture/fit.h"
#include "architecture/identify.h"
#include "architecture/step_kind.h"
#include "architecture/table.h"
#include "base/memory.h"
#include "nn/graph/graph.h"
#include "nn/operator/plan.h"

/* --- building ------------------------------------------------------------------------------------------- */

static const int64_t as_described[2] = {0, 0};

struct layer {
    const char *kind, *name;
    int inputs[3], input_count;
    double channels, kernel, stride, padding, groups;
    bool bias;
};

static struct layer_step step_of(const struct layer *layer)
{
    struct layer_step step = layer_step_of(step_kind_find(layer->kind));
    step.name = layer->name;
    step.inputs = (int *)layer->inputs;
    step.input_count = layer->input_count ? layer->input_count : 1;
    step.settings[SETTING_CHANNELS][0] = layer->channels;
    for (int i = 0; i < 2; i++) {
        step.settings[SETTING_KERNEL][i] = layer->kernel;
        if (layer->stride != 0)
            step.settings[SETTING_STRIDE][i] = layer->stride;
        if (layer->padding != 0)
            step.settings[SETTING_PADDING][i] = layer->padding;
    }
    if (layer->groups != 0)
        step.settings[SETTING_GROUPS][0] = layer->groups;
    if (layer->bias)
        step.settings[SETTING_BIAS][0] = 1;
    return step;
}

static status add(struct architecture *architecture, const struct layer *layer, struct error *error)
{
    const struct layer_step step = step_of(layer);
    int value;
    return architecture_add(architecture, &step, &value, error);
}

struct sketch {
    const char *name;
    int64_t width, classes;
    const char *activation; /* of one of the layers */
};

/* A stem of `width` channels, a depthwise and a pointwise convolution beside a shortcut, a linear layer. */
static status describe_sketch(const struct sketch *sketch, struct architecture **result, struct error *error)
{
    const double channels = (double)sketch->width;
    const struct layer layers[] = {
        {.kind = "conv", .name = "stem", .inputs = {0}, .channels = channels, .kernel = 3, .stride = 2},
        {.kind = "batchnorm", .name = "norm", .inputs = {1}},
        {.kind = "relu", .inputs = {2}},
        {.kind = "conv",
         .name = "depth",
         .inputs = {3},
         .channels = channels,
         .kernel = 3,
         .groups = channels},
        {.kind = sketch->activation, .inputs = {4}},
        {.kind = "conv", .name = "point", .inputs = {5}, .channels = channels, .kernel = 1, .bias = true},
        {.kind = "add", .inputs = {3, 6}, .input_count = 2},
        {.kind = "maxpool", .inputs = {7}, .kernel = 2},
        {.kind = "average", .inputs = {8}},
        {.kind = "flatten", .inputs = {9}},
        {.kind = "dropout", .inputs = {10}},
        {.kind = "linear", .name = "head", .inputs = {11}, .channels = (double)sketch->classes},
    };
    const struct feature_shape input = {3, 16, 16, false};
    struct architecture *architecture = architecture_new(sketch->name, &input, sketch->classes);
    status code = architecture ? STATUS_OK : error_memory(error);
    for (size_t i = 0; code == STATUS_OK && i < sizeof layers / sizeof *layers; i++)
        code = add(architecture, &layers[i], error);
    if (code == STATUS_OK)
        code = architecture_finish(architecture, 12, error);
    if (code == STATUS_OK)
        code = architecture_extra(architecture, "auxiliary.*", error);
    if (code != STATUS_OK) {
        architecture_free(architecture);
        return code;
    }
    *result = architecture;
    return STATUS_OK;
}

static status describe(const char *name, int64_t width, struct architecture **result, struct error *error)
{
    return describe_sketch(&(struct sketch){name, width, 10, "relu6"}, result, error);
}

static struct architecture *sketched(const char *name, int64_t width, int64_t classes, const char *activation)
{
    struct architecture *architecture;
    struct error error = {0};
    if (describe_sketch(&(struct sketch){name, width, classes, activation}, &architecture, &error) !=
        STATUS_OK)
        fail_msg("%s", error.message);
    return architecture;
}

static struct architecture *described(const char *name, int64_t width)
{
    return sketched(name, width, 10, "relu6");
}

static void add_weight(struct checkpoint *checkpoint, const char *name, const struct shape *shape)
{
    struct tensor *tensor = tensor_new(ELEMENT_FLOAT, shape);
    assert_non_null(tensor);
    for (int64_t i = 0; i < shape_elements(shape); i++)
        ((float *)tensor->data)[i] = (float)(i % 7 + 1) / 8;
    checkpoint->weights[checkpoint->count++] =
        (struct weight){arena_string(checkpoint->arena, name), tensor, 0};
}

/* One with the parameters of an architecture, and room for three more. */
static struct checkpoint *checkpoint_of(const struct architecture *architecture, int naming)
{
    struct checkpoint *checkpoint = mem_new(1, sizeof *checkpoint);
    assert_non_null(checkpoint);
    checkpoint->arena = arena_new();
    checkpoint->format = "made", checkpoint->place = checkpoint->prefix = "";
    checkpoint->weights = arena_alloc(checkpoint->arena, (size_t)architecture->parameter_count + 3,
                                      sizeof *checkpoint->weights);
    for (int i = architecture->parameter_count; i-- > 0;)
        add_weight(checkpoint, architecture->namings[naming].names[i], &architecture->parameters[i].shape);
    return checkpoint;
}

static struct tensor **weight_of(struct checkpoint *checkpoint, const char *name)
{
    for (int i = 0; i < checkpoint->count; i++) {
        if (strcmp(checkpoint->weights[i].name, name) == 0)
            return &checkpoint->weights[i].tensor;
    }
    fail_msg("no weight %s", name);
    return NULL;
}

static void reshape(struct checkpoint *checkpoint, const char *name, struct shape shape)
{
    struct tensor **place = weight_of(checkpoint, name);
    tensor_free(*place);
    *place = tensor_new(ELEMENT_FLOAT, &shape);
    assert_non_null(*place);
}

static struct fit *fit(struct architecture *architecture, struct checkpoint *checkpoint)
{
    struct fit *result;
    struct error error = {0};
    if (fit_new(architecture, 0, checkpoint, as_described, &result, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    return result;
}

/* --- descriptions --------------------------------------------------------------------------------------- */

static void test_parameters(void **state)
{
    static const struct {
        const char *name;
        struct shape shape;
    } expected[] = {
        {"stem.weight", {4, {8, 3, 3, 3}}},
        {"norm.weight", {1, {8}}},
        {"norm.bias", {1, {8}}},
        {"norm.running_mean", {1, {8}}},
        {"norm.running_var", {1, {8}}},
        {"depth.weight", {4, {8, 1, 3, 3}}},
        {"point.weight", {4, {8, 8, 1, 1}}},
        {"point.bias", {1, {8}}},
        {"head.weight", {2, {10, 8}}},
        {"head.bias", {1, {10}}},
    };
    struct architecture *architecture = described("small", 8);
    (void)state;
    assert_int_equal(architecture->parameter_count, sizeof expected / sizeof *expected);
    for (int i = 0; i < architecture->parameter_count; i++) {
        assert_string_equal(architecture->parameters[i].name, expected[i].name);
        assert_true(shape_equal(&architecture->parameters[i].shape, &expected[i].shape));
    }
    assert_int_equal(architecture->size, 216 + 16 + 72 + 64 + 8 + 80 + 10);
    assert_int_equal(architecture->classes, 10);
    architecture_free(architecture);
}

static void refuse(const struct layer *layer, const char *words)
{
    const struct feature_shape input = {3, 9, 9, false};
    struct architecture *architecture = architecture_new("refused", &input, 10);
    struct error error = {0};
    assert_int_not_equal(add(architecture, layer, &error), STATUS_OK);
    if (!strstr(error.message, words))
        fail_msg("%s: lacks '%s'", error.message, words);
    assert_int_equal(architecture->parameter_count, 0);
    architecture_free(architecture);
}

static void test_refused_layers(void **state)
{
    static const struct {
        struct layer layer;
        const char *words;
    } cases[] = {
        {{.kind = "conv", .name = "a", .channels = 4, .kernel = 11, .padding = 0.5}, "padding"},
        {{.kind = "conv", .name = "a", .channels = 4, .kernel = 2}, "conv a: its kernel is even"},
        {{.kind = "conv", .name = "a", .channels = 0, .kernel = 3}, "channels: 0 is not a whole number"},
        {{.kind = "conv", .name = "a", .channels = 4, .kernel = 3, .groups = 2}, "3 channels in and 4 out"},
        {{.kind = "conv", .channels = 4, .kernel = 3}, "name"},
        {{.kind = "linear", .name = "a", .channels = 4}, "linear a: its input is not flat"},
        {{.kind = "maxpool", .kernel = 10}, "maxpool: its window is larger than its input, 9x9"},
        {{.kind = "relu", .inputs = {1}}, "no such value"},
        {{.kind = "add"}, "1 inputs, 2 expected"},
        {{.kind = "concat"}, "at least 2"},
        {{.kind = "conv", .name = "a", .channels = 1e8, .kernel = 3}, "channels"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refuse(&cases[i].layer, cases[i].words);
}

/* Sizes as PyTorch counts them: nn.MaxPool2d(kernel, stride, padding, ceil_mode=True) of 9 pixels. */
static void test_ceil(void **state)
{
    static const struct {
        int kernel, stride, padding, expected;
    } cases[] = {{3, 2, 0, 4}, {3, 2, 1, 5}, {2, 2, 0, 5}, {2, 2, 1, 5},
                 {2, 3, 1, 4}, {1, 4, 0, 3}, {3, 4, 1, 3}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct feature_shape input = {3, 9, 9, false};
        struct architecture *architecture = architecture_new("ceil", &input, 10);
        struct layer layer = {.kind = "maxpool",
                              .kernel = cases[i].kernel,
                              .stride = cases[i].stride,
                              .padding = cases[i].padding};
        struct layer_step step = step_of(&layer);
        struct error error = {0};
        int value;
        step.settings[SETTING_CEIL][0] = 1;
        assert_int_equal(architecture_add(architecture, &step, &value, &error), STATUS_OK);
        assert_int_equal(architecture->shapes[value].height, cases[i].expected);
        architecture_free(architecture);
    }
}

static void test_equal_names(void **state)
{
    const struct feature_shape input = {3, 9, 9, false};
    struct architecture *architecture = architecture_new("twice", &input, 10);
    const struct layer layer = {.kind = "conv", .name = "a", .channels = 3, .kernel = 3};
    struct error error = {0};
    (void)state;
    assert_int_equal(add(architecture, &layer, &error), STATUS_OK);
    assert_int_equal(add(architecture, &layer, &error), STATUS_OK);
    assert_int_equal(architecture_finish(architecture, 2, &error), STATUS_USAGE);
    assert_string_equal(error.message, "the name a.weight stands for two parameters");
    architecture_free(architecture);
}

/* --- fits ----------------------------------------------------------------------------------------------- */

static void test_exact(void **state)
{
    struct architecture *architecture = described("small", 8);
    struct checkpoint *checkpoint = checkpoint_of(architecture, 0);
    (void)state;
    add_weight(checkpoint, "norm.num_batches_tracked", &(struct shape){0});
    add_weight(checkpoint, "auxiliary.weight", &(struct shape){1, {3}});
    struct fit *exact = fit(architecture, checkpoint);
    assert_int_equal(exact->verdict, FIT_EXACT);
    assert_int_equal(exact->extras, 1);
    assert_string_equal(fit_first_extra(exact), "auxiliary.weight");
    assert_int_equal(exact->output.channels, 10);
    struct graph *graph;
    struct error error = {0};
    assert_int_equal(fit_graph(exact, &graph, &error), STATUS_OK);
    struct plan *plan;
    assert_int_equal(plan_new(graph, &(struct plan_options){.batch = 2}, &plan, &error), STATUS_OK);
    const struct shape *output = &plan->values[graph->outputs[0]].shape;
    assert_true(shape_equal(output, &(struct shape){2, {2, 10}}));
    assert_string_equal(graph->values[graph->inputs[0]].name, "input");
    assert_string_equal(graph->values[graph->outputs[0]].name, "output");
    assert_ptr_equal(graph->values[graph_find_value(graph, "depth.weight")].constant,
                     *weight_of(checkpoint, "depth.weight"));
    plan_free(plan);
    graph_free(graph);
    fit_free(exact);
    checkpoint_free(checkpoint);
    architecture_free(architecture);
}

/* Other classes and channels of images are the checkpoint's, and nothing to speak of. */
static void test_classes(void **state)
{
    struct architecture *architecture = described("small", 8);
    struct checkpoint *checkpoint = checkpoint_of(architecture, 0);
    (void)state;
    reshape(checkpoint, "head.weight", (struct shape){2, {100, 8}});
    reshape(checkpoint, "head.bias", (struct shape){1, {100}});
    reshape(checkpoint, "stem.weight", (struct shape){4, {8, 1, 3, 3}});
    struct fit *found = fit(architecture, checkpoint);
    assert_int_equal(found->verdict, FIT_EXACT);
    assert_int_equal(found->output.channels, 100);
    assert_int_equal(found->input.channels, 1);
    fit_free(found);
    checkpoint_free(checkpoint);
    architecture_free(architecture);
}

/* A checkpoint of fewer channels everywhere, the depthwise layer's groups included. */
static void test_pruned(void **state)
{
    struct architecture *wide = described("small", 8), *narrow = described("small", 5);
    struct checkpoint *checkpoint = checkpoint_of(narrow, 0);
    (void)state;
    struct fit *found = fit(wide, checkpoint);
    assert_int_equal(found->verdict, FIT_CHANNELS);
    assert_true(found->narrower);
    assert_int_equal(found->different, 9);
    struct graph *graph;
    struct error error = {0};
    assert_int_equal(fit_graph(found, &graph, &error), STATUS_OK);
    graph_free(graph);
    fit_free(found);
    found = fit(narrow, checkpoint);
    assert_int_equal(found->verdict, FIT_EXACT);
    fit_free(found);
    checkpoint_free(checkpoint);
    checkpoint = checkpoint_of(wide, 0);
    found = fit(narrow, checkpoint);
    assert_int_equal(found->verdict, FIT_CHANNELS);
    assert_false(found->narrower);
    fit_free(found);
    checkpoint_free(checkpoint);
    architecture_free(wide);
    architecture_free(narrow);
}

struct told {
    int count[DIFFERENCE_KINDS];
    char last[64];
};

static bool hear(void *argument, const struct difference *difference)
{
    struct told *told = argument;
    told->count[difference->kind]++;
    assert_int_equal(!difference->described, difference->kind == PARAMETER_UNEXPECTED);
    assert_int_equal(!difference->given, difference->kind == PARAMETER_MISSING);
    strncpy(told->last, difference->name, sizeof told->last - 1);
    return true;
}

/* Channels that do not go together: the first place is told. */
static void test_inconsistent(void **state)
{
    static const struct {
        const char *name;
        struct shape shape;
        const char *why;
    } cases[] = {
        {"norm.bias", {1, {7}}, "batchnorm norm: norm.bias is 7, but what is before it needs 8"},
        {"point.weight", {4, {7, 8, 1, 1}}, "conv point: point.bias is 8, but what is before it needs 7"},
        {"stem.weight",
         {4, {8, 3, 5, 5}},
         "conv stem: stem.weight is 8x3x5x5, but what is before it needs 8x3x3x3"},
        {"stem.weight", {1, {8}}, "conv stem: stem.weight is 8, but what is before it needs 8x3x3x3"},
        {"head.weight", {2, {10, 9}}, "linear head: head.weight is 10x9, but what is before it needs 10x8"},
        {"depth.weight",
         {4, {8, 3, 3, 3}},
         "conv depth: depth.weight is 8x3x3x3, but what is before it needs 8x1x3x3"},
        {"depth.weight", {4, {12, 1, 3, 3}}, "conv depth: 8 channels in and 12 out are not in 8 groups"},
    };
    struct architecture *architecture = described("small", 8);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct checkpoint *checkpoint = checkpoint_of(architecture, 0);
        struct told told = {0};
        reshape(checkpoint, cases[i].name, cases[i].shape);
        struct fit *found = fit(architecture, checkpoint);
        assert_int_equal(found->verdict, FIT_NONE);
        assert_string_equal(found->why.message, cases[i].why);
        fit_differences(found, hear, &told);
        assert_int_equal(told.count[PARAMETER_DIFFERENT], 1);
        assert_string_equal(told.last, cases[i].name);
        fit_free(found);
        checkpoint_free(checkpoint);
    }
    architecture_free(architecture);
}

static void test_names(void **state)
{
    struct architecture *architecture = described("small", 8);
    struct checkpoint *checkpoint = checkpoint_of(architecture, 0);
    struct told told = {0};
    (void)state;
    *(const char **)&checkpoint->weights[0].name = "other";
    add_weight(checkpoint, "more", &(struct shape){1, {3}});
    struct fit *found = fit(architecture, checkpoint);
    assert_int_equal(found->verdict, FIT_NONE);
    assert_int_equal(found->missing, 1);
    assert_int_equal(found->unexpected, 2);
    fit_differences(found, hear, &told);
    assert_int_equal(told.count[PARAMETER_MISSING], 1);
    assert_int_equal(told.count[PARAMETER_UNEXPECTED], 2);
    assert_int_equal(told.count[PARAMETER_DIFFERENT], 0);
    fit_free(found);
    checkpoint_free(checkpoint);
    architecture_free(architecture);
}

/* --- which one ------------------------------------------------------------------------------------------ */

static struct identification identify(struct architecture **items, int count, struct checkpoint *checkpoint)
{
    const struct architecture_list list = {items, count};
    struct identification found;
    struct error error = {0};
    if (architecture_identify(&list, checkpoint, as_described, &found, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    return found;
}

static void test_identify(void **state)
{
    struct architecture *items[] = {described("wide", 16), described("middle", 8), described("narrow", 4),
                                    sketched("again", 8, 100, "relu6"), sketched("other", 8, 10, "relu")};
    enum { ITEMS = sizeof items / sizeof *items };
    (void)state;
    struct checkpoint *checkpoint = checkpoint_of(items[1], 0);
    struct identification found = identify(items, ITEMS, checkpoint);
    assert_string_equal(found.fit->architecture->name, "middle");
    assert_int_equal(found.other_count, 1); /* the one that computes the same is none */
    assert_string_equal(found.others[0], "other");
    identification_end(&found);
    /* Without an equal one: one that is not narrower than the file comes before one that is. */
    struct architecture *two[] = {items[2], items[0]};
    found = identify(two, 2, checkpoint);
    assert_string_equal(found.fit->architecture->name, "wide");
    assert_int_equal(found.fit->verdict, FIT_CHANNELS);
    identification_end(&found);
    checkpoint_free(checkpoint);
    for (int i = 0; i < ITEMS; i++)
        architecture_free(items[i]);
}

/* Of several the one described for the checkpoint's number of classes, be it narrower or not; else the first.
 */
static void test_identify_by_classes(void **state)
{
    static const struct {
        int64_t width, classes;
        const char *name;
    } cases[] = {
        {8, 10, "ten"}, {8, 1000, "thousand"}, {8, 37, "thousand"}, {5, 10, "ten"}, {5, 37, "thousand"}};
    struct architecture *items[] = {sketched("thousand", 8, 1000, "relu6"), sketched("ten", 8, 10, "relu")};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct architecture *file = sketched("file", cases[i].width, cases[i].classes, "relu");
        struct checkpoint *checkpoint = checkpoint_of(file, 0);
        struct identification found = identify(items, 2, checkpoint);
        assert_string_equal(found.fit->architecture->name, cases[i].name);
        assert_int_equal(found.other_count, 1);
        identification_end(&found);
        checkpoint_free(checkpoint);
        architecture_free(file);
    }
    architecture_free(items[0]);
    architecture_free(items[1]);
}

static void test_naming(void **state)
{
    static const char *const names[] = {"s.w", "n.w", "n.b", "n.m", "n.v", "d.w", "p.w", "p.b", "h.w", "h.b"};
    struct architecture *architecture = described("small", 8);
    struct error error = {0};
    (void)state;
    assert_int_equal(architecture_name(architecture, "others", names, &error), STATUS_OK);
    struct checkpoint *checkpoint = checkpoint_of(architecture, 1);
    struct identification found = identify(&architecture, 1, checkpoint);
    assert_int_equal(found.fit->verdict, FIT_EXACT);
    assert_string_equal(found.fit->naming->by, "others");
    struct graph *graph;
    assert_int_equal(fit_graph(found.fit, &graph, &error), STATUS_OK);
    assert_true(graph_find_value(graph, "d.w") >= 0); /* as in the file */
    graph_free(graph);
    identification_end(&found);
    checkpoint_free(checkpoint);
    architecture_free(architecture);
}

static void test_table(void **state)
{
    struct architecture *first = described("first", 4), *second = described("second", 4),
                        *own = described("second", 8), *wrong = described("No Name", 4);
    struct architecture_list list;
    struct error error = {0};
    (void)state;
    assert_int_equal(architecture_table_add(first, false, &error), STATUS_OK);
    assert_int_equal(architecture_table_add(second, false, &error), STATUS_OK);
    assert_int_equal(architecture_table_add(own, true, &error), STATUS_OK);
    assert_int_equal(architecture_table_add(second, false, &error), STATUS_OK); /* the own one stays */
    assert_int_equal(architecture_table_add(wrong, true, &error), STATUS_USAGE);
    assert_int_equal(architecture_list_all(&list, &error), STATUS_OK);
    assert_int_equal(list.count, 2);
    assert_ptr_equal(list.items[0], own);
    assert_ptr_equal(list.items[1], first);
    architecture_list_free(&list);
    struct architecture *found = architecture_table_find("second");
    assert_ptr_equal(found, own);
    architecture_free(found);
    assert_null(architecture_table_find("third"));
    architecture_free(first);
    architecture_free(second);
    architecture_free(own);
    architecture_free(wrong);
}

/* --- failures ------------------------------------------------------------------------------------------- */

static status describe_and_fit(struct checkpoint *checkpoint, struct error *error)
{
    struct architecture *architecture;
    struct identification found = {0};
    struct graph *graph;
    status code = describe("small", 8, &architecture, error);
    if (code != STATUS_OK)
        return code;
    code = architecture_identify(&(struct architecture_list){&architecture, 1}, checkpoint, as_described,
                                 &found, error);
    if (code == STATUS_OK)
        code = fit_graph(found.fit, &graph, error);
    if (code == STATUS_OK)
        graph_free(graph);
    identification_end(&found);
    architecture_free(architecture);
    return code;
}

static void test_memory(void **state)
{
    struct architecture *architecture = described("small", 8);
    struct checkpoint *checkpoint = checkpoint_of(architecture, 0);
    status code = STATUS_MEMORY;
    int failures = -1;
    (void)state;
    for (long nth = 1; code != STATUS_OK; nth++, failures++) {
        struct error error = {0};
        mem_fail_at(nth);
        code = describe_and_fit(checkpoint, &error);
        mem_fail_at(0);
        assert_true(code == STATUS_OK || code == STATUS_MEMORY);
    }
    assert_true(failures > 50);
    checkpoint_free(checkpoint);
    architecture_free(architecture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_refused_layers),
        cmocka_unit_test(test_ceil),
        cmocka_unit_test(test_equal_names),
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_pruned),
        cmocka_unit_test(test_inconsistent),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_identify),
        cmocka_unit_test(test_identify_by_classes),
        cmocka_unit_test(test_naming),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
