/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PNG images to and from memory, through libpng. libpng's longjmp never leaves png.c. */
#ifndef IPPRO_FORMAT_PNG_H
#define IPPRO_FORMAT_PNG_H

#include <stddef.h>
#include <stdint.h>
#include "base/status.h"
#include "base/text.h"

/* Largest width and height written or read. A small file can claim a huge image, so reading also stops at
 * PNG_MAX_PIXELS. */
enum { PNG_MAX_SIDE = 32768, PNG_MAX_PIXELS = 1 << 27 };

/* Append a PNG file (8-bit RGB, no alpha) to `out`. rgb: height x width x 3 bytes, top row first, borrowed.
 * `out` keeps its old content on failure. STATUS_RANGE for sizes outside 1..PNG_MAX_SIDE, STATUS_MEMORY. */
status png_encode(const uint8_t *rgb, int width, int height, struct text *out, struct error *error);

/* Read a PNG file from memory into height x width x 3 bytes (mem_free): grey, palette and 16-bit images are
 * converted, transparency is dropped. STATUS_FILE when the file is damaged or larger than the limits; the
 * caller puts the file's name in front. */
status png_decode(const void *data, size_t size, uint8_t **rgb, int *width, int *height, struct error *error);

#endif
