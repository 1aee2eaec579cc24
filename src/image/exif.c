/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one entry of EXIF that matters to pixels: which way up the picture is (TIFF tag 0x0112 of the first
 * directory), and turning by it. Nothing in the data is trusted. */
#include <stdbool.h>
#include <string.h>

#include "base/status.h"
#include "image/format.h"
#include "image/image.h"

enum { TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3, ENTRY_SIZE = 12, ORIENTATIONS = 8 };

struct exif {
    const uint8_t *data;
    size_t size;
    bool big; /* the more significant byte first */
};

/* 0 beyond the end. */
static uint32_t number_at(const struct exif *exif, size_t at, int bytes)
{
    uint32_t value = 0;
    if (at > exif->size || exif->size - at < (size_t)bytes)
        return 0;
    for (int i = 0; i < bytes; i++)
        value = value << 8 | exif->data[at + (size_t)(exif->big ? i : bytes - 1 - i)];
    return value;
}

int exif_orientation(const uint8_t *data, size_t size)
{
    struct exif exif = {data, size, size > 0 && data[0] == 'M'};
    if (size < 8 || memcmp(data, exif.big ? "MM\0*" : "II*\0", 4) != 0)
        return 1;
    size_t directory = number_at(&exif, 4, 4);
    uint32_t count = number_at(&exif, directory, 2);
    for (uint32_t i = 0; i < count; i++) {
        size_t entry = directory + 2 + (size_t)i * ENTRY_SIZE;
        if (number_at(&exif, entry, 2) != TAG_ORIENTATION || number_at(&exif, entry + 2, 2) != TYPE_SHORT)
            continue;
        uint32_t value = number_at(&exif, entry + 8, 2);
        return value >= 1 && value <= ORIENTATIONS ? (int)value : 1;
    }
    return 1;
}

/* Where a pixel of the upright picture comes from: first rows and columns may change places, then either may
 * run backwards. */
static const struct turn {
    bool swapped, from_right, from_bottom;
} turns[ORIENTATIONS + 1] = {
    [2] = {.from_right = true},
    [3] = {.from_right = true, .from_bottom = true},
    [4] = {.from_bottom = true},
    [5] = {.swapped = true},
    [6] = {.swapped = true, .from_bottom = true},
    [7] = {.swapped = true, .from_right = true, .from_bottom = true},
    [8] = {.swapped = true, .from_right = true},
};

status image_turn(struct image *image, int orientation, struct error *error)
{
    if (orientation <= 1 || orientation > ORIENTATIONS)
        return STATUS_OK;
    const struct turn *turn = &turns[orientation];
    struct image upright;
    if (image_new(turn->swapped ? image->height : image->width, turn->swapped ? image->width : image->height,
                  image->channels, &upright, error))
        return error->code;
    const size_t channels = (size_t)image->channels;
    uint8_t *to = upright.pixels;
    for (int y = 0; y < upright.height; y++)
        for (int x = 0; x < upright.width; x++, to += channels) {
            int column = turn->swapped ? y : x, row = turn->swapped ? x : y;
            if (turn->from_right)
                column = image->width - 1 - column;
            if (turn->from_bottom)
                row = image->height - 1 - row;
            memcpy(to, image->pixels + ((size_t)row * (size_t)image->width + (size_t)column) * channels,
                   channels);
        }
    image_free(image);
    *image = upright;
    return STATUS_OK;
}
