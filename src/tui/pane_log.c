/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Log: scrolled from its end, so that what is new is seen. */
#include <string.h>

#include "base/text.h"
#include "session/words/panes.h"
#include "tui/grid.h"
#include "tui/journal.h"
#include "tui/pane.h"

static int most_scroll(const struct explorer *explorer, const struct canvas *content, int height)
{
    (void)explorer;
    return content->height > height ? content->height - height : 0;
}

static void draw(struct explorer *explorer, struct canvas *grid, const struct rect *room, bool focused)
{
    const struct canvas *content = journal_canvas(&explorer->journal, room->width, grid->ascii);
    int most = most_scroll(explorer, content, room->height), *scroll = &explorer->scroll[PANE_LOG];
    (void)focused;
    *scroll = *scroll > most ? most : *scroll;
    draw_scrolled(grid, room, content, most - *scroll, 0);
}

static void title(const struct explorer *explorer, struct text *text)
{
    if (explorer->scroll[PANE_LOG] > 0)
        text_add_format(text, "%d lines below", explorer->scroll[PANE_LOG]);
}

static bool act(struct explorer *explorer, enum action_id action)
{
    struct rect room = pane_room(explorer, PANE_LOG);
    const struct canvas *content = journal_canvas(&explorer->journal, room.width, explorer->ascii);
    int step;
    if (!vertical_step(action, room.height, content->height, &step))
        return false;
    explorer->scroll[PANE_LOG] =
        cursor_moved(explorer->scroll[PANE_LOG], -step, most_scroll(explorer, content, room.height) + 1);
    return true;
}

/* A line of the canvas as text. */
static void line_text(const struct canvas *content, int line, struct text *text)
{
    for (int i = 0; i < content->width; i++)
        text_add(text, grid_cell(content, line, i)->glyph);
}

/* The line at the bottom of the pane is where a search begins. */
static bool search(struct explorer *explorer, const char *word, bool back)
{
    struct rect room = pane_room(explorer, PANE_LOG);
    const struct canvas *content = journal_canvas(&explorer->journal, room.width, explorer->ascii);
    int bottom = content->height - 1 - explorer->scroll[PANE_LOG];
    struct text text = {0};
    for (int i = 1; i <= content->height; i++) {
        int line = (bottom + (back ? i : -i) + 2 * content->height) % content->height;
        text_clear(&text);
        line_text(content, line, &text);
        if (strstr(text_data(&text), word)) {
            explorer->scroll[PANE_LOG] = content->height - 1 - line;
            text_free(&text);
            return true;
        }
    }
    text_free(&text);
    return false;
}

const struct pane_row pane_log = {title, draw, act, NULL, NULL, search};
