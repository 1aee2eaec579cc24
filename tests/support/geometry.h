/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sliding windows by their definition, one point at a time. */
#ifndef IPPRO_TESTS_GEOMETRY_H
#define IPPRO_TESTS_GEOMETRY_H

#include <stdbool.h>
#include <stdint.h>
#include "nn/graph/graph.h"

/* Geometry in file order; entries beyond `spatial` are not used. */
struct geometry {
    const char *title;
    int spatial;
    int64_t batch, channels, filters, groups;
    int64_t in[3], kernel[3], stride[3], dilation[3], before[3], after[3], out[3];
    const char *auto_pad; /* before and after say what it must come to */
    bool bias;
};

/* The same in three dimensions, ones in front. The functions below take this form. */
struct geometry geometry_widened(const struct geometry *geometry);
int64_t geometry_elements(const int64_t size[3]);
void geometry_unpack(const int64_t size[3], int64_t index, int64_t at[3]);
/* Where tap `tap` of output position `output` looks; false in the padding. */
bool geometry_source(const struct geometry *geometry, int64_t output, int64_t tap, int64_t *index);

/* Four attributes of the file's form; `pads` is memory that they borrow. */
int geometry_attributes(const struct geometry *geometry, struct attribute *attributes, int64_t pads[6]);

#endif
