/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drawing `shapes`: a textured background, clutter, one figure of the image's class, something in front of
 * it, noise.
 *
 * Everything is a *stamp*: a figure given by an inside test in coordinates of its own, where its radius is
 * UNIT. A stamp is turned by an integer sine table and smoothed by 3x3 samples per pixel. No floating point
 * anywhere. */
#include "data/shape_draw.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "base/random.h"

enum {
    SIDE = 32,
    PLANE = SIDE * SIDE,
    CHANNELS = 3,
    UNIT = 1024,     /* radius of a figure in its own coordinates */
    GRAIN = 12,      /* positions are in twelfths of a pixel */
    SAMPLES = 3,     /* per pixel and direction */
    FULL_TURN = 256, /* angles */
    CELL = 8         /* pixels between the grid points of the background's blotches */
};

struct stamp {
    bool (*inside)(int u, int v);
    int x, y, radius; /* in twelfths of a pixel */
    int angle;        /* 0..FULL_TURN-1 */
    int stretch;      /* 256: as it is; less: narrower */
    int color[CHANNELS];
    uint8_t label; /* what it is on the map; 0: nothing that has a class */
};

struct canvas {
    int pixels[CHANNELS][PLANE];
    uint8_t map[PLANE];
};

static int square_of(int value)
{
    return value * value;
}

static bool in_circle(int u, int v)
{
    return square_of(u) + square_of(v) <= square_of(UNIT);
}

static bool in_square(int u, int v)
{
    return abs(u) <= 840 && abs(v) <= 840;
}

static bool in_triangle(int u, int v)
{
    return v <= 512 && 887 * u - 512 * v <= 512 * UNIT && -887 * u - 512 * v <= 512 * UNIT;
}

static bool in_ring(int u, int v)
{
    return in_circle(u, v) && square_of(u) + square_of(v) >= square_of(560);
}

static bool in_cross(int u, int v)
{
    return (abs(u) <= 300 && abs(v) <= UNIT) || (abs(v) <= 300 && abs(u) <= UNIT);
}

/* A point is in a five-pointed star when it is on the inner side of at least four of its five lines. */
static bool in_star(int u, int v)
{
    static const int normals[5][2] = {{0, 1024}, {-974, 316}, {-602, -828}, {602, -828}, {974, 316}};
    int inner = 0;
    for (int i = 0; i < 5; i++)
        inner += u * normals[i][0] + v * normals[i][1] <= 390 * UNIT;
    return inner >= 4;
}

/* 0 and 1 in turn along bands of the given width. */
static int band(int position, int width)
{
    return (position + 64 * width) / width % 2;
}

static bool in_stripes(int u, int v)
{
    return abs(u) <= 930 && abs(v) <= 930 && band(u + 186, 372) == 0;
}

static bool in_checker(int u, int v)
{
    return abs(u) <= 960 && abs(v) <= 960 && band(u, 480) == band(v, 480);
}

static bool in_crescent(int u, int v)
{
    return in_circle(u, v) && square_of(u - 480) + square_of(v) >= square_of(840);
}

static bool in_diamond(int u, int v)
{
    return 1000 * abs(u) + 560 * abs(v) <= 560 * UNIT;
}

static bool in_bar(int u, int v)
{
    return abs(u) <= UNIT && abs(v) <= 220;
}

/* The classes, in the order of their labels. */
static bool (*const figures[SHAPE_CLASSES])(int u, int v) = {
    in_circle, in_square,  in_triangle, in_ring,     in_cross,
    in_star,   in_stripes, in_checker,  in_crescent, in_diamond,
};
const char *const shape_class_names[SHAPE_CLASSES] = {
    "circle", "square", "triangle", "ring", "cross", "star", "stripes", "checker", "crescent", "diamond",
};

/* 16384 * sine of a quarter turn in 64 steps. */
static const int quarter_sine[FULL_TURN / 4 + 1] = {
    0,     402,   804,   1205,  1606,  2006,  2404,  2801,  3196,  3590,  3981,  4370,  4756,
    5139,  5520,  5897,  6270,  6639,  7005,  7366,  7723,  8076,  8423,  8765,  9102,  9434,
    9760,  10080, 10394, 10702, 11003, 11297, 11585, 11866, 12140, 12406, 12665, 12916, 13160,
    13395, 13623, 13842, 14053, 14256, 14449, 14635, 14811, 14978, 15137, 15286, 15426, 15557,
    15679, 15791, 15893, 15986, 16069, 16143, 16207, 16261, 16305, 16340, 16364, 16379, 16384,
};

static int sine(int angle)
{
    angle %= FULL_TURN;
    int within = angle % (FULL_TURN / 2);
    int value = quarter_sine[within <= FULL_TURN / 4 ? within : FULL_TURN / 2 - within];
    return angle < FULL_TURN / 2 ? value : -value;
}

static int draw_between(struct random_state *random, int low, int high) /* both included */
{
    return low + (int)random_below(random, (uint64_t)(high - low) + 1);
}

static bool draw_chance(struct random_state *random, int percent)
{
    return draw_between(random, 1, 100) <= percent;
}

static void draw_color(struct random_state *random, int color[CHANNELS])
{
    for (int c = 0; c < CHANNELS; c++)
        color[c] = draw_between(random, 20, 235);
}

/* A colour whose three differences from `other` add up to at least `contrast`. */
static void draw_contrasting(struct random_state *random, const int other[CHANNELS], int contrast,
                             int color[CHANNELS])
{
    int difference;
    do {
        draw_color(random, color);
        difference = 0;
        for (int c = 0; c < CHANNELS; c++)
            difference += abs(color[c] - other[c]);
    } while (difference < contrast);
}

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

/* What a pixel shows when a stamp that is `label` covers so much of it. */
static uint8_t covered_label(uint8_t before, uint8_t label, int covered)
{
    if (covered == 0 || before == label)
        return before;
    return covered == SAMPLES * SAMPLES ? label : SHAPE_MAP_VOID;
}

/* Mix the stamp's colour into the canvas, pixel by pixel as much as its samples are inside. */
static void press_stamp(const struct stamp *stamp, struct canvas *canvas)
{
    /* v = (along * dy - across * dx) / 65536: from twelfths of a pixel to the figure's own coordinates; u
     * likewise, with the stretch */
    const int64_t along = (int64_t)sine(stamp->angle + FULL_TURN / 4) * 4 * UNIT / stamp->radius;
    const int64_t across = (int64_t)sine(stamp->angle) * 4 * UNIT / stamp->radius;
    const int64_t along_u = along * 256 / stamp->stretch, across_u = across * 256 / stamp->stretch;
    const int reach = stamp->radius * 4 / 3 + GRAIN; /* the corner of a checker is the farthest */
    const int left = clamp((stamp->x - reach) / GRAIN, 0, SIDE),
              right = clamp((stamp->x + reach) / GRAIN, 0, SIDE);
    const int top = clamp((stamp->y - reach) / GRAIN, 0, SIDE),
              bottom = clamp((stamp->y + reach) / GRAIN, 0, SIDE);
    for (int y = top; y < bottom; y++)
        for (int x = left; x < right; x++) {
            int covered = 0;
            if (square_of(x * GRAIN + GRAIN / 2 - stamp->x) + square_of(y * GRAIN + GRAIN / 2 - stamp->y) >
                square_of(reach))
                continue;
            for (int sample = 0; sample < SAMPLES * SAMPLES; sample++) {
                int dx = x * GRAIN + 2 + sample % SAMPLES * 4 - stamp->x;
                int dy = y * GRAIN + 2 + sample / SAMPLES * 4 - stamp->y;
                int u = (int)((along_u * dx + across_u * dy) / 65536);
                int v = (int)((along * dy - across * dx) / 65536);
                covered += stamp->inside(u, v);
            }
            for (int c = 0; c < CHANNELS; c++) {
                int *pixel = &canvas->pixels[c][y * SIDE + x];
                *pixel += (stamp->color[c] - *pixel) * covered / (SAMPLES * SAMPLES);
            }
            uint8_t *label = &canvas->map[y * SIDE + x];
            *label = covered_label(*label, stamp->label, covered);
        }
}

/* A slope of brightness, smooth blotches of colour, and on some images faint bands. */
static void paint_background(struct random_state *random, const int color[CHANNELS], struct canvas *canvas)
{
    enum { POINTS = SIDE / CELL + 1 };
    int blotch[CHANNELS][POINTS][POINTS];
    const int slope_x = draw_between(random, -30, 30), slope_y = draw_between(random, -30, 30);
    const int blotchiness = draw_between(random, 4, 44);
    const int bands = draw_chance(random, 30) ? draw_between(random, 6, 22) : 0;
    const int band_x = draw_between(random, -3, 3), band_y = draw_between(random, 1, 3);
    const int band_width = draw_between(random, 5, 12);
    for (int c = 0; c < CHANNELS; c++)
        for (int i = 0; i < POINTS * POINTS; i++)
            blotch[c][i / POINTS][i % POINTS] = draw_between(random, -blotchiness, blotchiness);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            int row = y / CELL, column = x / CELL, fy = y % CELL, fx = x % CELL;
            int brightness = (slope_x * (x - SIDE / 2) + slope_y * (y - SIDE / 2)) / (SIDE / 2);
            brightness += band(band_x * x + band_y * y, band_width) ? bands : 0;
            for (int c = 0; c < CHANNELS; c++) {
                int upper = blotch[c][row][column] * (CELL - fx) + blotch[c][row][column + 1] * fx;
                int lower = blotch[c][row + 1][column] * (CELL - fx) + blotch[c][row + 1][column + 1] * fx;
                int smooth = (upper * (CELL - fy) + lower * fy) / (CELL * CELL);
                canvas->pixels[c][y * SIDE + x] = color[c] + brightness + smooth;
            }
        }
}

/* Small discs, bars and triangles that mean nothing. */
static void scatter_clutter(struct random_state *random, struct canvas *canvas)
{
    static bool (*const pieces[])(int, int) = {in_circle, in_bar, in_triangle, in_square, in_bar};
    const int count = draw_between(random, 0, 5);
    for (int i = 0; i < count; i++) {
        struct stamp stamp = {
            .inside = pieces[draw_between(random, 0, 4)],
            .x = draw_between(random, 0, SIDE * GRAIN),
            .y = draw_between(random, 0, SIDE * GRAIN),
            .radius = draw_between(random, 2 * GRAIN, 4 * GRAIN),
            .angle = draw_between(random, 0, FULL_TURN - 1),
            .stretch = 256,
        };
        if (stamp.inside == in_bar)
            stamp.radius *= 2;
        draw_color(random, stamp.color);
        press_stamp(&stamp, canvas);
    }
}

/* Cover a part of the figure with a bar across it or a disc at its edge. */
static void occlude(struct random_state *random, const struct stamp *figure, struct canvas *canvas)
{
    const bool bar = draw_chance(random, 50);
    const int distance = bar ? figure->radius / 2 : figure->radius;
    struct stamp stamp = {
        .inside = bar ? in_bar : in_circle,
        .radius =
            bar ? draw_between(random, 8 * GRAIN, 14 * GRAIN) : draw_between(random, 3 * GRAIN, 5 * GRAIN),
        .angle = draw_between(random, 0, FULL_TURN - 1),
        .stretch = 256,
    };
    const int direction = draw_between(random, 0, FULL_TURN - 1);
    stamp.x = figure->x + distance * sine(direction + FULL_TURN / 4) / 16384;
    stamp.y = figure->y + distance * sine(direction) / 16384;
    draw_color(random, stamp.color);
    press_stamp(&stamp, canvas);
}

/* Write the canvas as bytes with triangular noise of up to `amplitude` either way. */
static void write_noisy(struct random_state *random, struct canvas *canvas, int amplitude, uint8_t *pixels)
{
    for (int c = 0; c < CHANNELS; c++)
        for (int i = 0; i < PLANE; i += 4) {
            uint64_t bits = random_next(random);
            for (int k = 0; k < 4; k++, bits >>= 16) {
                int noise = (int)(bits & 0xFF) + (int)(bits >> 8 & 0xFF) - 255;
                pixels[c * PLANE + i + k] =
                    (uint8_t)clamp(canvas->pixels[c][i + k] + noise * amplitude / 255, 0, 255);
            }
        }
}

/* Each ten images in a row have each class once, in an order of their own. */
static int class_of(uint64_t seed, uint64_t split, uint32_t index)
{
    struct random_state random;
    int64_t order[SHAPE_CLASSES];
    for (int c = 0; c < SHAPE_CLASSES; c++)
        order[c] = c;
    random_seed(&random, seed, 2 * split + 1 + ((uint64_t)(index / SHAPE_CLASSES) << 8));
    random_shuffle(&random, order, SHAPE_CLASSES);
    return (int)order[index % SHAPE_CLASSES];
}

int shape_draw(uint64_t seed, int split, uint32_t index, uint8_t *pixels, uint8_t *map)
{
    const int class_index = class_of(seed, (uint64_t)split, index);
    struct canvas canvas = {0};
    int background[CHANNELS];
    struct random_state random;
    random_seed(&random, seed, 2 * (uint64_t)split + ((uint64_t)index << 8));
    draw_color(&random, background);
    paint_background(&random, background, &canvas);
    scatter_clutter(&random, &canvas);
    struct stamp figure = {
        .inside = figures[class_index],
        .x = draw_between(&random, 9 * GRAIN, (SIDE - 9) * GRAIN),
        .y = draw_between(&random, 9 * GRAIN, (SIDE - 9) * GRAIN),
        .radius = draw_between(&random, 5 * GRAIN, 12 * GRAIN),
        .angle = draw_between(&random, 0, FULL_TURN - 1),
        .stretch = draw_between(&random, 210, 256),
        .label = (uint8_t)(1 + class_index),
    };
    draw_contrasting(&random, background, draw_between(&random, 45, 200), figure.color);
    press_stamp(&figure, &canvas);
    if (draw_chance(&random, 45))
        occlude(&random, &figure, &canvas);
    write_noisy(&random, &canvas, draw_between(&random, 6, 56), pixels);
    if (map)
        memcpy(map, canvas.map, sizeof canvas.map);
    return class_index;
}
