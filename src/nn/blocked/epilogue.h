/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every convolution kernel does with a finished sum. */
#ifndef IPPRO_NN_BLOCKED_EPILOGUE_H
#define IPPRO_NN_BLOCKED_EPILOGUE_H

#include "nn/blocked/lanes.h"

/* The numbers of WIDTH channels. */
struct epilogue_channels {
    vector bias, scale, shift, ceiling;
};

LANES_INLINE struct epilogue_channels epilogue_channels(const struct blocked_epilogue *epilogue, int channel)
{
    struct epilogue_channels c = {vector_all(0), vector_all(1), vector_all(0), vector_all(__builtin_inff())};
    if (epilogue->ceiling > 0)
        c.ceiling = vector_all(epilogue->ceiling);
    if (epilogue->bias)
        c.bias = vector_load(epilogue->bias + channel);
    if (epilogue->scale) {
        c.scale = vector_load(epilogue->scale + channel);
        c.shift = vector_load(epilogue->shift + channel);
    }
    return c;
}

/* `at`: offset of the vector in the output. Callers keep the epilogue in a local copy, so that its pointers
 * stay in registers. */
LANES_INLINE void epilogue_store(const struct blocked_epilogue *epilogue,
                                 const struct epilogue_channels *channels, size_t at, vector v)
{
    if (epilogue->bias)
        v += channels->bias;
    if (epilogue->raw)
        vector_store(epilogue->raw + at, v);
    if (epilogue->scale)
        v = vector_multiply_add(channels->scale, v, channels->shift);
    if (epilogue->residual)
        v += vector_load(epilogue->residual + at);
    if (epilogue->relu)
        v = vector_min(vector_max(v, vector_all(0)), channels->ceiling);
    if (epilogue->add)
        v += vector_load(epilogue->out + at);
    vector_store(epilogue->out + at, v);
}

/* Whether the sums are all there is. */
LANES_INLINE bool epilogue_is_plain(const struct blocked_epilogue *epilogue)
{
    return !epilogue->bias && !epilogue->raw && !epilogue->scale && !epilogue->residual && !epilogue->relu;
}

#endif
