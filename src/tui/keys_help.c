/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of keys. */
#include "tui/keys_help.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "session/reply.h"
#include "session/words/panes.h"
#include "session/words/press.h"
#include "shell/show.h"
#include "tui/bindings.h"
#include "tui/grid.h"
#include "tui/pane.h"
#include "view/cells/canvas.h"
#include "view/style.h"

enum { NAME_COLUMN = 14, HELP_COLUMN = 34 };

/* A paragraph that begins at a column and is wrapped under itself. */
static void paragraph(struct canvas *canvas, int column, enum cell_style style, const char *text)
{
    struct reply_item item = {.style = style, .text = mem_format("%*s%s", column, "", text)};
    if (item.text)
        show_paragraph(canvas, canvas->width, &item);
    mem_free(item.text);
}

static void draw_action(const struct explorer *explorer, struct canvas *canvas, enum action_id action)
{
    struct text keys = {0};
    int line = canvas->height;
    bool wide = canvas->width > HELP_COLUMN + 20;
    text_add_keys(&keys, &explorer->bindings, action);
    paragraph(canvas, wide ? HELP_COLUMN : NAME_COLUMN, STYLE_PLAIN, key_action_at((int)action)->help);
    int end = canvas_text(canvas, line, 2, STYLE_KEY, keys.length ? text_data(&keys) : "-");
    if (wide)
        canvas_text(canvas, line, end + 1 > NAME_COLUMN ? end + 1 : NAME_COLUMN, STYLE_NAME,
                    key_action_at((int)action)->name);
    text_free(&keys);
}

static void draw_place(const struct explorer *explorer, struct canvas *canvas, int place)
{
    char *head = place >= 0 ? mem_format("In %s: %s", pane_title(place), pane_help(place)) : NULL;
    if (canvas->height)
        canvas_text(canvas, canvas->height, 0, STYLE_PLAIN, "");
    paragraph(canvas, 1, STYLE_HEADER,
              place == PLACE_EVERYWHERE ? "Everywhere; at the prompt those that do not edit the line"
              : place == PLACE_PANES    ? "In every pane"
              : head                    ? head
                                        : "");
    mem_free(head);
    for (int i = 0; i < ACTION_COUNT; i++) {
        if (key_action_at(i)->place == place)
            draw_action(explorer, canvas, (enum action_id)i);
    }
}

/* Command lines that the user gave to keys. */
static void draw_lines(const struct explorer *explorer, struct canvas *canvas)
{
    bool first = true;
    for (size_t i = 0; i < explorer->bindings.count; i++) {
        const struct binding *binding = &explorer->bindings.items[i];
        struct text key = {0};
        if (!binding->line)
            continue;
        if (first) {
            canvas_text(canvas, canvas->height, 0, STYLE_PLAIN, "");
            paragraph(canvas, 1, STYLE_HEADER, "Commands of your own");
        }
        first = false;
        int line = canvas->height;
        paragraph(canvas, NAME_COLUMN, STYLE_PLAIN, binding->line);
        text_add_press(&key, binding->press);
        canvas_text(canvas, line, 2, STYLE_KEY, text_data(&key));
        text_free(&key);
    }
}

void keys_help_draw(const struct explorer *explorer, struct canvas *canvas)
{
    int pane = explorer->last_focus;
    draw_place(explorer, canvas, pane);
    draw_lines(explorer, canvas);
    draw_place(explorer, canvas, PLACE_PANES);
    draw_place(explorer, canvas, PLACE_EVERYWHERE);
    for (int i = 0; i < PANE_COUNT; i++) {
        bool any = false;
        for (int k = 0; k < ACTION_COUNT; k++)
            any |= key_action_at(k)->place == i;
        if (i != pane && any)
            draw_place(explorer, canvas, i);
    }
    canvas_text(canvas, canvas->height, 0, STYLE_PLAIN, "");
    paragraph(canvas, 1, STYLE_NOTE,
              "The prompt has the keys of Readline. Control-C cancels running work. bind KEY ACTION changes "
              "these keys, bind KEY = COMMAND gives one a command line.");
}

/* --- the bar -------------------------------------------------------------------------------------------- */

static const struct bar_item prompt_bar[] = {
    {ACTION_HELP, "keys"},
#define GO_TO(code, action, name, title, keys, label, ...) {action, label},
    PANE_LIST(GO_TO)
#undef GO_TO
        {ACTION_LAYOUT, "layout"},
    {ACTION_ZOOM, "zoom"},
    {ACTION_NONE, NULL},
};

/* An item of the bar on the screen. */
struct bar_place {
    const struct bar_item *item; /* NULL: none is left */
    struct text key;
    int column, end; /* end: behind the label */
};

/* The first item from `item` on that has a key and fits from `column` on. */
static struct bar_place next_place(const struct explorer *explorer, const struct canvas *grid,
                                   const struct bar_item *item, int column)
{
    struct bar_place place = {.column = column};
    for (; item && item->label; item++) {
        int press = bindings_key(&explorer->bindings, item->action, explorer->focus >= 0);
        if (!press)
            continue;
        text_clear(&place.key);
        text_add_press(&place.key, press);
        place.end =
            column + grid_width_of(grid, text_data(&place.key)) + 1 + grid_width_of(grid, item->label);
        if (place.end <= grid->width) {
            place.item = item;
            break;
        }
    }
    return place;
}

static struct bar_place first_place(const struct explorer *explorer, const struct canvas *grid)
{
    const struct bar_item *bar =
        explorer->focus >= 0 ? pane_row_at((enum pane_id)explorer->focus)->bar : prompt_bar;
    return next_place(explorer, grid, bar, 1);
}

/* Two columns lie between items. */
static void advance(const struct explorer *explorer, const struct canvas *grid, struct bar_place *place)
{
    text_free(&place->key);
    *place = next_place(explorer, grid, place->item + 1, place->end + 2);
}

void key_bar_draw(const struct explorer *explorer, struct canvas *grid, int line)
{
    struct rect row = {0, line, grid->width, 1};
    struct bar_place place = first_place(explorer, grid);
    for (; place.item; advance(explorer, grid, &place)) {
        int column = grid_text(grid, &row, 0, place.column, STYLE_KEY, text_data(&place.key));
        column = grid_text(grid, &row, 0, column, STYLE_NOTE, " ");
        grid_text(grid, &row, 0, column, STYLE_NOTE, place.item->label);
    }
    text_free(&place.key);
}

enum action_id key_bar_action(const struct explorer *explorer, int column)
{
    const struct canvas grid = {.width = explorer->width, .ascii = explorer->ascii};
    struct bar_place place = first_place(explorer, &grid);
    while (place.item && column >= place.end)
        advance(explorer, &grid, &place);
    enum action_id action = place.item && column >= place.column ? place.item->action : ACTION_NONE;
    text_free(&place.key);
    return action;
}
