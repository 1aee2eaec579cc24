/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of the layers pane: layers by stage, the first part of their names. */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "prune/cost.h"
#include "score/layer.h"
#include "tui/layer_rows.h"
#include "tui/pane.h"

static void rows_clear(struct layers_view *view)
{
    for (int i = 0; i < view->count; i++)
        mem_free(view->rows[i].name);
    view->count = 0;
}

void layers_free_view(struct layers_view *view)
{
    rows_clear(view);
    mem_free(view->rows);
    mem_free(view->closed);
    cost_free(&view->plan);
    *view = (struct layers_view){0};
}

/* Bytes of the name's first part: up to '.' or '/', without one at the beginning. All of it without one. */
static size_t stage_length(const char *name)
{
    size_t start = strspn(name, "./");
    return start + strcspn(name + start, "./");
}

static bool same_stage(const char *a, const char *b)
{
    size_t length = stage_length(a);
    return a[length] && stage_length(b) == length && b[length] == a[length] && strncmp(a, b, length) == 0;
}

static bool push(struct layers_view *view, struct layer_row row)
{
    if (!mem_grow(&view->rows, &view->capacity, (size_t)view->count + 1, sizeof *view->rows)) {
        mem_free(row.name);
        return false;
    }
    view->rows[view->count++] = row;
    return true;
}

static bool add_stage(struct layers_view *view, const struct layers *layers, int first, int count)
{
    const char *name = layers->items[first].name;
    size_t length = stage_length(name);
    char *stage = mem_format("%.*s", (int)length, name);
    if (!stage || !push(view, (struct layer_row){first, count, true, false, stage, name[length]}))
        return false;
    if (view->closed[first])
        return true;
    for (int i = first; i < first + count; i++) {
        if (!push(view, (struct layer_row){i, 1, false, true, NULL, 0}))
            return false;
    }
    return true;
}

bool layer_rows_fill(struct layers_view *view, const struct layers *layers)
{
    bool kept = true;
    rows_clear(view);
    for (int i = 0, count; kept && layers && i < layers->count; i += count) {
        for (count = 1;
             i + count < layers->count && same_stage(layers->items[i].name, layers->items[i + count].name);)
            count++;
        kept = count > 1 ? add_stage(view, layers, i, count)
                         : push(view, (struct layer_row){i, 1, false, false, NULL, 0});
    }
    return kept;
}

const char *layer_row_text(const struct layer_row *row, const struct layers *layers)
{
    const char *name = layers->items[row->first].name;
    if (row->stage)
        return row->name;
    return row->inside ? name + stage_length(name) + 1 : name;
}

char *layer_row_target(const struct layer_row *row, const struct layers *layers)
{
    struct text pattern = {0};
    if (!row->stage)
        return mem_string(layers->items[row->first].name);
    text_add_glob(&pattern, row->name);
    text_add_format(&pattern, "%c*", row->separator);
    char *target = pattern.failed || layers_index(layers, text_data(&pattern)) >= 0
                       ? NULL
                       : mem_string(text_data(&pattern));
    text_free(&pattern);
    return target;
}
