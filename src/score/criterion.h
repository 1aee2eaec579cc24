/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Importance criteria as a table: name, needs, options, and a function to one double per channel. Each row
 * stands beside its formula (score/criteria.h lists them). Smaller means less important: pruned first. */
#ifndef IPPRO_SCORE_CRITERION_H
#define IPPRO_SCORE_CRITERION_H

#include <stdatomic.h>
#include <stdbool.h>
#include "base/digest.h"
#include "base/pool.h"
#include "score/criterion_options.h"
#include "score/part.h"
#include "score/score.h"

struct criterion_input {
    const struct graph *graph;
    const struct layers *layers; /* all, of which this is one */
    const struct layer *layer;
    int layer_index;
    const struct score_statistics *statistics; /* NULL for criteria that need weights only */
    const struct criterion_options *options;   /* those that the row names; the defaults of the others */
    const struct criterion *criterion;         /* the row itself */
};

/* What a criterion says beside its scores, summed up per layer (zero where it has nothing to say). */
struct criterion_report {
    double max_a, max_b;         /* PROscore: lambda * max|a|, lambda * max|b| */
    int64_t sign_changes;        /* PROscore: channels whose D changed sign in the step */
    enum proscore_target target; /* PROscore: the target in fact used (filter where there is no BatchNorm) */
    double effective_gamma;      /* PROscore: lambda after the gradient scale */
    const char *lack; /* why the layer has no scores of this criterion, static text; NULL: it has */
};

/* What may stand behind a criterion's name and a colon: the name of an option's value ("taylor:weight"), or a
 * number that the criterion's `check` takes ("proscore:0.1"). */
struct criterion_variant {
    enum criterion_option option;   /* what it fixes */
    const char *what;               /* "a target", "a gamma over 0" */
    const char *(*name)(int index); /* names of the values; NULL: numbers */
    const char *(*help)(int index); /* what the value of that index is; NULL: help and manual list none */
    const char *number;             /* how help writes a number: "GAMMA" */
    bool whole;                     /* numbers are whole and not below 0 */
};

struct proscore_point;
struct criterion {
    const char *name, *title, *help; /* "taylor", "Taylor expansion", one sentence with the formula */
    const char *paper;               /* "arXiv 1906.10771", or NULL */
    bool headline;                   /* `all` has it */
    bool preferred;                  /* shown first where nobody says which; one row */
    /* Why it has no scores of a layer whatever the images, static text; NULL: it has. No function: it has of
     * all. */
    const char *(*lack)(const struct layer *layer);
    bool logarithm; /* its scores are logarithms, and are called so */
    bool spread;    /* layers are worth a thread each */
    bool seeded;    /* drawn at random: a curve averages over seeds */
    /* enum criterion_option, or-ed: all that its scores depend on. Scores are computed anew when one of these
     * has changed, and its functions are shown no others. */
    unsigned options;
    const struct criterion_variant *variants; /* up to one without `what`; NULL: there are none */
    /* Needs under these options for this layer (BatchNorm or not); NULL: always `fixed_needs`. */
    unsigned (*needs)(const struct layer *layer, const struct criterion_options *options);
    unsigned fixed_needs;
    /* Do its scores depend on how the pass cut the sample into batches? NULL: never. */
    bool (*batched)(const struct criterion_options *options);
    /* STATUS_RANGE for options that it cannot compute with; NULL: it can with all. */
    status (*check)(const struct criterion_options *options, struct error *error);
    /* What it is on parts of weights (score/part.h): `part`, or under these options what the function says. A
     * row that has neither scores filters as a whole and nothing else. */
    struct part_measure part;
    struct part_measure (*part_of)(const struct criterion_options *options);
    void *owner;              /* whose it is; NULL for the rows of the program's own table */
    const char *file;         /* the program that defined it, its whole path; NULL: none, or typed */
    char digest[DIGEST_SIZE]; /* SHA-256 of that file as it was read, "" without one */
    /* scores: layer->channels doubles. PROscore gives its logarithm. One that cannot score this layer says so
     * in report->lack, which is no failure. */
    status (*score)(const struct criterion_input *input, double *scores, struct criterion_report *report,
                    struct error *error);
    /* The layer's filters as points from which any gamma takes its scores (proscore_layer.h); NULL: it takes
     * no such step. */
    status (*points)(const struct criterion_input *input, struct proscore_point *points, struct error *error);
};

const struct criterion *criterion_find(const char *name);
const struct criterion *criterion_at(int index); /* in the order of display; NULL past the end */

/* Criteria that are made while the program runs stand behind the table's rows. The row and its texts are
 * copied; `owner` is not NULL. One of the same name that was added before is retired: scores that came from
 * it stay as they are, but it computes no more (STATUS_STATE). Rows are never freed, for scores name them.
 * Refused: a name that is taken by the table, or is no word of small letters, digits and hyphens. Only while
 * nothing else looks at the table. */
status criterion_add(const struct criterion *row, const struct criterion **added, struct error *error);
void criterion_retire(const void *owner); /* all of this owner */
/* Why it can score no layer at all, whatever the images, and the first layer (no output layer) that this is
 * said of; NULL: it can score one. */
const char *criterion_lack(const struct criterion *criterion, const struct layers *layers, int *layer);
bool criterion_is_retired(const struct criterion *criterion);
/* What a criterion needs for all layers that are scored: enum score_need, or-ed. Or these over the criteria
 * in use. */
unsigned criterion_needs(const struct layers *layers, const struct criterion *criterion,
                         const struct criterion_options *options);
/* What the criterion is on parts of weights under these options. */
struct part_measure criterion_part(const struct criterion *criterion,
                                   const struct criterion_options *options);

/* Scores of one criterion for every layer that it can score. NULL rows for the others: output layers, and
 * those that lack something (reports[i].lack). */
struct scores {
    const struct criterion *criterion;
    struct criterion_options options;
    int layer_count;
    double **layer; /* layer[i]: channels doubles, or NULL */
    struct criterion_report *reports;
    int shares; /* owners beside the first */
    /* How far the halves of the sample agree, kept here by who has found it out: it takes as long as scoring.
     */
    _Atomic double halves_agree;
    atomic_bool halves_known;
};
/* Errors name the layer: STATUS_STATE when no pass over images has computed what the criterion needs, or when
 * there is a layer to score and it can score none; STATUS_NAN for a score that is not a number; STATUS_RANGE
 * for a gamma that is not positive. The pool, which may be NULL, is for criteria that take time; the same
 * bits come without it. */
status scores_compute(const struct graph *graph, const struct layers *layers,
                      const struct criterion *criterion, const struct criterion_options *options,
                      const struct score_statistics *statistics, struct pool *pool, struct scores **scores,
                      struct error *error);
/* One more owner; each calls scores_free once. */
struct scores *scores_retain(struct scores *scores); /* NULL is fine */
void scores_free(struct scores *scores);             /* NULL is fine */

/* Channels of one layer from least to most important; ties by channel. order: count integers. Refuses NaN. */
status scores_rank(const double *scores, int64_t count, int64_t *order, struct error *error);

#endif
