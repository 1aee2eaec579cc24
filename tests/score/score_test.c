/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scoring pass on a small network: against numerical derivatives of the loss, over threads, cancelled,
 * without memory; evaluation; and criteria from the pass. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/network.h"
#include "score/criterion.h"
#include "score/nuclear.h"
#include "stats/evaluate.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { IMAGES = 7, STEM = 0, DEPTH = 1, POINT = 2, MIX = 3, HIDDEN = 4, OUTPUT = 5, LAYERS = 6 };

/* What all tests share, made once. */
static struct dataset *dataset;
static struct sample all_images;
static struct graph *graph;
static struct layers *layers;

static int setup(void **state)
{
    (void)state;
    struct error error = {0};
    const struct dataset_options options = {.images = 40, .seed = 5};
    const struct sample_options first = {.count = IMAGES, .order = SAMPLE_FIRST};
    graph = example_network(NULL, 0, false);
    status code = dataset_open(dataset_kind_find("shapes"), NULL, &options, &dataset, &error);
    if (code == STATUS_OK) {
        code = sample_draw(dataset, &first, &all_images, &error);
    }
    if (code == STATUS_OK) {
        code = layers_find(graph, &layers, &error);
    }
    if (code != STATUS_OK) {
        print_error("%s\n", error.message);
    }
    return code == STATUS_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    layers_free(layers);
    sample_free(&all_images);
    dataset_free(dataset);
    graph_free(graph);
    return 0;
}

enum { EVERYTHING = NEED_ANY_GRADIENT | NEED_ANY_ACTIVATION };

static struct score_pass pass_over(const struct sample *sample, struct pool *pool)
{
    return (struct score_pass){.graph = graph,
                               .layers = layers,
                               .dataset = dataset,
                               .sample = sample,
                               .needs = NEED_GRADIENTS | NEED_WEIGHT_GRADIENTS,
                               .real = ELEMENT_DOUBLE,
                               .micro_batch = 2,
                               .batch = 3,
                               .pool = pool};
}

static struct pool *make_pool(int threads)
{
    struct error error = {0};
    struct pool *pool = NULL;
    assert_int_equal(pool_new(threads, &pool, &error), STATUS_OK);
    return pool;
}

static struct score_statistics *score(const struct score_pass *pass)
{
    struct error error = {0};
    struct score_statistics *statistics = NULL;
    status code = score_statistics_compute(pass, &statistics, &error);
    if (code != STATUS_OK) {
        print_error("%s\n", error.message);
    }
    assert_int_equal(code, STATUS_OK);
    return statistics;
}

static struct score_statistics *score_all(enum element_type real, unsigned needs)
{
    struct pool *pool = make_pool(2);
    struct score_pass pass = pass_over(&all_images, pool);
    pass.real = real;
    pass.needs = needs;
    struct score_statistics *statistics = score(&pass);
    pool_free(pool);
    return statistics;
}

/* Mean loss of a changed network, in double. */
static double changed_loss(const struct change *changes, int count, bool lift)
{
    struct error error = {0};
    struct evaluation evaluation;
    struct graph *changed = example_network(changes, count, lift);
    struct pool *pool = make_pool(1);
    const struct evaluate evaluate = {.graph = changed,
                                      .dataset = dataset,
                                      .sample = &all_images,
                                      .real = ELEMENT_DOUBLE,
                                      .micro_batch = 4,
                                      .pool = pool};
    status code = evaluate_run(&evaluate, &evaluation, &error);
    if (code != STATUS_OK) {
        print_error("%s\n", error.message);
    }
    assert_int_equal(code, STATUS_OK);
    double loss = evaluation.loss;
    evaluation_free(&evaluation);
    pool_free(pool);
    graph_free(changed);
    return loss;
}

/* Central difference of the loss along a change (term and factor - 1 grow with the step). The step is small
 * because a Relu whose input changes sides within it is an error in proportion to it. */
static double derivative(const struct change *changes, int count, bool lift)
{
    const double size = 1e-6;
    double losses[2];
    assert_true(count <= 2);
    for (int i = 0; i < 2; i++) {
        struct change stepped[2];
        for (int k = 0; k < count; k++) {
            double step = i == 0 ? size : -size;
            stepped[k] = changes[k];
            stepped[k].factor = 1 + changes[k].factor * step;
            stepped[k].term = changes[k].term * step;
        }
        losses[i] = changed_loss(stepped, count, lift);
    }
    return (losses[0] - losses[1]) / (2 * size);
}

static void compare(const char *what, int layer, double sum, double numerical)
{
    double value = sum / IMAGES;
    if (!(fabs(value - numerical) <= 5e-6 * fmax(0.01, fabs(numerical)))) {
        print_error("%s of %s: %.12g, by differences %.12g\n", what, layers->items[layer].name, value,
                    numerical);
        fail();
    }
}

static const char *parameter_name(int value)
{
    return graph->values[value].name;
}

/* d loss / d shift, d scale, d gate of every channel, and of filters scaled as a whole. */
static void test_reductions(void **state)
{
    (void)state;
    struct score_statistics *statistics = score_all(ELEMENT_DOUBLE, NEED_GRADIENTS);
    for (int i = 0; i < OUTPUT; i++) {
        const struct layer *layer = &layers->items[i];
        const struct layer_statistics *sums = &statistics->layers[i];
        assert_null(sums->weight_abs);
        assert_null(sums->gradient_norm);
        for (int64_t c = 0; c < layer->channels; c += 2) {
            const struct change filter = {parameter_name(layer->weight),
                                          filter_place(&layer->places, c, 0),
                                          layer->filter_length,
                                          filter_place(&layer->places, c, 1) -
                                              filter_place(&layer->places, c, 0),
                                          1,
                                          0};
            compare("<w, grad_w>", i, sums->weight_dot[c], derivative(&filter, 1, false));
            const char *shift = parameter_name(layer->norm_node < 0 ? layer->bias : layer->shift);
            const struct change term = {shift, c, 1, 1, 0, 1};
            compare("S0", i, sums->delta[c], derivative(&term, 1, false));
            if (layer->norm_node < 0) {
                const struct change gate[] = {filter, {shift, c, 1, 1, 1, 0}};
                compare("gate", i, sums->gate[c], derivative(gate, 2, false));
                continue;
            }
            double *var = layer_parameter(graph, layer, layer->var);
            const struct change scale = {parameter_name(layer->scale), c, 1, 1, 0, 1};
            compare("r*Sd", i, sums->delta_centered[c] / sqrt(var[c] + layer->epsilon),
                    derivative(&scale, 1, false));
            mem_free(var);
            const struct change gate[] = {{parameter_name(layer->scale), c, 1, 1, 1, 0},
                                          {shift, c, 1, 1, 1, 0}};
            compare("gate", i, sums->gate[c], derivative(gate, 2, false));
        }
    }
    score_statistics_free(statistics);
}

/* PROscore's g_D where h is a Relu, by putting D*u into the network; where h is the identity it is the gate.
 */
static void test_lift(void **state)
{
    (void)state;
    struct score_statistics *statistics = score_all(ELEMENT_DOUBLE, NEED_GRADIENTS);
    for (int64_t c = 0; c < layers->items[STEM].channels; c++) {
        const struct change lift = {"stem_lift", c, 1, 1, 0, 1};
        compare("lift", STEM, statistics->layers[STEM].lift[c], derivative(&lift, 1, true));
    }
    for (int i = POINT; i <= MIX; i++) {
        for (int64_t c = 0; c < layers->items[i].channels; c++) {
            assert_true(statistics->layers[i].lift[c] == statistics->layers[i].gate[c]);
        }
    }
    score_statistics_free(statistics);
}

/* Sums over single weights, for rows (mix), columns (hidden) and depthwise filters. */
static void test_weight_gradients(void **state)
{
    (void)state;
    struct score_statistics *statistics = score_all(ELEMENT_DOUBLE, NEED_GRADIENTS | NEED_WEIGHT_GRADIENTS);
    struct score_statistics *without = score_all(ELEMENT_DOUBLE, NEED_GRADIENTS);
    const int tested[] = {DEPTH, MIX, HIDDEN};
    for (size_t t = 0; t < COUNT(tested); t++) {
        const struct layer *layer = &layers->items[tested[t]];
        const struct layer_statistics *sums = &statistics->layers[tested[t]];
        double filter[36], squares = 0, absolute = 0, products = 0;
        int64_t c = layer->channels - 1;
        layer_filter(graph, layer, c, filter);
        for (int64_t k = 0; k < layer->filter_length; k++) {
            const struct change weight = {
                parameter_name(layer->weight), filter_place(&layer->places, c, k), 1, 1, 0, 1};
            double gradient = derivative(&weight, 1, false);
            squares += gradient * gradient;
            absolute += fabs(gradient * filter[k]);
            products += gradient * filter[k] * gradient * filter[k];
        }
        compare("||g||", tested[t], sums->gradient_norm[c], sqrt(squares));
        compare("sum |w*g|", tested[t], sums->weight_abs[c], absolute);
        compare("sum (w*g)^2", tested[t], sums->product_squared[c] / IMAGES, products);
    }
    for (int i = 0; i < OUTPUT; i++) { /* Euler's formula gives the same as the weight gradients */
        for (int64_t c = 0; c < layers->items[i].channels; c++) {
            double a = statistics->layers[i].weight_dot[c], b = without->layers[i].weight_dot[c];
            assert_true(fabs(a - b) <= 1e-11 * fmax(1, fabs(a)));
        }
    }
    score_statistics_free(statistics);
    score_statistics_free(without);
}

static double total(const double *values, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += values[i];
    return sum;
}

/* Columns have every product that filters have, once. The output layer has them and nothing else; what a
 * depthwise layer reads are its filters. */
static void test_columns(void **state)
{
    (void)state;
    struct score_statistics *statistics = score_all(ELEMENT_DOUBLE, NEED_GRADIENTS | NEED_WEIGHT_GRADIENTS);
    const int read[] = {STEM, POINT, MIX, HIDDEN};
    for (size_t i = 0; i < COUNT(read); i++) {
        const struct layer *layer = &layers->items[read[i]];
        const struct layer_statistics *sums = &statistics->layers[read[i]];
        const int64_t inputs = layer->input_channels;
        compare("columns of w*g", read[i], total(sums->columns.dot, inputs),
                total(sums->weight_dot, layer->channels) / IMAGES);
        compare("columns of |w*g|", read[i], total(sums->columns.absolute, inputs),
                total(sums->weight_abs, layer->channels) / IMAGES);
        compare("columns of (w*g)^2", read[i], total(sums->columns.squared, inputs),
                total(sums->product_squared, layer->channels) / IMAGES);
    }
    assert_null(statistics->layers[OUTPUT].delta);
    assert_true(total(statistics->layers[OUTPUT].columns.absolute, layers->items[OUTPUT].input_channels) > 0);
    assert_null(statistics->layers[DEPTH].columns.dot);
    score_statistics_free(statistics);
}

/* Squares of single images and of batches, from passes over parts of the sample. */
static void test_squares(void **state)
{
    (void)state;
    struct pool *pool = make_pool(1);
    struct score_pass pass = pass_over(&all_images, pool);
    struct score_statistics *whole = score(&pass);
    assert_int_equal(whole->batches, 3);
    for (int64_t part = 1; part <= 3; part += 2) { /* one image, then batches of 3, 3 and 1 */
        double squares[LAYERS][6] = {{0}};
        for (int64_t first = 0; first < IMAGES; first += part) {
            int64_t count = IMAGES - first < part ? IMAGES - first : part;
            struct sample some = {.records = all_images.records + first, .count = count};
            pass.sample = &some;
            struct score_statistics *statistics = score(&pass);
            for (int i = 0; i < OUTPUT; i++) {
                for (int64_t c = 0; c < layers->items[i].channels; c++) {
                    double mean = statistics->layers[i].gate[c] / (double)count;
                    squares[i][c] += mean * mean;
                }
            }
            score_statistics_free(statistics);
        }
        for (int i = 0; i < OUTPUT; i++) {
            const double *sums =
                part == 1 ? whole->layers[i].gate_squared : whole->layers[i].gate_batch_squared;
            for (int64_t c = 0; c < layers->items[i].channels; c++) {
                assert_true(fabs(sums[c] - squares[i][c]) <= 1e-12 * squares[i][c]);
            }
        }
    }
    score_statistics_free(whole);
    pool_free(pool);
}

static void assert_same_statistics(const struct score_statistics *a, const struct score_statistics *b)
{
    assert_true(a->loss == b->loss && a->correct == b->correct);
    for (int i = 0; i < LAYERS; i++) {
        size_t bytes = (size_t)layers->items[i].channels * sizeof(double);
        const struct layer_statistics *x = &a->layers[i], *y = &b->layers[i];
        if (layers->items[i].output_layer) {
            assert_null(x->delta);
            continue;
        }
        assert_memory_equal(x->delta, y->delta, bytes);
        assert_memory_equal(x->delta_centered, y->delta_centered, bytes);
        assert_memory_equal(x->gate, y->gate, bytes);
        assert_memory_equal(x->lift, y->lift, bytes);
        assert_memory_equal(x->gate_squared, y->gate_squared, bytes);
        assert_memory_equal(x->gate_batch_squared, y->gate_batch_squared, bytes);
        assert_memory_equal(x->weight_dot, y->weight_dot, bytes);
        assert_memory_equal(x->weight_abs, y->weight_abs, bytes);
        assert_memory_equal(x->product_squared, y->product_squared, bytes);
        assert_memory_equal(x->gradient_norm, y->gradient_norm, bytes);
    }
}

static void test_threads(void **state)
{
    (void)state;
    const struct sample_options first = {.count = 37, .order = SAMPLE_FIRST};
    struct error error = {0};
    struct sample sample;
    assert_int_equal(sample_draw(dataset, &first, &sample, &error), STATUS_OK);
    for (int real = ELEMENT_FLOAT; real <= ELEMENT_DOUBLE; real++) {
        struct score_statistics *reference = NULL;
        for (int threads = 1; threads <= 3; threads++) {
            struct pool *pool = make_pool(threads);
            struct score_pass pass = pass_over(&sample, pool);
            pass.real = real;
            pass.batch = 5;
            struct score_statistics *statistics = score(&pass);
            if (reference) {
                assert_same_statistics(reference, statistics);
                score_statistics_free(statistics);
            } else {
                reference = statistics;
            }
            pool_free(pool);
        }
        score_statistics_free(reference);
    }
    sample_free(&sample);
}

static void cancel_at_ten(void *argument, const char *what, const char *unit, int64_t done, int64_t total)
{
    assert_string_equal(what, "scoring");
    assert_string_equal(unit, "images");
    assert_true(done <= total && total == 40);
    if (done >= 10) {
        progress_cancel(argument);
    }
}

static void test_cancelled(void **state)
{
    (void)state;
    struct error error = {0};
    struct score_statistics *statistics = NULL;
    struct sample sample;
    const struct sample_options every = {.fraction = 1};
    assert_int_equal(sample_draw(dataset, &every, &sample, &error), STATUS_OK);
    struct progress progress = {.report = cancel_at_ten, .argument = &progress};
    struct pool *pool = make_pool(2);
    struct score_pass pass = pass_over(&sample, pool);
    pass.progress = &progress;
    assert_int_equal(score_statistics_compute(&pass, &statistics, &error), STATUS_CANCELLED);
    assert_null(statistics);
    pool_free(pool);
    sample_free(&sample);
}

static void test_refused(void **state)
{
    (void)state;
    struct error error = {0};
    struct score_statistics *statistics = NULL;
    struct pool *pool = make_pool(1);
    struct sample none = {.records = all_images.records, .count = 0};
    struct score_pass pass = pass_over(&none, pool);
    assert_int_equal(score_statistics_compute(&pass, &statistics, &error), STATUS_RANGE);
    pass = pass_over(&all_images, pool);
    struct layers only_output = {.items = layers->items + OUTPUT, .count = 1};
    pass.layers = &only_output;
    assert_int_equal(score_statistics_compute(&pass, &statistics, &error), STATUS_STATE);
    assert_null(statistics);
    pool_free(pool);
}

static struct scores *compute(const struct criterion *criterion, const struct criterion_options *options,
                              const struct score_statistics *statistics)
{
    struct error error = {0};
    struct scores *scores = NULL;
    status code = scores_compute(graph, layers, criterion, options, statistics, NULL, &scores, &error);
    if (code != STATUS_OK) {
        print_error("%s\n", error.message);
    }
    assert_int_equal(code, STATUS_OK);
    return scores;
}

static void assert_close(double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-13 * fmax(1, fabs(expected)))) {
        print_error("%.17g instead of %.17g\n", value, expected);
        fail();
    }
}

static void test_taylor(void **state)
{
    (void)state;
    struct score_statistics *statistics = score_all(ELEMENT_DOUBLE, NEED_GRADIENTS | NEED_WEIGHT_GRADIENTS);
    const struct layer_statistics *sums = &statistics->layers[MIX];
    for (int variant = 0; taylor_variant_name(variant); variant++) {
        struct criterion_options options = criterion_defaults();
        options.taylor = variant;
        struct scores *scores = compute(criterion_find("taylor"), &options, statistics);
        const double expected[] = {
            sums->gate_squared[1] / IMAGES,     sums->gate_batch_squared[1] / 3,
            fabs(sums->gate[1]) / IMAGES,       sums->weight_abs[1] / IMAGES,
            fabs(sums->weight_dot[1]) / IMAGES, sums->product_squared[1] / (IMAGES * IMAGES)};
        assert_close(scores->layer[MIX][1], expected[variant]);
        assert_null(scores->layer[OUTPUT]);
        scores_free(scores);
    }
    score_statistics_free(statistics);
}

/* Plain score by the definition, from the sums of the pass. */
static double defined_proscore(const struct score_statistics *statistics, int index, int64_t c,
                               enum proscore_target target, double lambda, double images)
{
    const struct layer *layer = &layers->items[index];
    const struct layer_statistics *sums = &statistics->layers[index];
    double norm_square = 0, dot = 0, gradient_square = 0, filter[36];
    if (target == PROSCORE_FILTER || target == PROSCORE_CHANNEL) {
        layer_filter(graph, layer, c, filter);
        for (int64_t k = 0; k < layer->filter_length; k++) {
            norm_square += filter[k] * filter[k];
        }
        dot = sums->weight_dot[c] / images;
        gradient_square = pow(sums->gradient_norm[c] / images, 2);
    }
    if (target != PROSCORE_FILTER) {
        double *scale = layer_parameter(graph, layer, layer->scale),
               *shift = layer_parameter(graph, layer, layer->shift);
        double *var = layer_parameter(graph, layer, layer->var);
        double gs = sums->delta_centered[c] / sqrt(var[c] + layer->epsilon) / images,
               gt = sums->delta[c] / images;
        double t = target == PROSCORE_BN ? 0 : shift[c];
        gt = target == PROSCORE_BN ? 0 : gt;
        norm_square += scale[c] * scale[c] + t * t;
        dot += scale[c] * gs + t * gt;
        gradient_square += gs * gs + gt * gt;
        mem_free(scale);
        mem_free(shift);
        mem_free(var);
    }
    double moved = norm_square - 2 * lambda * dot + lambda * lambda * gradient_square;
    return log(sqrt(moved) / fabs(sqrt(norm_square) - lambda * sums->lift[c] / images));
}

static void test_proscore(void **state)
{
    (void)state;
    struct score_statistics *statistics = score_all(ELEMENT_DOUBLE, NEED_GRADIENTS | NEED_WEIGHT_GRADIENTS);
    const double factors[] = {1, 2, IMAGES}; /* 7 images in batches of 4: 2 */
    for (int target = 0; proscore_target_name(target); target++) {
        for (int gradient = 0; gradient_scale_name(gradient); gradient++) {
            struct criterion_options options = criterion_defaults();
            options.target = target;
            options.gradient = gradient;
            options.gamma = 0.3;
            options.batch = 4;
            struct scores *scores = compute(criterion_find("proscore"), &options, statistics);
            for (int i = 0; i < OUTPUT; i++) {
                enum proscore_target used =
                    layers->items[i].norm_node < 0 ? PROSCORE_FILTER : (enum proscore_target)target;
                assert_int_equal(scores->reports[i].target, used);
                assert_close(scores->reports[i].effective_gamma, 0.3 * factors[gradient]);
                assert_true(scores->reports[i].max_a > 0 && scores->reports[i].max_b > 0);
                for (int64_t c = 0; c < layers->items[i].channels; c++) {
                    assert_close(scores->layer[i][c],
                                 defined_proscore(statistics, i, c, used, 0.3 * factors[gradient], IMAGES));
                }
            }
            scores_free(scores);
        }
    }
    score_statistics_free(statistics);
}

/* Many gammas from one pass are what a pass for each of them gives. */
static void test_sweep(void **state)
{
    (void)state;
    const double gammas[] = {1e-4, 0.01, 1, 100, INFINITY};
    struct score_statistics *once = score_all(ELEMENT_FLOAT, NEED_GRADIENTS | NEED_WEIGHT_GRADIENTS);
    for (size_t g = 0; g < COUNT(gammas); g++) {
        struct score_statistics *again = score_all(ELEMENT_FLOAT, NEED_GRADIENTS | NEED_WEIGHT_GRADIENTS);
        struct criterion_options options = criterion_defaults();
        options.gamma = gammas[g];
        struct scores *a = compute(criterion_find("proscore"), &options, once);
        struct scores *b = compute(criterion_find("proscore"), &options, again);
        for (int i = 0; i < OUTPUT; i++) {
            assert_memory_equal(a->layer[i], b->layer[i], (size_t)layers->items[i].channels * sizeof(double));
        }
        scores_free(a);
        scores_free(b);
        score_statistics_free(again);
    }
    score_statistics_free(once);
}

static void test_weights_only(void **state)
{
    (void)state;
    struct criterion_options options = criterion_defaults();
    double filter[36];
    layer_filter(graph, &layers->items[HIDDEN], 2, filter);
    double l1 = 0, l2 = 0;
    for (int k = 0; k < 6; k++) {
        l1 += fabs(filter[k]);
        l2 += filter[k] * filter[k];
    }
    struct scores *scores = compute(criterion_find("l1"), &options, NULL);
    assert_close(scores->layer[HIDDEN][2], l1);
    scores_free(scores);
    scores = compute(criterion_find("l2"), &options, NULL);
    assert_close(scores->layer[HIDDEN][2], sqrt(l2));
    scores_free(scores);
    scores = compute(criterion_find("random"), &options, NULL);
    options.seed++;
    struct scores *other = compute(criterion_find("random"), &options, NULL);
    options.seed--;
    struct scores *same = compute(criterion_find("random"), &options, NULL);
    assert_memory_equal(scores->layer[MIX], same->layer[MIX], 6 * sizeof(double));
    assert_memory_not_equal(scores->layer[MIX], other->layer[MIX], 6 * sizeof(double));
    assert_memory_not_equal(scores->layer[MIX], scores->layer[POINT], 6 * sizeof(double));
    scores_free(scores);
    scores_free(other);
    scores_free(same);
    assert_int_equal(criterion_needs(layers, criterion_find("l1"), &options), NEED_WEIGHTS);
    assert_int_equal(criterion_needs(layers, criterion_find("taylor"), &options),
                     NEED_WEIGHTS | NEED_GRADIENTS);
    assert_int_equal(
        criterion_needs(layers, criterion_find("proscore"), &options), /* hidden has no BatchNorm */
        NEED_WEIGHTS | NEED_GRADIENTS | NEED_WEIGHT_GRADIENTS);
    options.taylor = TAYLOR_WEIGHT;
    assert_int_equal(criterion_needs(layers, criterion_find("taylor"), &options),
                     NEED_WEIGHTS | NEED_GRADIENTS | NEED_WEIGHT_GRADIENTS);
}

/* A pass of what the criterion needs, with the batch size of the options. */
static struct score_statistics *pass_for(const struct criterion *criterion,
                                         const struct criterion_options *options)
{
    struct pool *pool = make_pool(2);
    struct score_pass pass = pass_over(&all_images, pool);
    pass.needs = criterion_needs(layers, criterion, options);
    pass.batch = options->batch;
    struct score_statistics *statistics = score(&pass);
    pool_free(pool);
    return statistics;
}

static struct scores *score_under(const struct criterion *criterion, const struct criterion_options *options)
{
    struct score_statistics *statistics = pass_for(criterion, options);
    struct scores *scores = compute(criterion, options, statistics);
    score_statistics_free(statistics);
    return scores;
}

static bool same_scores(const struct scores *a, const struct scores *b)
{
    bool same = true;
    for (int i = 0; i < layers->count; i++) {
        assert_int_equal(!a->layer[i], !b->layer[i]);
        same &= !a->layer[i] ||
                memcmp(a->layer[i], b->layer[i], (size_t)layers->items[i].channels * sizeof(double)) == 0;
    }
    return same;
}

/* One that neither the defaults nor the base below have. */
static double another_value(unsigned option)
{
    return option == CRITERION_JACOBIAN                       ? JACOBIAN_IMAGE
           : option & (CRITERION_DISTANCE | CRITERION_FISHER) ? 1
                                                              : 2;
}

/* Maps cost a pass forward, and their sums are the same as beside gradients; the halves have them too. */
static void test_forward_only(void **state)
{
    (void)state;
    struct pool *pool = make_pool(2);
    struct score_pass pass = pass_over(&all_images, pool);
    pass.needs = EVERYTHING;
    struct score_statistics *both = score(&pass);
    pass.needs = NEED_ANY_ACTIVATION;
    pass.micro_batch = 1; /* as squares have it */
    struct score_statistics *forward = score(&pass);
    pool_free(pool);
    assert_int_equal(forward->needs, NEED_WEIGHTS | NEED_ANY_ACTIVATION);
    assert_int_equal(both->needs, NEED_WEIGHTS | EVERYTHING);
    assert_true(forward->loss == both->loss);
    for (int i = 0; i < OUTPUT; i++) {
        const struct activation_statistics *a = &forward->layers[i].activation,
                                           *b = &both->layers[i].activation;
        const struct activation_statistics *half[2] = {&forward->half[0]->layers[i].activation,
                                                       &forward->half[1]->layers[i].activation};
        assert_true(a->positions > 0 && a->positions == half[1]->positions);
        for (int64_t c = 0; c < layers->items[i].channels; c++) {
            assert_true(forward->layers[i].gate_squared[c] == 0.0 &&
                        both->layers[i].positions == b->positions);
            assert_close(a->sum[c], b->sum[c]);
            assert_close(a->independence[c], half[0]->independence[c] + half[1]->independence[c]);
            assert_close(a->zeros[c], half[0]->zeros[c] + half[1]->zeros[c]);
            assert_close(a->gram[c * layers->items[i].channels + c], a->squared[c]);
        }
        assert_null(half[0]->gram);
    }
    score_statistics_free(both);
    score_statistics_free(forward);
}

/* Squares of weight gradients are sums over images: those of each image alone. */
static void test_weight_squares(void **state)
{
    (void)state;
    struct error error = {0};
    struct pool *pool = make_pool(1);
    struct score_pass pass = pass_over(&all_images, pool);
    struct score_statistics *statistics = NULL;
    pass.needs |= NEED_WEIGHT_SQUARES;
    struct score_statistics *whole = score(&pass);
    for (int i = 0; i < OUTPUT; i++)
        for (int64_t c = 0; c < layers->items[i].channels; c++)
            assert_close(whole->layers[i].weight_squared[c], whole->half[0]->layers[i].weight_squared[c] +
                                                                 whole->half[1]->layers[i].weight_squared[c]);
    score_statistics_free(whole);
    pass.training = true;
    assert_int_equal(score_statistics_compute(&pass, &statistics, &error), STATUS_STATE);
    assert_non_null(strstr(error.message, "image by image"));
    pool_free(pool);
}

/* Maps whose nuclear norms are known; more of them than positions, and fewer. */
static void test_nuclear(void **state)
{
    (void)state;
    static const double wide[] = {3, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0}, twins[] = {1, 0, 1, 0};
    double tall[] = {2, 0, 0, 5, 0, 0}, change[3] = {0};
    struct nuclear_work work;
    assert_true(nuclear_init(&work, 3, 4)); /* at right angles to each other, and zeros: their lengths */
    nuclear_changes(&work, wide, change);
    nuclear_free(&work);
    assert_true(fabs(change[0] - 3) < 1e-7 && fabs(change[1] - 4) < 1e-7 && change[2] < 1e-12);
    assert_true(nuclear_init(&work, 3, 2)); /* added to what is there */
    nuclear_changes(&work, tall, change);
    assert_true(fabs(change[0] - 5) < 1e-7 && fabs(change[1] - 9) < 1e-7 && change[2] < 1e-12);
    tall[3] = NAN;
    nuclear_changes(&work, tall, change);
    assert_true(isnan(change[0]) && isnan(change[2]));
    nuclear_free(&work);
    change[0] = change[1] = 0;
    assert_true(nuclear_init(&work, 2, 2)); /* one of two equal rows: sqrt(2) less 1 */
    nuclear_changes(&work, twins, change);
    nuclear_free(&work);
    assert_true(fabs(change[0] - (sqrt(2) - 1)) < 1e-7 && fabs(change[1] - change[0]) < 1e-9);
}

/* Scores change with every option that the row names, and with no other. */
static void test_options(void **state)
{
    (void)state;
    struct criterion_options base = criterion_defaults();
    base.taylor = TAYLOR_GATE_BATCH; /* so that the batch matters */
    base.jacobian = JACOBIAN_BATCH;
    base.gradient = GRADIENT_BATCHSUM;
    base.batch = 3;
    for (int i = 0; criterion_at(i); i++) {
        const struct criterion *criterion = criterion_at(i);
        struct scores *scores = score_under(criterion, &base);
        for (int place = 0; place < CRITERION_OPTIONS; place++) {
            const unsigned option = 1u << place;
            struct criterion_options other = base;
            criterion_options_set(&other, option, another_value(option));
            assert_false(criterion_options_equal(&base, &other, option));
            assert_true(criterion_options_equal(&base, &other, ~option));
            struct scores *changed = score_under(criterion, &other);
            if (same_scores(scores, changed) != !(criterion->options & option))
                fail_msg("%s and its option %d", criterion->name, place);
            scores_free(changed);
        }
        scores_free(scores);
    }
}

/* A criterion's functions look at no option that its row does not name. */
static void test_named_options(void **state)
{
    (void)state;
    struct error error = {0};
    const struct layer *layer = &layers->items[MIX];
    for (int i = 0; criterion_at(i); i++) {
        const struct criterion *criterion = criterion_at(i);
        struct criterion_options options[2] = {criterion_defaults(), criterion_defaults()};
        struct score_statistics *statistics = pass_for(criterion, &options[0]);
        double scores[2][64] = {{0}};
        unsigned needs[2] = {0};
        bool batched[2] = {false};
        assert_true(layer->channels <= 64);
        for (int place = 0; place < CRITERION_OPTIONS; place++)
            criterion_options_set(&options[1], ~criterion->options & 1u << place,
                                  place < CRITERION_PLACE_DISTANCE ? 2 : 1);
        for (int k = 0; k < 2; k++) {
            struct criterion_report report = {0};
            const struct criterion_input input = {graph,      layers,      layer,    MIX,
                                                  statistics, &options[k], criterion};
            assert_int_equal(criterion->score(&input, scores[k], &report, &error), STATUS_OK);
            needs[k] = criterion->needs ? criterion->needs(layer, &options[k]) : 0;
            batched[k] = criterion->batched && criterion->batched(&options[k]);
        }
        assert_int_equal(needs[0], needs[1]);
        assert_int_equal(batched[0], batched[1]);
        assert_memory_equal(scores[0], scores[1], sizeof scores[0]);
        assert_true(!criterion->batched || criterion->options & CRITERION_BATCH);
        score_statistics_free(statistics);
    }
}

/* bn scores the layers with a BatchNorm, and has no scores of the others. */
static void test_lacking(void **state)
{
    (void)state;
    struct error error = {0};
    struct scores *scores = NULL;
    struct criterion_options options = criterion_defaults();
    int scored = 0;
    assert_int_equal(
        scores_compute(graph, layers, criterion_find("bn"), &options, NULL, NULL, &scores, &error),
        STATUS_OK);
    for (int i = 0; i < layers->count; i++) {
        const struct layer *layer = &layers->items[i];
        bool normed = layer->norm_node >= 0 && !layer->output_layer;
        assert_int_equal(scores->layer[i] != NULL, normed);
        assert_int_equal(scores->reports[i].lack != NULL, !normed && !layer->output_layer);
        scored += normed;
    }
    assert_true(scored > 0 && scored < layers->count - 1);
    scores_free(scores);
}

static void test_criterion_errors(void **state)
{
    (void)state;
    struct error error = {0};
    struct scores *scores = NULL;
    struct criterion_options options = criterion_defaults();
    struct layers without_norm = {.items = layers->items + DEPTH, .count = 1};
    assert_int_equal(
        scores_compute(graph, &without_norm, criterion_find("bn"), &options, NULL, NULL, &scores, &error),
        STATUS_STATE);
    assert_string_equal(error.message, "criterion bn can score no layer; layer depth: it has no BatchNorm");
    assert_int_equal(
        scores_compute(graph, layers, criterion_find("taylor"), &options, NULL, NULL, &scores, &error),
        STATUS_STATE);
    struct score_statistics *statistics = score_all(ELEMENT_FLOAT, NEED_GRADIENTS);
    assert_int_equal(scores_compute(graph, layers, criterion_find("proscore"), &options, statistics, NULL,
                                    &scores, &error),
                     STATUS_STATE);
    assert_non_null(strstr(error.message, "layer depth"));
    assert_non_null(strstr(error.message, "weight gradients"));
    statistics->layers[MIX].gate_squared[4] = NAN;
    assert_int_equal(
        scores_compute(graph, layers, criterion_find("taylor"), &options, statistics, NULL, &scores, &error),
        STATUS_NAN);
    assert_non_null(strstr(error.message, "layer body.1.mix: the taylor score of channel 4 is not a number"));
    const double gammas[] = {0, -1, NAN};
    for (size_t i = 0; i < COUNT(gammas); i++) {
        options.gamma = gammas[i];
        assert_int_equal(scores_compute(graph, layers, criterion_find("proscore"), &options, statistics, NULL,
                                        &scores, &error),
                         STATUS_RANGE);
    }
    assert_null(scores);
    score_statistics_free(statistics);
}

static void test_evaluate(void **state)
{
    (void)state;
    struct error error = {0};
    struct pool *pool = make_pool(2);
    struct evaluation one, other;
    double logits[IMAGES * 10], again[IMAGES * 10];
    struct evaluate evaluate = {.graph = graph,
                                .dataset = dataset,
                                .sample = &all_images,
                                .real = ELEMENT_DOUBLE,
                                .micro_batch = 3,
                                .pool = pool,
                                .logits = logits};
    assert_int_equal(evaluate_run(&evaluate, &one, &error), STATUS_OK);
    evaluate.micro_batch = 2;
    evaluate.logits = again;
    assert_int_equal(evaluate_run(&evaluate, &other, &error), STATUS_OK);
    assert_memory_equal(logits, again, sizeof logits);
    double loss = 0;
    int64_t top1 = 0, top5 = 0, images = 0, correct = 0;
    for (int i = 0; i < IMAGES; i++) {
        float pixels[3 * 32 * 32];
        int64_t label;
        assert_int_equal(dataset_image(dataset, all_images.records[i], ELEMENT_FLOAT, pixels, &label, &error),
                         STATUS_OK);
        double sum = 0;
        int larger = 0;
        for (int k = 0; k < 10; k++) {
            sum += exp(logits[i * 10 + k]);
            larger += logits[i * 10 + k] > logits[i * 10 + label];
        }
        loss += log(sum) - logits[i * 10 + label];
        top1 += larger == 0;
        top5 += larger < 5;
    }
    assert_close(one.loss, loss / IMAGES);
    assert_int_equal(one.top1, top1);
    assert_int_equal(one.top5, top5);
    assert_int_equal(one.images, IMAGES);
    assert_int_equal(one.classes, 10);
    for (int k = 0; k < 10; k++) {
        images += one.class_images[k];
        correct += one.class_correct[k];
    }
    assert_int_equal(images, IMAGES);
    assert_int_equal(correct, top1);
    struct score_statistics *statistics = score_all(ELEMENT_DOUBLE, NEED_GRADIENTS);
    assert_close(statistics->loss / IMAGES, one.loss);
    assert_int_equal(statistics->correct, one.top1);
    score_statistics_free(statistics);
    evaluation_free(&one);
    evaluation_free(&other);
    struct progress progress = {0};
    progress_cancel(&progress);
    evaluate.progress = &progress;
    assert_int_equal(evaluate_run(&evaluate, &other, &error), STATUS_CANCELLED);
    assert_null(other.class_images);
    pool_free(pool);
}

static status use_score(struct pool *pool, struct error *error)
{
    struct sample two = {.records = all_images.records, .count = 2};
    struct score_pass pass = pass_over(&two, pool);
    struct score_statistics *statistics = NULL;
    pass.needs = EVERYTHING;
    status code = score_statistics_compute(&pass, &statistics, error);
    score_statistics_free(statistics);
    return code;
}

static struct score_statistics *ready; /* for use_criteria */

static status use_criteria(struct pool *pool, struct error *error)
{
    (void)pool;
    struct criterion_options options = criterion_defaults();
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && criterion_at(i); i++) {
        if (strcmp(criterion_at(i)->name, "bn") != 0) {
            struct scores *scores = NULL;
            code = scores_compute(graph, layers, criterion_at(i), &options, ready, NULL, &scores, error);
            scores_free(scores);
        }
    }
    return code;
}

static status use_evaluate(struct pool *pool, struct error *error)
{
    struct sample two = {.records = all_images.records, .count = 2};
    struct evaluate evaluate = {.graph = graph,
                                .dataset = dataset,
                                .sample = &two,
                                .real = ELEMENT_FLOAT,
                                .micro_batch = 2,
                                .pool = pool};
    struct evaluation evaluation = {0};
    status code = evaluate_run(&evaluate, &evaluation, error);
    evaluation_free(&evaluation);
    return code;
}

static void test_memory(void **state)
{
    (void)state;
    status (*const uses[])(struct pool *, struct error *) = {use_score, use_criteria, use_evaluate};
    struct pool *pool = make_pool(1);
    ready = score_all(ELEMENT_FLOAT, EVERYTHING);
    for (size_t i = 0; i < COUNT(uses); i++) {
        struct error error = {0};
        status code = STATUS_MEMORY;
        for (long nth = 1; code != STATUS_OK; nth++) {
            assert_true(nth < 5000);
            mem_fail_at(nth);
            code = uses[i](pool, &error);
            mem_fail_at(0);
            assert_true(code == STATUS_OK || code == STATUS_MEMORY);
        }
    }
    score_statistics_free(ready);
    pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reductions),
        cmocka_unit_test(test_lift),
        cmocka_unit_test(test_weight_gradients),
        cmocka_unit_test(test_squares),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_cancelled),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_taylor),
        cmocka_unit_test(test_proscore),
        cmocka_unit_test(test_sweep),
        cmocka_unit_test(test_weights_only),
        cmocka_unit_test(test_criterion_errors),
        cmocka_unit_test(test_lacking),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_named_options),
        cmocka_unit_test(test_evaluate),
        cmocka_unit_test(test_forward_only),
        cmocka_unit_test(test_weight_squares),
        cmocka_unit_test(test_nuclear),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
