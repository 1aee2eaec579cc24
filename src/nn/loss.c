/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Softmax cross-entropy of one image. */
#include "nn/loss.h"

#include <math.h>
#include <stddef.h>

static double logit_at(const void *logits, enum element_type type, int64_t index)
{
    return type == ELEMENT_FLOAT ? (double)((const float *)logits)[index] : ((const double *)logits)[index];
}

static void store(void *values, enum element_type type, int64_t index, double value)
{
    if (type == ELEMENT_FLOAT)
        ((float *)values)[index] = (float)value;
    else
        ((double *)values)[index] = value;
}

/* sum = sum over all classes of exp(z - top); the top class itself counts as exactly 1. */
static void store_gradient(const void *logits, enum element_type type, int64_t classes, int64_t label,
                           double top, double sum, void *gradient)
{
    double others = 0;
    for (int64_t i = 0; i < classes; i++) {
        if (i == label)
            continue;
        double probability = exp(logit_at(logits, type, i) - top) / sum;
        others += probability;
        store(gradient, type, i, probability);
    }
    store(gradient, type, label, -others);
}

struct loss softmax_cross_entropy(const void *logits, enum element_type type, int64_t classes, int64_t label,
                                  void *gradient)
{
    struct loss result = {0};
    double target = logit_at(logits, type, label);
    int64_t first = 0;
    for (int64_t i = 1; i < classes; i++)
        if (logit_at(logits, type, i) > logit_at(logits, type, first))
            first = i;
    double top = logit_at(logits, type, first);
    int64_t pivot = top == target ? label : first; /* a tie with the label is settled in the label's favour */
    double others = 0;
    for (int64_t i = 0; i < classes; i++) {
        double value = logit_at(logits, type, i);
        if (i != pivot)
            others += exp(value - top);
        if (i != label && !(value <= target))
            result.rank++; /* so that a NaN is never a correct answer */
    }
    result.predicted = (int)first;
    result.loss = (top - target) + log1p(others);
    if (gradient)
        store_gradient(logits, type, classes, label, top, 1 + others, gradient);
    return result;
}
