/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figures as the text of the screen; what is written is described in write.h. */
#include "base/status.h"
#include "base/text.h"
#include "view/cells/canvas.h"
#include "view/cells/draw.h"
#include "view/figure.h"
#include "view/write/write.h"

static status widest_of(const struct figure *const *figures, int count, int *widest, struct error *error)
{
    enum { USUAL_WIDTH = 80 };
    *widest = USUAL_WIDTH;
    for (int i = 0; i < count; i++) {
        int width = 0;
        status code = figure_check(figures[i], error);
        if (code == STATUS_OK)
            code = figure_natural_width(figures[i], &width, error);
        if (code != STATUS_OK)
            return code;
        *widest = width > *widest ? width : *widest;
    }
    return STATUS_OK;
}

status write_txt(const struct figure *const *figures, int count, struct text *out, struct error *error)
{
    struct canvas canvas;
    int width;
    size_t before = out->length;
    status code = widest_of(figures, count, &width, error);
    if (code != STATUS_OK)
        return code;
    canvas_init(&canvas, width, false);
    for (int i = 0; i < count && code == STATUS_OK; i++)
        code = canvas_figure(&canvas, figures[i], error);
    if (code == STATUS_OK)
        canvas_print(&canvas, NULL, 0, out);
    canvas_free(&canvas);
    if (code == STATUS_OK && out->failed)
        code = error_memory(error);
    if (code != STATUS_OK && out->data) {
        out->length = before;
        out->data[before] = '\0';
    }
    return code;
}
