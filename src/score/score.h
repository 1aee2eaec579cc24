/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scoring: one pass over a sample gives the statistics; criteria turn statistics into one double per channel.
 */
#ifndef IPPRO_SCORE_SCORE_H
#define IPPRO_SCORE_SCORE_H

#include "data/sampler.h"
#include "nn/engine/quality.h"
#include "nn/engine/run.h"
#include "score/layer.h"

/* What a criterion needs; scoring computes the union once. */
enum score_need {
    NEED_WEIGHTS = 1,          /* weights and BatchNorm parameters only: no pass */
    NEED_GRADIENTS = 2,        /* forward and data-gradient backward: sums of S0, Sd, gate, lift */
    NEED_WEIGHT_GRADIENTS = 4, /* the weights' own gradients as well */
    NEED_ACTIVATIONS = 8,      /* sums over the feature maps behind the layer's element-wise layer */
    NEED_FEATURE_RANKS = 16,   /* ranks of the maps */
    NEED_FEATURE_GRAM = 32,    /* products of the maps with each other */
    NEED_INDEPENDENCE = 64,    /* how much each map adds to the nuclear norm of an image's maps */
    NEED_WEIGHT_SQUARES = 128, /* squares of the weights' gradients, image by image: images run one by one */
};

enum {
    NEED_ANY_ACTIVATION = NEED_ACTIVATIONS | NEED_FEATURE_RANKS | NEED_FEATURE_GRAM | NEED_INDEPENDENCE,
    NEED_ANY_GRADIENT = NEED_GRADIENTS | NEED_WEIGHT_GRADIENTS | NEED_WEIGHT_SQUARES,
};

/* Sums over all images; arrays that were not needed are NULL. */
struct activation_statistics {
    int64_t positions; /* height * width of a map; of a layer that is called several times, of all its maps */
    double *sum, *squared,
        *zeros;           /* C: of the values, of their squares, how many are 0; over all positions */
    double *rank;         /* C: of the ranks of the maps */
    double *gram;         /* C x C: of <map i, map j> */
    double *independence; /* C: of what zeroing the map takes from the nuclear norm of the image's maps */
};

/* Sums over what a layer's filters read of each input channel (score/part.h), g being the weights' gradient:
 * layer->input_channels doubles each. NULL without weight gradients, and for depthwise layers, which read
 * what they make. */
struct column_statistics {
    double *dot, *absolute, *squared; /* of w*g, |w*g|, (w*g)^2 */
};

/* Everything one pass leaves about one layer, all calls of it together; arrays of C doubles, all NULL for
 * layers that are not probed: output layers, which have their columns alone, and those none of whose output's
 * dimensions is its channels.
 * Sums over images are kept as sums of the un-averaged loss: divide by `images` for the mean loss of
 * reductions.md (E).
 */
struct layer_statistics {
    double *delta;              /* S0 */
    double *delta_centered;     /* Sd */
    double *gate;               /* sum u*delta */
    double *lift;               /* sum G*u */
    double *gate_squared;       /* sum over images of (sum_hw u*delta_n)^2 */
    double *gate_batch_squared; /* sum over batches of (mean over the batch of the gate)^2 */
    double *filter_squared;     /* sum over images of (sum y*dL/dy)^2, which is (<w, g_n> + bias*g_n)^2; 0 in
                                   training mode behind a BatchNorm */
    double *filter_batch_squared; /* as gate_batch_squared */
    double *weight_dot;           /* sum w*g; from the weight gradients where they were computed */
    double *weight_abs;           /* sum |w*g|, NULL without weight gradients */
    double *product_squared;      /* sum (w*g)^2, likewise; g is that of all images together */
    double *gradient_norm;        /* ||g||_2, likewise */
    double *weight_squared;       /* sum over images and weights of (w*g_n)^2, NULL without squares */
    int64_t positions;            /* of one image's map, of all calls together */
    struct column_statistics columns;
    struct activation_statistics activation;
};

struct score_statistics {
    unsigned needs; /* what was computed */
    int64_t images, planned, batches;
    int64_t batch;               /* of gate_batch_squared */
    int64_t correct, unanswered; /* images; the latter have logits that are not numbers (nn/engine/loss.h) */
    int64_t probabilities;       /* images whose logits look like probabilities */
    double loss;                 /* sum over the images that have one */
    double mean_loss;            /* over those; NaN: none has */
    enum quality_kind measure;
    double value; /* accuracy or mIoU, 0..1; NaN where no image has an answer */
    int layer_count;
    struct layer_statistics *layers;
    double seconds; /* time of the pass */
    bool partial;   /* the pass is under way: `images` of `planned` so far */
    /* The same of two halves of the images, which take turns (micro-batches where weight gradients are
     * summed): how far their rankings agree tells what a ranking owes to chance. NULL for halves
     * themselves and for samples too small to have two. */
    struct score_statistics *half[2];
};

/* Whoever watches a pass. Both are called between micro-batches by one thread at a time, whichever it is. */
struct score_watch {
    bool (*due)(void *argument); /* is an interim result wanted now? */
    /* Statistics of the images so far, marked partial; ownership passes. */
    void (*partial)(void *argument, struct score_statistics *statistics);
    void *argument;
};

struct score_pass {
    const struct graph *graph;
    const struct layers *layers;
    const struct dataset *dataset;
    const struct sample *sample;
    const struct augmentation *augmentation; /* of its images; NULL: none */
    uint64_t augmentation_seed;
    unsigned needs;
    const struct aim *aim; /* what the loss is (nn/engine/run.h); NULL: cross-entropy. Without a loss
                              statistics have no gradients, whatever is needed */
    enum element_type real;
    enum kernel_choice kernel;
    int64_t micro_batch; /* images per worker at a time; 0: what suits the network and `memory` */
    size_t memory;       /* bytes, as in nn/engine/run.h; 0: no bound */
    bool training;       /* BatchNorm takes the statistics of batches of `batch` images, in the place of
                            micro_batch */
    int64_t batch;       /* images per batch of Taylor's gate-batch */
    struct pool *pool;
    struct step_times *times; /* as in nn/execution/options.h */
    struct progress *progress;
    int64_t progress_before, progress_total; /* as in nn/engine/run.h, 0 where the pass stands alone */
    const struct score_watch *watch;         /* NULL: nobody. The result is the same bit for bit */
};

/* Run the pass: forward over the sample, and backward where something of NEED_ANY_GRADIENT is needed: then
 * all of NEED_GRADIENTS is there. With NEED_WEIGHT_SQUARES images run one by one, whatever micro_batch says,
 * which is refused in training mode (STATUS_STATE): an image has no gradient of its own there. Nothing is
 * returned when it fails or is cancelled (STATUS_CANCELLED). Bit for bit the same for any number of threads;
 * the micro-batch decides the order in which weight gradients are summed, and a bound on memory the
 * micro-batch (nn/engine/run.h). A layer's channels are dimension 1 of its output, or the last one of a
 * linear layer's (over sequences, say); sums run over all positions of an image, wherever the network has put
 * the images (nn/execution/images.h). Refused: a sample without images, a network none of whose layers can be
 * probed.
 */
status score_statistics_compute(const struct score_pass *pass, struct score_statistics **statistics,
                                struct error *error);
/* What the pass takes on so many threads beside the statistics (run_fit). Data set and sample do not matter
 * and may be NULL. */
status score_size(const struct score_pass *pass, int threads, struct engine_fit *fit, struct error *error);
void score_statistics_free(struct score_statistics *statistics);

#endif
