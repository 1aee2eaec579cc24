/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the methods of a search share. */
#ifndef IPPRO_SEARCH_INTERNAL_H
#define IPPRO_SEARCH_INTERNAL_H

#include "search/search.h"

struct masked_pass;

/* One free block. */
struct room {
    const int *order; /* its scored classes, the lowest score first */
    int scored;
    int most; /* classes that may go: by minimum, cap, round_to and scores; 0: it is left alone */
};

struct search_state {
    struct search_settings settings; /* pointers to the caller's arrays are not used after search_new */
    struct sample sample;            /* owned copy */
    struct arena *arena;             /* of rooms and counts */
    struct room *rooms;              /* per block */
    bool *included;                  /* per block: its room has a most over 0 */
    double *class_score;
    size_t candidate_capacity;
    int *table; /* candidates by hash of their counts, -1: free */
    size_t table_size;
    bool *removed; /* scratch, per class */
    bool timed;    /* candidates of this run have a latency */
    int run;       /* number of this run */
    /* The pass that was not finished, and what it is of. */
    struct masked_pass *pass;
    int pass_base, pass_count;
    int *pass_list;
};

/* One run. */
struct search_work {
    struct search *search;
    const struct search_goal *goal;
    struct pool *pool;
    struct progress *progress;
    struct search_outcome *outcome;
    bool limited;                /* some limit is finite */
    double floor;                /* the least accuracy; -INFINITY: any */
    double weight[SEARCH_COSTS]; /* of a saving: how much each cost is over its limit */
};

/* --- space.c: counts that a block may lose -------------------------------------------------------------- */

status space_new(struct search *search, const struct search_settings *settings, struct error *error);
/* The largest number that may go, `asked` at most. */
int space_at_most(const struct search *search, int block, int asked);
/* The smallest that is at least `step` more than `count`, or else the largest there is; `count` where there
 * is no more. */
int space_more(const struct search *search, int block, int count, int step);
/* The largest that is at least `step` less, 0 at last. */
int space_less(const struct search *search, int block, int count, int step);
/* A share of a block in classes, 1 at least. */
int space_step(const struct search *search, int block, double share);

/* --- candidates.c --------------------------------------------------------------------------------------- */

/* The candidate with these counts, made where there is none. */
status candidate_find(struct search *search, const int *count, int *index, struct error *error);
/* The same, with the count of one block in the place of what `base` has. */
status candidate_vary(struct search *search, int base, int block, int count, int *index, struct error *error);
/* Classes that are gone, per class, owned by the caller. NULL without memory. */
bool *candidate_removed(const struct search *search, int index);
/* Judge those of `list` that are not judged yet, and the base, in one pass in which the masks share what they
 * have in common with the base. */
status candidates_judge(struct search_work *work, int base, const int *list, int count, struct error *error);

/* --- budget.c ------------------------------------------------------------------------------------------- */

/* The highest cost in units of its limit: met up to 1. 0 without limits. */
double budget_excess(const struct search_work *work, int candidate);
bool budget_met(const struct search_work *work, int candidate);
/* What is saved between two candidates, in units of the limits that `from` exceeds. */
void budget_weigh(struct search_work *work, int from);
double budget_saving(const struct search_work *work, int from, int to);
/* What is lost. INFINITY where it has no answer for any image. Both are judged. */
double search_loss(const struct search_work *work, int from, int to);
bool accuracy_kept(const struct search_work *work, int candidate);
/* From a candidate that misses the limits towards more of one block: the smallest count that meets them,
 * `most` at last. */
status budget_trim(struct search_work *work, int base, int block, int most, int *index, struct error *error);
/* From one that meets the limits by more than 1 %: blocks get channels back, one step each time, of all that
 * still meet the limits the one that comes closest. */
status budget_fill(struct search_work *work, int *index, struct error *error);

/* --- methods, each on a search whose limits can be met -------------------------------------------------- */

status search_uniform(struct search_work *work, int *found, struct error *error);
status search_global(struct search_work *work, int *found, struct error *error);
status search_greedy(struct search_work *work, int *found, struct error *error);
status search_lagrange(struct search_work *work, int *found, struct error *error);

#endif
