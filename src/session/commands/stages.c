/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Folds are numbered in the order of their first rows. */
#include "session/commands/stages.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "score/layer_stage.h"
#include "session/words/value.h"

enum rows { ROWS_AUTO, ROWS_ALL, ROWS_STAGES };

struct stages {
    struct arena *arena;
    const char **names; /* per fold; NULL of a row for itself */
    int *fold;          /* per row */
    int count;
};

const char *stages_rows_name(int index)
{
    static const char *const names[] = {"auto", "all", "stages"};
    return index >= 0 && index < (int)(sizeof names / sizeof *names) ? names[index] : NULL;
}

/* The stage of a layer that has more parts to its name; NULL of one that has not, and when memory is out. */
static const char *stage_of(const struct stages *stages, const char *layer)
{
    size_t length = layer ? layer_stage_length(layer) : 0;
    return layer && layer[length] ? arena_format(stages->arena, "%.*s", (int)length, layer) : NULL;
}

static int fold_of(struct stages *stages, const char *stage)
{
    for (int i = 0; stage && i < stages->count; i++) {
        if (stages->names[i] && strcmp(stages->names[i], stage) == 0)
            return i;
    }
    stages->names[stages->count] = stage;
    return stages->count++;
}

static bool find_stages(struct stages *stages, const char *const *layers, int rows)
{
    stages->arena = arena_new();
    if (stages->arena) {
        stages->names = arena_alloc(stages->arena, (size_t)rows + 1, sizeof *stages->names);
        stages->fold = arena_alloc(stages->arena, (size_t)rows + 1, sizeof *stages->fold);
    }
    if (!stages->names || !stages->fold)
        return false;
    for (int r = 0; r < rows; r++)
        stages->fold[r] = fold_of(stages, stage_of(stages, layers[r]));
    for (int i = 0; i < stages->count; i++)
        stages->names[i] = stages->names[i] ? stages->names[i] : "";
    return true;
}

status stages_fold(const struct call *call, struct figure *figure, const char *const *layers,
                   enum fold_rule rule, struct error *error)
{
    struct setting_value rows;
    struct stages stages = {0};
    status code = call_value(call, "rows", &rows, error);
    if (code != STATUS_OK || rows.integer == ROWS_ALL || !figure || figure->failed)
        return code;
    if (find_stages(&stages, layers, figure->matrix.rows)) {
        /* One row for a whole network says nothing that was not known. */
        bool worth = stages.count > 1 && stages.count < figure->matrix.rows;
        if (worth || rows.integer == ROWS_STAGES)
            figure_set_fold(figure, stages.count, stages.names, stages.fold, rule);
        if (rows.integer == ROWS_STAGES)
            figure_fold(figure);
    } else {
        code = error_memory(error);
    }
    arena_free(stages.arena);
    return code;
}
