/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "checkpoint/zeros.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include "base/memory.h"
#include "checkpoint/checkpoint.h"

static const char format_name[] = "ippro-explore zeros 1";
enum { MOST_CHANNELS = 1 << 26 };

void zeros_text(const struct zeros_record *record, struct text *text)
{
    text_add_format(text, "{\"format\": \"%s\", \"zeros\": [", format_name);
    for (int i = 0; i < record->count; i++)
        text_add_format(text, "%s[%" PRId64 ", %" PRId64 "]", i ? ", " : "", record->list[i].front,
                        record->list[i].behind);
    text_add(text, "]}");
}

static bool read_channels(const json_t *value, int64_t *channels)
{
    *channels = json_is_integer(value) ? json_integer_value(value) : -1;
    return *channels >= 0 && *channels <= MOST_CHANNELS;
}

/* As many as the array has; false where one is no pair of numbers of channels. */
static bool read_list(const json_t *array, struct channel_zeros *list)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *pair = json_array_get(array, i);
        if (json_array_size(pair) != 2 || !read_channels(json_array_get(pair, 0), &list[i].front) ||
            !read_channels(json_array_get(pair, 1), &list[i].behind))
            return false;
    }
    return true;
}

status zeros_read(const char *text, size_t size, struct checkpoint *checkpoint, struct notes *notes,
                  struct error *error)
{
    json_error_t problem;
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &problem);
    if (!root && json_error_code(&problem) == json_error_out_of_memory)
        return error_memory(error);
    const char *format = json_string_value(json_object_get(root, "format"));
    const json_t *array = json_object_get(root, "zeros");
    const size_t count = json_array_size(array);
    struct channel_zeros *list = arena_alloc(checkpoint->arena, count + 1, sizeof *list);
    status code = list ? STATUS_OK : error_memory(error);
    if (code == STATUS_OK && format && strcmp(format, format_name) == 0 && json_is_array(array) &&
        read_list(array, list))
        checkpoint->zeros = (struct zeros_record){list, (int)count};
    else if (code == STATUS_OK)
        code =
            notes_add(notes, error, "what %s records of channels of zeros is not understood", ZEROS_MEMBER);
    json_decref(root);
    return code;
}
