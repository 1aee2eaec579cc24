/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The updates of train/optimizer.h for one element type: optimizer.c includes it once with REAL, a type, and
 * TYPED(name), a name for it. Arrays of `count` elements: the parameter, its gradient, what is kept. No sum
 * runs over elements, so that they may be cut anywhere. */

static void TYPED(update_sgd)(const struct update *update, int64_t first, int64_t count)
{
    REAL *restrict w = (REAL *)update->data + first;
    const REAL *restrict gradient = (const REAL *)update->gradient + first;
    REAL *restrict velocity = (REAL *)update->slots[0] + first;
    const REAL decay = (REAL)update->decay, momentum = (REAL)update->options->momentum;
    const REAL rate = (REAL)update->rate, from_start = update->step == 1 ? 0 : momentum;
    const REAL ahead = update->options->nesterov ? 1 : 0; /* of the gradient itself */
    const REAL along = update->options->nesterov ? momentum : 1;
    for (int64_t i = 0; i < count; i++) {
        const REAL g = gradient[i] + decay * w[i];
        const REAL v = from_start * velocity[i] + g;
        velocity[i] = v;
        w[i] -= rate * (ahead * g + along * v);
    }
}

static void TYPED(update_adamw)(const struct update *update, int64_t first, int64_t count)
{
    REAL *restrict w = (REAL *)update->data + first;
    const REAL *restrict gradient = (const REAL *)update->gradient + first;
    REAL *restrict mean = (REAL *)update->slots[0] + first;
    REAL *restrict square = (REAL *)update->slots[1] + first;
    const struct optimizer_options *o = update->options;
    const REAL keep = (REAL)(1 - update->rate * update->decay);
    const REAL new1 = (REAL)(1 - o->beta1), old2 = (REAL)o->beta2, new2 = (REAL)(1 - o->beta2);
    const REAL size = (REAL)(update->rate / (1 - pow(o->beta1, (double)update->step)));
    const REAL root = (REAL)sqrt(1 - pow(o->beta2, (double)update->step));
    const REAL epsilon = (REAL)o->epsilon;
    for (int64_t i = 0; i < count; i++) {
        const REAL g = gradient[i];
        const REAL m = mean[i] + new1 * (g - mean[i]);
        const REAL s = old2 * square[i] + new2 * g * g;
        mean[i] = m;
        square[i] = s;
        w[i] = keep * w[i] - size * m / (ROOT(s) / root + epsilon);
    }
}

static double TYPED(sum_of_squares)(const void *values, int64_t count)
{
    const REAL *value = values;
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += (double)value[i] * (double)value[i];
    return sum;
}

static void TYPED(scale)(void *values, int64_t count, double factor)
{
    REAL *value = values;
    for (int64_t i = 0; i < count; i++)
        value[i] *= (REAL)factor;
}

#undef REAL
#undef TYPED
#undef ROOT
