/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The feature maps that a scoring pass looks at, added up while it runs. Private to this room. */
#ifndef IPPRO_SCORE_FEATURE_PASS_H
#define IPPRO_SCORE_FEATURE_PASS_H

#include "nn/operator/plan.h"
#include "score/activation.h"

struct feature_layer {
    int64_t channels, height, width; /* of one image's maps; height = width = 1 for a linear layer */
    int64_t before, behind;          /* positions in front of the channels, and behind, in the engine */
    struct activation_statistics sums;
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
/* The first `images` images of the engine's micro-batch. */
void feature_pass_add(struct feature_pass *pass, const struct engine *engine, int64_t images);
/* The sums of one layer, complete; they belong to the caller and are gone from the pass. */
struct activation_statistics feature_pass_take(struct feature_pass *pass, int layer);

#endif
