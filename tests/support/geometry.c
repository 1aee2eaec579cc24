/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sliding windows by their definition. */
#include "support/geometry.h"

#include <string.h>
#include "support/attributes.h"
#include "support/small_graph.h"

/* Three dimensions, ones in front. */
struct geometry geometry_widened(const struct geometry *g)
{
    struct geometry wide = *g;
    int skip = 3 - g->spatial;
    for (int d = 0; d < 3; d++) {
        bool in_file = d >= skip;
        wide.in[d] = in_file ? g->in[d - skip] : 1;
        wide.out[d] = in_file ? g->out[d - skip] : 1;
        wide.kernel[d] = in_file ? g->kernel[d - skip] : 1;
        wide.stride[d] = in_file ? g->stride[d - skip] : 1;
        wide.dilation[d] = in_file ? g->dilation[d - skip] : 1;
        wide.before[d] = in_file ? g->before[d - skip] : 0;
        wide.after[d] = in_file ? g->after[d - skip] : 0;
    }
    return wide;
}

/* Position of a point in a plane of three dimensions; false outside. */
static bool position(const int64_t size[3], const int64_t at[3], int64_t *index)
{
    *index = 0;
    for (int d = 0; d < 3; d++) {
        if (at[d] < 0 || at[d] >= size[d])
            return false;
        *index = *index * size[d] + at[d];
    }
    return true;
}

int64_t geometry_elements(const int64_t size[3])
{
    return size[0] * size[1] * size[2];
}

void geometry_unpack(const int64_t size[3], int64_t index, int64_t at[3])
{
    for (int d = 2; d >= 0; d--) {
        at[d] = index % size[d];
        index /= size[d];
    }
}

/* Where tap k of output o looks; false in the padding. */
bool geometry_source(const struct geometry *g, int64_t o, int64_t k, int64_t *index)
{
    int64_t out[3], tap[3], in[3];
    geometry_unpack(g->out, o, out);
    geometry_unpack(g->kernel, k, tap);
    for (int d = 0; d < 3; d++)
        in[d] = out[d] * g->stride[d] + tap[d] * g->dilation[d] - g->before[d];
    return position(g->in, in, index);
}

int geometry_attributes(const struct geometry *g, struct attribute *attributes, int64_t pads[6])
{
    int count = 0;
    memcpy(pads, g->before, (size_t)g->spatial * sizeof *pads);
    memcpy(pads + g->spatial, g->after, (size_t)g->spatial * sizeof *pads);
    attributes[count++] = integers_attribute("kernel_shape", g->spatial, g->kernel);
    attributes[count++] = integers_attribute("strides", g->spatial, g->stride);
    attributes[count++] = integers_attribute("dilations", g->spatial, g->dilation);
    attributes[count++] = g->auto_pad ? string_attribute("auto_pad", g->auto_pad)
                                      : integers_attribute("pads", 2 * g->spatial, pads);
    return count;
}
