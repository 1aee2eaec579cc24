/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Title lines, panes, status, prompt, key bar, and what lies over them. */
#include "tui/compose.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "session/shown.h"
#include "session/words/option.h"
#include "session/words/panes.h"
#include "tui/explorer_live.h"
#include "tui/grid.h"
#include "tui/keys_help.h"
#include "tui/pane.h"
#include "tui/standing.h"
#include "view/cells/canvas.h"
#include "view/glyphs.h"
#include "view/style.h"

/* --- panes ---------------------------------------------------------------------------------------------- */

static char *last_divide(char *title)
{
    char *last = NULL;
    for (char *at = title; (at = strstr(at, ", ")); at++)
        last = at;
    return last;
}

/* What a title has no room for it loses part by part, as ", " divides it; a single part loses its end. */
static void fit_title(const struct canvas *grid, struct text *title, int width)
{
    char *divide;
    while (grid_width_of(grid, text_data(title)) > width && (divide = last_divide(title->data))) {
        *divide = '\0';
        title->length = (size_t)(divide - title->data);
    }
}

/* "─ Layers ─ resnet56.onnx, 57 layers ─────" */
static void draw_title(struct explorer *explorer, struct canvas *grid, enum pane_id pane, bool focused)
{
    const struct rect *rect = &explorer->placement.pane[pane];
    const struct pane_row *row = pane_row_at(pane);
    struct text text = {0};
    enum cell_style rule = focused ? STYLE_FOCUS : STYLE_BORDER;
    grid_fill(grid, rect->line, rect->column, rect->column + rect->width, rule,
              glyph_set(grid->ascii)->horizontal);
    struct rect line = {rect->column + 1, rect->line, rect->width - 2, 1};
    text_add_format(&text, "%s%s ", focused ? glyph_set(grid->ascii)->marker : " ", pane_title((int)pane));
    int column = grid_text(grid, &line, 0, 0, focused ? STYLE_FOCUS : STYLE_TITLE, text_data(&text));
    text_clear(&text);
    if (row->title)
        row->title(explorer, explorer->panes[pane].state, &text);
    if (text.length && column + 6 < line.width) {
        line.column += column;
        line.width -= column;
        if (!row->title_whole)
            fit_title(grid, &text, line.width);
        draw_cut(grid, &line, 0, 0, STYLE_NOTE, text_data(&text));
        int end = grid_width_of(grid, text_data(&text));
        if (end < line.width)
            grid_text(grid, &line, 0, end, STYLE_NOTE, " ");
    }
    text_free(&text);
}

static void draw_pane(struct explorer *explorer, struct canvas *grid, enum pane_id pane)
{
    const struct rect *rect = &explorer->placement.pane[pane];
    bool focused = explorer->focus == (int)pane;
    struct rect room = pane_room(explorer, pane);
    draw_title(explorer, grid, pane, focused);
    for (int i = 0; explorer->placement.rule_at_left[pane] && i < rect->height; i++)
        canvas_text(grid, rect->line + i, rect->column - 1, STYLE_BORDER, glyph_set(grid->ascii)->vertical);
    if (room.height > 0)
        pane_row_at(pane)->draw(explorer, explorer->panes[pane].state, grid, &room, focused);
}

/* --- the lines below the panes -------------------------------------------------------------------------- */

static void draw_status(struct explorer *explorer, struct canvas *grid, int line)
{
    struct rect row = {0, line, grid->width, 1};
    struct text text = {0};
    enum cell_style style = STYLE_STATUS;
    grid_fill(grid, line, 0, grid->width, STYLE_STATUS, " ");
    if (explorer->message) {
        text_add(&text, explorer->message);
        style = explorer->message_bad ? STYLE_ERROR : STYLE_STATUS;
    } else if (explorer->job) {
        text_add_activity(&text, explorer, grid->width >= 110);
    } else if (explorer->beside) {
        text_add(&text, "a script computes: Control-C stops it");
        if (explorer->waiting.count)
            text_add_format(&text, " · %zu waiting", explorer->waiting.count);
    } else {
        int name = grid_width_of(grid, layout_name((int)explorer->layout));
        text_add_standing(&text, explorer, grid->width - name - 6);
    }
    row.column = 1;
    row.width = grid->width - 1;
    draw_cut(grid, &row, 0, 0, style, text_data(&text));
    int end = grid_width_of(grid, text_data(&text));
    row.width--;
    grid_text_right(grid, &row, 0, end + 3, STYLE_STATUS, layout_name((int)explorer->layout));
    text_free(&text);
}

/* Columns of one character as it is drawn here. */
static int character_width(const struct canvas *grid, const char *text, int *bytes)
{
    int32_t code;
    char character[8] = {0};
    *bytes = utf8_decode(text, &code);
    memcpy(character, text, (size_t)*bytes);
    return grid_width_of(grid, character);
}

/* Columns between the first byte that is shown and the cursor. */
static int columns_before(const struct canvas *grid, const char *text, int cursor, int room, int *start)
{
    int total = 0, bytes;
    for (int at = 0; at < cursor && text[at]; at += bytes)
        total += character_width(grid, text + at, &bytes);
    int hidden = total > room ? total - room + room / 3 : 0;
    for (*start = 0; hidden > 0 && *start < cursor; *start += bytes) {
        int width = character_width(grid, text + *start, &bytes);
        hidden -= width;
        total -= width;
    }
    return total;
}

/* The line scrolls so that the cursor is seen, a third of the width in front of it where there is more; a
 * mark at an edge says that the text goes on beyond it. */
static void draw_prompt(struct explorer *explorer, struct canvas *grid, int line,
                        struct screen_cursor *cursor)
{
    struct rect row = {0, line, grid->width, 1};
    const struct edit_line *edit = &explorer->line;
    const char *text = edit->text ? edit->text : "";
    int column = grid_text(grid, &row, 0, 0, STYLE_PROMPT, edit->prompt ? edit->prompt : "");
    if (column > grid->width / 2)
        column = 0;
    int room = grid->width - column - 1, start, at = columns_before(grid, text, edit->cursor, room, &start);
    struct rect part = {column, line, grid->width - column, 1};
    grid_fill(grid, line, column, grid->width, STYLE_PLAIN, " ");
    grid_text(grid, &part, 0, 0, STYLE_PLAIN, text + start);
    if (start > 0)
        grid_text(grid, &part, 0, 0, STYLE_NOTE, "<");
    if (at + 1 < part.width && grid_width_of(grid, text + start) > part.width)
        grid_text(grid, &part, 0, part.width - 1, STYLE_NOTE, ">");
    *cursor = (struct screen_cursor){line, column + at < grid->width ? column + at : grid->width - 1};
}

/* --- what lies over the panes --------------------------------------------------------------------------- */

/* Words offered by completion, in columns, above the prompt. */
static void draw_popup(struct explorer *explorer, struct canvas *grid, int bottom)
{
    const struct word_list *words = &explorer->popup;
    int widest = 1, lines, across;
    for (size_t i = 0; i < words->count; i++) {
        int width = grid_width_of(grid, words->items[i]) + 2;
        widest = width > widest ? width : widest;
    }
    widest = widest < grid->width ? widest : grid->width;
    across = grid->width / widest > 0 ? grid->width / widest : 1;
    lines = ((int)words->count + across - 1) / across;
    int shown = lines < bottom * 2 / 3 ? lines : bottom * 2 / 3;
    for (int line = 0; line < shown; line++) {
        struct rect row = {0, bottom - shown + line, grid->width, 1};
        grid_fill(grid, row.line, 0, grid->width, STYLE_POPUP, " ");
        for (int i = 0; i < across; i++) {
            size_t word = (size_t)(i * lines + line);
            struct rect cell = {i * widest, row.line, widest - 1, 1};
            if (i * lines + line < (i + 1) * lines && word < words->count)
                draw_cut(grid, &cell, 0, 1, STYLE_POPUP, words->items[word]);
        }
        if (line + 1 == shown && shown < lines)
            grid_text_right(grid, &row, 0, 0, STYLE_NOTE, grid->ascii ? " more ... " : " more … ");
    }
}

static void draw_keys(struct explorer *explorer, struct canvas *grid, int height)
{
    struct canvas keys;
    struct rect room = {0, 1, grid->width, height - 1};
    canvas_init(&keys, grid->width - 1, grid->ascii); /* beside the marks of what lies above and below */
    keys_help_draw(explorer, &keys);
    int most = keys.height > room.height ? keys.height - room.height : 0;
    explorer->keys_top = explorer->keys_top > most ? most : explorer->keys_top;
    for (int line = 0; line < height; line++)
        grid_fill(grid, line, 0, grid->width, STYLE_PLAIN, " ");
    grid_fill(grid, 0, 0, grid->width, STYLE_FOCUS, glyph_set(grid->ascii)->horizontal);
    canvas_text(grid, 0, 2, STYLE_FOCUS, " Keys in force: any other key closes this ");
    draw_scrolled(grid, &room, &keys, explorer->keys_top, 0);
    canvas_free(&keys);
}

/* --- all of it ------------------------------------------------------------------------------------------ */

/* The lines below the panes: status, prompt, key bar. */
enum { BOTTOM_LINES = 3 };

static bool too_small(int width, int height)
{
    return width < LEAST_SCREEN_WIDTH || height < LEAST_SCREEN_HEIGHT;
}

int compose_room(int width, int height)
{
    return too_small(width, height) ? 0 : height - BOTTOM_LINES;
}

/* The longest form that fits. */
static void add_too_small(struct text *text, int width, int height)
{
    text_add_format(text, "too small: %dx%d here, %dx%d needed", width, height, LEAST_SCREEN_WIDTH,
                    LEAST_SCREEN_HEIGHT);
    static const char *const shorter[] = {"too small: %dx%d needed", "needs %dx%d", "%dx%d"};
    for (size_t i = 0; (int)text->length > width && i < sizeof shorter / sizeof *shorter; i++) {
        text_clear(text);
        text_add_format(text, shorter[i], LEAST_SCREEN_WIDTH, LEAST_SCREEN_HEIGHT);
    }
    if ((int)text->length > width) {
        text_clear(text);
        text_add(text, "!");
    }
}

/* The size that is needed, and the prompt, for what is typed is obeyed at any size. A single line is the
 * prompt's once there is something in it. What went wrong is told above the prompt. */
static void draw_too_small(struct explorer *explorer, struct canvas *grid, struct screen_cursor *cursor)
{
    struct rect first = {0, 0, grid->width, 1};
    const struct edit_line *edit = &explorer->line;
    bool asked = edit->asking != ASK_COMMAND || (edit->text && *edit->text);
    struct text text = {0};
    *cursor = (struct screen_cursor){-1, 0};
    if (grid->height > 2 && (explorer->message || explorer->job))
        draw_status(explorer, grid, grid->height - 2);
    if (grid->height > 1 || asked)
        draw_prompt(explorer, grid, grid->height - 1, cursor);
    if (grid->height > 1 || !asked) {
        add_too_small(&text, grid->width, grid->height);
        grid_text(grid, &first, 0, 0, STYLE_TITLE, text_data(&text));
    }
    text_free(&text);
}

bool compose(struct explorer *explorer, struct canvas *grid, struct screen_cursor *cursor)
{
    explorer_refresh(explorer);
    if (!grid_reset(grid, explorer->width, explorer->height, explorer->ascii))
        return false;
    if (too_small(explorer->width, explorer->height)) {
        draw_too_small(explorer, grid, cursor);
        return !grid->failed;
    }
    const int status_line = compose_room(explorer->width, explorer->height);
    for (int i = 0; i < PANE_COUNT; i++) {
        if (explorer->placement.pane[i].width > 0)
            draw_pane(explorer, grid, (enum pane_id)i);
    }
    if (explorer->keys_open)
        draw_keys(explorer, grid, status_line);
    draw_status(explorer, grid, status_line);
    draw_prompt(explorer, grid, status_line + 1, cursor);
    key_bar_draw(explorer, grid, status_line + 2);
    if (explorer->popup.count)
        draw_popup(explorer, grid, status_line);
    if (explorer->focus != FOCUS_PROMPT)
        cursor->line = -1;
    return !grid->failed;
}

/* --- dumps ---------------------------------------------------------------------------------------------- */

static char style_letter(const struct canvas_cell *cell)
{
    if (cell->level)
        return (char)('1' + (cell->level - 1) * 9 / 255);
    return cell->style == STYLE_PLAIN ? '.' : (char)('a' + cell->style - 1);
}

static void add_styles(struct text *text, const struct canvas *grid, int line)
{
    struct text row = {0};
    int end = 0;
    for (int i = 0; i < grid->width; i++) {
        char letter[2] = {style_letter(grid_cell(grid, line, i)), '\0'};
        text_add(&row, letter);
        if (letter[0] != '.')
            end = i + 1;
    }
    if (end)
        text_add_format(text, "%.*s\n", end, text_data(&row));
    text_free(&row);
}

void text_add_screen(struct text *text, const struct canvas *grid, bool styles)
{
    for (int line = 0; line < grid->height; line++) {
        struct canvas row = {.width = grid->width, .height = 1, .cells = grid_cell(grid, line, 0)};
        canvas_print(&row, NULL, -1, text);
        if (styles)
            add_styles(text, grid, line);
    }
}
