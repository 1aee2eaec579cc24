/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Softmax cross-entropy of one image. */
#include "nn/engine/loss.h"

#include <limits.h>
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

/* Probabilities in half precision add up to 1 within this. */
static const double SUM_TOLERANCE = 1e-3;

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
    int64_t pivot = top == target ? label : first; /* of equals any counts as exactly 1: best the label */
    double others = 0, sum = 0, least = 0;
    for (int64_t i = 0; i < classes; i++) {
        double value = logit_at(logits, type, i);
        if (i != pivot)
            others += exp(value - top);
        sum += value;
        least = value < least ? value : least;
        result.rank += value > target || (value == target && i < label);
    }
    result.predicted = (int)first;
    result.probabilities = classes > 1 && least == 0 && fabs(sum - 1) < SUM_TOLERANCE;
    result.loss = top == INFINITY ? NAN : (top - target) + log1p(others);
    if (isnan(result.loss))
        result.rank = INT_MAX;
    if (gradient)
        store_gradient(logits, type, classes, label, top, 1 + others, gradient);
    return result;
}

bool loss_exists(const struct loss *loss)
{
    return !isnan(loss->loss);
}

double right_share(int64_t right, int64_t unanswered, int64_t images)
{
    return unanswered < images ? (double)right / (double)images : NAN;
}

double mean_loss(double sum, int64_t unanswered, int64_t images)
{
    return unanswered < images ? sum / (double)(images - unanswered) : NAN;
}
