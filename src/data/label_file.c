/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/label_file.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/text.h"
#include "image/image.h"

enum { MOST_COLUMNS = 64, LINES_UNCHECKED = 4096 };
static const size_t largest_file = (size_t)1 << 30;

/* Which columns count; -1: none such. */
struct columns {
    char separator;
    int name, label;
};

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (strcasecmp(word, *words) == 0)
            return true;
    return false;
}

static char find_separator(const char *line)
{
    static const char separators[] = "\t,;";
    for (const char *separator = separators; *separator; separator++)
        if (strchr(line, *separator))
            return *separator;
    return ' ';
}

/* A field in double quotes, in place, where a doubled one is one; returns what is behind it. */
static char *unquote(char *from)
{
    char *to = from;
    for (from++; *from; from++) {
        if (*from == '"' && from[1] != '"') {
            *to = '\0';
            return from + 1;
        }
        from += *from == '"';
        *to++ = *from;
    }
    *to = '\0';
    return from;
}

static char *trim(char *field)
{
    field += strspn(field, " \t");
    size_t length = strlen(field);
    while (length > 0 && strchr(" \t", field[length - 1]))
        field[--length] = '\0';
    return field;
}

/* Cut a line into fields, in place; how many. */
static int split_fields(char *line, char separator, char **fields)
{
    int count = 0;
    char *rest = line;
    while (count < MOST_COLUMNS) {
        rest += strspn(rest, separator == '\t' ? " " : " \t");
        if (separator == ' ' && !*rest)
            break;
        char *end;
        fields[count] = rest;
        if (*rest == '"') {
            end = unquote(rest);
            end += strcspn(end, (char[]){separator, '\0'});
        } else {
            end = rest + strcspn(rest, separator == ' ' ? " \t" : (char[]){separator, '\0'});
        }
        bool last = !*end;
        *end = '\0';
        fields[count] = trim(fields[count]);
        count++;
        if (last)
            break;
        rest = end + 1;
    }
    return count;
}

/* Does this line name the columns? Then they are set. */
static bool read_heading(char *const *fields, int count, struct columns *columns, bool *first_words)
{
    static const char *const names[] = {"path",     "file",    "filename",   "file_name", "filepath",
                                        "image",    "imageid", "image_id",   "img",       "image_path",
                                        "img_path", "name",    "image_name", NULL};
    static const char *const labels[] = {"label",    "class",    "target",           "category",
                                         "class_id", "label_id", "class_name",       "classname",
                                         "y",        "labels",   "predictionstring", NULL};
    int name = -1, label = -1;
    for (int i = 0; i < count; i++) {
        if (image_is_name(fields[i]))
            return false;
        if (name < 0 && is_one_of(fields[i], names))
            name = i;
        else if (label < 0 && is_one_of(fields[i], labels))
            label = i;
    }
    if (label < 0 || (name < 0 && count > 1))
        return false;
    columns->name = name;
    columns->label = label;
    *first_words = strcasecmp(fields[label], "predictionstring") == 0;
    return true;
}

static status add_row(struct label_file *file, char *const *fields, int count, const struct columns *columns,
                      int line, struct error *error)
{
    if (columns->label >= count || columns->name >= count)
        return error_set(error, STATUS_FILE, "%s: line %d: %d fields, but the label is in field %d",
                         file->path, line, count, columns->label + 1);
    const char *name = columns->name >= 0 ? fields[columns->name] : NULL;
    char *label = fields[columns->label];
    if (file->first_words)
        label[strcspn(label, " ")] = '\0';
    if ((name && !*name) || !*label)
        return error_set(error, STATUS_FILE, "%s: line %d: the %s is empty", file->path, line,
                         *label ? "path" : "label");
    if (!mem_grow(&file->rows, &file->capacity, file->count + 1, sizeof *file->rows))
        return error_memory(error);
    file->rows[file->count++] = (struct label_row){name, label, 0, line};
    return STATUS_OK;
}

/* `text` stays where it is: rows point into it. */
static status parse(struct label_file *file, char *text, struct error *error)
{
    struct columns columns = {0};
    status code = STATUS_OK;
    bool begun = false;
    int number = 0;
    for (char *rest = text, *line; code == STATUS_OK && (line = strsep(&rest, "\n"));) {
        char *fields[MOST_COLUMNS];
        line[strcspn(line, "\r")] = '\0';
        if (++number % LINES_UNCHECKED == 0)
            code = progress_check(error);
        if (!line[strspn(line, " \t")] || line[0] == '#')
            continue;
        if (!begun)
            columns.separator = find_separator(line);
        int count = split_fields(line, columns.separator, fields);
        if (!begun) {
            begun = true;
            columns.name = count > 1 ? 0 : -1;
            columns.label = count > 1 ? 1 : 0;
            bool heading = read_heading(fields, count, &columns, &file->first_words);
            file->named = columns.name >= 0;
            if (heading)
                continue;
        }
        if (code == STATUS_OK)
            code = add_row(file, fields, count, &columns, number, error);
    }
    if (code == STATUS_OK && file->count == 0)
        code = error_set(error, STATUS_FILE, "%s: no line has a label", file->path);
    return code;
}

status label_file_read(const char *path, struct label_file *file, struct error *error)
{
    unsigned char *bytes = NULL;
    size_t size = 0;
    *file = (struct label_file){.arena = arena_new()};
    status code = file->arena ? file_read(path, largest_file, &bytes, &size, error) : error_memory(error);
    char *text = NULL;
    if (code == STATUS_OK && memchr(bytes, '\0', size))
        code =
            error_set(error, STATUS_FILE, "%s: byte %zu is 0: this is no text", path, strlen((char *)bytes));
    if (code == STATUS_OK) {
        const size_t mark = size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
        text = arena_copy(file->arena, bytes + mark, size + 1 - mark);
        file->path = arena_string(file->arena, path);
        code = text && file->path ? parse(file, text, error) : error_memory(error);
    }
    mem_free(bytes);
    if (code != STATUS_OK)
        label_file_free(file);
    return code;
}

/* Are all labels whole numbers, from 0 on? */
static bool are_numbers(const struct label_file *file)
{
    int64_t number;
    for (size_t i = 0; i < file->count; i++)
        if (!text_to_integer(file->rows[i].label, &number))
            return false;
    return true;
}

static status resolve_numbers(struct label_file *file, int classes, int *count, struct error *error)
{
    const int64_t end = classes > 0 ? classes : MOST_CLASSES;
    int64_t most = -1;
    for (size_t i = 0; i < file->count; i++) {
        struct label_row *row = &file->rows[i];
        int64_t number = -1;
        text_to_integer(row->label, &number);
        if (number < 0 || number >= end)
            return error_set(error, STATUS_FILE, "%s: line %d: label %s, but labels are 0 to %lld",
                             file->path, row->line, row->label, (long long)end - 1);
        row->number = (int32_t)number;
        most = number > most ? number : most;
    }
    *count = (int)most + 1;
    return STATUS_OK;
}

/* The distinct labels as classes. */
static status list_labels(const struct label_file *file, struct classes *classes, struct error *error)
{
    const char **names = mem_new(file->count, sizeof *names);
    if (!names)
        return error_memory(error);
    for (size_t i = 0; i < file->count; i++)
        names[i] = file->rows[i].label;
    status code = classes_of_names(names, file->count, classes, error);
    mem_free(names);
    return code;
}

/* Classes that have only numbers: of the labels up to the largest. */
static status number_classes(int count, struct classes *classes, struct error *error)
{
    *classes = (struct classes){.arena = arena_new()};
    if (!classes->arena ||
        !(classes->shown = arena_alloc(classes->arena, (size_t)count, sizeof *classes->shown)))
        return error_memory(error);
    for (int i = 0; i < count; i++)
        if (!(classes->shown[i] = arena_format(classes->arena, "%d", i)))
            return error_memory(error);
    classes->count = count;
    return STATUS_OK;
}

status label_file_resolve(struct label_file *file, struct classes *classes, struct error *error)
{
    status code = STATUS_OK;
    if (are_numbers(file)) {
        int count = 0;
        code = resolve_numbers(file, classes->count, &count, error);
        return code == STATUS_OK && classes->count == 0 ? number_classes(count, classes, error) : code;
    }
    if (classes->count == 0)
        code = list_labels(file, classes, error);
    for (size_t i = 0; i < file->count && code == STATUS_OK; i++) {
        struct label_row *row = &file->rows[i];
        row->number = classes_find(classes, row->label);
        if (row->number < 0)
            code = error_set(error, STATUS_FILE, "%s: line %d: '%s' is none of the %d classes%s%s",
                             file->path, row->line, row->label, classes->count, classes->source ? " of " : "",
                             classes->source ? classes->source : "");
    }
    return code;
}

void label_file_free(struct label_file *file)
{
    if (file->arena)
        arena_free(file->arena);
    mem_free(file->rows);
    *file = (struct label_file){0};
}
