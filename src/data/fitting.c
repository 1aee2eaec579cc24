/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/fitting.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "image/image.h"

enum { USUAL_CROP = 224, SMALL_NETWORK = 128, RGB = 3 };

/* "256" or "256x320"; false otherwise. One number alone leaves *width 0. */
static bool parse_sides(const char *text, int *height, int *width)
{
    const char *sign = strchr(text, 'x');
    char first[16];
    size_t length = sign ? (size_t)(sign - text) : strlen(text);
    int64_t high, wide = 0;
    if (length >= sizeof first)
        return false;
    memcpy(first, text, length);
    first[length] = '\0';
    if (!text_to_integer(first, &high) || (sign && !text_to_integer(sign + 1, &wide)) || high < 1 ||
        high > PREPARE_MOST_SIDE || wide > PREPARE_MOST_SIDE || (sign && wide < 1))
        return false;
    *height = (int)high;
    *width = (int)wide;
    return true;
}

static status refuse(const char *name, const char *text, struct error *error)
{
    return error_set(error, STATUS_USAGE,
                     "%s: '%s' is not auto, none, a number of pixels or HEIGHTxWIDTH, sides from 1 to %d",
                     name, text, PREPARE_MOST_SIDE);
}

static bool is_auto(const char *text)
{
    return !text || strcmp(text, "auto") == 0;
}

static status parse_crop(const struct fitting_options *options, bool pictures, struct preparation *how,
                         struct error *error)
{
    if (is_auto(options->crop)) {
        bool known = options->network.height > 0 && options->network.width > 0;
        how->crop_height = !pictures ? 0 : known ? options->network.height : USUAL_CROP;
        how->crop_width = !pictures ? 0 : known ? options->network.width : USUAL_CROP;
        return STATUS_OK;
    }
    if (strcmp(options->crop, "none") == 0)
        return STATUS_OK;
    if (!parse_sides(options->crop, &how->crop_height, &how->crop_width))
        return refuse("crop", options->crop, error);
    if (how->crop_width == 0)
        how->crop_width = how->crop_height;
    return STATUS_OK;
}

/* After the crop, which it follows. */
static status parse_resize(const struct fitting_options *options, bool pictures, struct preparation *how,
                           struct error *error)
{
    if (is_auto(options->resize)) {
        int side = how->crop_height > how->crop_width ? how->crop_height : how->crop_width;
        if (pictures && side > 0)
            how->shorter = side < SMALL_NETWORK ? side : (side * 8 + 3) / 7;
        return STATUS_OK;
    }
    if (strcmp(options->resize, "none") == 0)
        return STATUS_OK;
    int height, width;
    if (!parse_sides(options->resize, &height, &width))
        return refuse("resize", options->resize, error);
    how->shorter = width == 0 ? height : 0;
    how->height = width == 0 ? 0 : height;
    how->width = width;
    return STATUS_OK;
}

status fitting_parse(const struct fitting_options *options, bool pictures, struct fitting *fitting,
                     struct error *error)
{
    *fitting = (struct fitting){.channels = options->channels, .upright = options->upright};
    if (parse_crop(options, pictures, &fitting->how, error) ||
        parse_resize(options, pictures, &fitting->how, error))
        return error->code;
    if (pictures && fitting->channels == 0)
        fitting->channels = options->network.channels == 1 ? 1 : RGB;
    const struct preparation *how = &fitting->how;
    fitting->active =
        pictures || how->shorter > 0 || how->width > 0 || how->crop_width > 0 || fitting->channels > 0;
    return STATUS_OK;
}

static void add_sides(struct text *text, const char *name, int height, int width)
{
    if (height == width)
        text_add_format(text, " %s=%d", name, height);
    else
        text_add_format(text, " %s=%dx%d", name, height, width);
}

void text_add_fitting(struct text *text, const struct fitting *fitting)
{
    const struct preparation *how = &fitting->how;
    if (!fitting->active)
        return;
    if (how->shorter > 0)
        text_add_format(text, "resize=%d", how->shorter);
    else if (how->width > 0)
        text_add_format(text, "resize=%dx%d", how->height, how->width);
    else
        text_add(text, "resize=none");
    if (how->crop_width > 0)
        add_sides(text, "crop", how->crop_height, how->crop_width);
    else
        text_add(text, " crop=none");
    if (fitting->channels > 0)
        text_add_format(text, " channels=%d", fitting->channels);
    if (fitting->upright)
        text_add(text, " rotate=exif");
}

status fitting_size(const struct fitting *fitting, int width, int height, int *fitted_width,
                    int *fitted_height, struct error *error)
{
    const struct preparation *how = &fitting->how;
    if (prepare_scaled_size(how, width, height, fitted_width, fitted_height, error))
        return error->code;
    if (how->crop_width > 0) {
        *fitted_width = how->crop_width;
        *fitted_height = how->crop_height;
    }
    return STATUS_OK;
}

/* Channels apart. A single one serves for as many as are wanted; three become grey as Pillow makes it. */
static void write_planes(const struct image *image, int channels, uint8_t *pixels)
{
    const size_t plane = (size_t)image->width * (size_t)image->height, step = (size_t)image->channels;
    if (channels == 1 && image->channels == RGB) {
        image_grey_of_rgb(image->pixels, plane, pixels);
        return;
    }
    for (int c = 0; c < channels; c++) {
        const uint8_t *from = image->pixels + (image->channels == 1 ? 0 : c);
        uint8_t *to = pixels + (size_t)c * plane;
        for (size_t i = 0; i < plane; i++)
            to[i] = from[i * step];
    }
}

status fitting_write(const struct fitting *fitting, struct image *image, uint8_t *pixels, struct error *error)
{
    struct image ready;
    status code = image_prepare(image, &fitting->how, &ready, error);
    image_free(image);
    if (code != STATUS_OK)
        return code;
    write_planes(&ready, fitting->channels > 0 ? fitting->channels : ready.channels, pixels);
    image_free(&ready);
    return STATUS_OK;
}

status fitting_write_stored(const struct fitting *fitting, const uint8_t *stored, int channels, int height,
                            int width, uint8_t *pixels, struct error *error)
{
    struct image image;
    if (image_new(width, height, channels, &image, error))
        return error->code;
    const size_t plane = (size_t)width * (size_t)height;
    for (int c = 0; c < channels; c++)
        for (size_t i = 0; i < plane; i++)
            image.pixels[i * (size_t)channels + (size_t)c] = stored[(size_t)c * plane + i];
    return fitting_write(fitting, &image, pixels, error);
}
