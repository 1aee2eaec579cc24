/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Epochs and steps. */
#include <math.h>
#include <string.h>
#include "base/memory.h"
#include "base/progress.h"
#include "base/random.h"
#include "base/status.h"
#include "base/text.h"
#include "data/augment.h"
#include "data/dataset.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "train/network.h"
#include "train/optimizer.h"
#include "train/schedule.h"
#include "train/teacher.h"
#include "train/trainer.h"
#include "train/trainer_internal.h"

/* Streams of the seed: one for the order of each epoch. */
static const uint64_t STREAM_ORDER = UINT64_C(0x6F72646572) << 24;

enum { POINTS_KEPT = TRAINING_POINTS / 2 }; /* when neighbours are put together */
static const double PACE_SECONDS = 2;

/* --- a step's images -------------------------------------------------------------------------------------
 */

static void find_order(struct trainer *trainer)
{
    const struct sample *sample = trainer->training.sample;
    struct random_state random;
    if (trainer->order_epoch == trainer->state.epoch)
        return;
    memcpy(trainer->order, sample->records, (size_t)sample->count * sizeof *trainer->order);
    random_seed(&random, trainer->options->seed, STREAM_ORDER + (uint64_t)trainer->state.epoch);
    random_shuffle(&random, trainer->order, (size_t)sample->count);
    trainer->order_epoch = trainer->state.epoch;
}

static status fetch(void *argument, int64_t position, enum element_type real, void *image, int64_t *labels,
                    struct error *error)
{
    const struct trainer *trainer = argument;
    const struct training *training = &trainer->training;
    const int64_t at = trainer->state.epoch_step * trainer->batch + position;
    return dataset_image_augmented(training->dataset, trainer->order[at], training->augmentation,
                                   trainer->options->seed, trainer->state.epoch + 1, real, image, labels,
                                   error);
}

static int64_t images_of_step(const struct trainer *trainer)
{
    const int64_t left = trainer->training.sample->count - trainer->state.epoch_step * trainer->batch;
    return left < trainer->batch ? left : trainer->batch;
}

/* --- what is kept of steps -------------------------------------------------------------------------------
 */

static void halve_points(struct trainer *trainer)
{
    struct training_point *points = trainer->points;
    for (int i = 0; i < POINTS_KEPT; i++) {
        const struct training_point *a = &points[2 * i], *b = a + 1;
        points[i] = (struct training_point){.step = b->step,
                                            .loss = (a->loss + b->loss) / 2,
                                            .accuracy = (a->accuracy + b->accuracy) / 2,
                                            .rate = (a->rate + b->rate) / 2};
    }
    trainer->state.point_count = POINTS_KEPT;
    trainer->state.point_steps *= 2;
}

/* A step joins the point that is open; `epoch_step` counts it already. */
static void add_to_points(struct trainer *trainer, const struct training_result *result)
{
    struct training_state *state = &trainer->state;
    state->open_steps++;
    state->open_images += result->images;
    state->open_correct += result->correct;
    state->open_loss += state->loss;
    if (state->open_steps < state->point_steps)
        return;
    trainer->points[state->point_count++] =
        (struct training_point){.step = state->epoch * trainer->epoch_steps + state->epoch_step,
                                .loss = state->open_loss / (double)state->open_steps,
                                .accuracy = trainer->training.dataset->label_map
                                                ? NAN
                                                : (double)state->open_correct / (double)state->open_images,
                                .rate = state->rate};
    state->open_steps = state->open_images = state->open_correct = 0;
    state->open_loss = 0;
    if (state->point_count == TRAINING_POINTS)
        halve_points(trainer);
}

static void start_pace(struct trainer *trainer)
{
    trainer->mark = clock_seconds();
    trainer->mark_images = 0;
}

static void add_to_pace(struct trainer *trainer, int64_t images)
{
    const double elapsed = clock_seconds() - trainer->mark;
    trainer->mark_images += (double)images;
    if (elapsed > 0 && (trainer->pace == 0 || elapsed >= PACE_SECONDS))
        trainer->pace = trainer->mark_images / elapsed;
    if (elapsed >= PACE_SECONDS)
        start_pace(trainer);
}

static void tell(struct trainer *trainer, bool in_any_case)
{
    const struct training *training = &trainer->training;
    const struct training_view view = trainer_view(trainer);
    const int64_t images = training->sample->count, done = view.epoch_step * trainer->batch;
    progress_report(training->progress, "training", "images",
                    trainer->state.epoch * images + (done < images ? done : images),
                    trainer->options->epochs * images);
    if (training->watch &&
        (in_any_case || !training->watch_due || training->watch_due(training->watch_argument)))
        training->watch(training->watch_argument, &view);
}

/* --- a step ----------------------------------------------------------------------------------------------
 */

static status where(const struct trainer *trainer, struct error *error)
{
    return error_prefix(error, "epoch %lld, step %lld of %lld: ", (long long)trainer->state.epoch + 1,
                        (long long)trainer->state.epoch_step + 1, (long long)trainer->epoch_steps);
}

/* The present network is that of the last good epoch again. */
static status diverged(struct trainer *trainer, const char *what, struct error *error)
{
    const struct training_state *state = &trainer->state;
    /* What is found when the epoch has ended came from its last step at the latest. */
    const int64_t step =
        state->epoch_step < trainer->epoch_steps ? state->epoch_step + 1 : trainer->epoch_steps;
    pieces_restore(&trainer->learnt, trainer->good);
    training_network_changed(trainer->network);
    struct text back = {0};
    if (state->epoch > 0)
        text_add_format(&back, "after epoch %lld", (long long)state->epoch);
    error_set(error, STATUS_NAN,
              "%s in epoch %lld, step %lld of %lld, at a learning rate of %g: the network is as it was %s; a "
              "smaller rate, warm-up or clipping may help",
              what, (long long)state->epoch + 1, (long long)step, (long long)trainer->epoch_steps,
              state->rate, back.length > 0 ? text_data(&back) : "before the first");
    text_free(&back);
    return STATUS_NAN;
}

/* A batch of one image at the end of an epoch that BatchNormalization cannot learn from is left out. */
static bool leave_out(struct trainer *trainer, int64_t images, status code, const struct error *error)
{
    if (code != STATUS_RANGE || images > 1 || trainer->state.epoch_step == 0)
        return false;
    if (trainer->note.length == 0)
        text_add_format(&trainer->note, "the last image of each epoch is left out: %s", error->message);
    return true;
}

static status penalize(struct trainer *trainer, double *loss, struct error *error)
{
    const struct training *training = &trainer->training;
    const int64_t step = trainer->state.epoch * trainer->epoch_steps + trainer->state.epoch_step;
    if (!training->penalty)
        return STATUS_OK;
    return training->penalty(training->penalty_argument, trainer->network, step, trainer->state.rate, loss,
                             error);
}

static status run_pass(struct trainer *trainer, int64_t images, struct training_result *result,
                       struct error *error)
{
    const struct training_batch batch = {.images = images,
                                         .labels_per_image =
                                             dataset_labels_per_image(trainer->training.dataset),
                                         .fetch = fetch,
                                         .fetch_argument = trainer,
                                         .losses = trainer->instructor ? instructor_losses : NULL,
                                         .losses_argument = trainer->instructor};
    return training_network_pass(trainer->network, &batch, result, error);
}

static void step_done(struct trainer *trainer, const struct training_result *result, double loss)
{
    struct training_state *state = &trainer->state;
    state->epoch_step++;
    if (result->images > 0) {
        state->loss = loss;
        state->epoch_images += result->images;
        state->epoch_correct += result->correct;
        state->epoch_loss += loss * (double)result->images;
        add_to_points(trainer, result);
        add_to_pace(trainer, result->images);
    }
    tell(trainer, false);
}

static status run_step(struct trainer *trainer, struct error *error)
{
    struct training_state *state = &trainer->state;
    const int64_t images = images_of_step(trainer);
    struct training_result result = {0};
    find_order(trainer);
    state->rate =
        schedule_rate(&trainer->options->schedule, state->epoch * trainer->epoch_steps + state->epoch_step,
                      trainer->epoch_steps, trainer->options->epochs);
    status code = run_pass(trainer, images, &result, error);
    if (leave_out(trainer, images, code, error)) {
        *error = (struct error){0};
        step_done(trainer, &(struct training_result){0}, 0);
        return STATUS_OK;
    }
    double loss = result.loss;
    if (code == STATUS_OK)
        code = penalize(trainer, &loss, error);
    if (code != STATUS_OK)
        return code == STATUS_CANCELLED ? code : where(trainer, error);
    if (!isfinite(loss))
        return diverged(trainer, "the loss is no number", error);
    if (!isfinite(optimizer_gradient_norm(trainer->optimizer)))
        return diverged(trainer, "a gradient is no number", error);
    optimizer_step(trainer->optimizer, state->rate);
    training_network_changed(trainer->network);
    step_done(trainer, &result, loss);
    return STATUS_OK;
}

/* --- the end of an epoch ---------------------------------------------------------------------------------
 */

static status judge(struct trainer *trainer, struct training_score *score, struct error *error)
{
    const struct training *training = &trainer->training;
    struct graph *graph = NULL;
    *score = (struct training_score){NAN, NAN};
    if (!training->judge)
        return STATUS_OK;
    const double start = clock_seconds();
    status code = training_network_graph(trainer->network, &graph, error);
    if (code == STATUS_OK)
        code = training->judge(training->judge_argument, graph, score, error);
    graph_free(graph);
    trainer->judging = clock_seconds() - start;
    start_pace(trainer);
    return code;
}

/* More is better. */
static double merit(const struct trainer *trainer, const struct training_record *record)
{
    return trainer->training.judge ? record->score.value : -record->loss;
}

static void find_best(struct trainer *trainer)
{
    struct training_state *state = &trainer->state;
    struct training_record *last = &trainer->records[state->record_count - 1];
    const double value = merit(trainer, last);
    last->best = !isnan(value) && (state->best < 0 || value > merit(trainer, &trainer->records[state->best]));
    if (!last->best)
        return;
    state->best = state->record_count - 1;
    pieces_save(&trainer->learnt, trainer->best);
}

static status add_record(struct trainer *trainer, struct training_record record, struct error *error)
{
    if (judge(trainer, &record.score, error))
        return error->code;
    if (!mem_grow(&trainer->records, &trainer->record_capacity, (size_t)trainer->state.record_count + 1,
                  sizeof *trainer->records))
        return error_memory(error);
    record.seconds = trainer_seconds(trainer);
    trainer->records[trainer->state.record_count++] = record;
    find_best(trainer);
    return STATUS_OK;
}

/* Once for each epoch, before it is judged. */
static status close_epoch(struct trainer *trainer, struct error *error)
{
    const struct training *training = &trainer->training;
    if (trainer->state.epoch_closed)
        return STATUS_OK;
    if (!learnt_is_finite(trainer))
        return diverged(trainer, "a weight or a running statistic is no number", error);
    if (training->epoch_end) {
        if (training->epoch_end(training->epoch_end_argument, trainer->network, trainer->state.epoch + 1,
                                error))
            return error->code;
        training_network_changed(trainer->network);
    }
    trainer->state.epoch_closed = 1;
    return STATUS_OK;
}

static bool save_is_due(const struct trainer *trainer, bool epoch_ended)
{
    const struct training *training = &trainer->training;
    const int64_t every = training->checkpoint_epochs > 0 ? training->checkpoint_epochs : 1;
    if (!training->checkpoint)
        return false;
    if (epoch_ended)
        return trainer->state.epoch % every == 0 || trainer->state.epoch == trainer->options->epochs;
    return training->checkpoint_seconds > 0 &&
           clock_seconds() - trainer->saved_at >= training->checkpoint_seconds;
}

static status save_when_due(struct trainer *trainer, bool epoch_ended, struct error *error)
{
    if (!save_is_due(trainer, epoch_ended))
        return STATUS_OK;
    trainer->saved_at = clock_seconds();
    status code = trainer_save(trainer, error);
    start_pace(trainer);
    return code;
}

static status end_epoch(struct trainer *trainer, struct error *error)
{
    struct training_state *state = &trainer->state;
    if (close_epoch(trainer, error))
        return error->code;
    const double images = (double)state->epoch_images;
    const struct training_record record = {
        .epoch = state->epoch + 1,
        .loss = state->epoch_loss / images,
        .accuracy = trainer->training.dataset->label_map ? NAN : (double)state->epoch_correct / images,
        .rate = state->rate};
    if (add_record(trainer, record, error))
        return error->code;
    pieces_save(&trainer->learnt, trainer->good);
    state->epoch++;
    state->epoch_step = state->epoch_closed = state->epoch_images = state->epoch_correct = 0;
    state->epoch_loss = 0;
    tell(trainer, true);
    return save_when_due(trainer, true, error);
}

/* --- the run ---------------------------------------------------------------------------------------------
 */

static bool out_of_patience(const struct trainer *trainer)
{
    const struct training_state *state = &trainer->state;
    const int64_t since = state->best < 0 ? 0 : trainer->records[state->best].epoch;
    return trainer->options->patience > 0 && state->epoch - since >= trainer->options->patience;
}

static bool is_stopped(const struct trainer *trainer)
{
    const struct training *training = &trainer->training;
    return training->stop &&
           training->stop(training->stop_argument,
                          trainer->state.epoch * trainer->epoch_steps + trainer->state.epoch_step);
}

static status run_epochs(struct trainer *trainer, struct error *error)
{
    struct training_state *state = &trainer->state;
    const bool untouched = state->epoch == 0 && state->epoch_step == 0 && state->record_count == 0;
    if (untouched && trainer->options->judge_start && trainer->training.judge) {
        const struct training_record start = {.loss = NAN, .accuracy = NAN, .rate = NAN};
        if (add_record(trainer, start, error))
            return error->code;
        tell(trainer, true);
    }
    while (state->epoch < trainer->options->epochs && !out_of_patience(trainer)) {
        while (state->epoch_step < trainer->epoch_steps) {
            if (progress_cancelled(trainer->training.progress) || is_stopped(trainer))
                return error_set(error, STATUS_CANCELLED, "cancelled");
            if (run_step(trainer, error) || save_when_due(trainer, false, error))
                return error->code;
        }
        if (end_epoch(trainer, error))
            return error->code;
    }
    return STATUS_OK;
}

static enum training_end end_of(const struct trainer *trainer, status code)
{
    if (code == STATUS_OK)
        return trainer->state.epoch < trainer->options->epochs ? TRAINING_PATIENCE : TRAINING_COMPLETE;
    return code == STATUS_CANCELLED ? TRAINING_CANCELLED
           : code == STATUS_NAN     ? TRAINING_DIVERGED
                                    : TRAINING_FAILED;
}

status trainer_run(struct trainer *trainer, struct error *error)
{
    if (trainer->end == TRAINING_DIVERGED)
        return error_set(error, STATUS_STATE, "this training has diverged and cannot go on");
    trainer->run_start = trainer->saved_at = clock_seconds();
    start_pace(trainer);
    status code = run_epochs(trainer, error);
    trainer->end = end_of(trainer, code);
    struct error saving = {0};
    if (code == STATUS_CANCELLED && trainer->training.checkpoint && trainer_save(trainer, &saving))
        *error = saving;
    trainer->state.seconds = trainer_seconds(trainer);
    trainer->run_start = 0;
    return code == STATUS_OK ? code : error->code;
}
