/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shortening lists of names. */
#include "view/cells/names.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "view/cells/canvas.h"
#include "view/glyphs.h"

struct shortening {
    struct drawing *drawing;
    const char *const *names;
    int count, width;
    const char **shown;
    size_t prefix;     /* bytes that all names have in common which do not fit; 0 where only one does not */
    const int *number; /* of each: the place of the first that is equal, from 1; made for by_number */
};

struct pair {
    const char *shown, *name;
};

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *first = a, *second = b;
    int order = strcmp(first->shown, second->shown);
    return order ? order : strcmp(first->name, second->name);
}

struct numbered {
    const char *name;
    int index;
};

static int compare_numbered(const void *a, const void *b)
{
    const struct numbered *first = a, *second = b;
    int order = strcmp(first->name, second->name);
    return order ? order : first->index - second->index;
}

/* In the arena; NULL when memory is out. */
static const int *number_names(const struct shortening *work)
{
    struct numbered *sorted = drawing_alloc(work->drawing, (size_t)work->count, sizeof *sorted);
    int *number = drawing_alloc(work->drawing, (size_t)work->count, sizeof *number);
    if (!sorted || !number)
        return NULL;
    for (int i = 0; i < work->count; i++)
        sorted[i] = (struct numbered){work->names[i], i};
    qsort(sorted, (size_t)work->count, sizeof *sorted, compare_numbered);
    for (int i = 0; i < work->count; i++) {
        bool equal = i > 0 && strcmp(sorted[i - 1].name, sorted[i].name) == 0;
        number[sorted[i].index] = equal ? number[sorted[i - 1].index] : sorted[i].index + 1;
    }
    return number;
}

/* Does every shown form stand for one name alone? */
static bool are_distinct(const struct shortening *work)
{
    struct pair *pairs = drawing_alloc(work->drawing, (size_t)work->count, sizeof *pairs);
    bool distinct = true;
    if (!pairs)
        return true;
    for (int i = 0; i < work->count; i++)
        pairs[i] = (struct pair){work->shown[i], work->names[i]};
    qsort(pairs, (size_t)work->count, sizeof *pairs, compare_pairs);
    for (int i = 1; distinct && i < work->count; i++)
        distinct =
            strcmp(pairs[i - 1].shown, pairs[i].shown) != 0 || strcmp(pairs[i - 1].name, pairs[i].name) == 0;
    return distinct;
}

static bool is_long(const struct shortening *work, int index)
{
    return utf8_width(work->names[index]) > work->width;
}

static bool is_continued(const char *at)
{
    return ((unsigned char)*at & 0xC0) == 0x80;
}

/* Does a word or a number begin there? stage11 is not to look like a stage1. */
static bool begins_part(const char *name, size_t at)
{
    unsigned char before = (unsigned char)name[at - 1], here = (unsigned char)name[at];
    bool letter = isalpha(before) || before >= 0x80;
    return !is_continued(name + at) && (letter ? isdigit(here) : !isdigit(before));
}

/* Bytes at the beginning of a name that all have in common which do not fit: as few as make them fit, if a
 * part of the name begins behind them. 0 where only one does not fit. */
static size_t common_prefix(const struct shortening *work)
{
    const char *first = NULL;
    size_t length = 0;
    int widest = 0;
    bool differ = false;
    for (int i = 0; i < work->count; i++) {
        if (!is_long(work, i))
            continue;
        if (!first) {
            first = work->names[i];
            length = strlen(first);
        }
        size_t same = 0;
        while (same < length && work->names[i][same] == first[same])
            same++;
        length = same;
        differ = differ || strcmp(work->names[i], first) != 0;
        int width = utf8_width(work->names[i]);
        widest = width > widest ? width : widest;
    }
    while (differ && length > 0 && is_continued(first + length))
        length--;
    for (size_t at = (size_t)(widest - work->width) + 1; differ && at < length; at++) {
        if (begins_part(first, at))
            return at;
    }
    return differ ? length : 0;
}

/* --- ways to shorten a name ----------------------------------------------------------------------------- */

static const char *by_middle(const struct shortening *work, int index)
{
    return drawing_shorten(work->drawing, work->names[index], work->width);
}

static const char *without_prefix(const struct shortening *work, int index)
{
    const char *ellipsis = work->drawing->glyphs->ellipsis;
    if (work->prefix == 0)
        return by_middle(work, index);
    int left = work->width - utf8_width(ellipsis);
    const char *rest = work->names[index] + work->prefix;
    return drawing_format(work->drawing, "%s%s", ellipsis, drawing_shorten(work->drawing, rest, left));
}

static const char *by_start(const struct shortening *work, int index)
{
    const char *rest = work->names[index] + work->prefix;
    return drawing_shorten_start(work->drawing, rest, work->width);
}

static const char *by_end(const struct shortening *work, int index)
{
    return drawing_shorten_end(work->drawing, work->names[index] + work->prefix, work->width);
}

static const char *by_number(const struct shortening *work, int index)
{
    const char *number = drawing_format(work->drawing, "%d:", work->number[index]);
    int left = work->width - utf8_width(number);
    const char *name = drawing_shorten_start(work->drawing, work->names[index], left);
    return left < 0 ? by_middle(work, index) : drawing_format(work->drawing, "%s%s", number, name);
}

static const char *(*const ways[])(const struct shortening *work, int index) = {without_prefix, by_middle,
                                                                                by_start, by_end, by_number};

void drawing_shorten_names(struct drawing *drawing, const char *const *names, int count, int width,
                           const char **shown)
{
    struct shortening work = {drawing, names, count, width, shown, 0, NULL};
    work.prefix = common_prefix(&work);
    for (size_t way = 0; way < sizeof ways / sizeof *ways && !drawing->failed; way++) {
        bool any = false;
        if (ways[way] == by_number && !(work.number = number_names(&work)))
            return;
        for (int i = 0; i < count && !drawing->failed; i++) {
            any |= is_long(&work, i);
            shown[i] = is_long(&work, i) ? ways[way](&work, i) : names[i];
        }
        if (drawing->failed || !any || are_distinct(&work))
            return;
    }
}

bool canvas_shorten_names(struct arena *arena, bool ascii, const char *const *names, int count, int width,
                          const char **shown)
{
    struct canvas canvas;
    canvas_init(&canvas, width, ascii);
    struct drawing drawing = {.canvas = &canvas, .arena = arena, .glyphs = glyph_set(ascii), .width = width};
    const char **whole = drawing_alloc(&drawing, (size_t)count, sizeof *whole);
    for (int i = 0; whole && i < count; i++)
        whole[i] = drawing_show(&drawing, names[i]);
    if (!drawing.failed)
        drawing_shorten_names(&drawing, whole, count, width, shown);
    return !drawing.failed;
}
