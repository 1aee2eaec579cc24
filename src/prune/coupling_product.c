/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Coupling through a product of two activations: q * k^T and attention * v, and what is made like them.
 *
 * Element (l, i, j) of the output is the sum over k of A(l, i, k) * B(l, k, j). Where both operands differ
 * along the leading axes (heads) and along one of their matrices' axes (the head's width) too, what stays can
 * only be rectangular: whole heads, or the same part of every head (enum head_mode). Labels along the
 * contraction tie position k of A to position k of B. */
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/operator/plan.h"
#include "prune/coupling.h"
#include "prune/coupling_internal.h"
#include "prune/label.h"
#include "prune/operator_rules_internal.h"

/* An operand: along which axes its labels change, in terms of the output's leading axes and of the matrix. */
struct factor {
    const struct label_map *map;
    int shift;        /* its axis a is the output's axis a + shift, where that is a leading one */
    int kept, summed; /* its own axes: rows of A or columns of B, and the one that is summed */
    unsigned lead;    /* bit set of the output's axes */
    bool along_kept, along_summed;
};

static unsigned lead_axes(const struct factor *f, unsigned own)
{
    unsigned matrix = 1u << f->kept | 1u << f->summed;
    return (own & ~matrix) << f->shift;
}

/* The operand's own axes for leading axes of the output. */
static unsigned own_axes(const struct factor *f, unsigned lead)
{
    return lead >> f->shift;
}

/* Axes along which labels change, as far as they are not united. */
static unsigned changing_axes(struct builder *b, const struct label_map *map)
{
    int64_t index[TENSOR_MAX_RANK] = {0}, position = 0;
    unsigned axes = 0;
    do {
        int root = forest_find(&b->forest, map->labels[position++]);
        for (int axis = 0; axis < map->shape.rank; axis++) {
            int64_t at = index[axis];
            index[axis] = 0;
            if (forest_find(&b->forest, label_map_at(map, index)) != root)
                axes |= 1u << axis;
            index[axis] = at;
        }
    } while (index_next(index, &map->extent));
    return axes;
}

static void look_at(struct builder *b, struct factor *f)
{
    unsigned own = changing_axes(b, f->map);
    f->lead = lead_axes(f, own);
    f->along_kept = own >> f->kept & 1;
    f->along_summed = own >> f->summed & 1;
}

/* What its classes are to heads, for words. */
static void note_heads(struct builder *b, const struct factor *f)
{
    bool whole = b->coupling->heads == HEADS_WHOLE;
    b->coupling->headed[f->map - b->coupling->maps] = whole ? HEAD_WHOLE : HEAD_PART;
}

/* Unite an operand's labels along some of the output's leading axes, and along one of its own (-1: none). */
static void unite(struct builder *b, struct factor *f, unsigned lead, int axis)
{
    coupling_unite_along(b, f->map, own_axes(f, lead) | (axis >= 0 ? 1u << axis : 0));
    look_at(b, f);
}

/* Positions of the contraction, the same in both; what is summed over them loses a part and is no channel of
 * its own. A part that is gone must count as zero in the masked network. */
static void tie_summed(struct builder *b, struct factor *a, struct factor *c)
{
    unite(b, a, a->lead, a->kept);
    unite(b, c, c->lead, c->kept);
    for (int64_t k = 0; k < a->map->shape.dim[a->summed]; k++)
        coupling_unite(b, label_map_along(a->map, a->summed, k), label_map_along(c->map, c->summed, k));
    b->coupling->sums_channels = true;
    if (!coupling_is_zero(b, a->map) && !coupling_is_zero(b, c->map))
        coupling_lock_map(b, a->map, LOCK_SUMMED, b->node);
    a->along_summed = c->along_summed = false;
}

/* Either the leading axes or the matrix's own stay free, never both. */
static void settle_heads(struct builder *b, struct factor *f)
{
    if (f->lead == 0 || !f->along_kept)
        return;
    bool whole = b->coupling->heads == HEADS_WHOLE;
    note_heads(b, f);
    unite(b, f, whole ? 0 : f->lead, whole ? f->kept : -1);
}

/* An operand that does not differ along a leading axis of the other must be broadcast along it. */
static bool has_single(const struct factor *f, unsigned lead)
{
    for (int axis = 0; axis < TENSOR_MAX_RANK; axis++)
        if ((lead >> axis & 1) && axis >= f->shift && f->map->shape.dim[axis - f->shift] != 1)
            return false;
    return true;
}

/* The operand's label at an index of the output. */
static int label_of(const struct factor *f, const int64_t *index, int rank, bool rows)
{
    int64_t own[TENSOR_MAX_RANK] = {0};
    for (int axis = 0; axis + f->shift < rank - 2; axis++)
        own[axis] = index[axis + f->shift];
    own[f->kept] = index[rows ? rank - 2 : rank - 1];
    return label_map_at(f->map, own);
}

static bool label_output(struct builder *b, int value, const struct factor *a, const struct factor *c)
{
    struct label_map *out;
    int rank = b->coupling->plan->values[value].shape.rank;
    bool first = a->lead != 0 || a->along_kept, second = c->lead != 0 || c->along_kept;
    unsigned axes =
        a->lead | c->lead | (a->along_kept ? 1u << (rank - 2) : 0) | (c->along_kept ? 1u << (rank - 1) : 0);
    if (!first && !second)
        return coupling_fresh_map(b, value, 0, &out);
    if (!coupling_new_map(b, value, axes, &out))
        return false;
    int64_t index[TENSOR_MAX_RANK] = {0}, position = 0;
    do {
        int label = first ? label_of(a, index, rank, true) : label_of(c, index, rank, false);
        if (first && second)
            coupling_unite(b, label, label_of(c, index, rank, false));
        out->labels[position++] = label;
    } while (index_next(index, &out->extent));
    return true;
}

/* false: what goes of one operand would have to go of the other, where it is something else. */
static bool tie_factors(struct builder *b, struct factor *a, struct factor *c)
{
    if (a->along_summed && c->along_summed && a->lead != 0 && a->lead == c->lead) {
        bool whole = b->coupling->heads == HEADS_WHOLE;
        note_heads(b, a);
        note_heads(b, c);
        unite(b, a, 0, whole ? a->summed : -1);
        unite(b, c, 0, whole ? c->summed : -1);
    }
    if (a->along_summed != c->along_summed)
        return false;
    if (a->along_summed)
        tie_summed(b, a, c);
    settle_heads(b, a);
    settle_heads(b, c);
    bool first = a->lead != 0 || a->along_kept, second = c->lead != 0 || c->along_kept;
    if (first && second && (a->lead != c->lead || a->along_kept || c->along_kept))
        return false;
    return has_single(a, c->lead & ~a->lead) && has_single(c, a->lead & ~c->lead);
}

bool couple_product(struct builder *b, int node_index)
{
    const struct node *node = &b->coupling->graph->nodes[node_index];
    struct coupling *coupling = b->coupling;
    struct factor a = {.map = &coupling->maps[node->inputs[0]]},
                  c = {.map = &coupling->maps[node->inputs[1]]};
    int rank = coupling->plan->values[node->outputs[0]].shape.rank;
    if (a.map->shape.rank < 2 || c.map->shape.rank < 2)
        return coupling_lock_node(b, node_index, LOCK_MIXED);
    a.shift = rank - a.map->shape.rank;
    c.shift = rank - c.map->shape.rank;
    a.kept = a.map->shape.rank - 2;
    a.summed = a.kept + 1;
    c.summed = c.map->shape.rank - 2;
    c.kept = c.summed + 1;
    look_at(b, &a);
    look_at(b, &c);
    if (!tie_factors(b, &a, &c))
        return coupling_lock_node(b, node_index, LOCK_MIXED);
    return label_output(b, node->outputs[0], &a, &c);
}
