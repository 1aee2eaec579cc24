/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the output of Resize takes its values from, along one axis. */
#ifndef IPPRO_NN_OPERATOR_RESIZE_H
#define IPPRO_NN_OPERATOR_RESIZE_H

#include <stdbool.h>
#include <stdint.h>

/* One axis: dimensions, output positions to an input position, and the output's length before it was rounded
 * down to `out` (scale * in): ONNX aligns the corners of that. */
struct resize_axis {
    int64_t in, out;
    double scale, length;
};

/* An output position in the input's coordinates. It is worked out in two ways: nearest rounds it, and has to
 * round where ONNX Runtime and PyTorch do, which compute in float; linear is continuous, so there double is
 * simply better. */
struct resize_coordinate {
    const char *name; /* coordinate_transformation_mode */
    bool moves;       /* even where nothing is scaled */
    float (*nearest)(const struct resize_axis *axis, float x);
    double (*linear)(const struct resize_axis *axis, double x);
};

struct resize_nearest {
    const char *name; /* nearest_mode */
    float (*round)(float x);
};

/* By name; NULL when not supported. */
const struct resize_coordinate *resize_coordinate(const char *name);
const struct resize_nearest *resize_nearest(const char *name);

struct resize_method {
    const struct resize_coordinate *coordinate;
    const struct resize_nearest *nearest; /* NULL: linear */
};

/* The value of one output position: (1 - weight) * in[low] + weight * in[high]. */
struct resize_sample {
    int64_t low, high;
    double weight;
};

/* Sample of output position 0..out-1; both dimensions are at least 1. */
struct resize_sample resize_sample(const struct resize_method *method, const struct resize_axis *axis,
                                   int64_t position);

#endif
