/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of file formats. */
#include "view/write/write.h"

#include <string.h>
#include <strings.h>
#include "base/file.h"

static const struct figure_format formats[] = {
    {"csv", "comma-separated values with facts in comment lines, full precision", write_csv, false},
    {"json", "the same numbers as one JSON object, full precision", write_json, false},
    {"npy", "one figure's numbers as an array of NumPy, without names", write_npy, false},
    {"npz", "several figures' numbers as arrays of NumPy by their names", write_npz, false},
    {"png", "a picture", write_png, true},
    {"txt", "the text of the screen, without colours", write_txt, false},
};
enum { FORMATS = sizeof formats / sizeof *formats };

const struct figure_format *figure_format_at(int index)
{
    return index >= 0 && index < FORMATS ? &formats[index] : NULL;
}

const struct figure_format *figure_format_find(const char *extension)
{
    for (int i = 0; i < FORMATS; i++)
        if (strcasecmp(extension, formats[i].extension) == 0)
            return &formats[i];
    return NULL;
}

static status unknown_format(const char *path, struct error *error)
{
    struct text known = {0};
    for (int i = 0; i < FORMATS; i++)
        text_add_format(&known, "%s.%s", i == 0 ? "" : i + 1 < FORMATS ? ", " : " or ", formats[i].extension);
    status code = error_set(error, STATUS_USAGE, "%s: the name of a file for figures ends in %s", path,
                            text_data(&known));
    text_free(&known);
    return code;
}

status picture_size_parse(const char *text, struct picture_size *size, struct error *error)
{
    enum { LEAST_WIDTH = 480, LEAST_HEIGHT = 160, MOST = 16384 };
    int64_t sides[2] = {0, 0};
    size_t width = strcspn(text, "x");
    char first[16] = {0};
    memcpy(first, text, width < sizeof first ? width : 0);
    if (text[width] != 'x' || !text_to_integer(first, &sides[0]) ||
        (text[width + 1] && !text_to_integer(text + width + 1, &sides[1])))
        return error_set(error, STATUS_USAGE,
                         "size '%s': expected WIDTHxHEIGHT in pixels, such as 1200x800, or WIDTHx", text);
    if (sides[0] < LEAST_WIDTH || sides[0] > MOST || (text[width + 1] && sides[1] < LEAST_HEIGHT) ||
        sides[1] > MOST)
        return error_set(error, STATUS_RANGE,
                         "size '%s': pictures are %d to %d pixels wide and %d to %d high", text, LEAST_WIDTH,
                         MOST, LEAST_HEIGHT, MOST);
    *size = (struct picture_size){(int)sides[0], (int)sides[1]};
    return STATUS_OK;
}

status figures_save_sized(const struct figure *const *figures, int count, const char *path,
                          const struct picture_size *size, struct error *error)
{
    const struct figure_format *format = figure_format_find(path_extension(path));
    if (!format)
        return unknown_format(path, error);
    struct text out = {0};
    status code = format->picture ? write_picture(figures, count, size, &out, error)
                                  : format->write(figures, count, &out, error);
    if (code != STATUS_OK)
        error_prefix(error, "%s: ", path);
    else
        code = file_replace(path, text_data(&out), out.length, error);
    text_free(&out);
    return code;
}

status figures_save(const struct figure *const *figures, int count, const char *path, struct error *error)
{
    return figures_save_sized(figures, count, path, &(struct picture_size){0, 0}, error);
}
