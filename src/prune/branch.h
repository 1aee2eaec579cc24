/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Residual branches that can go as a whole.
 *
 * Where a network adds to a value what a branch makes of that same value, output = input + branch(input), the
 * branch can be left out: the input goes on in the place of the sum. Where a Relu stands behind the sum and
 * one in front of it, it goes too, for of what is not negative a Relu makes nothing else. A shortcut that is
 * a projection, or pads and slices, has no such identity: its branch stays.
 *
 * A selection says so without words of its own: a branch is gone when all *its* classes are removed, those of
 * channels that exist nowhere but inside it. No selection of channels does that, for a layer always keeps
 * one. Mask, surgery, counting and checks then take the branch with all its layers, those too whose channels
 * are also channels of the stream. */
#ifndef IPPRO_PRUNE_BRANCH_H
#define IPPRO_PRUNE_BRANCH_H

#include "prune/coupling.h"
#include "score/criterion.h"

struct edit;

struct branch {
    const char *name; /* "layer1.0": what its layers' names begin with alike, else the first of them */
    const char *why;  /* it has to stay: static words behind "stays: "; NULL: it can go */
    int sum;          /* node that adds it */
    int shortcut;     /* value that it starts from and is added to */
    int end;          /* value that is added */
    int relu;         /* node behind the sum that goes with it, or -1 */
    const int *nodes; /* between shortcut and end, ascending */
    int node_count;
    const int *layers; /* of these nodes, ascending; at least one */
    int layer_count;
    const int *classes; /* its own, ascending */
    int class_count;
};

/* Called by coupling_build at its end: branches with at least one layer, by their sums. */
status branches_find(struct coupling *coupling, struct error *error);

bool branch_is_gone(const struct branch *branch, const bool *removed); /* removed: per class */
/* Mark the branch's classes. */
void branch_remove(const struct branch *branch, bool *removed);

/* What goes of the graph with the branches that are gone. */
struct branch_cut {
    const bool *dead;   /* per node: it goes; NULL: no branch is gone, no node goes */
    const int *instead; /* per value: the one that its readers read then, itself as a rule; NULL likewise */
};
/* `removed` may be NULL. Memory from the arena; false when it is out. */
bool branches_cut(const struct coupling *coupling, const bool *removed, struct arena *arena,
                  struct branch_cut *cut);
/* Likewise per layer: is its own node dead? */
bool branch_cut_layer(const struct branch_cut *cut, const struct layer *layer);

/* Make the branch's end zero: scale and shift of its last BatchNorm, or weights and bias of its last layer,
 * whatever stands last. */
status branch_zero(const struct coupling *coupling, const struct branch *branch, struct edit *edit,
                   struct error *error);

/* Scores of branches, one double each: the mean over their layers of the mean over a layer's channels; with
 * another combination its sum, largest or smallest in both places. Layers without scores have no voice; NaN
 * for a branch without any other, and for one that has to stay. A score that is NaN itself is refused with
 * the layer's name (STATUS_NAN). combine: enum combination of prune/selection.h. */
status branch_scores(const struct coupling *coupling, const struct scores *scores, int combine,
                     double *branch_score, struct error *error);

#endif
