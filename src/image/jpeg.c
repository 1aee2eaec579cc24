/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JPEG through libjpeg. libjpeg ends a decoding by a function that must not return, so errors are a longjmp:
 * setjmp stands in the smallest functions, which own nothing; all that outlives a jump is in the job. */
#include "config.h"

#include "image/image.h"
#ifdef HAVE_JPEG

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "image/format.h"
#include "image/image.h"

enum { MOST_SCANS = 256, EXIF_MARKER = JPEG_APP0 + 1, LONGEST_MARKER = 0xFFFF, INK_CHANNELS = 4 };
static const char exif_title[6] = "Exif\0";

struct job {
    struct jpeg_decompress_struct jpeg; /* first: what callbacks get is the job */
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    jmp_buf jump;
    const uint8_t *data;
    size_t size;
    enum image_mode mode;
    struct image_facts *facts;
    struct image *image;
    uint8_t *row; /* of four inks, owned; NULL where rows go straight to the image */
    struct error *error;
};

static void on_error(j_common_ptr common)
{
    struct job *job = (struct job *)common;
    char message[JMSG_LENGTH_MAX];
    common->err->format_message(common, message);
    if (job->error->code == STATUS_OK && job->jpeg.output_scanline > 0)
        error_set(job->error, STATUS_FILE, "row %u of %u: %s", job->jpeg.output_scanline + 1,
                  job->jpeg.output_height, message);
    else if (job->error->code == STATUS_OK)
        error_set(job->error, STATUS_FILE, "byte %zu: %s", job->size - job->source.bytes_in_buffer, message);
    longjmp(job->jump, 1);
}

/* Warnings are about data that can be decoded; what is worse is found elsewhere. */
static void on_message(j_common_ptr common, int level)
{
    (void)common;
    (void)level;
}

static void nothing(j_decompress_ptr jpeg)
{
    (void)jpeg;
}

/* The file is over, and more is wanted. */
static boolean refuse_truncated(j_decompress_ptr jpeg)
{
    struct job *job = (struct job *)jpeg;
    if (jpeg->output_scanline > 0)
        error_set(job->error, STATUS_FILE, "the file is truncated: it ends at byte %zu, in row %u of %u",
                  job->size, jpeg->output_scanline + 1, jpeg->output_height);
    else
        error_set(job->error, STATUS_FILE, "the file is truncated: it ends at byte %zu", job->size);
    longjmp(job->jump, 1);
}

static void skip_bytes(j_decompress_ptr jpeg, long count)
{
    struct jpeg_source_mgr *source = jpeg->src;
    if (count <= 0)
        return;
    if ((size_t)count > source->bytes_in_buffer)
        refuse_truncated(jpeg);
    source->next_input_byte += count;
    source->bytes_in_buffer -= (size_t)count;
}

/* A few bytes may ask for any number of scans over a large picture. */
static void watch(j_common_ptr common)
{
    struct job *job = (struct job *)common;
    if (job->jpeg.input_scan_number > MOST_SCANS) {
        error_set(job->error, STATUS_FILE, "more than %d scans", MOST_SCANS);
        longjmp(job->jump, 1);
    }
    if (progress_check(job->error))
        longjmp(job->jump, 1);
}

static void begin(struct job *job)
{
    job->jpeg.err = jpeg_std_error(&job->errors);
    job->errors.error_exit = on_error;
    job->errors.emit_message = on_message;
    job->source = (struct jpeg_source_mgr){
        .next_input_byte = job->data,
        .bytes_in_buffer = job->size,
        .init_source = nothing,
        .fill_input_buffer = refuse_truncated,
        .skip_input_data = skip_bytes,
        .resync_to_restart = jpeg_resync_to_restart,
        .term_source = nothing,
    };
    job->progress.progress_monitor = watch;
}

static int find_orientation(const struct jpeg_decompress_struct *jpeg)
{
    for (const struct jpeg_marker_struct *marker = jpeg->marker_list; marker; marker = marker->next)
        if (marker->marker == EXIF_MARKER && marker->data_length > sizeof exif_title &&
            memcmp(marker->data, exif_title, sizeof exif_title) == 0)
            return exif_orientation(marker->data + sizeof exif_title,
                                    marker->data_length - sizeof exif_title);
    return 1;
}

static bool read_header(struct job *job)
{
    if (setjmp(job->jump))
        return false;
    jpeg_create_decompress(&job->jpeg); /* zeroes all but the errors */
    job->jpeg.src = &job->source;
    job->jpeg.progress = &job->progress;
    if (job->facts)
        jpeg_save_markers(&job->jpeg, EXIF_MARKER, LONGEST_MARKER);
    jpeg_read_header(&job->jpeg, TRUE);
    if (image_check_size(job->jpeg.image_width, job->jpeg.image_height, job->error))
        return false;
    if (job->facts) {
        job->facts->width = (int)job->jpeg.image_width;
        job->facts->height = (int)job->jpeg.image_height;
        job->facts->channels = job->jpeg.num_components;
        job->facts->orientation = find_orientation(&job->jpeg);
    }
    return true;
}

/* Grey stays grey, inks stay inks, all else becomes RGB. */
static status choose_colours(struct job *job)
{
    static const J_COLOR_SPACE spaces[] = {[1] = JCS_GRAYSCALE, [3] = JCS_RGB, [4] = JCS_CMYK};
    const int components = job->jpeg.num_components;
    if (job->mode == IMAGE_VALUES)
        return error_set(job->error, STATUS_UNSUPPORTED,
                         "its pixels are not exact, where a map of labels is expected: PNG is");
    if (components != 1 && components != 3 && components != INK_CHANNELS)
        return error_set(job->error, STATUS_UNSUPPORTED, "%d colour components: expected 1, 3 or 4",
                         components);
    job->jpeg.out_color_space = spaces[components];
    job->jpeg.dct_method = JDCT_ISLOW;
    job->jpeg.do_fancy_upsampling = TRUE;
    return STATUS_OK;
}

/* Adobe's inks are stored inverted, 255 for none: the light that cyan, magenta and yellow let through, scaled
 * by what black lets through. The product over 255 is rounded to nearest, without a division, as Pillow's is.
 */
static void rgb_of_inks(const uint8_t *inks, size_t count, uint8_t *rgb)
{
    for (size_t i = 0; i < count; i++, inks += INK_CHANNELS, rgb += 3) {
        const unsigned light = inks[3];
        for (int c = 0; c < 3; c++) {
            unsigned dark = (255U - inks[c]) * light + 128;
            dark = ((dark >> 8) + dark) >> 8;
            rgb[c] = (uint8_t)(light > dark ? light - dark : 0);
        }
    }
}

static bool read_rows(struct job *job)
{
    struct jpeg_decompress_struct *jpeg = &job->jpeg;
    if (setjmp(job->jump))
        return false;
    jpeg_start_decompress(jpeg);
    while (jpeg->output_scanline < jpeg->output_height) {
        const size_t row = jpeg->output_scanline;
        uint8_t *place = job->image->pixels + row * jpeg->output_width * (size_t)job->image->channels;
        JSAMPROW into = job->row ? job->row : place;
        if (row % IMAGE_ROWS_UNCHECKED == 0 && progress_check(job->error))
            return false;
        jpeg_read_scanlines(jpeg, &into, 1);
        if (job->row)
            rgb_of_inks(job->row, jpeg->output_width, place);
    }
    return true;
}

/* From the channels that were decoded to those that are wanted. */
static status finish(struct job *job)
{
    struct image *image = job->image;
    const size_t count = (size_t)image->width * (size_t)image->height;
    const int wanted = job->mode == IMAGE_RGB ? 3 : 1;
    if (image->channels == wanted)
        return STATUS_OK;
    uint8_t *pixels = image->pixels;
    if (wanted == 1)
        image_grey_of_rgb(pixels, count, pixels);
    pixels = mem_resize(pixels, count, (size_t)wanted);
    if (!pixels)
        return error_memory(job->error);
    image->pixels = pixels;
    image->channels = wanted;
    if (wanted == 3)
        image_spread_grey(pixels, count);
    return STATUS_OK;
}

static bool decode_with(struct job *job)
{
    if (!read_header(job))
        return false;
    if (!job->image)
        return true;
    const int width = (int)job->jpeg.image_width, height = (int)job->jpeg.image_height;
    if (choose_colours(job) ||
        image_new(width, height, job->jpeg.num_components == 1 ? 1 : 3, job->image, job->error))
        return false;
    if (job->jpeg.num_components == INK_CHANNELS && !(job->row = mem_new((size_t)width, INK_CHANNELS))) {
        error_memory(job->error);
        return false;
    }
    return read_rows(job) && finish(job) == STATUS_OK;
}

static status run_job(struct job *job)
{
    job->error->code = STATUS_OK;
    begin(job);
    bool done = decode_with(job);
    jpeg_destroy_decompress(&job->jpeg);
    mem_free(job->row);
    return done ? STATUS_OK : job->error->code;
}

static status measure_jpeg(const uint8_t *data, size_t size, struct image_facts *facts, struct error *error)
{
    struct job job = {.data = data, .size = size, .facts = facts, .error = error};
    return run_job(&job);
}

static status decode_jpeg(const uint8_t *data, size_t size, enum image_mode mode, struct image *image,
                          struct error *error)
{
    struct job job = {.data = data, .size = size, .mode = mode, .image = image, .error = error};
    return run_job(&job);
}

const struct image_format image_format_jpeg = {
    .name = "JPEG",
    .signature = "\xFF\xD8\xFF",
    .signature_size = 3,
    .measure = measure_jpeg,
    .decode = decode_jpeg,
};

#endif
