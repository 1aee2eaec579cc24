/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Residual blocks in words. */
#include "session/whole_blocks.h"

#include <limits.h>

#include "prune/branch.h"
#include "session/shown.h"

enum { NOTES_MOST = 4 };

int text_add_whole_blocks(struct text *text, const struct model *model, const struct pruning *pruning,
                          int most)
{
    const struct coupling *coupling = model->coupling;
    int gone = 0;
    for (int b = 0; pruning->removed_count && b < coupling->branch_count; b++) {
        if (!branch_is_gone(&coupling->branches[b], pruning->removed))
            continue;
        if (gone++ >= most)
            continue;
        text_add(text, gone > 1 ? ", " : "");
        text_add_escaped(text, coupling->branches[b].name, 0);
    }
    if (gone > most)
        text_add_format(text, " and %d more", gone - most);
    return gone;
}

void note_whole_blocks(struct figure *figure, const struct model *model, const struct pruning *pruning)
{
    const struct coupling *coupling = model->coupling;
    struct text text = {0};
    int noted = 0;
    if (text_add_whole_blocks(&text, model, pruning, INT_MAX) > 0) {
        figure_note(figure, "blocks that go whole: %s", shown_words(figure, &text));
        if (coupling->projections > 0)
            figure_note(figure, "%d %s no identity for a shortcut, and stay%s", coupling->projections,
                        coupling->projections == 1 ? "block has" : "blocks have",
                        coupling->projections == 1 ? "s" : "");
        for (int b = 0; b < coupling->branch_count && noted < NOTES_MOST; b++)
            if (coupling->branches[b].why) {
                figure_note(figure, "block %s stays: %s", coupling->branches[b].name,
                            coupling->branches[b].why);
                noted++;
            }
    }
    text_free(&text);
}
