/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rectangles, lines and text on a grid of pixels. */
#include "view/picture/raster.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/memory.h"
#include "base/text.h"
#include "view/cells/draw.h"
#include "view/font.h"

enum { LARGEST_SCALE = 4, CURVE_STEPS = 6, POINTS_MAX = 160 };

void raster_init(struct raster *raster, int width)
{
    *raster = (struct raster){.width = width};
}

void raster_free(struct raster *raster)
{
    mem_free(raster->rgb);
    raster->rgb = NULL;
}

bool raster_grow(struct raster *raster, int height)
{
    size_t line = (size_t)raster->width * 3, bytes;
    if (height <= raster->height)
        return !raster->failed;
    if (raster->failed || !size_multiply(line, (size_t)height, &bytes) ||
        !mem_grow(&raster->rgb, &raster->capacity, bytes, 1)) {
        raster->failed = true;
        return false;
    }
    memset(raster->rgb + line * (size_t)raster->height, 255, bytes - line * (size_t)raster->height);
    raster->height = height;
    return true;
}

struct color color_mix(struct color a, struct color b, double share_of_b)
{
    double share = share_of_b < 0 ? 0 : share_of_b > 1 ? 1 : share_of_b;
    return (struct color){
        (uint8_t)lround(a.red + (b.red - a.red) * share),
        (uint8_t)lround(a.green + (b.green - a.green) * share),
        (uint8_t)lround(a.blue + (b.blue - a.blue) * share),
    };
}

bool color_is_light(struct color color)
{
    return 299 * color.red + 587 * color.green + 114 * color.blue > 140 * 1000;
}

void raster_blend(struct raster *raster, int x, int y, struct color color, double share)
{
    if (x < 0 || y < 0 || x >= raster->width || y >= raster->height)
        return;
    uint8_t *pixel = raster->rgb + ((size_t)y * (size_t)raster->width + (size_t)x) * 3;
    struct color mixed = color_mix((struct color){pixel[0], pixel[1], pixel[2]}, color, share);
    pixel[0] = mixed.red;
    pixel[1] = mixed.green;
    pixel[2] = mixed.blue;
}

/* The part of a rectangle that lies in the picture; false when there is none. */
static bool clip(const struct raster *raster, int *x, int *y, int *right, int *bottom)
{
    *x = *x < 0 ? 0 : *x;
    *y = *y < 0 ? 0 : *y;
    *right = *right > raster->width ? raster->width : *right;
    *bottom = *bottom > raster->height ? raster->height : *bottom;
    return *x < *right && *y < *bottom;
}

void raster_rectangle(struct raster *raster, int x, int y, int width, int height, struct color color)
{
    int right = x + width, bottom = y + height;
    if (!clip(raster, &x, &y, &right, &bottom))
        return;
    for (int j = y; j < bottom; j++)
        for (int i = x; i < right; i++)
            raster_blend(raster, i, j, color, 1);
}

void raster_hatch(struct raster *raster, int x, int y, int width, int height, int period, struct color color)
{
    int right = x + width, bottom = y + height;
    if (!clip(raster, &x, &y, &right, &bottom))
        return;
    for (int j = y; j < bottom; j++)
        for (int i = x; i < right; i++)
            if ((i + j) % period < period / 3 + 1)
                raster_blend(raster, i, j, color, 1);
}

void raster_dashes(struct raster *raster, int x, int y, int thickness, int height, int dash,
                   struct color color)
{
    for (int at = 0; at < height; at += 2 * dash)
        raster_rectangle(raster, x, y + at, thickness, at + dash < height ? dash : height - at, color);
}

struct point {
    double x, y;
    bool bends;
};

/* '0'..'9', 'A', 'B' are grid lines, 'a'.. half a line behind; -1 at the end of a stroke. */
static double grid_line(char sign)
{
    if (sign >= '0' && sign <= '9')
        return sign - '0';
    if (sign >= 'A' && sign <= 'B')
        return 10 + sign - 'A';
    return sign >= 'a' && sign <= 'l' ? sign - 'a' + 0.5 : -1;
}

/* Points of the next stroke; returns what is behind it. */
static const char *read_stroke(const char *at, struct point *points, int *count)
{
    *count = 0;
    at += strspn(at, " ");
    while (*at && *at != ' ') {
        bool bends = *at == '(';
        at += bends;
        if (!at[0] || !at[1] || *count == POINTS_MAX)
            break;
        points[(*count)++] = (struct point){grid_line(at[0]), grid_line(at[1]), bends};
        at += 2;
    }
    return at;
}

/* Curves become short lines; returns the number of points. */
static int flatten(const struct point *points, int count, struct point *line)
{
    int made = 0;
    for (int i = 0; i < count; i++) {
        if (!points[i].bends || i == 0 || i + 1 == count) {
            line[made++] = points[i];
            continue;
        }
        struct point start = line[made - 1], bend = points[i], end = points[i + 1];
        if (end.bends)
            end = (struct point){(bend.x + end.x) / 2, (bend.y + end.y) / 2, false};
        for (int step = 1; step <= CURVE_STEPS; step++) {
            double t = (double)step / CURVE_STEPS, a = (1 - t) * (1 - t), b = 2 * t * (1 - t), c = t * t;
            line[made++] = (struct point){a * start.x + b * bend.x + c * end.x,
                                          a * start.y + b * bend.y + c * end.y, false};
        }
        if (!points[i + 1].bends)
            i++; /* the end is drawn */
        if (made > POINTS_MAX - CURVE_STEPS - 1)
            break;
    }
    return made;
}

/* How much of each pixel of a cell the pen covers. The cell has a margin of one grid line on each side. */
struct coverage {
    double share[(FONT_HEIGHT + 2) * LARGEST_SCALE][(FONT_WIDTH + 2) * LARGEST_SCALE];
};

static double distance_to(double x, double y, struct point a, struct point b)
{
    double dx = b.x - a.x, dy = b.y - a.y, length = dx * dx + dy * dy;
    double t = length > 0 ? ((x - a.x) * dx + (y - a.y) * dy) / length : 0;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    return hypot(x - a.x - t * dx, y - a.y - t * dy);
}

static void cover_line(struct coverage *coverage, int scale, double radius, struct point a, struct point b)
{
    int width = (FONT_WIDTH + 2) * scale, height = (FONT_HEIGHT + 2) * scale;
    int left = (int)floor(fmin(a.x, b.x) - radius - 1), right = (int)ceil(fmax(a.x, b.x) + radius + 1);
    int top = (int)floor(fmin(a.y, b.y) - radius - 1), bottom = (int)ceil(fmax(a.y, b.y) + radius + 1);
    for (int y = top < 0 ? 0 : top; y < bottom && y < height; y++) {
        for (int x = left < 0 ? 0 : left; x < right && x < width; x++) {
            double share = radius + 0.5 - distance_to(x + 0.5, y + 0.5, a, b);
            share = share < 0 ? 0 : share > 1 ? 1 : share;
            if (share > coverage->share[y][x])
                coverage->share[y][x] = share;
        }
    }
}

static void cover_glyph(struct coverage *coverage, int scale, double radius, const char *strokes)
{
    struct point points[POINTS_MAX], line[POINTS_MAX + CURVE_STEPS];
    memset(coverage, 0, sizeof *coverage);
    while (*strokes) {
        int count;
        strokes = read_stroke(strokes, points, &count);
        count = flatten(points, count, line);
        for (int i = 0; i < count; i++) {
            /* The middle of a grid line's pixels, behind the margin. */
            line[i].x = (line[i].x + 1.5) * scale;
            line[i].y = (line[i].y + 1.5) * scale;
        }
        if (count == 1)
            cover_line(coverage, scale, radius * 1.3, line[0], line[0]);
        for (int i = 0; i + 1 < count; i++)
            cover_line(coverage, scale, radius, line[i], line[i + 1]);
    }
}

/* Where text goes: along x, or turned to the left, along y upwards. */
struct pen {
    int x, y, scale, weight;
    bool turned;
    struct color color;
};

static void pen_blend(struct raster *raster, const struct pen *pen, int across, int down, double share)
{
    if (pen->turned)
        raster_blend(raster, pen->x + down, pen->y - across - 1, pen->color, share);
    else
        raster_blend(raster, pen->x + across, pen->y + down, pen->color, share);
}

static void draw_strokes(struct raster *raster, const struct pen *pen, const char *strokes)
{
    struct coverage coverage;
    int scale = pen->scale;
    cover_glyph(&coverage, scale, (pen->weight == TEXT_BOLD ? 0.72 : 0.5) * scale, strokes);
    for (int j = 0; j < (FONT_HEIGHT + 2) * scale; j++)
        for (int i = 0; i < (FONT_WIDTH + 2) * scale; i++)
            if (coverage.share[j][i] > 0)
                pen_blend(raster, pen, i - scale, j - scale, coverage.share[j][i]);
}

static void draw_block(struct raster *raster, const struct pen *pen, const struct font_block *block)
{
    int width = FONT_WIDTH * pen->scale, height = FONT_HEIGHT * pen->scale;
    int top = block->top * height / 8, bottom = (block->top + block->height) * height / 8;
    int left = block->left * width / 8, right = (int)lround((block->left + block->width) * width / 8.0);
    if (block->height == 0) {
        top = height / 2;
        bottom = top + pen->scale / 2 + pen->scale % 2;
    }
    for (int j = top; j < bottom; j++)
        for (int i = left; i < right; i++)
            pen_blend(raster, pen, i, j, 1);
}

static void draw_glyph(struct raster *raster, const struct pen *pen, int32_t code)
{
    const char *strokes = font_strokes(code);
    struct font_block block;
    if (strokes && *strokes)
        draw_strokes(raster, pen, strokes);
    else if (!strokes && font_block(code, &block))
        draw_block(raster, pen, &block);
}

static void draw_text(struct raster *raster, struct pen *pen, const char *text)
{
    char glyph[TEXT_ESCAPE_SIZE];
    pen->scale = pen->scale < 1 ? 1 : pen->scale > LARGEST_SCALE ? LARGEST_SCALE : pen->scale;
    for (int used; (used = glyph_next(text, GLYPHS_FONT, glyph)) > 0; text += used) {
        int32_t code;
        for (int bytes, at = 0; (bytes = utf8_decode(glyph + at, &code)) > 0; at += bytes) {
            bool visible = pen->turned ? pen->y > 0 : pen->x < raster->width;
            if (visible)
                draw_glyph(raster, pen, code);
            pen->x += pen->turned ? 0 : FONT_WIDTH * pen->scale;
            pen->y -= pen->turned ? FONT_WIDTH * pen->scale : 0;
        }
    }
}

void raster_text(struct raster *raster, int x, int y, int scale, int weight, struct color color,
                 const char *text)
{
    struct pen pen = {x, y, scale, weight, false, color};
    draw_text(raster, &pen, text);
}

void raster_text_up(struct raster *raster, int x, int y, int scale, int weight, struct color color,
                    const char *text)
{
    struct pen pen = {x, y, scale, weight, true, color};
    draw_text(raster, &pen, text);
}

int raster_text_width(int scale, const char *text)
{
    char glyph[TEXT_ESCAPE_SIZE];
    int width = 0;
    for (int used; (used = glyph_next(text, GLYPHS_FONT, glyph)) > 0; text += used) {
        int32_t code;
        for (int bytes, at = 0; (bytes = utf8_decode(glyph + at, &code)) > 0; at += bytes)
            width += FONT_WIDTH * scale;
    }
    return width;
}
