/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What evaluations found, by network and sample. A measurement stays true whatever is done or undone
 * afterwards, so they are remembered beside the states: a network that comes back has its accuracy back. */
#ifndef IPPRO_SESSION_MEASUREMENT_H
#define IPPRO_SESSION_MEASUREMENT_H

#include "base/file.h"
#include "data/sampler.h"

/* On which images. */
struct measured_on {
    char data[DIGEST_SIZE];
    char normalization[160];
    bool training; /* images of a training split; follows from the data */
    struct sample_options sample;
};

struct measurement {
    char network[DIGEST_SIZE]; /* model->network or pruning->network */
    struct measured_on on;
    int64_t images, top1, top5;
    int64_t unanswered; /* images with logits that are not numbers */
    double loss;        /* mean over the other ones */
    uint8_t *correct;   /* per image of the sample: 1 where the first guess was right; NULL: not known */
    bool restored;      /* from a session file, not measured by this program */
    long serial;        /* set by measurements_add: grows with each */
};

struct measurements {
    struct measurement *items;
    int count;
    size_t capacity;
    long serial; /* of the last one that was added */
};

struct measured_on measured_on(const struct dataset *dataset, const struct sample_options *sample);
/* Remember; a measurement of the same network on the same images is replaced. Ownership of `correct` passes
 * on success. */
status measurements_add(struct measurements *measurements, const struct measurement *measurement,
                        struct error *error);
/* Into `copy`, which is empty, all but which images were right. */
status measurements_copy(const struct measurements *measurements, struct measurements *copy,
                         struct error *error);
/* Of a network on these images, or (on NULL) the last one of it on any; NULL when there is none. */
const struct measurement *measurements_find(const struct measurements *measurements, const char *network,
                                            const struct measured_on *on);
void measurements_free(struct measurements *measurements);

/* Accuracy and its standard error, as shares of one; NaN where no image has an answer. */
double measurement_accuracy(const struct measurement *measurement);
double measurement_error(const struct measurement *measurement);
/* Standard error of the difference of two accuracies on the same images: from the images that changed sides
 * where both know them, else as of independent samples. */
double measurement_difference_error(const struct measurement *a, const struct measurement *b);

#endif
