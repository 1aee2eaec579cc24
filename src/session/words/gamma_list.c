/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of gammas. */
#include "session/words/gamma_list.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/order.h"
#include "base/text.h"

enum { PIECE_SIZE = 40 };

void gamma_list_free(struct gamma_list *list)
{
    mem_free(list->items);
    *list = (struct gamma_list){0};
}

static status add(struct gamma_list *list, double gamma, struct error *error)
{
    if (list->count == GAMMAS_MAX)
        return error_set(error, STATUS_RANGE, "more than %d gammas", GAMMAS_MAX);
    if (!mem_grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items))
        return error_memory(error);
    list->items[list->count++] = gamma;
    return STATUS_OK;
}

/* Copy the text up to the separator, where *rest then stands. */
static status next_piece(const char **rest, char separator, char piece[PIECE_SIZE], struct error *error)
{
    const char *end = strchr(*rest, separator);
    size_t length = end ? (size_t)(end - *rest) : strlen(*rest);
    if (length >= PIECE_SIZE)
        return error_set(error, STATUS_RANGE, "'%.40s...' is no gamma", *rest);
    memcpy(piece, *rest, length);
    piece[length] = '\0';
    *rest += length;
    return STATUS_OK;
}

static status add_piece(struct gamma_list *list, const char *piece, struct error *error)
{
    double gamma;
    if (!text_to_double(piece, &gamma) || !(gamma > 0))
        return error_set(error, STATUS_RANGE, "'%s' is not a gamma: a number over 0, or inf", piece);
    return add(list, gamma, error);
}

/* What was meant: 0.01, not the 0.010000000000000002 that a power gives. */
static double rounded(double value)
{
    char text[40];
    snprintf(text, sizeof text, "%.12e", value);
    double near;
    return text_to_double(text, &near) ? near : value;
}

struct range {
    double low, high;
    int64_t count;
    bool log;
};

static status parse_range(const char *text, struct range *range, struct error *error)
{
    char piece[4][PIECE_SIZE];
    const char *rest = text;
    for (int i = 0; i < 4; i++) {
        status code = next_piece(&rest, ':', piece[i], error);
        if (code != STATUS_OK)
            return code;
        if (*rest != (i < 3 ? ':' : '\0'))
            return error_set(error, STATUS_RANGE, "'%s' is no range: the form is LOW:HIGH:log:COUNT", text);
        rest++;
    }
    range->log = strcmp(piece[2], "log") == 0;
    if (!range->log && strcmp(piece[2], "linear") != 0)
        return error_set(error, STATUS_RANGE, "'%s' is no spacing: log or linear", piece[2]);
    if (!text_to_double(piece[0], &range->low) || !text_to_double(piece[1], &range->high) ||
        !(range->low > 0) || !(range->high >= range->low) || isinf(range->high))
        return error_set(error, STATUS_RANGE, "'%s' is no range: LOW is over 0 and HIGH not below it", text);
    if (!text_to_integer(piece[3], &range->count) || range->count < 2 || range->count > GAMMAS_MAX)
        return error_set(error, STATUS_RANGE, "'%s' is no COUNT of a range: 2 to %d", piece[3], GAMMAS_MAX);
    return STATUS_OK;
}

static status add_range(struct gamma_list *list, const char *text, struct error *error)
{
    struct range range;
    status code = parse_range(text, &range, error);
    for (int64_t i = 0; code == STATUS_OK && i < range.count; i++) {
        double share = (double)i / (double)(range.count - 1);
        double gamma = range.log ? pow(10, log10(range.low) + share * (log10(range.high) - log10(range.low)))
                                 : range.low + share * (range.high - range.low);
        code = add(list, i == 0 ? range.low : i == range.count - 1 ? range.high : rounded(gamma), error);
    }
    return code;
}

status gamma_list_add(struct gamma_list *list, const char *text, struct error *error)
{
    char piece[PIECE_SIZE];
    if (strchr(text, ':'))
        return add_range(list, text, error);
    for (const char *rest = text;; rest++) {
        status code = next_piece(&rest, ',', piece, error);
        if (code == STATUS_OK)
            code = add_piece(list, piece, error);
        if (code != STATUS_OK || !*rest)
            return code;
    }
}

void gamma_list_sort(struct gamma_list *list)
{
    size_t kept = 0;
    sort_ascending(list->items, (int64_t)list->count);
    for (size_t i = 0; i < list->count; i++) {
        if (!kept || list->items[i] != list->items[kept - 1])
            list->items[kept++] = list->items[i];
    }
    list->count = kept;
}
