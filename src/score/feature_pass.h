/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The feature maps that a scoring pass looks at, added up while it runs. Private to this room. */
#ifndef IPPRO_SCORE_FEATURE_PASS_H
#define IPPRO_SCORE_FEATURE_PASS_H

#include "nn/operator/plan.h"
#include "score/activation.h"

struct feature_layer {
    int64_t channels, height, width;      /* of one image's maps; height = width = 1 for a linear layer */
    int64_t before, behind;               /* positions in front of the channels, and behind, in the engine */
    struct activation_statistics half[2]; /* of the images of each half, all but the Gram matrix */
    struct activation_statistics
        whole;                   /* the Gram matrix of all images, which is too large to be kept twice */
    struct nuclear_work nuclear; /* where independence is needed */
};

/* One layer per watched value of the engine, in the same order. All zero: nothing is watched. */
struct feature_pass {
    int count;
    struct feature_layer *layers;
    double *maps, *map; /* of one image and layer, of one channel */
    double
        *raw; /* of one image, as the engine has it, where positions stand in front of channels; else NULL */
};

/* probes: whose activated values, in the plan and in this order, the engine watches; `count` of them.
 * feature_pass_free is to be called after a failure too. */
status feature_pass_init(struct feature_pass *pass, const struct plan *plan, const struct probe *probes,
                         int count, unsigned needs, struct error *error);
void feature_pass_free(struct feature_pass *pass);
/* Image n of the engine's micro-batch, which belongs to that half of the sample. */
void feature_pass_add(struct feature_pass *pass, const struct engine *engine, int64_t n, int half);
/* Add what a half has of a layer so far, but the Gram matrix. `sums` is all zero, or was filled by this.
 * False when memory is out; they belong to the caller. */
bool feature_pass_copy(const struct feature_pass *pass, int layer, int half,
                       struct activation_statistics *sums);
int64_t feature_pass_positions(const struct feature_pass *pass, int layer); /* of one image's map */
/* The Gram matrix of a layer, complete; it belongs to the caller and is gone from the pass. NULL without one.
 */
double *feature_pass_take_gram(struct feature_pass *pass, int layer);

#endif
