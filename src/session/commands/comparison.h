/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Criteria compared two by two, layer by layer, averaged over layers or pooled: what corr and overlap have in
 * common. */
#ifndef IPPRO_SESSION_COMMANDS_COMPARISON_H
#define IPPRO_SESSION_COMMANDS_COMPARISON_H

#include "session/language/command.h"
#include "session/shown.h"

/* One pair of criteria over one layer, or over a pool of layers. */
struct comparison_part {
    double value;         /* NaN where undefined */
    int64_t both, either; /* overlap: added up over layers when pooled */
    int64_t ties_a, ties_b;
};

/* What all pairs come to; NaN takes no part. */
struct pair_tally {
    double sum, least, most;
    int count, least_pair[2], most_pair[2]; /* places in `shown` */
};

struct comparison {
    const struct call *call;
    const struct measure *measure;
    struct shown_scores shown;
    int *layers, layer_count;
    int64_t filters, ties[CHOICES_MAX];
    struct pair_tally pairs;
    int undefined; /* layers for which some pair has no value */
};

struct measure {
    const char *name, *quantity;
    bool concatenate; /* pooled: all layers' scores in one vector; else parts are added up */
    double low;       /* of the colour scale; high is 1 */
    const int *facts; /* options that figures name, ended by OPTION_NONE */
    bool ratios;      /* figures name the ratios of the layers too */
    status (*part)(const struct call *call, const double *a, const double *b, int64_t count, int64_t pruned,
                   struct comparison_part *part, struct error *error);
    void (*title)(const struct comparison *comparison, struct text *title); /* how titles begin */
    void (*note)(const struct comparison *comparison, struct text *note);   /* beside what was compared */
};

extern const struct parameter comparison_arguments[]; /* the criteria */
/* Show the measure of every two criteria that the call names, else of all that are held. */
status comparison_run(struct call *call, const struct measure *measure, struct error *error);

#endif
