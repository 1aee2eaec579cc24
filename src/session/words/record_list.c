/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of images. */
#include "session/words/record_list.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

enum { PIECE_SIZE = 24 };

/* The number up to the next separator, which *rest then stands at. */
static status next_number(const char **rest, int64_t limit, int64_t *number, struct error *error)
{
    char piece[PIECE_SIZE];
    size_t length = strcspn(*rest, ",-");
    if (length == 0 || length >= sizeof piece)
        return error_set(error, STATUS_USAGE, "'%.40s' is no list of images: the form is 0,17,40-43", *rest);
    memcpy(piece, *rest, length);
    piece[length] = '\0';
    *rest += length;
    if (!text_to_integer(piece, number))
        return error_set(error, STATUS_USAGE, "'%s' is no number of an image", piece);
    if (*number >= limit)
        return error_set(error, STATUS_RANGE, "image %" PRId64 ": the data set has images 0 to %" PRId64,
                         *number, limit - 1);
    return STATUS_OK;
}

static status add_range(int64_t first, int64_t last, int64_t records[RECORDS_MAX], int *count,
                        struct error *error)
{
    if (last < first)
        return error_set(error, STATUS_USAGE, "images %" PRId64 "-%" PRId64 ": the first is the larger one",
                         first, last);
    if (last - first >= RECORDS_MAX - *count)
        return error_set(error, STATUS_RANGE, "more than %d images", RECORDS_MAX);
    for (int64_t i = first; i <= last; i++)
        records[(*count)++] = i;
    return STATUS_OK;
}

status record_list_parse(const char *text, int64_t limit, int64_t records[RECORDS_MAX], int *count,
                         struct error *error)
{
    int64_t first, last;
    *count = 0;
    for (const char *rest = text;; rest++) {
        if (next_number(&rest, limit, &first, error))
            return error->code;
        last = first;
        if (*rest == '-') {
            rest++;
            if (next_number(&rest, limit, &last, error))
                return error->code;
        }
        if (add_range(first, last, records, count, error))
            return error->code;
        if (*rest == '\0')
            return STATUS_OK;
        if (*rest != ',')
            return error_set(error, STATUS_USAGE, "'%s' is no list of images: the form is 0,17,40-43", text);
    }
}
