/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the output of Resize takes its values from, along one axis: from how many positions of the input, and
 * with which weights. */
#ifndef IPPRO_NN_OPERATOR_RESIZE_H
#define IPPRO_NN_OPERATOR_RESIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/status.h"

/* One axis: dimensions, output positions to an input position, and the output's length before it was rounded
 * down to `out` (scale * in): ONNX aligns the corners of that. start..end is the region of interest, in parts
 * of the input. */
struct resize_axis {
    int64_t in, out;
    double scale, length;
    double start, end;
};

/* An output position in the input's coordinates. It is worked out in two ways: nearest rounds it, and has to
 * round where ONNX Runtime and PyTorch do, which compute in float; others are continuous, so there double is
 * simply better. */
struct resize_coordinate {
    const char *name; /* coordinate_transformation_mode */
    bool moves;       /* even where nothing is scaled */
    bool region;      /* of the region of interest; beyond the input is a constant, not its edge */
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

/* A continuous kernel: the weight of a position at a distance, 0 from `reach` on. `cubic`: the parameter of a
 * cubic one. */
struct resize_kernel {
    const char *name; /* mode */
    int reach;
    double (*weight)(double distance, double cubic);
};

/* By name; NULL when not supported. */
const struct resize_kernel *resize_kernel(const char *name);

struct resize_method {
    const struct resize_coordinate *coordinate;
    const struct resize_nearest *nearest; /* NULL: by the kernel */
    const struct resize_kernel *kernel;
    double cubic;
    bool antialias; /* the kernel is as wide as what an output position stands for */
    bool exclude;   /* positions outside the input have no weight; else they are its edge */
    double beyond;  /* the value outside a region's input */
};

/* The value of one output position, by the number of positions that it is made of:
 *   0  the method's `beyond`
 *   1  in[low]
 *   2  (1 - weight) * in[low] + weight * in[high]
 *   more: the sum of weights[i] * in[at[i]]; the weights sum up to 1 */
struct resize_sample {
    int64_t count, low, high;
    double weight;
    const int64_t *at;
    const double *weights;
};

/* Sample of output position 0..out-1, its arrays in the arena; both dimensions are at least 1. Refuses a
 * kernel that reaches over more positions than can be. */
status resize_sample(const struct resize_method *method, const struct resize_axis *axis, int64_t position,
                     struct arena *arena, struct resize_sample *sample, struct error *error);

#endif
