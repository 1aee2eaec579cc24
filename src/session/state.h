/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The changeable content of the session as a value: immutable parts, each counted, so that a state costs as
 * much as what it does not share with others. Weights are shared between networks too. Parts are counted by
 * base/share.h: owners may be in different threads. What a pruning makes when it is first run (pruning_graph)
 * is for the thread that runs commands alone. */
#ifndef IPPRO_SESSION_STATE_H
#define IPPRO_SESSION_STATE_H

#include "data/dataset.h"
#include "session/board.h"
#include "session/pruning.h"
#include "view/theme.h"

struct state {
    struct model *model;     /* NULL: none */
    struct dataset *dataset; /* NULL: none */
    struct board *board;
    struct options *options; /* from options_share */
    struct theme *theme;     /* NULL: no theme could be found; plain text then */
    struct pruning *pruning; /* NULL without a model */
};

/* The same state once more: one more owner of every part. */
struct state state_retain(const struct state *state);
void state_free(struct state *state);
bool state_equal(const struct state *a, const struct state *b); /* the very same parts */

/* What names the parts of a state: digests, "" where there is none. */
struct state_names {
    char model[DIGEST_SIZE];   /* of the network's file */
    char data[DIGEST_SIZE];    /* of the records */
    char network[DIGEST_SIZE]; /* the network that is left, as model->network */
};
void state_names(const struct state *state, struct state_names *names);
/* The same without the data, whose digest may have to be waited for. */
void state_network_names(const struct state *state, struct state_names *names);

/* Bytes of weights, images, statistics, scores and selections that a state holds and the one before it (NULL:
 * none) does not: an estimate from above, without names and other small things. */
size_t state_bytes(const struct state *state, const struct state *before);

/* Options as a part of states: a counted copy, or NULL when memory is out. */
struct options *options_share(const struct options *options);
struct options *options_retain(struct options *options);
void options_free(struct options *options); /* NULL is fine */

#endif
