/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which channels go: from ratios to counts, from scores to the classes that are removed. */
#ifndef IPPRO_PRUNE_SELECTION_H
#define IPPRO_PRUNE_SELECTION_H

#include "prune/coupling.h"
#include "score/criterion.h"

enum rounding { ROUND_FLOOR, ROUND_PRUNE_FLOOR };

/* How many of `channels` go at a ratio in 0..1: floor: C - floor(C*(1-p) + 1e-9); prune-floor: floor(C*p +
 * 1e-9). At least one channel stays. */
int64_t pruned_count(int64_t channels, double ratio, enum rounding rounding);
const char *rounding_name(int index); /* "floor", "prune-floor", NULL past the end */

/* How the scores of a class's members become one. */
enum combination { COMBINE_MEAN, COMBINE_SUM, COMBINE_MAX, COMBINE_MIN, COMBINE_FIRST };
const char *combination_name(int index); /* "mean", "sum", "max", "min", "first"; NULL past the end */

/* class_score: class_count doubles, written: the scores of a class's filters combined (prune/group_score.h
 * has more to say of a class). Depthwise filters do
 * not count, they only follow the channel that another layer makes. NaN marks what is never selected: locked
 * classes and those without a scored member (channels that nothing but an output layer makes). A score that
 * is NaN itself is refused with the layer's name (STATUS_NAN). */
status class_scores(const struct coupling *coupling, const struct scores *scores, enum combination combine,
                    double *class_score, struct error *error);

/* Everything, or each kind of blocks by itself, with the ratio for each (prune/isomorphic.h). */
enum rank_scope { RANK_NETWORK, RANK_ISOMORPHIC };
const char *rank_scope_name(int index); /* "network", "isomorphic", NULL past the end */

struct select_options {
    enum rounding rounding;
    int64_t round_to; /* a block that loses classes keeps a multiple of this, never zero; 1: any number */
    int64_t minimum;  /* classes that stay in every block, at least 1 */
    double cap;       /* global: largest ratio of one block, 0..1; 1: none */
    enum rank_scope scope; /* global: what is ranked together */
};

/* How many of a block of so many classes go where `asked` are to: as many, as far as minimum and round_to
 * allow. */
int64_t select_allowed(int64_t classes, int64_t asked, const struct select_options *options);

/* What could not be done as asked. */
struct select_warning {
    int block;           /* -1: not about one block */
    int64_t asked, done; /* classes; channels of layers where all blocks are ranked together */
    const char *why;     /* static text */
};

struct selection {
    bool *removed; /* per class */
    int class_count;
    int64_t count; /* classes removed */
    struct select_warning *warnings;
    size_t warning_count, warning_capacity;
};

/* Classes from the lowest score, for qsort: ties by layer, then channel, in which order classes stand. */
struct ranked_class {
    double score;
    int class_index;
};
int ranked_class_compare(const void *a, const void *b);

void selection_free(struct selection *selection);

/* No value of the network may lose all its channels (a branch that reads a slice of a stream can, though
 * every layer keeps some): where one would, the class with the highest score comes back. class_score may be
 * NULL: the first class then. Returns how many classes came back. The select functions below do this at their
 * end and warn. */
int64_t selection_keep_alive(const struct coupling *coupling, const double *class_score, bool *removed);

/* Each block loses its lowest classes at its own ratio (per block, 0..1); ties by layer, then channel.
 * Refused with the layer's name: a ratio outside 0..1 or NaN (STATUS_RANGE), one other than 0 for a locked
 * block (STATUS_STATE). The selection is written only on success and then owned by the caller, in both
 * functions. */
status select_by_ratio(const struct coupling *coupling, const double *class_score, const double *ratio,
                       const struct select_options *options, struct selection *selection,
                       struct error *error);

/* All free classes of the blocks in `included` (per block) ranked together; the lowest go until exactly
 * `ratio` of their layer channels (rounded by the rule) are gone, as far as minimum, cap and round_to allow.
 * A class of several layer channels that would go beyond is passed over for later ones. Ties by layer, then
 * channel. With RANK_ISOMORPHIC so for each kind of blocks by itself. A ratio or cap outside 0..1 is refused
 * (STATUS_RANGE). */
status select_global(const struct coupling *coupling, const double *class_score, double ratio,
                     const bool *included, const struct select_options *options, struct selection *selection,
                     struct error *error);

#endif
