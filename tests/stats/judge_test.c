/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Judging pruned networks: a network with replaced operands, sensitivity, curves and timing, all on the
 * built-in example. What is measured by masks and shared work must equal what a real prune gives. */
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
#include "nn/operator/operator.h"
#include "nn/simplify/simplify.h"
#include "prune/cost.h"
#include "prune/surgery.h"
#include "stats/curve.h"
#include "stats/evaluate.h"
#include "stats/sensitivity.h"
#include "stats/timing.h"
#include "support/skip.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

enum { IMAGES = 21, BATCH = 8 };

static const struct select_options plain = {.rounding = ROUND_FLOOR, .round_to = 1, .minimum = 1, .cap = 1};

/* The example, its data and its l1 scores, made once. */
static struct {
    struct graph *graph;
    struct layers *layers;
    struct coupling *coupling;
    struct dataset *dataset;
    struct sample sample;
    double *l1, *random[3];
} example;

static void check(status code, const struct error *error)
{
    if (code != STATUS_OK)
        fail_msg("%s", error->message);
}

static double *score_classes(const char *name, uint64_t seed)
{
    struct error error = {0};
    struct criterion_options options = criterion_defaults();
    struct scores *scores;
    options.seed = seed;
    check(scores_compute(example.graph, example.layers, criterion_find(name), &options, NULL, NULL, &scores,
                         &error),
          &error);
    double *class_score = mem_new((size_t)example.coupling->class_count, sizeof *class_score);
    assert_non_null(class_score);
    check(class_scores(example.coupling, scores, COMBINE_MEAN, class_score, &error), &error);
    scores_free(scores);
    return class_score;
}

static int open_example(void **state)
{
    (void)state;
    struct error error = {0};
    const char *source = getenv("SRCDIR") ? getenv("SRCDIR") : ".";
    char *path = mem_format("%s/examples/shapes-resnet.onnx", source);
    struct graph *file;
    const struct dataset_options options = {.split = "test", .images = IMAGES, .seed = 1};
    const struct sample_options all = {.fraction = 1};
    assert_non_null(path);
    check(onnx_read(path, &file, &error), &error);
    mem_free(path);
    check(graph_simplify(file, &example.graph, &error), &error);
    graph_free(file);
    check(layers_find(example.graph, &example.layers, &error), &error);
    check(coupling_build(example.graph, example.layers, &example.coupling, &error), &error);
    check(dataset_open(dataset_kind_find("shapes"), NULL, &options, &example.dataset, &error), &error);
    check(sample_draw(example.dataset, &all, &example.sample, &error), &error);
    example.l1 = score_classes("l1", 0);
    for (int i = 0; i < COUNT(example.random); i++)
        example.random[i] = score_classes("random", (uint64_t)i + 1);
    return 0;
}

static int close_example(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(example.random); i++)
        mem_free(example.random[i]);
    mem_free(example.l1);
    sample_free(&example.sample);
    dataset_free(example.dataset);
    coupling_free(example.coupling);
    layers_free(example.layers);
    graph_free(example.graph);
    return 0;
}

static struct pool *make_pool(int threads)
{
    struct error error = {0};
    struct pool *pool;
    check(pool_new(threads, &pool, &error), &error);
    return pool;
}

/* A progress object that cancels when `at` images are reported. */
struct canceller {
    struct progress progress;
    int64_t at, last;
    const char *title;
};

static void report(void *argument, const char *what, const char *unit, int64_t done, int64_t total)
{
    struct canceller *canceller = argument;
    assert_string_equal(what, canceller->title);
    assert_true(done >= canceller->last && done <= total && *unit);
    canceller->last = done;
    if (canceller->at > 0 && done >= canceller->at)
        progress_cancel(&canceller->progress);
}

static void canceller_start(struct canceller *canceller, const char *title, int64_t at)
{
    *canceller = (struct canceller){.at = at, .title = title, .progress.report = report};
    canceller->progress.argument = canceller;
}

static struct evaluation evaluate(const struct graph *graph, enum element_type real, double *logits)
{
    struct error error = {0};
    struct evaluation evaluation;
    const struct evaluate settings = {.graph = graph,
                                      .dataset = example.dataset,
                                      .sample = &example.sample,
                                      .real = real,
                                      .micro_batch = BATCH,
                                      .logits = logits};
    check(evaluate_run(&settings, &evaluation, &error), &error);
    return evaluation;
}

/* --- replaced operands ---------------------------------------------------------------------------------- */

static struct engine *engine_with_images(const struct graph *graph, enum element_type real)
{
    struct error error = {0};
    const struct engine_options options = {.batch = 2, .real = real};
    struct engine *engine;
    check(engine_new(graph, &options, &engine, &error), &error);
    size_t bytes = (size_t)engine_input_elements(engine) * element_size(real);
    for (int i = 0; i < 2; i++) {
        int64_t label;
        check(dataset_image(example.dataset, i, real, (char *)engine_input(engine) + (size_t)i * bytes,
                            &label, &error),
              &error);
    }
    return engine;
}

static void assert_output(const struct engine *a, const struct engine *b)
{
    const struct operand *x = engine_output(a), *y = engine_output(b);
    size_t bytes = (size_t)shape_elements(&x->shape) * element_size(x->type);
    assert_true(shape_equal(&x->shape, &y->shape) && x->type == y->type);
    assert_memory_equal(x->data, y->data, bytes);
}

/* The lower half of one block. */
static struct selection half_of(int block)
{
    struct error error = {0};
    struct selection selection;
    double *ratio = mem_new((size_t)example.coupling->block_count, sizeof *ratio);
    assert_non_null(ratio);
    ratio[block] = 0.5;
    check(select_by_ratio(example.coupling, example.l1, ratio, &plain, &selection, &error), &error);
    mem_free(ratio);
    return selection;
}

/* Run one block's mask on the shared engine from its first step on, and on a graph of its own, and compare.
 */
static void compare_replaced(struct engine *engine, const struct selection *selection, enum element_type real)
{
    struct error error = {0};
    struct masked_operands masked;
    struct graph *graph;
    check(mask_operands(example.coupling, selection->removed, &masked, &error), &error);
    check(mask_apply(example.coupling, selection->removed, &graph, &error), &error);
    assert_true(masked.count > 0 && masked.first_node == masked.items[0].node);
    struct engine *own = engine_with_images(graph, real);
    check(engine_forward(own, &error), &error);
    for (int i = 0; i < masked.count; i++)
        check(engine_set_operand(engine, masked.items[i].node, masked.items[i].input, masked.items[i].tensor,
                                 &error),
              &error);
    int step = engine_step_of(engine, masked.first_node);
    assert_true(step >= 0);
    masked_operands_free(&masked); /* the engine has references of its own */
    check(engine_forward_from(engine, step, &error), &error);
    assert_output(engine, own);
    engine_restore_operands(engine);
    engine_free(own);
    graph_free(graph);
}

static int first_node_of(int block)
{
    struct error error = {0};
    struct selection selection = half_of(block);
    struct masked_operands masked;
    check(mask_operands(example.coupling, selection.removed, &masked, &error), &error);
    int node = masked.first_node;
    assert_true(selection.count > 0);
    masked_operands_free(&masked);
    selection_free(&selection);
    return node;
}

/* All blocks, those that begin last first. */
static void replaced_operands_equal_masked_networks(void **state)
{
    (void)state;
    struct error error = {0};
    for (int real = ELEMENT_FLOAT; real <= ELEMENT_DOUBLE; real++) {
        struct engine *engine = engine_with_images(example.graph, (enum element_type)real),
                      *own = engine_with_images(example.graph, (enum element_type)real);
        int compared = 0;
        check(engine_forward(engine, &error), &error);
        check(engine_forward(own, &error), &error);
        for (int node = example.graph->node_count - 1; node >= 0; node--)
            for (int b = 0; b < example.coupling->block_count; b++) {
                if (example.coupling->blocks[b].locked || first_node_of(b) != node)
                    continue;
                struct selection selection = half_of(b);
                compare_replaced(engine, &selection, (enum element_type)real);
                selection_free(&selection);
                compared++;
            }
        assert_true(compared > 5);
        check(engine_forward(engine, &error), &error);
        assert_output(engine, own);
        engine_free(engine);
        engine_free(own);
    }
}

static void one_operand_comes_back(void **state)
{
    (void)state;
    struct error error = {0};
    struct engine *engine = engine_with_images(example.graph, ELEMENT_FLOAT),
                  *own = engine_with_images(example.graph, ELEMENT_FLOAT);
    int node = example.layers->items[2].node, step = engine_step_of(engine, node);
    const struct tensor *weight = example.graph->values[example.layers->items[2].weight].constant;
    struct tensor *zero = tensor_new(ELEMENT_DOUBLE, &weight->shape);
    assert_non_null(zero);
    check(engine_forward(engine, &error), &error);
    check(engine_forward(own, &error), &error);
    check(engine_set_operand(engine, node, 1, zero, &error), &error);
    check(engine_set_operand(engine, node, 1, zero, &error), &error); /* in place of itself */
    check(engine_forward_from(engine, step, &error), &error);
    assert_memory_not_equal(engine_output(engine)->data, engine_output(own)->data, 10 * sizeof(float));
    check(engine_set_operand(engine, node, 1, NULL, &error), &error);
    check(engine_set_operand(engine, node, 1, NULL, &error), &error);
    check(engine_forward_from(engine, step, &error), &error);
    assert_output(engine, own);
    check(engine_set_operand(engine, node, 1, zero, &error), &error);
    tensor_free(zero);
    engine_free(engine); /* with an operand still replaced */
    engine_free(own);
}

static void operands_that_cannot_be_replaced(void **state)
{
    (void)state;
    struct error error = {0};
    struct engine *engine = engine_with_images(example.graph, ELEMENT_FLOAT);
    int node = example.layers->items[0].node;
    const struct tensor *weight = example.graph->values[example.layers->items[0].weight].constant;
    struct shape wrong = {.rank = 2, .dim = {3, 4}};
    struct tensor *small = tensor_new(ELEMENT_FLOAT, &wrong),
                  *integers = tensor_new(ELEMENT_INT64, &weight->shape);
    assert_true(small && integers);
    assert_int_equal(engine_set_operand(engine, node, 1, small, &error), STATUS_SHAPE);
    assert_non_null(strstr(error.message, "input 1 has shape"));
    assert_non_null(strstr(error.message, "3x4"));
    assert_int_equal(engine_set_operand(engine, node, 1, integers, &error), STATUS_STATE);
    assert_int_equal(engine_set_operand(engine, node, 0, small, &error), STATUS_STATE);
    assert_non_null(strstr(error.message, "is not a constant"));
    assert_int_equal(engine_set_operand(engine, node, 9, small, &error), STATUS_STATE);
    assert_int_equal(engine_set_operand(engine, -1, 0, small, &error), STATUS_RANGE);
    assert_int_equal(engine_step_of(engine, -1), -1);
    assert_int_equal(engine_step_of(engine, example.graph->node_count), -1);
    tensor_free(small);
    tensor_free(integers);
    engine_free(engine);
}

/* --- sensitivity ---------------------------------------------------------------------------------------- */

static const double ratios[] = {0.25, 0, 0.6, 0.25};
enum { RATIOS = COUNT(ratios) };

static struct sensitivity_settings sensitivity_settings(enum element_type real)
{
    return (struct sensitivity_settings){
        .coupling = example.coupling,
        .dataset = example.dataset,
        .sample = &example.sample,
        .class_score = example.l1,
        .ratios = ratios,
        .ratio_count = RATIOS,
        .select = plain,
        .real = real,
        .micro_batch = BATCH,
    };
}

static struct sensitivity *run_sensitivity(const struct sensitivity_settings *settings, int threads)
{
    struct error error = {0};
    struct sensitivity *sensitivity;
    struct pool *pool = make_pool(threads);
    check(sensitivity_new(settings, &sensitivity, &error), &error);
    check(sensitivity_run(sensitivity, pool, NULL, &error), &error);
    pool_free(pool);
    assert_int_equal(sensitivity->done, sensitivity->images);
    return sensitivity;
}

static void assert_same_grid(const struct sensitivity *a, const struct sensitivity *b)
{
    assert_int_equal(a->row_count, b->row_count);
    assert_memory_equal(&a->baseline, &b->baseline, sizeof a->baseline);
    assert_memory_equal(a->points, b->points, (size_t)(a->row_count * a->ratio_count) * sizeof *a->points);
}

static int predicted(const double *logits, int classes)
{
    int best = 0;
    for (int i = 1; i < classes; i++)
        if (logits[i] > logits[best])
            best = i;
    return best;
}

/* Of the smaller network and of the masked one. */
static struct evaluation prune_for_real(const bool *removed, enum element_type real)
{
    struct error error = {0};
    struct graph *smaller, *masked;
    int classes = example.dataset->classes;
    double *logits[2];
    for (int i = 0; i < 2; i++)
        assert_non_null(logits[i] = mem_new((size_t)(IMAGES * classes), sizeof **logits));
    check(surgery_apply(example.coupling, removed, &smaller, &error), &error);
    check(mask_apply(example.coupling, removed, &masked, &error), &error);
    struct evaluation evaluation = evaluate(smaller, real, logits[0]),
                      other = evaluate(masked, real, logits[1]);
    for (int i = 0; i < IMAGES; i++)
        assert_int_equal(predicted(logits[0] + i * classes, classes),
                         predicted(logits[1] + i * classes, classes));
    evaluation_free(&other);
    graph_free(smaller);
    graph_free(masked);
    mem_free(logits[0]);
    mem_free(logits[1]);
    return evaluation;
}

static void compare_point(const struct sensitivity_settings *settings, const struct sensitivity *s, int row,
                          int k)
{
    struct error error = {0};
    const struct coupling *c = example.coupling;
    double *ratio = mem_new((size_t)c->block_count, sizeof *ratio);
    struct selection selection;
    assert_non_null(ratio);
    for (int b = 0; b < c->block_count; b++)
        if (!c->blocks[b].locked &&
            s->rows[row] == (settings->unit == SENSITIVITY_GROUPS ? c->blocks[b].group : b))
            ratio[b] = s->ratios[k];
    check(select_by_ratio(c, example.l1, ratio, &settings->select, &selection, &error), &error);
    struct evaluation evaluation = prune_for_real(selection.removed, settings->real);
    const struct sensitivity_point *point = &s->points[row * s->ratio_count + k];
    assert_int_equal(point->removed, selection.count);
    assert_int_equal(point->top1, evaluation.top1);
    double tolerance = settings->real == ELEMENT_FLOAT ? 1e-5 : 1e-12;
    assert_true(fabs(point->loss - evaluation.loss) <= tolerance * (1 + evaluation.loss));
    evaluation_free(&evaluation);
    selection_free(&selection);
    mem_free(ratio);
}

static void sensitivity_equals_a_real_prune(void **state)
{
    (void)state;
    skip_under_thread_sanitizer();
    for (int unit = SENSITIVITY_BLOCKS; unit <= SENSITIVITY_GROUPS; unit++) {
        struct sensitivity_settings settings = sensitivity_settings(ELEMENT_FLOAT);
        settings.unit = (enum sensitivity_unit)unit;
        struct sensitivity *s = run_sensitivity(&settings, 2);
        struct evaluation whole = evaluate(example.graph, ELEMENT_FLOAT, NULL);
        int worse = 0;
        assert_true(s->row_count > 5 && s->mask_count <= 2 * s->row_count);
        assert_int_equal(s->baseline.top1, whole.top1);
        assert_true(fabs(s->baseline.loss - whole.loss) < 1e-12);
        assert_true(s->baseline.value == (double)whole.top1 / IMAGES);
        for (int row = 0; row < s->row_count; row++) {
            const struct sensitivity_point *points = &s->points[row * RATIOS];
            for (int k = 0; k < RATIOS - 1; k++)
                compare_point(&settings, s, row, k);
            assert_memory_equal(&points[1], &s->baseline, sizeof *points);
            assert_memory_equal(&points[3], &points[0], sizeof *points);
            worse += points[2].top1 < points[1].top1;
        }
        assert_true(worse > 0);
        evaluation_free(&whole);
        sensitivity_free(s);
    }
}

static void sensitivity_in_double(void **state)
{
    (void)state;
    skip_under_thread_sanitizer();
    struct sensitivity_settings settings = sensitivity_settings(ELEMENT_DOUBLE);
    bool *included = mem_new((size_t)example.coupling->block_count, sizeof *included);
    assert_non_null(included);
    for (int b = 0, found = 0; b < example.coupling->block_count && found < 1; b++)
        found += included[b] = !example.coupling->blocks[b].locked;
    settings.included = included;
    settings.ratio_count = 1;
    struct sensitivity *s = run_sensitivity(&settings, 2);
    assert_int_equal(s->row_count, 1);
    compare_point(&settings, s, 0, 0);
    sensitivity_free(s);
    mem_free(included);
}

static void threads_and_interruptions_change_nothing(void **state)
{
    (void)state;
    struct error error = {0};
    struct sensitivity_settings settings = sensitivity_settings(ELEMENT_FLOAT);
    struct sensitivity *one = run_sensitivity(&settings, 1), *many = run_sensitivity(&settings, 3), *broken;
    struct pool *pool = make_pool(2);
    assert_same_grid(one, many);
    sensitivity_free(many);
    settings.mask_memory = 1; /* no mask is kept */
    many = run_sensitivity(&settings, 2);
    assert_same_grid(one, many);
    check(sensitivity_new(&settings, &broken, &error), &error);
    assert_true(isnan(broken->baseline.value));
    int cancelled = 0;
    for (int64_t at = 1; broken->done < broken->images; at = broken->done + 1) {
        struct canceller canceller;
        canceller_start(&canceller, "sensitivity", at);
        status code = sensitivity_run(broken, pool, &canceller.progress, &error);
        if (code == STATUS_OK)
            break;
        assert_int_equal(code, STATUS_CANCELLED);
        assert_true(broken->done >= at && broken->done % BATCH == 0);
        cancelled++;
    }
    assert_true(cancelled >= 2);
    assert_same_grid(one, broken);
    check(sensitivity_run(broken, pool, NULL, &error), &error); /* nothing left to do */
    assert_same_grid(one, broken);
    pool_free(pool);
    sensitivity_free(one);
    sensitivity_free(many);
    sensitivity_free(broken);
}

static void sensitivity_refuses(void **state)
{
    (void)state;
    struct error error = {0};
    struct sensitivity *s = NULL;
    struct sensitivity_settings settings = sensitivity_settings(ELEMENT_FLOAT);
    const struct sample none = {0};
    const double broken[] = {0.5, 1.5};
    bool *nothing = mem_new((size_t)example.coupling->block_count, sizeof *nothing);
    assert_non_null(nothing);
    settings.sample = &none;
    assert_int_equal(sensitivity_new(&settings, &s, &error), STATUS_RANGE);
    settings = sensitivity_settings(ELEMENT_FLOAT);
    settings.ratio_count = 0;
    assert_int_equal(sensitivity_new(&settings, &s, &error), STATUS_RANGE);
    settings = sensitivity_settings(ELEMENT_FLOAT);
    settings.ratios = broken;
    settings.ratio_count = 2;
    assert_int_equal(sensitivity_new(&settings, &s, &error), STATUS_RANGE);
    assert_non_null(strstr(error.message, "1.5"));
    settings = sensitivity_settings(ELEMENT_FLOAT);
    settings.included = nothing;
    assert_int_equal(sensitivity_new(&settings, &s, &error), STATUS_RANGE);
    assert_null(s);
    settings = sensitivity_settings(ELEMENT_FLOAT);
    settings.micro_batch = -1;
    check(sensitivity_new(&settings, &s, &error), &error);
    assert_int_equal(sensitivity_run(s, NULL, NULL, &error), STATUS_RANGE);
    sensitivity_free(s);
    mem_free(nothing);
}

/* --- curves --------------------------------------------------------------------------------------------- */

static struct curve_settings curve_settings(struct curve_line lines[2], const double **vectors)
{
    vectors[0] = example.l1;
    for (int i = 0; i < COUNT(example.random); i++)
        vectors[i + 1] = example.random[i];
    lines[0] = (struct curve_line){vectors, 1};
    lines[1] = (struct curve_line){vectors + 1, COUNT(example.random)};
    return (struct curve_settings){
        .coupling = example.coupling,
        .dataset = example.dataset,
        .sample = &example.sample,
        .lines = lines,
        .line_count = 2,
        .ratios = ratios,
        .ratio_count = RATIOS,
        .select = plain,
        .real = ELEMENT_FLOAT,
        .micro_batch = BATCH,
    };
}

static struct curve *run_curve(const struct curve_settings *settings, int threads)
{
    struct error error = {0};
    struct curve *curve;
    struct pool *pool = make_pool(threads);
    check(curve_new(settings, &curve, &error), &error);
    check(curve_run(curve, pool, NULL, &error), &error);
    pool_free(pool);
    assert_int_equal(curve->evaluated, curve->evaluations);
    return curve;
}

/* One criterion at one ratio, done by hand. */
static struct evaluation curve_by_hand(const struct curve_settings *settings, const double *class_score,
                                       double ratio, struct cost *cost)
{
    struct error error = {0};
    const struct coupling *c = example.coupling;
    double *each = mem_new((size_t)c->block_count, sizeof *each);
    bool *included = mem_new((size_t)c->block_count, sizeof *included);
    struct selection selection;
    assert_true(each && included);
    for (int b = 0; b < c->block_count; b++) {
        included[b] = !c->blocks[b].locked;
        each[b] = included[b] ? ratio : 0;
    }
    if (settings->global)
        check(select_global(c, class_score, ratio, included, &plain, &selection, &error), &error);
    else
        check(select_by_ratio(c, class_score, each, &plain, &selection, &error), &error);
    check(cost_compute(c, selection.removed, COST_MACS, cost, &error), &error);
    struct evaluation evaluation = prune_for_real(selection.removed, settings->real);
    selection_free(&selection);
    mem_free(each);
    mem_free(included);
    return evaluation;
}

static void compare_line(const struct curve_settings *settings, const struct curve *curve, int line, int k)
{
    const struct curve_point *point = &curve->points[line * RATIOS + k];
    double accuracy[8], sum = 0, squares = 0, macs = 0, loss = 0;
    int count = settings->lines[line].score_count;
    for (int i = 0; i < count; i++) {
        struct cost cost;
        struct evaluation evaluation =
            curve_by_hand(settings, settings->lines[line].class_score[i], ratios[k], &cost);
        accuracy[i] = (double)evaluation.top1 / IMAGES;
        sum += accuracy[i];
        loss += evaluation.loss / count;
        macs += cost.macs / count;
        evaluation_free(&evaluation);
        cost_free(&cost);
    }
    for (int i = 0; i < count; i++)
        squares += (accuracy[i] - sum / count) * (accuracy[i] - sum / count);
    assert_int_equal(point->runs, count);
    assert_int_equal(point->finished, count);
    assert_true(fabs(point->accuracy - sum / count) < 1e-12);
    assert_true(fabs(point->loss - loss) < 1e-12 * (1 + loss));
    assert_true(fabs(point->accuracy_deviation - (count > 1 ? sqrt(squares / (count - 1)) : 0)) < 1e-12);
    assert_true(fabs(point->macs - macs) < 1e-9 * macs);
}

static void curve_equals_real_prunes(void **state)
{
    (void)state;
    skip_under_thread_sanitizer();
    struct curve_line lines[2];
    const double *vectors[1 + COUNT(example.random)];
    for (int global = 0; global < 2; global++) {
        struct curve_settings settings = curve_settings(lines, vectors);
        settings.global = global;
        struct curve *curve = run_curve(&settings, 2);
        /* ratio 0 is shared by all, 0.25 stands there twice */
        assert_int_equal(curve->evaluations, 1 + 2 * (1 + COUNT(example.random)));
        for (int line = 0; line < 2; line++)
            for (int k = 0; k < RATIOS; k++)
                compare_line(&settings, curve, line, k);
        assert_true(curve->points[0].macs < curve->points[1].macs);
        assert_true(curve->points[RATIOS + 2].loss_deviation > 0);
        assert_true(curve->points[1].removed == 0 && curve->points[2].removed > curve->points[0].removed);
        curve_free(curve);
    }
}

static void assert_same_curve(const struct curve *a, const struct curve *b)
{
    assert_memory_equal(a->points, b->points, (size_t)(a->line_count * a->ratio_count) * sizeof *a->points);
}

static void curves_stop_and_go_on(void **state)
{
    (void)state;
    struct error error = {0};
    struct curve_line lines[2];
    const double *vectors[1 + COUNT(example.random)];
    const struct curve_settings settings = curve_settings(lines, vectors);
    struct curve *one = run_curve(&settings, 1), *many = run_curve(&settings, 3), *broken;
    struct pool *pool = make_pool(2);
    assert_same_curve(one, many);
    check(curve_new(&settings, &broken, &error), &error);
    assert_true(isnan(broken->points[0].accuracy) && broken->points[0].macs == one->points[0].macs);
    /* Cancelled in the middle of the third evaluation: two are there. */
    struct canceller canceller;
    canceller_start(&canceller, "curve", 2 * IMAGES + BATCH);
    assert_int_equal(curve_run(broken, pool, &canceller.progress, &error), STATUS_CANCELLED);
    assert_int_equal(broken->evaluated, 2);
    assert_memory_equal(&broken->points[0], &one->points[0], sizeof *one->points);
    assert_true(isnan(broken->points[2].accuracy));
    assert_int_equal(broken->points[RATIOS + 1].finished, COUNT(example.random)); /* shared with l1's */
    assert_int_equal(broken->points[RATIOS + 2].finished, 0);
    canceller_start(&canceller, "curve", 0);
    check(curve_run(broken, pool, &canceller.progress, &error), &error);
    assert_int_equal(canceller.last, broken->evaluations * IMAGES);
    assert_same_curve(one, broken);
    pool_free(pool);
    curve_free(one);
    curve_free(many);
    curve_free(broken);
}

static void curve_refuses(void **state)
{
    (void)state;
    struct error error = {0};
    struct curve *curve = NULL;
    struct curve_line lines[2];
    const double *vectors[1 + COUNT(example.random)];
    const double negative[] = {-0.1};
    struct curve_settings settings = curve_settings(lines, vectors);
    settings.line_count = 0;
    assert_int_equal(curve_new(&settings, &curve, &error), STATUS_RANGE);
    settings = curve_settings(lines, vectors);
    lines[1].score_count = 0;
    assert_int_equal(curve_new(&settings, &curve, &error), STATUS_RANGE);
    settings = curve_settings(lines, vectors);
    settings.ratios = negative;
    settings.ratio_count = 1;
    assert_int_equal(curve_new(&settings, &curve, &error), STATUS_RANGE);
    settings.global = true;
    assert_int_equal(curve_new(&settings, &curve, &error), STATUS_RANGE);
    assert_null(curve);
}

/* --- timing --------------------------------------------------------------------------------------------- */

static void a_smaller_network_takes_less_time(void **state)
{
    (void)state;
    struct error error = {0};
    struct selection selection;
    struct graph *smaller;
    double *ratio = mem_new((size_t)example.coupling->block_count, sizeof *ratio);
    assert_non_null(ratio);
    for (int b = 0; b < example.coupling->block_count; b++)
        ratio[b] = example.coupling->blocks[b].locked ? 0 : 0.75;
    check(select_by_ratio(example.coupling, example.l1, ratio, &plain, &selection, &error), &error);
    check(surgery_apply(example.coupling, selection.removed, &smaller, &error), &error);
    struct canceller canceller;
    struct timing_settings settings = {
        .real = ELEMENT_FLOAT, .micro_batch = 4, .warm_up = 1, .runs = 9, .progress = &canceller.progress};
    const struct graph *const graphs[] = {example.graph, smaller};
    struct timing timings[2];
    canceller_start(&canceller, "timing", 0);
    check(timing_measure(&settings, graphs, 2, timings, &error), &error);
    assert_int_equal(canceller.last, 20);
    for (int i = 0; i < 2; i++) {
        const struct timing *t = &timings[i];
        assert_int_equal(t->runs, 9);
        assert_true(t->least > 0 && t->least <= t->lower_quartile && t->lower_quartile <= t->median);
        assert_true(t->median <= t->upper_quartile && t->upper_quartile <= t->most);
        assert_true(t->wall >= 0.9 * t->least);
    }
    assert_true(timings[1].median < timings[0].median);
    canceller_start(&canceller, "timing", 5);
    timings[0].runs = 99;
    assert_int_equal(timing_measure(&settings, graphs, 2, timings, &error), STATUS_CANCELLED);
    assert_int_equal(timings[0].runs, 99);
    settings.runs = 0;
    assert_int_equal(timing_measure(&settings, graphs, 2, timings, &error), STATUS_RANGE);
    graph_free(smaller);
    selection_free(&selection);
    mem_free(ratio);
}

/* --- memory --------------------------------------------------------------------------------------------- */

static const double half[] = {0.5};

static status use_sensitivity(const struct sample *sample, struct error *error)
{
    struct sensitivity_settings settings = sensitivity_settings(ELEMENT_FLOAT);
    struct sensitivity *s;
    bool *included = calloc((size_t)example.coupling->block_count, sizeof *included);
    assert_non_null(included);
    int last = example.coupling->block_count - 1;
    while (example.coupling->blocks[last].locked)
        last--;
    included[last] = true;
    settings.included = included;
    settings.ratios = half;
    settings.ratio_count = 1;
    settings.sample = sample;
    settings.micro_batch = 1;
    status code = sensitivity_new(&settings, &s, error);
    if (code == STATUS_OK) {
        code = sensitivity_run(s, NULL, NULL, error);
        assert_true(code == STATUS_OK || s->done < s->images);
        sensitivity_free(s);
    }
    free(included);
    return code;
}

static status use_curve(const struct sample *sample, struct error *error)
{
    struct curve_line lines[2];
    const double *vectors[1 + COUNT(example.random)];
    struct curve_settings settings = curve_settings(lines, vectors);
    struct curve *curve;
    settings.line_count = 1;
    settings.ratios = half;
    settings.ratio_count = 1;
    settings.sample = sample;
    settings.micro_batch = 1;
    status code = curve_new(&settings, &curve, error);
    if (code == STATUS_OK) {
        code = curve_run(curve, NULL, NULL, error);
        assert_true(code == STATUS_OK || curve->evaluated < curve->evaluations);
        curve_free(curve);
    }
    return code;
}

static status use_timing(const struct sample *sample, struct error *error)
{
    const struct timing_settings settings = {.real = ELEMENT_FLOAT, .micro_batch = 1, .runs = 1};
    const struct graph *const graph = example.graph;
    struct timing timing;
    (void)sample;
    return timing_measure(&settings, &graph, 1, &timing, error);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    static status (*const uses[])(const struct sample *, struct error *) = {use_sensitivity, use_curve,
                                                                            use_timing};
    struct sample one = example.sample;
    one.count = 1;
    for (int i = 0; i < COUNT(uses); i++) {
        status code = STATUS_MEMORY;
        long nth = 1;
        for (; code != STATUS_OK; nth++) {
            struct error error = {0};
            mem_fail_at(nth);
            code = uses[i](&one, &error);
            mem_fail_at(0);
            if (code != STATUS_OK && (code != STATUS_MEMORY || error.code != code))
                fail_msg("allocation %ld of use %d: %s", nth, i, error.message);
        }
        assert_true(nth > 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaced_operands_equal_masked_networks),
        cmocka_unit_test(one_operand_comes_back),
        cmocka_unit_test(operands_that_cannot_be_replaced),
        cmocka_unit_test(sensitivity_equals_a_real_prune),
        cmocka_unit_test(sensitivity_in_double),
        cmocka_unit_test(threads_and_interruptions_change_nothing),
        cmocka_unit_test(sensitivity_refuses),
        cmocka_unit_test(curve_equals_real_prunes),
        cmocka_unit_test(curves_stop_and_go_on),
        cmocka_unit_test(curve_refuses),
        cmocka_unit_test(a_smaller_network_takes_less_time),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests_name("judge", tests, open_example, close_example);
}
