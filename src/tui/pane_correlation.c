/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Correlation: the matrix of the command corr, with a cursor that picks a pair. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/words/option.h"
#include "session/words/panes.h"
#include "stats/correlation.h"
#include "tui/explorer.h"
#include "tui/grid.h"
#include "tui/pane.h"
#include "view/cells/canvas.h"
#include "view/figure.h"
#include "view/numbers.h"
#include "view/style.h"

enum { NAME_MOST = 18, NAME_LEAST = 3, CELL = 7, CELL_LEAST = 5 };

struct correlation_view {
    struct figure *figure; /* a matrix; NULL: nothing to show */
    char *why;             /* then: why not */
    int row, column, top;  /* the cursor, and the first row shown */
};

static void clear(void *state)
{
    struct correlation_view *view = state;
    figure_free(view->figure);
    mem_free(view->why);
    *view = (struct correlation_view){0};
}

static void stale(struct explorer *explorer, void *state, const struct rect *room, unsigned parts)
{
    struct correlation_view *view = state;
    const char *const words[] = {"corr"};
    struct reply reply = {0};
    struct error error = {0};
    int row = view->row, column = view->column;
    (void)room;
    (void)parts;
    clear(view);
    if (!explorer->session->state.model || explorer->session->state.board->count < 2)
        return;
    if (explorer_ask(explorer, words, 1, 0, &reply, &error) == STATUS_OK && reply.count &&
        reply.items[0].figure && reply.items[0].figure->kind == FIGURE_MATRIX) {
        view->figure = reply.items[0].figure;
        reply.items[0].figure = NULL;
        view->row = cursor_moved(row, 0, view->figure->matrix.rows);
        view->column = cursor_moved(column, 0, view->figure->matrix.columns);
    } else {
        view->why = mem_string(*error.message ? error.message : "see the command corr");
    }
    reply_free(&reply);
}

/* Where names and cells are. */
struct places {
    int name, cell, first, across; /* first: leftmost column shown */
};

static struct places places_for(const struct correlation_view *view, int width)
{
    const struct figure_matrix *matrix = &view->figure->matrix;
    struct places places = {.name = NAME_LEAST};
    for (int r = 0; r < matrix->rows; r++) {
        int wide = canvas_width_of(matrix->row_names[r]) + 1;
        places.name = wide > places.name ? wide : places.name;
    }
    places.name = places.name > NAME_MOST ? NAME_MOST : places.name;
    /* Names give way first, then the numbers' zeros in front. */
    int columns = matrix->columns > 0 ? matrix->columns : 1, names = width - columns * CELL;
    if (names < NAME_LEAST + 3)
        names = width - columns * CELL_LEAST;
    names = names > NAME_LEAST ? names : NAME_LEAST;
    places.name = places.name < names ? places.name : names;
    int room = width - places.name;
    places.cell = room / columns > 12 ? 12 : room / columns < CELL_LEAST ? CELL_LEAST : room / columns;
    places.across = room / places.cell > 0 ? room / places.cell : 1;
    if (view->column >= places.across)
        places.first = view->column - places.across + 1;
    return places;
}

/* "1.0", ".92", "-.01": three digits where there is no room for more. */
static void add_short(struct text *text, double value)
{
    char digits[16];
    snprintf(digits, sizeof digits, "%.2f", fabs(value));
    const char *shown = digits[0] == '0' ? digits + 1 : "1.0";
    text_add_format(text, "%s%s", value < 0 && strcmp(digits, "0.00") != 0 ? "-" : "", shown);
}

static void draw_value(const struct correlation_view *view, struct canvas *grid, const struct rect *room,
                       const struct places *places, int row, int column, bool focused)
{
    const struct figure_matrix *matrix = &view->figure->matrix;
    double value = matrix->values[(size_t)row * (size_t)matrix->columns + (size_t)column];
    int left = places->name + (column - places->first) * places->cell, line = row - view->top + 1;
    struct rect cell = {room->column + left, room->line + line, places->cell, 1};
    struct text text = {0};
    bool chosen = row == view->row && column == view->column;
    if (places->cell >= CELL || isnan(value))
        number_add_value(&text, matrix, value);
    else
        add_short(&text, value);
    grid_text_right(grid, &cell, 0, 0,
                    isnan(value) ? STYLE_NOTE
                    : value < 0  ? STYLE_NEGATIVE
                                 : STYLE_NUMBER,
                    text_data(&text));
    for (int i = 1; i < places->cell; i++) {
        struct canvas_cell *one = grid_cell(grid, cell.line, cell.column + i);
        if (one && cell.column + i < room->column + room->width)
            one->level = scale_level(matrix, value);
    }
    if (chosen && focused)
        grid_restyle(grid, cell.line, cell.column + 1, places->cell - 1, STYLE_CURSOR);
    text_free(&text);
}

static void draw(struct explorer *explorer, void *state, struct canvas *grid, const struct rect *room,
                 bool focused)
{
    struct correlation_view *view = state;
    if (!view->figure) {
        draw_empty(grid, room,
                   view->why                                    ? view->why
                   : explorer->session->state.board->count == 1 ? "one criterion alone: score another"
                                                                : "no scores yet: score all");
        return;
    }
    const struct figure_matrix *matrix = &view->figure->matrix;
    struct places places = places_for(view, room->width);
    int height = room->height - 1;
    view->top = top_for(view->top, view->row, height, matrix->rows);
    for (int c = 0; c < places.across && places.first + c < matrix->columns; c++) {
        struct rect head = {room->column + places.name + c * places.cell + 1, room->line, places.cell - 1, 1};
        const char *name = matrix->column_names[places.first + c];
        if (head.column + head.width > room->column + room->width)
            head.width = room->column + room->width - head.column;
        if (grid_width_of(grid, name) <= head.width)
            grid_text_right(grid, &head, 0, 0, STYLE_HEADER, name);
        else
            grid_text(grid, &head, 0, 0, STYLE_HEADER, name);
    }
    for (int r = view->top; r < matrix->rows && r - view->top < height; r++) {
        struct rect name = {room->column, room->line + r - view->top + 1, places.name - 1, 1};
        draw_cut(grid, &name, 0, 0, STYLE_NAME, matrix->row_names[r]);
        for (int c = places.first; c < matrix->columns && c - places.first < places.across; c++)
            draw_value(view, grid, room, &places, r, c, focused);
    }
    int line = matrix->rows - view->top + 2;
    for (int i = 0; i < view->figure->note_count && line < room->height; i++, line++)
        draw_cut(grid, room, line, 0, STYLE_NOTE, view->figure->notes[i]);
}

static void title(const struct explorer *explorer, const void *state, struct text *text)
{
    const struct options *options = explorer->session->state.options;
    const struct correlation_view *view = state;
    if (!view->figure)
        return;
    text_add_format(text, "%s, %s", correlation_method_name((int)option_integer(options, OPTION_METHOD)),
                    choice_by_title((int)option_integer(options, OPTION_BY)));
    if (view->figure->note_count)
        text_add_format(text, ", %s", view->figure->notes[0]);
}

static void next_method(struct explorer *explorer)
{
    const struct parameter *parameter = &option_at(OPTION_METHOD)->parameter;
    int64_t now = option_integer(explorer->session->state.options, OPTION_METHOD);
    const char *next = parameter->choice((int)now + 1);
    if (explorer_command(explorer, "set", "method", next ? next : parameter->choice(0), NULL))
        explorer_offer(explorer, ACTION_UNDO);
}

/* The pair as criteria; rows of other tables (by=layer: layers against pairs) have none. */
static void open_pair(struct explorer *explorer, const struct correlation_view *view)
{
    const struct figure_matrix *matrix = &view->figure->matrix;
    const char *a = matrix->row_names[view->row], *b = matrix->column_names[view->column];
    if (!session_entry(explorer->session, a) || !session_entry(explorer->session, b) || strcmp(a, b) == 0)
        explorer_say(explorer, true, "choose two different criteria");
    else
        explorer_command(explorer, "scatter", a, b, NULL);
}

static bool act(struct explorer *explorer, void *state, const struct rect *room, enum action_id action)
{
    struct correlation_view *view = state;
    int step;
    (void)room;
    if (action == ACTION_METHOD) {
        next_method(explorer);
        return true;
    }
    if (!view->figure)
        return false;
    if (action == ACTION_LEFT || action == ACTION_RIGHT) {
        view->column =
            cursor_moved(view->column, action == ACTION_RIGHT ? 1 : -1, view->figure->matrix.columns);
        return true;
    }
    if (action == ACTION_OPEN) {
        open_pair(explorer, view);
        return true;
    }
    if (vertical_step(action, 8, view->figure->matrix.rows, &step)) {
        view->row = cursor_moved(view->row, step, view->figure->matrix.rows);
        return true;
    }
    return false;
}

static void click(struct explorer *explorer, void *state, const struct rect *room, int line, int column)
{
    struct correlation_view *view = state;
    if (!view->figure || line < 1)
        return;
    struct places places = places_for(view, room->width);
    int row = view->top + line - 1, cell = places.first + (column - places.name) / places.cell;
    if (row >= view->figure->matrix.rows || column < places.name || cell >= view->figure->matrix.columns)
        return;
    bool again = row == view->row && cell == view->column;
    view->row = row;
    view->column = cell;
    if (again)
        open_pair(explorer, view);
}

static bool search(struct explorer *explorer, void *state, const struct rect *room, const char *word,
                   bool back)
{
    struct correlation_view *view = state;
    int rows = view->figure ? view->figure->matrix.rows : 0;
    (void)explorer;
    (void)room;
    for (int i = 1; i <= rows; i++) {
        int row = (view->row + (back ? rows - i : i)) % rows;
        if (strstr(view->figure->matrix.row_names[row], word)) {
            view->row = row;
            return true;
        }
    }
    return false;
}

static const struct bar_item bar[] = {
    {ACTION_OPEN, "scatter"}, {ACTION_METHOD, "method"}, {ACTION_ZOOM, "zoom"},
    {ACTION_HELP, "keys"},    {ACTION_PROMPT, "prompt"}, {ACTION_NONE, NULL},
};

const struct pane_row pane_correlation = {
    .state_size = sizeof(struct correlation_view),
    .free = clear,
    .stale = stale,
    .follows = PART_SCORES,
    .title = title,
    .draw = draw,
    .act = act,
    .click = click,
    .search = search,
    .bar = bar,
};
