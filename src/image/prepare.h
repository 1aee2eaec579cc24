/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures made ready for a network, as Torchvision's transforms Resize and CenterCrop do on Pillow's images.
 */
#ifndef IPPRO_IMAGE_PREPARE_H
#define IPPRO_IMAGE_PREPARE_H

#include "image/resize.h"

enum { PREPARE_MOST_SIDE = 16384 };

/* Nothing is done for what is 0. */
struct preparation {
    int shorter; /* scale, so that the shorter side has so many pixels; the longer one is rounded down */
    int width, height; /* or scale to exactly this, whatever the shape */
    int crop_width,
        crop_height; /* then cut out the middle; what a smaller picture lacks is filled with `fill` */
    uint8_t fill;    /* 0 (black) in Torchvision */
    enum image_filter filter;
};

/* The size after scaling, and after cropping. Refuses a longer side over PREPARE_MOST_SIDE. */
status prepare_scaled_size(const struct preparation *how, int width, int height, int *scaled_width,
                           int *scaled_height, struct error *error);
/* *to is made here. */
status image_prepare(const struct image *from, const struct preparation *how, struct image *to,
                     struct error *error);

#endif
