/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The columns of a score dump, computed by the program from one scoring pass. */
#ifndef IPPRO_TESTS_REFERENCE_COLUMNS_H
#define IPPRO_TESTS_REFERENCE_COLUMNS_H

#include "score/criterion.h"

/* A network, its data, and the files of reference numbers. Paths that begin with '@' are below the shared
 * folder, others below the source tree. */
struct reference {
    const char *name, *model, *scores, *logits;
    const char *data_kind, *data, *normalization;
    int64_t images;
    double loss;            /* mean over the images, 0 where it was not noted */
    double float_tolerance; /* of gradient columns, relative to the layer's largest value */
};

/* Everything a test works with. */
struct work {
    const struct reference *reference;
    struct graph *graph;
    struct layers *layers;
    struct dataset *dataset;
    struct sample sample;
    struct pool *pool;
    struct score_statistics *statistics;
};

/* Fails the test with the message. */
void check(status code, const struct error *error);

/* Each gives one double per channel of a layer, owned by the caller. */
struct reference_column {
    const char *name; /* in the dump */
    const char *note;
    bool weights; /* does not depend on gradients */
    double *(*make)(const struct work *work, int layer);
};
extern const struct reference_column reference_columns[];
extern const size_t reference_column_count;

/* PROscore's columns; the dump holds plain scores. */
struct proscore_column {
    const char *name;
    enum proscore_target target;
    double gamma;
};
extern const struct proscore_column proscore_columns[];
extern const size_t proscore_column_count;

double *log_proscore_column(const struct work *work, int layer, enum proscore_target target, double gamma);
/* "bn:tail": log PROscore of that target and reading at gamma 0.3. */
double *reading_column(const struct work *work, int layer, const char *name);
double *gate_column(const struct work *work, int layer);
double *lift_column(const struct work *work, int layer);

#endif
