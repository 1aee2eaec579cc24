/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One score for all that goes with a channel, and the ways in which other programs find it.
 *
 * A class has members (prune/members.h); each has a score, a reduction makes one of them, and a normaliser
 * makes the scores of different blocks comparable. Two programs that say "L2" and mean different things are
 * two rows of a table here (`compat`). */
#ifndef IPPRO_PRUNE_GROUP_SCORE_H
#define IPPRO_PRUNE_GROUP_SCORE_H

#include "prune/members.h"
#include "prune/selection.h"

/* Which parts have a voice: the filters that make a channel, or every part that goes with it. */
enum member_set { MEMBERS_MAKERS, MEMBERS_ALL };
const char *member_set_name(int index); /* "makers", "all", NULL past the end */

/* What the scores of a block are divided by: their mean, maximum or sum; lamp: each by the sum of itself and
 * of all that are not smaller (Lee et al. 2021, arXiv 2010.07611, eq. 4). Where that is 0 nothing is divided.
 */
enum normaliser { NORMALISE_NONE, NORMALISE_MEAN, NORMALISE_MAX, NORMALISE_SUM, NORMALISE_LAMP };
const char *normaliser_name(int index); /* "none", "mean", "max", "sum", "lamp"; NULL past the end */

/* Whose definitions are followed:
 *   paper           the criterion's own, over makers, mean.
 *   torch-pruning   1.6: all members, mean, divided by the block's mean. Sums of squares without their root;
 *                   distances of squared weights; BatchNorm's scales only where there are no gradients; of
 * the columns that one channel has behind a flatten each is scored by itself, and these are added (max: the
 * last counts); `first` is the layer that a walk from the output meets first. nni             2.10: makers,
 * sum (its dependency-aware mode). */
enum compat { COMPAT_PAPER, COMPAT_TORCH_PRUNING, COMPAT_NNI };
const char *compat_name(int index); /* "paper", "torch-pruning", "nni"; NULL past the end */

struct group_rule {
    enum compat compat;
    enum member_set members;
    enum combination combine;
    enum normaliser normaliser;
};
/* What a program does where nothing else is said. */
struct group_rule group_rule_of(enum compat compat);

/* class_score: class_count doubles, written. Where the rule is paper's own over makers, the scores of the
 * filters combined. Depthwise filters do not count, they only follow the channel that another layer makes.
 * NaN marks what is never selected: locked classes and those without a scored member (channels that nothing
 * but an output layer makes). A score that is NaN itself is refused with the layer's name (STATUS_NAN).
 * statistics: of the pass that the scores are from; NULL for scores from weights. STATUS_STATE: parts need
 * gradients that the pass has not computed. A criterion without a meaning on parts (group_takes_filters) has
 * filters alone for members, whatever the rule says. */
status group_scores(const struct coupling *coupling, const struct scores *scores,
                    const struct score_statistics *statistics, const struct group_rule *rule,
                    double *class_score, struct error *error);
/* Does a criterion of this rule score filters only although all members are asked for? */
bool group_takes_filters(const struct scores *scores, const struct group_rule *rule);
/* The kinds of parts that have a voice, enum part_kind as bits. */
unsigned group_kinds(const struct scores *scores, const struct group_rule *rule);
/* The order in which a rule takes members (prune/members.h). */
enum member_order group_order(enum compat compat);

#endif
