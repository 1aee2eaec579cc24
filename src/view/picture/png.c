/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PNG through libpng. libpng reports errors by longjmp: setjmp stands in the smallest function, which owns
 * nothing, so that everything else is ordinary C. Memory comes from mem_*. */
#include "view/picture/png.h"

#include <png.h>
#include <setjmp.h>
#include "base/memory.h"

/* What libpng's callbacks need. */
struct job {
    struct error *error;
    struct text *out;
};

static void on_error(png_structp png, png_const_charp message)
{
    struct job *job = png_get_error_ptr(png);
    if (job->error->code != STATUS_MEMORY)
        error_set(job->error, STATUS_FILE, "PNG: %s", message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static png_voidp allocate(png_structp png, png_alloc_size_t size)
{
    struct job *job = png_get_mem_ptr(png);
    void *memory = mem_new(size, 1);
    if (!memory)
        error_memory(job->error);
    return memory;
}

static void release(png_structp png, png_voidp memory)
{
    (void)png;
    mem_free(memory);
}

static void write_bytes(png_structp png, png_bytep bytes, size_t count)
{
    struct job *job = png_get_io_ptr(png);
    text_add_bytes(job->out, (const char *)bytes, count);
    if (job->out->failed) {
        error_memory(job->error);
        png_error(png, "out of memory");
    }
}

static void flush_nothing(png_structp png)
{
    (void)png;
}

static bool write_image(png_structp png, png_infop info, const uint8_t *rgb, int width, int height)
{
    if (setjmp(png_jmpbuf(png)))
        return false;
    png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (int y = 0; y < height; y++)
        png_write_row(png, rgb + (size_t)y * (size_t)width * 3);
    png_write_end(png, info);
    return true;
}

static status encode(struct job *job, const uint8_t *rgb, int width, int height)
{
    png_structp png =
        png_create_write_struct_2(PNG_LIBPNG_VER_STRING, job, on_error, on_warning, job, allocate, release);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    bool written = false;
    if (info) {
        png_set_write_fn(png, job, write_bytes, flush_nothing);
        png_set_user_limits(png, PNG_MAX_SIDE, PNG_MAX_SIDE);
        written = write_image(png, info, rgb, width, height);
    } else {
        error_memory(job->error);
    }
    png_destroy_write_struct(&png, &info);
    return written ? STATUS_OK : job->error->code;
}

status png_encode(const uint8_t *rgb, int width, int height, struct text *out, struct error *error)
{
    struct text file = {0};
    struct job job = {.error = error, .out = &file};
    if (width < 1 || height < 1 || width > PNG_MAX_SIDE || height > PNG_MAX_SIDE)
        return error_set(error, STATUS_RANGE, "an image of %d x %d pixels: sides must be 1 to %d", width,
                         height, PNG_MAX_SIDE);
    error->code = STATUS_OK;
    status result = encode(&job, rgb, width, height);
    if (!result) {
        text_add_bytes(out, file.data, file.length);
        if (out->failed)
            result = error_memory(error);
    }
    text_free(&file);
    return result;
}
