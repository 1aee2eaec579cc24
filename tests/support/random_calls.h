/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks of random networks whose layers are called several times. Each takes and gives an image with
 * *channels channels, as those of random_blocks.c, whose table has them. */
#ifndef IPPRO_TESTS_RANDOM_CALLS_H
#define IPPRO_TESTS_RANDOM_CALLS_H

#include "support/random_network.h"

int block_called_twice(struct maker *maker, int x, int64_t *channels);
int block_common_head(struct maker *maker, int x, int64_t *channels);
int block_common_linear(struct maker *maker, int x, int64_t *channels);
int block_bound(struct maker *maker, int x, int64_t *channels);

#endif
