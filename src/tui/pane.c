/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What panes have in common. */
#include "tui/pane.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "session/words/panes.h"
#include "tui/grid.h"
#include "tui/layer_tree.h"
#include "view/cells/canvas.h"
#include "view/glyphs.h"
#include "view/style.h"

#define PANE_DECLARATION(code, action, name, ...) extern const struct pane_row pane_##name;
PANE_LIST(PANE_DECLARATION)
#undef PANE_DECLARATION

const struct pane_row *pane_row_at(enum pane_id pane)
{
    static const struct pane_row *const rows[PANE_COUNT] = {
#define PANE_ROW(code, action, name, ...) [code] = &pane_##name,
        PANE_LIST(PANE_ROW)
#undef PANE_ROW
    };
    return rows[pane];
}

/* --- what panes keep ------------------------------------------------------------------------------------ */

status panes_open(struct explorer *explorer, struct error *error)
{
    for (int i = 0; i < PANE_COUNT; i++) {
        size_t size = pane_row_at((enum pane_id)i)->state_size;
        explorer->panes[i].state = size ? mem_new(1, size) : NULL;
        if (size && !explorer->panes[i].state)
            return error_memory(error);
    }
    return STATUS_OK;
}

void panes_close(struct explorer *explorer)
{
    for (int i = 0; i < PANE_COUNT; i++) {
        const struct pane_row *row = pane_row_at((enum pane_id)i);
        if (row->free && explorer->panes[i].state)
            row->free(explorer->panes[i].state);
        mem_free(explorer->panes[i].state);
    }
}

/* Where the pane is seen, what differs from the seat for which it was made. */
static unsigned parts_moved(const struct pane_seat *seat, const struct layer_row *row, int width)
{
    if (width <= 0)
        return 0;
    bool other = row && (seat->first != row->first || seat->count != row->count);
    return (seat->width != width ? PART_WIDTH : 0) | (other ? PART_CURSOR : 0);
}

void panes_tell(struct explorer *explorer, unsigned parts)
{
    const struct layer_row *under = layer_tree_current(&explorer->layers);
    for (int i = 0; i < PANE_COUNT; i++) {
        const struct pane_row *row = pane_row_at((enum pane_id)i);
        struct pane_seat *seat = &explorer->panes[i];
        struct rect room = pane_room(explorer, (enum pane_id)i);
        unsigned here = row->follows & (parts | parts_moved(seat, under, room.width));
        if (!here)
            continue;
        row->stale(explorer, seat->state, &room, here);
        seat->width = room.width;
        seat->first = under ? under->first : -1;
        seat->count = under ? under->count : 0;
    }
}

bool pane_act(struct explorer *explorer, enum pane_id pane, enum action_id action)
{
    const struct pane_row *row = pane_row_at(pane);
    struct rect room = pane_room(explorer, pane);
    return row->act && row->act(explorer, explorer->panes[pane].state, &room, action);
}

/* --- rooms and cursors ---------------------------------------------------------------------------------- */

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

void text_add_line(struct text *text, const struct canvas *content, int line)
{
    for (int i = 0; i < content->width; i++)
        text_add(text, grid_cell(content, line, i)->glyph);
}
