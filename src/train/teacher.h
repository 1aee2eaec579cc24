/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The losses of a pass (train/network.h) by an objective, and the teacher that distillation asks.
 *
 * The teacher looks at the very images that the student learns from, in inference mode, on the same worker.
 * It runs a fixed number of images at a time, so that what it says depends on how a batch is cut alone. */
#ifndef IPPRO_TRAIN_TEACHER_H
#define IPPRO_TRAIN_TEACHER_H

#include "base/pool.h"
#include "base/progress.h"
#include "nn/graph/graph.h"
#include "nn/operator/operator.h"
#include "train/loss.h"

struct instructor;

struct instructor_options {
    struct objective objective;
    const struct graph *teacher; /* borrowed, simplified; NULL where the objective's weight is 0 */
    enum element_type real;
    enum kernel_choice kernel;
    const struct pool *pool;         /* whose workers will ask; NULL: the calling thread */
    const struct progress *progress; /* polled by the teacher */
};

/* STATUS_STATE where a teacher is wanted and there is none. */
status instructor_new(const struct instructor_options *options, struct instructor **instructor,
                      struct error *error);
void instructor_free(struct instructor *instructor); /* NULL is fine */

/* The `losses` of struct training_batch, with the instructor as its argument. STATUS_SHAPE for a teacher
 * whose outputs are not the student's. */
status instructor_losses(void *instructor, const void *images, const struct operand *output, int64_t first,
                         int64_t count, const int64_t *labels, struct loss *losses, void *gradient,
                         int worker, struct error *error);
size_t instructor_memory(const struct instructor *instructor); /* bytes held */

#endif
