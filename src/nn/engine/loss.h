/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Softmax cross-entropy of one image, computed in double whatever the network's type: of one label for the
 * whole image, or of one for every pixel. */
#ifndef IPPRO_NN_ENGINE_LOSS_H
#define IPPRO_NN_ENGINE_LOSS_H

#include <stdbool.h>
#include <stdint.h>
#include "nn/graph/tensor.h"

/* Pixels of one class, counted among those that are labelled. */
struct class_pixels {
    int64_t truth, predicted, both; /* with this label; predicted to be of it; both at once */
};

struct loss {
    double loss;   /* -log softmax(logits)[label], accurate when it is tiny (log1p of the others' sum); of a
                      label map the mean over its labelled pixels */
    int predicted; /* index of the largest logit, the first among equals */
    bool bare;     /* a number and nothing else: no label was looked at (nn/engine/aim.h) */
    bool probabilities; /* the logits look like them: none is negative, and they add up to 1 but for rounding
                         */
    int rank; /* how many classes come before the label's: their logits are larger, or equal and earlier (0:
                 top-1 correct, < 5: top-5) */
    /* Of a label map only, where `predicted` and `rank` mean nothing: */
    bool unlabelled; /* no pixel is labelled: there is no loss (NaN), and none is missing */
    int64_t classes; /* of the network; 0: the image has one label */
    struct class_pixels
        *pixels; /* per class, in memory of whoever asks; NULL where the image has one label */
};

/* logits: classes values of the given type; label in 0..classes-1. gradient, when not NULL, receives d loss /
 * d logits of this one image (not averaged); the true class's entry is minus the sum of the other
 * probabilities, because 1 - p cancels on well-trained networks. */
struct loss softmax_cross_entropy(const void *logits, enum element_type type, int64_t classes, int64_t label,
                                  void *gradient);

/* Every pixel of one image: loss_map_begin, loss_map_add for all of its pixels in parts of any size,
 * loss_map_end. */
struct loss_map {
    const void *logits; /* classes x pixels, of this type, borrowed */
    enum element_type type;
    int64_t classes, pixels;
    const int64_t
        *labels;    /* pixels: 0..classes-1, or negative: the pixel is not labelled and does not count */
    void *gradient; /* NULL, or classes x pixels, written: d (mean loss of labelled pixels) / d logits */
    struct class_pixels *counts; /* per class, written */
    int64_t labelled;            /* found by loss_map_begin */
    struct loss loss;            /* complete after loss_map_end */
};
void loss_map_begin(struct loss_map *map);
void loss_map_add(struct loss_map *map, int64_t first, int64_t count);
void loss_map_end(struct loss_map *map);
/* The class of the largest logit at each pixel (the first among equals) of an image's classes x pixels
 * logits, of 256 classes at most. */
void loss_map_predict(const void *logits, enum element_type type, int64_t classes, int64_t pixels,
                      uint8_t *predicted);

/* An image with a logit that is NaN or +infinity has no answer: its loss is NaN, and its rank so large that
 * none of the first guesses is right. Such a pixel's makes the image's loss NaN; it is of no predicted class.
 */
bool loss_exists(const struct loss *loss);
/* Share of right answers among all images; NaN where no image has an answer. */
double right_share(int64_t right, int64_t unanswered, int64_t images);
/* Mean of the losses that exist, NaN where there is none. */
double mean_loss(double sum, int64_t unanswered, int64_t images);

#endif
