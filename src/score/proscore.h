/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PROscore (IPPRO, arXiv 2507.14171): the formulas, free of networks.
 *
 * A filter F is lifted to projective space with one more coordinate D = ||F||. A gradient-descent step of
 * size lambda moves the point to (F - lambda*g_F, D - lambda*g_D); the score is the tangent of the new angle
 * to the origin, PROscore = ||F - lambda*g_F|| / | ||F|| - lambda*g_D |. Nearly all scores are within 1e-7 of
 * 1, so what is computed, and ranked, is the logarithm, from quantities relative to ||F||. They do not depend
 * on lambda: a sweep costs one call of proscore_log per lambda. */
#ifndef IPPRO_SCORE_PROSCORE_H
#define IPPRO_SCORE_PROSCORE_H

#include <stdbool.h>
#include <stdint.h>

/* How P = PROscore becomes the score that is ranked: log P, |log P| (how far the angle leaves 45 degrees,
 * whichever way), or -log P. */
enum proscore_order { PROSCORE_FORWARD, PROSCORE_EITHER_WAY, PROSCORE_BACKWARD };

/* A lifted filter and its gradient, relative to ||F||. */
struct proscore_point {
    bool zero;                 /* ||F|| = 0: no direction; mapped to the origin and pruned first */
    bool still;                /* F takes no step, D alone does: along and across are 0 */
    enum proscore_order order; /* the same in all points that are compared */
    double along;              /* a = <F,g_F> / ||F||^2 */
    double
        across; /* length of g_F's part at right angles to F, / ||F||; a^2 + across^2 = ||g_F||^2 / ||F||^2 */
    double lift; /* b = g_D / ||F|| */
};

struct proscore_point proscore_scalar(double f, double gradient, double lift_gradient);
struct proscore_point proscore_pair(const double f[2], const double gradient[2], double lift_gradient);
/* norm = ||F||, gradient_norm = ||g_F||, dot = <F,g_F>. */
struct proscore_point proscore_vector(double norm, double gradient_norm, double dot, double lift_gradient);

/* The point of the same filter in units of its own length: F/||F|| with D = 1 beside it, so that the score
 * does not depend on ||F||. `norm` = ||F||. */
struct proscore_point proscore_unit_point(struct proscore_point point, double norm);
/* The same filter that takes no step; only its coordinate does. */
struct proscore_point proscore_still_point(struct proscore_point point);

/* The score after a step lambda > 0: log PROscore, as the point's order has it. INFINITY gives the limit
 * log(||g_F|| / |g_D|); of points that stand still that of log(lambda * PROscore), which ranks them as any
 * long step does. A zero filter: -INFINITY in any order. A step that takes D to zero is one of an infinite
 * PROscore. NaN only where the point holds one. */
double proscore_log(const struct proscore_point *point, double lambda);
/* The same of many points, within a few units in the last place of 1 + |log|, and much faster. */
void proscore_logs(const struct proscore_point *points, int64_t count, double lambda, double *logs);
/* Logarithms of PROscore as scores of that order, in place. */
void proscore_in_order(enum proscore_order order, double *logs, int64_t count);
/* Does D change its sign in this step? */
bool proscore_sign_changes(const struct proscore_point *point, double lambda);

#endif
