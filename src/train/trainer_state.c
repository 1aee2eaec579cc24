/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state of a training in pieces: copies of it, checkpoints, and taking one up. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "data/augment.h"
#include "data/dataset.h"
#include "nn/graph/tensor.h"
#include "train/checkpoint.h"
#include "train/network.h"
#include "train/optimizer.h"
#include "train/options.h"
#include "train/trainer.h"
#include "train/trainer_internal.h"

/* --- pieces ----------------------------------------------------------------------------------------------
 */

static void add_piece(struct pieces *pieces, void *data, int64_t elements, enum element_type real)
{
    const size_t size = (size_t)elements * element_size(real);
    pieces->list[pieces->count++] = (struct file_piece){data, size};
    pieces->bytes += size;
}

status pieces_find(struct trainer *trainer, struct error *error)
{
    const struct training_network *network = trainer->network;
    const int parameters = training_parameter_count(network), running = training_running_count(network);
    const enum element_type real = trainer->options->real;
    trainer->learnt.list = mem_new((size_t)parameters + 2 * (size_t)running, sizeof *trainer->learnt.list);
    trainer->slots.list = mem_new((size_t)parameters * OPTIMIZER_SLOTS, sizeof *trainer->slots.list);
    if (!trainer->learnt.list || !trainer->slots.list)
        return error_memory(error);
    for (int i = 0; i < parameters; i++) {
        const struct training_parameter *parameter = trainer->parameters[i];
        add_piece(&trainer->learnt, parameter->data, parameter->elements, real);
        for (int s = 0; optimizer_slot(trainer->optimizer, i, s); s++)
            add_piece(&trainer->slots, optimizer_slot(trainer->optimizer, i, s), parameter->elements, real);
    }
    for (int i = 0; i < running; i++) {
        const struct running_statistics *statistics = training_running(network, i);
        add_piece(&trainer->learnt, statistics->mean, statistics->channels, real);
        add_piece(&trainer->learnt, statistics->variance, statistics->channels, real);
    }
    return STATUS_OK;
}

void pieces_save(const struct pieces *pieces, unsigned char *copy)
{
    for (int i = 0; i < pieces->count; i++) {
        memcpy(copy, pieces->list[i].data, pieces->list[i].size);
        copy += pieces->list[i].size;
    }
}

void pieces_restore(const struct pieces *pieces, const unsigned char *copy)
{
    for (int i = 0; i < pieces->count; i++) {
        memcpy((void *)pieces->list[i].data, copy, pieces->list[i].size);
        copy += pieces->list[i].size;
    }
}

bool learnt_is_finite(const struct trainer *trainer)
{
    const size_t size = element_size(trainer->options->real);
    for (int i = 0; i < trainer->learnt.count; i++) {
        const struct file_piece *piece = &trainer->learnt.list[i];
        for (size_t e = 0; e < piece->size / size; e++)
            if (!isfinite(trainer->options->real == ELEMENT_FLOAT ? (double)((const float *)piece->data)[e]
                                                                  : ((const double *)piece->data)[e]))
                return false;
    }
    return true;
}

status find_images_digest(struct trainer *trainer, struct error *error)
{
    const struct training *training = &trainer->training;
    const struct sample *sample = training->sample;
    struct digest_state state;
    struct text text = {0};
    text_add_format(&text, "%s %s ", dataset_digest(training->dataset),
                    training->dataset->normalization ? training->dataset->normalization : "");
    text_add_augmentation(&text, training->augmentation ? training->augmentation : &(struct augmentation){0});
    digest_begin(&state);
    digest_add(&state, text_data(&text), text.length);
    digest_add(&state, sample->records, (size_t)sample->count * sizeof *sample->records);
    digest_end(&state, trainer->images_digest);
    const bool failed = text.failed;
    text_free(&text);
    return failed ? error_memory(error) : STATUS_OK;
}

/* --- checkpoints -----------------------------------------------------------------------------------------
 */

/* What names the trainings that a checkpoint belongs to. */
enum { TEXT_PROGRAM, TEXT_NETWORK, TEXT_IMAGES, TEXT_TEACHER, TEXTS };
static const char *const text_names[TEXTS] = {"program", "network", "images", "teacher"};
static const char *const text_refusals[TEXTS] = {[TEXT_NETWORK] = "is of another network",
                                                 [TEXT_IMAGES] = "is of other images or another augmentation",
                                                 [TEXT_TEACHER] = "is of another teacher"};

static const char *text_of(const struct trainer *trainer, int index)
{
    const struct training *training = &trainer->training;
    const char *const texts[TEXTS] = {training->program, training->digest, trainer->images_digest,
                                      training->teacher_digest};
    return texts[index] ? texts[index] : "";
}

struct writing {
    struct checkpoint_field fields[CHECKPOINT_FIELDS];
    struct file_piece pieces[CHECKPOINT_FIELDS];
    int count;
};

static void write_bytes(struct writing *writing, const char *name, const void *data, size_t size)
{
    const int at = writing->count++;
    writing->pieces[at] = (struct file_piece){data, size};
    writing->fields[at].pieces = &writing->pieces[at];
    writing->fields[at].piece_count = 1;
    snprintf(writing->fields[at].name, CHECKPOINT_NAME, "%s", name);
}

static void write_pieces(struct writing *writing, const char *name, const struct pieces *pieces)
{
    struct checkpoint_field *field = &writing->fields[writing->count++];
    field->pieces = pieces->list;
    field->piece_count = pieces->count;
    snprintf(field->name, CHECKPOINT_NAME, "%s", name);
}

status trainer_save(struct trainer *trainer, struct error *error)
{
    struct writing writing = {0};
    struct text options = {0};
    struct training_state state = trainer->state;
    const int64_t steps = optimizer_steps(trainer->optimizer);
    state.seconds = trainer_seconds(trainer);
    text_add_trainer_options(&options, trainer->options);
    if (options.failed) {
        text_free(&options);
        return error_memory(error);
    }
    for (int i = 0; i < TEXTS; i++)
        write_bytes(&writing, text_names[i], text_of(trainer, i), strlen(text_of(trainer, i)) + 1);
    write_bytes(&writing, "options", text_data(&options), options.length + 1);
    write_bytes(&writing, "note", text_data(&trainer->note), trainer->note.length + 1);
    write_bytes(&writing, "state", &state, sizeof state);
    write_bytes(&writing, "records", trainer->records, (size_t)state.record_count * sizeof *trainer->records);
    write_bytes(&writing, "points", trainer->points, (size_t)state.point_count * sizeof *trainer->points);
    write_pieces(&writing, "learnt", &trainer->learnt);
    write_bytes(&writing, "best", trainer->best, trainer->learnt.bytes);
    write_bytes(&writing, "good", trainer->good, trainer->learnt.bytes);
    write_bytes(&writing, "steps", &steps, sizeof steps);
    write_pieces(&writing, "optimizer", &trainer->slots);
    status code =
        training_checkpoint_write(trainer->training.checkpoint, writing.fields, writing.count, error);
    text_free(&options);
    return code;
}

/* --- taking up -------------------------------------------------------------------------------------------
 */

static status check_texts(const struct trainer *trainer, const struct training_checkpoint *checkpoint,
                          struct error *error)
{
    for (int i = 0; i < TEXTS; i++) {
        const char *saved = training_checkpoint_text(checkpoint, text_names[i]);
        if (!saved)
            return error_set(error, STATUS_FILE, "lacks '%s'", text_names[i]);
        if (strcmp(saved, text_of(trainer, i)) == 0)
            continue;
        if (i == TEXT_PROGRAM)
            return error_set(error, STATUS_STATE, "was written by %s, this is %s: it could not go on alike",
                             saved, text_of(trainer, i));
        return error_set(error, STATUS_STATE, "%s", text_refusals[i]);
    }
    return STATUS_OK;
}

static status read_options(const struct training_checkpoint *checkpoint, struct trainer_options *options,
                           struct error *error)
{
    const char *text = training_checkpoint_text(checkpoint, "options");
    return text ? trainer_options_parse(text, options, error)
                : error_set(error, STATUS_FILE, "lacks 'options'");
}

static status check_options(const struct trainer *trainer, const struct training_checkpoint *checkpoint,
                            struct error *error)
{
    struct trainer_options saved = trainer_options_default();
    status code = read_options(checkpoint, &saved, error);
    return code == STATUS_OK ? trainer_options_same(&saved, trainer->options, error) : code;
}

static bool state_fits(const struct trainer *trainer, const struct training_state *state)
{
    return state->epoch >= 0 && state->epoch <= INT32_MAX && state->epoch_step >= 0 &&
           state->epoch_step <= trainer->epoch_steps && state->record_count >= 0 &&
           state->record_count <= state->epoch + 1 && state->best >= -1 &&
           state->best < state->record_count && state->point_count >= 0 &&
           state->point_count < TRAINING_POINTS && state->point_steps >= 1;
}

/* All that a checkpoint holds, found and of the right size before anything changes. */
struct reading {
    struct training_state state;
    const void *records, *points, *learnt, *best, *good, *steps, *slots;
    const char *note;
};

static status find_state(const struct trainer *trainer, const struct training_checkpoint *checkpoint,
                         struct reading *reading, struct error *error)
{
    const void *state = training_checkpoint_field(checkpoint, "state", sizeof reading->state);
    if (state)
        memcpy(&reading->state, state, sizeof reading->state);
    if (!state || !state_fits(trainer, &reading->state))
        return error_set(error, STATUS_FILE, "does not fit this training");
    const size_t records = (size_t)reading->state.record_count * sizeof *trainer->records;
    const size_t points = (size_t)reading->state.point_count * sizeof *trainer->points;
    reading->records = training_checkpoint_field(checkpoint, "records", records);
    reading->points = training_checkpoint_field(checkpoint, "points", points);
    reading->learnt = training_checkpoint_field(checkpoint, "learnt", trainer->learnt.bytes);
    reading->best = training_checkpoint_field(checkpoint, "best", trainer->learnt.bytes);
    reading->good = training_checkpoint_field(checkpoint, "good", trainer->learnt.bytes);
    reading->steps = training_checkpoint_field(checkpoint, "steps", sizeof(int64_t));
    reading->slots = training_checkpoint_field(checkpoint, "optimizer", trainer->slots.bytes);
    reading->note = training_checkpoint_text(checkpoint, "note");
    if (!reading->records || !reading->points || !reading->learnt || !reading->best || !reading->good ||
        !reading->steps || !reading->slots || !reading->note)
        return error_set(error, STATUS_FILE, "does not fit this training");
    return STATUS_OK;
}

static status take_up(struct trainer *trainer, const struct reading *reading, struct error *error)
{
    const size_t count = (size_t)reading->state.record_count;
    struct text note = {0};
    int64_t steps = 0;
    text_add(&note, reading->note);
    if (note.failed || (count > 0 && !mem_grow(&trainer->records, &trainer->record_capacity, count,
                                               sizeof *trainer->records))) {
        text_free(&note);
        return error_memory(error);
    }
    text_free(&trainer->note);
    trainer->note = note;
    trainer->state = reading->state;
    if (count > 0)
        memcpy(trainer->records, reading->records, count * sizeof *trainer->records);
    memcpy(trainer->points, reading->points, (size_t)reading->state.point_count * sizeof *trainer->points);
    memcpy(trainer->best, reading->best, trainer->learnt.bytes);
    memcpy(trainer->good, reading->good, trainer->learnt.bytes);
    memcpy(&steps, reading->steps, sizeof steps);
    optimizer_set_steps(trainer->optimizer, steps);
    pieces_restore(&trainer->learnt, reading->learnt);
    pieces_restore(&trainer->slots, reading->slots);
    training_network_changed(trainer->network);
    return STATUS_OK;
}

status trainer_resume(struct trainer *trainer, const char *path, struct error *error)
{
    struct training_checkpoint checkpoint = {0};
    struct reading reading = {0};
    status code = training_checkpoint_read(path, &checkpoint, error);
    if (code != STATUS_OK)
        return code;
    if (check_texts(trainer, &checkpoint, error) || check_options(trainer, &checkpoint, error) ||
        find_state(trainer, &checkpoint, &reading, error) || take_up(trainer, &reading, error))
        code = error->code == STATUS_MEMORY ? error->code : error_prefix(error, "%s: ", path);
    training_checkpoint_free(&checkpoint);
    return code;
}

status trainer_checkpoint_options(const char *path, struct trainer_options *options, struct error *error)
{
    struct training_checkpoint checkpoint = {0};
    struct trainer_options found = trainer_options_default();
    status code = training_checkpoint_read(path, &checkpoint, error);
    if (code != STATUS_OK)
        return code;
    code = read_options(&checkpoint, &found, error);
    training_checkpoint_free(&checkpoint);
    if (code != STATUS_OK)
        return error_prefix(error, "%s: ", path);
    *options = found;
    return STATUS_OK;
}
