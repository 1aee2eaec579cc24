/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Searches for ratios, on the built-in example: what they find fits the budget, is what prune makes of the
 * ratios, and measures what a real prune gives. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/pool.h"
#include "base/progress.h"
#include "data/dataset.h"
#include "nn/graph/graph.h"
#include "nn/simplify/simplify.h"
#include "onnx/onnx.h"
#include "prune/cost.h"
#include "prune/surgery.h"
#include "score/criteria.h"
#include "search/search.h"
#include "stats/evaluate.h"

enum { IMAGES = 8, BATCH = 4, METHODS = 4, UNIFORM = 0, GLOBAL = 1, GREEDY = 2, LAGRANGE = 3 };

/* The example, its data and its l1 scores, made once. */
static struct {
    struct graph *graph;
    struct layers *layers;
    struct coupling *coupling;
    struct dataset *dataset;
    struct sample sample;
    struct pool *pool;
    double *score;
    struct cost cost;
} example;

static void check(status code, const struct error *error)
{
    if (code != STATUS_OK)
        fail_msg("%s", error->message);
}

static void score_classes(void)
{
    struct error error = {0};
    struct criterion_options options = criterion_defaults();
    struct scores *scores;
    check(scores_compute(example.graph, example.layers, criterion_find("l1"), &options, NULL, NULL, &scores,
                         &error),
          &error);
    example.score = mem_new((size_t)example.coupling->class_count, sizeof *example.score);
    assert_non_null(example.score);
    check(class_scores(example.coupling, scores, COMBINE_MEAN, example.score, &error), &error);
    scores_free(scores);
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
    check(onnx_read(path, &file, &error), &error);
    mem_free(path);
    check(graph_simplify(file, &example.graph, &error), &error);
    graph_free(file);
    check(layers_find(example.graph, &example.layers, &error), &error);
    check(coupling_build(example.graph, example.layers, &example.coupling, &error), &error);
    check(dataset_open(dataset_kind_find("shapes"), NULL, &options, &example.dataset, &error), &error);
    check(sample_draw(example.dataset, &all, &example.sample, &error), &error);
    check(cost_compute(example.coupling, NULL, COST_MACS, &example.cost, &error), &error);
    check(pool_new(2, &example.pool, &error), &error);
    score_classes();
    return 0;
}

static int close_example(void **state)
{
    (void)state;
    mem_free(example.score);
    pool_free(example.pool);
    cost_free(&example.cost);
    sample_free(&example.sample);
    dataset_free(example.dataset);
    coupling_free(example.coupling);
    layers_free(example.layers);
    graph_free(example.graph);
    return 0;
}

static struct search_settings settings_of(bool images)
{
    return (struct search_settings){
        .coupling = example.coupling,
        .dataset = images ? example.dataset : NULL,
        .sample = images ? &example.sample : NULL,
        .class_score = example.score,
        .select = {.rounding = ROUND_FLOOR, .round_to = 1, .minimum = 1, .cap = 0.9},
        .real = ELEMENT_DOUBLE,
        .micro_batch = BATCH,
    };
}

static struct search_goal goal_of(int method, double macs)
{
    return (struct search_goal){.method = method,
                                .limit = {macs * example.cost.macs, INFINITY, INFINITY, INFINITY},
                                .keep = INFINITY,
                                .step = 0.5};
}

static struct search *new_search(const struct search_settings *settings)
{
    struct error error = {0};
    struct search *search;
    check(search_new(settings, &search, &error), &error);
    return search;
}

static struct search_outcome run(struct search *search, const struct search_goal *goal)
{
    struct error error = {0};
    struct search_outcome outcome;
    check(search_run(search, goal, example.pool, NULL, &outcome, &error), &error);
    return outcome;
}

static struct evaluation evaluate(const bool *removed)
{
    struct error error = {0};
    struct evaluation evaluation;
    struct graph *smaller;
    check(surgery_apply(example.coupling, removed, &smaller, &error), &error);
    const struct evaluate settings = {.graph = smaller,
                                      .dataset = example.dataset,
                                      .sample = &example.sample,
                                      .real = ELEMENT_DOUBLE,
                                      .micro_batch = BATCH,
                                      .pool = example.pool};
    check(evaluate_run(&settings, &evaluation, &error), &error);
    graph_free(smaller);
    return evaluation;
}

/* What `prune` takes at the candidate's ratios. */
static struct selection selection_of(const struct search *search, const struct select_options *options,
                                     int candidate)
{
    struct error error = {0};
    struct selection selection;
    double *ratio = mem_new((size_t)example.coupling->block_count, sizeof *ratio);
    assert_non_null(ratio);
    search_ratios(search, candidate, ratio);
    check(select_by_ratio(example.coupling, example.score, ratio, options, &selection, &error), &error);
    mem_free(ratio);
    return selection;
}

/* The candidate's costs are those of that selection, and so are accuracy and loss where they were measured.
 */
static void compare_candidate(const struct search *search, const struct select_options *options, int index)
{
    struct error error = {0};
    const struct search_candidate *candidate = &search->candidates[index];
    struct selection selection = selection_of(search, options, index);
    struct cost cost;
    check(cost_compute(example.coupling, selection.removed, COST_MACS, &cost, &error), &error);
    assert_true(candidate->cost[SEARCH_MACS] == cost.macs);
    assert_true(candidate->cost[SEARCH_PARAMETERS] == (double)cost.parameters);
    assert_true(candidate->cost[SEARCH_MEMORY] == (double)cost.activation_bytes);
    if (candidate->judged) {
        struct evaluation evaluation = evaluate(selection.removed);
        assert_int_equal(candidate->right, evaluation.top1);
        assert_true(fabs(candidate->loss - evaluation.loss) <= 1e-10 * (1 + evaluation.loss));
        evaluation_free(&evaluation);
    }
    cost_free(&cost);
    selection_free(&selection);
}

/* --- budgets -------------------------------------------------------------------------------------------- */

static void every_method_meets_the_budget(void **state)
{
    (void)state;
    const struct search_settings settings = settings_of(true);
    struct search *search = new_search(&settings);
    for (int method = 0; method < METHODS; method++) {
        const struct search_goal goal = goal_of(method, 0.6);
        struct search_outcome outcome = run(search, &goal);
        const struct search_candidate *found = &search->candidates[outcome.found];
        assert_true(outcome.hit);
        assert_true(found->judged && found->cost[SEARCH_MACS] <= 0.6 * example.cost.macs);
        assert_true(found->cost[SEARCH_MACS] >= 0.99 * 0.6 * example.cost.macs);
        compare_candidate(search, &settings.select, outcome.found);
    }
    for (int i = 0; i < search->candidate_count; i += 7)
        compare_candidate(search, &settings.select, i);
    search_free(search);
}

static void budgets_need_no_images(void **state)
{
    (void)state;
    const struct search_settings settings = settings_of(false);
    struct search *search = new_search(&settings);
    for (int method = UNIFORM; method <= GLOBAL; method++) {
        struct search_goal goal = goal_of(method, 0.4);
        goal.limit[SEARCH_PARAMETERS] = 0.35 * (double)example.cost.parameters;
        goal.limit[SEARCH_MEMORY] = 0.9 * (double)example.cost.activation_bytes;
        struct search_outcome outcome = run(search, &goal);
        const struct search_candidate *found = &search->candidates[outcome.found];
        assert_true(outcome.hit && !found->judged && search->judged == 0);
        double closest = 0;
        for (int i = 0; i < SEARCH_LATENCY; i++)
            closest = fmax(closest, found->cost[i] / goal.limit[i]);
        assert_true(closest <= 1 && closest >= 0.99);
        compare_candidate(search, &settings.select, outcome.found);
    }
    search_free(search);
}

/* No ratio lies between the counts of one ratio and those found, but for what was given back. */
static void uniform_is_one_ratio(void **state)
{
    (void)state;
    const struct search_settings settings = settings_of(false);
    struct search *search = new_search(&settings);
    const struct search_goal goal = goal_of(UNIFORM, 0.5);
    struct search_outcome outcome = run(search, &goal);
    const int *count = search->candidates[outcome.found].count;
    double low = 0, high = 1;
    for (int b = 0; b < example.coupling->block_count; b++) {
        const struct block *block = &example.coupling->blocks[b];
        if (block->locked)
            continue;
        low = fmax(low, (count[b] - 1.0) / block->class_count);
        high = fmin(high, (count[b] + 2.0) / block->class_count);
    }
    assert_true(low > 0.1 && low < high);
    search_free(search);
}

/* Whatever is kept of a block under a global threshold scores higher than all that goes elsewhere, but for
 * blocks at their cap and what was given back. */
static void global_is_a_threshold(void **state)
{
    (void)state;
    struct search_settings settings = settings_of(false);
    settings.select.cap = 0.5;
    struct search *search = new_search(&settings);
    const struct search_goal goal = goal_of(GLOBAL, 0.7);
    struct search_outcome outcome = run(search, &goal);
    struct selection selection = selection_of(search, &settings.select, outcome.found);
    const struct coupling *c = example.coupling;
    double highest_gone = 0;
    int capped = 0, above = 0;
    for (int i = 0; i < c->class_count; i++)
        if (selection.removed[i])
            highest_gone = fmax(highest_gone, example.score[i]);
    for (int b = 0; b < c->block_count; b++) {
        const struct block *block = &c->blocks[b];
        int most = block->class_count / 2, count = search->candidates[outcome.found].count[b];
        assert_true(block->locked || count <= most);
        capped += !block->locked && count == most;
        for (int i = 0; i < block->class_count && !block->locked && count < most; i++)
            above += !selection.removed[block->classes[i]] && example.score[block->classes[i]] < highest_gone;
    }
    assert_true(capped > 0 && above <= 3);
    selection_free(&selection);
    search_free(search);
}

static void counts_keep_multiples(void **state)
{
    (void)state;
    struct search_settings settings = settings_of(false);
    settings.select.round_to = 8;
    struct search *search = new_search(&settings);
    int misses = 0;
    for (double macs = 0.35; macs < 0.9; macs += 0.05) {
        const struct search_goal goal = goal_of(UNIFORM, macs);
        struct search_outcome outcome = run(search, &goal);
        double left = search->candidates[outcome.found].cost[SEARCH_MACS] / goal.limit[SEARCH_MACS];
        assert_true(left <= 1);
        assert_int_equal(outcome.hit, left >= 0.99);
        misses += !outcome.hit; /* eight channels are more than 1 % */
        for (int b = 0; b < example.coupling->block_count; b++) {
            int count = search->candidates[outcome.found].count[b];
            assert_true(count == 0 || (example.coupling->blocks[b].class_count - count) % 8 == 0);
        }
        compare_candidate(search, &settings.select, outcome.found);
    }
    assert_true(misses > 0);
    search_free(search);
}

/* A staircase, as latencies are: a layer takes as long as the next multiple of eight channels. */
static status staircase(void *argument, const bool *removed, double *seconds, struct error *error)
{
    int *asked = argument;
    struct cost cost;
    status code = cost_compute(example.coupling, removed, COST_MACS, &cost, error);
    *seconds = 0;
    for (int i = 0; code == STATUS_OK && i < cost.layer_count; i++)
        *seconds += (double)((cost.layers[i].channels + 7) / 8);
    if (code == STATUS_OK)
        cost_free(&cost);
    ++*asked;
    return code;
}

static void latency_is_a_budget(void **state)
{
    (void)state;
    const struct search_settings settings = settings_of(true);
    struct search *search = new_search(&settings);
    int asked = 0;
    double whole;
    struct error error = {0};
    check(staircase(&asked, NULL, &whole, &error), &error);
    for (int method = UNIFORM; method <= GREEDY; method++) {
        struct search_goal goal = goal_of(method, INFINITY);
        goal.limit[SEARCH_MACS] = INFINITY;
        goal.limit[SEARCH_LATENCY] = 0.75 * whole;
        search->latency = staircase;
        search->latency_argument = &asked;
        struct search_outcome outcome = run(search, &goal);
        double found = search->candidates[outcome.found].cost[SEARCH_LATENCY];
        assert_true(found <= 0.75 * whole && found > 0.6 * whole);
        search->latency = NULL;
        struct search_outcome none;
        assert_int_equal(search_run(search, &goal, example.pool, NULL, &none, &error), STATUS_STATE);
    }
    assert_true(asked > 10);
    search_free(search);
}

/* --- greedy --------------------------------------------------------------------------------------------- */

/* The same loop, with every trial pruned for real. */
struct naive {
    const struct search_goal *goal;
    int *count; /* per block */
    double macs, loss;
};

static struct naive try_counts(const struct naive *from, int block, int count)
{
    struct error error = {0};
    const struct coupling *c = example.coupling;
    struct naive trial = *from;
    double *ratio = mem_new((size_t)c->block_count, sizeof *ratio);
    struct selection selection;
    struct cost cost;
    const struct search_settings settings = settings_of(true);
    assert_non_null(ratio);
    for (int b = 0; b < c->block_count; b++)
        ratio[b] = (double)(b == block ? count : from->count[b]) / c->blocks[b].class_count;
    check(select_by_ratio(c, example.score, ratio, &settings.select, &selection, &error), &error);
    check(cost_compute(c, selection.removed, COST_MACS, &cost, &error), &error);
    struct evaluation evaluation = evaluate(selection.removed);
    trial.macs = cost.macs;
    trial.loss = evaluation.loss;
    evaluation_free(&evaluation);
    cost_free(&cost);
    selection_free(&selection);
    mem_free(ratio);
    return trial;
}

/* The best step from here; where one would go beyond the budget, channel by channel as far as it must. */
static void naive_step(struct naive *now)
{
    const struct coupling *c = example.coupling;
    double lowest = INFINITY, limit = now->goal->limit[SEARCH_MACS];
    int best = -1, best_count = 0;
    struct naive taken = *now;
    for (int b = 0; b < c->block_count; b++) {
        int most = (int)(0.9 * c->blocks[b].class_count), step = (c->blocks[b].class_count + 1) / 2;
        int next = now->count[b] + step < most ? now->count[b] + step : most;
        if (c->blocks[b].locked || next <= now->count[b])
            continue;
        struct naive trial = try_counts(now, b, next);
        for (int k = now->count[b] + 1; trial.macs <= limit && k < next; k++) {
            struct naive less = try_counts(now, b, k);
            if (less.macs > limit)
                continue;
            trial = less;
            next = k;
        }
        double harm = (trial.loss - now->loss) / (now->macs - trial.macs);
        if (harm < lowest) {
            lowest = harm;
            best = b;
            best_count = next;
            taken = trial;
        }
    }
    assert_true(best >= 0);
    *now = taken;
    now->count[best] = best_count;
}

static void greedy_is_what_real_prunes_choose(void **state)
{
    (void)state;
    const struct search_settings settings = settings_of(true);
    const struct search_goal goal = goal_of(GREEDY, 0.75);
    struct search *search = new_search(&settings);
    struct search_outcome outcome = run(search, &goal);
    struct naive now = {.goal = &goal, .count = calloc((size_t)example.coupling->block_count, sizeof(int))};
    int steps = 0;
    assert_non_null(now.count);
    now = try_counts(&now, 0, 0);
    for (; now.macs > goal.limit[SEARCH_MACS]; steps++)
        naive_step(&now);
    assert_true(steps >= 2);
    assert_int_equal(outcome.steps, steps);
    assert_memory_equal(search->candidates[outcome.found].count, now.count,
                        (size_t)example.coupling->block_count * sizeof(int));
    free(now.count);
    search_free(search);
}

/* On the sample that both are measured on. */
static void measured_methods_beat_one_ratio(void **state)
{
    (void)state;
    const struct search_settings settings = settings_of(true);
    struct search *search = new_search(&settings);
    double loss[METHODS];
    for (int method = 0; method < METHODS; method++) {
        const struct search_goal goal = goal_of(method, 0.6);
        const struct search_outcome outcome = run(search, &goal);
        loss[method] = search->candidates[outcome.found].loss;
    }
    assert_true(loss[GREEDY] < loss[UNIFORM] && loss[LAGRANGE] < loss[UNIFORM]);
    search_free(search);
}

/* --- accuracy ------------------------------------------------------------------------------------------- */

static void accuracy_is_kept(void **state)
{
    (void)state;
    const struct search_settings settings = settings_of(true);
    struct search *search = new_search(&settings);
    for (int method = 0; method < METHODS; method++) {
        struct search_goal goal = goal_of(method, INFINITY);
        goal.limit[SEARCH_MACS] = INFINITY;
        goal.keep = 1.0 / IMAGES; /* one image */
        goal.harm = SEARCH_HARM_ACCURACY;
        struct search_outcome outcome = run(search, &goal);
        const struct search_candidate *found = &search->candidates[outcome.found];
        assert_true(found->judged && found->value >= search->candidates[0].value - goal.keep - 1e-9);
        assert_true(outcome.found > 0 && found->cost[SEARCH_MACS] < example.cost.macs);
    }
    search_free(search);
}

static void front_is_what_nothing_is_better_than(void **state)
{
    (void)state;
    const struct search_settings settings = settings_of(true);
    struct error error = {0};
    struct search *search = new_search(&settings);
    const struct search_goal goal = goal_of(GREEDY, 0.7);
    run(search, &goal);
    bool *front = mem_new((size_t)search->candidate_count, sizeof *front);
    assert_non_null(front);
    check(search_front(search, front, &error), &error);
    int members = 0;
    for (int i = 0; i < search->candidate_count; i++) {
        const struct search_candidate *a = &search->candidates[i];
        bool beaten = !a->judged;
        for (int k = 0; k < search->candidate_count && !beaten; k++) {
            const struct search_candidate *b = &search->candidates[k];
            double macs = b->cost[SEARCH_MACS] - a->cost[SEARCH_MACS];
            beaten = b->judged && ((b->value > a->value && macs <= 0) || (b->value == a->value && macs < 0) ||
                                   (b->value == a->value && macs == 0 && k < i));
        }
        assert_int_equal(front[i], !beaten);
        members += front[i];
    }
    assert_true(members >= 2);
    mem_free(front);
    search_free(search);
}

/* --- going on ------------------------------------------------------------------------------------------- */

struct canceller {
    struct progress progress;
    int reports, at;
};

static void report(void *argument, const char *what, const char *unit, int64_t done, int64_t total)
{
    struct canceller *canceller = argument;
    assert_string_equal(what, "search");
    assert_string_equal(unit, "images");
    assert_true(done <= total);
    if (++canceller->reports >= canceller->at)
        progress_cancel(&canceller->progress);
}

static void assert_same_search(const struct search *a, const struct search *b)
{
    assert_int_equal(a->candidate_count, b->candidate_count);
    assert_int_equal(a->judged, b->judged);
    for (int i = 0; i < a->candidate_count; i++) {
        const struct search_candidate *x = &a->candidates[i], *y = &b->candidates[i];
        assert_memory_equal(x->count, y->count, (size_t)example.coupling->block_count * sizeof(int));
        assert_int_equal(x->judged, y->judged);
        assert_memory_equal(&x->value, &y->value, sizeof x->value);
        assert_memory_equal(&x->loss, &y->loss, sizeof x->loss);
    }
}

static void interruptions_change_nothing(void **state)
{
    (void)state;
    const struct search_settings settings = settings_of(true);
    for (int method = GREEDY; method <= LAGRANGE; method++) {
        const struct search_goal goal = goal_of(method, 0.85);
        struct error error = {0};
        struct search *whole = new_search(&settings), *broken = new_search(&settings);
        struct search_outcome first = run(whole, &goal), outcome;
        status code = STATUS_CANCELLED;
        int cancelled = 0;
        for (; code != STATUS_OK; cancelled++) {
            struct canceller canceller = {.at = 3, .progress.report = report};
            canceller.progress.argument = &canceller;
            code = search_run(broken, &goal, example.pool, &canceller.progress, &outcome, &error);
            assert_true(code == STATUS_OK || code == STATUS_CANCELLED);
        }
        assert_true(cancelled > 2);
        assert_int_equal(outcome.found, first.found);
        assert_same_search(whole, broken);
        outcome = run(broken, &goal);
        assert_int_equal(outcome.judged, 0); /* nothing left to do */
        assert_int_equal(outcome.found, first.found);
        search_free(whole);
        search_free(broken);
    }
}

static void threads_change_nothing(void **state)
{
    (void)state;
    const struct search_settings settings = settings_of(true);
    const struct search_goal goal = goal_of(GREEDY, 0.75);
    struct error error = {0};
    struct search_outcome outcome;
    struct search *many = new_search(&settings), *one = new_search(&settings);
    run(many, &goal);
    check(search_run(one, &goal, NULL, NULL, &outcome, &error), &error);
    assert_same_search(many, one);
    search_free(one);
    search_free(many);
}

/* --- refusing ------------------------------------------------------------------------------------------- */

static void refuse(struct search *search, const struct search_goal *goal, status expected, const char *words)
{
    struct error error = {0};
    struct search_outcome outcome;
    assert_int_equal(search_run(search, goal, example.pool, NULL, &outcome, &error), expected);
    if (strstr(error.message, words) == NULL)
        fail_msg("'%s' does not say '%s'", error.message, words);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    struct search_settings settings = settings_of(false);
    struct search *search = new_search(&settings);
    struct search_goal goal = goal_of(UNIFORM, 0.001);
    refuse(search, &goal, STATUS_RANGE, "cannot be reached: with every free block");
    goal.limit[SEARCH_MACS] = 1.5 * example.cost.macs;
    refuse(search, &goal, STATUS_RANGE, "the whole network costs no more");
    goal.limit[SEARCH_MACS] = INFINITY;
    refuse(search, &goal, STATUS_RANGE, "needs a budget");
    goal.keep = 0.02;
    refuse(search, &goal, STATUS_STATE, "keeping the accuracy needs images");
    goal = goal_of(LAGRANGE, 0.5);
    refuse(search, &goal, STATUS_STATE, "lagrange needs images");
    search_free(search);
    struct error error = {0};
    settings.select.minimum = 1000000;
    assert_int_equal(search_new(&settings, &search, &error), STATUS_RANGE);
    struct sample none = example.sample;
    none.count = 0;
    settings = settings_of(true);
    settings.sample = &none;
    assert_int_equal(search_new(&settings, &search, &error), STATUS_RANGE);
}

static void contradictions_say_what_is_reached(void **state)
{
    (void)state;
    const struct search_settings settings = settings_of(true);
    struct search *search = new_search(&settings);
    for (int method = 0; method < METHODS; method++) {
        struct search_goal goal = goal_of(method, 0.3);
        goal.keep = 0.01;
        refuse(search, &goal, STATUS_RANGE, "cannot both be met");
        refuse(search, &goal, STATUS_RANGE, "% of the multiply-adds");
    }
    search_free(search);
}

static status use_search(int method, struct error *error)
{
    struct search_settings settings = settings_of(method >= GREEDY);
    const struct search_goal goal = goal_of(method, 0.95);
    struct search_outcome outcome;
    struct search *search;
    struct sample one = example.sample;
    one.count = 1;
    settings.sample = method >= GREEDY ? &one : NULL;
    settings.micro_batch = 1;
    settings.real = ELEMENT_FLOAT;
    status code = search_new(&settings, &search, error);
    if (code == STATUS_OK) {
        code = search_run(search, &goal, NULL, NULL, &outcome, error);
        search_free(search);
    }
    return code;
}

/* Every allocation up to a few hundred, then in strides. */
static void memory_may_run_out(void **state)
{
    (void)state;
    for (int method = GLOBAL; method <= GREEDY; method++) {
        status code = STATUS_MEMORY;
        long nth = 1;
        for (; code != STATUS_OK; nth += nth < 300 ? 1 : nth / 8) {
            struct error error = {0};
            mem_fail_at(nth);
            code = use_search(method, &error);
            mem_fail_at(0);
            if (code != STATUS_OK && (code != STATUS_MEMORY || error.code != code))
                fail_msg("allocation %ld of method %d: %s", nth, method, error.message);
        }
        assert_true(nth > 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_meets_the_budget),
        cmocka_unit_test(budgets_need_no_images),
        cmocka_unit_test(uniform_is_one_ratio),
        cmocka_unit_test(global_is_a_threshold),
        cmocka_unit_test(counts_keep_multiples),
        cmocka_unit_test(latency_is_a_budget),
        cmocka_unit_test(greedy_is_what_real_prunes_choose),
        cmocka_unit_test(measured_methods_beat_one_ratio),
        cmocka_unit_test(accuracy_is_kept),
        cmocka_unit_test(front_is_what_nothing_is_better_than),
        cmocka_unit_test(interruptions_change_nothing),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(contradictions_say_what_is_reached),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests_name("search", tests, open_example, close_example);
}
