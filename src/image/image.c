/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of formats, and what all of them have in common. */
#include "config.h"
#include "image/image.h"

#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "image/format.h"

#ifndef HAVE_JPEG
const struct image_format image_format_jpeg = {
    .name = "JPEG",
    .signature = "\xFF\xD8\xFF",
    .signature_size = 3,
    .why = "the program was built without JPEG",
};
#endif

#define KNOWN(title, bytes, where)                                                                           \
    {                                                                                                        \
        .name = title, .signature = bytes, .signature_size = sizeof bytes - 1, .signature_at = where         \
    }
static const struct image_format image_format_gif = KNOWN("GIF", "GIF8", 0);
static const struct image_format image_format_webp = KNOWN("WebP", "WEBP", 8);
static const struct image_format image_format_tiff = KNOWN("TIFF", "II*\0", 0);
static const struct image_format image_format_tiff_big = KNOWN("TIFF", "MM\0*", 0);
static const struct image_format image_format_bmp = KNOWN("BMP", "BM", 0);

static const struct image_format *const formats[] = {
    &image_format_png,  &image_format_jpeg,     &image_format_gif, &image_format_webp,
    &image_format_tiff, &image_format_tiff_big, &image_format_bmp,
};

static const char *const extensions[] = {".png", ".jpg", ".jpeg", ".jpe"};
enum { EXTENSIONS = sizeof extensions / sizeof *extensions };

const char *image_extension_at(int index)
{
    return index >= 0 && index < EXTENSIONS ? extensions[index] : NULL;
}

bool image_is_name(const char *name)
{
    const char *dot = strrchr(name, '.');
    for (int i = 0; dot && i < EXTENSIONS; i++)
        if (strcasecmp(dot, extensions[i]) == 0)
            return true;
    return false;
}

bool image_has_jpeg(void)
{
#ifdef HAVE_JPEG
    return true;
#else
    return false;
#endif
}

static bool begins_as(const struct image_format *format, const uint8_t *data, size_t size)
{
    return size >= format->signature_at + format->signature_size &&
           memcmp(data + format->signature_at, format->signature, format->signature_size) == 0;
}

/* The format that reads the file. */
static status find_format(const uint8_t *data, size_t size, const struct image_format **format,
                          struct error *error)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (!begins_as(formats[i], data, size))
            continue;
        *format = formats[i];
        if (formats[i]->decode)
            return STATUS_OK;
        return error_set(error, STATUS_UNSUPPORTED, "%s pictures are not read: %s", formats[i]->name,
                         formats[i]->why ? formats[i]->why : "PNG and JPEG are");
    }
    return error_set(error, STATUS_FILE, "this is no picture: it begins neither as PNG nor as JPEG does");
}

status image_check_size(int64_t width, int64_t height, struct error *error)
{
    if (width < 1 || height < 1)
        return error_set(error, STATUS_FILE, "a picture of %lldx%lld pixels has none", (long long)width,
                         (long long)height);
    if (width > INT32_MAX || height > INT32_MAX || width > IMAGE_MOST_PIXELS / height)
        return error_set(error, STATUS_FILE, "a picture of %lldx%lld pixels: at most %lld are read",
                         (long long)width, (long long)height, (long long)IMAGE_MOST_PIXELS);
    return STATUS_OK;
}

status image_new(int width, int height, int channels, struct image *image, struct error *error)
{
    *image = (struct image){0};
    if (image_check_size(width, height, error))
        return error->code;
    uint8_t *pixels = mem_new((size_t)width * (size_t)height, (size_t)channels);
    if (!pixels)
        return error_memory(error);
    *image = (struct image){width, height, channels, pixels};
    return STATUS_OK;
}

void image_free(struct image *image)
{
    mem_free(image->pixels);
    *image = (struct image){0};
}

void image_grey_of_rgb(const uint8_t *rgb, size_t count, uint8_t *grey)
{
    for (size_t i = 0; i < count; i++)
        grey[i] =
            (uint8_t)((19595U * rgb[3 * i] + 38470U * rgb[3 * i + 1] + 7471U * rgb[3 * i + 2] + 32768U) >>
                      16);
}

void image_spread_grey(uint8_t *pixels, size_t count)
{
    for (size_t i = count; i-- > 0;)
        pixels[3 * i] = pixels[3 * i + 1] = pixels[3 * i + 2] = pixels[i];
}

status image_measure(const void *data, size_t size, struct image_facts *facts, struct error *error)
{
    const struct image_format *format = NULL;
    *facts = (struct image_facts){.orientation = 1};
    if (find_format(data, size, &format, error))
        return error->code;
    facts->format = format->name;
    if (format->measure(data, size, facts, error))
        return error_prefix(error, "%s: ", format->name);
    return STATUS_OK;
}

static status decode_upright(const uint8_t *data, size_t size, struct image *image, struct error *error)
{
    struct image_facts facts;
    status code = image_measure(data, size, &facts, error);
    return code == STATUS_OK ? image_turn(image, facts.orientation, error) : code;
}

status image_decode(const void *data, size_t size, const struct image_decoding *decoding, struct image *image,
                    struct error *error)
{
    const struct image_format *format = NULL;
    struct image made = {0};
    *image = made;
    if (find_format(data, size, &format, error))
        return error->code;
    status code = format->decode(data, size, decoding->mode, &made, error);
    if (code != STATUS_OK && code != STATUS_CANCELLED && code != STATUS_MEMORY)
        error_prefix(error, "%s: ", format->name);
    if (code == STATUS_OK && decoding->upright)
        code = decode_upright(data, size, &made, error);
    if (code != STATUS_OK) {
        image_free(&made);
        return code;
    }
    *image = made;
    return STATUS_OK;
}

/* Context for what is wrong with the file, not for memory or cancellation. */
static status name_file(const char *path, struct error *error)
{
    return error->code == STATUS_CANCELLED || error->code == STATUS_MEMORY
               ? error->code
               : error_prefix(error, "%s: ", path);
}

status image_read(const char *path, const struct image_decoding *decoding, struct image *image, size_t *bytes,
                  struct error *error)
{
    unsigned char *data;
    size_t size;
    *image = (struct image){0};
    if (file_read_unnoted(path, IMAGE_MOST_FILE_BYTES, &data, &size, error))
        return error->code;
    status code = image_decode(data, size, decoding, image, error);
    mem_free(data);
    if (bytes)
        *bytes = size;
    return code == STATUS_OK ? code : name_file(path, error);
}

status image_read_facts(const char *path, struct image_facts *facts, struct error *error)
{
    unsigned char *data;
    size_t size;
    if (file_read_unnoted(path, IMAGE_MOST_FILE_BYTES, &data, &size, error))
        return error->code;
    status code = image_measure(data, size, facts, error);
    mem_free(data);
    return code == STATUS_OK ? code : name_file(path, error);
}
