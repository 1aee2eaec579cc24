/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stands above the bars of a histogram's panel, on the screen and in pictures. */
#include <math.h>
#include "base/text.h"
#include "view/style.h"
#include "view/cells/draw.h"
#include "view/numbers.h"

static void head_line(struct drawing *drawing, struct panel_head *head, enum cell_style style,
                      const char *line, int width)
{
    if (head->count == PANEL_HEAD_LINES)
        return;
    head->line[head->count] = drawing_shorten(drawing, line, width);
    head->style[head->count++] = style;
}

/* Put a piece behind the last line when it fits there, else on a line of its own. */
static void head_piece(struct drawing *drawing, struct panel_head *head, const char *name, double value,
                       int width)
{
    struct text text = {0};
    if (isnan(value))
        return;
    text_add_format(&text, "%s ", name);
    number_add_trimmed(&text, value, 4);
    const char *piece = drawing_take(drawing, &text), *last = head->line[head->count - 1];
    const char *joined = drawing_format(drawing, "%s %s %s", last, drawing->glyphs->dot, piece);
    if (utf8_width(joined) <= width)
        head->line[head->count - 1] = joined;
    else
        head_line(drawing, head, STYLE_NOTE, piece, width);
}

static int64_t series_total(const struct figure_histogram *histogram, int series)
{
    int64_t total = 0;
    for (int b = 0; b < histogram->bins; b++)
        total += histogram->counts[(size_t)series * (size_t)histogram->bins + (size_t)b];
    return total;
}

void panel_head_make(struct drawing *drawing, const struct figure_histogram *histogram, int series, int width,
                     const char *mark, struct panel_head *head)
{
    const struct histogram_summary *summary = histogram->summary ? &histogram->summary[series] : NULL;
    struct text text = {0};
    head->count = 0;
    head_line(drawing, head, STYLE_HEADER, drawing_show(drawing, histogram->names[series]), width);
    text_add_thousands(&text, series_total(histogram, series));
    text_add_format(&text, " %s", histogram->counted);
    head_line(drawing, head, STYLE_NOTE, drawing_show(drawing, drawing_take(drawing, &text)), width);
    if (summary) {
        head_piece(drawing, head, "min", summary->minimum, width);
        head_piece(drawing, head, "median", summary->median, width);
        head_piece(drawing, head, "max", summary->maximum, width);
    }
    bool counted = summary && summary->below >= 0;
    if (isnan(histogram->threshold[series]) && !(counted && summary->below > 0))
        return;
    const char *below = "", *count = "";
    if (!isnan(histogram->threshold[series])) {
        number_add_trimmed(&text, histogram->threshold[series], 4);
        below = drawing_format(drawing, " below %s", drawing_take(drawing, &text));
    }
    if (counted) {
        text_add_thousands(&text, summary->below);
        count = drawing_take(drawing, &text);
    }
    /* Of the two numbers that of the filters stays whole. */
    const char *line = drawing_format(drawing, "%s cut%s%s%s", mark, below, counted ? ": " : "", count);
    if (counted && utf8_width(line) > width)
        line = drawing_format(drawing, "%s cut: %s", mark, count);
    if (counted && utf8_width(line) > width)
        line = drawing_format(drawing, "%s%s", mark, count);
    head_line(drawing, head, STYLE_CUT, line, width);
}
