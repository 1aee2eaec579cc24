/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Comma-separated values on a text buffer. */
#include "view/csv.h"

#include <string.h>

void csv_fact(struct csv *csv, const char *key, const char *value)
{
    const char *parts[] = {"# ", key, ": ", value};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const char *rest = parts[i];
        for (size_t end; rest[end = strcspn(rest, "\r\n")] != '\0'; rest += end + 1) {
            text_add_bytes(csv->out, rest, end);
            text_add(csv->out, " ");
        }
        text_add(csv->out, rest);
    }
    text_add(csv->out, "\n");
}

static void begin_field(struct csv *csv)
{
    if (csv->row_started)
        text_add(csv->out, ",");
    csv->row_started = true;
}

/* An empty field alone would leave an empty line, which readers skip. */
static bool needs_quotes(const char *value, bool first)
{
    size_t length = strlen(value);
    if (length == 0)
        return first;
    return value[strcspn(value, ",\"#\r\n")] != '\0' || strchr(" \t", value[0]) ||
           strchr(" \t", value[length - 1]);
}

void csv_text(struct csv *csv, const char *value)
{
    bool quoted = needs_quotes(value, !csv->row_started);
    begin_field(csv);
    if (!quoted) {
        text_add(csv->out, value);
        return;
    }
    text_add(csv->out, "\"");
    for (const char *quote; (quote = strchr(value, '"')) != NULL; value = quote + 1) {
        text_add_bytes(csv->out, value, (size_t)(quote - value));
        text_add(csv->out, "\"\"");
    }
    text_add(csv->out, value);
    text_add(csv->out, "\"");
}

void csv_number(struct csv *csv, double value)
{
    begin_field(csv);
    text_add_double(csv->out, value);
}

void csv_integer(struct csv *csv, int64_t value)
{
    begin_field(csv);
    text_add_format(csv->out, "%lld", (long long)value);
}

void csv_end_row(struct csv *csv)
{
    text_add(csv->out, "\n");
    csv->row_started = false;
}

void csv_shown(struct csv *csv, const char *text)
{
    struct text escaped = {0};
    text_add_escaped(&escaped, text, 0);
    csv_text(csv, text_data(&escaped));
    csv->out->failed = csv->out->failed || escaped.failed;
    text_free(&escaped);
}

void csv_shown_fact(struct csv *csv, const char *key, const char *value)
{
    struct text shown_key = {0}, shown = {0};
    text_add_escaped(&shown_key, key, 0);
    text_add_escaped(&shown, value, 0);
    csv_fact(csv, text_data(&shown_key), text_data(&shown));
    csv->out->failed = csv->out->failed || shown_key.failed || shown.failed;
    text_free(&shown_key);
    text_free(&shown);
}

void csv_number_fact(struct csv *csv, const char *key, double value)
{
    struct text number = {0};
    text_add_double(&number, value);
    csv_shown_fact(csv, key, text_data(&number));
    csv->out->failed = csv->out->failed || number.failed;
    text_free(&number);
}

void csv_header(struct csv *csv, const char *const *names, int count)
{
    for (int i = 0; i < count; i++)
        csv_text(csv, names[i]);
    csv_end_row(csv);
}
