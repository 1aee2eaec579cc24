/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Building what figures of every kind have. Everything lives in the figure's arena; an array that grows
 * leaves its old copy there. */
#include "view/figure_build.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "view/figure_kind.h"

struct figure *figure_new(enum figure_kind kind, const char *name)
{
    struct arena *arena = arena_new();
    if (!arena)
        return NULL;
    struct figure *figure = arena_alloc(arena, 1, sizeof *figure);
    const char *copy = arena_string(arena, name);
    if (!figure || !copy) {
        arena_free(arena);
        return NULL;
    }
    figure->arena = arena;
    figure->kind = kind;
    figure->name = copy;
    return figure;
}

void figure_free(struct figure *figure)
{
    if (!figure)
        return;
    for (int i = 0; i < figure->fact_count; i++) {
        if (figure->facts[i].free_source)
            figure->facts[i].free_source(figure->facts[i].source);
    }
    mem_free(figure->array.values);
    arena_free(figure->arena);
}

void figure_set_array(struct figure *figure, const struct figure_array *array)
{
    if (!figure) {
        mem_free(array->values);
        return;
    }
    mem_free(figure->array.values);
    figure->array = *array;
    figure->array.name = array->name ? arena_string(figure->arena, array->name) : NULL;
    figure->failed |= !array->values || (array->name && !figure->array.name);
}

status figure_check(const struct figure *figure, struct error *error)
{
    if (!figure || figure->failed)
        return error_memory(error);
    const struct figure_kind_row *kind = figure_kind_row(figure->kind);
    if (kind->check)
        return kind->check(figure, error);
    return STATUS_OK;
}

bool figure_grow(struct figure *figure, void *array, size_t *capacity, size_t count, size_t size)
{
    if (count < *capacity)
        return true;
    size_t wanted = *capacity ? *capacity * 2 : 8;
    void *grown = arena_alloc(figure->arena, wanted, size), *old;
    if (!grown) {
        figure->failed = true;
        return false;
    }
    memcpy(&old, array, sizeof old);
    if (count > 0)
        memcpy(grown, old, count * size);
    memcpy(array, &grown, sizeof grown);
    *capacity = wanted;
    return true;
}

char *figure_keep_string(struct figure *figure, const char *text)
{
    char *copy = arena_string(figure->arena, text ? text : "");
    if (!copy)
        figure->failed = true;
    return copy;
}

void *figure_keep_array(struct figure *figure, const void *from, size_t count, size_t size)
{
    void *copy = arena_alloc(figure->arena, count, size);
    if (!copy)
        figure->failed = true;
    else if (count > 0)
        memcpy(copy, from, count * size);
    return copy;
}

const char **figure_keep_names(struct figure *figure, const char *const *names, int count)
{
    const char **copy = arena_alloc(figure->arena, (size_t)count, sizeof *copy);
    if (!copy) {
        figure->failed = true;
        return NULL;
    }
    for (int i = 0; i < count; i++)
        copy[i] = figure_keep_string(figure, names[i]);
    return copy;
}

static char *keep_format(struct figure *figure, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    char *text = length < 0 ? NULL : arena_alloc(figure->arena, (size_t)length + 1, 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, format, again);
    else
        figure->failed = true;
    va_end(again);
    return text;
}

void figure_title(struct figure *figure, const char *format, ...)
{
    if (!figure)
        return;
    va_list arguments;
    va_start(arguments, format);
    figure->title = keep_format(figure, format, arguments);
    va_end(arguments);
}

void figure_fact(struct figure *figure, const char *key, const char *format, ...)
{
    if (!figure || !figure_grow(figure, &figure->facts, &figure->fact_capacity, (size_t)figure->fact_count,
                                sizeof *figure->facts))
        return;
    va_list arguments;
    va_start(arguments, format);
    struct figure_fact fact = {.key = figure_keep_string(figure, key),
                               .value = keep_format(figure, format, arguments)};
    va_end(arguments);
    if (fact.key && fact.value)
        figure->facts[figure->fact_count++] = fact;
}

void figure_fact_later(struct figure *figure, const char *key, const char *(*find)(const void *source),
                       void *source, void (*free_source)(void *source))
{
    bool room = figure && figure_grow(figure, &figure->facts, &figure->fact_capacity,
                                      (size_t)figure->fact_count, sizeof *figure->facts);
    const char *kept = room ? figure_keep_string(figure, key) : NULL;
    if (kept)
        figure->facts[figure->fact_count++] =
            (struct figure_fact){.key = kept, .find = find, .source = source, .free_source = free_source};
    else
        free_source(source);
}

const char *figure_fact_value(const struct figure_fact *fact)
{
    return fact->find ? fact->find(fact->source) : fact->value;
}

void figure_note(struct figure *figure, const char *format, ...)
{
    if (!figure || !figure_grow(figure, &figure->notes, &figure->note_capacity, (size_t)figure->note_count,
                                sizeof *figure->notes))
        return;
    va_list arguments;
    va_start(arguments, format);
    const char *note = keep_format(figure, format, arguments);
    va_end(arguments);
    if (note)
        figure->notes[figure->note_count++] = note;
}

double *figure_array_new(struct figure_array *array, int rank, const int64_t *dims)
{
    size_t count = 1;
    bool fits = true;
    *array = (struct figure_array){.rank = rank};
    for (int i = 0; i < rank; i++) {
        array->dims[i] = dims[i];
        fits = fits && size_multiply(count, (size_t)dims[i], &count);
    }
    array->values = fits ? mem_new(count, sizeof(double)) : NULL;
    return array->values;
}
