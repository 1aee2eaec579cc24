/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libpng's simplified reader, which converts whatever the file has to RGB. */
#include "png_read.h"

#include <png.h>
#include "base/memory.h"

status png_read(const void *data, size_t size, uint8_t **rgb, int *width, int *height, struct error *error)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_memory(&image, data, size))
        return error_set(error, STATUS_FILE, "PNG: %s", image.message);
    image.format = PNG_FORMAT_RGB;
    *width = (int)image.width;
    *height = (int)image.height;
    *rgb = mem_new(image.height, PNG_IMAGE_ROW_STRIDE(image));
    if (!*rgb) {
        png_image_free(&image);
        return error_memory(error);
    }
    if (!png_image_finish_read(&image, NULL, *rgb, 0, NULL)) {
        mem_free(*rgb);
        return error_set(error, STATUS_FILE, "PNG: %s", image.message);
    }
    return STATUS_OK;
}
