/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What training minimises, of one image: cross-entropy with label smoothing, and distillation.
 *
 * Label smoothing s over K classes (Szegedy et al. 2016, PyTorch's CrossEntropyLoss): the target is
 * (1 - s) one-hot + s / K. Distillation (Hinton et al. 2015): with p the softmax of logits divided by T,
 *   loss = weight * T^2 * KL(p_teacher || p_student) + (1 - weight) * cross-entropy.
 * Of label maps it is the mean over the labelled pixels, each term alike. Computed in double whatever the
 * logits' type. */
#ifndef IPPRO_TRAIN_LOSS_H
#define IPPRO_TRAIN_LOSS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/status.h"
#include "nn/engine/loss.h"

struct objective {
    double smoothing;   /* 0..1 without 1 */
    double weight;      /* of distillation, 0..1; 0: no teacher is asked */
    double temperature; /* of distillation, > 0 */
};

struct objective objective_default(void); /* cross-entropy; temperature 4 */
/* STATUS_RANGE, naming the number that cannot be. */
status objective_check(const struct objective *objective, struct error *error);
bool objective_is_plain(const struct objective *objective); /* cross-entropy and nothing else */

struct objective_image {
    const void *logits;  /* classes x pixels, borrowed */
    const void *teacher; /* the same of the teacher; NULL where weight is 0 */
    enum element_type type;
    int64_t classes, pixels;     /* pixels 1: the image has one label */
    const int64_t *labels;       /* pixels; of label maps negative: does not count */
    void *gradient;              /* NULL, or classes x pixels, written: d loss / d logits */
    struct class_pixels *counts; /* of label maps: per class, written; NULL otherwise */
    bool label_map;              /* every pixel has a label */
};

/* `predicted`, `rank` and so on are those of nn/engine/loss.h; `loss` is the objective's. Labels are in
 * range. */
struct loss objective_loss(const struct objective *objective, const struct objective_image *image);

#endif
