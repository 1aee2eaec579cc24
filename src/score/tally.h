/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sums of a scoring pass while it runs. Private to this room.
 *
 * Beside the sums of all images the pass keeps those of its two halves, so that it can say how much a ranking
 * owes to chance. Images take turns between the halves; where weight gradients are needed micro-batches do,
 * because the engine sums those over a micro-batch. */
#ifndef IPPRO_SCORE_TALLY_H
#define IPPRO_SCORE_TALLY_H

#include "nn/engine/quality.h"
#include "score/score.h"

/* What is summed, per layer; borrowed. */
struct tally_layers {
    const bool *probed;
    const bool *weighed;      /* whose weights have gradients; NULL: none */
    const int64_t *positions; /* of those that are probed: of a map */
};

struct tally {
    const struct score_pass *pass;
    struct tally_layers layers;
    int64_t batch;
    struct quality quality;        /* of the images */
    struct layer_statistics *sums; /* per layer; NULL rows for those that are not probed */
    double **batch_gate;           /* per layer, 2C: gates and filters' products of the batch that is not
                                      complete yet */
    double **weight_gradient;      /* per layer: sum over images in the weight's own layout; NULL: not kept */
};

/* Nothing added yet. A tally that does not keep weight gradients has them from others (tally_statistics).
 * tally_free is to be called after a failure too. */
status tally_init(struct tally *tally, const struct score_pass *pass, const struct tally_layers *layers,
                  bool keeps_gradients, struct error *error);
void tally_free(struct tally *tally);

/* Images are added one by one: first every layer's probe sums with image_filter_products of them, where there
 * are gradients, then the image itself. */
void tally_probe(struct tally *tally, int layer, const double *probe, const double *products);
void tally_image(struct tally *tally, const struct loss *loss);
/* The gradient of a layer's weight, summed over images that are added too. */
void tally_weight_gradient(struct tally *tally, int layer, const struct operand *gradient);

/* Of one image: per channel the sum of (w*g)^2. */
void tally_weight_squares(struct tally *tally, int layer, const double *squares);

/* The statistics of what was added, a copy. `whole` and `other`, when not NULL, give the weight gradients as
 * their difference: the second half is what is not in the first. The pool, which may be NULL, has a layer for
 * each thread; the same bits come without it. */
status tally_statistics(const struct tally *tally, const struct tally *whole, const struct tally *other,
                        struct pool *pool, struct score_statistics **statistics, struct error *error);

#endif
