/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How images are made to fit a network: scaled, cropped, with other channels. The words of resize=, crop= and
 * channels=, and what they come to. */
#ifndef IPPRO_DATA_FITTING_H
#define IPPRO_DATA_FITTING_H

#include "base/status.h"
#include "image/prepare.h"

struct text;

struct fitting_options {
    /* "auto", "none", "256" (of resize the shorter side, of crop both), "256x320" (height x width); NULL:
     * auto */
    const char *resize, *crop;
    int channels; /* 1 or 3; 0: auto */
    bool upright; /* pictures: turn as EXIF says */
    struct {
        int channels, height, width;
    } network; /* what it takes; 0: none is known */
};

/* What is done. */
struct fitting {
    struct preparation how;
    int channels; /* of the result; 0: those that there are */
    bool upright;
    bool active; /* something is done at all */
};

/* Auto, of pictures in files: crop to what the network takes (224x224 without one), and scale so that the
 * shorter side is 8/7 of the longer side of that (256 for 224; networks of less than 128 pixels: the side
 * itself), as the networks of ImageNet are judged; channels of the network, else 3. Auto of stored images:
 * nothing. STATUS_USAGE for words that are none. */
status fitting_parse(const struct fitting_options *options, bool pictures, struct fitting *fitting,
                     struct error *error);
/* "resize=256 crop=224", as options that give the same again; nothing where nothing is done. */
void text_add_fitting(struct text *text, const struct fitting *fitting);
/* The size of the result of an image of this size. */
status fitting_size(const struct fitting *fitting, int width, int height, int *fitted_width,
                    int *fitted_height, struct error *error);
/* Fit an image and write it channel by channel, in the size of the result. `image` is used up. */
status fitting_write(const struct fitting *fitting, struct image *image, uint8_t *pixels,
                     struct error *error);
/* The same of stored bytes, channel by channel (channels*height*width of them). */
status fitting_write_stored(const struct fitting *fitting, const uint8_t *stored, int channels, int height,
                            int width, uint8_t *pixels, struct error *error);

#endif
