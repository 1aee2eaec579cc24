/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which records of a data set a computation uses. */
#ifndef IPPRO_DATA_SAMPLER_H
#define IPPRO_DATA_SAMPLER_H

#include "data/augment.h"
#include "data/dataset.h"

enum sample_order { SAMPLE_RANDOM, SAMPLE_FIRST };

struct sample_options {
    int64_t count;   /* > 0: that many (all, when there are fewer is refused) */
    double fraction; /* else, 0 < fraction <= 1 of the records, rounded to nearest, at least one; 1 is all, in
                        order */
    bool balanced;   /* the same number of each class; where count is no multiple of the classes, the first
                        classes   of a seeded order get one more. Refused with the class's name when a class has
                        too few */
    enum sample_order order; /* first: the records at the front, no randomness */
    uint64_t seed;
};

struct sample {
    int64_t *records; /* owned; order of use, ascending record numbers */
    int64_t count;
    struct sample_options options;
};

/* "all", "5%", "500", "0.05" (a fraction below 1). STATUS_USAGE otherwise. */
status sample_parse_size(const char *text, struct sample_options *options, struct error *error);
/* Whether both draw the same records of any data set. */
bool sample_options_equal(const struct sample_options *a, const struct sample_options *b);
status sample_draw(const struct dataset *dataset, const struct sample_options *options, struct sample *sample,
                   struct error *error);
/* The same records as a sample of its own. */
status sample_copy(const struct sample *from, struct sample *sample, struct error *error);
void sample_free(struct sample *sample);

/* A sample as the source of a run's images: the `fetch` of nn/engine/run.h, with a struct sample_feed as its
 * argument. */
struct sample_feed {
    const struct dataset *dataset;
    const struct sample *sample;
    const struct augmentation *augmentation; /* borrowed; NULL: none */
    uint64_t seed;                           /* of that, */
    int64_t draw;                            /* and which of its draws: the epoch */
};
status sample_fetch(void *feed, int64_t position, enum element_type real, void *image, int64_t *labels,
                    struct error *error);

#endif
