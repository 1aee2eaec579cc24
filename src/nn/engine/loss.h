/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Softmax cross-entropy of one image, computed in double whatever the network's type. */
#ifndef IPPRO_NN_ENGINE_LOSS_H
#define IPPRO_NN_ENGINE_LOSS_H

#include <stdbool.h>
#include <stdint.h>
#include "nn/graph/tensor.h"

struct loss {
    double loss;        /* -log softmax(logits)[label], accurate when it is tiny (log1p of the others' sum) */
    int predicted;      /* index of the largest logit, the first among equals */
    bool probabilities; /* the logits look like them: none is negative, and they add up to 1 but for rounding
                         */
    int rank; /* how many classes come before the label's: their logits are larger, or equal and earlier (0:
                 top-1 correct, < 5: top-5) */
};

/* logits: classes values of the given type; label in 0..classes-1. gradient, when not NULL, receives d loss /
 * d logits of this one image (not averaged); the true class's entry is minus the sum of the other
 * probabilities, because 1 - p cancels on well-trained networks. */
struct loss softmax_cross_entropy(const void *logits, enum element_type type, int64_t classes, int64_t label,
                                  void *gradient);

/* An image with a logit that is NaN or +infinity has no answer: its loss is NaN, and its rank so large that
 * none of the first guesses is right. */
bool loss_exists(const struct loss *loss);
/* Share of right answers among all images; NaN where no image has an answer. */
double right_share(int64_t right, int64_t unanswered, int64_t images);
/* Mean of the losses that exist, NaN where there is none. */
double mean_loss(double sum, int64_t unanswered, int64_t images);

#endif
