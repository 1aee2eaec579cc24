/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making a trainer, and what it answers. */
#include "train/trainer.h"

#include <math.h>
#include <string.h>
#include "base/memory.h"
#include "base/ranks.h"
#include "base/text.h"
#include "train/teacher.h"
#include "train/trainer_internal.h"

static status check(const struct training *training, struct error *error)
{
    status code = trainer_options_check(&training->options, error);
    if (code == STATUS_OK && training->sample->count < 1)
        code = error_set(error, STATUS_RANGE, "there are no images to learn from");
    if (code == STATUS_OK)
        code = augmentation_check(training->augmentation, training->dataset, error);
    return code;
}

static status make_network(struct trainer *trainer, struct error *error)
{
    const struct training *training = &trainer->training;
    const struct training_options options = {.real = trainer->options->real,
                                             .kernel = trainer->options->kernel,
                                             .batch = trainer->batch,
                                             .frozen_norms = trainer->options->frozen_norms,
                                             .norm_momentum = trainer->options->norm_momentum,
                                             .pool = training->pool,
                                             .progress = training->progress};
    status code = training_network_new(training->graph, &options, &trainer->network, error);
    if (code != STATUS_OK)
        return code;
    const int count = training_parameter_count(trainer->network);
    trainer->parameters = mem_new((size_t)count, sizeof *trainer->parameters);
    if (!trainer->parameters)
        return error_memory(error);
    for (int i = 0; i < count; i++)
        trainer->parameters[i] = training_parameter(trainer->network, i);
    return optimizer_new(&trainer->options->optimizer, trainer->parameters, count, training->pool,
                         &trainer->optimizer, error);
}

static status make_instructor(struct trainer *trainer, struct error *error)
{
    if (objective_is_plain(&trainer->options->objective))
        return STATUS_OK;
    const struct instructor_options options = {.objective = trainer->options->objective,
                                               .teacher = trainer->training.teacher,
                                               .real = trainer->options->real,
                                               .kernel = trainer->options->kernel,
                                               .pool = trainer->training.pool,
                                               .progress = trainer->training.progress};
    return instructor_new(&options, &trainer->instructor, error);
}

static status make_copies(struct trainer *trainer, struct error *error)
{
    trainer->order = mem_new((size_t)trainer->training.sample->count, sizeof *trainer->order);
    trainer->best = mem_new(trainer->learnt.bytes, 1);
    trainer->good = mem_new(trainer->learnt.bytes, 1);
    if (!trainer->order || !trainer->best || !trainer->good)
        return error_memory(error);
    pieces_save(&trainer->learnt, trainer->good);
    return STATUS_OK;
}

static status make(struct trainer *trainer, struct error *error)
{
    const int64_t images = trainer->training.sample->count;
    trainer->batch = trainer->options->batch < images ? trainer->options->batch : images;
    trainer->epoch_steps = (images + trainer->batch - 1) / trainer->batch;
    if (make_network(trainer, error) || make_instructor(trainer, error) || pieces_find(trainer, error) ||
        make_copies(trainer, error))
        return error->code;
    return find_images_digest(trainer, error);
}

status trainer_new(const struct training *training, struct trainer **trainer, struct error *error)
{
    status code = check(training, error);
    if (code != STATUS_OK)
        return code;
    struct trainer *made = mem_new(1, sizeof *made);
    if (!made)
        return error_memory(error);
    made->training = *training;
    made->options = &made->training.options;
    made->order_epoch = -1;
    made->state = (struct training_state){.best = -1, .point_steps = 1, .loss = NAN};
    code = ranks_agree("a training", make(made, error), error);
    if (code != STATUS_OK) {
        trainer_free(made);
        return code;
    }
    *trainer = made;
    return STATUS_OK;
}

void trainer_free(struct trainer *trainer)
{
    if (!trainer)
        return;
    optimizer_free(trainer->optimizer);
    instructor_free(trainer->instructor);
    training_network_free(trainer->network);
    mem_free(trainer->parameters);
    mem_free(trainer->learnt.list);
    mem_free(trainer->slots.list);
    mem_free(trainer->best);
    mem_free(trainer->good);
    mem_free(trainer->records);
    mem_free(trainer->order);
    text_free(&trainer->note);
    mem_free(trainer);
}

enum training_end trainer_end(const struct trainer *trainer)
{
    return trainer->end;
}

status trainer_graph_last(const struct trainer *trainer, struct graph **graph, struct error *error)
{
    return training_network_graph(trainer->network, graph, error);
}

status trainer_graph_best(const struct trainer *trainer, struct graph **graph, struct error *error)
{
    if (trainer->state.best < 0 || trainer->state.epoch == 0)
        return trainer_graph_last(trainer, graph, error);
    unsigned char *present = mem_new(trainer->learnt.bytes, 1);
    if (!present)
        return error_memory(error);
    pieces_save(&trainer->learnt, present);
    pieces_restore(&trainer->learnt, trainer->best);
    status code = training_network_graph(trainer->network, graph, error);
    pieces_restore(&trainer->learnt, present);
    mem_free(present);
    return code;
}

double trainer_seconds(const struct trainer *trainer)
{
    return trainer->state.seconds + (trainer->run_start > 0 ? clock_seconds() - trainer->run_start : 0);
}

/* Images that are still to be learnt from, and epochs to be judged. */
static double seconds_left(const struct trainer *trainer)
{
    const double images = (double)trainer->training.sample->count;
    const double done = (double)(trainer->state.epoch_step * trainer->batch);
    const double epochs = (double)(trainer->options->epochs - trainer->state.epoch);
    return trainer->pace > 0
               ? (epochs * images - fmin(done, images)) / trainer->pace + epochs * trainer->judging
               : NAN;
}

struct training_view trainer_view(const struct trainer *trainer)
{
    const struct training_state *state = &trainer->state;
    const int64_t epochs = trainer->options->epochs;
    const double images = (double)state->epoch_images;
    return (struct training_view){.epoch = state->epoch < epochs ? state->epoch + 1 : epochs,
                                  .epochs = epochs,
                                  .step = state->epoch * trainer->epoch_steps + state->epoch_step,
                                  .steps = epochs * trainer->epoch_steps,
                                  .epoch_step = state->epoch_step,
                                  .epoch_steps = trainer->epoch_steps,
                                  .loss = state->loss,
                                  .epoch_loss = images > 0 ? state->epoch_loss / images : NAN,
                                  .epoch_accuracy = images > 0 && !trainer->training.dataset->label_map
                                                        ? (double)state->epoch_correct / images
                                                        : NAN,
                                  .rate = state->rate,
                                  .images_per_second = trainer->pace > 0 ? trainer->pace : NAN,
                                  .seconds = trainer_seconds(trainer),
                                  .seconds_left = seconds_left(trainer),
                                  .points = trainer->points,
                                  .point_count = (int)state->point_count,
                                  .records = trainer->records,
                                  .record_count = (int)state->record_count,
                                  .best = (int)state->best};
}

const char *trainer_note(const struct trainer *trainer)
{
    return trainer->note.length > 0 ? text_data(&trainer->note) : NULL;
}

size_t trainer_memory(const struct trainer *trainer)
{
    return training_network_memory(trainer->network) + optimizer_memory(trainer->optimizer) +
           (trainer->instructor ? instructor_memory(trainer->instructor) : 0) + 2 * trainer->learnt.bytes +
           (size_t)trainer->training.sample->count * sizeof *trainer->order;
}
