/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the plain layout to blocks of channels and back. */
#include "nn/blocked/layer.h"

#include <string.h>

#include "nn/blocked/blocked.h"

static int lanes_at(int channels, int first)
{
    return channels - first < LANES ? channels - first : LANES;
}

/* blocked (N, C/16, positions, 16) = plain (N, C, positions), or += */
void ISA_NAME(blocked_from_plain)(int images, int channels, int positions, const float *plain, float *blocked,
                                  bool add)
{
    const size_t count = (size_t)positions;
    for (int n = 0; n < images; n++)
        for (int first = 0; first < channels; first += LANES, blocked += count * LANES) {
            const int lanes = lanes_at(channels, first);
            if (!add && lanes < LANES)
                memset(blocked, 0, count * LANES * sizeof *blocked);
            for (int c = 0; c < lanes; c++, plain += count)
                for (size_t i = 0; i < count; i++) {
                    float *to = blocked + i * LANES + (size_t)c;
                    *to = add ? *to + plain[i] : plain[i];
                }
        }
}

/* plain (N, C, positions) = blocked (N, C/16, positions, 16), or += */
void ISA_NAME(blocked_to_plain)(int images, int channels, int positions, const float *blocked, float *plain,
                                bool add)
{
    const size_t count = (size_t)positions;
    for (int n = 0; n < images; n++)
        for (int first = 0; first < channels; first += LANES, blocked += count * LANES)
            for (int c = 0; c < lanes_at(channels, first); c++, plain += count)
                for (size_t i = 0; i < count; i++) {
                    const float value = blocked[i * LANES + (size_t)c];
                    plain[i] = add ? plain[i] + value : value;
                }
}
