/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layers by stage: the rows of the layers pane and the cursor among them, which other panes follow. */
#ifndef IPPRO_TUI_LAYER_TREE_H
#define IPPRO_TUI_LAYER_TREE_H

#include <stdbool.h>
#include <stddef.h>

struct layers;

/* A layer, or a stage with its layers below it. */
struct layer_row {
    int first, count;   /* layers */
    bool stage, inside; /* inside: below a stage */
    char *name;         /* of the stage, without the separator; NULL of a layer */
    char separator;     /* behind the stage's name */
};

/* by: the column of the pane (layer_draw.h) that rows are sorted by, counted from 1; 0: as in the network. */
struct layer_order {
    int by;
    bool falling;
};

struct layer_tree {
    struct layer_row *rows;
    int count;
    size_t capacity;
    bool *closed; /* per layer that begins a stage */
    int *order;   /* layers as they are shown, one by one; NULL: by stage, as in the network. Owned */
    struct layer_order sorted; /* what the order is to be; who shows the rows sees to it (layer_sort.h) */
    int cursor;
};

/* The tree of a network, all stages open, the cursor at its beginning; without layers (NULL), or memory, an
 * empty one. */
void layer_tree_reset(struct layer_tree *tree, const struct layers *layers);
void layer_tree_free(struct layer_tree *tree);
/* The rows anew, those of closed stages left out; in an order of its own without stages. Without layers there
 * are none. False when memory is out. */
bool layer_tree_fill(struct layer_tree *tree, const struct layers *layers);
/* The rows anew in an order of all layers, whose ownership passes, or by stage (NULL). The cursor stays on
 * its layer, or goes to the closed stage that this is in. */
void layer_tree_arrange(struct layer_tree *tree, const struct layers *layers, int *order);
/* The cursor on a layer, or on the closed stage that it is in. */
void layer_tree_go_to(struct layer_tree *tree, int layer);
/* The row under the cursor; NULL when there is none. */
const struct layer_row *layer_tree_current(const struct layer_tree *tree);
/* The row of the stage that the cursor is on or in; -1 when there is none. */
int layer_tree_stage(const struct layer_tree *tree);
/* The row's name in the tree, borrowed. */
const char *layer_row_text(const struct layer_row *row, const struct layers *layers);
/* What commands call the row: a layer's name, a stage's, or a pattern where the stage's name means something
 * else. Owned by the caller; NULL where the pattern would be a layer's name, and when memory is out. */
char *layer_row_target(const struct layer_row *row, const struct layers *layers);

#endif
