/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of ratios. */
#include "session/words/ratio_list.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"

enum { PIECE_SIZE = 40 };

/* The number up to the next separator, which *rest then stands at. */
static status next_number(const char **rest, const char *separators, double *number, struct error *error)
{
    char piece[PIECE_SIZE];
    size_t length = strcspn(*rest, separators);
    if (length >= sizeof piece)
        return error_set(error, STATUS_RANGE, "'%.40s...' is no ratio", *rest);
    memcpy(piece, *rest, length);
    piece[length] = '\0';
    *rest += length;
    if (!text_to_double(piece, number) || !(*number >= 0 && *number <= 1))
        return error_set(error, STATUS_RANGE, "'%s' is not a number from 0 to 1", piece);
    return STATUS_OK;
}

static status add(double ratio, double *ratios, int *count, struct error *error)
{
    if (*count == RATIOS_MAX)
        return error_set(error, STATUS_RANGE, "more than %d ratios", RATIOS_MAX);
    ratios[(*count)++] = ratio;
    return STATUS_OK;
}

static status parse_range(const char *text, double *ratios, int *count, struct error *error)
{
    double end[3];
    const char *rest = text;
    for (int i = 0; i < 3; i++) {
        status code = next_number(&rest, ":", &end[i], error);
        if (code != STATUS_OK)
            return code;
        if (*rest != (i < 2 ? ':' : '\0'))
            return error_set(error, STATUS_RANGE, "'%s' is no range: the form is FROM:TO:STEP", text);
        rest++;
    }
    if (!(end[2] > 0) || end[1] < end[0])
        return error_set(error, STATUS_RANGE, "'%s' is no range: FROM:TO:STEP with a step over 0", text);
    status code = STATUS_OK;
    int64_t steps = (int64_t)floor((end[1] - end[0]) / end[2] + 1e-9);
    /* Rounded to what was meant: 0.1 * 3 is 0.3, not 0.30000000000000004. */
    for (int64_t i = 0; code == STATUS_OK && i <= steps; i++)
        code = add(round((end[0] + (double)i * end[2]) * 1e12) / 1e12, ratios, count, error);
    return code;
}

status ratio_list_parse(const char *text, double *ratios, int *count, struct error *error)
{
    *count = 0;
    if (strchr(text, ':'))
        return parse_range(text, ratios, count, error);
    for (const char *rest = text;; rest++) {
        double ratio;
        status code = next_number(&rest, ",", &ratio, error);
        if (code == STATUS_OK)
            code = add(ratio, ratios, count, error);
        if (code != STATUS_OK || !*rest)
            return code;
    }
}
