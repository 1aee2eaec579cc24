/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Losses by an objective; an engine of the teacher for each worker, made when it is first asked. */
#include "train/teacher.h"

#include <string.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/engine/engine.h"
#include "nn/engine/network_end.h"
#include "nn/execution/options.h"
#include "nn/fused/packed_weights.h"
#include "nn/graph/tensor.h"

enum { TEACHER_IMAGES = 8 }; /* at a time */

struct assistant {
    struct engine *engine;
    unsigned char *scores; /* of `capacity` images */
    int64_t capacity;
    struct class_pixels *counts; /* of label maps: per class */
};

struct instructor {
    struct instructor_options options;
    struct judged_graph judged; /* of the teacher */
    bool judged_made;
    struct packed_weights *packed;
    struct assistant *assistants; /* per worker */
    int count;
};

static status prepare(struct instructor *instructor, struct error *error)
{
    instructor->assistants = mem_new((size_t)instructor->count, sizeof *instructor->assistants);
    if (!instructor->assistants)
        return error_memory(error);
    if (instructor->options.objective.weight == 0)
        return STATUS_OK;
    if (!instructor->options.teacher)
        return error_set(error, STATUS_STATE, "distillation needs a teacher, and there is none");
    instructor->packed = packed_weights_new();
    if (!instructor->packed)
        return error_memory(error);
    if (judged_graph_init(&instructor->judged, instructor->options.teacher, error))
        return error_prefix(error, "the teacher: ");
    instructor->judged_made = true;
    return STATUS_OK;
}

status instructor_new(const struct instructor_options *options, struct instructor **instructor,
                      struct error *error)
{
    struct instructor *made = mem_new(1, sizeof *made);
    if (!made)
        return error_memory(error);
    made->options = *options;
    made->count = pool_threads(options->pool);
    status code = prepare(made, error);
    if (code != STATUS_OK) {
        instructor_free(made);
        return code;
    }
    *instructor = made;
    return STATUS_OK;
}

void instructor_free(struct instructor *instructor)
{
    if (!instructor)
        return;
    for (int i = 0; instructor->assistants && i < instructor->count; i++) {
        engine_free(instructor->assistants[i].engine);
        mem_free(instructor->assistants[i].scores);
        mem_free(instructor->assistants[i].counts);
    }
    mem_free(instructor->assistants);
    packed_weights_free(instructor->packed);
    if (instructor->judged_made)
        judged_graph_free(&instructor->judged);
    mem_free(instructor);
}

static status check_shape(const struct operand *teacher, const struct operand *student, struct error *error)
{
    bool same = teacher->shape.rank == student->shape.rank;
    for (int d = 1; same && d < student->shape.rank; d++)
        same = teacher->shape.dim[d] == student->shape.dim[d];
    return same ? STATUS_OK
                : error_set(error, STATUS_SHAPE, "the teacher's outputs are not of the network's shape");
}

/* An engine, and room for the scores of `count` images of `row` bytes. */
static status make_ready(struct instructor *instructor, struct assistant *assistant,
                         const struct operand *output, int64_t count, size_t row, struct error *error)
{
    const struct engine_options options = {.batch = TEACHER_IMAGES,
                                           .real = instructor->options.real,
                                           .kernel = instructor->options.kernel,
                                           .reuse = true,
                                           .packed = instructor->packed,
                                           .progress = instructor->options.progress};
    if (!assistant->engine && (engine_new(&instructor->judged.graph, &options, &assistant->engine, error) ||
                               check_shape(engine_output(assistant->engine), output, error)))
        return error->code;
    if (count <= assistant->capacity)
        return STATUS_OK;
    unsigned char *scores = mem_resize(assistant->scores, (size_t)count, row);
    if (!scores)
        return error_memory(error);
    assistant->scores = scores;
    assistant->capacity = count;
    return STATUS_OK;
}

/* What the teacher says of all images, to assistant->scores. */
static status ask_teacher(struct instructor *instructor, struct assistant *assistant, const void *images,
                          const struct operand *output, int64_t count, size_t row, struct error *error)
{
    if (make_ready(instructor, assistant, output, count, row, error))
        return error->code;
    const size_t bytes =
        (size_t)engine_input_elements(assistant->engine) * element_size(instructor->options.real);
    for (int64_t at = 0; at < count; at += TEACHER_IMAGES) {
        const int64_t here = count - at < TEACHER_IMAGES ? count - at : TEACHER_IMAGES;
        unsigned char *input = engine_input(assistant->engine);
        memcpy(input, (const unsigned char *)images + (size_t)at * bytes, (size_t)here * bytes);
        memset(input + (size_t)here * bytes, 0, (size_t)(TEACHER_IMAGES - here) * bytes);
        if (engine_forward(assistant->engine, error))
            return error->code;
        memcpy(assistant->scores + (size_t)at * row, engine_output(assistant->engine)->data,
               (size_t)here * row);
    }
    return STATUS_OK;
}

static status room_for_counts(struct assistant *assistant, int64_t classes, struct error *error)
{
    if (!assistant->counts)
        assistant->counts = mem_new((size_t)classes, sizeof *assistant->counts);
    return assistant->counts ? STATUS_OK : error_memory(error);
}

status instructor_losses(void *argument, const void *images, const struct operand *output, int64_t first,
                         int64_t count, const int64_t *labels, struct loss *losses, void *gradient,
                         int worker, struct error *error)
{
    (void)first;
    struct instructor *instructor = argument;
    struct assistant *assistant = &instructor->assistants[worker];
    const bool taught = instructor->options.objective.weight > 0;
    const int64_t classes = output->shape.dim[1];
    const int64_t pixels = shape_product(&output->shape, 2, output->shape.rank);
    const size_t row = (size_t)(classes * pixels) * element_size(output->type);
    if (taught && ask_teacher(instructor, assistant, images, output, count, row, error))
        return error->code;
    if (pixels > 1 && room_for_counts(assistant, classes, error))
        return error->code;
    for (int64_t i = 0; i < count; i++) {
        const struct objective_image image = {
            .logits = (const unsigned char *)output->data + (size_t)i * row,
            .teacher = taught ? assistant->scores + (size_t)i * row : NULL,
            .type = output->type,
            .classes = classes,
            .pixels = pixels,
            .labels = labels + i * pixels,
            .gradient = gradient ? (unsigned char *)gradient + (size_t)i * row : NULL,
            .counts = assistant->counts,
            .label_map = pixels > 1};
        losses[i] = objective_loss(&instructor->options.objective, &image);
        losses[i].pixels = NULL; /* the counts are the next image's */
    }
    return STATUS_OK;
}

size_t instructor_memory(const struct instructor *instructor)
{
    size_t bytes = 0;
    for (int i = 0; i < instructor->count; i++)
        if (instructor->assistants[i].engine)
            bytes += engine_memory(instructor->assistants[i].engine);
    return bytes;
}
