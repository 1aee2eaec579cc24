/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Histograms in hardly any room: a line for each series. */
#include <math.h>
#include "base/text.h"
#include "view/style.h"
#include "view/cells/draw.h"
#include "view/cells/names.h"

/* The shape of a series in one line. */
static void draw_spark(struct drawing *drawing, const struct figure_histogram *histogram, int series,
                       int column)
{
    int room = drawing->width - column, bins = histogram->bins;
    int columns = bins < room ? bins : room;
    const int64_t *counts = histogram->counts + (size_t)series * (size_t)bins;
    int64_t highest = 1;
    for (int b = 0; b < bins; b++)
        highest = counts[b] > highest ? counts[b] : highest;
    for (int c = 0; c < columns; c++) {
        int first = c * bins / columns, last = (c + 1) * bins / columns;
        int64_t most = 0;
        for (int b = first; b < last; b++)
            most = counts[b] > most ? counts[b] : most;
        int eighths = (int)lround((double)most / (double)highest * 8);
        bool cut = histogram->edges[last] <= histogram->threshold[series];
        eighths = most > 0 && eighths == 0 ? 1 : eighths;
        drawing_put(drawing, column + c, cut ? STYLE_CUT : STYLE_BAR,
                    cut ? drawing->glyphs->cut[eighths] : drawing->glyphs->column[eighths]);
    }
}

bool draw_sparks(struct drawing *drawing, const struct figure *figure, int height)
{
    const struct figure_histogram *histogram = &figure->histogram;
    int names = 0, series = histogram->series;
    if (series == 0 || histogram->bins == 0)
        return false;
    const char **shown = drawing_alloc(drawing, 2 * (size_t)series, sizeof *shown);
    for (int s = 0; shown && s < series; s++) {
        shown[series + s] = drawing_show(drawing, histogram->names[s]);
        int width = utf8_width(shown[series + s]);
        names = width > names ? width : names;
    }
    names = names > drawing->width / 2 ? drawing->width / 2 : names;
    if (shown && !drawing->failed)
        drawing_shorten_names(drawing, shown + series, series, names, shown);
    for (int s = 0; s < series && s < height && !drawing->failed; s++) {
        drawing_put(drawing, 0, STYLE_NAME, shown[s]);
        draw_spark(drawing, histogram, s, names + 1);
        drawing->line++;
    }
    return true;
}
