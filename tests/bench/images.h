/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The images of a benchmark, the same for both sides. */
#ifndef IPPRO_TESTS_BENCH_IMAGES_H
#define IPPRO_TESTS_BENCH_IMAGES_H

#include "data/dataset.h"

enum { IMAGES_ENDLESS = 1000000 }; /* records of the data set: the file's over and over */

extern const struct dataset_kind images_kind;

/* Write `count` images that fit the network `model` to a file in `folder`, whose name ends with their shape:
 * FILE.CxHxWxCLASSES. A record is a label (two bytes, little-endian) and C*H*W pixels; both sides normalise
 * with mean and deviation 0.5. They come from the CIFAR-10 folder `cifar`, or else (NULL) from shapes, where
 * the network takes such images; for other networks they are noise. *path is the caller's (mem_free). */
status images_write(const char *model, const char *cifar, int count, const char *folder, char **path,
                    struct error *error);

#endif
