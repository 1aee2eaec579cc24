/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compensation and repair where the right answer is known: a channel that is constant, a channel that is
 * there twice; and least squares against a decomposition of another kind. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "data/dataset.h"
#include "data/sampler.h"
#include "nn/engine/engine.h"
#include "prune/compensate.h"
#include "prune/least_squares.h"
#include "prune/repair.h"
#include "prune/surgery.h"
#include "support/network.h"
#include "support/attributes.h"
#include "support/subject.h"

enum { IMAGES = 24, CLASSES = 5, BATCH = 4 };

static void check(status code, const struct error *error)
{
    if (code != STATUS_OK)
        fail_msg("%s", error->message);
}

/* --- the network ---------------------------------------------------------------------------------------- */

static int norm(struct builder *builder, const char *name, int input, int64_t channels)
{
    static const char *const suffixes[] = {"weight", "bias", "running_mean", "running_var"};
    const double lows[] = {0.5, -0.3, -0.4, 0.3}, highs[] = {1.2, 0.5, 0.4, 1.5};
    int inputs[6] = {input, 0, 0, 0, 0, VALUE_NONE};
    for (int i = 0; i < 4; i++) {
        char parameter[40];
        snprintf(parameter, sizeof parameter, "%s.%s", name, suffixes[i]);
        inputs[i + 1] = builder_parameter(builder, parameter, 1, &channels, lows[i], highs[i]);
    }
    return builder_node(builder, "BatchNormalization", name, inputs, NULL, 0);
}

static int relu(struct builder *builder, const char *name, int input)
{
    return builder_node(builder, "Relu", name, (int[]){input, VALUE_NONE}, NULL, 0);
}

/* Parameter "NAME.weight" of out x in x 3 x 3, with "NAME.bias" if asked for. */
static int convolution(struct builder *builder, const char *name, int input, int64_t in, int64_t out,
                       int64_t groups, bool bias)
{
    char weight[40], shift[40];
    snprintf(weight, sizeof weight, "%s.weight", name);
    snprintf(shift, sizeof shift, "%s.bias", name);
    const int64_t dims[] = {out, in / groups, 3, 3}, strides[] = {2, 2};
    const struct attribute attributes[] = {integers_attribute("strides", 2, strides),
                                           integer_attribute("group", groups)};
    int inputs[] = {input, builder_parameter(builder, weight, 4, dims, -0.4, 0.5), VALUE_NONE, VALUE_NONE};
    if (bias)
        inputs[2] = builder_parameter(builder, shift, 1, &out, -0.2, 0.4);
    return builder_node(builder, "Conv", name, inputs, attributes, 2);
}

/* Conv and Relu to 8 channels; Conv without bias, BatchNorm, Relu to 6; grouped Conv with bias, Relu to 4;
 * mean; Gemm. */
static struct graph *network(const struct change *changes, int count)
{
    struct builder builder = builder_start(changes, count);
    int x = builder_input(&builder, "image", 3, (int64_t[]){3, 32, 32});
    x = relu(&builder, "relu1", convolution(&builder, "one", x, 3, 8, 1, true));
    x = relu(&builder, "relu2", norm(&builder, "norm2", convolution(&builder, "two", x, 8, 6, 1, false), 6));
    x = relu(&builder, "relu3", convolution(&builder, "three", x, 6, 4, 2, true));
    x = builder_node(&builder, "GlobalAveragePool", "mean", (int[]){x, VALUE_NONE}, NULL, 0);
    x = builder_node(&builder, "Flatten", "flat", (int[]){x, VALUE_NONE}, NULL, 0);
    const int64_t dims[] = {CLASSES, 4}, classes = CLASSES;
    const struct attribute attribute = integer_attribute("transB", 1);
    const int inputs[] = {x, builder_parameter(&builder, "four.weight", 2, dims, -0.7, 0.7),
                          builder_parameter(&builder, "four.bias", 1, &classes, -0.3, 0.3), VALUE_NONE};
    return builder_finish(&builder, builder_node(&builder, "Gemm", "four", inputs, &attribute, 1));
}

/* Parameter "NAME.weight" of in x out/groups x size x size, with "NAME.bias" if asked for. */
static int transposed(struct builder *builder, const char *name, int input, const int64_t dims[4],
                      int64_t groups, bool bias)
{
    char weight[40], shift[40];
    snprintf(weight, sizeof weight, "%s.weight", name);
    snprintf(shift, sizeof shift, "%s.bias", name);
    const int64_t out = dims[1] * groups, strides[] = {2, 2}, pads[] = {dims[2] / 2, 0, 0, dims[2] / 3};
    const struct attribute attributes[] = {integers_attribute("strides", 2, strides),
                                           integers_attribute("pads", 4, pads),
                                           integer_attribute("group", groups)};
    int inputs[] = {input, builder_parameter(builder, weight, 4, dims, -0.4, 0.5), VALUE_NONE, VALUE_NONE};
    if (bias)
        inputs[2] = builder_parameter(builder, shift, 1, &out, -0.2, 0.4);
    return builder_node(builder, "ConvTranspose", name, inputs, attributes, 3);
}

/* Conv and Relu to 8 channels; transposed convolution, BatchNorm, Relu to 6; another in two groups, with
 * bias, to 4; mean; MatMul. */
static struct graph *growing_network(const struct change *changes, int count)
{
    struct builder builder = builder_start(changes, count);
    int x = builder_input(&builder, "image", 3, (int64_t[]){3, 32, 32});
    x = relu(&builder, "relu1", convolution(&builder, "one", x, 3, 8, 1, true));
    x = transposed(&builder, "two", x, (int64_t[]){8, 6, 1, 1}, 1, false);
    x = relu(&builder, "relu2", norm(&builder, "norm2", x, 6));
    x = relu(&builder, "relu3", transposed(&builder, "three", x, (int64_t[]){6, 2, 3, 3}, 2, true));
    x = builder_node(&builder, "GlobalAveragePool", "mean", (int[]){x, VALUE_NONE}, NULL, 0);
    x = builder_node(&builder, "Flatten", "flat", (int[]){x, VALUE_NONE}, NULL, 0);
    int weight = builder_parameter(&builder, "four.weight", 2, (int64_t[]){4, CLASSES}, -0.7, 0.7);
    return builder_finish(&builder,
                          builder_node(&builder, "MatMul", "four", (int[]){x, weight, VALUE_NONE}, NULL, 0));
}

static void logits(const struct graph *graph, double out[BATCH * CLASSES])
{
    struct error error = {0};
    struct engine *engine;
    struct engine_options options = {.batch = BATCH, .real = ELEMENT_DOUBLE};
    struct random_state random;
    check(engine_new(graph, &options, &engine, &error), &error);
    random_seed(&random, 3, 3);
    double *input = engine_input(engine);
    for (int64_t i = 0; i < BATCH * engine_input_elements(engine); i++)
        input[i] = random_between(&random, -1, 2);
    check(engine_forward(engine, &error), &error);
    memcpy(out, engine_output(engine)->data, BATCH * CLASSES * sizeof *out);
    engine_free(engine);
}

static double distance(const struct graph *a, const struct graph *b)
{
    double one[BATCH * CLASSES], two[BATCH * CLASSES], most = 0;
    logits(a, one);
    logits(b, two);
    for (int i = 0; i < BATCH * CLASSES; i++)
        most = fmax(most, fabs(one[i] - two[i]));
    return most;
}

/* --- the images ----------------------------------------------------------------------------------------- */

struct images {
    struct dataset *dataset;
    struct sample sample;
    struct sampled sampled;
};

static void images_open(struct images *images)
{
    struct error error = {0};
    const struct dataset_options options = {.images = IMAGES, .seed = 1};
    const struct sample_options all = {.fraction = 1};
    check(dataset_open(dataset_kind_find("shapes"), NULL, &options, &images->dataset, &error), &error);
    check(sample_draw(images->dataset, &all, &images->sample, &error), &error);
    images->sampled = (struct sampled){
        .dataset = images->dataset, .sample = &images->sample, .real = ELEMENT_DOUBLE, .micro_batch = 5};
}

static void images_close(struct images *images)
{
    sample_free(&images->sample);
    dataset_free(images->dataset);
}

/* --- repair --------------------------------------------------------------------------------------------- */

/* A pruned network beside what it was. Channels' numbers as surgery leaves them. */
struct pair {
    struct subject original, pruned;
    int original_layer[8];
    int64_t numbers[8][8];
    const int64_t *channels[8];
    struct repaired_layer done[8];
    struct repair repair;
};

static struct repair_network network_of(const struct subject *subject)
{
    return (struct repair_network){subject->graph, subject->layers, subject->coupling->plan};
}

/* What is left of `original` when its `removed` go; takes the pruned graph, NULL: cut here. */
static void pair_init(struct pair *pair, struct graph *pruned, const struct images *images, double ridge)
{
    struct error error = {0};
    const struct subject *from = &pair->original;
    if (pruned == NULL)
        check(surgery_apply(from->coupling, from->removed, &pruned, &error), &error);
    pair->pruned = subject_of(pruned);
    for (int i = 0; i < from->layers->count; i++) {
        int64_t left = 0;
        for (int64_t c = 0; c < from->layers->items[i].channels; c++)
            if (!from->removed[from->coupling->layer_classes[i][c]])
                pair->numbers[i][left++] = c;
        pair->channels[i] = pair->numbers[i];
        pair->original_layer[i] = i;
    }
    pair->repair = (struct repair){.pruned = network_of(&pair->pruned),
                                   .original = network_of(from),
                                   .original_layer = pair->original_layer,
                                   .channels = pair->channels,
                                   .sampled = &images->sampled,
                                   .positions = 20,
                                   .ridge = ridge,
                                   .seed = 4};
}

static void pair_free(struct pair *pair)
{
    subject_free(&pair->original);
    subject_free(&pair->pruned);
}

/* Channel 5 of the first layer is channel 2: what reads it can do without. */
static const struct change twins[] = {
    {"one.weight", 2 * 27, 27, 1, 0, 0.1},
    {"one.weight", 5 * 27, 27, 1, 0, 0.1},
    {"one.bias", 2, 1, 1, 0, 0.05},
    {"one.bias", 5, 1, 1, 0, 0.05},
};

static void a_twin_is_made_up_for(void **state)
{
    (void)state;
    struct images images;
    struct pair pair = {.original = subject_of(network(twins, 4))};
    struct graph *repaired;
    struct error error = {0};
    images_open(&images);
    subject_remove(&pair.original, "one", 5);
    pair_init(&pair, NULL, &images, 0);
    assert_true(distance(pair.original.graph, pair.pruned.graph) > 1e-2);
    check(repair_apply(&pair.repair, pair.done, &repaired, &error), &error);
    assert_true(distance(pair.original.graph, repaired) < 1e-9);
    assert_int_equal(pair.done[0].outcome, REPAIR_EQUAL);
    for (int i = 1; i < 4; i++) {
        assert_int_equal(pair.done[i].outcome, REPAIR_FITTED);
        assert_true(pair.done[i].fit.after < 1e-9 * pair.done[i].fit.total);
    }
    assert_int_equal(pair.done[1].fit.rows, IMAGES * 20);
    assert_int_equal(pair.done[1].unknowns, 7 * 9 + 1);
    assert_true(pair.done[1].fit.before > 1e-3 * pair.done[1].fit.total);
    struct subject after = subject_of(repaired); /* the weight on it has become that on both */
    const double *then = pair.original.graph->values[pair.original.layers->items[1].weight].constant->data;
    const double *now = after.graph->values[after.layers->items[1].weight].constant->data;
    for (int64_t filter = 0; filter < 6; filter++)
        for (int64_t tap = 0; tap < 9; tap++)
            assert_true(fabs(now[(filter * 7 + 2) * 9 + tap] - then[(filter * 8 + 2) * 9 + tap] -
                             then[(filter * 8 + 5) * 9 + tap]) < 1e-8);
    subject_free(&after);
    pair_free(&pair);
    images_close(&images);
}

/* The same in front of transposed convolutions. */
static void a_twin_is_made_up_for_above(void **state)
{
    (void)state;
    struct images images;
    struct pair pair = {.original = subject_of(growing_network(twins, 4))};
    struct graph *repaired;
    struct error error = {0};
    images_open(&images);
    subject_remove(&pair.original, "one", 5);
    pair_init(&pair, NULL, &images, 1e-12);
    assert_true(distance(pair.original.graph, pair.pruned.graph) > 1e-2);
    check(repair_apply(&pair.repair, pair.done, &repaired, &error), &error);
    assert_true(distance(pair.original.graph, repaired) < 1e-6);
    for (int i = 1; i < 3; i++) {
        assert_int_equal(pair.done[i].outcome, REPAIR_FITTED);
        assert_true(pair.done[i].fit.after < 1e-9 * pair.done[i].fit.total);
    }
    assert_int_equal(pair.done[1].unknowns, 7 + 1);
    assert_int_equal(pair.done[2].unknowns, 3 * 9 + 1);
    assert_true(pair.done[1].fit.before > 1e-3 * pair.done[1].fit.total);
    graph_free(repaired);
    pair_free(&pair);
    images_close(&images);
}

/* Channels go from every layer: errors shrink, of grouped layers too; a second repair finds little to do. */
static void errors_shrink(void **state)
{
    (void)state;
    struct images images;
    struct pair pair = {.original = subject_of(network(NULL, 0))},
                again = {.original = subject_of(network(NULL, 0))};
    struct graph *once, *twice;
    struct error error = {0};
    images_open(&images);
    for (int i = 0; i < 2; i++) {
        struct subject *subject = i == 0 ? &pair.original : &again.original;
        subject_remove(subject, "one", 1);
        subject_remove(subject, "one", 6);
        subject_remove(subject, "two", 0);
        subject_remove(subject, "two", 5);
        subject_remove(subject, "three", 0);
    }
    pair_init(&pair, NULL, &images, 1e-9);
    check(repair_apply(&pair.repair, pair.done, &once, &error), &error);
    pair_init(&again, once, &images, 1e-9);
    check(repair_apply(&again.repair, again.done, &twice, &error), &error);
    for (int i = 1; i < 4; i++) {
        const struct least_squares_fit *fit = &pair.done[i].fit, *second = &again.done[i].fit;
        assert_int_equal(pair.done[i].outcome, REPAIR_FITTED);
        assert_true(fit->after < fit->before);
        assert_true(fabs(second->before - fit->after) < 1e-6 * fit->total);
        assert_true(fabs(second->after - fit->after) < 1e-6 * fit->total);
    }
    assert_true(distance(pair.original.graph, once) < distance(pair.original.graph, pair.pruned.graph));
    graph_free(twice);
    pair_free(&pair);
    pair_free(&again);
    images_close(&images);
}

/* The same network with other numbers in a layer whose inputs are what they were. */
static void what_reads_the_same_is_restored(void **state)
{
    (void)state;
    const struct change change = {"one.weight", 0, 27, 1, 0.5, 0};
    struct images images;
    struct pair pair = {.original = subject_of(network(NULL, 0))};
    struct graph *repaired;
    struct error error = {0};
    images_open(&images);
    pair_init(&pair, network(&change, 1), &images, 0);
    check(repair_apply(&pair.repair, pair.done, &repaired, &error), &error);
    assert_int_equal(pair.done[0].outcome, REPAIR_RESTORED);
    for (int i = 1; i < 4; i++)
        assert_int_equal(pair.done[i].outcome, REPAIR_EQUAL);
    assert_true(distance(pair.original.graph, repaired) == 0);
    graph_free(repaired);
    pair_free(&pair);
    images_close(&images);
}

/* A channel that is there twice is no unique answer without a ridge. */
static void dependence_is_refused(void **state)
{
    (void)state;
    struct images images;
    struct pair pair = {.original = subject_of(network(twins, 4))};
    struct graph *repaired;
    struct error error = {0};
    images_open(&images);
    subject_remove(&pair.original, "one", 0);
    pair_init(&pair, NULL, &images, 0);
    assert_int_equal(repair_apply(&pair.repair, pair.done, &repaired, &error), STATUS_STATE);
    assert_non_null(strstr(error.message, "layer two: "));
    assert_non_null(strstr(error.message, "ridge"));
    pair_free(&pair);
    images_close(&images);
}

static void memory_may_fail_and_work_may_stop(void **state)
{
    (void)state;
    struct images images;
    struct pair pair = {.original = subject_of(network(twins, 4))};
    struct graph *result = NULL;
    struct compensation told;
    struct error error = {0};
    struct progress progress = {0};
    images_open(&images);
    subject_remove(&pair.original, "one", 5);
    pair_init(&pair, NULL, &images, 1e-6);
    for (int what = 0; what < 2; what++) {
        status code = STATUS_MEMORY;
        for (long nth = 1; code == STATUS_MEMORY; nth += 1 + nth / 40) {
            mem_fail_at(nth);
            code = what == 0 ? repair_apply(&pair.repair, pair.done, &result, &error)
                             : compensate_apply(pair.original.coupling, pair.original.removed,
                                                &images.sampled, &told, &result, &error);
            mem_fail_at(0);
        }
        check(code, &error);
        graph_free(result);
    }
    progress_cancel(&progress);
    images.sampled.progress = &progress;
    assert_int_equal(repair_apply(&pair.repair, pair.done, &result, &error), STATUS_CANCELLED);
    assert_int_equal(compensate_apply(pair.original.coupling, pair.original.removed, &images.sampled, &told,
                                      &result, &error),
                     STATUS_CANCELLED);
    pair_free(&pair);
    images_close(&images);
}

/* --- compensation --------------------------------------------------------------------------------------- */

/* Constant channels in front of a BatchNorm, a bias, and none: nothing is lost. */
static void constants_are_made_up_for(void **state)
{
    (void)state;
    const struct change changes[] = {
        {"one.weight", 3 * 27, 27, 1, 0, 0}, {"one.bias", 3, 1, 1, 0, 1.5},
        {"norm2.weight", 1, 2, 3, 0, 0},     {"norm2.bias", 1, 2, 3, 0, 0.7},
        {"three.weight", 0, 27, 1, 0, 0},    {"three.weight", 2 * 27, 27, 1, 0, 0},
        {"three.bias", 0, 2, 2, 0, 0.9},
    };
    struct images images;
    struct subject subject = subject_of(network(changes, 7));
    struct graph *smaller, *compensated;
    struct compensation told;
    struct error error = {0};
    images_open(&images);
    subject_remove(&subject, "one", 3);
    subject_remove(&subject, "two", 1);
    subject_remove(&subject, "two", 4); /* as many of the other group */
    subject_remove(&subject, "three", 2);
    check(surgery_apply(subject.coupling, subject.removed, &smaller, &error), &error);
    assert_true(distance(subject.graph, smaller) > 1e-2);
    graph_free(smaller);
    check(compensate_apply(subject.coupling, subject.removed, &images.sampled, &told, &compensated, &error),
          &error);
    assert_int_equal(told.layers, 3);
    assert_int_equal(told.left_out, 0);
    struct subject whole = subject_of(compensated);
    assert_int_equal(whole.coupling->class_count, subject.coupling->class_count);
    check(surgery_apply(whole.coupling, subject.removed, &smaller, &error), &error);
    assert_true(distance(subject.graph, smaller) < 1e-9);
    graph_free(smaller);
    subject_free(&whole);
    subject_free(&subject);
    images_close(&images);
}

/* The mean of what a transposed convolution makes stays: some of its outputs meet the constant, and the mean
 * of the BatchNorm takes their share. */
static void means_are_kept_above(void **state)
{
    (void)state;
    const struct change changes[] = {{"one.weight", 3 * 27, 27, 1, 0, 0}, {"one.bias", 3, 1, 1, 0, 1.5}};
    struct images images;
    struct subject subject = subject_of(growing_network(changes, 2));
    struct graph *compensated;
    struct compensation told;
    struct error error = {0};
    images_open(&images);
    subject_remove(&subject, "one", 3);
    check(compensate_apply(subject.coupling, subject.removed, &images.sampled, &told, &compensated, &error),
          &error);
    assert_int_equal(told.layers, 1);
    struct subject now = subject_of(compensated);
    const struct layer *layer = &subject.layers->items[layers_index(subject.layers, "two")];
    const struct layer *after = &now.layers->items[layers_index(now.layers, "two")];
    double *before = layer_parameter(subject.graph, layer, layer->mean), filter[8];
    double *means = layer_parameter(now.graph, after, after->mean);
    for (int64_t c = 0; c < 6; c++) {
        layer_filter(subject.graph, layer, c, filter);
        const double share = 15.0 * 15 / (29 * 29); /* inputs for an output */
        assert_true(fabs(before[c] - means[c] - share * 1.5 * filter[3]) < 1e-12);
    }
    mem_free(before);
    mem_free(means);
    subject_free(&now);
    subject_free(&subject);
    images_close(&images);
}

/* --- least squares -------------------------------------------------------------------------------------- */

enum { ROWS = 300, UNKNOWNS = 12, OUTPUTS = 3 };

/* The solution of the rows with a column of ones behind, by Givens' rotations: no normal equations. */
static void by_rotations(const double x[ROWS][UNKNOWNS], const double *y, double solution[UNKNOWNS + 1])
{
    enum { N = UNKNOWNS + 1 };
    double r[N][N + 1] = {{0}};
    for (int i = 0; i < ROWS; i++) {
        double row[N + 1];
        memcpy(row, x[i], UNKNOWNS * sizeof *row);
        row[UNKNOWNS] = 1;
        row[N] = y[i];
        for (int k = 0; k < N; k++) {
            double length = hypot(r[k][k], row[k]);
            if (length == 0)
                continue;
            const double c = r[k][k] / length, s = row[k] / length;
            for (int j = k; j <= N; j++) {
                const double old = r[k][j];
                r[k][j] = c * old + s * row[j];
                row[j] = c * row[j] - s * old;
            }
        }
    }
    for (int k = N - 1; k >= 0; k--) {
        solution[k] = r[k][N];
        for (int j = k + 1; j < N; j++)
            solution[k] -= r[k][j] * solution[j];
        solution[k] /= r[k][k];
    }
}

static void least_squares_are_least(void **state)
{
    (void)state;
    static double x[ROWS][UNKNOWNS], y[OUTPUTS][ROWS];
    double weights[OUTPUTS * UNKNOWNS] = {0}, constants[OUTPUTS] = {0.5, 0, -1};
    const struct least_squares_size size = {1, UNKNOWNS, OUTPUTS, true};
    struct least_squares *squares = least_squares_new(&size);
    struct least_squares_fit fit;
    struct random_state random;
    struct error error = {0};
    double after = 0, before = 0;
    random_seed(&random, 7, 7);
    for (int i = 0; i < ROWS; i++) {
        double row[OUTPUTS];
        for (int k = 0; k < UNKNOWNS; k++)
            x[i][k] = random_between(&random, 0, 2) + (k > 0 ? 0.7 * x[i][k - 1] : 0);
        for (int o = 0; o < OUTPUTS; o++)
            y[o][i] = row[o] = random_between(&random, -1, 1) + x[i][o] - 0.3 * x[i][o + 4] + o;
        least_squares_add(squares, x[i], row);
    }
    for (int k = 0; k < OUTPUTS * UNKNOWNS; k++)
        weights[k] = random_between(&random, -1, 1);
    for (int o = 0; o < OUTPUTS; o++)
        for (int i = 0; i < ROWS; i++) {
            double rest = y[o][i] - constants[o];
            for (int k = 0; k < UNKNOWNS; k++)
                rest -= weights[o * UNKNOWNS + k] * x[i][k];
            before += rest * rest;
        }
    check(least_squares_solve(squares, 0, weights, constants, &fit, &error), &error);
    for (int o = 0; o < OUTPUTS; o++) {
        double expected[UNKNOWNS + 1];
        by_rotations(x, y[o], expected);
        for (int k = 0; k < UNKNOWNS; k++)
            assert_true(fabs(weights[o * UNKNOWNS + k] - expected[k]) < 1e-9);
        assert_true(fabs(constants[o] - expected[UNKNOWNS]) < 1e-9);
        for (int i = 0; i < ROWS; i++) {
            double rest = y[o][i] - constants[o];
            for (int k = 0; k < UNKNOWNS; k++)
                rest -= weights[o * UNKNOWNS + k] * x[i][k];
            after += rest * rest;
        }
    }
    assert_int_equal(fit.rows, ROWS);
    assert_true(fabs(fit.before - before) < 1e-9 * before);
    assert_true(fabs(fit.after - after) < 1e-9 * before);
    least_squares_free(squares);
}

/* One unknown: the ridge holds it between what it was and what fits. */
static void a_ridge_holds(void **state)
{
    (void)state;
    const struct least_squares_size size = {1, 1, 1, false};
    struct least_squares *squares = least_squares_new(&size);
    struct least_squares_fit fit;
    struct error error = {0};
    double weight = 1, constant = 0;
    for (int i = 1; i <= 4; i++)
        least_squares_add(squares, &(double){i}, &(double){3 * i});
    check(least_squares_solve(squares, 1, &weight, &constant, &fit, &error), &error);
    assert_true(fabs(weight - 2) < 1e-12); /* lambda is x'x: half of the way */
    assert_true(fabs(fit.before - 4 * 30) < 1e-9 && fabs(fit.after - 30) < 1e-9);
    assert_true(constant == 0);
    least_squares_free(squares);
}

static void numbers_are_needed(void **state)
{
    (void)state;
    const struct least_squares_size size = {1, 1, 1, true}, large = {1, INT64_C(1) << 40, 1, true};
    struct least_squares_fit fit;
    struct error error = {0};
    double weight = 1, constant = 0;
    struct least_squares *squares = least_squares_new(&size);
    assert_int_equal(least_squares_solve(squares, 1, &weight, &constant, &fit, &error), STATUS_STATE);
    least_squares_add(squares, &(double){NAN}, &(double){1});
    assert_int_equal(least_squares_solve(squares, 1, &weight, &constant, &fit, &error), STATUS_STATE);
    assert_non_null(strstr(error.message, "numbers"));
    assert_true(weight == 1 && constant == 0);
    assert_true(least_squares_bytes(&large) == SIZE_MAX);
    least_squares_free(squares);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_twin_is_made_up_for),
        cmocka_unit_test(a_twin_is_made_up_for_above),
        cmocka_unit_test(means_are_kept_above),
        cmocka_unit_test(errors_shrink),
        cmocka_unit_test(what_reads_the_same_is_restored),
        cmocka_unit_test(dependence_is_refused),
        cmocka_unit_test(memory_may_fail_and_work_may_stop),
        cmocka_unit_test(constants_are_made_up_for),
        cmocka_unit_test(least_squares_are_least),
        cmocka_unit_test(a_ridge_holds),
        cmocka_unit_test(numbers_are_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
