/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PNG through libpng. libpng reports errors by longjmp: setjmp stands in the two smallest functions, which
 * own nothing, so that everything else is ordinary C. Memory comes from mem_*. */
#include "format/png.h"

#include <png.h>
#include <setjmp.h>
#include <string.h>
#include "base/memory.h"

/* What libpng's callbacks need. */
struct job {
    struct error *error;
    struct text *out;     /* writing */
    const uint8_t *input; /* reading */
    size_t size, offset;
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

/* --- Writing --- */

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

/* --- Reading --- */

static void read_bytes(png_structp png, png_bytep bytes, size_t count)
{
    struct job *job = png_get_io_ptr(png);
    if (count > job->size - job->offset)
        png_error(png, "the file ends too early");
    memcpy(bytes, job->input + job->offset, count);
    job->offset += count;
}

/* Read the header, and ask for 8-bit RGB whatever the file has. */
static bool read_header(png_structp png, png_infop info, int *passes)
{
    if (setjmp(png_jmpbuf(png)))
        return false;
    png_read_info(png, info);
    png_set_expand(png);
    png_set_strip_16(png);
    png_set_gray_to_rgb(png);
    png_set_strip_alpha(png);
    *passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    return true;
}

static bool read_rows(png_structp png, uint8_t *rgb, size_t stride, int height, int passes)
{
    if (setjmp(png_jmpbuf(png)))
        return false;
    for (int pass = 0; pass < passes; pass++)
        for (int y = 0; y < height; y++)
            png_read_row(png, rgb + (size_t)y * stride, NULL);
    png_read_end(png, NULL);
    return true;
}

static status decode(struct job *job, png_structp png, png_infop info, uint8_t **rgb, int *width, int *height)
{
    int passes;
    png_set_read_fn(png, job, read_bytes);
    png_set_user_limits(png, PNG_MAX_SIDE, PNG_MAX_SIDE);
    png_set_chunk_cache_max(png, 128);
    png_set_chunk_malloc_max(png, 8 << 20);
    if (!read_header(png, info, &passes))
        return job->error->code;
    size_t columns = png_get_image_width(png, info), rows = png_get_image_height(png, info);
    size_t stride = png_get_rowbytes(png, info);
    if (columns * rows > PNG_MAX_PIXELS)
        return error_set(job->error, STATUS_FILE, "PNG: %zu x %zu pixels are too many", columns, rows);
    if (stride != columns * 3)
        return error_set(job->error, STATUS_FILE, "PNG: its pixels cannot be read as RGB");
    uint8_t *pixels = mem_new(rows, stride);
    if (!pixels)
        return error_memory(job->error);
    if (!read_rows(png, pixels, stride, (int)rows, passes)) {
        mem_free(pixels);
        return job->error->code;
    }
    *rgb = pixels;
    *width = (int)columns;
    *height = (int)rows;
    return STATUS_OK;
}

status png_decode(const void *data, size_t size, uint8_t **rgb, int *width, int *height, struct error *error)
{
    struct job job = {.error = error, .input = data, .size = size};
    error->code = STATUS_OK;
    if (size < 8 || png_sig_cmp(data, 0, 8))
        return error_set(error, STATUS_FILE, "not a PNG image");
    png_structp png =
        png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &job, on_error, on_warning, &job, allocate, release);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    status result = info ? decode(&job, png, info, rgb, width, height) : error_memory(error);
    png_destroy_read_struct(&png, &info, NULL);
    return result;
}
