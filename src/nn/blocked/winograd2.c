/* SPDX-License-Identifier: GPL-3.0-or-later */
/* F(2x2, 3x3): 4/9 of the direct convolution's products, with errors like its own. The interpolation points
 * are 0, 1, -1 and infinity. */
#include <string.h>

#include "nn/blocked/epilogue.h"
#include "nn/blocked/families.h"
#include "nn/blocked/lanes.h"
#include "nn/blocked/product.h"

enum { OUTPUTS = 2, TAPS = OUTPUTS + 2 };

static const double filter_matrix[TAPS][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};

LANES_INLINE void transform_input(vector d[TAPS])
{
    const vector d1 = d[1], d2 = d[2];
    d[0] -= d2;
    d[1] = d2 + d1;
    d[2] = d2 - d1;
    d[3] -= d1;
}

LANES_INLINE void transform_output(const vector s[TAPS], vector y[OUTPUTS])
{
    y[0] = s[0] + (s[1] + s[2]);
    y[1] = (s[1] - s[2]) + s[3];
}

#include "nn/blocked/winograd.h"

const struct blocked_family ISA_NAME(blocked_winograd2) = {
    .name = "winograd2",
    .supports = supports,
    .weights_size = weights_size,
    .pack_weights = pack_weights,
    .workspace = workspace,
    .run = run,
};
