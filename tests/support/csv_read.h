/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Comma-separated values read back, for tests: a strict reader of what view/csv.h writes. */
#ifndef IPPRO_TESTS_SUPPORT_CSV_READ_H
#define IPPRO_TESTS_SUPPORT_CSV_READ_H

#include <stddef.h>
#include "base/memory.h"
#include "base/status.h"

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
