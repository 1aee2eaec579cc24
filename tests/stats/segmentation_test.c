/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks that classify every pixel: loss, gradients and mIoU, against plain recounts. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "nn/engine/network_end.h"
#include "nn/engine/quality.h"
#include "nn/simplify/simplify.h"
#include "prune/surgery.h"
#include "stats/curve.h"
#include "stats/evaluate.h"
#include "stats/sensitivity.h"
#include "support/segmenter.h"

enum { CLASSES = 11, SIDE = 32, PIXELS = SIDE * SIDE, IMAGES = 9 };

static void check(status code, const struct error *error)
{
    if (code != STATUS_OK)
        fail_msg("%s", error->message);
}

/* --- the loss of a map -----------------------------------------------------------------------------------
 */

enum { MAP_CLASSES = 4, MAP_PIXELS = 50 };

struct map_case {
    double logits[MAP_CLASSES * MAP_PIXELS], gradient[MAP_CLASSES * MAP_PIXELS];
    int64_t labels[MAP_PIXELS];
    struct class_pixels counts[MAP_CLASSES];
    struct loss_map map;
};

static void random_map(struct map_case *item, uint64_t seed)
{
    struct random_state random;
    random_seed(&random, seed, 1);
    for (int i = 0; i < MAP_CLASSES * MAP_PIXELS; i++)
        item->logits[i] = random_between(&random, -4, 4);
    for (int i = 0; i < MAP_PIXELS; i++)
        item->labels[i] = (int64_t)random_below(&random, MAP_CLASSES + 1) - 1;
    item->map = (struct loss_map){.logits = item->logits,
                                  .type = ELEMENT_DOUBLE,
                                  .classes = MAP_CLASSES,
                                  .pixels = MAP_PIXELS,
                                  .labels = item->labels,
                                  .gradient = item->gradient,
                                  .counts = item->counts};
}

static void run_map(struct map_case *item, int64_t part)
{
    loss_map_begin(&item->map);
    for (int64_t first = 0; first < MAP_PIXELS; first += part)
        loss_map_add(&item->map, first, MAP_PIXELS - first < part ? MAP_PIXELS - first : part);
    loss_map_end(&item->map);
}

/* Pixel by pixel it is the loss of an image with one label, divided by the number of labelled pixels. */
static void map_loss_is_the_mean_of_pixels(void **state)
{
    (void)state;
    struct map_case item, parts;
    random_map(&item, 3);
    random_map(&parts, 3);
    run_map(&item, MAP_PIXELS);
    run_map(&parts, 7);
    assert_memory_equal(item.gradient, parts.gradient, sizeof item.gradient);
    assert_true(item.map.loss.loss == parts.map.loss.loss);
    double sum = 0;
    int64_t labelled = 0, counts[MAP_CLASSES][3] = {0};
    for (int i = 0; i < MAP_PIXELS; i++)
        labelled += item.labels[i] >= 0;
    assert_true(labelled > 0 && labelled < MAP_PIXELS);
    for (int i = 0; i < MAP_PIXELS; i++) {
        double pixel[MAP_CLASSES], gradient[MAP_CLASSES] = {0};
        for (int c = 0; c < MAP_CLASSES; c++)
            pixel[c] = item.logits[c * MAP_PIXELS + i];
        if (item.labels[i] >= 0) {
            struct loss loss =
                softmax_cross_entropy(pixel, ELEMENT_DOUBLE, MAP_CLASSES, item.labels[i], gradient);
            sum += loss.loss;
            counts[item.labels[i]][0]++;
            counts[loss.predicted][1]++;
            counts[item.labels[i]][2] += loss.predicted == item.labels[i];
        }
        for (int c = 0; c < MAP_CLASSES; c++)
            assert_true(fabs(item.gradient[c * MAP_PIXELS + i] - gradient[c] / (double)labelled) < 1e-16);
    }
    assert_true(fabs(item.map.loss.loss - sum / (double)labelled) < 1e-14);
    for (int c = 0; c < MAP_CLASSES; c++) {
        assert_int_equal(item.counts[c].truth, counts[c][0]);
        assert_int_equal(item.counts[c].predicted, counts[c][1]);
        assert_int_equal(item.counts[c].both, counts[c][2]);
    }
}

static void maps_without_labels_or_numbers(void **state)
{
    (void)state;
    struct map_case item;
    struct quality quality;
    struct error error = {0};
    check(quality_init(&quality, MAP_CLASSES, &error), &error);
    random_map(&item, 5);
    for (int i = 0; i < MAP_PIXELS; i++)
        item.labels[i] = -1;
    run_map(&item, 8);
    assert_true(item.map.loss.unlabelled && isnan(item.map.loss.loss));
    for (int i = 0; i < MAP_CLASSES * MAP_PIXELS; i++)
        assert_true(item.gradient[i] == 0);
    quality_add(&quality, &item.map.loss);
    assert_int_equal(quality.unlabelled, 1);
    assert_int_equal(quality.unanswered, 0);
    assert_true(isnan(quality_value(&quality)) && isnan(quality_loss(&quality)));
    item.labels[4] = 2;
    item.labels[5] = 1;
    item.logits[3 * MAP_PIXELS + 4] = NAN;
    item.logits[1 * MAP_PIXELS + 5] = 9;
    run_map(&item, 8);
    quality_add(&quality, &item.map.loss);
    assert_int_equal(quality.unanswered, 1);
    assert_true(isnan(quality_value(&quality)));
    assert_int_equal(item.counts[2].truth, 1);
    for (int c = 0; c < MAP_CLASSES; c++)
        assert_int_equal(item.counts[c].predicted, c == 1);
    random_map(&item, 5);
    run_map(&item, 8);
    quality_add(&quality, &item.map.loss);
    assert_true(quality_value(&quality) > 0);
    assert_true(quality_loss(&quality) == item.map.loss.loss);
    quality_free(&quality);
}

/* --- mIoU ------------------------------------------------------------------------------------------------
 */

/* The error from what images contribute is close to that of leaving out one image after the other. */
static void credit_is_what_an_image_contributes(void **state)
{
    (void)state;
    enum { MAPS = 60 };
    struct class_pixels images[MAPS][MAP_CLASSES] = {0};
    struct quality quality;
    struct error error = {0};
    struct random_state random;
    random_seed(&random, 8, 1);
    check(quality_init(&quality, MAP_CLASSES, &error), &error);
    for (int i = 0; i < MAPS; i++) {
        for (int c = 0; c < MAP_CLASSES - 1; c++) { /* the last class is nowhere */
            images[i][c].truth = (int64_t)random_below(&random, 500);
            images[i][c].both = (int64_t)((double)images[i][c].truth * random_between(&random, 0.4, 0.9));
            images[i][c].predicted = images[i][c].both + (int64_t)random_below(&random, 200);
        }
        quality_add(&quality, &(struct loss){.loss = 1, .classes = MAP_CLASSES, .pixels = images[i]});
    }
    double value = 0, mean = 0, squares = 0, jackknife = 0;
    for (int c = 0; c < MAP_CLASSES - 1; c++) {
        const struct class_pixels *all = &quality.pixels[c];
        value += (double)all->both / (double)(all->truth + all->predicted - all->both) / (MAP_CLASSES - 1);
    }
    assert_true(isnan(class_iou(&quality.pixels[MAP_CLASSES - 1])));
    assert_true(fabs(quality_value(&quality) - value) < 1e-15);
    for (int i = 0; i < MAPS; i++) {
        const double credit = quality_credit(&quality, images[i]);
        double without = 0;
        for (int c = 0; c < MAP_CLASSES - 1; c++) {
            const struct class_pixels *all = &quality.pixels[c], *one = &images[i][c];
            const double both = (double)(all->both - one->both);
            without += both / ((double)(all->truth - one->truth + all->predicted - one->predicted) - both) /
                       (MAP_CLASSES - 1);
        }
        mean += credit / MAPS;
        squares += (credit - value) * (credit - value);
        jackknife += (without - value) * (without - value);
    }
    assert_true(fabs(mean - value) < 1e-12);
    assert_true(fabs(sqrt(squares) / MAPS / sqrt(jackknife) - 1) < 0.05);
    quality_free(&quality);
}

/* --- a network on the built-in maps ----------------------------------------------------------------------
 */

struct subject {
    struct graph *graph;
    struct dataset *dataset;
    struct sample sample;
    struct pool *pool;
};

static struct subject new_subject(enum segmenter_end end)
{
    struct error error = {0};
    struct subject subject;
    const struct dataset_options options = {.split = "test", .images = IMAGES, .seed = 4};
    const struct sample_options all = {.fraction = 1};
    struct graph *whole = segmenter(CLASSES, SIDE, SIDE, end, 1);
    check(graph_simplify(whole, &subject.graph, &error), &error);
    graph_free(whole);
    check(dataset_open(dataset_kind_find("shape-maps"), NULL, &options, &subject.dataset, &error), &error);
    check(sample_draw(subject.dataset, &all, &subject.sample, &error), &error);
    check(pool_new(2, &subject.pool, &error), &error);
    return subject;
}

static void free_subject(struct subject *subject)
{
    graph_free(subject->graph);
    sample_free(&subject->sample);
    dataset_free(subject->dataset);
    pool_free(subject->pool);
}

static struct evaluate settings_of(const struct subject *subject, const struct graph *graph)
{
    return (struct evaluate){.graph = graph,
                             .dataset = subject->dataset,
                             .sample = &subject->sample,
                             .real = ELEMENT_DOUBLE,
                             .micro_batch = 4,
                             .pool = subject->pool};
}

/* From the predicted maps and the labels of the data set, with nothing of quality.c. */
static double recount(const struct subject *subject, const uint8_t *maps, double *right)
{
    static double image[3 * PIXELS];
    int64_t labels[PIXELS], confusion[CLASSES][CLASSES] = {0}, hits = 0, all = 0, present = 0;
    struct error error = {0};
    double sum = 0;
    for (int i = 0; i < IMAGES; i++) {
        check(dataset_image(subject->dataset, i, ELEMENT_DOUBLE, image, labels, &error), &error);
        for (int p = 0; p < PIXELS; p++)
            if (labels[p] >= 0)
                confusion[labels[p]][maps[i * PIXELS + p]]++;
    }
    for (int c = 0; c < CLASSES; c++) {
        int64_t row = 0, column = 0;
        for (int k = 0; k < CLASSES; k++) {
            row += confusion[c][k];
            column += confusion[k][c];
        }
        all += row;
        hits += confusion[c][c];
        if (row + column == 0)
            continue;
        present++;
        sum += (double)confusion[c][c] / (double)(row + column - confusion[c][c]);
    }
    assert_true(all < (int64_t)IMAGES * PIXELS); /* some have no label */
    *right = (double)hits / (double)all;
    return sum / (double)present;
}

static void evaluation_is_a_plain_recount(void **state)
{
    (void)state;
    struct error error = {0};
    struct subject subject = new_subject(SEGMENTER_LOGITS);
    struct evaluation evaluation, other;
    double credit[IMAGES], right, mean = 0, squares = 0;
    uint8_t *maps = mem_new((size_t)IMAGES * PIXELS, 1);
    assert_non_null(maps);
    struct evaluate evaluate = settings_of(&subject, subject.graph);
    evaluate.credit = credit;
    evaluate.maps = maps;
    check(evaluate_run(&evaluate, &evaluation, &error), &error);
    const double value = recount(&subject, maps, &right);
    assert_int_equal(evaluation.measure, QUALITY_MEAN_IOU);
    assert_true(value > 0.001 && fabs(evaluation.value - value) < 1e-15);
    assert_true(fabs(evaluation.pixel_accuracy - right) < 1e-15);
    for (int i = 0; i < IMAGES; i++)
        mean += credit[i] / IMAGES;
    for (int i = 0; i < IMAGES; i++)
        squares += (credit[i] - value) * (credit[i] - value);
    assert_true(fabs(mean - value) < 1e-12);
    assert_true(fabs(evaluation.error - sqrt(squares) / IMAGES) < 1e-12);
    evaluate.real = ELEMENT_FLOAT;
    evaluate.maps = NULL;
    evaluate.micro_batch = 0;
    check(evaluate_run(&evaluate, &other, &error), &error);
    assert_true(fabs(other.loss - evaluation.loss) < 1e-4 && fabs(other.value - value) < 0.01);
    evaluation_free(&evaluation);
    evaluation_free(&other);
    mem_free(maps);
    free_subject(&subject);
}

/* A Softmax over the classes of each pixel is passed over where the loss is taken. */
static void softmax_at_the_end_changes_nothing(void **state)
{
    (void)state;
    struct error error = {0};
    struct evaluation evaluation[2];
    enum network_end end;
    for (int i = 0; i < 2; i++) {
        struct subject subject = new_subject(i ? SEGMENTER_SOFTMAX : SEGMENTER_LOGITS);
        const struct evaluate evaluate = settings_of(&subject, subject.graph);
        check(network_end_find(subject.graph, &end, &error), &error);
        assert_int_equal(end, i ? NETWORK_END_SOFTMAX : NETWORK_END_LOGITS);
        check(evaluate_run(&evaluate, &evaluation[i], &error), &error);
        free_subject(&subject);
    }
    assert_true(evaluation[0].loss == evaluation[1].loss && evaluation[0].value == evaluation[1].value);
    evaluation_free(&evaluation[0]);
    evaluation_free(&evaluation[1]);
}

static void another_size_is_refused(void **state)
{
    (void)state;
    struct error error = {0};
    struct evaluation evaluation;
    struct subject subject = new_subject(SEGMENTER_HALF_SIZE);
    const struct evaluate evaluate = settings_of(&subject, subject.graph);
    assert_int_equal(evaluate_run(&evaluate, &evaluation, &error), STATUS_UNSUPPORTED);
    assert_non_null(strstr(error.message, "1024 labelled pixels"));
    free_subject(&subject);
}

/* --- gradients -------------------------------------------------------------------------------------------
 */

static double loss_of(const struct subject *subject)
{
    struct error error = {0};
    struct evaluation evaluation;
    const struct evaluate evaluate = settings_of(subject, subject->graph);
    check(evaluate_run(&evaluate, &evaluation, &error), &error);
    const double loss = evaluation.loss * IMAGES;
    evaluation_free(&evaluation);
    return loss;
}

static struct score_statistics *score(const struct subject *subject, const struct layers *layers)
{
    struct error error = {0};
    struct score_statistics *statistics;
    const struct score_pass pass = {.graph = subject->graph,
                                    .layers = layers,
                                    .dataset = subject->dataset,
                                    .sample = &subject->sample,
                                    .needs = NEED_GRADIENTS,
                                    .real = ELEMENT_DOUBLE,
                                    .micro_batch = 4,
                                    .pool = subject->pool};
    check(score_statistics_compute(&pass, &statistics, &error), &error);
    return statistics;
}

/* The sum of delta over a channel is the derivative by BatchNorm's shift. */
static void gradients_are_differences(void **state)
{
    (void)state;
    struct error error = {0};
    struct subject subject = new_subject(SEGMENTER_LOGITS);
    struct layers *layers;
    check(layers_find(subject.graph, &layers, &error), &error);
    struct score_statistics *statistics = score(&subject, layers);
    assert_int_equal(statistics->measure, QUALITY_MEAN_IOU);
    assert_true(fabs(statistics->loss - loss_of(&subject)) < 1e-10);
    int checked = 0;
    for (int i = 0; i < layers->count; i++) {
        const struct layer *layer = &layers->items[i];
        if (layer->output_layer)
            continue;
        double *shift = subject.graph->values[layer->shift].constant->data;
        for (int64_t c = 0; c < layer->channels; c += 5, checked++) {
            const double step = 1e-6, before = shift[c];
            shift[c] = before + step;
            double difference = loss_of(&subject);
            shift[c] = before - step;
            difference -= loss_of(&subject);
            shift[c] = before;
            assert_true(fabs(difference / (2 * step) - statistics->layers[i].delta[c]) < 1e-5);
        }
    }
    assert_true(checked > 6);
    score_statistics_free(statistics);
    layers_free(layers);
    free_subject(&subject);
}

/* --- sensitivity and curve -------------------------------------------------------------------------------
 */

static void sweeps_measure_what_evaluation_does(void **state)
{
    (void)state;
    struct error error = {0};
    struct subject subject = new_subject(SEGMENTER_LOGITS);
    struct layers *layers;
    struct coupling *coupling;
    struct scores *scores;
    struct sensitivity *map;
    struct curve *curve;
    const struct select_options select = {.rounding = ROUND_FLOOR, .round_to = 1, .minimum = 1, .cap = 1};
    const struct criterion_options options = criterion_defaults();
    const double ratio = 0.5;
    check(layers_find(subject.graph, &layers, &error), &error);
    check(coupling_build(subject.graph, layers, &coupling, &error), &error);
    check(scores_compute(subject.graph, layers, criterion_find("l1"), &options, NULL, NULL, &scores, &error),
          &error);
    double *class_score = mem_new((size_t)coupling->class_count, sizeof *class_score);
    assert_non_null(class_score);
    check(class_scores(coupling, scores, COMBINE_MEAN, class_score, &error), &error);
    const struct sensitivity_settings settings = {.coupling = coupling,
                                                  .dataset = subject.dataset,
                                                  .sample = &subject.sample,
                                                  .class_score = class_score,
                                                  .ratios = &ratio,
                                                  .ratio_count = 1,
                                                  .select = select,
                                                  .real = ELEMENT_DOUBLE,
                                                  .micro_batch = 4};
    check(sensitivity_new(&settings, &map, &error), &error);
    check(sensitivity_run(map, subject.pool, NULL, &error), &error);
    const struct evaluate evaluate = settings_of(&subject, subject.graph);
    struct evaluation whole;
    check(evaluate_run(&evaluate, &whole, &error), &error);
    assert_true(map->baseline.value == whole.value && map->row_count > 1);
    const double *const vectors[] = {class_score};
    const struct curve_line line = {vectors, 1};
    for (int row = 0; row < map->row_count; row++) {
        bool *included = mem_new((size_t)coupling->block_count, sizeof *included);
        assert_non_null(included);
        included[map->rows[row]] = true;
        const struct curve_settings curves = {.coupling = coupling,
                                              .dataset = subject.dataset,
                                              .sample = &subject.sample,
                                              .included = included,
                                              .lines = &line,
                                              .line_count = 1,
                                              .ratios = &ratio,
                                              .ratio_count = 1,
                                              .select = select,
                                              .real = ELEMENT_DOUBLE,
                                              .micro_batch = 4};
        check(curve_new(&curves, &curve, &error), &error);
        check(curve_run(curve, subject.pool, NULL, &error), &error);
        assert_true(fabs(curve->points[0].loss - map->points[row].loss) < 1e-9);
        assert_true(fabs(curve->points[0].accuracy - map->points[row].value) < 1e-3);
        curve_free(curve);
        mem_free(included);
    }
    evaluation_free(&whole);
    sensitivity_free(map);
    mem_free(class_score);
    scores_free(scores);
    coupling_free(coupling);
    layers_free(layers);
    free_subject(&subject);
}

/* --- memory ----------------------------------------------------------------------------------------------
 */

static void memory_runs_out(void **state)
{
    (void)state;
    struct subject subject = new_subject(SEGMENTER_LOGITS);
    struct evaluate evaluate = settings_of(&subject, subject.graph);
    struct evaluation evaluation;
    status code = STATUS_MEMORY;
    subject.sample.count = 2;
    for (long nth = 1; code != STATUS_OK; nth++) {
        struct error error = {0};
        mem_fail_at(nth);
        code = evaluate_run(&evaluate, &evaluation, &error);
        mem_fail_at(0);
        assert_true(code == STATUS_OK || code == STATUS_MEMORY);
    }
    evaluation_free(&evaluation);
    free_subject(&subject);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(map_loss_is_the_mean_of_pixels),
        cmocka_unit_test(maps_without_labels_or_numbers),
        cmocka_unit_test(credit_is_what_an_image_contributes),
        cmocka_unit_test(evaluation_is_a_plain_recount),
        cmocka_unit_test(softmax_at_the_end_changes_nothing),
        cmocka_unit_test(another_size_is_refused),
        cmocka_unit_test(gradients_are_differences),
        cmocka_unit_test(sweeps_measure_what_evaluation_does),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
