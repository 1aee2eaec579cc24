/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Comma-separated values (RFC 4180) with leading `#` lines that state facts about the numbers: model, data,
 * seed.
 *
 *     # model: resnet56_bn.onnx
 *     layer,channel,score
 *     layer1.0.conv1,0,0.0123
 *
 * Lines end with "\n". Numbers are written so that they read back exactly. */
#ifndef IPPRO_FORMAT_CSV_H
#define IPPRO_FORMAT_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"

/* A writer on a text buffer, which stays the caller's. Initialise with `struct csv csv = {.out = &text};`.
 * Memory failures are seen in text.failed at the end. */
struct csv {
    struct text *out;
    bool row_started; /* a field of the current row is written */
};

/* "# key: value"; line breaks in either become spaces. Between rows only. */
void csv_fact(struct csv *csv, const char *key, const char *value);
/* One field of the current row. Text is quoted where a reader would otherwise misread it (comma, quote, line
 * break, outer blanks, a `#`, which would begin a comment, a row of one empty field). */
void csv_text(struct csv *csv, const char *value);
void csv_number(struct csv *csv,
                double value); /* shortest form that reads back as the same double; nan, inf */
void csv_integer(struct csv *csv, int64_t value);
void csv_end_row(struct csv *csv);

/* A whole file as read. fields[starts[r]] .. fields[starts[r + 1] - 1] are the fields of row r. */
struct csv_table {
    struct arena *arena; /* owns everything below */
    char **fields;
    size_t *starts; /* row_count + 1 of them */
    size_t row_count;
    char **facts; /* the `#` lines before the first row, without "# " */
    size_t fact_count;
};

/* Strict reader: every row has as many fields as the first; quotes are closed and stand around a whole field;
 * no NUL bytes; "\r\n" is read as "\n". `name` stands for the file in messages, which give the line. */
status csv_read(const char *name, const void *data, size_t size, struct csv_table *table,
                struct error *error);
void csv_table_free(struct csv_table *table);

#endif
