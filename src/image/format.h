/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file format of pictures is one row. Private to this room. */
#ifndef IPPRO_IMAGE_FORMAT_H
#define IPPRO_IMAGE_FORMAT_H

#include "image/image.h"

struct image_format {
    const char *name;
    const char *signature; /* how files begin */
    size_t signature_size;
    size_t signature_at;
    /* NULL both: known, but not read; `why` says more, or is NULL. */
    status (*measure)(const uint8_t *data, size_t size, struct image_facts *facts, struct error *error);
    /* As stored, not turned; `image` is zeroed and the caller's to free, on failure too. */
    status (*decode)(const uint8_t *data, size_t size, enum image_mode mode, struct image *image,
                     struct error *error);
    const char *why;
};
extern const struct image_format image_format_png;
extern const struct image_format image_format_jpeg; /* where libjpeg is */

enum { IMAGE_ROWS_UNCHECKED = 64 }; /* rows decoded between two looks whether the work is cancelled */

/* Is the picture small enough? For what a header says, before anything is made. */
status image_check_size(int64_t width, int64_t height, struct error *error);
/* `count` grey pixels at the front of `pixels` spread to RGB in place, which has room for them. */
void image_spread_grey(uint8_t *pixels, size_t count);

/* The orientation in EXIF data (from the TIFF header on): 1 to 8, 1 where there is none or it makes no sense.
 */
int exif_orientation(const uint8_t *data, size_t size);
/* Turn and mirror, so that what was stored that way stands upright. */
status image_turn(struct image *image, int orientation, struct error *error);

#endif
