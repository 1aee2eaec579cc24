/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PNG through libpng. libpng reports errors by longjmp: setjmp stands in the smallest functions, which own
 * nothing; all that outlives a jump is in the job. Memory comes from mem_*. */
#include <png.h>
#include <setjmp.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "image/format.h"
#include "image/image.h"

enum { CHUNK_BYTES = 16 << 20, CHUNKS = 1000, WIDE_BITS = 16 };

/* What libpng's callbacks and the functions around a jump need. */
struct job {
    const uint8_t *data;
    size_t size, at;
    enum image_mode mode;
    struct image_facts *facts; /* NULL, or only the header is wanted */
    struct image *image;
    uint8_t *rows; /* of `stride` bytes, owned */
    size_t stride;
    int channels;    /* of the rows: 1 or 3 */
    bool wide;       /* 16-bit samples */
    int row, height; /* the row that is being decoded, and how many there are */
    struct error *error;
};

static void on_error(png_structp png, png_const_charp message)
{
    struct job *job = png_get_error_ptr(png);
    if (job->error->code == STATUS_OK && job->row > 0)
        error_set(job->error, STATUS_FILE, "row %d of %d: %s", job->row, job->height, message);
    else if (job->error->code == STATUS_OK)
        error_set(job->error, STATUS_FILE, "byte %zu: %s", job->at, message);
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

static void read_bytes(png_structp png, png_bytep bytes, size_t count)
{
    struct job *job = png_get_io_ptr(png);
    if (job->size - job->at < count) {
        error_set(job->error, STATUS_FILE, "the file is truncated: it ends at byte %zu", job->size);
        png_error(png, "truncated");
    }
    memcpy(bytes, job->data + job->at, count);
    job->at += count;
}

static int orientation_of(png_structp png, png_infop info)
{
#ifdef PNG_eXIf_SUPPORTED
    png_uint_32 size;
    png_bytep exif;
    if (png_get_eXIf_1(png, info, &size, &exif))
        return exif_orientation(exif, size);
#else
    (void)png;
    (void)info;
#endif
    return 1;
}

/* Up to the first pixels. */
static bool read_header(png_structp png, png_infop info, struct job *job)
{
    if (setjmp(png_jmpbuf(png)))
        return false;
    png_read_info(png, info);
    if (image_check_size(png_get_image_width(png, info), png_get_image_height(png, info), job->error))
        return false;
    if (!job->facts)
        return true;
    job->facts->width = (int)png_get_image_width(png, info);
    job->facts->height = (int)png_get_image_height(png, info);
    job->facts->channels = png_get_channels(png, info);
    job->facts->orientation = orientation_of(png, info);
    return true;
}

static status refuse_colours(const struct job *job, int color, int depth)
{
    if (job->mode != IMAGE_VALUES)
        return STATUS_OK;
    if (color != PNG_COLOR_TYPE_PALETTE && color != PNG_COLOR_TYPE_GRAY)
        return error_set(job->error, STATUS_UNSUPPORTED,
                         "a picture in colour or with alpha, where a palette or grey is expected");
    if (depth == WIDE_BITS)
        return error_set(job->error, STATUS_UNSUPPORTED, "16 bits per pixel, where 8 are expected");
    return STATUS_OK;
}

/* Samples of 8 bits, one or three per pixel; 16-bit grey alone stays as it is. */
static bool set_transforms(png_structp png, png_infop info, struct job *job)
{
    const int color = png_get_color_type(png, info), depth = png_get_bit_depth(png, info);
    if (refuse_colours(job, color, depth) || setjmp(png_jmpbuf(png)))
        return false;
    job->wide = color == PNG_COLOR_TYPE_GRAY && depth == WIDE_BITS;
    if (job->mode == IMAGE_VALUES)
        png_set_packing(png);
    else if (color == PNG_COLOR_TYPE_PALETTE)
        png_set_palette_to_rgb(png);
    else if (color == PNG_COLOR_TYPE_GRAY && depth < 8)
        png_set_expand_gray_1_2_4_to_8(png);
    if (depth == WIDE_BITS && !job->wide)
        png_set_strip_16(png);
    if (color & PNG_COLOR_MASK_ALPHA)
        png_set_strip_alpha(png);
    (void)png_set_interlace_handling(png);
    png_read_update_info(png, info);
    job->stride = png_get_rowbytes(png, info);
    job->channels = png_get_channels(png, info);
    return true;
}

/* Into job->rows, in as many passes as the file has. */
static bool read_rows(png_structp png, png_infop info, struct job *job)
{
    const int passes =
        png_get_interlace_type(png, info) == PNG_INTERLACE_NONE ? 1 : PNG_INTERLACE_ADAM7_PASSES;
    if (setjmp(png_jmpbuf(png)))
        return false;
    for (int pass = 0; pass < passes; pass++)
        for (int y = 0; y < job->height; y++) {
            if (y % IMAGE_ROWS_UNCHECKED == 0 && progress_check(job->error))
                return false;
            job->row = y + 1;
            png_read_row(png, job->rows + (size_t)y * job->stride, NULL);
        }
    return true;
}

/* A palette with transparency gets a fourth sample per pixel from libpng; it is left out here. */
static void copy_pixels(const struct job *job, struct image *image)
{
    for (int y = 0; y < image->height; y++) {
        const uint8_t *row = job->rows + (size_t)y * job->stride;
        uint8_t *to = image->pixels + (size_t)y * (size_t)image->width * (size_t)image->channels;
        for (int x = 0; x < image->width; x++, to += image->channels) {
            const uint8_t *from = job->wide ? row + 2 * (size_t)x : row + (size_t)x * (size_t)job->channels;
            if (job->channels >= 3 && image->channels == 3)
                memcpy(to, from, 3);
            else if (job->channels >= 3)
                image_grey_of_rgb(from, 1, to);
            else
                memset(to, job->wide && from[0] ? 255 : from[job->wide], (size_t)image->channels);
        }
    }
}

static bool decode_with(png_structp png, png_infop info, struct job *job)
{
    if (!read_header(png, info, job))
        return false;
    if (!job->image)
        return true;
    if (!set_transforms(png, info, job))
        return false;
    const int width = (int)png_get_image_width(png, info);
    job->height = (int)png_get_image_height(png, info);
    job->rows = mem_new((size_t)job->height, job->stride);
    if (!job->rows) {
        error_memory(job->error);
        return false;
    }
    if (!read_rows(png, info, job) ||
        image_new(width, job->height, job->mode == IMAGE_RGB ? 3 : 1, job->image, job->error))
        return false;
    copy_pixels(job, job->image);
    return true;
}

static void set_limits(png_structp png)
{
    png_set_user_limits(png, INT32_MAX, INT32_MAX);
    png_set_chunk_malloc_max(png, CHUNK_BYTES);
    png_set_chunk_cache_max(png, CHUNKS);
}

static status run_job(struct job *job)
{
    job->error->code = STATUS_OK;
    png_structp png =
        png_create_read_struct_2(PNG_LIBPNG_VER_STRING, job, on_error, on_warning, job, allocate, release);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    bool done = false;
    if (info) {
        set_limits(png);
        png_set_read_fn(png, job, read_bytes);
        done = decode_with(png, info, job);
    } else {
        error_memory(job->error);
    }
    png_destroy_read_struct(&png, &info, NULL);
    mem_free(job->rows);
    return done ? STATUS_OK : job->error->code;
}

static status measure_png(const uint8_t *data, size_t size, struct image_facts *facts, struct error *error)
{
    struct job job = {.data = data, .size = size, .facts = facts, .error = error};
    return run_job(&job);
}

static status decode_png(const uint8_t *data, size_t size, enum image_mode mode, struct image *image,
                         struct error *error)
{
    struct job job = {.data = data, .size = size, .mode = mode, .image = image, .error = error};
    return run_job(&job);
}

const struct image_format image_format_png = {
    .name = "PNG",
    .signature = "\x89PNG\r\n\x1A\n",
    .signature_size = 8,
    .measure = measure_png,
    .decode = decode_png,
};
