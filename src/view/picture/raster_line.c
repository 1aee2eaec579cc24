/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines and signs with smooth edges: a pixel's share is how much of it is covered. */
#include "view/picture/raster.h"

#include <math.h>

enum { SAMPLES = 4 /* per pixel and direction, for signs */ };

/* The part of low..high that lies in 0..limit. */
static void clip_range(double low, double high, int limit, int *first, int *end)
{
    *first = low > 0 ? low < limit ? (int)floor(low) : limit : 0;
    *end = high < limit ? high > 0 ? (int)ceil(high) + 1 : 0 : limit;
    *end = *end > limit ? limit : *end;
}

void raster_line(struct raster *raster, double x, double y, double to_x, double to_y, double thickness,
                 struct color color)
{
    double across = to_x - x, down = to_y - y, length = across * across + down * down, radius = thickness / 2;
    int left, right, top, bottom;
    clip_range(fmin(y, to_y) - radius - 1, fmax(y, to_y) + radius + 1, raster->height, &top, &bottom);
    clip_range(fmin(x, to_x) - radius - 1, fmax(x, to_x) + radius + 1, raster->width, &left, &right);
    for (int j = top; j < bottom; j++) {
        for (int i = left; i < right; i++) {
            double place = length > 0 ? ((i - x) * across + (j - y) * down) / length : 0;
            place = place < 0 ? 0 : place > 1 ? 1 : place;
            double share = radius + 0.5 - hypot(i - x - place * across, j - y - place * down);
            if (share > 0)
                raster_blend(raster, i, j, color, share < 1 ? share : 1);
        }
    }
}

/* How far a point lies inside a sign of the given radius, negative outside: in pixels, not exact at corners.
 * The signs look equally large, so their radii differ. */
static double depth_inside(enum raster_shape shape, double radius, double x, double y)
{
    const double slope = sqrt(3) / 2; /* of the sides of a triangle, which point up */
    switch (shape) {
    case SHAPE_SQUARE:
        return radius * 0.9 - fmax(fabs(x), fabs(y));
    case SHAPE_DIAMOND:
        return (radius * 1.3 - fabs(x) - fabs(y)) * sqrt(0.5);
    case SHAPE_TRIANGLE:
        return fmin(radius * 0.65 - y, radius * 0.65 - fabs(x) * slope + y / 2);
    case SHAPE_DISC:
        break;
    }
    return radius - hypot(x, y);
}

/* Share of a pixel that lies at least `depth` inside. */
static double share_inside(enum raster_shape shape, double radius, double x, double y, double depth)
{
    int inside = 0;
    for (int j = 0; j < SAMPLES; j++)
        for (int i = 0; i < SAMPLES; i++)
            inside += depth_inside(shape, radius, x + (i + 0.5) / SAMPLES - 0.5,
                                   y + (j + 0.5) / SAMPLES - 0.5) >= depth;
    return (double)inside / (SAMPLES * SAMPLES);
}

void raster_shape(struct raster *raster, double x, double y, enum raster_shape shape, double radius,
                  bool hollow, struct color color)
{
    const struct color white = {255, 255, 255};
    const double rim = 2, reach = 2 * radius + rim, wall = radius * 0.36;
    int left, right, top, bottom;
    clip_range(x - reach, x + reach, raster->width, &left, &right);
    clip_range(y - reach, y + reach, raster->height, &top, &bottom);
    for (int j = top; j < bottom; j++) {
        for (int i = left; i < right; i++) {
            raster_blend(raster, i, j, white, share_inside(shape, radius, i - x, j - y, -rim));
            raster_blend(raster, i, j, color, share_inside(shape, radius, i - x, j - y, 0));
            if (hollow)
                raster_blend(raster, i, j, white, share_inside(shape, radius, i - x, j - y, wall));
        }
    }
}
