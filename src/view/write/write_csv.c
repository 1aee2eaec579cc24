/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figures as comma-separated values; what is written is described in write.h. */
#include "base/status.h"
#include "base/text.h"
#include "view/csv.h"
#include "view/figure.h"
#include "view/figure_kind.h"
#include "view/write/write.h"

static void write_figure(struct csv *csv, const struct figure *figure)
{
    csv_shown_fact(csv, "figure", figure->name);
    if (figure->title)
        csv_shown_fact(csv, "title", figure->title);
    for (int i = 0; i < figure->fact_count; i++)
        csv_shown_fact(csv, figure->facts[i].key, figure_fact_value(&figure->facts[i]));
    for (int i = 0; i < figure->note_count; i++)
        csv_shown_fact(csv, "note", figure->notes[i]);
    figure_kind_row(figure->kind)->csv(csv, figure);
}

status write_csv(const struct figure *const *figures, int count, struct text *out, struct error *error)
{
    size_t before = out->length;
    for (int i = 0; i < count; i++) {
        status code = figure_check(figures[i], error);
        if (code != STATUS_OK)
            return code;
    }
    struct csv csv = {.out = out};
    for (int i = 0; i < count; i++) {
        if (i > 0)
            text_add(out, "\n");
        write_figure(&csv, figures[i]);
    }
    if (!out->failed)
        return STATUS_OK;
    if (out->data) {
        out->length = before;
        out->data[before] = '\0';
    }
    return error_memory(error);
}
