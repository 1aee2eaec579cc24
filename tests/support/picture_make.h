/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small picture files for tests. What cannot be written fails the test. */
#ifndef IPPRO_TESTS_PICTURE_MAKE_H
#define IPPRO_TESTS_PICTURE_MAKE_H

#include <stdint.h>

/* width x height pixels of 1 (grey) or 3 channels, side by side. */
void make_png(const char *path, int width, int height, int channels, const uint8_t *pixels);
/* The same, and 4: inverted inks. With `orientation` above 0 in an EXIF block. Quality 95, chroma in full.
 * Without libjpeg the case is skipped. */
void make_jpeg(const char *path, int width, int height, int channels, const uint8_t *pixels, int orientation);
/* A soft pattern that differs by `seed`. */
void fill_pattern(uint8_t *pixels, int width, int height, int channels, int seed);

#endif
