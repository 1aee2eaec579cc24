/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log pane's content: commands and their answers as paragraphs, drawn once for each width. */
#ifndef IPPRO_TUI_JOURNAL_H
#define IPPRO_TUI_JOURNAL_H

#include "view/cells/canvas.h"

struct reply_item;

struct journal {
    struct reply_item *items; /* paragraphs only */
    size_t count, capacity;
    struct canvas canvas; /* items 0..drawn-1 at its width */
    size_t drawn;
    int width;
    bool ascii;
    int scroll; /* lines that the pane is away from the end */
};

void journal_free(struct journal *journal);
/* One paragraph (session/reply.h says how it is laid out). The oldest go when there are too many. What finds
 * no memory is dropped. */
void journal_add(struct journal *journal, enum cell_style style, const char *text);
/* Drop what was added since there were `count` paragraphs. */
void journal_cut(struct journal *journal, size_t count);
/* All of it, wrapped at the width; borrowed until the next call. */
const struct canvas *journal_canvas(struct journal *journal, int width, bool ascii);

#endif
