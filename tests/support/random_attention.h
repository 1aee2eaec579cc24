/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks of random networks that attend, for the table in tests/support/random_blocks.c. */
#ifndef IPPRO_TESTS_RANDOM_ATTENTION_H
#define IPPRO_TESTS_RANDOM_ATTENTION_H

#include "support/random_network.h"

int random_attention(struct maker *maker, int x, int64_t *channels);
int random_class_token(struct maker *maker, int x, int64_t *channels);
int random_read_token(struct maker *maker, int x, int64_t *channels);
int random_windows(struct maker *maker, int x, int64_t *channels);

#endif
