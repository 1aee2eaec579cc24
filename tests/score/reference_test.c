/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole networks against numbers from an automatic-differentiation framework in float64: every column of its
 * dump for every channel, and logits.
 *
 * The built-in example and a small U-Net (transposed convolutions, skips, Resize) are always tested.
 * ResNet-20 and ResNet-56 on CIFAR-10 are tested where their files are found (support/shared_data.h). The
 * largest errors are printed as comments. */
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
#include "onnx/onnx.h"
#include "nn/engine/engine.h"
#include "nn/operator/operator.h"
#include "nn/simplify/simplify.h"
#include "score/criterion.h"
#include "support/reference_columns.h"
#include "support/reference_dump.h"
#include "stats/evaluate.h"
#include "support/skip.h"

#ifdef __SANITIZE_ADDRESS__
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

static const struct reference example = {
    .name = "example",
    .model = "examples/shapes-resnet.onnx",
    .scores = "tests/score/data/example_scores.csv",
    .logits = "tests/score/data/example_logits.csv",
    .data_kind = "shapes",
    .normalization = "half",
    .images = 128,
    .float_tolerance = 1e-4,
};
static const struct reference unet = {
    .name = "unet",
    .model = "tests/score/data/unet.onnx",
    .scores = "tests/score/data/unet_scores.csv",
    .logits = "tests/score/data/unet_logits.csv",
    .data_kind = "shapes",
    .normalization = "half",
    .images = 16,
    .loss = 2.536205657173211,
    .float_tolerance = 1e-4,
};
static const struct reference resnet20 = {
    .name = "resnet20",
    .model = "@data/models/resnet20_bn.onnx",
    .scores = "@reference/resnet20_scores_256.csv",
    .logits = "@reference/resnet20_logits_test_100.csv",
    .data_kind = "cifar10",
    .data = "@data/cifar-10-batches-bin",
    .normalization = "imagenet",
    .images = 256,
    .loss = 0.00219013670271145,
    .float_tolerance = 1e-4,
};
static const struct reference resnet56 = {
    .name = "resnet56",
    .model = "@data/models/resnet56_bn.onnx",
    .scores = "@reference/resnet56_scores_256.csv",
    .logits = "@reference/resnet56_logits_test_100.csv",
    .data_kind = "cifar10",
    .data = "@data/cifar-10-batches-bin",
    .normalization = "imagenet",
    .images = 256,
    .loss = 0.000276122441222719,
    .float_tolerance = 1e-2,
};

enum { BATCH = 64 };

/* A file of the source tree, or with @ in front of the optional test data, without which the case is skipped.
 * Owned by the caller. */
static char *file_path(const char *name)
{
    const char *source = getenv("SRCDIR");
    char *path =
        name[0] == '@' ? mem_string(need_shared(name + 1)) : mem_format("%s/%s", source ? source : ".", name);
    assert_non_null(path);
    return path;
}

/* Before anything is allocated: the case is skipped where the file is not. */
static void need(const char *name)
{
    if (name && name[0] == '@')
        need_shared(name + 1);
}

static struct graph *load_network(const char *name)
{
    struct error error = {0};
    struct graph *file = NULL, *graph = NULL;
    char *path = file_path(name);
    check(onnx_read(path, &file, &error), &error);
    check(graph_simplify(file, &graph, &error), &error);
    graph_free(file);
    mem_free(path);
    return graph;
}

static struct work start(const struct reference *reference, const char *model, const char *split,
                         int64_t images)
{
    struct error error = {0};
    need(model);
    need(reference->data);
    struct work work = {.reference = reference, .graph = load_network(model)};
    check(layers_find(work.graph, &work.layers, &error), &error);
    const struct dataset_options options = {
        .split = split, .normalization = reference->normalization, .seed = 1};
    const struct sample_options first = {.count = images, .order = SAMPLE_FIRST};
    char *path = reference->data ? file_path(reference->data) : NULL;
    check(dataset_open(dataset_kind_find(reference->data_kind), path, &options, &work.dataset, &error),
          &error);
    mem_free(path);
    check(sample_draw(work.dataset, &first, &work.sample, &error), &error);
    check(pool_new(2, &work.pool, &error), &error);
    return work;
}

static void finish(struct work *work)
{
    score_statistics_free(work->statistics);
    pool_free(work->pool);
    sample_free(&work->sample);
    dataset_free(work->dataset);
    layers_free(work->layers);
    graph_free(work->graph);
}

static void run_pass(struct work *work, enum element_type real)
{
    struct error error = {0};
    const struct score_pass pass = {.graph = work->graph,
                                    .layers = work->layers,
                                    .dataset = work->dataset,
                                    .sample = &work->sample,
                                    .needs = NEED_GRADIENTS | NEED_WEIGHT_GRADIENTS,
                                    .real = real,
                                    .micro_batch = 4,
                                    .batch = BATCH,
                                    .pool = work->pool};
    check(score_statistics_compute(&pass, &work->statistics, &error), &error);
    printf("# %s, %s: %lld images in %.1f s\n", work->reference->name, element_name(real),
           (long long)work->statistics->images, work->statistics->seconds);
}

struct comparison {
    const struct dump *dump;
    const struct dump_layer *layer;
    int column;
    bool relative; /* to each value, instead of to the layer's largest */
    double worst;
};

static double largest_of(const struct comparison *comparison)
{
    double largest = 0.0;
    for (int c = 0; c < comparison->layer->count; c++) {
        largest = fmax(largest,
                       fabs(dump_value(comparison->dump, comparison->layer->first + c, comparison->column)));
    }
    return largest;
}

/* Largest error of `values`, which are freed. A value that is not finite is an infinite error. */
static void compare_values(struct comparison *comparison, double *values)
{
    double largest = largest_of(comparison);
    for (int c = 0; c < comparison->layer->count; c++) {
        double expected = dump_value(comparison->dump, comparison->layer->first + c, comparison->column);
        double difference = fabs(values[c] - expected),
               unit = comparison->relative ? fabs(expected) : largest;
        double error = difference == 0.0 ? 0.0 : difference / unit;
        comparison->worst = isfinite(error) ? fmax(comparison->worst, error) : INFINITY;
    }
    mem_free(values);
}

static int find_layer(const struct work *work, const struct dump_layer *layer)
{
    int index = layers_index(work->layers, layer->name);
    assert_true(index >= 0);
    assert_int_equal(work->layers->items[index].channels, layer->count);
    assert_false(work->layers->items[index].output_layer);
    return index;
}

/* Returns how many columns are further away than allowed. */
static int report(const struct comparison *comparison, const char *name, const char *note, double tolerance)
{
    bool fits = comparison->worst <= tolerance;
    printf("#   %-24s%s %.1e of %s%s\n", name, note, comparison->worst,
           comparison->relative ? "the value" : "the layer's largest", fits ? "" : "  TOO FAR");
    return !fits;
}

/* One engine per precision, fed the same images. */
struct twins {
    struct engine *engines[2]; /* float, double */
    int64_t batch;
};

static void run_twins(const struct work *work, const struct twins *twins, int64_t first)
{
    struct error error = {0};
    for (int real = ELEMENT_FLOAT; real <= ELEMENT_DOUBLE; real++) {
        struct engine *engine = twins->engines[real];
        char *image = engine_input(engine);
        size_t bytes = (size_t)engine_input_elements(engine) * element_size(real);
        for (int64_t i = 0; i < twins->batch; i++) {
            int64_t label;
            check(dataset_image(work->dataset, work->sample.records[first + i], real,
                                image + (size_t)i * bytes, &label, &error),
                  &error);
        }
        check(engine_forward(engine, &error), &error);
    }
}

/* Print where a Relu's input is positive in one precision only; returns how often. */
static int print_changed_sides(const struct work *work, const struct twins *twins, int64_t first, int value)
{
    const struct operand *single = engine_value(twins->engines[ELEMENT_FLOAT], value);
    const struct operand *exact = engine_value(twins->engines[ELEMENT_DOUBLE], value);
    int64_t elements = shape_elements(&exact->shape);
    const float *a = single->data;
    const double *b = exact->data;
    int changed = 0;
    for (int64_t i = 0; a && b && i < elements; i++) {
        if ((a[i] > 0) != (b[i] > 0)) {
            printf("#     image %lld, %s: %.2g in float, %.2g in double\n",
                   (long long)(first + i / (elements / twins->batch)), work->graph->values[value].name,
                   (double)a[i], b[i]);
            changed++;
        }
    }
    return changed;
}

/* Float gradients differ from double ones by more than rounding where the input of a Relu is so near zero
 * that it is positive in one of the two: then a whole gradient path is there or not. Say where that is. */
static void explain_float(const struct work *work)
{
    struct error error = {0};
    struct twins twins = {.batch = 4};
    int changed = 0;
    for (int real = ELEMENT_FLOAT; real <= ELEMENT_DOUBLE; real++) {
        const struct engine_options options = {.batch = twins.batch, .real = real, .backward = true};
        check(engine_new(work->graph, &options, &twins.engines[real], &error), &error);
    }
    printf("#   inputs of Relu that change sides by rounding:\n");
    for (int64_t first = 0; first + twins.batch <= work->sample.count; first += twins.batch) {
        run_twins(work, &twins, first);
        for (int n = 0; n < work->graph->node_count; n++) {
            if (strcmp(work->graph->nodes[n].op->name, "Relu") == 0) {
                changed += print_changed_sides(work, &twins, first, work->graph->nodes[n].inputs[0]);
            }
        }
    }
    printf("#     %d in all\n", changed);
    engine_free(twins.engines[ELEMENT_FLOAT]);
    engine_free(twins.engines[ELEMENT_DOUBLE]);
}

static void compare_columns(const struct work *work, const struct dump *dump, enum element_type real)
{
    double gradient_tolerance = real == ELEMENT_DOUBLE ? 1e-8 : work->reference->float_tolerance;
    int failures = 0;
    for (size_t i = 0; i < reference_column_count; i++) {
        bool relative = reference_columns[i].weights && real == ELEMENT_FLOAT;
        struct comparison comparison = {
            .dump = dump, .column = dump_column(dump, reference_columns[i].name), .relative = relative};
        assert_true(comparison.column >= 0);
        for (int l = 0; l < dump->layer_count; l++) {
            comparison.layer = &dump->layers[l];
            compare_values(&comparison, reference_columns[i].make(work, find_layer(work, comparison.layer)));
        }
        failures += report(&comparison, reference_columns[i].name, reference_columns[i].note,
                           relative ? 1e-6 : gradient_tolerance);
    }
    for (size_t i = 0; i < proscore_column_count; i++) {
        struct comparison comparison = {.dump = dump, .column = dump_column(dump, proscore_columns[i].name)};
        assert_true(comparison.column >= 0);
        for (int l = 0; l < dump->layer_count; l++) {
            comparison.layer = &dump->layers[l];
            double *values = log_proscore_column(work, find_layer(work, comparison.layer),
                                                 proscore_columns[i].target, proscore_columns[i].gamma);
            for (int c = 0; c < comparison.layer->count; c++) {
                values[c] = exp(values[c]);
            }
            compare_values(&comparison, values);
        }
        failures += report(&comparison, proscore_columns[i].name, "", gradient_tolerance);
    }
    if (failures > 0 && real == ELEMENT_FLOAT) {
        explain_float(work);
    }
    assert_int_equal(failures, 0);
}

/* The plain score has lost the digits that rank; this one is made from the dump's gradients. */
static double expected_log(const struct dump *dump, int row, enum proscore_target target, double gamma)
{
    bool filter = target == PROSCORE_FILTER;
    long double f = fabs(dump_value(dump, row, dump_column(dump, filter ? "l2" : "bn_scale")));
    long double gradient = dump_value(dump, row, dump_column(dump, filter ? "norm_gradw" : "grad_bn_scale"));
    long double dot = filter ? dump_value(dump, row, dump_column(dump, "w_dot_gradw"))
                             : dump_value(dump, row, dump_column(dump, "bn_scale")) * gradient;
    long double lift = dump_value(dump, row, dump_column(dump, "grad_D"));
    long double q = gradient * gradient / (f * f), a = dot / (f * f), b = lift / f;
    return (double)(0.5L * log1pl(-2 * gamma * a + gamma * gamma * q) - log1pl(-gamma * b));
}

static void compare_ranking(const struct work *work, const struct dump *dump, enum proscore_target target)
{
    enum { MOST = 512 };
    struct error error = {0};
    const double gamma = 0.01;
    int channels = 0;
    double worst = 0.0;
    for (int l = 0; l < dump->layer_count; l++) {
        const struct dump_layer *layer = &dump->layers[l];
        double expected[MOST], largest = 0.0;
        int64_t order[MOST], expected_order[MOST];
        assert_true(layer->count <= MOST);
        double *values = log_proscore_column(work, find_layer(work, layer), target, gamma);
        for (int c = 0; c < layer->count; c++) {
            expected[c] = expected_log(dump, layer->first + c, target, gamma);
            largest = fmax(largest, fabs(expected[c]));
        }
        for (int c = 0; c < layer->count; c++) {
            worst = fmax(worst, fabs(values[c] - expected[c]) / largest);
        }
        check(scores_rank(values, layer->count, order, &error), &error);
        check(scores_rank(expected, layer->count, expected_order, &error), &error);
        assert_memory_equal(order, expected_order, (size_t)layer->count * sizeof *order);
        channels += layer->count;
        mem_free(values);
    }
    printf("#   ranking by log PROscore at gamma 0.01, target %s: the same for all %d channels of %d layers; "
           "log score "
           "%.1e of the layer's largest\n",
           proscore_target_name((int)target), channels, dump->layer_count, worst);
    assert_true(worst <= 1e-8);
}

static void compare_scores(const struct reference *reference, enum element_type real)
{
    struct error error = {0};
    struct dump dump;
    need(reference->scores);
    struct work work = start(reference, reference->model, "train", reference->images);
    char *path = file_path(reference->scores);
    check(dump_read_scores(path, &dump, &error), &error);
    mem_free(path);
    run_pass(&work, real);
    for (int l = 0; l < dump.layer_count; l++) {
        assert_string_equal(work.layers->items[find_layer(&work, &dump.layers[l])].norm_name,
                            dump.layers[l].norm);
    }
    double loss = work.statistics->loss / (double)work.statistics->images;
    printf("#   mean loss %.15g\n", loss);
    if (reference->loss > 0.0) {
        assert_true(fabs(loss - reference->loss) <= (real == ELEMENT_DOUBLE ? 1e-9 : 1e-3) * reference->loss);
    }
    compare_columns(&work, &dump, real);
    if (real == ELEMENT_DOUBLE) {
        compare_ranking(&work, &dump, PROSCORE_BN);
        compare_ranking(&work, &dump, PROSCORE_FILTER);
    }
    dump_free(&dump);
    finish(&work);
}

static void test_example_double(void **state)
{
    (void)state;
    compare_scores(&example, ELEMENT_DOUBLE);
}

static void test_example_float(void **state)
{
    (void)state;
    compare_scores(&example, ELEMENT_FLOAT);
}

/* Every reading, with several targets, against coordinates that autograd found beside each part of u. */
static void test_readings(void **state)
{
    (void)state;
    struct error error = {0};
    struct dump dump;
    struct work work = start(&example, example.model, "train", example.images);
    char *path = file_path("tests/score/data/example_readings.csv");
    int failures = 0;
    check(dump_read_scores(path, &dump, &error), &error);
    mem_free(path);
    run_pass(&work, ELEMENT_DOUBLE);
    for (int column = 0; column < dump.column_count; column++) {
        struct comparison comparison = {.dump = &dump, .column = column};
        for (int l = 0; l < dump.layer_count; l++) {
            comparison.layer = &dump.layers[l];
            compare_values(&comparison,
                           reading_column(&work, find_layer(&work, comparison.layer), dump.columns[column]));
        }
        failures += report(&comparison, dump.columns[column], "", 1e-8);
    }
    assert_int_equal(failures, 0);
    assert_true(dump.column_count >= 16);
    dump_free(&dump);
    finish(&work);
}

static void test_unet_double(void **state)
{
    (void)state;
    compare_scores(&unet, ELEMENT_DOUBLE);
}

static void test_unet_float(void **state)
{
    (void)state;
    compare_scores(&unet, ELEMENT_FLOAT);
}

static void skip_when_sanitized(const char *what)
{
    if (SANITIZED)
        skip_because("%s is left out under the address sanitizer, which makes it slow", what);
}

static void test_resnet20_double(void **state)
{
    (void)state;
    skip_when_sanitized("ResNet-20 in double precision");
    compare_scores(&resnet20, ELEMENT_DOUBLE);
}

static void test_resnet20_float(void **state)
{
    (void)state;
    compare_scores(&resnet20, ELEMENT_FLOAT);
}

static void test_resnet56_double(void **state)
{
    (void)state;
    skip_when_sanitized("ResNet-56 in double precision");
    compare_scores(&resnet56, ELEMENT_DOUBLE);
}

static void test_resnet56_float(void **state)
{
    (void)state;
    skip_when_sanitized("ResNet-56");
    compare_scores(&resnet56, ELEMENT_FLOAT);
}

static void compare_logits(const struct reference *reference, const char *model)
{
    enum { IMAGES = 100, CLASSES = 10 };
    struct error error = {0};
    struct dump dump;
    struct evaluation evaluation;
    double logits[IMAGES * CLASSES], worst = 0.0;
    need(reference->logits);
    struct work work = start(reference, model, "test", IMAGES);
    char *path = file_path(reference->logits);
    check(dump_read_matrix(path, &dump, &error), &error);
    mem_free(path);
    assert_int_equal(dump.row_count, IMAGES);
    assert_int_equal(dump.column_count, CLASSES);
    const struct evaluate evaluate = {.graph = work.graph,
                                      .dataset = work.dataset,
                                      .sample = &work.sample,
                                      .real = ELEMENT_FLOAT,
                                      .micro_batch = 4,
                                      .pool = work.pool,
                                      .logits = logits};
    check(evaluate_run(&evaluate, &evaluation, &error), &error);
    for (int i = 0; i < IMAGES * CLASSES; i++) {
        double difference = fabs(logits[i] - dump_value(&dump, i / CLASSES, i % CLASSES));
        worst = isfinite(difference) ? fmax(worst, difference) : INFINITY;
    }
    printf("# %s: largest error of a logit %.1e; %lld of %d right\n", model, worst,
           (long long)evaluation.top1, IMAGES);
    assert_true(worst <= 1e-4);
    evaluation_free(&evaluation);
    dump_free(&dump);
    finish(&work);
}

static void test_example_logits(void **state)
{
    (void)state;
    compare_logits(&example, example.model);
}

static void test_unet_logits(void **state)
{
    (void)state;
    compare_logits(&unet, unet.model);
}

static void test_resnet20_logits(void **state)
{
    (void)state;
    compare_logits(&resnet20, resnet20.model);
}

static void test_resnet20_folded_logits(void **state)
{
    (void)state;
    compare_logits(&resnet20, "@data/models/resnet20_folded.onnx");
}

static void test_resnet20_dynamic_logits(void **state)
{
    (void)state;
    compare_logits(&resnet20, "@data/models/resnet20_bn_dynamic_batch.onnx");
}

static void test_resnet56_logits(void **state)
{
    (void)state;
    skip_when_sanitized("ResNet-56");
    compare_logits(&resnet56, resnet56.model);
}

/* Where BatchNorm is folded into the convolutions: the same layers under the same names, PROscore on filters,
 * and since y is then what u was, the same gate and lift up to the rounding of the folded weights. */
static void test_folded_scores(void **state)
{
    (void)state;
    struct error error = {0};
    struct dump dump;
    struct scores *scores = NULL;
    need(resnet20.scores);
    struct work work = start(&resnet20, "@data/models/resnet20_folded.onnx", "train", resnet20.images);
    char *path = file_path(resnet20.scores);
    check(dump_read_scores(path, &dump, &error), &error);
    mem_free(path);
    run_pass(&work, ELEMENT_FLOAT);
    struct criterion_options options = criterion_defaults();
    check(scores_compute(work.graph, work.layers, criterion_find("proscore"), &options, work.statistics, NULL,
                         &scores, &error),
          &error);
    struct comparison gate = {.dump = &dump, .column = dump_column(&dump, "grad_gate")};
    struct comparison lift = {.dump = &dump, .column = dump_column(&dump, "grad_D")};
    for (int l = 0; l < dump.layer_count; l++) {
        int index = find_layer(&work, &dump.layers[l]);
        assert_int_equal(work.layers->items[index].norm_node, -1);
        assert_int_equal(scores->reports[index].target, PROSCORE_FILTER);
        gate.layer = lift.layer = &dump.layers[l];
        compare_values(&gate, gate_column(&work, index));
        compare_values(&lift, lift_column(&work, index));
    }
    int failures = report(&gate, "grad_gate", "", 1e-2) + report(&lift, "grad_D", "", 1e-2);
    assert_int_equal(failures, 0);
    scores_free(scores);
    dump_free(&dump);
    finish(&work);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0); /* comments stand before the result that they belong to */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_example_logits),
        cmocka_unit_test(test_example_double),
        cmocka_unit_test(test_example_float),
        cmocka_unit_test(test_readings),
        cmocka_unit_test(test_unet_double),
        cmocka_unit_test(test_unet_float),
        cmocka_unit_test(test_unet_logits),
        cmocka_unit_test(test_resnet20_logits),
        cmocka_unit_test(test_resnet20_folded_logits),
        cmocka_unit_test(test_resnet20_dynamic_logits),
        cmocka_unit_test(test_resnet56_logits),
        cmocka_unit_test(test_resnet20_double),
        cmocka_unit_test(test_resnet20_float),
        cmocka_unit_test(test_folded_scores),
        cmocka_unit_test(test_resnet56_double),
        cmocka_unit_test(test_resnet56_float),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
