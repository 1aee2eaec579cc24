/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PNG images into memory, through libpng. libpng's longjmp never leaves png.c. */
#ifndef IPPRO_VIEW_PICTURE_PNG_H
#define IPPRO_VIEW_PICTURE_PNG_H

#include <stdint.h>
#include "base/status.h"
#include "base/text.h"

/* Largest width and height that are written, and the most pixels of a picture of figures (write_png.c). */
enum { PNG_MAX_SIDE = 32768, PNG_MAX_PIXELS = 1 << 27 };

/* Append a PNG file (8-bit RGB, no alpha) to `out`. rgb: height x width x 3 bytes, top row first, borrowed.
 * `out` keeps its old content on failure. STATUS_RANGE for sizes outside 1..PNG_MAX_SIDE, STATUS_MEMORY. */
status png_encode(const uint8_t *rgb, int width, int height, struct text *out, struct error *error);

#endif
