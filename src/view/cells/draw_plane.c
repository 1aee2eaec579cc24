/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A plane in cells: dots, axes and legends of curves and scatters. */
#include <math.h>
#include <string.h>
#include "base/text.h"
#include "view/style.h"
#include "view/cells/draw.h"
#include "view/cells/names.h"
#include "view/numbers.h"

enum {
    LEGEND_GAP = 3,
    MIDDLE_DOT = 1, /* of the four in a cell: the one that stands for the value of its line */
};

bool plane_make(struct drawing *drawing, struct plane *plane, int lines, const struct tick *ticks, int count,
                const char *const *tick_labels)
{
    int label = 1;
    plane->lines = lines;
    plane->labels = drawing_alloc(drawing, (size_t)lines, sizeof *plane->labels);
    for (int t = 0; plane->labels && t < count; t++) {
        int width = utf8_width(tick_labels[t]);
        label = width > label ? width : label;
        plane->labels[lround((1 - ticks[t].position) * (lines - 1))] = tick_labels[t];
    }
    plane->gutter = label + 2;
    plane->columns = drawing->width - plane->gutter;
    plane->columns = plane->columns < 1 ? 1 : plane->columns;
    plane->cells = drawing_alloc(drawing, (size_t)lines * (size_t)plane->columns, sizeof *plane->cells);
    return !drawing->failed;
}

int plot_ticks(int lines, int most)
{
    int ticks = lines / 2 + 1;
    return ticks < 2 ? 2 : ticks > most ? most : ticks;
}

static int clamp_dot(double dot, int count)
{
    return dot < 0 ? 0 : dot > count - 1 ? count - 1 : (int)lround(dot);
}

/* A column stays free at both ends where there is room. */
int plane_across(const struct plane *plane, double x)
{
    int inset = plane->columns > 12 ? 1 : 0;
    double place = range_position(plane->left, plane->right, x);
    return clamp_dot((inset + place * (plane->columns - 1 - 2 * inset)) * DOTS_ACROSS,
                     plane->columns * DOTS_ACROSS);
}

int plane_down(const struct plane *plane, double y)
{
    double place = range_position(plane->low, plane->high, y);
    return clamp_dot((1 - place) * (plane->lines - 1) * DOTS_DOWN + MIDDLE_DOT, plane->lines * DOTS_DOWN);
}

struct plane_cell *plane_cell_at(const struct plane *plane, int across, int down)
{
    return &plane
                ->cells[(size_t)(down / DOTS_DOWN) * (size_t)plane->columns + (size_t)(across / DOTS_ACROSS)];
}

void plane_dot(struct plane *plane, int across, int down, enum cell_style style)
{
    static const unsigned char bits[DOTS_DOWN][DOTS_ACROSS] = {
        {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    struct plane_cell *cell = plane_cell_at(plane, across, down);
    cell->dots |= bits[down % DOTS_DOWN][across % DOTS_ACROSS];
    cell->style = (unsigned char)style;
    cell->count++;
}

/* Without braille: one point, some, many. */
static const char *density(int count)
{
    return count < 2 ? "." : count < 5 ? ":" : "#";
}

static void put_cell(struct drawing *drawing, const struct plane_cell *cell, int column)
{
    char braille[5];
    if (cell->sign) {
        drawing_put(drawing, column, cell->style, cell->sign);
    } else if (cell->dots && drawing->canvas->ascii) {
        drawing_put(drawing, column, cell->style, density(cell->count));
    } else if (cell->dots) {
        int32_t code = 0x2800 + cell->dots;
        snprintf(braille, sizeof braille, "%c%c%c", 0xE0 | code >> 12, 0x80 | (code >> 6 & 0x3F),
                 0x80 | (code & 0x3F));
        drawing_put(drawing, column, cell->style, braille);
    }
}

static void draw_plot(struct drawing *drawing, const struct plane *plane)
{
    const struct glyph_set *glyphs = drawing->glyphs;
    int axis = plane->gutter - 1;
    for (int line = 0; line < plane->lines && !drawing->failed; line++, drawing->line++) {
        const char *label = plane->labels[line];
        if (label)
            drawing_put_right(drawing, axis - 1, STYLE_AXIS, label);
        drawing_put(drawing, axis, STYLE_AXIS, label ? glyphs->tick_left : glyphs->vertical);
        for (int c = 0; c < plane->columns; c++)
            put_cell(drawing, &plane->cells[(size_t)line * (size_t)plane->columns + (size_t)c],
                     plane->gutter + c);
    }
}

/* Where a label centred on a column begins, so that it stays inside the canvas. */
static int label_start(const struct drawing *drawing, int column, const char *label)
{
    int width = utf8_width(label), start = column - (width - 1) / 2;
    start = start + width > drawing->width ? drawing->width - width : start;
    return start < 0 ? 0 : start;
}

static int tick_column(const struct plane *plane, const struct tick *tick)
{
    double left = plane->left, right = plane->right;
    double x = left * (1 - tick->position) + right * tick->position;
    return plane->gutter + plane_across(plane, x) / DOTS_ACROSS;
}

/* As many ticks as there is room for with their labels two columns apart. */
static int choose_ticks(const struct drawing *drawing, const struct plane *plane,
                        struct tick ticks[TICKS_MAX])
{
    for (int most = TICKS_MAX; most > 1; most--) {
        int count = ticks_of_range(plane->left, plane->right, most, ticks), free = 0;
        bool fits = true;
        for (int i = 0; i < count && fits; i++) {
            int start = label_start(drawing, tick_column(plane, &ticks[i]), ticks[i].label);
            fits = start >= free;
            free = start + utf8_width(ticks[i].label) + 2;
        }
        if (fits)
            return count;
    }
    return ticks_of_range(plane->left, plane->right, 1, ticks);
}

static void draw_x_axis(struct drawing *drawing, const struct plane *plane, const char *x_axis)
{
    const struct glyph_set *glyphs = drawing->glyphs;
    struct tick ticks[TICKS_MAX];
    int count = choose_ticks(drawing, plane, ticks);
    drawing->failed = drawing->failed || count < 0;
    drawing_put(drawing, plane->gutter - 1, STYLE_AXIS, glyphs->corner);
    drawing_repeat(drawing, plane->gutter, STYLE_AXIS, glyphs->horizontal, plane->columns);
    for (int i = 0; i < count; i++) {
        int column = tick_column(plane, &ticks[i]);
        drawing_put(drawing, column, STYLE_AXIS, glyphs->tick_down);
        drawing->line++;
        drawing_put(drawing, label_start(drawing, column, ticks[i].label), STYLE_AXIS, ticks[i].label);
        drawing->line--;
    }
    drawing->line += 2;
    if (drawing->terse)
        return;
    const char *axis = drawing_show(drawing, x_axis);
    axis = drawing_shorten(drawing, axis, drawing->width);
    drawing_put(drawing, label_start(drawing, plane->gutter + plane->columns / 2, axis), STYLE_NOTE, axis);
    drawing->line++;
}

void plane_draw(struct drawing *drawing, const struct plane *plane, const char *x_axis)
{
    draw_plot(drawing, plane);
    draw_x_axis(drawing, plane, x_axis);
    drawing->plots = 1;
    drawing->height = plane->lines;
}

/* Entries side by side in columns of equal width where they fit. A name that is too long loses its middle; on
 * a narrow screen the remark follows on a line of its own. */
void legend_draw(struct drawing *drawing, const struct legend_entry *entries, int count)
{
    int names = 1, remarks = 0;
    for (int i = 0; i < count; i++) {
        int name = utf8_width(entries[i].name), remark = utf8_width(entries[i].remark);
        names = name > names ? name : names;
        remarks = remark > remarks ? remark : remarks;
    }
    int room = drawing->width - 2 - 2 - remarks, limit = drawing->width / 3;
    bool below = room < limit && room < names; /* the remark would squeeze the names */
    int most = below ? drawing->width - 2 : room;
    names = names > most ? most : names;
    const char **shown = drawing_alloc(drawing, 2 * (size_t)count, sizeof *shown);
    for (int i = 0; shown && i < count; i++)
        shown[count + i] = entries[i].name;
    if (shown)
        drawing_shorten_names(drawing, shown + count, count, names, shown);
    int wide = 2 + names + (below ? 0 : 2 + remarks);
    int across = below ? 1 : (drawing->width + LEGEND_GAP) / (wide + LEGEND_GAP);
    for (int i = 0; i < count && !drawing->failed; i++) {
        int left = i % across * (wide + LEGEND_GAP);
        drawing->line += i > 0 && i % across == 0;
        drawing_put(drawing, left, entries[i].style, entries[i].sign);
        drawing_put(drawing, left + 2, STYLE_NAME, shown[i]);
        drawing->line += below;
        drawing_put(drawing, below ? 2 : left + 2 + names + 2, STYLE_NUMBER,
                    drawing_shorten(drawing, entries[i].remark, drawing->width - 2));
    }
    drawing->line++;
}
