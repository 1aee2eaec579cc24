/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Log: scrolled from its end, so that what is new is seen. */
#include <string.h>

#include "base/text.h"
#include "session/words/panes.h"
#include "tui/grid.h"
#include "tui/journal.h"
#include "tui/pane.h"
#include "tui/waiting.h"
#include "view/style.h"

/* The last column is that of the marks of what lies above and below. */
static const struct canvas *content_of(struct explorer *explorer, const struct rect *room)
{
    return journal_canvas(&explorer->journal, room->width - 1, explorer->ascii);
}

static int most_scroll(const struct canvas *content, int height)
{
    return content->height > height ? content->height - height : 0;
}

/* What waits stands below what was answered, in half of the room at most. Returns its lines. */
static int draw_waiting(const struct waiting *waiting, struct canvas *grid, const struct rect *room)
{
    int count = (int)waiting->count, lines = count < room->height / 2 ? count : room->height / 2;
    struct text text = {0};
    for (int i = 0; i < lines; i++) {
        bool more = i == lines - 1 && lines < count;
        text_clear(&text);
        if (more) {
            text_add_format(&text, "%d more wait", count - i);
        } else {
            text_add(&text, "waiting: ");
            text_add_escaped(&text, waiting->lines[i], 0);
        }
        struct rect row = {room->column, room->line + room->height - lines + i, room->width, 1};
        draw_cut(grid, &row, 0, 0, STYLE_NOTE, text_data(&text));
    }
    text_free(&text);
    return lines;
}

static void draw(struct explorer *explorer, void *state, struct canvas *grid, const struct rect *room,
                 bool focused)
{
    const struct canvas *content = content_of(explorer, room);
    struct rect log = *room;
    log.height -= draw_waiting(&explorer->waiting, grid, room);
    int most = most_scroll(content, log.height), *scroll = &explorer->journal.scroll;
    (void)state;
    (void)focused;
    *scroll = *scroll > most ? most : *scroll;
    draw_scrolled(grid, &log, content, most - *scroll, 0);
}

static void title(const struct explorer *explorer, const void *state, struct text *text)
{
    (void)state;
    if (explorer->journal.scroll > 0)
        text_add_format(text, "%d lines below", explorer->journal.scroll);
}

static bool act(struct explorer *explorer, void *state, const struct rect *room, enum action_id action)
{
    const struct canvas *content = content_of(explorer, room);
    int step;
    (void)state;
    if (!vertical_step(action, room->height, content->height, &step))
        return false;
    explorer->journal.scroll =
        cursor_moved(explorer->journal.scroll, -step, most_scroll(content, room->height) + 1);
    return true;
}

/* The line at the bottom of the pane is where a search begins. */
static bool search(struct explorer *explorer, void *state, const struct rect *room, const char *word,
                   bool back)
{
    const struct canvas *content = content_of(explorer, room);
    int bottom = content->height - 1 - explorer->journal.scroll;
    struct text text = {0};
    (void)state;
    for (int i = 1; i <= content->height; i++) {
        int line = (bottom + (back ? i : -i) + 2 * content->height) % content->height;
        text_clear(&text);
        text_add_line(&text, content, line);
        if (strstr(text_data(&text), word)) {
            explorer->journal.scroll = content->height - 1 - line;
            text_free(&text);
            return true;
        }
    }
    text_free(&text);
    return false;
}

static const struct bar_item bar[] = {
    {ACTION_UP, "scroll"}, {ACTION_SEARCH, "search"}, {ACTION_SEARCH_NEXT, "next"}, {ACTION_ZOOM, "zoom"},
    {ACTION_HELP, "keys"}, {ACTION_PROMPT, "prompt"}, {ACTION_NONE, NULL},
};

const struct pane_row pane_log = {.title = title, .draw = draw, .act = act, .search = search, .bar = bar};
