/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Matrices as pictures: every value on its colour, names at the left and above (turned when they are long),
 * and the scale below. */
#include <math.h>
#include "base/text.h"
#include "view/cells/draw.h"
#include "view/cells/names.h"
#include "view/numbers.h"
#include "view/picture/plot.h"
#include "view/picture/raster.h"

enum {
    MOST_NAME = 48, /* columns of text; longer names are shortened, all together */
    WIDE = 4000,    /* pixels beyond which text is drawn at half the size */
    SCALE_WIDTH = 300,
    SCALE_HEIGHT = 20,
    ROW_HEIGHT = 20, /* pixels, of text at scale 1 */
};

struct cells {
    int scale;         /* of the text */
    int width, height; /* of one */
    int names, above;  /* pixels for row names, for column names */
    bool turned;
    const char **row_names, **column_names; /* as shown */
};

/* Names as shown, none longer than MOST_NAME and no two alike; NULL when memory is out. */
static const char **shorten_names(struct plot *plot, const char *const *names, int count)
{
    const char **shown = drawing_alloc(plot->text, 2 * (size_t)count + 1, sizeof *shown);
    for (int i = 0; shown && i < count; i++)
        shown[count + i] = drawing_show(plot->text, names[i]);
    if (shown && !plot->text->failed)
        drawing_shorten_names(plot->text, shown + count, count, MOST_NAME, shown);
    return plot->text->failed ? NULL : shown;
}

static int widest_name(const char *const *names, int count)
{
    int widest = 0;
    for (int i = 0; names && i < count; i++) {
        int width = utf8_width(names[i]);
        widest = width > widest ? width : widest;
    }
    return widest;
}

static const char *value_at(struct plot *plot, const struct figure_matrix *matrix, int row, int column)
{
    struct text text = {0};
    number_add_value(&text, matrix, matrix->values[(size_t)row * (size_t)matrix->columns + (size_t)column]);
    return drawing_take(plot->text, &text);
}

static struct cells cells_of(struct plot *plot, const struct figure_matrix *matrix)
{
    struct cells cells = {.scale = PLOT_SCALE,
                          .row_names = shorten_names(plot, matrix->row_names, matrix->rows),
                          .column_names = shorten_names(plot, matrix->column_names, matrix->columns)};
    int value = 1, column = widest_name(cells.column_names, matrix->columns);
    for (int r = 0; r < matrix->rows; r++) {
        for (int c = 0; c < matrix->columns && !plot->text->failed; c++) {
            int width = utf8_width(value_at(plot, matrix, r, c));
            value = width > value ? width : value;
        }
    }
    if ((double)(value + 2) * PLOT_CELL * matrix->columns > WIDE)
        cells.scale = 1;
    int letter = 7 * cells.scale, room = PLOT_WIDTH - 2 * PLOT_MARGIN;
    cells.names = (widest_name(cells.row_names, matrix->rows) + 1) * letter;
    cells.width = (value + 2) * letter;
    int wanted = (column + 2) * letter;
    cells.turned = wanted > cells.width && (double)cells.names + (double)wanted * matrix->columns > room;
    if (!cells.turned && wanted > cells.width)
        cells.width = wanted;
    cells.height = ROW_HEIGHT * cells.scale;
    cells.above = cells.turned ? (column + 1) * letter : 14 * cells.scale;
    return cells;
}

int plot_matrix_width(struct plot *plot, const struct figure *figure)
{
    const struct figure_matrix *matrix = &figure->matrix;
    struct cells cells = cells_of(plot, matrix);
    double width = cells.names + (double)cells.width * matrix->columns;
    return width > 1e6 ? 1000000 : (int)width;
}

/* Colours at equal steps over the scale. */
static const struct color diverging[] = {
    {0x1F, 0x5A, 0x9E}, {0x6F, 0xA3, 0xD0}, {0xF7, 0xF7, 0xF7}, {0xE8, 0xA3, 0x5C}, {0xB3, 0x58, 0x06}};
static const struct color sequential[] = {
    {0xF7, 0xFB, 0xFF}, {0xB5, 0xD1, 0xE8}, {0x5F, 0x9F, 0xCC}, {0x1F, 0x66, 0xA8}, {0x08, 0x30, 0x6B}};
enum { RAMP = sizeof diverging / sizeof *diverging };

static struct color ramp_color(const struct figure_matrix *matrix, double place)
{
    const struct color *ramp = matrix->low < 0 && matrix->high > 0 ? diverging : sequential;
    double step = place * (RAMP - 1);
    int index = (int)step < RAMP - 1 ? (int)step : RAMP - 2;
    return color_mix(ramp[index], ramp[index + 1], step - index);
}

static void plot_column_names(struct plot *plot, const struct figure_matrix *matrix,
                              const struct cells *cells)
{
    for (int c = 0; c < matrix->columns && !plot->text->failed; c++) {
        const char *name = cells->column_names[c];
        int left = PLOT_MARGIN + cells->names + c * cells->width;
        if (cells->turned)
            raster_text_up(plot->raster, left + (cells->width - 12 * cells->scale) / 2,
                           plot->y + cells->above - 6, cells->scale, TEXT_PLAIN, PLOT_TEXT, name);
        else
            raster_text(plot->raster, left + (cells->width - raster_text_width(cells->scale, name)) / 2,
                        plot->y, cells->scale, TEXT_PLAIN, PLOT_TEXT, name);
    }
    plot->y += cells->above;
}

static void plot_cell(struct plot *plot, const struct figure_matrix *matrix, const struct cells *cells,
                      int row, int column)
{
    const struct color white = {255, 255, 255}, undefined = {0xF2, 0xF2, 0xF2}, stripe = {0xDC, 0xDC, 0xDC};
    double place =
        scale_place(matrix, matrix->values[(size_t)row * (size_t)matrix->columns + (size_t)column]);
    struct color color = isnan(place) ? undefined : ramp_color(matrix, place);
    int left = PLOT_MARGIN + cells->names + column * cells->width;
    raster_rectangle(plot->raster, left, plot->y, cells->width - 1, cells->height - 1, color);
    if (isnan(place)) /* not to be taken for the light end of the scale */
        raster_hatch(plot->raster, left, plot->y, cells->width - 1, cells->height - 1, 9, stripe);
    const char *value = value_at(plot, matrix, row, column);
    raster_text(plot->raster, left + (cells->width - raster_text_width(cells->scale, value)) / 2,
                plot->y + 4 * cells->scale, cells->scale, TEXT_PLAIN,
                color_is_light(color) ? PLOT_TEXT : white, value);
}

/* The quantity, and the colours from low to high. */
static void plot_scale(struct plot *plot, const struct figure_matrix *matrix)
{
    struct text low = {0}, high = {0};
    if (!raster_grow(plot->raster, plot->y + 2 * PLOT_LINE))
        return;
    number_add_scale_end(&low, matrix, matrix->low);
    number_add_scale_end(&high, matrix, matrix->high);
    int y = plot->y + PLOT_LINE / 2, x = PLOT_MARGIN;
    const char *texts[] = {drawing_take(plot->text, &low), drawing_take(plot->text, &high)};
    raster_text(plot->raster, x, y, PLOT_SCALE, TEXT_PLAIN, PLOT_TEXT, texts[0]);
    x += raster_text_width(PLOT_SCALE, texts[0]) + PLOT_CELL;
    for (int i = 0; i < SCALE_WIDTH; i++)
        raster_rectangle(plot->raster, x + i, y + 2, 1, SCALE_HEIGHT,
                         ramp_color(matrix, (double)i / (SCALE_WIDTH - 1)));
    x += SCALE_WIDTH + PLOT_CELL;
    raster_text(plot->raster, x, y, PLOT_SCALE, TEXT_PLAIN, PLOT_TEXT, texts[1]);
    x += raster_text_width(PLOT_SCALE, texts[1]) + 3 * PLOT_CELL;
    int room = (plot->raster->width - PLOT_MARGIN - x) / PLOT_CELL;
    const char *quantity = drawing_shorten(plot->text, drawing_show(plot->text, matrix->quantity), room);
    raster_text(plot->raster, x, y, PLOT_SCALE, TEXT_PLAIN, PLOT_NOTE, quantity);
    plot->y += 2 * PLOT_LINE;
}

void plot_matrix(struct plot *plot, const struct figure *figure)
{
    const struct figure_matrix *matrix = &figure->matrix;
    struct cells cells = cells_of(plot, matrix);
    if (matrix->rows == 0 || matrix->columns == 0) {
        plot_paragraph(plot, TEXT_PLAIN, PLOT_NOTE, "(empty)");
        return;
    }
    if (plot->text->failed || !raster_grow(plot->raster, plot->y + cells.above))
        return;
    plot_column_names(plot, matrix, &cells);
    for (int r = 0; r < matrix->rows && !plot->text->failed; r++) {
        if (!raster_grow(plot->raster, plot->y + cells.height))
            return;
        const char *name = cells.row_names[r];
        raster_text(plot->raster, PLOT_MARGIN, plot->y + 4 * cells.scale, cells.scale, TEXT_PLAIN, PLOT_TEXT,
                    name);
        for (int c = 0; c < matrix->columns; c++)
            plot_cell(plot, matrix, &cells, r, c);
        plot->y += cells.height;
    }
    plot_scale(plot, matrix);
}

double plot_matrix_least_height(const struct figure *figure)
{
    return (double)figure->matrix.rows * ROW_HEIGHT;
}
