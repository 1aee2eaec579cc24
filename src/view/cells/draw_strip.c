/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strips in cells. Where there are 256 colours a cell shows two pixels, one above the other, and panels stand
 * side by side with their captions below; else only the captions are there, as a list. */
#include "base/text.h"
#include "view/cells/canvas.h"
#include "view/cells/draw.h"
#include "view/figure.h"
#include "view/style.h"

enum { GAP = 2, LEAST_WIDTH = 8, MOST_WIDTH = 64, NAME = 24 };

/* What of a strip stands side by side. */
struct layout {
    int across;       /* panels */
    int width, lines; /* cells of a panel */
};

static struct layout layout_of(const struct drawing *drawing, const struct figure_strip *strip)
{
    struct layout layout = {.across = strip->columns};
    while (layout.across > 1 && (drawing->width + GAP) / layout.across - GAP < LEAST_WIDTH)
        layout.across--;
    layout.width = (drawing->width + GAP) / layout.across - GAP;
    layout.width = layout.width > MOST_WIDTH ? MOST_WIDTH : layout.width < 1 ? 1 : layout.width;
    for (;;) {
        const double pixels = (double)layout.width * strip->height / strip->width;
        layout.lines = pixels < 2 ? 1 : (int)(pixels / 2 + 0.5);
        if (drawing->plot_lines == 0 || layout.lines <= drawing->plot_lines || layout.width == 1)
            return layout;
        layout.width--;
    }
}

/* The middle of the mean of the pixels that a half cell covers: in the first column they are those of a
 * photograph; behind it, of labels, the one in the middle. */
static void pixel_of(const struct figure_strip *strip, const uint8_t *picture, bool photograph,
                     const struct layout *layout, int x, int y, uint8_t rgb[3])
{
    const int64_t halves = 2 * (int64_t)layout->lines;
    int64_t left = (int64_t)x * strip->width / layout->width, top = y * (int64_t)strip->height / halves;
    int64_t right = ((int64_t)x + 1) * strip->width / layout->width;
    int64_t bottom = ((int64_t)y + 1) * strip->height / halves;
    int64_t sum[3] = {0};
    right = right > left ? right : left + 1;
    bottom = bottom > top ? bottom : top + 1;
    if (!photograph) {
        left = (left + right) / 2;
        top = (top + bottom) / 2;
        right = left + 1;
        bottom = top + 1;
    }
    for (int64_t row = top; row < bottom; row++)
        for (int64_t column = left; column < right; column++)
            for (int c = 0; c < 3; c++)
                sum[c] += picture[(row * strip->width + column) * 3 + c];
    for (int c = 0; c < 3; c++)
        rgb[c] = (uint8_t)(sum[c] / ((right - left) * (bottom - top)));
}

static void draw_picture(struct drawing *drawing, const struct figure_strip *strip, int row, int column,
                         int left, const struct layout *layout)
{
    const size_t size = (size_t)strip->width * (size_t)strip->height * 3;
    const uint8_t *picture = strip->rgb + ((size_t)row * (size_t)strip->pictures + (size_t)column) * size;
    for (int line = 0; line < layout->lines; line++)
        for (int x = 0; x < layout->width; x++) {
            uint8_t upper[3], lower[3];
            pixel_of(strip, picture, column == 0, layout, x, 2 * line, upper);
            pixel_of(strip, picture, column == 0, layout, x, 2 * line + 1, lower);
            canvas_paint(drawing->canvas, drawing->line + line, left + x, upper, lower);
        }
}

static const char *caption_at(const struct figure_strip *strip, int row, int column)
{
    return strip->captions[(size_t)row * (size_t)strip->columns + (size_t)column];
}

/* Panels first..first+count-1 of a row: pictures, what they are, captions. */
static void draw_band(struct drawing *drawing, const struct figure_strip *strip, int row, int first,
                      int count, const struct layout *layout)
{
    const int step = layout->width + GAP;
    bool any = first < strip->pictures;
    for (int i = 0; i < count && first + i < strip->pictures && !drawing->measuring; i++)
        draw_picture(drawing, strip, row, first + i, i * step, layout);
    drawing->line += any ? layout->lines : 0;
    for (int i = 0; i < count; i++) {
        const char *name = drawing_show(drawing, strip->column_names[first + i]);
        const char *caption = drawing_show(drawing, caption_at(strip, row, first + i));
        drawing_put(drawing, i * step, STYLE_HEADER, drawing_shorten_end(drawing, name, layout->width));
        drawing->line++;
        drawing_put(drawing, i * step, STYLE_NUMBER, drawing_shorten_end(drawing, caption, layout->width));
        drawing->line--;
    }
    drawing->line += 2;
}

static void draw_painted(struct drawing *drawing, const struct figure_strip *strip)
{
    const struct layout layout = layout_of(drawing, strip);
    drawing->plots = strip->rows * ((strip->pictures + layout.across - 1) / layout.across);
    drawing->height = layout.lines;
    for (int r = 0; r < strip->rows && !drawing->failed; r++) {
        drawing_paragraph(drawing, STYLE_NAME, strip->row_names[r]);
        for (int first = 0; first < strip->columns; first += layout.across) {
            const int left = strip->columns - first;
            draw_band(drawing, strip, r, first, left < layout.across ? left : layout.across, &layout);
        }
    }
}

/* What each class is drawn in, as far as lines go. */
static void draw_legend(struct drawing *drawing, const struct figure_strip *strip)
{
    int column = 0;
    for (int c = 0; c < strip->classes && !drawing->failed; c++) {
        const char *name = drawing_show(drawing, strip->legend[c].name);
        const int width = 3 + utf8_width(name);
        if (column > 0 && column + width > drawing->width) {
            drawing->line++;
            column = 0;
        }
        for (int i = 0; i < 2 && !drawing->measuring; i++)
            canvas_paint(drawing->canvas, drawing->line, column + i, strip->legend[c].color,
                         strip->legend[c].color);
        drawing_put(drawing, column + 3, STYLE_PLAIN,
                    drawing_shorten_end(drawing, name, drawing->width - column - 3));
        column += width + GAP;
    }
    drawing->line += strip->classes > 0;
}

static void draw_list(struct drawing *drawing, const struct figure_strip *strip)
{
    for (int r = 0; r < strip->rows && !drawing->failed; r++) {
        drawing_paragraph(drawing, STYLE_NAME, strip->row_names[r]);
        for (int c = 0; c < strip->columns; c++) {
            const char *name = drawing_show(drawing, strip->column_names[c]),
                       *caption = caption_at(strip, r, c);
            const int room = drawing->width / 2 < NAME ? drawing->width / 2 : NAME;
            if (!caption[0])
                continue;
            drawing_put(drawing, 2, STYLE_HEADER, drawing_shorten_end(drawing, name, room - 3));
            drawing_put(drawing, room, STYLE_NUMBER,
                        drawing_shorten_end(drawing, drawing_show(drawing, caption), drawing->width - room));
            drawing->line++;
        }
    }
}

void draw_strip(struct drawing *drawing, const struct figure *figure)
{
    const struct figure_strip *strip = &figure->strip;
    if (!drawing->canvas->paint) {
        draw_list(drawing, strip);
        return;
    }
    draw_painted(drawing, strip);
    if (!drawing->terse)
        draw_legend(drawing, strip);
}
