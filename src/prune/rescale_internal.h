/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the scale attack share. */
#ifndef IPPRO_PRUNE_RESCALE_INTERNAL_H
#define IPPRO_PRUNE_RESCALE_INTERNAL_H

#include "nn/graph/edit.h"
#include "prune/rescale.h"

struct rescaling {
    const struct coupling *coupling;
    const struct layer *layer;
    double factor;
    struct edit *edit;
    /* The coupling with other maps, of an arena of its own: in place of its label every element has the power
     * of the factor that it is larger by. Without labels: nothing of the value is. */
    struct coupling traced;
};

void rescale_element(struct tensor *tensor, int64_t index, double factor);
/* A copy of the constant at an operand, to be changed and put in its place; NULL where there is none of real
 * numbers, and when memory is out. */
struct tensor *rescale_copy(const struct rescaling *r, int node, int input);

/* From the layer's target to every weight that reads it, which takes the factor out again
 * (prune/rescale_follow.c). Errors as rescale_apply. */
status rescale_follow(struct rescaling *r, struct error *error);

#endif
