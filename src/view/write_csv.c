/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figures as comma-separated values; what is written is described in write.h. */
#include <math.h>
#include "view/csv.h"
#include "view/write.h"

/* Names and titles as the screen shows them. */
static void add_escaped(struct csv *csv, const char *text)
{
    struct text escaped = {0};
    text_add_escaped(&escaped, text, 0);
    csv_text(csv, text_data(&escaped));
    csv->out->failed = csv->out->failed || escaped.failed;
    text_free(&escaped);
}

static void add_fact(struct csv *csv, const char *key, const char *value)
{
    struct text shown_key = {0}, shown = {0};
    text_add_escaped(&shown_key, key, 0);
    text_add_escaped(&shown, value, 0);
    csv_fact(csv, text_data(&shown_key), text_data(&shown));
    csv->out->failed = csv->out->failed || shown_key.failed || shown.failed;
    text_free(&shown_key);
    text_free(&shown);
}

static void add_header(struct csv *csv, const char *const *names, int count)
{
    for (int i = 0; i < count; i++)
        csv_text(csv, names[i]);
    csv_end_row(csv);
}

static void write_cell(struct csv *csv, const struct figure_column *column, const struct figure_cell *cell)
{
    const double exact = 9007199254740992.0; /* 2^53 */
    if (cell->missing)
        csv_text(csv, "");
    else if (cell->text)
        add_escaped(csv, cell->text);
    else if (column->kind == COLUMN_INTEGER && fabs(cell->number) <= exact &&
             cell->number == rint(cell->number))
        csv_integer(csv, (int64_t)cell->number);
    else
        csv_number(csv, cell->number);
}

static void write_table(struct csv *csv, const struct figure_table *table)
{
    for (int c = 0; c < table->columns; c++) {
        struct text name = {0};
        text_add(&name, table->column[c].name);
        if (table->column[c].unit)
            text_add_format(&name, " (%s)", table->column[c].unit);
        add_escaped(csv, text_data(&name));
        csv->out->failed = csv->out->failed || name.failed;
        text_free(&name);
    }
    csv_end_row(csv);
    for (int r = 0; r < table->rows; r++) {
        for (int c = 0; c < table->columns; c++)
            write_cell(csv, &table->column[c], &table->cells[(size_t)r * (size_t)table->columns + (size_t)c]);
        csv_end_row(csv);
    }
}

static void add_number_fact(struct csv *csv, const char *series, const char *key, double value)
{
    struct text name = {0}, number = {0};
    if (isnan(value))
        return;
    text_add_format(&name, "%s %s", series, key);
    text_add_double(&number, value);
    add_fact(csv, text_data(&name), text_data(&number));
    csv->out->failed = csv->out->failed || name.failed || number.failed;
    text_free(&name);
    text_free(&number);
}

static void write_summaries(struct csv *csv, const struct figure_histogram *histogram)
{
    for (int s = 0; histogram->summary && s < histogram->series; s++) {
        const struct histogram_summary *summary = &histogram->summary[s];
        add_number_fact(csv, histogram->names[s], "minimum", summary->minimum);
        add_number_fact(csv, histogram->names[s], "median", summary->median);
        add_number_fact(csv, histogram->names[s], "maximum", summary->maximum);
        add_number_fact(csv, histogram->names[s], "below", summary->below < 0 ? NAN : (double)summary->below);
    }
}

static void write_histogram(struct csv *csv, const struct figure_histogram *histogram)
{
    static const char *const names[] = {"series", "bin_low", "bin_high", "count", "threshold", "cut"};
    bool thresholds = false;
    for (int s = 0; s < histogram->series; s++)
        thresholds = thresholds || !isnan(histogram->threshold[s]);
    write_summaries(csv, histogram);
    add_header(csv, names, thresholds ? 6 : 4);
    for (int s = 0; s < histogram->series; s++) {
        double threshold = histogram->threshold[s];
        for (int b = 0; b < histogram->bins; b++) {
            double low = histogram->edges[b], high = histogram->edges[b + 1];
            add_escaped(csv, histogram->names[s]);
            csv_number(csv, low);
            csv_number(csv, high);
            csv_integer(csv, histogram->counts[(size_t)s * (size_t)histogram->bins + (size_t)b]);
            if (thresholds && isnan(threshold))
                csv_text(csv, "");
            else if (thresholds)
                csv_number(csv, threshold);
            if (thresholds)
                csv_text(csv, high <= threshold ? "yes" : low < threshold ? "part" : "no");
            csv_end_row(csv);
        }
    }
}

static void write_matrix(struct csv *csv, const struct figure_matrix *matrix)
{
    static const char *const names[] = {"row", "column", "value"};
    add_header(csv, names, 3);
    for (int r = 0; r < matrix->rows; r++) {
        for (int c = 0; c < matrix->columns; c++) {
            add_escaped(csv, matrix->row_names[r]);
            add_escaped(csv, matrix->column_names[c]);
            csv_number(csv, matrix->values[(size_t)r * (size_t)matrix->columns + (size_t)c]);
            csv_end_row(csv);
        }
    }
}

static void add_curve_facts(struct csv *csv, const struct figure_curve *curve)
{
    struct text number = {0};
    add_fact(csv, "x", curve->x_axis);
    add_fact(csv, "y", curve->y_axis);
    if (isnan(curve->reference))
        return;
    text_add_double(&number, curve->reference);
    add_fact(csv, "reference", text_data(&number));
    add_fact(csv, "reference is", curve->reference_label);
    csv->out->failed = csv->out->failed || number.failed;
    text_free(&number);
}

static void write_curve(struct csv *csv, const struct figure_curve *curve)
{
    static const char *const names[] = {"series", "x", "y", "spread"};
    add_curve_facts(csv, curve);
    add_header(csv, names, 4);
    for (int s = 0; s < curve->series; s++) {
        for (int p = 0; p < curve->points; p++) {
            size_t index = (size_t)s * (size_t)curve->points + (size_t)p;
            add_escaped(csv, curve->names[s]);
            csv_number(csv, curve->x[index]);
            csv_number(csv, curve->y[index]);
            if (curve->spread)
                csv_number(csv, curve->spread[index]);
            else
                csv_text(csv, "");
            csv_end_row(csv);
        }
    }
}

static void write_scatter(struct csv *csv, const struct figure_scatter *scatter)
{
    static const char *const names[] = {"series", "point", "x", "y", "cut"};
    const char *cut[MARKS] = {"none", scatter->x_name, scatter->y_name, "both"};
    add_fact(csv, "x", scatter->x_axis);
    add_fact(csv, "y", scatter->y_axis);
    add_header(csv, names, scatter->mark ? 5 : 4);
    for (int p = 0; p < scatter->points; p++) {
        add_escaped(csv, scatter->names[scatter->member[p]]);
        add_escaped(csv, scatter->labels[p]);
        csv_number(csv, scatter->x[p]);
        csv_number(csv, scatter->y[p]);
        if (scatter->mark)
            add_escaped(csv, cut[scatter->mark[p] < MARKS ? scatter->mark[p] : MARK_KEPT]);
        csv_end_row(csv);
    }
}

static void write_figure(struct csv *csv, const struct figure *figure)
{
    add_fact(csv, "figure", figure->name);
    if (figure->title)
        add_fact(csv, "title", figure->title);
    for (int i = 0; i < figure->fact_count; i++)
        add_fact(csv, figure->facts[i].key, figure_fact_value(&figure->facts[i]));
    for (int i = 0; i < figure->note_count; i++)
        add_fact(csv, "note", figure->notes[i]);
    if (figure->kind == FIGURE_TABLE)
        write_table(csv, &figure->table);
    else if (figure->kind == FIGURE_HISTOGRAM)
        write_histogram(csv, &figure->histogram);
    else if (figure->kind == FIGURE_MATRIX)
        write_matrix(csv, &figure->matrix);
    else if (figure->kind == FIGURE_CURVE)
        write_curve(csv, &figure->curve);
    else
        write_scatter(csv, &figure->scatter);
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
