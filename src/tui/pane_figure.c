/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figure: what commands showed. Tables can be sorted and filtered; lines scroll; older figures come back. */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "session/words/panes.h"
#include "tui/explorer.h"
#include "tui/gallery.h"
#include "tui/grid.h"
#include "tui/pane.h"

enum { ASIDE_STEP = 8 };

static const struct canvas *content_of(struct explorer *explorer, const struct rect *room)
{
    return gallery_canvas(&explorer->gallery, room->width - 1, room->height, explorer->ascii);
}

static void draw(struct explorer *explorer, void *state, struct canvas *grid, const struct rect *room,
                 bool focused)
{
    (void)state;
    (void)focused;
    if (!explorer->gallery.count) {
        draw_empty(grid, room, "nothing shown yet: try corr, curve l1, or layers");
        return;
    }
    const struct canvas *content = content_of(explorer, room);
    int most = content->height > room->height ? content->height - room->height : 0;
    int *top = &explorer->gallery.top;
    *top = *top > most ? most : *top;
    draw_scrolled(grid, room, content, *top, explorer->gallery.aside);
}

static void title(const struct explorer *explorer, const void *state, struct text *text)
{
    const struct gallery *gallery = &explorer->gallery;
    struct text arrangement = {0}, changed = {0};
    (void)state;
    if (!gallery->count)
        return;
    text_add_changed_since(&changed, gallery, &explorer->session->state);
    if (changed.length)
        text_add_format(text, "stale: %s changed · ", text_data(&changed));
    text_free(&changed);
    text_add_format(text, "%d of %d: %s", gallery->shown + 1, gallery->count,
                    gallery->items[gallery->shown].command ? gallery->items[gallery->shown].command : "");
    text_add_arrangement(&arrangement, gallery);
    if (arrangement.length)
        text_add_format(text, " (%s)", text_data(&arrangement));
    text_free(&arrangement);
}

static void go_to(struct explorer *explorer, int index)
{
    gallery_show(&explorer->gallery, index);
    gallery_to_start(&explorer->gallery);
    explorer_resize(explorer, explorer->width, explorer->height); /* each takes the lines it needs */
}

static bool arrange(struct explorer *explorer, enum action_id action)
{
    struct gallery *gallery = &explorer->gallery;
    bool table = action == ACTION_SORT ? gallery_sort_next(gallery) : gallery_reverse(gallery);
    if (!table)
        explorer_say(explorer, true, "this is no table");
    return true;
}

/* The line as it was typed, so that the log and session files know of it. */
static void renew(struct explorer *explorer)
{
    const struct gallery *gallery = &explorer->gallery;
    char *line = gallery->count ? mem_string(gallery->items[gallery->shown].command) : NULL;
    if (line && *line)
        explorer_command_line(explorer, line);
    mem_free(line);
}

static bool act(struct explorer *explorer, void *state, const struct rect *room, enum action_id action)
{
    struct gallery *gallery = &explorer->gallery;
    const struct canvas *content = content_of(explorer, room);
    int step;
    (void)state;
    if (vertical_step(action, room->height, content->height, &step)) {
        int most = content->height > room->height ? content->height - room->height : 0;
        gallery->top = cursor_moved(gallery->top, step, most + 1);
        return true;
    }
    switch (action) {
    case ACTION_LEFT:
        gallery->aside = gallery->aside > ASIDE_STEP ? gallery->aside - ASIDE_STEP : 0;
        return true;
    case ACTION_RIGHT:
        gallery->aside += content->width - gallery->aside > room->width ? ASIDE_STEP : 0;
        return true;
    case ACTION_OLDER:
    case ACTION_NEWER:
        go_to(explorer, gallery->shown + (action == ACTION_NEWER ? 1 : -1));
        return true;
    case ACTION_SORT:
    case ACTION_SORT_REVERSE:
        return arrange(explorer, action);
    case ACTION_OPEN:
        if (!gallery_unfold(gallery))
            explorer_say(explorer, true, "nothing is folded here");
        explorer_resize(explorer, explorer->width, explorer->height);
        return true;
    case ACTION_RENEW:
        renew(explorer);
        return true;
    case ACTION_FILTER:
        explorer_question(explorer, ASK_FILTER);
        return true;
    case ACTION_CLOSE:
        explorer->figure_open = explorer->layout == LAYOUT_SWEEP;
        explorer_focus(explorer,
                       explorer->return_focus == PANE_FIGURE ? FOCUS_PROMPT : explorer->return_focus);
        explorer->return_focus = FOCUS_PROMPT;
        return true;
    default:
        return false;
    }
}

static bool search(struct explorer *explorer, void *state, const struct rect *room, const char *word,
                   bool back)
{
    const struct canvas *content = content_of(explorer, room);
    int top = explorer->gallery.top;
    (void)state;
    for (int i = 1; i <= content->height; i++) {
        int line = (top + (back ? -i : i) + content->height) % content->height;
        struct text text = {0};
        text_add_line(&text, content, line);
        bool found = strstr(text_data(&text), word) != NULL;
        text_free(&text);
        if (found) {
            explorer->gallery.top = line;
            return true;
        }
    }
    return false;
}

static const struct bar_item bar[] = {
    {ACTION_CLOSE, "close"},   {ACTION_OLDER, "older"},       {ACTION_NEWER, "newer"},
    {ACTION_RENEW, "renew"},   {ACTION_SORT, "sort"},         {ACTION_FILTER, "filter"},
    {ACTION_HELP, "keys"},     {ACTION_PROMPT, "prompt"},     {ACTION_ZOOM, "zoom"},
    {ACTION_SEARCH, "search"}, {ACTION_SORT_REVERSE, "turn"}, {ACTION_NONE, NULL},
};

const struct pane_row pane_figure = {
    .title = title, .title_whole = true, .draw = draw, .act = act, .search = search, .bar = bar};
