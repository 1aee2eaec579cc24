/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figures as JSON through jansson; what is written is described in write.h.
 *
 * jansson's "_new" functions take ownership and accept NULL, failing then, so that values can be nested
 * without a check at each: `failed` collects the outcome. Its memory comes from our allocator for as long as
 * a document is built, so that a failed allocation shows there too. */
#include <jansson.h>
#include <math.h>
#include <string.h>
#include "base/memory.h"
#include "view/write.h"

enum { REAL_DIGITS = 17 };

struct json {
    bool failed;
};

static json_t *checked(struct json *json, json_t *value)
{
    if (!value)
        json->failed = true;
    return value;
}

static void set(struct json *json, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, checked(json, value)) != 0)
        json->failed = true;
}

static void append(struct json *json, json_t *array, json_t *value)
{
    if (json_array_append_new(array, checked(json, value)) != 0)
        json->failed = true;
}

/* Valid UTF-8 exactly as it is; anything else escaped. NULL is null. */
static json_t *string(const char *text)
{
    if (!text)
        return json_null();
    if (utf8_valid(text, strlen(text)))
        return json_string(text);
    struct text escaped = {0};
    text_add_escaped(&escaped, text, 0);
    json_t *value = escaped.failed ? NULL : json_string(text_data(&escaped));
    text_free(&escaped);
    return value;
}

static json_t *real(double value)
{
    if (isfinite(value))
        return json_real(value);
    return json_string(isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
}

static json_t *integer(double value)
{
    const double exact = 9007199254740992.0; /* 2^53 */
    bool whole = fabs(value) <= exact && value == rint(value) && !(value == 0 && signbit(value));
    return whole ? json_integer((json_int_t)value) : real(value);
}

static json_t *reals(struct json *json, const double *values, size_t count)
{
    json_t *array = checked(json, json_array());
    for (size_t i = 0; i < count && !json->failed; i++)
        append(json, array, real(values[i]));
    return array;
}

static json_t *strings(struct json *json, const char *const *texts, int count)
{
    json_t *array = checked(json, json_array());
    for (int i = 0; i < count && !json->failed; i++)
        append(json, array, string(texts[i]));
    return array;
}

static json_t *table_cell(const struct figure_column *column, const struct figure_cell *cell)
{
    if (cell->missing)
        return json_null();
    if (cell->text)
        return string(cell->text);
    return column->kind == COLUMN_INTEGER ? integer(cell->number) : real(cell->number);
}

static void add_table(struct json *json, json_t *object, const struct figure_table *table)
{
    static const char *const kinds[] = {
        [COLUMN_TEXT] = "text",       [COLUMN_INTEGER] = "integer", [COLUMN_REAL] = "real",
        [COLUMN_PERCENT] = "percent", [COLUMN_BAR] = "bar",
    };
    json_t *columns = json_array(), *rows = json_array();
    for (int c = 0; c < table->columns && !json->failed; c++) {
        json_t *column = json_object();
        set(json, column, "name", string(table->column[c].name));
        set(json, column, "unit", string(table->column[c].unit));
        set(json, column, "kind", json_string(kinds[table->column[c].kind]));
        append(json, columns, column);
    }
    for (int r = 0; r < table->rows && !json->failed; r++) {
        json_t *row = json_array();
        for (int c = 0; c < table->columns; c++)
            append(
                json, row,
                table_cell(&table->column[c], &table->cells[(size_t)r * (size_t)table->columns + (size_t)c]));
        append(json, rows, row);
    }
    set(json, object, "columns", columns);
    set(json, object, "rows", rows);
}

static void add_given(struct json *json, json_t *object, const char *key, double value)
{
    if (!isnan(value))
        set(json, object, key, real(value));
}

static json_t *histogram_series(struct json *json, const struct figure_histogram *histogram, int s)
{
    json_t *object = json_object(), *counts = json_array();
    for (int b = 0; b < histogram->bins && !json->failed; b++)
        append(json, counts,
               json_integer(histogram->counts[(size_t)s * (size_t)histogram->bins + (size_t)b]));
    set(json, object, "name", string(histogram->names[s]));
    set(json, object, "counts", counts);
    double threshold = histogram->threshold[s];
    set(json, object, "threshold", isnan(threshold) ? json_null() : real(threshold));
    if (histogram->summary) {
        add_given(json, object, "minimum", histogram->summary[s].minimum);
        add_given(json, object, "median", histogram->summary[s].median);
        add_given(json, object, "maximum", histogram->summary[s].maximum);
        if (histogram->summary[s].below >= 0)
            set(json, object, "below", json_integer(histogram->summary[s].below));
    }
    return object;
}

static void add_histogram(struct json *json, json_t *object, const struct figure_histogram *histogram)
{
    json_t *series = json_array();
    for (int s = 0; s < histogram->series && !json->failed; s++)
        append(json, series, histogram_series(json, histogram, s));
    set(json, object, "axis", string(histogram->axis));
    set(json, object, "counted", string(histogram->counted));
    set(json, object, "log", json_boolean(histogram->log));
    set(json, object, "edges", reals(json, histogram->edges, (size_t)histogram->bins + 1));
    set(json, object, "series", series);
}

static void add_matrix(struct json *json, json_t *object, const struct figure_matrix *matrix)
{
    json_t *rows = json_array();
    for (int r = 0; r < matrix->rows && !json->failed; r++)
        append(json, rows,
               reals(json, matrix->values + (size_t)r * (size_t)matrix->columns, (size_t)matrix->columns));
    set(json, object, "quantity", string(matrix->quantity));
    set(json, object, "low", real(matrix->low));
    set(json, object, "high", real(matrix->high));
    set(json, object, "percent", json_boolean(matrix->percent));
    set(json, object, "row_names", strings(json, matrix->row_names, matrix->rows));
    set(json, object, "column_names", strings(json, matrix->column_names, matrix->columns));
    set(json, object, "values", rows);
}

static void add_curve(struct json *json, json_t *object, const struct figure_curve *curve)
{
    json_t *list = json_array();
    size_t points = (size_t)curve->points;
    for (int s = 0; s < curve->series && !json->failed; s++) {
        json_t *series = json_object();
        set(json, series, "name", string(curve->names[s]));
        set(json, series, "x", reals(json, curve->x + (size_t)s * points, points));
        set(json, series, "y", reals(json, curve->y + (size_t)s * points, points));
        set(json, series, "spread",
            curve->spread ? reals(json, curve->spread + (size_t)s * points, points) : json_null());
        append(json, list, series);
    }
    bool given = !isnan(curve->reference);
    set(json, object, "x_axis", string(curve->x_axis));
    set(json, object, "y_axis", string(curve->y_axis));
    set(json, object, "percent", json_boolean(curve->percent));
    set(json, object, "reference", given ? real(curve->reference) : json_null());
    set(json, object, "reference_label", given ? string(curve->reference_label) : json_null());
    set(json, object, "series", list);
}

static void add_scatter(struct json *json, json_t *object, const struct figure_scatter *scatter)
{
    const char *cut[MARKS] = {"none", scatter->x_name, scatter->y_name, "both"};
    json_t *list = json_array();
    for (int p = 0; p < scatter->points && !json->failed; p++) {
        json_t *point = json_object();
        set(json, point, "series", string(scatter->names[scatter->member[p]]));
        set(json, point, "point", string(scatter->labels[p]));
        set(json, point, "x", real(scatter->x[p]));
        set(json, point, "y", real(scatter->y[p]));
        if (scatter->mark)
            set(json, point, "cut", string(cut[scatter->mark[p] < MARKS ? scatter->mark[p] : MARK_KEPT]));
        append(json, list, point);
    }
    set(json, object, "x_axis", string(scatter->x_axis));
    set(json, object, "y_axis", string(scatter->y_axis));
    set(json, object, "points", list);
}

static json_t *figure_object(struct json *json, const struct figure *figure)
{
    static const char *const kinds[] = {[FIGURE_TABLE] = "table",
                                        [FIGURE_HISTOGRAM] = "histogram",
                                        [FIGURE_MATRIX] = "matrix",
                                        [FIGURE_CURVE] = "curve",
                                        [FIGURE_SCATTER] = "scatter"};
    json_t *object = json_object(), *facts = json_object();
    for (int i = 0; i < figure->fact_count; i++) {
        struct text key = {0};
        text_add_escaped(&key, figure->facts[i].key, 0);
        json->failed = json->failed || key.failed;
        set(json, facts, text_data(&key), string(figure_fact_value(&figure->facts[i])));
        text_free(&key);
    }
    set(json, object, "figure", string(figure->name));
    set(json, object, "kind", json_string(kinds[figure->kind]));
    set(json, object, "title", string(figure->title));
    set(json, object, "facts", facts);
    set(json, object, "notes", strings(json, figure->notes, figure->note_count));
    if (figure->kind == FIGURE_TABLE)
        add_table(json, object, &figure->table);
    else if (figure->kind == FIGURE_HISTOGRAM)
        add_histogram(json, object, &figure->histogram);
    else if (figure->kind == FIGURE_MATRIX)
        add_matrix(json, object, &figure->matrix);
    else if (figure->kind == FIGURE_CURVE)
        add_curve(json, object, &figure->curve);
    else
        add_scatter(json, object, &figure->scatter);
    return object;
}

static int take_bytes(const char *bytes, size_t count, void *out)
{
    text_add_bytes(out, bytes, count);
    return ((struct text *)out)->failed ? -1 : 0;
}

static bool write_document(const struct figure *const *figures, int count, struct text *out)
{
    struct json json = {0};
    json_t *root = json_object(), *list = json_array();
    for (int i = 0; i < count && !json.failed; i++)
        append(&json, list, figure_object(&json, figures[i]));
    set(&json, root, "figures", list);
    const size_t flags = JSON_ENSURE_ASCII | JSON_REAL_PRECISION(REAL_DIGITS);
    bool done = root && !json.failed && json_dump_callback(root, take_bytes, out, flags) == 0;
    json_decref(root);
    text_add(out, "\n");
    return done && !out->failed;
}

static void *json_memory(size_t bytes)
{
    return mem_new(bytes, 1);
}

status write_json(const struct figure *const *figures, int count, struct text *out, struct error *error)
{
    size_t before = out->length;
    for (int i = 0; i < count; i++) {
        status code = figure_check(figures[i], error);
        if (code != STATUS_OK)
            return code;
    }
    json_malloc_t old_malloc;
    json_free_t old_free;
    json_get_alloc_funcs(&old_malloc, &old_free);
    json_set_alloc_funcs(json_memory, mem_free);
    bool done = write_document(figures, count, out);
    json_set_alloc_funcs(old_malloc, old_free);
    if (done)
        return STATUS_OK;
    if (out->data) {
        out->length = before;
        out->data[before] = '\0';
    }
    return error_memory(error);
}
