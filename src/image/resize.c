/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two passes of weighted sums. Of one axis a *kernel* says for every place of the result where its sources
 * begin, how many there are and their weights. */
#include "image/resize.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "image/format.h"

enum { WEIGHT_BITS = 22 };
static const int32_t half = 1 << (WEIGHT_BITS - 1);

struct kernel {
    int count, most;   /* places of the result; weights that each has room for */
    int *first, *taps; /* per place */
    int32_t *weights;  /* most per place */
    int low, high;     /* sources used by any place: low..high-1 */
};

static void kernel_free(struct kernel *kernel)
{
    mem_free(kernel->first);
    mem_free(kernel->taps);
    mem_free(kernel->weights);
}

/* The triangle over one place: its weights, which add up to one. */
static void fill_place(struct kernel *kernel, int place, double centre, double reach, int size, double *exact)
{
    int first = (int)(centre - reach + 0.5), end = (int)(centre + reach + 0.5);
    first = first < 0 ? 0 : first;
    end = end > size ? size : end;
    double sum = 0;
    for (int i = first; i < end; i++) {
        double distance = fabs((i - centre + 0.5) * (1 / reach));
        exact[i - first] = distance < 1 ? 1 - distance : 0;
        sum += exact[i - first];
    }
    for (int i = 0; i < end - first; i++) {
        double share = sum != 0 ? exact[i] / sum : 0;
        kernel->weights[(size_t)place * (size_t)kernel->most + (size_t)i] =
            (int32_t)(0.5 + share * (1 << WEIGHT_BITS));
    }
    kernel->first[place] = first;
    kernel->taps[place] = end - first;
}

/* Places begin..begin+count-1 of an axis of `size` pixels scaled to `scaled`. To be freed after a failure
 * too. */
static status kernel_new(struct kernel *kernel, int size, int scaled, int begin, int count,
                         struct error *error)
{
    const double step = (double)size / scaled, reach = step > 1 ? step : 1;
    *kernel = (struct kernel){.count = count, .most = (int)ceil(reach) * 2 + 1, .low = size};
    size_t weights;
    if (!size_multiply((size_t)count, (size_t)kernel->most, &weights))
        return error_memory(error);
    kernel->first = mem_new((size_t)count, sizeof *kernel->first);
    kernel->taps = mem_new((size_t)count, sizeof *kernel->taps);
    kernel->weights = mem_new(weights, sizeof *kernel->weights);
    double *exact = mem_new((size_t)kernel->most, sizeof *exact);
    if (!kernel->first || !kernel->taps || !kernel->weights || !exact) {
        mem_free(exact);
        return error_memory(error);
    }
    for (int i = 0; i < count; i++) {
        fill_place(kernel, i, (begin + i + 0.5) * step, reach, size, exact);
        if (kernel->first[i] < kernel->low)
            kernel->low = kernel->first[i];
        if (kernel->first[i] + kernel->taps[i] > kernel->high)
            kernel->high = kernel->first[i] + kernel->taps[i];
    }
    mem_free(exact);
    return STATUS_OK;
}

static inline uint8_t rounded(int32_t sum)
{
    sum >>= WEIGHT_BITS;
    return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

/* One row; `channels` is a constant where this is inlined. */
static inline void scale_row(const struct kernel *kernel, const uint8_t *from, int channels, uint8_t *to)
{
    for (int x = 0; x < kernel->count; x++, to += channels) {
        const uint8_t *source = from + (size_t)kernel->first[x] * (size_t)channels;
        const int32_t *weight = kernel->weights + (size_t)x * (size_t)kernel->most;
        int32_t sum[IMAGE_MOST_CHANNELS] = {half, half, half, half};
        for (int i = 0; i < kernel->taps[x]; i++, source += channels)
            for (int c = 0; c < channels; c++)
                sum[c] += source[c] * weight[i];
        for (int c = 0; c < channels; c++)
            to[c] = rounded(sum[c]);
    }
}

static status scale_rows(const struct kernel *kernel, const struct image *from, int top, struct image *to,
                         struct error *error)
{
    const size_t channels = (size_t)from->channels;
    for (int y = 0; y < to->height; y++) {
        const uint8_t *source = from->pixels + (size_t)(top + y) * (size_t)from->width * channels;
        uint8_t *row = to->pixels + (size_t)y * (size_t)to->width * channels;
        if (y % IMAGE_ROWS_UNCHECKED == 0 && progress_check(error))
            return error->code;
        if (channels == 3)
            scale_row(kernel, source, 3, row);
        else if (channels == 1)
            scale_row(kernel, source, 1, row);
        else
            scale_row(kernel, source, (int)channels, row);
    }
    return STATUS_OK;
}

/* Columns: rows of `from`, of which the first is row `top` of the picture, weighted and added up. */
static status scale_columns(const struct kernel *kernel, const struct image *from, int top, struct image *to,
                            struct error *error)
{
    const size_t width = (size_t)from->width * (size_t)from->channels;
    int32_t *sums = mem_new(width, sizeof *sums);
    if (!sums)
        return error_memory(error);
    status code = STATUS_OK;
    for (int y = 0; y < to->height && code == STATUS_OK; y++) {
        const int32_t *weight = kernel->weights + (size_t)y * (size_t)kernel->most;
        uint8_t *row = to->pixels + (size_t)y * width;
        for (size_t i = 0; i < width; i++)
            sums[i] = half;
        for (int k = 0; k < kernel->taps[y]; k++) {
            const uint8_t *source = from->pixels + (size_t)(kernel->first[y] - top + k) * width;
            for (size_t i = 0; i < width; i++)
                sums[i] += source[i] * weight[k];
        }
        for (size_t i = 0; i < width; i++)
            row[i] = rounded(sums[i]);
        if (y % IMAGE_ROWS_UNCHECKED == 0)
            code = progress_check(error);
    }
    mem_free(sums);
    return code;
}

/* The part without scaling. */
static status cut_out(const struct image *from, const struct image_box *part, struct image *to,
                      struct error *error)
{
    const size_t channels = (size_t)from->channels;
    if (image_new(part->width, part->height, from->channels, to, error))
        return error->code;
    for (int y = 0; y < part->height; y++)
        memcpy(to->pixels + (size_t)y * (size_t)part->width * channels,
               from->pixels + ((size_t)(part->top + y) * (size_t)from->width + (size_t)part->left) * channels,
               (size_t)part->width * channels);
    return STATUS_OK;
}

/* The rows that the columns' kernel reads, scaled horizontally; then the columns. An axis that keeps its size
 * is left alone, as a pass would leave it. */
static status scale_bilinear(const struct image *from, int width, int height, const struct image_box *part,
                             struct image *to, struct error *error)
{
    struct kernel rows = {0}, columns = {0};
    struct image between = {0}, made = {0};
    status code = kernel_new(&rows, from->width, width, part->left, part->width, error);
    if (code == STATUS_OK)
        code = kernel_new(&columns, from->height, height, part->top, part->height, error);
    const struct image_box band = {part->left, columns.low, part->width, columns.high - columns.low};
    if (code == STATUS_OK && width == from->width)
        code = cut_out(from, &band, &between, error);
    else if (code == STATUS_OK && !image_new(band.width, band.height, from->channels, &between, error))
        code = scale_rows(&rows, from, band.top, &between, error);
    else if (code == STATUS_OK)
        code = error->code;
    if (code == STATUS_OK)
        code = image_new(part->width, part->height, from->channels, &made, error);
    if (code == STATUS_OK)
        code = scale_columns(&columns, &between, band.top, &made, error);
    kernel_free(&rows);
    kernel_free(&columns);
    image_free(&between);
    if (code == STATUS_OK)
        *to = made;
    else
        image_free(&made);
    return code;
}

/* Where on one axis the nearest sources are: place + 1/2 scaled, added up step by step as Pillow does. */
static void nearest_sources(int size, int scaled, int begin, int count, int *sources)
{
    const double step = (double)size / scaled;
    double at = step * 0.5;
    for (int i = 0; i < begin + count; i++, at += step)
        if (i >= begin)
            sources[i - begin] = (int)at < size ? (int)at : size - 1;
}

static status scale_nearest(const struct image *from, int width, int height, const struct image_box *part,
                            struct image *to, struct error *error)
{
    int *columns = mem_new((size_t)part->width, sizeof *columns);
    int *rows = mem_new((size_t)part->height, sizeof *rows);
    const size_t channels = (size_t)from->channels;
    status code = columns && rows ? image_new(part->width, part->height, from->channels, to, error)
                                  : error_memory(error);
    if (code == STATUS_OK) {
        nearest_sources(from->width, width, part->left, part->width, columns);
        nearest_sources(from->height, height, part->top, part->height, rows);
        uint8_t *pixel = to->pixels;
        for (int y = 0; y < part->height; y++)
            for (int x = 0; x < part->width; x++, pixel += channels)
                memcpy(pixel,
                       from->pixels + ((size_t)rows[y] * (size_t)from->width + (size_t)columns[x]) * channels,
                       channels);
    }
    mem_free(columns);
    mem_free(rows);
    return code;
}

status image_resize(const struct image *from, int width, int height, enum image_filter filter,
                    const struct image_box *part, struct image *to, struct error *error)
{
    const struct image_box all = {0, 0, width, height};
    *to = (struct image){0};
    if (image_check_size(width, height, error))
        return error->code;
    if (!part)
        part = &all;
    if (width == from->width && height == from->height)
        return cut_out(from, part, to, error);
    return filter == IMAGE_NEAREST ? scale_nearest(from, width, height, part, to, error)
                                   : scale_bilinear(from, width, height, part, to, error);
}
