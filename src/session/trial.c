/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trying normalisations. */
#include "session/trial.h"

#include <math.h>

#include "base/memory.h"
#include "base/status.h"
#include "data/normalization.h"
#include "data/sampler.h"
#include "session/pass.h"
#include "stats/evaluate.h"

enum { MOST_IMAGES = 100, LEAST_IMAGES = 20 };
static const double most_multiply_adds = 5e11; /* over all presets */
static const double beyond_doubt = 3;          /* standard errors */

struct trial_work {
    const struct trial_settings *settings;
    struct sample sample;
    double *now, *then; /* per image: what it contributes as it is, and with a preset (quality_credit) */
    int64_t done, planned;
    struct trial found;
    double least_loss;
};

static int preset_count(void)
{
    int count = 0;
    while (normalization_name_at(count))
        count++;
    return count;
}

int64_t trial_images(const struct model *model, const struct dataset *dataset)
{
    double afforded = most_multiply_adds / (model->cost.macs * (preset_count() + 1));
    int64_t images = dataset->count < MOST_IMAGES ? dataset->count : MOST_IMAGES;
    if (afforded < LEAST_IMAGES)
        return 0;
    return afforded < (double)images ? (int64_t)afforded : images;
}

double trial_cost(const struct model *model, const struct dataset *dataset)
{
    return model->cost.macs * (double)trial_images(model, dataset) * (preset_count() + 1);
}

/* The same number of records apart, for files are sorted by class now and then. */
static status spread_sample(struct trial_work *work, struct error *error)
{
    const struct dataset *dataset = work->settings->dataset;
    const int64_t images = trial_images(work->settings->model, dataset);
    work->sample.records = mem_new((size_t)images, sizeof *work->sample.records);
    work->now = mem_new((size_t)images, sizeof *work->now);
    work->then = mem_new((size_t)images, sizeof *work->then);
    if (!work->sample.records || !work->now || !work->then)
        return error_memory(error);
    for (int64_t i = 0; i < images; i++)
        work->sample.records[i] = i * dataset->count / images;
    work->sample.count = images;
    work->planned = images * (preset_count() + 1);
    return STATUS_OK;
}

static status evaluate_as(struct trial_work *work, const struct dataset *dataset, double *credit,
                          double *share, double *loss, struct error *error)
{
    const struct trial_settings *settings = work->settings;
    struct evaluation evaluation;
    struct evaluate evaluate = {
        .graph = settings->model->graph,
        .dataset = dataset,
        .sample = &work->sample,
        .real = settings->real,
        .kernel = settings->kernel,
        .micro_batch = settings->micro_batch,
        .memory = settings->memory,
        .pool = settings->pool,
        .progress = settings->progress,
        .title = "trying normalisations",
        .progress_before = work->done,
        .progress_total = work->planned,
        .credit = credit,
    };
    status code = evaluate_run(&evaluate, &evaluation, error);
    if (code != STATUS_OK)
        return code;
    *share = evaluation.value;
    *loss = evaluation.loss;
    work->done += evaluation.images;
    evaluation_free(&evaluation);
    return STATUS_OK;
}

static bool is_better(const struct trial_work *work)
{
    double gained = 0, squares = 0;
    for (int64_t i = 0; i < work->sample.count; i++) {
        const double change = work->then[i] - work->now[i];
        gained += change;
        squares += change * change;
    }
    return gained > beyond_doubt * sqrt(squares);
}

static status try_preset(struct trial_work *work, const char *name, struct error *error)
{
    struct dataset view;
    struct error unfit = {0};
    double share, loss;
    if (dataset_view(work->settings->dataset, name, &view, &unfit) != STATUS_OK) {
        work->planned -= work->sample.count;
        return STATUS_OK;
    }
    status code = evaluate_as(work, &view, work->then, &share, &loss, error);
    if (code == STATUS_OK && is_better(work) && (!work->found.better || loss < work->least_loss)) {
        work->found.better = name;
        work->found.share = share;
        work->least_loss = loss;
    }
    return code;
}

status trial_run(const struct trial_settings *settings, struct trial *trial, struct error *error)
{
    struct trial_work work = {.settings = settings};
    double loss;
    status code = spread_sample(&work, error);
    if (code == STATUS_OK)
        code = evaluate_as(&work, settings->dataset, work.now, &work.found.present, &loss, error);
    for (int i = 0; code == STATUS_OK && normalization_name_at(i); i++)
        code = try_preset(&work, normalization_name_at(i), error);
    if (code == STATUS_OK) {
        work.found.images = work.sample.count;
        pass_subject(settings->model, settings->dataset, work.found.subject);
        *trial = work.found;
    }
    sample_free(&work.sample);
    mem_free(work.now);
    mem_free(work.then);
    return code;
}
