/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures from files: PNG and JPEG, known by how they begin and not by their names.
 *
 * Pixels are those that Pillow gives for the same file (Image.open(file).convert("RGB")), which is what
 * Torchvision's data sets see:
 *   - what is transparent is drawn as if it were not: alpha is dropped, nothing is composited;
 *   - of 16 bits per sample the upper 8 remain, but for 16-bit grey without alpha, whose values are cut off
 * at 255;
 *   - CMYK and YCCK are taken as Adobe writes them, inverted, without a colour profile;
 *   - gamma, profiles and backgrounds are passed over;
 *   - JPEG is decoded in full size with libjpeg's exact integer transform and smooth upsampling.
 * A picture is not turned by its EXIF orientation unless that is asked for (Torchvision does not).
 *
 * The header is read first: pictures over IMAGE_MOST_PIXELS are refused before there is memory for them.
 * Truncated files are refused, with the place. Everything is thread safe; long decoding asks progress_check.
 */
#ifndef IPPRO_IMAGE_IMAGE_H
#define IPPRO_IMAGE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

/* 2^28 bytes of RGB, beyond which Pillow warns of a decompression bomb. */
#define IMAGE_MOST_PIXELS     (((int64_t)1 << 28) / 3)
#define IMAGE_MOST_FILE_BYTES ((size_t)512 << 20)

/* Rows from the top, pixels from the left, channels side by side (height, width, channels). */
enum { IMAGE_MOST_CHANNELS = 4 };
struct image {
    int width, height, channels;
    uint8_t *pixels; /* owned: image_free */
};

enum image_mode {
    IMAGE_RGB,    /* three channels; grey three times */
    IMAGE_GREY,   /* one: (19595 R + 38470 G + 7471 B + 2^15) / 2^16 of colours, as convert("L") */
    IMAGE_VALUES, /* one: what a label map has, numbers of palette entries or grey as stored, unscaled. PNG
                     only; colours and 16 bits are refused */
};

struct image_decoding {
    enum image_mode mode;
    bool upright; /* turn and mirror as the EXIF orientation of the file says */
};

/* What the header says. */
struct image_facts {
    const char *format; /* "PNG", "JPEG" */
    int width, height;  /* as stored */
    int channels;       /* as stored: 1 grey or palette, 2 grey and alpha, 3, 4 */
    int orientation; /* of EXIF: 1 to 8, 1 is upright as stored. From 5 on, width and height change places */
};

/* A whole file in memory. Errors say the format and the place, not the file's name; STATUS_FILE for damage,
 * STATUS_UNSUPPORTED for a format that is known but not read here (JPEG too where the program was built
 * without it). */
status image_decode(const void *data, size_t size, const struct image_decoding *decoding, struct image *image,
                    struct error *error);
status image_measure(const void *data, size_t size, struct image_facts *facts, struct error *error);
/* The same of a file; errors name it. The file is no input of its own (base/inputs.h): whoever reads many
 * notes their folder. *bytes, where it is not NULL, is the size of the file. */
status image_read(const char *path, const struct image_decoding *decoding, struct image *image, size_t *bytes,
                  struct error *error);
status image_read_facts(const char *path, struct image_facts *facts, struct error *error);

/* Memory for a picture, its pixels zero. Refuses sides below 1 and over IMAGE_MOST_PIXELS, naming both. */
status image_new(int width, int height, int channels, struct image *image, struct error *error);
void image_free(struct image *image); /* a zeroed one is fine */

/* `count` pixels of RGB to grey, as IMAGE_GREY has them; may be done in place. */
void image_grey_of_rgb(const uint8_t *rgb, size_t count, uint8_t *grey);

/* Whether a name ends as those of pictures do (.png .jpg .jpeg .jpe, in any case), for listing folders. */
bool image_is_name(const char *name);
/* The extensions, NULL past the end: ".png". */
const char *image_extension_at(int index);
bool image_has_jpeg(void); /* false: built without libjpeg */

#endif
