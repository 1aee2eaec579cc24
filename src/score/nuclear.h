/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nuclear norms of feature maps without one of them (CHIP, Sui et al. 2021, arXiv 2110.13981). Private to
 * this room.
 *
 * A has the maps of one image as its rows, C x P. Its nuclear norm is the sum of its singular values, of
 * sqrt(e) over the eigenvalues e of A*A'. Without row i those are the eigenvalues of a matrix that differs by
 * rank one, and with
 *
 *     sqrt(b) - sqrt(a) = 1/pi * integral over x > 0 of log((b + x^2) / (a + x^2))
 *
 * the difference of the two sums is one integral over the logarithm of a ratio of determinants, which the
 * eigenvectors u of A*A' give:
 *
 *     ||A|| - ||A without i|| = -1/pi * integral of log(sum over k of u_ik^2 * x^2 / (e_k + x^2)).
 *
 * So one decomposition serves all C rows, in the place of C decompositions. The integral is a sum over x at
 * equal steps of log x, which errs by exp(-pi^2 / step). */
#ifndef IPPRO_SCORE_NUCLEAR_H
#define IPPRO_SCORE_NUCLEAR_H

#include <stdbool.h>
#include <stdint.h>

struct nuclear_work {
    int64_t channels, positions, side; /* side: the smaller of the two */
    double *turned;                    /* P x C; NULL where C is the side */
    double *gram;                      /* side x side; then its eigenvectors, a row each */
    double *values;                    /* side: the eigenvalues */
    double *squares;                   /* C x side: u_ik^2 */
    double *shares, *sums;             /* side x points, C x points: of the integral */
    double *reals;                     /* of matrix_eigen, as the next */
    int *integers;
};

/* For maps of this size; false when memory is out, or where that is beyond matrix products. nuclear_free is
 * to be called then too. */
bool nuclear_init(struct nuclear_work *work, int64_t channels, int64_t positions);
void nuclear_free(struct nuclear_work *work);
/* Add to `change` (C) by how much the nuclear norm of the maps (C x P, row-major) falls when row i is set to
 * zero, for every i; a part in 10^8 of the largest is uncertain. O(min(C, P)^2 * (C + P)). Maps that are not
 * finite make what is added no number. */
void nuclear_changes(struct nuclear_work *work, const double *maps, double *change);

#endif
