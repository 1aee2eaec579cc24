/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Curves: every different selection is removed and evaluated once, and points are means over selections. */
#include "stats/curve.h"

#include <math.h>
#include <string.h>
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "nn/engine/loss.h"
#include "nn/graph/graph.h"
#include "prune/cost.h"
#include "prune/surgery.h"
#include "stats/evaluate.h"

/* One smaller network. */
struct trial {
    bool *removed; /* per class */
    int64_t count; /* classes removed */
    double parameters, macs;
    int64_t unanswered;
    double value, loss; /* accuracy or mIoU; mean loss */
};

struct curve_state {
    struct curve_settings settings; /* pointers to the caller's arrays are not used after curve_new */
    struct sample sample;           /* owned copy */
    struct trial *trials;           /* in the order in which they are evaluated */
    size_t trial_capacity;
    int *line_scores; /* per line: score vectors */
    int *trial_of;    /* line by line, vector by vector, ratio by ratio */
    double *scratch;  /* accuracies and losses of one point */
};

/* --- points --------------------------------------------------------------------------------------------- */

static void mean_deviation(const double *values, int count, double *mean, double *deviation)
{
    double sum = 0, squares = 0;
    for (int i = 0; i < count; i++)
        sum += values[i];
    *mean = count > 0 ? sum / count : NAN;
    for (int i = 0; i < count; i++)
        squares += (values[i] - *mean) * (values[i] - *mean);
    *deviation = count > 1 ? sqrt(squares / (count - 1)) : count > 0 ? 0 : NAN;
}

/* trials: that of the line's first vector at this ratio; the next vector's is ratio_count further. */
static void summarize(const struct curve *curve, const int *trials, int runs, struct curve_point *point)
{
    double *scratch = curve->state->scratch;
    *point = (struct curve_point){.runs = runs};
    for (int i = 0; i < runs; i++) {
        int index = trials[i * curve->ratio_count];
        const struct trial *trial = &curve->state->trials[index];
        point->parameters += trial->parameters / runs;
        point->macs += trial->macs / runs;
        point->removed += (double)trial->count / runs;
        if (index >= curve->evaluated)
            continue;
        point->unanswered += trial->unanswered;
        scratch[point->finished] = trial->value;
        scratch[runs + point->finished++] = trial->loss;
    }
    mean_deviation(scratch, point->finished, &point->accuracy, &point->accuracy_deviation);
    mean_deviation(scratch + runs, point->finished, &point->loss, &point->loss_deviation);
}

static void publish(struct curve *curve)
{
    const int *trials = curve->state->trial_of;
    for (int line = 0; line < curve->line_count; line++) {
        int runs = curve->state->line_scores[line];
        for (int k = 0; k < curve->ratio_count; k++)
            summarize(curve, trials + k, runs, &curve->points[line * curve->ratio_count + k]);
        trials += runs * curve->ratio_count;
    }
}

/* --- choosing ------------------------------------------------------------------------------------------- */

static status add_trial(struct curve *curve, bool *removed, int64_t count, struct error *error)
{
    struct curve_state *state = curve->state;
    struct cost cost;
    status code = STATUS_OK;
    if (!mem_grow(&state->trials, &state->trial_capacity, (size_t)curve->evaluations + 1,
                  sizeof *state->trials))
        code = error_memory(error);
    if (code == STATUS_OK)
        code = cost_compute(state->settings.coupling, removed, COST_MACS, &cost, error);
    if (code != STATUS_OK) {
        mem_free(removed);
        return code;
    }
    state->trials[curve->evaluations++] =
        (struct trial){removed, count, (double)cost.parameters, cost.macs, 0, NAN, NAN};
    cost_free(&cost);
    return STATUS_OK;
}

static int find_trial(const struct curve *curve, const struct selection *selection)
{
    for (int i = 0; i < curve->evaluations; i++)
        if (curve->state->trials[i].count == selection->count &&
            memcmp(curve->state->trials[i].removed, selection->removed,
                   (size_t)selection->class_count * sizeof *selection->removed) == 0)
            return i;
    return -1;
}

/* The room that choosing needs: which blocks take part, and the ratio of each. */
struct choice {
    bool *included;
    double *ratio;
};

static status select_classes(const struct curve_settings *settings, const struct choice *choice,
                             const double *class_score, double ratio, struct selection *selection,
                             struct error *error)
{
    const struct coupling *c = settings->coupling;
    if (settings->global)
        return select_global(c, class_score, ratio, choice->included, &settings->select, selection, error);
    for (int b = 0; b < c->block_count; b++)
        choice->ratio[b] = choice->included[b] ? ratio : 0;
    return select_by_ratio(c, class_score, choice->ratio, &settings->select, selection, error);
}

static status add_point(struct curve *curve, const struct choice *choice, const double *class_score,
                        double ratio, int *trial, struct error *error)
{
    struct selection selection;
    status code = select_classes(&curve->state->settings, choice, class_score, ratio, &selection, error);
    if (code != STATUS_OK)
        return code;
    *trial = find_trial(curve, &selection);
    if (*trial < 0) {
        *trial = curve->evaluations;
        code = add_trial(curve, selection.removed, selection.count, error);
        selection.removed = NULL;
    }
    selection_free(&selection);
    return code;
}

static status add_lines(struct curve *curve, const struct choice *choice, struct error *error)
{
    const struct curve_settings *settings = &curve->state->settings;
    int *trial = curve->state->trial_of;
    status code = STATUS_OK;
    for (int line = 0; line < curve->line_count; line++)
        for (int i = 0; i < settings->lines[line].score_count; i++)
            for (int k = 0; k < curve->ratio_count && code == STATUS_OK; k++)
                code = add_point(curve, choice, settings->lines[line].class_score[i], curve->ratios[k],
                                 trial++, error);
    return code;
}

static status choose(struct curve *curve, struct error *error)
{
    const struct curve_settings *settings = &curve->state->settings;
    const struct coupling *c = settings->coupling;
    struct choice choice = {
        .included = mem_new((size_t)c->block_count + 1, sizeof *choice.included),
        .ratio = mem_new((size_t)c->block_count + 1, sizeof *choice.ratio),
    };
    int count = 0;
    for (int b = 0; choice.included != NULL && b < c->block_count; b++) {
        choice.included[b] = !c->blocks[b].locked && (settings->included == NULL || settings->included[b]);
        count += choice.included[b];
    }
    status code;
    if (choice.included == NULL || choice.ratio == NULL)
        code = error_memory(error);
    else if (count == 0)
        code = error_set(error, STATUS_RANGE, "there is nothing to prune: every layer is locked or left out");
    else
        code = add_lines(curve, &choice, error);
    mem_free(choice.included);
    mem_free(choice.ratio);
    return code;
}

/* --- making --------------------------------------------------------------------------------------------- */

static status check_settings(const struct curve_settings *settings, struct error *error)
{
    if (settings->sample->count < 1)
        return error_set(error, STATUS_RANGE, "a curve needs at least one image");
    if (settings->ratio_count < 1)
        return error_set(error, STATUS_RANGE, "a curve needs at least one ratio");
    if (settings->line_count < 1)
        return error_set(error, STATUS_RANGE, "a curve needs at least one criterion");
    for (int i = 0; i < settings->line_count; i++)
        if (settings->lines[i].score_count < 1)
            return error_set(error, STATUS_RANGE, "line %d of the curve has no scores", i);
    return STATUS_OK;
}

static status build(struct curve *curve, const struct curve_settings *settings, struct error *error)
{
    struct curve_state *state = curve->state = mem_new(1, sizeof *state);
    int64_t runs = 0;
    curve->line_count = settings->line_count;
    curve->ratio_count = settings->ratio_count;
    curve->images = settings->sample->count;
    curve->ratios = mem_copy(settings->ratios, (size_t)settings->ratio_count * sizeof *curve->ratios);
    if (state == NULL || curve->ratios == NULL)
        return error_memory(error);
    state->settings = *settings;
    status code = sample_copy(settings->sample, &state->sample, error);
    if (code != STATUS_OK)
        return code;
    state->line_scores = mem_new((size_t)settings->line_count, sizeof *state->line_scores);
    for (int i = 0; state->line_scores != NULL && i < settings->line_count; i++)
        runs += state->line_scores[i] = settings->lines[i].score_count;
    if (runs > INT32_MAX / settings->ratio_count)
        return error_set(error, STATUS_RANGE, "%d ratios for each of %lld score vectors are too many",
                         settings->ratio_count, (long long)runs);
    state->trial_of = mem_new((size_t)runs * (size_t)settings->ratio_count, sizeof *state->trial_of);
    curve->points =
        mem_new((size_t)settings->line_count * (size_t)settings->ratio_count, sizeof *curve->points);
    state->scratch = mem_new((size_t)runs, 2 * sizeof *state->scratch);
    if (state->line_scores == NULL || state->trial_of == NULL || curve->points == NULL ||
        state->scratch == NULL)
        return error_memory(error);
    code = choose(curve, error);
    if (code == STATUS_OK)
        publish(curve);
    return code;
}

status curve_new(const struct curve_settings *settings, struct curve **curve, struct error *error)
{
    status code = check_settings(settings, error);
    if (code != STATUS_OK)
        return code;
    struct curve *made = mem_new(1, sizeof *made);
    code = made != NULL ? build(made, settings, error) : error_memory(error);
    if (code == STATUS_OK)
        *curve = made;
    else
        curve_free(made);
    return code;
}

void curve_free(struct curve *curve)
{
    if (curve == NULL)
        return;
    struct curve_state *state = curve->state;
    for (int i = 0; i < curve->evaluations; i++)
        mem_free(state->trials[i].removed);
    if (state != NULL) {
        sample_free(&state->sample);
        mem_free(state->trials);
        mem_free(state->line_scores);
        mem_free(state->trial_of);
        mem_free(state->scratch);
    }
    mem_free(state);
    mem_free(curve->ratios);
    mem_free(curve->points);
    mem_free(curve);
}

/* --- evaluating ----------------------------------------------------------------------------------------- */

static status evaluate_graph(const struct curve *curve, const struct graph *graph, struct pool *pool,
                             struct progress *progress, struct trial *trial, struct error *error)
{
    const struct curve_settings *settings = &curve->state->settings;
    struct evaluation evaluation;
    const struct evaluate evaluate = {
        .graph = graph,
        .dataset = settings->dataset,
        .sample = &curve->state->sample,
        .real = settings->real,
        .kernel = settings->kernel,
        .micro_batch = settings->micro_batch,
        .memory = curve->memory,
        .pool = pool,
        .progress = progress,
        .title = "curve",
        .progress_before = curve->evaluated * curve->images,
        .progress_total = curve->evaluations * curve->images,
    };
    status code = evaluate_run(&evaluate, &evaluation, error);
    if (code == STATUS_OK) {
        trial->value = evaluation.value;
        trial->unanswered = evaluation.unanswered;
        trial->loss = evaluation.loss;
        evaluation_free(&evaluation);
    }
    return code;
}

static status evaluate_trial(const struct curve *curve, struct pool *pool, struct progress *progress,
                             struct trial *trial, struct error *error)
{
    const struct coupling *c = curve->state->settings.coupling;
    struct graph *smaller = NULL;
    status code = trial->count > 0 ? surgery_apply(c, trial->removed, &smaller, error) : STATUS_OK;
    if (code == STATUS_OK)
        code = evaluate_graph(curve, smaller != NULL ? smaller : c->graph, pool, progress, trial, error);
    graph_free(smaller);
    return code;
}

status curve_run(struct curve *curve, struct pool *pool, struct progress *progress, struct error *error)
{
    double start = clock_seconds();
    status code = STATUS_OK;
    while (curve->evaluated < curve->evaluations && code == STATUS_OK) {
        struct trial trial = curve->state->trials[curve->evaluated];
        code = evaluate_trial(curve, pool, progress, &trial, error);
        if (code != STATUS_OK)
            break;
        curve->state->trials[curve->evaluated++] = trial;
        publish(curve);
        if (curve->watch)
            curve->watch(curve->watch_argument, curve);
    }
    curve->seconds += clock_seconds() - start;
    return code;
}
