/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ratios found by the machine: how many channels each part of a network loses so that what is left fits a
 * budget, or keeps its accuracy.
 *
 * A candidate says how many classes of each block go, the lowest-scored first; that is what `prune` takes at
 * the ratio count / classes of the block. What a candidate costs follows from shapes alone; how well it does
 * is measured on a sample, without fine-tuning, by masks (stats/masked_pass.h), which equals a real prune.
 * Everything measured is kept: another method, another budget and a search that was cancelled find it there.
 *
 * Methods:
 *   uniform   one ratio for every block, found by bisection
 *   global    all classes ranked together by score, the lowest share goes; the share is found by bisection
 *   greedy    step by step: every block is tried with a step more, and the one that does least harm for what
 *             it saves is taken (Li et al., "Pruning Filters for Efficient ConvNets", arXiv:1608.08710,
 *             section 3.3, prune by measured sensitivity; the loop over measured trials is NetAdapt's,
 *             Yang et al., arXiv:1804.03230, algorithm 1, without its fine-tuning)
 *   lagrange  harm of each block alone at several counts (the sensitivity table), then the least
 *             sum of harm - multiplier * saving, the multiplier by bisection (Shoham and Gersho, "Efficient
 * bit allocation for an arbitrary set of quantizers", 1988); then the same from what was found, with harms
 * measured there, until nothing is won
 *
 * Harm is what a prune adds to the mean loss, or takes from the accuracy (ties by loss). A saving is what it
 * takes from the costs that are over their budgets, in units of the budgets. */
#ifndef IPPRO_SEARCH_SEARCH_H
#define IPPRO_SEARCH_SEARCH_H

#include "data/sampler.h"
#include "nn/engine/quality.h"
#include "nn/engine/run.h"
#include "prune/selection.h"

enum search_cost {
    SEARCH_MACS,       /* multiply-adds of one image (COST_MACS) */
    SEARCH_PARAMETERS, /* prune/cost.h */
    SEARCH_MEMORY,     /* bytes of all layers' outputs in float, of one image */
    SEARCH_LATENCY,    /* seconds, as the search's `latency` says; NaN in searches without a limit of it */
    SEARCH_COSTS
};

const char *search_method_name(int index); /* "uniform" ... "lagrange", NULL past the end */
bool search_method_measures(int index);    /* needs images whatever it is to reach */

enum search_harm { SEARCH_HARM_LOSS, SEARCH_HARM_ACCURACY };
const char *search_harm_name(int index); /* "loss", "accuracy", NULL past the end */

struct search_settings {
    const struct coupling *coupling; /* borrowed, with its graph, while the search lives */
    const struct dataset *dataset;   /* borrowed likewise; NULL: nothing can be measured */
    const struct sample *sample;     /* copied, like all that follows; NULL without a data set */
    const double *class_score;       /* per class, as class_scores makes them */
    const bool *included; /* per block: those to prune; NULL: all. Locked ones and those without a score are
                             left out in any case */
    struct select_options select; /* cap counts for every method */
    enum element_type real;
    enum kernel_choice kernel;
    int64_t micro_batch;
};

/* What to find. */
struct search_goal {
    int method;                 /* as search_method_name counts */
    double limit[SEARCH_COSTS]; /* what may be left at most; INFINITY: any */
    double keep;                /* accuracy (a share of one) that may be lost on the sample; INFINITY: any */
    double step; /* of a block's classes: a step of greedy, the grid of lagrange; over 0, to 1 */
    enum search_harm harm;
};

struct search_candidate {
    int *count; /* per block: classes that go */
    double cost[SEARCH_COSTS];
    bool judged;        /* what follows was measured */
    double value, loss; /* accuracy or mIoU, mean loss; NaN where no image has an answer */
    int64_t right, first_five, unanswered;
    int method; /* that had it judged first */
    int used;   /* the last run that asked how well it does */
};

struct search {
    int candidate_count;
    struct search_candidate *candidates; /* the first is the whole network; owned, as all */
    int judged, pending;                 /* how many of them are, and how many are in the pass that runs */
    int64_t images;                      /* in the sample */
    enum quality_kind measure;           /* of what was judged */
    size_t memory;                       /* of the next run, in bytes, as in nn/engine/run.h; 0: no bound */
    /* Seconds without these classes (per class), for runs with a limit of latency. Asked anew in every run.
     * The caller may set both between runs, like the next two. */
    status (*latency)(void *argument, const bool *removed, double *seconds, struct error *error);
    void *latency_argument;
    /* When not NULL: called between micro-batches. */
    void (*watch)(void *argument, const struct search *so_far);
    void *watch_argument;
    struct search_state *state; /* its own */
};

/* What came out. */
struct search_outcome {
    int found;        /* the candidate */
    bool hit;         /* some budget is met within 1 %, or there is none */
    int steps;        /* of greedy; rounds of lagrange; bisections */
    int judged, held; /* candidates judged for it, and those that were judged before */
    double seconds;
};

/* Nothing is measured yet. Refused: a sample without images, no free block with scores (STATUS_RANGE). */
status search_new(const struct search_settings *settings, struct search **search, struct error *error);
void search_free(struct search *search); /* NULL is fine */

/* Find a candidate. With no limit at all, the smallest network that keeps the accuracy; with limits, one
 * that meets them all, as close to them as its channels let it. Refused (STATUS_RANGE), with what can be
 * reached instead: a limit that no candidate meets, limits that the whole network meets, and an accuracy that
 * cannot be kept within the limits. STATUS_STATE: images are needed and there are none. Where there are, the
 * whole network and the candidate found are judged. On failure (STATUS_CANCELLED too) what was judged stays,
 * and the next call goes on from there. Bit for bit the same for any number of threads and of interruptions.
 */
status search_run(struct search *search, const struct search_goal *goal, struct pool *pool,
                  struct progress *progress, struct search_outcome *outcome, struct error *error);

/* Ratios that make `prune` remove what the candidate does, per block. */
void search_ratios(const struct search *search, int candidate, double *ratio);
/* Per candidate: judged, and no other one that was judged has a higher accuracy at the same multiply-adds or
 * fewer, nor the same accuracy at fewer. front: candidate_count, written. STATUS_MEMORY. */
status search_front(const struct search *search, bool *front, struct error *error);

#endif
