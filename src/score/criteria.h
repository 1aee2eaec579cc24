/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of the criterion table in their order of display, each defined beside its formula. */
#ifndef IPPRO_SCORE_CRITERIA_H
#define IPPRO_SCORE_CRITERIA_H

#include "score/criterion.h"

#define CRITERION_LIST(X)                                                                                    \
    X(l1)                                                                                                    \
    X(l2)                                                                                                    \
    X(bn)                                                                                                    \
    X(lamp)                                                                                                  \
    X(taylor)                                                                                                \
    X(jacobian)                                                                                              \
    X(fisher)                                                                                                \
    X(obd)                                                                                                   \
    X(snip)                                                                                                  \
    X(geomedian)                                                                                             \
    X(whc)                                                                                                   \
    X(variance)                                                                                              \
    X(apoz)                                                                                                  \
    X(hrank)                                                                                                 \
    X(chip)                                                                                                  \
    X(proscore)                                                                                              \
    X(sequential)                                                                                            \
    X(random)

#define DECLARE_CRITERION(name) extern const struct criterion criterion_##name;
CRITERION_LIST(DECLARE_CRITERION)
#undef DECLARE_CRITERION

/* Euclidean length that neither overflows nor loses small numbers; NaN stays NaN. */
double vector_norm(const double *values, int64_t count);

#endif
