/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drawing the images of the built-in data set `shapes`, in integer arithmetic only: the same seed gives the
 * same bytes on every machine. */
#ifndef IPPRO_DATA_SHAPE_DRAW_H
#define IPPRO_DATA_SHAPE_DRAW_H

#include <stdint.h>

enum { SHAPE_CLASSES = 10 };

extern const char *const shape_class_names[SHAPE_CLASSES];

enum { SHAPE_MAP_VOID = 255 };

/* Draw image number `index` of a split (0 train, 1 test): 3*32*32 bytes, channel by channel. Returns its
 * class. map, when not NULL: 32*32 bytes, what is seen at each pixel: 0 nothing that has a class, 1 + class
 * the figure, SHAPE_MAP_VOID its edge, where a pixel is figure in part only. Every image has a random stream
 * of its own, so the first n images are the same however many are made. */
int shape_draw(uint64_t seed, int split, uint32_t index, uint8_t *pixels, uint8_t *map);

#endif
