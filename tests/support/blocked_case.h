/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One call of a blocked convolution kernel beside plain loops in double. */
#ifndef IPPRO_TESTS_BLOCKED_CASE_H
#define IPPRO_TESTS_BLOCKED_CASE_H

#include "base/random.h"
#include "nn/blocked/blocked.h"

/* Which parts of the epilogue are there. */
enum {
    EPILOGUE_BIAS = 1,
    EPILOGUE_RAW = 2,
    EPILOGUE_SCALE = 4,
    EPILOGUE_RESIDUAL = 8,
    EPILOGUE_RELU = 16,
    EPILOGUE_ADD = 32,
    EPILOGUE_ALL = 63,
};

/* Run the family on random numbers and fail where it differs from the definition by more than `tolerance`
 * times the sum of the absolute products, or where channels past the last are not zero. Returns the largest
 * such difference. */
double blocked_case_check(const struct blocked_family *family, const struct blocked_convolution *geometry,
                          int epilogue, double tolerance, struct random_state *random);

/* Run the family on random numbers through the gradient of a random tail (nn/blocked/blocked_layer.h), and
 * fail where that gives anything else than the family and then that gradient: other bits, or other sums than
 * rounding allows. */
void blocked_case_tail(const struct blocked_kernels *kernels, const struct blocked_family *family,
                       const struct blocked_convolution *geometry, struct random_state *random);

/* The gradient of the convolution's weights from random numbers, added to others, and fail where it differs
 * from the definition by more than `tolerance` times the sum of the absolute products. */
void blocked_case_weights(const struct blocked_kernels *kernels, const struct blocked_convolution *geometry,
                          double tolerance, struct random_state *random);

/* The same by a family's own way, where its weight_workspace says that it has one. */
void blocked_case_family_weights(const struct blocked_kernels *kernels, const struct blocked_family *family,
                                 const struct blocked_convolution *geometry, double tolerance,
                                 struct random_state *random);

/* The same for the gradient of a bias. */
void blocked_case_bias(const struct blocked_kernels *kernels, int images, int channels, int positions,
                       double tolerance, struct random_state *random);

/* Random parts of the epilogue that go together. */
int blocked_case_epilogue(struct random_state *random);

/* The output size that follows from the input with `after` more padding at the bottom and right. */
void blocked_case_sizes(struct blocked_convolution *geometry, int after);

#endif
