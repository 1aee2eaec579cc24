/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What panes have in common. */
#include "tui/pane.h"

#include <string.h>

#include "base/memory.h"
#include "session/words/panes.h"
#include "tui/grid.h"
#include "view/cells/canvas.h"
#include "view/glyphs.h"
#include "view/style.h"

const struct pane_row *pane_row_at(enum pane_id pane)
{
    static const struct pane_row *const rows[PANE_COUNT] = {
        [PANE_LAYERS] = &pane_layers, [PANE_SCORES] = &pane_scores, [PANE_CORRELATION] = &pane_correlation,
        [PANE_MODEL] = &pane_model,   [PANE_LOG] = &pane_log,       [PANE_FIGURE] = &pane_figure,
    };
    return rows[pane];
}

struct rect pane_room(const struct explorer *explorer, enum pane_id pane)
{
    struct rect room = explorer->placement.pane[pane];
    room.line++;
    room.height = room.height > 0 ? room.height - 1 : 0;
    return room;
}

int cursor_moved(int cursor, int step, int count)
{
    cursor += step;
    return cursor < 0 || count == 0 ? 0 : cursor >= count ? count - 1 : cursor;
}

int top_for(int top, int cursor, int height, int count)
{
    if (height < 1)
        return 0;
    if (cursor < top)
        top = cursor;
    if (cursor >= top + height)
        top = cursor - height + 1;
    if (top > count - height)
        top = count - height;
    return top < 0 ? 0 : top;
}

bool vertical_step(enum action_id action, int page, int count, int *step)
{
    page = page > 2 ? page - 1 : 1;
    switch (action) {
    case ACTION_UP:
        *step = -1;
        return true;
    case ACTION_DOWN:
        *step = 1;
        return true;
    case ACTION_SCROLL_UP:
        *step = -page;
        return true;
    case ACTION_SCROLL_DOWN:
        *step = page;
        return true;
    case ACTION_FIRST:
        *step = -count;
        return true;
    case ACTION_LAST:
        *step = count;
        return true;
    default:
        return false;
    }
}

/* The next piece of a text that fits into `width` columns, broken between words. */
static int piece(const struct canvas *grid, const char *text, int width)
{
    int best = 0, length = (int)strlen(text);
    if (grid_width_of(grid, text) <= width)
        return length;
    for (int i = 1; i <= length; i++) {
        if (text[i] != ' ')
            continue;
        char *start = mem_format("%.*s", i, text);
        bool fits = start && grid_width_of(grid, start) <= width;
        mem_free(start);
        if (!fits)
            break;
        best = i;
    }
    return best ? best : length;
}

void draw_empty(struct canvas *grid, const struct rect *room, const char *text)
{
    int width = room->width - 2, lines = 0;
    for (const char *at = text; *at; lines++) {
        at += piece(grid, at, width);
        at += strspn(at, " ");
    }
    for (int line = (room->height - lines) / 2; *text; line++) {
        int bytes = piece(grid, text, width);
        char *part = mem_format("%.*s", bytes, text);
        int column = part ? (room->width - grid_width_of(grid, part)) / 2 : 0;
        grid_text(grid, room, line, column > 0 ? column : 0, STYLE_NOTE, part ? part : "");
        mem_free(part);
        text += bytes;
        text += strspn(text, " ");
    }
}

void draw_cut(struct canvas *grid, const struct rect *room, int line, int column, enum cell_style style,
              const char *text)
{
    const char *ellipsis = glyph_set(grid->ascii)->ellipsis;
    int width = grid_width_of(grid, ellipsis);
    grid_text(grid, room, line, column, style, text);
    if (column + grid_width_of(grid, text) > room->width && room->width > width + 2)
        grid_text(grid, room, line, room->width - width, style, ellipsis);
}

void draw_scrolled(struct canvas *grid, const struct rect *room, const struct canvas *content, int top,
                   int aside)
{
    grid_copy(grid, room, content, top, aside);
    int last = room->column + room->width - 1;
    if (top > 0)
        canvas_text(grid, room->line, last, STYLE_NOTE, glyph_set(grid->ascii)->up);
    if (top + room->height < content->height)
        canvas_text(grid, room->line + room->height - 1, last, STYLE_NOTE, glyph_set(grid->ascii)->down);
}
