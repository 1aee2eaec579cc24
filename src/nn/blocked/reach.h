/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which output positions a tap of an untransposed convolution looks inside the input from. */
#ifndef IPPRO_NN_BLOCKED_REACH_H
#define IPPRO_NN_BLOCKED_REACH_H

/* Output positions of one dimension whose tap looks inside the input: first..end-1, first <= end; input
 * position = o * stride + shift. */
struct reach {
    int first, end, stride, shift;
};

static inline struct reach reach_of(int tap, int stride, int dilation, int pad, int in, int out)
{
    struct reach reach = {0, out, stride, tap * dilation - pad};
    if (reach.shift < 0)
        reach.first = (-reach.shift + stride - 1) / stride;
    const int last = in - 1 - reach.shift;
    reach.end = last < 0 ? 0 : last / stride + 1 < out ? last / stride + 1 : out;
    reach.first = reach.first < reach.end ? reach.first : reach.end;
    return reach;
}

#endif
