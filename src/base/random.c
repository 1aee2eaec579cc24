/* SPDX-License-Identifier: GPL-3.0-or-later */
/* xoshiro256++ 1.0 (David Blackman and Sebastiano Vigna, "Scrambled Linear Pseudorandom Number Generators",
 * ACM TOMS 2021), seeded by splitmix64 as its authors advise. */
#include "base/random.h"

#include <math.h>

static uint64_t splitmix64(uint64_t *x)
{
    uint64_t z = *x += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

void random_seed(struct random_state *state, uint64_t seed, uint64_t stream)
{
    /* Both are mixed before they meet, so that (seed, stream) and (seed + 1, stream - 1) have nothing in
     * common. */
    uint64_t mixed_stream = stream ^ UINT64_C(0xD1B54A32D192ED03);
    uint64_t x = splitmix64(&seed);
    x ^= splitmix64(&mixed_stream);
    for (int i = 0; i < 4; i++)
        state->s[i] = splitmix64(&x);
}

static uint64_t rotate_left(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

uint64_t random_next(struct random_state *state)
{
    uint64_t *s = state->s;
    uint64_t result = rotate_left(s[0] + s[3], 23) + s[0];
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t random_below(struct random_state *state, uint64_t bound)
{
    /* 2^64 mod bound values at the low end would make some results likelier: draw again there. */
    uint64_t threshold = (0 - bound) % bound;
    uint64_t x;
    do
        x = random_next(state);
    while (x < threshold);
    return x % bound;
}

double random_uniform(struct random_state *state)
{
    return (double)(random_next(state) >> 11) * 0x1p-53;
}

double random_between(struct random_state *state, double low, double high)
{
    return low + (high - low) * random_uniform(state);
}

/* The logarithm of a number in (0, 1), by ln m = 2 artanh((m - 1) / (m + 1)) for m within a factor sqrt(2) of
 * 1: twelve terms of its series are exact to the last digits of a double. frexp is exact everywhere. */
static double natural_logarithm(double x)
{
    enum { LAST_TERM = 23 };
    int exponent;
    double m = frexp(x, &exponent);
    if (m < 0.70710678118654752440) {
        m *= 2;
        exponent--;
    }
    const double z = (m - 1) / (m + 1), square = z * z;
    double sum = 0;
    for (int i = LAST_TERM; i > 0; i -= 2)
        sum = sum * square + 1.0 / i;
    return exponent * 0.69314718055994530942 + 2 * z * sum;
}

double random_normal(struct random_state *state)
{
    double x, y, square;
    do {
        x = random_between(state, -1, 1);
        y = random_between(state, -1, 1);
        square = x * x + y * y;
    } while (square >= 1 || square == 0);
    return x * sqrt(-2 * natural_logarithm(square) / square);
}

void random_shuffle(struct random_state *state, int64_t *items, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = (size_t)random_below(state, i);
        int64_t item = items[i - 1];
        items[i - 1] = items[j];
        items[j] = item;
    }
}
