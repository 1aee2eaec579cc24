/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A picture being drawn: red, green and blue bytes, white to begin with, growing downwards. Everything is cut
 * at the edges. Coordinates are pixels, (0,0) being the left upper corner. */
#ifndef IPPRO_VIEW_PICTURE_RASTER_H
#define IPPRO_VIEW_PICTURE_RASTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct color {
    uint8_t red, green, blue;
};

struct raster {
    int width, height;
    uint8_t *rgb; /* height x width x 3 */
    size_t capacity;
    bool failed; /* memory ran out */
};

void raster_init(struct raster *raster, int width);
void raster_free(struct raster *raster);
/* Make the picture at least so high; new lines are white. */
bool raster_grow(struct raster *raster, int height);

void raster_rectangle(struct raster *raster, int x, int y, int width, int height, struct color color);
/* Diagonal stripes, `period` pixels apart, on what is there. */
void raster_hatch(struct raster *raster, int x, int y, int width, int height, int period, struct color color);
/* A vertical line of dashes. */
void raster_dashes(struct raster *raster, int x, int y, int thickness, int height, int dash,
                   struct color color);

/* Lay a colour over a pixel; share 0..1. */
void raster_blend(struct raster *raster, int x, int y, struct color color, double share);
/* A straight line with round ends, smooth at its edges; coordinates are middles of pixels. */
void raster_line(struct raster *raster, double x, double y, double to_x, double to_y, double thickness,
                 struct color color);
/* A sign around (x,y) on a white rim that keeps it apart from lines below it. Hollow: white inside. */
enum raster_shape { SHAPE_DISC, SHAPE_TRIANGLE, SHAPE_SQUARE, SHAPE_DIAMOND };
void raster_shape(struct raster *raster, double x, double y, enum raster_shape shape, double radius,
                  bool hollow, struct color color);

/* One line of text in cells of 7 x 12 pixels times scale, the first cell's left upper corner at (x,y); what
 * the font does not have is transcribed or escaped. The second writes upwards, turned to the left: (x,y) is
 * the left lower corner of the first cell. */
enum { TEXT_PLAIN, TEXT_BOLD };
void raster_text(struct raster *raster, int x, int y, int scale, int weight, struct color color,
                 const char *text);
void raster_text_up(struct raster *raster, int x, int y, int scale, int weight, struct color color,
                    const char *text);
int raster_text_width(int scale, const char *text);

struct color color_mix(struct color a, struct color b, double share_of_b);
bool color_is_light(struct color color);

#endif
