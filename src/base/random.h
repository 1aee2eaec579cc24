/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deterministic random numbers: xoshiro256++ (Blackman and Vigna) seeded by splitmix64. The same seed gives
 * the same numbers on every machine: only integer arithmetic and exact conversions are used. */
#ifndef IPPRO_BASE_RANDOM_H
#define IPPRO_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random_state {
    uint64_t s[4];
};

/* `stream` separates independent uses of one seed (sampler, criterion, image number, ...). */
void random_seed(struct random_state *state, uint64_t seed, uint64_t stream);
uint64_t random_next(struct random_state *state);
uint64_t random_below(struct random_state *state, uint64_t bound); /* 0..bound-1 without bias; bound > 0 */
double random_uniform(struct random_state *state);                 /* [0, 1), 53 bits */
double random_between(struct random_state *state, double low, double high);
/* Mean 0, variance 1: Marsaglia's polar method with a logarithm of its own, for that of the C library is not
 * the same on every machine. */
double random_normal(struct random_state *state);
/* Fisher-Yates on 64-bit integers. */
void random_shuffle(struct random_state *state, int64_t *items, size_t count);

#endif
