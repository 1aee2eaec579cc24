/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figures that commands showed. */
#include "tui/gallery.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "shell/show.h"
#include "tui/freshness.h"
#include "view/cells/canvas.h"
#include "view/figure.h"
#include "view/glyphs.h"
#include "view/numbers.h"
#include "view/style.h"

enum { EXHIBITS_MAX = 50, PLOT_LEAST = 8, PLOT_SHARED = 14 /* lines */ };

static void exhibit_free(struct exhibit *exhibit)
{
    for (size_t i = 0; i < exhibit->count; i++) {
        mem_free(exhibit->items[i].text);
        figure_free(exhibit->items[i].figure);
    }
    mem_free(exhibit->items);
    mem_free(exhibit->command);
    state_free(&exhibit->state);
    live_snapshot_free(exhibit->live);
}

void gallery_free(struct gallery *gallery)
{
    for (int i = 0; i < gallery->count; i++)
        exhibit_free(&gallery->items[i]);
    mem_free(gallery->items);
    mem_free(gallery->filter);
    canvas_free(&gallery->canvas);
    *gallery = (struct gallery){.shown = -1, .sort = -1};
}

bool gallery_is_live(const struct gallery *gallery, const char *command)
{
    const struct exhibit *last = gallery->count ? &gallery->items[gallery->count - 1] : NULL;
    return last && last->live && last->command && command && strcmp(last->command, command) == 0;
}

static void drop_first(struct gallery *gallery)
{
    exhibit_free(&gallery->items[0]);
    gallery->count--;
    memmove(gallery->items, gallery->items + 1, (size_t)gallery->count * sizeof *gallery->items);
    gallery->shown--;
    gallery->width = 0;
}

/* Put an exhibit at the end and show it; where it replaces one that is not looked at, that stays so. */
static status put(struct gallery *gallery, struct exhibit exhibit, struct error *error)
{
    bool replace = exhibit.command && gallery_is_live(gallery, exhibit.command);
    if (!replace && gallery->count == EXHIBITS_MAX)
        drop_first(gallery);
    if (!exhibit.command || (!replace && !mem_grow(&gallery->items, &gallery->capacity,
                                                   (size_t)gallery->count + 1, sizeof *gallery->items))) {
        exhibit_free(&exhibit);
        return error_memory(error);
    }
    if (replace)
        exhibit_free(&gallery->items[--gallery->count]);
    gallery->items[gallery->count++] = exhibit;
    if (!replace)
        gallery_show(gallery, gallery->count - 1);
    else if (gallery->shown == gallery->count - 1)
        gallery->width = 0;
    return STATUS_OK;
}

status gallery_add(struct gallery *gallery, const char *command, const struct state *state,
                   struct reply *reply, struct error *error)
{
    struct exhibit exhibit = {.command = mem_string(command),
                              .state = state_retain(state),
                              .items = reply->items,
                              .count = reply->count};
    reply->items = NULL;
    reply->count = reply->capacity = 0;
    return put(gallery, exhibit, error);
}

status gallery_add_live(struct gallery *gallery, const char *command, struct live_snapshot *snapshot,
                        struct error *error)
{
    return put(gallery, (struct exhibit){.command = mem_string(command ? command : ""), .live = snapshot},
               error);
}

void gallery_show(struct gallery *gallery, int index)
{
    index = index >= gallery->count ? gallery->count - 1 : index < 0 && gallery->count ? 0 : index;
    if (index == gallery->shown)
        return;
    gallery->shown = index;
    gallery->sort = -1;
    gallery->reverse = gallery->whole = false;
    gallery_filter(gallery, NULL);
}

void gallery_paint(struct gallery *gallery, bool paint)
{
    if (gallery->paint != paint)
        gallery->width = 0;
    gallery->paint = paint;
}

void gallery_to_start(struct gallery *gallery)
{
    gallery->top = gallery->aside = 0;
}

static const struct exhibit *shown(const struct gallery *gallery)
{
    return gallery->count && gallery->shown >= 0 ? &gallery->items[gallery->shown] : NULL;
}

void text_add_changed_since(struct text *text, const struct gallery *gallery, const struct state *now)
{
    const struct exhibit *exhibit = shown(gallery);
    if (exhibit && !exhibit->live)
        text_add_stale(text, exhibit->command, &exhibit->state, now);
}

static const struct figure *first_table(const struct gallery *gallery)
{
    const struct exhibit *exhibit = shown(gallery);
    if (exhibit && exhibit->live)
        return exhibit->live->figure->kind == FIGURE_TABLE ? exhibit->live->figure : NULL;
    for (size_t i = 0; exhibit && i < exhibit->count; i++) {
        const struct figure *figure = exhibit->items[i].figure;
        if (figure && figure->kind == FIGURE_TABLE)
            return figure;
    }
    return NULL;
}

bool gallery_sort_next(struct gallery *gallery)
{
    const struct figure *figure = first_table(gallery);
    if (!figure)
        return false;
    gallery->sort = gallery->sort + 1 < figure->table.columns ? gallery->sort + 1 : -1;
    gallery->width = 0;
    return true;
}

static bool may_fold(const struct figure *figure)
{
    return figure && figure->kind == FIGURE_MATRIX && figure->matrix.folds > 0;
}

bool gallery_unfold(struct gallery *gallery)
{
    const struct exhibit *exhibit = shown(gallery);
    bool any = exhibit && exhibit->live && may_fold(exhibit->live->figure);
    for (size_t i = 0; exhibit && i < exhibit->count; i++)
        any = any || may_fold(exhibit->items[i].figure);
    gallery->whole = any && !gallery->whole;
    gallery->width = 0;
    return any;
}

bool gallery_reverse(struct gallery *gallery)
{
    gallery->reverse = !gallery->reverse;
    gallery->width = 0;
    return first_table(gallery) != NULL;
}

void gallery_filter(struct gallery *gallery, const char *word)
{
    mem_free(gallery->filter);
    gallery->filter = word && *word ? mem_string(word) : NULL;
    gallery->width = 0;
}

void text_add_arrangement(struct text *text, const struct gallery *gallery)
{
    const struct figure *figure = first_table(gallery);
    if (figure && gallery->sort >= 0)
        text_add_format(text, "by %s%s", figure->table.column[gallery->sort].name,
                        gallery->reverse ? ", turned round" : "");
    else if (figure && gallery->reverse)
        text_add(text, "turned round");
    if (figure && gallery->filter)
        text_add_format(text, "%swith '%s'", text->length ? ", " : "", gallery->filter);
}

/* --- sorting and filtering ------------------------------------------------------------------------------ */

struct arranged_row {
    const struct figure_cell *cells;
    int place, column;
    bool emphasis;
};

static const struct figure_cell *cell_of(const struct arranged_row *row)
{
    return &row->cells[row->column];
}

/* Numbers before texts before what is missing; equals as they came. */
static int compare_rows(const void *a, const void *b)
{
    const struct arranged_row *left = a, *right = b;
    const struct figure_cell *x = cell_of(left), *y = cell_of(right);
    int kind_x = x->missing ? 2 : x->text != NULL, kind_y = y->missing ? 2 : y->text != NULL;
    int order = kind_x - kind_y;
    if (order == 0 && kind_x == 1)
        order = strcmp(x->text, y->text);
    if (order == 0 && kind_x == 0)
        order = (x->number > y->number) - (x->number < y->number);
    return order ? order : left->place - right->place;
}

static bool row_has(const struct figure_table *table, const struct figure_cell *cells, const char *word)
{
    bool has = false;
    for (int i = 0; i < table->columns && !has; i++) {
        struct text text = {0};
        number_add_cell(&text, &table->column[i], &cells[i]);
        has = strstr(text_data(&text), word) != NULL;
        text_free(&text);
    }
    return has;
}

/* The column by which the table is sorted has a mark: which way numbers go from row to row. */
static void copy_head(const struct gallery *gallery, struct figure *to, const struct figure *from)
{
    const struct glyph_set *glyphs = glyph_set(gallery->ascii);
    if (from->title)
        figure_title(to, "%s", from->title);
    for (int i = 0; i < from->table.columns; i++) {
        const struct figure_column *column = &from->table.column[i];
        struct text name = {0};
        text_add(&name, column->name);
        if (i == gallery->sort)
            text_add_format(&name, " %s", gallery->reverse ? glyphs->falling : glyphs->rising);
        table_column(to, text_data(&name), column->unit, column->kind, column->digits);
        to->failed |= name.failed;
        text_free(&name);
        table_priority(to, column->priority);
    }
    for (int i = 0; i < from->note_count; i++)
        figure_note(to, "%s", from->notes[i]);
}

static void copy_row(struct figure *to, const struct arranged_row *row, int columns)
{
    for (int i = 0; i < columns; i++) {
        const struct figure_cell *cell = &row->cells[i];
        if (cell->missing)
            table_missing(to);
        else if (cell->text)
            table_text(to, cell->text);
        else
            table_number(to, cell->number);
        if (i == 0 && row->emphasis)
            table_emphasize(to);
    }
}

/* The table as the user wants to see it; NULL when memory is out. */
static struct figure *arrange(const struct gallery *gallery, const struct figure *figure)
{
    const struct figure_table *table = &figure->table;
    struct arranged_row *rows = mem_new((size_t)table->rows + 1, sizeof *rows);
    struct figure *made = figure_new(FIGURE_TABLE, figure->name);
    int count = 0;
    for (int r = 0; rows && r < table->rows; r++) {
        const struct figure_cell *cells = table->cells + (size_t)r * (size_t)table->columns;
        bool emphasis = table->emphasis && table->emphasis[r];
        if (!gallery->filter || row_has(table, cells, gallery->filter))
            rows[count++] =
                (struct arranged_row){cells, r, gallery->sort < table->columns ? gallery->sort : 0, emphasis};
    }
    if (rows && gallery->sort >= 0)
        qsort(rows, (size_t)count, sizeof *rows, compare_rows);
    if (made)
        copy_head(gallery, made, figure);
    for (int r = 0; made && rows && r < count; r++)
        copy_row(made, &rows[gallery->reverse ? count - 1 - r : r], table->columns);
    if (!rows) {
        figure_free(made);
        made = NULL;
    }
    mem_free(rows);
    return made;
}

/* As high as the room there is. */
static bool is_plot(const struct figure *figure)
{
    return !figure_has_rows(figure) && !figure_is_tall(figure);
}

static status draw_content(struct gallery *gallery, const struct figure *figure, bool compact,
                           struct error *error)
{
    struct canvas *canvas = &gallery->canvas;
    if (is_plot(figure)) {
        int before = canvas->height;
        status code = canvas_figure_fit(canvas, figure, canvas->width, gallery->plot_height, error);
        gallery->plots++;
        gallery->plot_lines += canvas->height - before;
        return code;
    }
    return compact ? canvas_figure_compact(canvas, figure, error) : canvas_figure(canvas, figure, error);
}

static void draw_figure(struct gallery *gallery, const struct figure *figure, bool arranged, bool compact)
{
    struct error error = {0};
    bool changed = arranged && (gallery->sort >= 0 || gallery->reverse || gallery->filter);
    struct figure *made = changed ? arrange(gallery, figure) : NULL;
    status code = draw_content(gallery, made ? made : figure, compact, &error);
    if (code != STATUS_OK)
        canvas_text(&gallery->canvas, gallery->canvas.height, 0, STYLE_ERROR, error.message);
    figure_free(made);
}

static void draw_exhibit(struct gallery *gallery, int width, bool compact)
{
    const struct exhibit *exhibit = shown(gallery);
    const struct figure *table = first_table(gallery);
    canvas_free(&gallery->canvas);
    canvas_init(&gallery->canvas, width, gallery->ascii);
    gallery->canvas.paint = gallery->paint && !gallery->ascii;
    gallery->plots = gallery->plot_lines = 0;
    bool after_figure = false;
    if (exhibit && exhibit->live)
        draw_figure(gallery, exhibit->live->figure, exhibit->live->figure == table, compact);
    if (exhibit && exhibit->live && exhibit->live->second)
        draw_figure(gallery, exhibit->live->second, false, compact);
    for (size_t i = 0; exhibit && i < exhibit->count; i++) {
        const struct reply_item *item = &exhibit->items[i];
        if (after_figure && !item->figure)
            canvas_text(&gallery->canvas, gallery->canvas.height, 0, STYLE_PLAIN, "");
        after_figure = item->figure != NULL;
        if (item->figure)
            draw_figure(gallery, item->figure, item->figure == table, compact);
        else
            show_paragraph(&gallery->canvas, width, item);
    }
}

const struct canvas *gallery_canvas(struct gallery *gallery, int width, int height, bool ascii)
{
    height = height > PLOT_LEAST ? height : PLOT_LEAST;
    if (gallery->width == width && gallery->height == height && gallery->ascii == ascii)
        return &gallery->canvas;
    gallery->height = height;
    gallery->ascii = ascii;
    gallery->plot_height = height;
    draw_exhibit(gallery, width, false);
    if (gallery->canvas.height > height && !gallery->whole) {
        int rest = height - (gallery->canvas.height - gallery->plot_lines);
        if (gallery->plots == 1 && rest >= PLOT_SHARED)
            gallery->plot_height = rest; /* all that belongs together is seen at once */
        draw_exhibit(gallery, width, gallery->plots == 0);
    }
    gallery->width = width;
    return &gallery->canvas;
}

int gallery_lines(struct gallery *gallery, int width, int most, bool ascii)
{
    const struct exhibit *exhibit = shown(gallery);
    bool plots = exhibit && exhibit->live && is_plot(exhibit->live->figure);
    for (size_t i = 0; exhibit && i < exhibit->count; i++)
        plots = plots || (exhibit->items[i].figure && is_plot(exhibit->items[i].figure));
    return exhibit && !plots ? gallery_canvas(gallery, width, most, ascii)->height : 0;
}
