/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PNG images read back, for tests. */
#ifndef IPPRO_TESTS_SUPPORT_PNG_READ_H
#define IPPRO_TESTS_SUPPORT_PNG_READ_H

#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

/* A PNG file from memory as height x width x 3 bytes, top row first (mem_free). STATUS_FILE when libpng does
 * not take it for a whole PNG file, STATUS_MEMORY. */
status png_read(const void *data, size_t size, uint8_t **rgb, int *width, int *height, struct error *error);

#endif
