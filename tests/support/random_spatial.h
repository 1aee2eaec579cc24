/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks of random networks that change where things are. Each takes and gives an image with *channels
 * channels, as those of random_blocks.c, whose table has them. */
#ifndef IPPRO_TESTS_RANDOM_SPATIAL_H
#define IPPRO_TESTS_RANDOM_SPATIAL_H

#include "support/random_network.h"

int block_transposed(struct maker *maker, int x, int64_t *channels);
int block_transposed_groups(struct maker *maker, int x, int64_t *channels);
int block_transposed_depthwise(struct maker *maker, int x, int64_t *channels);
int block_skip(struct maker *maker, int x, int64_t *channels);
int block_to_space(struct maker *maker, int x, int64_t *channels);
int block_to_depth(struct maker *maker, int x, int64_t *channels);
int block_border(struct maker *maker, int x, int64_t *channels);
int block_unpool(struct maker *maker, int x, int64_t *channels);
int block_warp(struct maker *maker, int x, int64_t *channels);

#endif
