/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of the criterion table, each defined beside its formula; criterion_table.c puts them in order. */
#ifndef IPPRO_SCORE_CRITERIA_H
#define IPPRO_SCORE_CRITERIA_H

#include "score/criterion.h"

extern const struct criterion criterion_l1, criterion_l2, criterion_bn;
extern const struct criterion criterion_taylor;
extern const struct criterion criterion_geomedian;
extern const struct criterion criterion_proscore;
extern const struct criterion criterion_random;

/* Euclidean length that neither overflows nor loses small numbers; NaN stays NaN. */
double vector_norm(const double *values, int64_t count);

#endif
