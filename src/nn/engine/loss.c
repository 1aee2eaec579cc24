/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Softmax cross-entropy of one image or pixel. */
#include "nn/engine/loss.h"

#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

/* The logits of one label: `classes` values, `stride` elements apart. */
struct logits {
    const void *values;
    enum element_type type;
    int64_t classes, stride;
};

static double logit_at(const struct logits *logits, int64_t index)
{
    const int64_t at = index * logits->stride;
    return logits->type == ELEMENT_FLOAT ? (double)((const float *)logits->values)[at]
                                         : ((const double *)logits->values)[at];
}

static void store(const struct logits *logits, void *gradient, int64_t index, double value)
{
    const int64_t at = index * logits->stride;
    if (logits->type == ELEMENT_FLOAT)
        ((float *)gradient)[at] = (float)value;
    else
        ((double *)gradient)[at] = value;
}

/* sum = sum over all classes of exp(z - top); the top class itself counts as exactly 1. */
static void store_gradient(const struct logits *logits, int64_t label, double top, double sum, double share,
                           void *gradient)
{
    double others = 0;
    for (int64_t i = 0; i < logits->classes; i++) {
        if (i == label)
            continue;
        double probability = exp(logit_at(logits, i) - top) / sum;
        others += probability;
        store(logits, gradient, i, share * probability);
    }
    store(logits, gradient, label, -share * others);
}

static int64_t largest(const struct logits *logits)
{
    int64_t first = 0;
    for (int64_t i = 1; i < logits->classes; i++)
        if (logit_at(logits, i) > logit_at(logits, first))
            first = i;
    return first;
}

/* Probabilities in half precision add up to 1 within this. */
static const double SUM_TOLERANCE = 1e-3;

/* The gradient is that of `share` times the loss. */
static struct loss cross_entropy(const struct logits *logits, int64_t label, double share, void *gradient)
{
    struct loss result = {0};
    double target = logit_at(logits, label);
    int64_t first = largest(logits);
    double top = logit_at(logits, first);
    int64_t pivot = top == target ? label : first; /* of equals any counts as exactly 1: best the label */
    double others = 0, sum = 0, least = 0;
    for (int64_t i = 0; i < logits->classes; i++) {
        double value = logit_at(logits, i);
        if (i != pivot)
            others += exp(value - top);
        sum += value;
        least = value < least ? value : least;
        result.rank += value > target || (value == target && i < label);
    }
    result.predicted = (int)first;
    result.probabilities = logits->classes > 1 && least == 0 && fabs(sum - 1) < SUM_TOLERANCE;
    result.loss = top == INFINITY ? NAN : (top - target) + log1p(others);
    if (isnan(result.loss))
        result.rank = INT_MAX;
    if (gradient)
        store_gradient(logits, label, top, 1 + others, share, gradient);
    return result;
}

struct loss softmax_cross_entropy(const void *logits, enum element_type type, int64_t classes, int64_t label,
                                  void *gradient)
{
    const struct logits all = {logits, type, classes, 1};
    return cross_entropy(&all, label, 1, gradient);
}

/* --- label maps ------------------------------------------------------------------------------------------
 */

void loss_map_begin(struct loss_map *map)
{
    map->labelled = 0;
    for (int64_t i = 0; i < map->pixels; i++)
        map->labelled += map->labels[i] >= 0;
    memset(map->counts, 0, (size_t)map->classes * sizeof *map->counts);
    if (map->gradient)
        memset(map->gradient, 0, (size_t)(map->classes * map->pixels) * element_size(map->type));
    map->loss = (struct loss){.probabilities = map->labelled > 0,
                              .unlabelled = map->labelled == 0,
                              .classes = map->classes,
                              .pixels = map->counts};
}

void loss_map_add(struct loss_map *map, int64_t first, int64_t count)
{
    const size_t size = element_size(map->type);
    for (int64_t i = first; i < first + count; i++) {
        const int64_t label = map->labels[i];
        if (label < 0)
            continue;
        const struct logits logits = {(const char *)map->logits + (size_t)i * size, map->type, map->classes,
                                      map->pixels};
        void *gradient = map->gradient ? (char *)map->gradient + (size_t)i * size : NULL;
        struct loss pixel = cross_entropy(&logits, label, 1 / (double)map->labelled, gradient);
        map->loss.loss += pixel.loss;
        map->loss.probabilities &= pixel.probabilities;
        map->counts[label].truth++;
        if (!loss_exists(&pixel))
            continue;
        map->counts[pixel.predicted].predicted++;
        map->counts[label].both += pixel.predicted == label;
    }
}

void loss_map_end(struct loss_map *map)
{
    map->loss.loss = map->labelled > 0 ? map->loss.loss / (double)map->labelled : NAN;
}

void loss_map_predict(const void *logits, enum element_type type, int64_t classes, int64_t pixels,
                      uint8_t *predicted)
{
    for (int64_t i = 0; i < pixels; i++) {
        const struct logits pixel = {(const char *)logits + (size_t)i * element_size(type), type, classes,
                                     pixels};
        predicted[i] = (uint8_t)largest(&pixel);
    }
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
