/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reference numbers from CSV files. */
#include "support/reference_dump.h"

#include <string.h>
#include "base/file.h"
#include "base/text.h"
#include "support/csv_read.h"

enum { NAME_COLUMNS = 3, FILE_LIMIT = 64 << 20 };

void dump_free(struct dump *dump)
{
    arena_free(dump->arena);
    *dump = (struct dump){0};
}

int dump_column(const struct dump *dump, const char *name)
{
    for (int i = 0; i < dump->column_count; i++) {
        if (strcmp(dump->columns[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

double dump_value(const struct dump *dump, int row, int column)
{
    return dump->values[(size_t)row * (size_t)dump->column_count + (size_t)column];
}

static status read_table(const char *path, struct csv_table *table, struct error *error)
{
    unsigned char *data;
    size_t size;
    status code = file_read(path, FILE_LIMIT, &data, &size, error);
    if (code == STATUS_OK) {
        code = csv_read(path, data, size, table, error);
        mem_free(data);
    }
    return code;
}

/* Numbers of the fields behind the first `skip` of each row from `first_row` on. */
static status read_values(const struct csv_table *table, size_t first_row, size_t skip, struct dump *dump,
                          struct error *error)
{
    size_t fields = table->starts[1] - table->starts[0], columns = fields - skip,
           rows = table->row_count - first_row;
    dump->column_count = (int)columns;
    dump->row_count = (int)rows;
    dump->values = arena_alloc(dump->arena, rows * columns, sizeof *dump->values);
    if (!dump->values) {
        return error_memory(error);
    }
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c++) {
            const char *field = table->fields[table->starts[first_row + r] + skip + c];
            if (!text_to_double(field, &dump->values[r * columns + c])) {
                return error_set(error, STATUS_FILE, "row %zu: %s is no number", r, field);
            }
        }
    }
    return STATUS_OK;
}

/* Column names, and layers as runs of rows with the same name. */
static status read_names(const struct csv_table *table, struct dump *dump, struct error *error)
{
    dump->columns = arena_alloc(dump->arena, (size_t)dump->column_count, sizeof *dump->columns);
    dump->layers = arena_alloc(dump->arena, (size_t)dump->row_count, sizeof *dump->layers);
    if (!dump->columns || !dump->layers) {
        return error_memory(error);
    }
    for (int c = 0; c < dump->column_count; c++) {
        dump->columns[c] = arena_string(dump->arena, table->fields[NAME_COLUMNS + c]);
    }
    for (int r = 0; r < dump->row_count; r++) {
        char **fields = table->fields + table->starts[r + 1];
        struct dump_layer *last = dump->layer_count > 0 ? &dump->layers[dump->layer_count - 1] : NULL;
        if (!last || strcmp(last->name, fields[0]) != 0) {
            last = &dump->layers[dump->layer_count++];
            *last = (struct dump_layer){arena_string(dump->arena, fields[0]),
                                        arena_string(dump->arena, fields[1]), r, 0};
        }
        int64_t channel;
        if (!text_to_integer(fields[2], &channel) || channel != last->count++) {
            return error_set(error, STATUS_FILE, "row %d: channel %s is out of order", r, fields[2]);
        }
    }
    return STATUS_OK;
}

static status read_dump(const char *path, size_t header_rows, size_t name_columns, struct dump *dump,
                        struct error *error)
{
    struct csv_table table;
    status code = read_table(path, &table, error);
    if (code != STATUS_OK) {
        return code;
    }
    *dump = (struct dump){.arena = arena_new()};
    if (!dump->arena) {
        code = error_memory(error);
    } else if (table.row_count <= header_rows || table.starts[1] - table.starts[0] <= name_columns) {
        code = error_set(error, STATUS_FILE, "%s: no numbers", path);
    } else {
        code = read_values(&table, header_rows, name_columns, dump, error);
    }
    if (code == STATUS_OK && header_rows > 0) {
        code = read_names(&table, dump, error);
    }
    csv_table_free(&table);
    if (code != STATUS_OK) {
        dump_free(dump);
    }
    return code;
}

status dump_read_scores(const char *path, struct dump *dump, struct error *error)
{
    return read_dump(path, 1, NAME_COLUMNS, dump, error);
}

status dump_read_matrix(const char *path, struct dump *dump, struct error *error)
{
    return read_dump(path, 0, 0, dump, error);
}
