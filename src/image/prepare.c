/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/prepare.h"

#include <string.h>

#include "base/status.h"
#include "image/image.h"

/* The middle of one axis: what of the picture is seen, and where in the result it begins. */
struct middle {
    int begin, length, at;
};

/* Half of an odd rest is rounded to even, as Python does; what is filled in front is rounded down. */
static struct middle find_middle(int size, int crop)
{
    if (crop == 0)
        return (struct middle){0, size, 0};
    if (size < crop)
        return (struct middle){0, size, (crop - size) / 2};
    int rest = size - crop, half = rest / 2;
    if (rest % 2 != 0 && half % 2 != 0)
        half++;
    return (struct middle){half, crop, 0};
}

status prepare_scaled_size(const struct preparation *how, int width, int height, int *scaled_width,
                           int *scaled_height, struct error *error)
{
    int64_t wide = width, high = height;
    if (how->shorter > 0 && width <= height) {
        wide = how->shorter;
        high = (int64_t)how->shorter * height / width;
    } else if (how->shorter > 0) {
        high = how->shorter;
        wide = (int64_t)how->shorter * width / height;
    } else if (how->width > 0) {
        wide = how->width;
        high = how->height;
    }
    if ((how->shorter > 0 || how->width > 0) && (wide > PREPARE_MOST_SIDE || high > PREPARE_MOST_SIDE))
        return error_set(error, STATUS_FILE, "%dx%d pixels scaled to %lldx%lld: sides of at most %d are made",
                         width, height, (long long)wide, (long long)high, PREPARE_MOST_SIDE);
    *scaled_width = (int)wide;
    *scaled_height = (int)high;
    return STATUS_OK;
}

/* What is seen, in the middle of a larger, filled picture. */
static status pad(const struct image *seen, const struct preparation *how, int left, int top,
                  struct image *to, struct error *error)
{
    const size_t channels = (size_t)seen->channels;
    if (image_new(how->crop_width, how->crop_height, seen->channels, to, error))
        return error->code;
    memset(to->pixels, how->fill, (size_t)to->width * (size_t)to->height * channels);
    for (int y = 0; y < seen->height; y++)
        memcpy(to->pixels + ((size_t)(top + y) * (size_t)to->width + (size_t)left) * channels,
               seen->pixels + (size_t)y * (size_t)seen->width * channels, (size_t)seen->width * channels);
    return STATUS_OK;
}

status image_prepare(const struct image *from, const struct preparation *how, struct image *to,
                     struct error *error)
{
    int width, height;
    *to = (struct image){0};
    if (prepare_scaled_size(how, from->width, from->height, &width, &height, error))
        return error->code;
    const struct middle across = find_middle(width, how->crop_width),
                        down = find_middle(height, how->crop_height);
    const struct image_box part = {across.begin, down.begin, across.length, down.length};
    struct image seen;
    if (image_resize(from, width, height, how->filter, &part, &seen, error))
        return error->code;
    if (how->crop_width <= seen.width && how->crop_height <= seen.height) {
        *to = seen;
        return STATUS_OK;
    }
    status code = pad(&seen, how, across.at, down.at, to, error);
    image_free(&seen);
    return code;
}
