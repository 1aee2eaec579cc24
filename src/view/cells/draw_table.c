/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables in cells. Numbers line up at the decimal point. When the width does not do: headers break between
 * words, bars and then text columns shrink, and then columns go, those of the lowest priority first; a note
 * names them. Where few lines are wanted two halves stand side by side. */
#include "view/cells/draw.h"
#include "view/cells/names.h"

#include <math.h>
#include <string.h>
#include "base/text.h"
#include "view/style.h"
#include "view/figure.h"
#include "view/numbers.h"

enum {
    GAP = 2,
    MARKER = 2,
    BAR_WIDTH = 20,
    BAR_LEAST = 8,
    TEXT_LEAST = 16,
    HEADER_LINES = 8,
    HALF_GAP = 4,
    HALF_LEAST = 3
};

struct shown_cell {
    const char *text;
    int width;
    int before; /* columns in front of the decimal point of a number, -1 for what does not line up */
};

struct shown_column {
    const struct figure_column *column;
    const char *header;
    int header_width, header_word; /* in one line; its longest word */
    struct shown_cell *cells;      /* per row; none for bars */
    int after;                     /* most columns from a decimal point on */
    int numbers, content;          /* columns that the numbers take, that numbers and text take */
    int least, natural, width;     /* of the whole column; width is what it got */
    bool left_out;
};

struct layout {
    const struct figure_table *table;
    struct shown_column *columns;
    int left;    /* where it begins */
    bool marked; /* some rows stand out */
    bool headers_broken;
};

static bool is_number(const struct figure_cell *cell)
{
    return !cell->text && !cell->missing;
}

static void show_cell(struct drawing *drawing, const struct figure_column *column,
                      const struct figure_cell *cell, struct shown_cell *shown)
{
    struct text text = {0};
    number_add_cell(&text, column, cell);
    shown->text = drawing_show(drawing, drawing_take(drawing, &text));
    shown->width = utf8_width(shown->text);
    shown->before = -1;
    if (is_number(cell) && isfinite(cell->number))
        shown->before = (int)strcspn(shown->text, ".e%"); /* digits, signs and commas are one column each */
}

/* Widths of a column of numbers: lined up when that costs little, else at the right. */
static void line_up(struct shown_column *column, int rows)
{
    int before = 0, after = 0, widest = 0, number = 0;
    for (int r = 0; r < rows; r++) {
        const struct shown_cell *cell = &column->cells[r];
        widest = cell->width > widest ? cell->width : widest;
        if (cell->before < 0)
            continue;
        number = cell->width > number ? cell->width : number;
        before = cell->before > before ? cell->before : before;
        after = cell->width - cell->before > after ? cell->width - cell->before : after;
    }
    bool worth = before + after <= number + 6;
    column->after = worth ? after : 0;
    column->numbers = worth ? before + after : number;
    column->content = column->numbers > widest ? column->numbers : widest;
    for (int r = 0; !worth && r < rows; r++)
        column->cells[r].before = -1;
}

static int longest_word(const char *text)
{
    int longest = 0;
    while (*text) {
        size_t bytes = strcspn(text, " ");
        char word[256] = {0};
        memcpy(word, text, bytes < sizeof word ? bytes : sizeof word - 1);
        int width = utf8_width(word);
        longest = width > longest ? width : longest;
        text += bytes + strspn(text + bytes, " ");
    }
    return longest;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static void show_column(struct drawing *drawing, const struct figure_table *table, int index,
                        struct shown_column *shown)
{
    const struct figure_column *column = &table->column[index];
    shown->column = column;
    shown->header =
        drawing_show(drawing, column->unit ? drawing_format(drawing, "%s (%s)", column->name, column->unit)
                                           : column->name);
    shown->header_width = utf8_width(shown->header);
    shown->header_word = longest_word(shown->header);
    shown->cells = drawing_alloc(drawing, (size_t)table->rows, sizeof *shown->cells);
    if (!shown->cells)
        return;
    for (int r = 0; r < table->rows && !drawing->failed; r++) {
        const struct figure_cell *cell = &table->cells[(size_t)r * (size_t)table->columns + (size_t)index];
        show_cell(drawing, column, cell, &shown->cells[r]);
    }
    if (drawing->failed)
        return;
    line_up(shown, table->rows);
    if (column->kind == COLUMN_BAR)
        shown->content = BAR_WIDTH;
}

static bool layout_make(struct drawing *drawing, const struct figure_table *table, struct layout *layout)
{
    *layout = (struct layout){.table = table};
    layout->columns = drawing_alloc(drawing, (size_t)table->columns, sizeof *layout->columns);
    for (int c = 0; c < table->columns && !drawing->failed; c++)
        show_column(drawing, table, c, &layout->columns[c]);
    for (int r = 0; r < table->rows; r++)
        layout->marked = layout->marked || (table->emphasis && table->emphasis[r]);
    return !drawing->failed;
}

/* The least and the natural width of each column, with headers in one line or broken. */
static void layout_limits(struct layout *layout)
{
    for (int c = 0; c < layout->table->columns; c++) {
        struct shown_column *column = &layout->columns[c];
        column->natural = larger(larger(column->content, column->header_width), 1);
        column->least = column->natural;
        if (column->column->kind == COLUMN_BAR)
            column->least = larger(BAR_LEAST, smaller(column->header_word, BAR_WIDTH));
        else if (column->column->kind == COLUMN_TEXT)
            column->least = smaller(column->natural, TEXT_LEAST);
        else if (layout->headers_broken)
            column->least = larger(larger(column->numbers, smaller(column->content, TEXT_LEAST)),
                                   smaller(column->header_word, TEXT_LEAST));
        column->width = column->natural;
    }
}

static int layout_width(const struct layout *layout, bool least)
{
    int width = layout->marked ? MARKER : 0, columns = 0;
    for (int c = 0; c < layout->table->columns; c++) {
        const struct shown_column *column = &layout->columns[c];
        if (column->left_out)
            continue;
        width += (columns++ ? GAP : 0) + (least ? column->least : column->natural);
    }
    return width;
}

/* Leave out the column that matters least; false when only the first is left. */
static bool leave_one_out(struct layout *layout)
{
    int worst = 0;
    for (int c = 1; c < layout->table->columns; c++) {
        if (layout->columns[c].left_out)
            continue;
        if (worst == 0 || layout->columns[c].column->priority <= layout->columns[worst].column->priority)
            worst = c;
    }
    if (worst == 0)
        return false;
    layout->columns[worst].left_out = true;
    return true;
}

/* Give the columns of one kind, from their least width, what is there to give: the narrowest first, so that
 * equal columns end equal. Returns what is left. */
static int widen(struct layout *layout, enum column_kind kind, int spare)
{
    while (spare > 0) {
        struct shown_column *narrowest = NULL;
        for (int c = 0; c < layout->table->columns; c++) {
            struct shown_column *column = &layout->columns[c];
            bool could = !column->left_out && column->column->kind == kind && column->width < column->natural;
            if (could && (!narrowest || column->width < narrowest->width))
                narrowest = column;
        }
        if (!narrowest)
            break;
        narrowest->width++;
        spare--;
    }
    return spare;
}

static void layout_fit(struct layout *layout, int available)
{
    layout_limits(layout);
    if (layout_width(layout, false) <= available)
        return;
    layout->headers_broken = true;
    layout_limits(layout);
    while (layout_width(layout, true) > available && leave_one_out(layout))
        ;
    int spare = available - layout_width(layout, true);
    for (int c = 0; c < layout->table->columns; c++)
        layout->columns[c].width = layout->columns[c].least;
    if (spare < 0) /* the first column alone is too wide */
        layout->columns[0].width = larger(1, available - (layout->marked ? MARKER : 0));
    spare = widen(layout, COLUMN_TEXT, spare);
    for (enum column_kind kind = COLUMN_INTEGER; kind <= COLUMN_BAR; kind++)
        spare = widen(layout, kind, spare);
}

/* Texts of one column are told apart also where they do not fit. */
static void shorten_texts(struct drawing *drawing, struct layout *layout)
{
    int rows = layout->table->rows;
    const char **names = drawing_alloc(drawing, 2 * (size_t)rows, sizeof *names);
    for (int c = 0; names && c < layout->table->columns; c++) {
        struct shown_column *column = &layout->columns[c];
        if (column->left_out || column->column->kind != COLUMN_TEXT)
            continue;
        for (int r = 0; r < rows; r++)
            names[r] = column->cells[r].text;
        drawing_shorten_names(drawing, names, rows, column->width, names + rows);
        for (int r = 0; r < rows; r++)
            column->cells[r].text = names[rows + r];
    }
}

static bool at_right(const struct shown_column *column)
{
    return column->column->kind != COLUMN_TEXT && column->column->kind != COLUMN_BAR;
}

/* Break a header into lines; returns how many. */
static int header_lines(struct drawing *drawing, const struct shown_column *column, const char **lines)
{
    const char *at = column->header;
    int count = 0;
    for (const char *line; count < HEADER_LINES && (line = drawing_wrap(drawing, &at, column->width));)
        lines[count++] = line;
    return count;
}

static void draw_header(struct drawing *drawing, const struct layout *layout)
{
    int lines = 1, left = layout->left + (layout->marked ? MARKER : 0);
    const char *parts[HEADER_LINES];
    for (int c = 0; c < layout->table->columns; c++)
        if (!layout->columns[c].left_out)
            lines = larger(lines, header_lines(drawing, &layout->columns[c], parts));
    int first = drawing->line;
    for (int c = 0; c < layout->table->columns; c++) {
        const struct shown_column *column = &layout->columns[c];
        if (column->left_out)
            continue;
        int count = header_lines(drawing, column, parts);
        for (int i = 0; i < count; i++) {
            drawing->line = first + lines - count + i;
            if (at_right(column))
                drawing_put_right(drawing, left + column->width, STYLE_HEADER, parts[i]);
            else
                drawing_put(drawing, left, STYLE_HEADER, parts[i]);
        }
        drawing->line = first + lines;
        drawing_repeat(drawing, left, STYLE_AXIS, drawing->glyphs->horizontal, column->width);
        left += column->width + GAP;
    }
    drawing->line = first + lines + 1;
}

static void draw_bar(struct drawing *drawing, int left, int width, double share)
{
    const struct glyph_set *glyphs = drawing->glyphs;
    double length = share < 0 ? 0 : share > 1 ? 1 : share;
    int eighths = (int)lround(length * width * 8);
    if (eighths == 0 && length > 0)
        eighths = 1; /* little is not nothing */
    int full = eighths / 8;
    drawing_repeat(drawing, left, STYLE_BAR, glyphs->row[8], full);
    int next = left + full;
    if (eighths % 8 > 0)
        next = drawing_put(drawing, next, STYLE_BAR, glyphs->row[eighths % 8]);
    drawing_repeat(drawing, next, STYLE_AXIS, glyphs->track, left + width - next);
}

static void draw_cell(struct drawing *drawing, const struct shown_column *column, int left, int row,
                      bool first, const struct figure_cell *cell, bool emphasis)
{
    const struct shown_cell *shown = &column->cells[row];
    if (column->column->kind == COLUMN_BAR && is_number(cell) && isfinite(cell->number)) {
        draw_bar(drawing, left, column->width, cell->number);
        return;
    }
    enum cell_style style = emphasis          ? STYLE_TITLE
                            : cell->missing   ? STYLE_NOTE
                            : is_number(cell) ? STYLE_NUMBER
                            : first           ? STYLE_NAME
                                              : STYLE_PLAIN;
    const char *text = drawing_shorten(drawing, shown->text, column->width);
    if (!at_right(column)) {
        drawing_put(drawing, left, style, text);
    } else if (shown->before >= 0 && column->width >= column->numbers) {
        drawing_put(drawing, left + column->width - column->after - shown->before, style, text);
    } else {
        drawing_put_right(drawing, left + column->width, style, text);
    }
}

static void draw_row(struct drawing *drawing, const struct layout *layout, int row)
{
    const struct figure_table *table = layout->table;
    bool emphasis = table->emphasis && table->emphasis[row];
    int left = layout->left + (layout->marked ? MARKER : 0);
    if (emphasis)
        drawing_put(drawing, layout->left, STYLE_TITLE, drawing->glyphs->marker);
    for (int c = 0; c < table->columns; c++) {
        const struct shown_column *column = &layout->columns[c];
        if (column->left_out)
            continue;
        draw_cell(drawing, column, left, row, c == 0,
                  &table->cells[(size_t)row * (size_t)table->columns + (size_t)c], emphasis);
        left += column->width + GAP;
    }
    drawing->line++;
}

/* Nothing is left out silently. */
static void note_left_out(struct drawing *drawing, const struct layout *layout)
{
    struct text note = {0};
    for (int c = 0; c < layout->table->columns; c++)
        if (layout->columns[c].left_out)
            text_add_format(&note, "%s%s",
                            note.length ? ", " : "too narrow to show: ", layout->table->column[c].name);
    if (note.length > 0 || note.failed)
        drawing_paragraph(drawing, STYLE_NOTE, drawing_take(drawing, &note));
    text_free(&note);
}

/* Do two halves fit side by side? If bars have to go for it, they do, for they show what a number says. */
static bool halves_fit(const struct drawing *drawing, struct layout *layout, int half)
{
    const struct figure_table *table = layout->table;
    if (!drawing->compact || table->rows < 2 * HALF_LEAST)
        return false;
    layout_limits(layout);
    if (layout_width(layout, false) <= half)
        return true;
    for (int c = 1; c < table->columns; c++)
        layout->columns[c].left_out = table->column[c].kind == COLUMN_BAR;
    bool fit = layout_width(layout, false) <= half;
    for (int c = 1; c < table->columns && !fit; c++)
        layout->columns[c].left_out = false;
    return fit;
}

static void draw_rows(struct drawing *drawing, const struct layout *layout, int first, int last)
{
    draw_header(drawing, layout);
    for (int r = first; r < last && !drawing->failed; r++)
        draw_row(drawing, layout, r);
}

/* The first half at the left: it is as long as the second, or longer by one. */
static void draw_halves(struct drawing *drawing, struct layout *layout, int half)
{
    int rows = layout->table->rows, middle = (rows + 1) / 2, top = drawing->line;
    draw_rows(drawing, layout, 0, middle);
    int bottom = drawing->line;
    drawing->line = top;
    layout->left = smaller(half, layout_width(layout, false)) + HALF_GAP;
    draw_rows(drawing, layout, middle, rows);
    drawing->line = bottom;
}

void draw_table(struct drawing *drawing, const struct figure *figure)
{
    const struct figure_table *table = &figure->table;
    struct layout layout;
    int half = (drawing->width - HALF_GAP) / 2;
    if (table->columns == 0 || !layout_make(drawing, table, &layout))
        return;
    bool halves = halves_fit(drawing, &layout, half);
    layout_fit(&layout, halves ? half : drawing->width);
    shorten_texts(drawing, &layout);
    if (halves) {
        draw_halves(drawing, &layout, half);
        return;
    }
    draw_rows(drawing, &layout, 0, table->rows);
    if (table->rows == 0)
        drawing_paragraph(drawing, STYLE_NOTE, "(no rows)");
    if (!drawing->terse)
        note_left_out(drawing, &layout);
}

int table_natural_width(struct drawing *drawing, const struct figure *figure)
{
    const struct figure_table *table = &figure->table;
    struct layout layout;
    if (table->columns == 0 || !layout_make(drawing, table, &layout))
        return 0;
    layout_limits(&layout);
    return layout_width(&layout, false);
}
