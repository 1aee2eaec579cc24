/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Views: how the elements of a value, in their order, lie in the memory of another one that they are copied
 * from by slicing, transposing and reshaping alone. A dimension is a list of atoms, each a count and a stride
 * of that memory, the outermost first. */
#ifndef IPPRO_NN_FUSED_TOKEN_VIEW_H
#define IPPRO_NN_FUSED_TOKEN_VIEW_H

#include "nn/fused/internal.h"

enum { ATOMS_MOST = 16 };

struct atom {
    int64_t count, stride;
};

struct view {
    int base; /* the value whose memory it is */
    int64_t offset;
    double factor; /* a number that all elements are multiplied with on the way */
    int rank;
    int atoms[TENSOR_MAX_RANK]; /* per dimension: how many; they lie one after the other in `atom` */
    int atom_count;
    struct atom atom[ATOMS_MOST];
};

/* A value as it is. */
struct view view_of(const struct fused *fused, int value);
/* What step p of the plan makes of the view of its input `index`, as its output `output`; false, and nothing
 * happens, where that is no view. A list of atoms that is too long is none. */
bool view_follow(const struct fused *fused, int p, int output, struct view *view);
/* The same as seen from a value: through all steps that only move it, as far as no probe looks at what is
 * between. */
struct view view_trace(const struct fused *fused, const int *producer, int value);
/* The atom of dimension d where it has one alone; a dimension of 1 has {1, 0}. */
bool view_atom(const struct view *view, int d, struct atom *atom);
/* Offset of element `index` along dimension d. */
int64_t view_at(const struct view *view, int d, int64_t index);

#endif
