/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lengths of a layer's filters and the angles between them. Private to this room. */
#ifndef IPPRO_SCORE_COSINE_H
#define IPPRO_SCORE_COSINE_H

#include "base/status.h"
#include "score/criterion.h"

struct filter_angles {
    double *length; /* count: Euclidean */
    double *cosine; /* count x count, symmetric, -1..1; 0 beside a filter of zeros, 1 on the diagonal */
};

/* O(count^2 * filter length) time. To be freed after a failure too: STATUS_MEMORY, STATUS_CANCELLED. A weight
 * that is not finite makes lengths or cosines that are no numbers. */
status filter_angles_find(const struct criterion_input *input, struct filter_angles *angles,
                          struct error *error);
void filter_angles_free(struct filter_angles *angles);

#endif
