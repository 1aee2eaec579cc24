/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accuracy and loss of a network on a sample: one forward pass. */
#include "stats/evaluate.h"

#include <stdbool.h>
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "nn/engine/engine.h"
#include "nn/engine/loss.h"
#include "nn/graph/tensor.h"

struct evaluate_work {
    const struct evaluate *evaluate;
    struct evaluation result;
    double loss; /* sum over images */
};

static status copy_logits(const struct evaluate_work *work, const struct engine *engine, int64_t first,
                          int64_t count, struct error *error)
{
    const struct operand *output = engine_output(engine);
    int64_t classes = work->result.classes;
    if (output->shape.dim[output->shape.rank - 1] != classes) {
        return error_set(error, STATUS_SHAPE, "the network has %lld outputs, the data set %lld classes",
                         (long long)output->shape.dim[output->shape.rank - 1], (long long)classes);
    }
    double *logits = work->evaluate->logits + first * classes;
    for (int64_t i = 0; i < count * classes; i++) {
        logits[i] = output->type == ELEMENT_FLOAT ? (double)((const float *)output->data)[i]
                                                  : ((const double *)output->data)[i];
    }
    return STATUS_OK;
}

static void show_so_far(const struct evaluate_work *work, int64_t images)
{
    struct evaluation so_far = work->result;
    so_far.images = images;
    so_far.loss = mean_loss(work->loss, so_far.unanswered, images);
    work->evaluate->watch(work->evaluate->watch_argument, &so_far);
}

static status commit_images(void *argument, const struct engine *engine, const struct loss *losses,
                            const int64_t *labels, int64_t first, int64_t count, struct error *error)
{
    struct evaluate_work *work = argument;
    for (int64_t i = 0; i < count; i++) {
        bool correct = losses[i].rank == 0;
        if (loss_exists(&losses[i]))
            work->loss += losses[i].loss;
        else
            work->result.unanswered++;
        work->result.top1 += correct;
        if (work->evaluate->correct)
            work->evaluate->correct[first + i] = correct;
        work->result.probabilities += losses[i].probabilities;
        work->result.top5 += losses[i].rank < 5;
        if (labels[i] >= 0 && labels[i] < work->result.classes) {
            work->result.class_images[labels[i]]++;
            work->result.class_correct[labels[i]] += correct;
        }
    }
    status code = work->evaluate->logits ? copy_logits(work, engine, first, count, error) : STATUS_OK;
    if (code == STATUS_OK && work->evaluate->watch)
        show_so_far(work, first + count);
    return code;
}

static status run_forward(struct evaluate_work *work, struct error *error)
{
    const struct evaluate *evaluate = work->evaluate;
    struct sample_feed feed = {evaluate->dataset, evaluate->sample};
    const struct run run = {
        .graph = evaluate->graph,
        .engine = {.batch = evaluate->micro_batch,
                   .real = evaluate->real,
                   .kernel = evaluate->kernel,
                   .progress = evaluate->progress},
        .pool = evaluate->pool,
        .images = evaluate->sample->count,
        .fetch = sample_fetch,
        .fetch_argument = &feed,
        .commit = commit_images,
        .commit_argument = work,
        .title = evaluate->title ? evaluate->title : "evaluating",
        .progress = evaluate->progress,
        .progress_before = evaluate->progress_before,
        .progress_total = evaluate->progress_total,
    };
    return run_images(&run, error);
}

status evaluate_run(const struct evaluate *evaluate, struct evaluation *evaluation, struct error *error)
{
    if (evaluate->sample->count < 1) {
        return error_set(error, STATUS_RANGE, "evaluating needs at least one image");
    }
    double start = clock_seconds();
    struct evaluate_work work = {.evaluate = evaluate};
    work.result.images = evaluate->sample->count;
    work.result.classes = evaluate->dataset->classes;
    work.result.class_images = mem_new((size_t)work.result.classes, sizeof *work.result.class_images);
    work.result.class_correct = mem_new((size_t)work.result.classes, sizeof *work.result.class_correct);
    status code = work.result.class_images && work.result.class_correct ? run_forward(&work, error)
                                                                        : error_memory(error);
    if (code != STATUS_OK) {
        evaluation_free(&work.result);
        return code;
    }
    work.result.loss = mean_loss(work.loss, work.result.unanswered, work.result.images);
    work.result.seconds = clock_seconds() - start;
    *evaluation = work.result;
    return STATUS_OK;
}

void evaluation_free(struct evaluation *evaluation)
{
    mem_free(evaluation->class_images);
    mem_free(evaluation->class_correct);
    *evaluation = (struct evaluation){0};
}
