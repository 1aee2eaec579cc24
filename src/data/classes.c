/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/classes.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "data/listing.h"
#include "image/image.h"

static const size_t largest_file = (size_t)16 << 20;
static const char blanks[] = " \t,:;";

static int compare_keys(const void *a, const void *b)
{
    const struct class_key *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : (x->label > y->label) - (x->label < y->label);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static status begin(struct classes *classes, int count, struct error *error)
{
    classes->shown = arena_alloc(classes->arena, (size_t)count + 1, sizeof *classes->shown);
    classes->keys = arena_alloc(classes->arena, 2 * (size_t)count + 1, sizeof *classes->keys);
    return classes->shown && classes->keys ? STATUS_OK : error_memory(error);
}

/* The lines that are not empty, in place; how many. */
static int split_lines(char *text, char **lines, int most)
{
    int count = 0;
    for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
        size_t length = strlen(line);
        while (length > 0 && strchr(" \t\r", line[length - 1]))
            line[--length] = '\0';
        line += strspn(line, " \t");
        if (!*line)
            continue;
        if (lines && count < most)
            lines[count] = line;
        count++;
    }
    return count;
}

/* The first word of a line as a copy, and in *rest what stands behind it, NULL when nothing does. */
static char *first_word(struct arena *arena, const char *line, const char **rest)
{
    size_t length = strcspn(line, blanks);
    char *word = arena_alloc(arena, length + 1, 1);
    const char *behind = line + length + strspn(line + length, blanks);
    *rest = *behind ? behind : NULL;
    if (word)
        memcpy(word, line, length);
    return word;
}

/* Does every line begin with its own number, so that the number is none of the name? */
static bool are_numbered(char *const *lines, int count)
{
    for (int i = 0; i < count; i++) {
        char *end;
        long number = strtol(lines[i], &end, 10);
        if (end == lines[i] || number != i || !*end || !strchr(blanks, *end))
            return false;
    }
    return count > 0;
}

/* Do all lines begin with the name of a WordNet synset, n and eight digits, and go on? Then the rest is
 * shown. */
static bool are_synsets(char *const *lines, int count)
{
    for (int i = 0; i < count; i++)
        if (lines[i][0] != 'n' || strspn(lines[i] + 1, "0123456789") != 8 || !strchr(" \t,", lines[i][9]) ||
            !lines[i][9])
            return false;
    return count > 0;
}

static status add_class(struct classes *classes, const char *line, bool numbered, bool synsets,
                        struct error *error)
{
    const char *rest;
    char *word = first_word(classes->arena, line, &rest);
    if (numbered && rest) {
        line = rest;
        word = first_word(classes->arena, line, &rest);
    }
    char *whole = arena_string(classes->arena, line);
    if (!word || !whole)
        return error_memory(error);
    int label = classes->count++;
    classes->keys[classes->key_count++] = (struct class_key){whole, label};
    if (strcmp(word, whole) != 0)
        classes->keys[classes->key_count++] = (struct class_key){word, label};
    classes->shown[label] = synsets && rest ? whole + (rest - line) : whole;
    return STATUS_OK;
}

static void sort_keys(struct classes *classes)
{
    if (classes->key_count > 0)
        qsort(classes->keys, classes->key_count, sizeof *classes->keys, compare_keys);
}

static status fill(struct classes *classes, char **lines, int count, struct error *error)
{
    bool numbered = are_numbered(lines, count), synsets = are_synsets(lines, count);
    status code = begin(classes, count, error);
    for (int i = 0; i < count && code == STATUS_OK; i++)
        code = add_class(classes, lines[i], numbered, synsets, error);
    if (code == STATUS_OK)
        sort_keys(classes);
    return code;
}

status classes_read(const char *path, struct classes *classes, struct error *error)
{
    unsigned char *text = NULL;
    size_t size;
    *classes = (struct classes){.arena = arena_new()};
    status code = classes->arena ? file_read(path, largest_file, &text, &size, error) : error_memory(error);
    char *copy = code == STATUS_OK ? mem_string((char *)text) : NULL;
    if (code == STATUS_OK && !copy)
        code = error_memory(error);
    if (code == STATUS_OK && strlen((char *)text) != size)
        code =
            error_set(error, STATUS_FILE, "%s: byte %zu is 0: this is no text", path, strlen((char *)text));
    int count = code == STATUS_OK ? split_lines(copy, NULL, 0) : 0;
    if (count > MOST_CLASSES)
        code = error_set(error, STATUS_FILE, "%s: %d lines, but at most %d classes are possible", path, count,
                         MOST_CLASSES);
    char **lines = code == STATUS_OK ? mem_new((size_t)count + 1, sizeof *lines) : NULL;
    if (code == STATUS_OK && !lines)
        code = error_memory(error);
    if (code == STATUS_OK) {
        split_lines((char *)text, lines, count);
        classes->source = arena_string(classes->arena, path_base(path));
        code = fill(classes, lines, count, error);
    }
    mem_free(lines);
    mem_free(copy);
    mem_free(text);
    if (code != STATUS_OK)
        classes_free(classes);
    return code;
}

/* A list of pictures and their labels is none of classes. */
static bool names_pictures(const struct classes *classes)
{
    for (size_t i = 0; i < classes->key_count; i++)
        if (image_is_name(classes->keys[i].name))
            return true;
    return false;
}

/* The list in this folder; *found says whether there is one. */
static status look_in(const char *folder, struct classes *classes, bool *found, struct error *error)
{
    static const char *const names[] = {"classes.txt", "class_names.txt",        "labels.txt",
                                        "wnids.txt",   "LOC_synset_mapping.txt", "synset_words.txt",
                                        "synsets.txt"};
    *found = false;
    for (size_t i = 0; i < sizeof names / sizeof *names && !*found; i++) {
        char *path = path_join(folder, names[i]);
        if (!path)
            return error_memory(error);
        *found = path_is_file(path);
        status code = *found ? classes_read(path, classes, error) : STATUS_OK;
        mem_free(path);
        if (code != STATUS_OK)
            return code;
        if (*found && names_pictures(classes)) {
            classes_free(classes);
            *found = false;
        }
    }
    return STATUS_OK;
}

status classes_look(const char *folder, struct classes *classes, struct error *error)
{
    bool found;
    *classes = (struct classes){0};
    status code = look_in(folder, classes, &found, error);
    if (code != STATUS_OK || found)
        return code;
    char *above = path_join(folder, "..");
    if (!above)
        return error_memory(error);
    code = look_in(above, classes, &found, error);
    mem_free(above);
    return code;
}

status classes_of_names(const char *const *names, size_t count, struct classes *classes, struct error *error)
{
    *classes = (struct classes){.arena = arena_new()};
    const char **sorted = mem_new(count, sizeof *sorted);
    size_t distinct = 0;
    status code = classes->arena && sorted ? STATUS_OK : error_memory(error);
    if (code == STATUS_OK && count > 0) {
        memcpy(sorted, names, count * sizeof *sorted);
        qsort(sorted, count, sizeof *sorted, compare_names);
    }
    for (size_t i = 0; i < count && code == STATUS_OK; i++)
        if (distinct == 0 || strcmp(sorted[distinct - 1], sorted[i]) != 0)
            sorted[distinct++] = sorted[i];
    if (code == STATUS_OK && distinct > MOST_CLASSES)
        code = error_set(error, STATUS_FILE, "%zu classes: at most %d are possible", distinct, MOST_CLASSES);
    if (code == STATUS_OK)
        code = begin(classes, (int)distinct, error);
    for (size_t i = 0; i < distinct && code == STATUS_OK; i++) {
        const char *copy = arena_string(classes->arena, sorted[i]);
        if (!copy)
            code = error_memory(error);
        classes->shown[i] = copy;
        classes->keys[i] = (struct class_key){copy, (int)i};
    }
    mem_free(sorted);
    classes->count = (int)distinct;
    classes->key_count = distinct;
    if (code != STATUS_OK)
        classes_free(classes);
    return code;
}

int classes_find(const struct classes *classes, const char *name)
{
    size_t low = 0, high = classes->key_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(classes->keys[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < classes->key_count && strcmp(classes->keys[low].name, name) == 0 ? classes->keys[low].label
                                                                                  : -1;
}

void classes_free(struct classes *classes)
{
    if (classes->arena)
        arena_free(classes->arena);
    *classes = (struct classes){0};
}
