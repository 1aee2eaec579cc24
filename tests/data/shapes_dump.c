/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Write images of the built-in data set as CIFAR-10 records (a label byte, 3072 pixels), for tools that train
 * on them:
 *
 *     shapes_dump train 20000 1 > shapes_train.bin
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "data/shape_draw.h"

int main(int argc, char **argv)
{
    int64_t count, seed;
    int split = argc > 1 && strcmp(argv[1], "test") == 0;
    if (argc != 4 || (!split && strcmp(argv[1], "train") != 0) || !text_to_integer(argv[2], &count) ||
        count < 1 || count > UINT32_MAX || !text_to_integer(argv[3], &seed) || seed < 0) {
        fprintf(stderr, "usage: shapes_dump train|test COUNT SEED > FILE\n");
        return 2;
    }
    for (int64_t i = 0; i < count; i++) {
        uint8_t record[1 + 3 * 32 * 32];
        record[0] = (uint8_t)shape_draw((uint64_t)seed, split, (uint32_t)i, record + 1, NULL);
        if (fwrite(record, sizeof record, 1, stdout) != 1)
            break;
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("shapes_dump");
        return 1;
    }
    return 0;
}
