/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layers in the order of a column. */
#include "tui/layer_sort.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "score/layer.h"
#include "tui/layer_facts.h"
#include "tui/layer_tree.h"

struct sorted_layer {
    double key; /* the lowest first */
    int layer;
};

static int compare_layers(const void *a, const void *b)
{
    const struct sorted_layer *left = a, *right = b;
    int missing = (isnan(left->key) != 0) - (isnan(right->key) != 0);
    int order = missing ? missing : (left->key > right->key) - (left->key < right->key);
    return order ? order : left->layer - right->layer;
}

static int *sorted(const struct explorer *explorer, const struct layer_facts *facts, struct layer_order order)
{
    int count = explorer->session->state.model->layers->count;
    struct sorted_layer *layers = mem_new((size_t)count + 1, sizeof *layers);
    int *made = mem_new((size_t)count + 1, sizeof *made);
    if (!layers || !made) {
        mem_free(layers);
        mem_free(made);
        return NULL;
    }
    for (int i = 0; i < count; i++) {
        const struct layer_row row = {.first = i, .count = 1};
        double key = layer_column_key(explorer, facts, &row, order.by - 1);
        layers[i] = (struct sorted_layer){order.falling ? -key : key, i};
    }
    qsort(layers, (size_t)count, sizeof *layers, compare_layers);
    for (int i = 0; i < count; i++)
        made[i] = layers[i].layer;
    mem_free(layers);
    return made;
}

void layer_sort(struct explorer *explorer, const struct layer_facts *facts, struct layer_order order)
{
    struct layer_tree *tree = &explorer->layers;
    int *made = order.by ? sorted(explorer, facts, order) : NULL;
    if (order.by ? made != NULL : tree->order != NULL)
        layer_tree_arrange(tree, explorer->session->state.model->layers, made);
}

struct layer_order layer_order_next(struct layer_order order, const struct layer_places *places)
{
    int column = order.by; /* of the one behind it */
    while (column < LAYER_COLUMNS && !places->width[column])
        column++;
    order.by = column < LAYER_COLUMNS ? column + 1 : 0;
    return order;
}

struct layer_order layer_order_clicked(struct layer_order order, const struct layer_places *places,
                                       int column)
{
    for (int i = 0; i < LAYER_COLUMNS; i++) {
        int end = places->column[i] + places->width[i];
        if (!places->width[i] || column < places->column[i] || column > end)
            continue;
        bool same = order.by == i + 1;
        return same && order.falling ? (struct layer_order){0} : (struct layer_order){i + 1, same};
    }
    return (struct layer_order){0};
}
