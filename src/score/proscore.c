/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PROscore: the formulas. */
#include "score/proscore.h"

#include <math.h>

struct proscore_point proscore_scalar(double f, double gradient, double lift_gradient)
{
    if (f == 0.0) {
        return (struct proscore_point){.zero = true};
    }
    return (struct proscore_point){.along = gradient / f, .across = 0.0, .lift = lift_gradient / fabs(f)};
}

struct proscore_point proscore_pair(const double f[2], const double gradient[2], double lift_gradient)
{
    double norm = hypot(f[0], f[1]);
    if (norm == 0.0) {
        return (struct proscore_point){.zero = true};
    }
    double x = f[0] / norm, y = f[1] / norm; /* direction of F; (-y, x) is at right angles to it */
    return (struct proscore_point){.along = (x * gradient[0] + y * gradient[1]) / norm,
                                   .across = fabs(x * gradient[1] - y * gradient[0]) / norm,
                                   .lift = lift_gradient / norm};
}

struct proscore_point proscore_vector(double norm, double gradient_norm, double dot, double lift_gradient)
{
    if (norm == 0.0) {
        return (struct proscore_point){.zero = true};
    }
    double length = gradient_norm / norm, along = dot / norm / norm;
    /* (q - a^2) as a product of sum and difference; rounding may leave it just below zero. */
    double square = (length - along) * (length + along);
    return (struct proscore_point){
        .along = along, .across = square < 0.0 ? 0.0 : sqrt(square), .lift = lift_gradient / norm};
}

struct proscore_point proscore_unit_point(struct proscore_point point, double norm)
{
    point.along *= norm * norm;
    point.across *= norm * norm;
    point.lift *= norm;
    return point;
}

struct proscore_point proscore_still_point(struct proscore_point point)
{
    point.along = point.across = 0.0;
    point.still = true;
    return point;
}

/* Beyond this many times ||F|| a step hides its starting point, and its square may overflow. */
static const double far_step = 1e100;

/* log( ||F - lambda*g_F|| / ||F|| ) */
static double log_length(double along, double across, double lambda)
{
    double length = across == 0.0 ? fabs(along) : hypot(along, across); /* the same number, sooner */
    if (lambda * length > far_step) {
        return log(lambda) + log(length);
    }
    double change = lambda * (lambda * length * length - 2.0 * along);
    if (fabs(change) < 0.5) { /* near 1 the logarithm needs every digit of the change */
        return 0.5 * log1p(change);
    }
    return log(hypot(1.0 - lambda * along, lambda * across));
}

/* log( | ||F|| - lambda*g_D | / ||F|| ), -INFINITY where the step ends at zero */
static double log_lift(double lift, double lambda)
{
    double change = lambda * lift;
    if (fabs(change) > far_step) {
        return log(lambda) + log(fabs(lift));
    }
    return fabs(change) < 0.5 ? log1p(-change) : log(fabs(1.0 - change));
}

static double log_limit(const struct proscore_point *point)
{
    double gradient = point->still ? 1.0 : hypot(point->along, point->across);
    if (point->lift == 0.0) {
        return gradient == 0.0 ? 0.0 : INFINITY; /* a point that does not move stays at 45 degrees */
    }
    return log(gradient) - log(fabs(point->lift));
}

static double in_order(enum proscore_order order, double log)
{
    return order == PROSCORE_FORWARD ? log : order == PROSCORE_EITHER_WAY ? fabs(log) : -log;
}

double proscore_log(const struct proscore_point *point, double lambda)
{
    if (point->zero) {
        return -INFINITY;
    }
    if (isinf(lambda)) {
        /* Of a point that stands still P falls for ever, and what is far from 1 is what is small. */
        return in_order(point->still && point->order == PROSCORE_EITHER_WAY ? PROSCORE_BACKWARD
                                                                            : point->order,
                        log_limit(point));
    }
    double lift = log_lift(point->lift, lambda);
    return in_order(point->order,
                    lift == -INFINITY ? INFINITY : log_length(point->along, point->across, lambda) - lift);
}

void proscore_in_order(enum proscore_order order, double *logs, int64_t count)
{
    for (int64_t i = 0; i < count && order != PROSCORE_FORWARD; i++) {
        logs[i] = in_order(order, logs[i]);
    }
}

bool proscore_sign_changes(const struct proscore_point *point, double lambda)
{
    return !point->zero && (isinf(lambda) ? point->lift > 0.0 : lambda * point->lift > 1.0);
}
