/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes what the program sees of pictures, for tools outside. Each line of standard input is
 * "MODE UPRIGHT SHORTER WIDTH HEIGHT CROP_WIDTH CROP_HEIGHT FILTER FILE" (numbers as in image/image.h and
 * image/prepare.h, 0 for nothing); for each comes "width height channels" in a line and the pixels behind it,
 * or "refused: why". */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "image/prepare.h"

static status show(const char *path, const struct image_decoding *decoding, const struct preparation *how,
                   struct error *error)
{
    struct image image, ready;
    if (image_read(path, decoding, &image, NULL, error))
        return error->code;
    status code = image_prepare(&image, how, &ready, error);
    image_free(&image);
    if (code != STATUS_OK)
        return code;
    printf("%d %d %d\n", ready.width, ready.height, ready.channels);
    fwrite(ready.pixels, (size_t)ready.channels, (size_t)ready.width * (size_t)ready.height, stdout);
    image_free(&ready);
    return STATUS_OK;
}

int main(void)
{
    char line[4096];
    while (fgets(line, sizeof line, stdin)) {
        int mode, upright, filter, at = 0;
        struct preparation how = {0};
        struct error error = {0};
        line[strcspn(line, "\n")] = '\0';
        if (sscanf(line, "%d %d %d %d %d %d %d %d %n", &mode, &upright, &how.shorter, &how.width, &how.height,
                   &how.crop_width, &how.crop_height, &filter, &at) != 8 ||
            at == 0)
            return 2;
        how.filter = (enum image_filter)filter;
        struct image_decoding decoding = {(enum image_mode)mode, upright != 0};
        if (show(line + at, &decoding, &how, &error) != STATUS_OK)
            printf("refused: %s\n", error.message);
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
