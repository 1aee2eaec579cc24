/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What evaluations found, by network and sample. A measurement stays true whatever is done or undone
 * afterwards, so they are remembered beside the states: a network that comes back has its accuracy back. */
#ifndef IPPRO_SESSION_MEASUREMENT_H
#define IPPRO_SESSION_MEASUREMENT_H

#include "base/file.h"
#include "data/sampler.h"
#include "nn/engine/quality.h"

struct answer;

/* On which images. */
struct measured_on {
    char data[DIGEST_SIZE];
    char normalization[160];
    char split[16]; /* of the data set, to speak of them; follows from the data; "": not known */
    struct sample_options sample;
};

struct measurement {
    char network[DIGEST_SIZE]; /* model->network or pruning->network */
    struct measured_on on;
    enum quality_kind measure;
    double value, error; /* accuracy or mIoU and its standard error, as shares of one; NaN where no image has
                            an answer */
    int64_t images, top1, top5; /* the latter 0 where every pixel has a label */
    int64_t unanswered;         /* images with logits that are not numbers */
    double loss;                /* mean over the other ones */
    uint8_t *correct;       /* per image of the sample: 1 where the first guess was right; NULL: not known */
    struct answer *answers; /* per image of the sample, likewise (stats/evaluate.h); NULL: not known */
    double *credit;     /* where every pixel has a label: what each image contributes (quality_credit); NULL:
                           not known */
    int64_t *confusion; /* likewise: labelled pixels by label, then predicted class, classes x classes of the
                           data set; NULL: not known */
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
/* Remember; a measurement of the same network on the same images is replaced. Ownership of `correct`,
 * `answers`, `credit` and `confusion` passes on success. */
status measurements_add(struct measurements *measurements, const struct measurement *measurement,
                        struct error *error);
/* Into `copy`, which is empty, all but what is known of single images and classes. */
status measurements_copy(const struct measurements *measurements, struct measurements *copy,
                         struct error *error);
/* Of a network on these images, or (on NULL) the last one of it on any; NULL when there is none. */
const struct measurement *measurements_find(const struct measurements *measurements, const char *network,
                                            const struct measured_on *on);
void measurements_free(struct measurements *measurements);

/* Fill in value and error of a measure of accuracy from its counts. */
void measurement_count(struct measurement *measurement);
void measurement_free(struct measurement *measurement); /* what it holds, not itself */
/* Standard error of the difference of two measurements on the same images: from what changed in each of them
 * where both know it, else as of independent samples. */
double measurement_difference_error(const struct measurement *a, const struct measurement *b);

#endif
