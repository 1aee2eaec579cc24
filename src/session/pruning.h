/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is to be pruned: the ratio of every block, and the channels that are selected now. Immutable and
 * counted, one per state; a command copies it, changes the copy and puts it into the next state. */
#ifndef IPPRO_SESSION_PRUNING_H
#define IPPRO_SESSION_PRUNING_H

#include "prune/group_score.h"
#include "session/model.h"
#include "session/words/choice.h"

/* How a selection is made. */
struct pruning_rule {
    char criterion[CHOICE_LABEL_SIZE]; /* "": none yet */
    bool global;                       /* one ranking over all blocks */
    double ratio;                      /* of all channels when global */
    int64_t blocks;                    /* residual blocks that go whole (prune/branch.h) */
    struct group_rule grouping;
    struct select_options options;
};

/* What a recipe says about the rule: the rest comes from the command that prunes. */
enum pruning_fixed {
    RULE_ROUND = 1,
    RULE_COMBINE = 2,
    RULE_ROUND_TO = 4,
    RULE_MINIMUM = 8,
    RULE_CAP = 16,
    RULE_BLOCKS = 32,
    RULE_COMPAT = 64,
    RULE_MEMBERS = 128,
    RULE_NORMALISER = 256,
};

struct pruning {
    int shares;     /* owners beside the first */
    double *ratio;  /* per block of the model's coupling: 0 is left alone */
    bool *chosen;   /* per block: its ratio was set, be it to 0 */
    bool *excluded; /* per block: "all", "streams", "inner" and a ratio for everything pass it by */
    int block_count;
    struct pruning_rule rule; /* of the last recipe or selection */
    unsigned fixed;           /* enum pruning_fixed */
    bool *removed;            /* per class */
    int class_count;
    int64_t removed_count;       /* classes */
    char *how;                   /* one line: how the selection was made; NULL: nothing is selected */
    char scored_on[DIGEST_SIZE]; /* digest of the data that its scores are from; "": from weights */
    struct select_warning *warnings;
    size_t warning_count;
    char network[DIGEST_SIZE]; /* names the network that is left, as model->network */
    struct cost cost;          /* of what is left; layers NULL while nothing is selected */
    struct graph *masked;      /* made when it is first run (pruning_graph); NULL before */
};

/* Nothing set, nothing selected. */
status pruning_new(const struct model *model, struct pruning **pruning, struct error *error);
/* A copy to change: ratios, rule and selection, without what follows from the selection. */
status pruning_copy(const struct pruning *pruning, struct pruning **copy, struct error *error);
/* One more owner; each calls pruning_free once. NULL is fine for both. */
struct pruning *pruning_retain(struct pruning *pruning);
void pruning_free(struct pruning *pruning);

struct target;
/* Set the ratio of the target's blocks, or exclude them. `gently` leaves blocks alone that are excluded.
 * Returns how many it left alone. */
int pruning_set_ratio(struct pruning *pruning, const struct target *target, double ratio, bool excluded,
                      bool gently);
/* Is the ratio of any block over 0? */
bool pruning_has_ratio(const struct pruning *pruning);
/* Select by the ratios and the rule with the given scores (of the rule's criterion), and the statistics of
 * the pass that they are from (NULL: from weights): first whole blocks, those of the lowest scores
 * (branch_scores), then channels of what is left. More blocks than can go are refused (STATUS_RANGE). */
status pruning_select(struct pruning *pruning, const struct model *model, const struct scores *scores,
                      const struct score_statistics *statistics, struct error *error);
/* What would be left if every block lost the share that its ratio asks for. Which of its channels go makes no
 * difference to that, so no scores are needed. Fast enough to follow every key press. Freed by cost_free. */
status pruning_plan(const struct pruning *pruning, const struct model *model, struct cost *cost,
                    struct error *error);
/* As many classes of every block as are selected now, or where nothing is selected as its ratio asks for,
 * under other options: into `removed`, per class. Which of a block's classes go is not said. */
status pruning_choose_any(const struct pruning *pruning, const struct model *model,
                          const struct select_options *options, bool *removed, struct error *error);
/* After `removed` was changed: network name and costs of what is left. */
status pruning_settle(struct pruning *pruning, const struct model *model, struct error *error);
/* The network that is left: the model's own while nothing is selected, else masked. Borrowed; it lives as
 * long as the model and the pruning. */
status pruning_graph(struct pruning *pruning, const struct model *model, const struct graph **graph,
                     struct error *error);
/* Let go of the masked network: states that are not present need none. */
void pruning_forget(struct pruning *pruning); /* NULL is fine */
/* What the network costs now. */
const struct cost *pruning_cost(const struct pruning *pruning, const struct model *model);
/* Channels of a layer that stay. */
int64_t pruning_kept(const struct pruning *pruning, const struct model *model, int layer);
bool pruning_removes(const struct pruning *pruning, const struct model *model, int layer, int64_t channel);

#endif
