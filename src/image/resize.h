/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures in another size, pixel by pixel as Pillow's Image.resize gives them.
 *
 * Bilinear is the antialiased kind: a triangle as wide as the step between pixels of the result, so that
 * scaling down averages all it leaves out. Weights are rounded to 22 fractional bits; rows first, then
 * columns, with 8 bits in between. */
#ifndef IPPRO_IMAGE_RESIZE_H
#define IPPRO_IMAGE_RESIZE_H

#include "image/image.h"

enum image_filter {
    IMAGE_BILINEAR,
    IMAGE_NEAREST, /* for label maps: no value that was not there */
};

/* A part of a picture, in pixels from its upper left corner. */
struct image_box {
    int left, top, width, height;
};

/* Make *to from the whole of `from`, scaled to width x height; of that only `part`, which lies inside (NULL:
 * all). What lies outside the part is not computed. `to` is made here; *from stays. STATUS_FILE as image_new
 * refuses a size, STATUS_MEMORY, STATUS_CANCELLED. */
status image_resize(const struct image *from, int width, int height, enum image_filter filter,
                    const struct image_box *part, struct image *to, struct error *error);

#endif
