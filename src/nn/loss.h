/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Softmax cross-entropy of one image, computed in double whatever the network's type. */
#ifndef IPPRO_NN_LOSS_H
#define IPPRO_NN_LOSS_H

#include <stdint.h>
#include "nn/tensor.h"

struct loss {
    double loss;   /* -log softmax(logits)[label], accurate when it is tiny (log1p of the others' sum) */
    int predicted; /* index of the largest logit, the first among equals */
    int rank;      /* how many logits are larger than the label's (0: top-1 correct, < 5: top-5) */
};

/* logits: classes values of the given type; label in 0..classes-1. gradient, when not NULL, receives d loss /
 * d logits of this one image (not averaged); the true class's entry is minus the sum of the other
 * probabilities, because 1 - p cancels on well-trained networks. */
struct loss softmax_cross_entropy(const void *logits, enum element_type type, int64_t classes, int64_t label,
                                  void *gradient);

#endif
