/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log. */
#include "tui/journal.h"

#include <string.h>

#include "base/memory.h"
#include "session/reply.h"
#include "shell/show.h"
#include "view/cells/canvas.h"
#include "view/style.h"

enum { KEPT = 4000, DROPPED = 1000 };

static void drop_first(struct journal *journal, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mem_free(journal->items[i].text);
    journal->count -= count;
    memmove(journal->items, journal->items + count, journal->count * sizeof *journal->items);
    journal->width = 0; /* to be drawn anew */
}

void journal_free(struct journal *journal)
{
    if (journal->count)
        drop_first(journal, journal->count);
    mem_free(journal->items);
    canvas_free(&journal->canvas);
    *journal = (struct journal){0};
}

void journal_add(struct journal *journal, enum cell_style style, const char *text)
{
    if (journal->count >= KEPT)
        drop_first(journal, DROPPED);
    char *copy = mem_string(text);
    if (!copy || !mem_grow(&journal->items, &journal->capacity, journal->count + 1, sizeof *journal->items)) {
        mem_free(copy);
        return;
    }
    journal->items[journal->count++] = (struct reply_item){.style = style, .text = copy};
}

void journal_cut(struct journal *journal, size_t count)
{
    while (journal->count > count)
        mem_free(journal->items[--journal->count].text);
    if (journal->drawn > count)
        journal->width = 0;
}

const struct canvas *journal_canvas(struct journal *journal, int width, bool ascii)
{
    if (width != journal->width || ascii != journal->ascii) {
        canvas_free(&journal->canvas);
        canvas_init(&journal->canvas, width, ascii);
        journal->drawn = 0;
        journal->width = width;
        journal->ascii = ascii;
    }
    while (journal->drawn < journal->count)
        show_paragraph(&journal->canvas, width, &journal->items[journal->drawn++]);
    return &journal->canvas;
}
