/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stages are told by the first part of layers' names. */
#include "tui/layer_tree.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "score/layer.h"
#include "score/layer_stage.h"
#include "session/words/target_word.h"

static void rows_clear(struct layer_tree *tree)
{
    for (int i = 0; i < tree->count; i++)
        mem_free(tree->rows[i].name);
    tree->count = 0;
}

void layer_tree_free(struct layer_tree *tree)
{
    rows_clear(tree);
    mem_free(tree->rows);
    mem_free(tree->closed);
    mem_free(tree->order);
    *tree = (struct layer_tree){0};
}

void layer_tree_reset(struct layer_tree *tree, const struct layers *layers)
{
    mem_free(tree->closed);
    mem_free(tree->order);
    tree->order = NULL;
    tree->closed = layers ? mem_new((size_t)layers->count + 1, 1) : NULL;
    tree->cursor = 0;
    layer_tree_fill(tree, tree->closed ? layers : NULL);
}

const struct layer_row *layer_tree_current(const struct layer_tree *tree)
{
    return tree->cursor < tree->count ? &tree->rows[tree->cursor] : NULL;
}

static bool same_stage(const char *a, const char *b)
{
    size_t length = layer_stage_length(a);
    return a[length] && layer_stage_length(b) == length && b[length] == a[length] &&
           strncmp(a, b, length) == 0;
}

static bool push(struct layer_tree *tree, struct layer_row row)
{
    if (!mem_grow(&tree->rows, &tree->capacity, (size_t)tree->count + 1, sizeof *tree->rows)) {
        mem_free(row.name);
        return false;
    }
    tree->rows[tree->count++] = row;
    return true;
}

static bool add_stage(struct layer_tree *tree, const struct layers *layers, int first, int count)
{
    const char *name = layers->items[first].name;
    size_t length = layer_stage_length(name);
    char *stage = mem_format("%.*s", (int)length, name);
    if (!stage || !push(tree, (struct layer_row){first, count, true, false, stage, name[length]}))
        return false;
    if (tree->closed[first])
        return true;
    for (int i = first; i < first + count; i++) {
        if (!push(tree, (struct layer_row){i, 1, false, true, NULL, 0}))
            return false;
    }
    return true;
}

bool layer_tree_fill(struct layer_tree *tree, const struct layers *layers)
{
    bool kept = true;
    rows_clear(tree);
    for (int i = 0; kept && tree->order && layers && i < layers->count; i++)
        kept = push(tree, (struct layer_row){tree->order[i], 1, false, false, NULL, 0});
    if (tree->order)
        return kept;
    for (int i = 0, count; kept && layers && i < layers->count; i += count) {
        for (count = 1;
             i + count < layers->count && same_stage(layers->items[i].name, layers->items[i + count].name);)
            count++;
        kept = count > 1 ? add_stage(tree, layers, i, count)
                         : push(tree, (struct layer_row){i, 1, false, false, NULL, 0});
    }
    return kept;
}

int layer_tree_stage(const struct layer_tree *tree)
{
    int row = tree->cursor;
    while (row > 0 && row < tree->count && !tree->rows[row].stage && tree->rows[row].inside)
        row--;
    return row < tree->count && tree->rows[row].stage ? row : -1;
}

void layer_tree_go_to(struct layer_tree *tree, int layer)
{
    for (int i = 0; i < tree->count; i++) {
        const struct layer_row *row = &tree->rows[i];
        if (row->first == layer || (row->stage && row->first <= layer && layer < row->first + row->count))
            tree->cursor = i;
    }
}

void layer_tree_arrange(struct layer_tree *tree, const struct layers *layers, int *order)
{
    const struct layer_row *row = layer_tree_current(tree);
    int layer = row ? row->first : 0;
    mem_free(tree->order);
    tree->order = order;
    layer_tree_fill(tree, layers);
    tree->cursor = 0;
    layer_tree_go_to(tree, layer);
}

const char *layer_row_text(const struct layer_row *row, const struct layers *layers)
{
    const char *name = layers->items[row->first].name;
    if (row->stage)
        return row->name;
    return row->inside ? name + layer_stage_length(name) + 1 : name;
}

/* Does the stage's name mean just what the pattern does? */
static bool stage_is_word(const char *stage, const char *pattern, const struct layers *layers)
{
    int matching = 0;
    for (int i = 0; i < layers->count; i++)
        matching += layers_match(layers, pattern, i);
    return target_word_find(stage) == TARGET_NONE && layers_in_stage(layers, stage) == matching;
}

char *layer_row_target(const struct layer_row *row, const struct layers *layers)
{
    struct text pattern = {0};
    if (!row->stage)
        return mem_string(layers->items[row->first].name);
    text_add_glob(&pattern, row->name);
    text_add_format(&pattern, "%c*", row->separator);
    char *target = NULL;
    if (!pattern.failed && stage_is_word(row->name, text_data(&pattern), layers))
        target = mem_string(row->name);
    else if (!pattern.failed && layers_index(layers, text_data(&pattern)) < 0)
        target = mem_string(text_data(&pattern));
    text_free(&pattern);
    return target;
}
