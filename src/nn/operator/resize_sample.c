/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From an output position to the input positions that it is made of: the modes of ONNX's Resize. */
#include "nn/operator/resize.h"

#include <math.h>
#include <string.h>

/* x is the output position; in, out, scale and length are the axis's. Both functions from one formula. */
#define COORDINATE_IN(REAL, NAME, FORMULA)                                                                   \
    static REAL NAME##_##REAL(const struct resize_axis *axis, REAL x)                                        \
    {                                                                                                        \
        const REAL in = (REAL)axis->in, out = (REAL)axis->out, half = (REAL)0.5;                             \
        const REAL scale = (REAL)axis->scale, length = (REAL)axis->length;                                   \
                                                                                                             \
        (void)in, (void)out, (void)half, (void)scale, (void)length;                                          \
        return (FORMULA);                                                                                    \
    }
#define COORDINATE(NAME, FORMULA)                                                                            \
    COORDINATE_IN(float, NAME, FORMULA)                                                                      \
    COORDINATE_IN(double, NAME, FORMULA)

COORDINATE(half_pixel, (x + half) / scale - half)
COORDINATE(pytorch_half_pixel, out > 1 ? (x + half) / scale - half : 0)
COORDINATE(align_corners, out > 1 ? x * (in - 1) / (length - 1) : 0)
COORDINATE(asymmetric, x / scale)
COORDINATE(tf_half_pixel_for_nn, (x + half) / scale)
COORDINATE(half_pixel_symmetric, in / 2 * (1 - out / (scale * in)) + (x + half) / scale - half)

static const struct resize_coordinate coordinates[] = {
    {"half_pixel", false, half_pixel_float, half_pixel_double},
    {"pytorch_half_pixel", false, pytorch_half_pixel_float, pytorch_half_pixel_double},
    {"align_corners", false, align_corners_float, align_corners_double},
    {"asymmetric", false, asymmetric_float, asymmetric_double},
    {"tf_half_pixel_for_nn", true, tf_half_pixel_for_nn_float, tf_half_pixel_for_nn_double},
    {"half_pixel_symmetric", false, half_pixel_symmetric_float, half_pixel_symmetric_double},
};

static float round_prefer_floor(float x)
{
    return ceilf(x - 0.5f);
}

static float round_prefer_ceil(float x)
{
    return floorf(x + 0.5f);
}

static const struct resize_nearest nearests[] = {
    {"round_prefer_floor", round_prefer_floor},
    {"round_prefer_ceil", round_prefer_ceil},
    {"floor", floorf},
    {"ceil", ceilf},
};

const struct resize_coordinate *resize_coordinate(const char *name)
{
    for (size_t i = 0; i < sizeof(coordinates) / sizeof(coordinates[0]); i++) {
        if (strcmp(coordinates[i].name, name) == 0)
            return &coordinates[i];
    }
    return NULL;
}

const struct resize_nearest *resize_nearest(const char *name)
{
    for (size_t i = 0; i < sizeof(nearests) / sizeof(nearests[0]); i++) {
        if (strcmp(nearests[i].name, name) == 0)
            return &nearests[i];
    }
    return NULL;
}

struct resize_sample resize_sample(const struct resize_method *method, const struct resize_axis *axis,
                                   int64_t position)
{
    const double last = (double)(axis->in - 1);
    struct resize_sample sample = {0, 0, 0};
    double x;

    if (method->nearest != NULL)
        x = (double)method->nearest->round(method->coordinate->nearest(axis, (float)position));
    else
        x = method->coordinate->linear(axis, (double)position);
    x = x > 0 ? (x < last ? x : last) : 0; /* beyond the edge is the edge */
    sample.low = (int64_t)x;
    sample.high = sample.low < axis->in - 1 ? sample.low + 1 : sample.low;
    sample.weight = x - (double)sample.low;
    return sample;
}
