/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Comma-separated values (RFC 4180) with leading `#` lines that state facts about the numbers: model, data,
 * seed.
 *
 *     # model: resnet56_bn.onnx
 *     layer,channel,score
 *     layer1.0.conv1,0,0.0123
 *
 * Lines end with "\n". Numbers are written so that they read back exactly. */
#ifndef IPPRO_VIEW_CSV_H
#define IPPRO_VIEW_CSV_H

#include <stdbool.h>
#include <stdint.h>
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
/* The shortest form that reads back as the same double; nan, inf, -inf. */
void csv_number(struct csv *csv, double value);
void csv_integer(struct csv *csv, int64_t value);
void csv_end_row(struct csv *csv);

/* What may come from a file: control characters and invalid bytes as escapes, as the screen shows them. */
void csv_shown(struct csv *csv, const char *text);
void csv_shown_fact(struct csv *csv, const char *key, const char *value);
void csv_number_fact(struct csv *csv, const char *key, double value);
/* A whole row of names. */
void csv_header(struct csv *csv, const char *const *names, int count);

#endif
