/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Statistics of activations: what a layer's feature maps (behind its element-wise layer) look like, summed up
 * over images. */
#ifndef IPPRO_SCORE_ACTIVATION_H
#define IPPRO_SCORE_ACTIVATION_H

#include "score/nuclear.h"
#include "score/score.h"

/* One image's maps of a layer. */
struct feature_maps {
    const double *values;            /* channels x height x width */
    int64_t channels, height, width; /* of a linear layer: height = width = 1 */
};

/* Allocate the arrays that `needs` asks for; false when memory is out. They are freed by activation_free. */
bool activation_init(struct activation_statistics *sums, unsigned needs, int64_t channels);
void activation_free(struct activation_statistics *sums);
/* Add one image; `work` has height * width doubles, `nuclear` is for maps of this size, NULL where there is
 * no independence to sum. O(channels * height * width), with ranks times the smaller side of a map, with the
 * Gram matrix and independence times the channels. */
void activation_add(struct activation_statistics *sums, const struct feature_maps *maps, double *work,
                    struct nuclear_work *nuclear);
/* Add other sums, which stay as they are, but for the positions and the Gram matrix. `sums` is all zero, or
 * has the arrays that the others have. False when memory is out. */
bool activation_add_sums(struct activation_statistics *sums, const struct activation_statistics *other,
                         int64_t channels);
/* Add another call's Gram matrix, complete, which `gram` takes over where it was NULL, and else is freed. */
void activation_add_gram(struct activation_statistics *sums, double *gram, int64_t channels);
/* Complete what is kept by halves while images are added. */
void activation_finish(struct activation_statistics *sums, int64_t channels);

/* Rank of a matrix, row-major, destroyed: pivots above max(rows, columns) * 2^-23 of the largest, because
 * activations are single precision (HRank, Lin et al. 2020, arXiv 2002.10179, takes the singular values). */
int64_t matrix_rank(double *matrix, int64_t rows, int64_t columns);

#endif
