/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the command sampling: samples of several sizes, and what is shown of them. */
#ifndef IPPRO_SESSION_COMMANDS_SAMPLING_INTERNAL_H
#define IPPRO_SESSION_COMMANDS_SAMPLING_INTERNAL_H

#include "data/augment.h"
#include "data/dataset.h"
#include "data/sampler.h"
#include "session/language/command.h"
#include "session/pass_loss.h"
#include "session/words/choice.h"

enum { SIZES_MAX = 32 };

/* The draws of one size. */
struct draws {
    struct sample_options options;
    int64_t images;
    int count;              /* one where all images are taken */
    struct scores **scores; /* count x criteria; those under way */
    double seconds;         /* of all passes */
};

/* What one criterion makes of one size: over its draws. */
struct stability {
    double correlation, deviation, highest, lowest; /* with the reference */
    double overlap, most_overlap, least_overlap;
    double among; /* correlation of every two draws, mean; NaN for one draw */
};

struct sampling {
    struct call *call;
    struct dataset *dataset; /* that is scored on; borrowed */
    struct augmentation augmentation;
    struct choice choices[CHOICES_MAX];
    int choice_count;
    unsigned needs;
    struct draws sizes[SIZES_MAX], reference;
    int size_count;
    struct stability *stability; /* sizes x criteria */
    int64_t *pruned;             /* per layer, at its ratio */
    struct open_loss loss;
    struct pool *pool;
    int64_t done, planned; /* images */
};

/* The curve of the correlations, and the table. */
status sampling_show(const struct sampling *work, struct error *error);

#endif
