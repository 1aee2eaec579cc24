/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Facts, then rows of fields, from one pass over the bytes. */
#include "csv_read.h"

#include <string.h>
#include "base/memory.h"

struct parser {
    const char *name, *at, *end;
    size_t line;
    struct csv_table *table;
    char **fields, **facts; /* growing; moved to the arena at the end */
    size_t *starts;
    size_t field_count, field_capacity, start_capacity, fact_capacity;
    struct error *error;
};

static status damage(struct parser *parser, const char *what)
{
    return error_set(parser->error, STATUS_FILE, "%s: line %zu: %s", parser->name, parser->line, what);
}

static bool at_line_end(const struct parser *parser)
{
    const char *at = parser->at;
    return at == parser->end || *at == '\n' || (*at == '\r' && at + 1 < parser->end && at[1] == '\n');
}

static void skip_line_end(struct parser *parser)
{
    if (parser->at < parser->end && *parser->at == '\r')
        parser->at++;
    if (parser->at < parser->end)
        parser->at++;
    parser->line++;
}

static status add_field(struct parser *parser, char *field)
{
    if (!field ||
        !mem_grow(&parser->fields, &parser->field_capacity, parser->field_count + 1, sizeof(char *)))
        return error_memory(parser->error);
    parser->fields[parser->field_count++] = field;
    return STATUS_OK;
}

/* Text from `from` to parser->at into the arena. */
static char *keep(struct parser *parser, const char *from)
{
    size_t length = (size_t)(parser->at - from);
    char *text = arena_alloc(parser->table->arena, length + 1, 1);
    if (text)
        memcpy(text, from, length);
    return text;
}

static status quoted_field(struct parser *parser)
{
    const char *from = ++parser->at;
    while (parser->at < parser->end) {
        if (*parser->at == '\n')
            parser->line++;
        if (*parser->at != '"')
            parser->at++;
        else if (parser->at + 1 < parser->end && parser->at[1] == '"')
            parser->at += 2;
        else
            break;
    }
    if (parser->at == parser->end)
        return damage(parser, "a quote is not closed");
    char *text = keep(parser, from);
    parser->at++;
    for (char *in = text, *out = text; text; in++, out++) {
        *out = *in;
        if (*in == '\0')
            break;
        if (*in == '"')
            in++; /* the second of a pair */
    }
    if (!at_line_end(parser) && *parser->at != ',')
        return damage(parser, "text follows a closing quote");
    return add_field(parser, text);
}

static status plain_field(struct parser *parser)
{
    const char *from = parser->at;
    while (!at_line_end(parser) && *parser->at != ',') {
        if (*parser->at == '"')
            return damage(parser, "a quote stands within a field");
        parser->at++;
    }
    return add_field(parser, keep(parser, from));
}

static status add_start(struct parser *parser)
{
    size_t rows = parser->table->row_count;
    if (!mem_grow(&parser->starts, &parser->start_capacity, rows + 1, sizeof *parser->starts))
        return error_memory(parser->error);
    parser->starts[rows] = parser->field_count;
    return STATUS_OK;
}

static status read_row(struct parser *parser)
{
    size_t first = parser->field_count;
    status result = add_start(parser);
    for (bool more = true; !result && more;) {
        result = parser->at < parser->end && *parser->at == '"' ? quoted_field(parser) : plain_field(parser);
        more = !result && parser->at < parser->end && *parser->at == ',';
        if (more)
            parser->at++;
    }
    if (result)
        return result;
    size_t count = parser->field_count - first,
           columns = parser->table->row_count ? parser->starts[1] : count;
    if (count != columns)
        return error_set(parser->error, STATUS_FILE, "%s: line %zu: %zu fields where the first row has %zu",
                         parser->name, parser->line, count, columns);
    parser->table->row_count++;
    skip_line_end(parser);
    return add_start(parser);
}

static status read_fact(struct parser *parser)
{
    size_t count = parser->table->fact_count;
    parser->at++;
    if (parser->at < parser->end && *parser->at == ' ')
        parser->at++;
    const char *from = parser->at;
    while (!at_line_end(parser))
        parser->at++;
    char *text = keep(parser, from);
    skip_line_end(parser);
    if (!text || !mem_grow(&parser->facts, &parser->fact_capacity, count + 1, sizeof(char *)))
        return error_memory(parser->error);
    parser->facts[count] = text;
    parser->table->fact_count++;
    return STATUS_OK;
}

static status read_lines(struct parser *parser)
{
    status result = add_start(parser); /* there is always a last start */
    if (memchr(parser->at, '\0', (size_t)(parser->end - parser->at)))
        return error_set(parser->error, STATUS_FILE, "%s: holds a NUL byte, so it is no text", parser->name);
    while (!result && parser->at < parser->end) {
        if (at_line_end(parser))
            skip_line_end(parser);
        else if (*parser->at == '#' && parser->table->row_count == 0)
            result = read_fact(parser);
        else
            result = read_row(parser);
    }
    return result;
}

status csv_read(const char *name, const void *data, size_t size, struct csv_table *table, struct error *error)
{
    *table = (struct csv_table){.arena = arena_new()};
    if (!table->arena)
        return error_memory(error);
    struct parser parser = {.name = name,
                            .at = data,
                            .end = (const char *)data + size,
                            .line = 1,
                            .table = table,
                            .error = error};
    status result = read_lines(&parser);
    if (!result) {
        table->fields = arena_copy(table->arena, parser.fields, parser.field_count * sizeof(char *));
        table->facts = arena_copy(table->arena, parser.facts, table->fact_count * sizeof(char *));
        table->starts = arena_copy(table->arena, parser.starts, (table->row_count + 1) * sizeof(size_t));
        if (!table->fields || !table->facts || !table->starts)
            result = error_memory(error);
    }
    mem_free(parser.fields);
    mem_free(parser.facts);
    mem_free(parser.starts);
    if (result)
        csv_table_free(table);
    return result;
}

void csv_table_free(struct csv_table *table)
{
    arena_free(table->arena);
    *table = (struct csv_table){0};
}
