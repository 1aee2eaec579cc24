/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From an output position to the input positions that it is made of: the modes of ONNX's Resize. */
#include "nn/operator/resize.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"

/* x is the output position; in, out, scale, length, start and end are the axis's. Both functions from one
 * formula. */
#define COORDINATE_IN(REAL, NAME, FORMULA)                                                                   \
    static REAL NAME##_##REAL(const struct resize_axis *axis, REAL x)                                        \
    {                                                                                                        \
        const REAL in = (REAL)axis->in, out = (REAL)axis->out, half = (REAL)0.5;                             \
        const REAL scale = (REAL)axis->scale, length = (REAL)axis->length;                                   \
        const REAL start = (REAL)axis->start, end = (REAL)axis->end;                                         \
                                                                                                             \
        (void)in, (void)out, (void)half, (void)scale, (void)length, (void)start, (void)end;                  \
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
COORDINATE(tf_crop_and_resize, out > 1 ? start * (in - 1) + x * (end - start) * (in - 1) / (out - 1)
                                       : half * (start + end) * (in - 1))

static const struct resize_coordinate coordinates[] = {
    {"half_pixel", false, false, half_pixel_float, half_pixel_double},
    {"pytorch_half_pixel", false, false, pytorch_half_pixel_float, pytorch_half_pixel_double},
    {"align_corners", false, false, align_corners_float, align_corners_double},
    {"asymmetric", false, false, asymmetric_float, asymmetric_double},
    {"tf_half_pixel_for_nn", true, false, tf_half_pixel_for_nn_float, tf_half_pixel_for_nn_double},
    {"half_pixel_symmetric", false, false, half_pixel_symmetric_float, half_pixel_symmetric_double},
    {"tf_crop_and_resize", true, true, tf_crop_and_resize_float, tf_crop_and_resize_double},
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

/* --- kernels -------------------------------------------------------------------------------------------- */

static double weight_linear(double distance, double cubic)
{
    (void)cubic;
    return distance < 1 ? 1 - distance : 0;
}

/* Keys' piecewise cubic. */
static double weight_cubic(double d, double a)
{
    if (d < 1)
        return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

static const struct resize_kernel kernels[] = {
    {"linear", 1, weight_linear},
    {"bilinear", 1, weight_linear}, /* in Upsample-1 */
    {"cubic", 2, weight_cubic},
};

const struct resize_kernel *resize_kernel(const char *name)
{
    for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
        if (strcmp(kernels[i].name, name) == 0)
            return &kernels[i];
    }
    return NULL;
}

/* --- samples -------------------------------------------------------------------------------------------- */

static int64_t clamped(int64_t position, int64_t length)
{
    return position < 0 ? 0 : position < length ? position : length - 1;
}

/* One position, or two beside each other. */
static struct resize_sample sample_near(const struct resize_axis *axis, double x)
{
    const double last = (double)(axis->in - 1), inside = x > 0 ? (x < last ? x : last) : 0;
    struct resize_sample sample = {.low = (int64_t)inside};

    sample.high = clamped(sample.low + 1, axis->in);
    sample.weight = inside - (double)sample.low;
    sample.count = sample.weight == 0 ? 1 : 2;
    return sample;
}

/* All positions that the kernel reaches from x; their weights sum up to 1. */
static status sample_kernel(const struct resize_method *method, const struct resize_axis *axis, double x,
                            struct arena *arena, struct resize_sample *sample, struct error *error)
{
    const double narrow = method->antialias && axis->scale < 1 ? axis->scale : 1;
    const double reach = method->kernel->reach / narrow, most = 0x1p24;
    double sum = 0, *weights;
    int64_t *at, count = 0;

    if (!(reach < most && fabs(x) < 0x1p48))
        return error_set(error, STATUS_RANGE, "the scale %g is too small", axis->scale);
    const int64_t first = (int64_t)floor(x - reach) + 1, end = (int64_t)ceil(x + reach);
    at = arena_alloc(arena, (size_t)(end - first) + 2, sizeof *at);
    weights = arena_alloc(arena, (size_t)(end - first) + 2, sizeof *weights);
    if (at == NULL || weights == NULL)
        return error_memory(error);
    for (int64_t i = first; i < end; i++) {
        if (method->exclude && (i < 0 || i >= axis->in))
            continue;
        at[count] = clamped(i, axis->in);
        weights[count] = method->kernel->weight(fabs((double)i - x) * narrow, method->cubic);
        sum += weights[count++];
    }
    if (count == 0 || sum == 0) {
        *sample = sample_near(axis, x);
        return STATUS_OK;
    }
    for (int64_t i = 0; i < count; i++)
        weights[i] /= sum;
    while (count < 3) /* fewer would mean something else */
        at[count++] = at[0];
    *sample = (struct resize_sample){.count = count, .at = at, .weights = weights};
    return STATUS_OK;
}

status resize_sample(const struct resize_method *method, const struct resize_axis *axis, int64_t position,
                     struct arena *arena, struct resize_sample *sample, struct error *error)
{
    const double x = method->nearest != NULL ? (double)method->coordinate->nearest(axis, (float)position)
                                             : method->coordinate->linear(axis, (double)position);

    *sample = (struct resize_sample){0};
    if (method->coordinate->region && !(x >= 0 && x <= (double)(axis->in - 1)))
        return STATUS_OK;
    if (method->nearest == NULL && (method->kernel->reach > 1 || method->antialias))
        return sample_kernel(method, axis, x, arena, sample, error);
    *sample = sample_near(axis, method->nearest != NULL ? (double)method->nearest->round((float)x) : x);
    return STATUS_OK;
}
