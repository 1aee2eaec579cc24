/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the pruned set changes first: roots of polynomials, no steps. */
#include <math.h>

#include "base/memory.h"
#include "base/pool.h"
#include "base/progress.h"
#include "base/status.h"
#include "score/proscore.h"
#include "stats/gamma_order.h"
#include "stats/gamma_sweep.h"

/* c[0] + c[1]*t + c[2]*t^2 + c[3]*t^3, its sign that of (PROscore_i - PROscore_j) at lambda = t / unit. */
struct cubic {
    double c[4], unit;
};

static double cubic_at(const struct cubic *f, double t)
{
    return ((f->c[3] * t + f->c[2]) * t + f->c[1]) * t + f->c[0];
}

/* A point in units of a rate. */
struct rate {
    double a, b, q; /* along, lift, along^2 + across^2 */
};

static struct rate rate_of(const struct proscore_point *point, double unit)
{
    const double a = point->along / unit, n = point->across / unit;
    return (struct rate){a, point->lift / unit, a * a + n * n};
}

/* PROscore^2 = P / B with P = 1 - 2*a*lambda + q*lambda^2, B = (1 - b*lambda)^2. P_i*B_j - P_j*B_i has no
 * constant term; what is left after a division by lambda is this. */
static struct cubic difference_of(const struct rate *i, const struct rate *j, double unit)
{
    return (struct cubic){
        .c = {-2 * ((i->a - i->b) - (j->a - j->b)),
              (i->q - j->q) + (j->b * j->b - i->b * i->b) + 4 * (i->a * j->b - j->a * i->b),
              -2 * ((i->q * j->b - j->q * i->b) + (i->a * j->b * j->b - j->a * i->b * i->b)),
              i->q * j->b * j->b - j->q * i->b * i->b},
        .unit = unit,
    };
}

/* In units of the largest of the pair's rates, so that coefficients are near 1. */
static struct cubic difference(const struct proscore_point *i, const struct proscore_point *j)
{
    double unit = fmax(fmax(hypot(i->along, i->across), hypot(j->along, j->across)),
                       fmax(fabs(i->lift), fabs(j->lift)));
    if (!(unit > 0))
        return (struct cubic){.unit = 1};
    const struct rate one = rate_of(i, unit), two = rate_of(j, unit);
    return difference_of(&one, &two, unit);
}

/* The same for log PROscore_i + log PROscore_j: of P_i*P_j - B_i*B_j. */
static struct cubic sum(const struct proscore_point *i, const struct proscore_point *j, double unit)
{
    double ai = i->along / unit, aj = j->along / unit, bi = i->lift / unit, bj = j->lift / unit;
    double ni = i->across / unit, nj = j->across / unit;
    double qi = ai * ai + ni * ni, qj = aj * aj + nj * nj;
    return (struct cubic){
        .c = {-2 * ((ai - bi) + (aj - bj)), (qi - bi * bi) + (qj - bj * bj) + 4 * (ai * aj - bi * bj),
              -2 * ((ai * qj - bi * bj * bj) + (aj * qi - bj * bi * bi)), qi * qj - bi * bi * bj * bj},
        .unit = unit,
    };
}

/* Seen from infinity: the same sign at 1/t. */
static void reverse(struct cubic *f)
{
    double c0 = f->c[0], c1 = f->c[1];
    f->c[0] = f->c[3];
    f->c[1] = f->c[2];
    f->c[2] = c1;
    f->c[3] = c0;
}

/* Beyond all roots. */
static double root_bound(const struct cubic *f)
{
    int lead = 3;
    double largest = 0;
    while (lead > 0 && f->c[lead] == 0)
        lead--;
    for (int k = 0; k < lead; k++)
        largest = fmax(largest, fabs(f->c[k] / f->c[lead]));
    return fmin(1 + largest, 1e300);
}

/* Where the cubic turns, ascending; returns how many there are. */
static int turns(const struct cubic *f, double turn[2])
{
    double a = 3 * f->c[3], half = f->c[2], c = f->c[1]; /* a*t^2 + 2*half*t + c */
    double root = half * half - a * c;
    if (!(root >= 0))
        return 0;
    double q = -(half + copysign(sqrt(root), half)); /* without cancellation */
    int count = 0;
    if (a != 0)
        turn[count++] = q / a;
    if (q != 0)
        turn[count++] = c / q;
    if (count == 2 && turn[0] > turn[1]) {
        double swap = turn[0];
        turn[0] = turn[1];
        turn[1] = swap;
    }
    return count;
}

/* The zero in (low, high], where the cubic rises from not above 0 to above. */
static double bisect(const struct cubic *f, double low, double high)
{
    for (;;) {
        double middle = low > 0 && high / low > 4 ? sqrt(low) * sqrt(high) : low + 0.5 * (high - low);
        if (!(middle > low && middle < high))
            return high;
        if (cubic_at(f, middle) > 0)
            high = middle;
        else
            low = middle;
    }
}

/* Where the way from start to end is cut so that the cubic has at most one zero in each part; the last is
 * end, or beyond all zeros. */
static int stops_of(const struct cubic *f, double start, double end, double stop[3])
{
    double turn[2];
    int count = turns(f, turn), stops = 0;
    for (int i = 0; i < count; i++) {
        if (turn[i] > start && turn[i] < end)
            stop[stops++] = turn[i];
    }
    stop[stops++] = isinf(end) ? fmax(root_bound(f), 2 * start) : end;
    return stops;
}

/* The first t in (start, end) at which the cubic, not above 0 at first, goes above it; end where it does
 * not. */
static double first_rise(const struct cubic *f, double start, double end)
{
    double stop[3], low = start;
    int stops = stops_of(f, start, end, stop);
    /* Above 0 at the start is a tie up to rounding: it has to part first. */
    bool below = cubic_at(f, start) <= 0;
    for (int i = 0; i < stops; low = stop[i++]) {
        bool above = cubic_at(f, stop[i]) > 0;
        if (below && above)
            return bisect(f, low, stop[i]);
        below = !above;
    }
    return end;
}

/* All t in (start, end) at which the cubic changes its sign, added to the ascending `found`. */
static int add_crossings(const struct cubic *f, double start, double end, double *found, int count)
{
    const struct cubic negative = {.c = {-f->c[0], -f->c[1], -f->c[2], -f->c[3]}};
    double stop[3], low = start;
    int stops = stops_of(f, start, end, stop);
    bool was = cubic_at(f, start) > 0;
    for (int i = 0; i < stops; low = stop[i++]) {
        bool above = cubic_at(f, stop[i]) > 0;
        if (above != was) {
            double at = bisect(above ? f : &negative, low, stop[i]);
            int place = count++;
            for (; place > 0 && found[place - 1] > at; place--)
                found[place] = found[place - 1];
            found[place] = at;
        }
        was = above;
    }
    return count;
}

/* As first_rise of the product of two: its sign is the same from one crossing to the next. */
static double first_rise_of_product(const struct cubic f[2], double start, double end)
{
    double found[7], from = start;
    int count = add_crossings(&f[0], start, end, found, 0);
    count = add_crossings(&f[1], start, end, found, count);
    found[count] = isinf(end) ? 2 * fmax(fmax(root_bound(&f[0]), root_bound(&f[1])), start) : end;
    bool below = false;
    for (int i = 0; i <= count; from = found[i++]) {
        double middle = from + 0.5 * (found[i] - from), one = cubic_at(&f[0], middle),
               two = cubic_at(&f[1], middle);
        bool above = (one > 0 && two > 0) || (one < 0 && two < 0);
        if (below && above)
            return from;
        below = !above;
    }
    return end;
}

/* The first t at which the score of `cut`, by the points' order, is above that of `kept`. */
static double first_change(const struct proscore_point *cut, const struct proscore_point *kept, bool upward,
                           struct cubic f[2], double start, double end)
{
    const bool either = cut->order == PROSCORE_EITHER_WAY;
    if (either)
        f[1] = sum(cut, kept, f[0].unit);
    if (!upward) {
        reverse(&f[0]);
        reverse(&f[1]);
    }
    return either ? first_rise_of_product(f, start, end) : first_rise(&f[0], start, end);
}

/* On the way from `start` (lambda, or 1/lambda on the way down) to *nearest: a pair that changes sides
 * before. */
static bool nearer(const struct proscore_point *cut, const struct proscore_point *kept, bool upward,
                   double start, double *nearest)
{
    if (cut->zero || kept->zero)
        return false; /* a zero filter is below all others at every lambda */
    const bool backward = cut->order == PROSCORE_BACKWARD;
    struct cubic f[2] = {backward ? difference(kept, cut) : difference(cut, kept)};
    const double unit = upward ? f[0].unit : 1 / f[0].unit, end = *nearest * unit,
                 found = first_change(cut, kept, upward, f, start * unit, end);
    if (!(found < end))
        return false;
    *nearest = found / unit;
    return true;
}

/* --- pairs that need no closer look ---------------------------------------------------------------- */

/* Is the cubic of the pair (difference, above) below 0 from `low` to `high`, beyond doubt of rounding? It is
 * where all of its Bernstein coefficients are: it lies in their hull. */
static bool stays_below(const struct rate *i, const struct rate *j, double low, double high)
{
    const double doubt = 1e-12;
    const struct cubic f = difference_of(i, j, 1);
    const double c0 = f.c[0], c1 = f.c[1], c2 = f.c[2], c3 = f.c[3];
    /* Polar form: the coefficient k is the blossom of k times high and 3 - k times low. */
    const double third = 1.0 / 3, sum = low + high, product = low * high;
    const double all[] = {
        c0 + low * (c1 + low * (c2 + low * c3)),
        c0 + third * (c1 * (low + sum) + c2 * (low * low + 2 * product)) + c3 * low * product,
        c0 + third * (c1 * (high + sum) + c2 * (high * high + 2 * product)) + c3 * high * product,
        c0 + high * (c1 + high * (c2 + high * c3)),
    };
    const double size = (fabs(i->a) + fabs(i->b) + fabs(j->a) + fabs(j->b)) +
                        high * ((i->q + j->q) + high * (fabs(c2) + high * fabs(c3)) + fabs(c1));
    const double limit = -doubt * size;
    return all[0] < limit && all[1] < limit && all[2] < limit && all[3] < limit;
}

/* --- a layer --------------------------------------------------------------------------------------- */

/* One layer while it is searched. */
struct search {
    const struct gamma_layer *layer;
    const struct gamma_rank *order;
    struct rate *rates; /* in that order; NULL: every pair is looked at closely */
    double unit;        /* the largest of the layer's rates */
    bool upward;
    double start, nearest;
};

/* May the pair change sides between start and nearest? */
static bool may_change(const struct search *search, int64_t i, int64_t j)
{
    if (!search->rates || (search->upward && isinf(search->nearest)))
        return true;
    const double low = search->upward           ? search->start
                       : isinf(search->nearest) ? 0
                                                : 1 / search->nearest,
                 high = search->upward ? search->nearest : 1 / search->start;
    const bool backward = search->layer->points[0].order == PROSCORE_BACKWARD;
    return !stays_below(&search->rates[backward ? j : i], &search->rates[backward ? i : j],
                        low * search->unit, high * search->unit);
}

/* Pairs of the cut channels from `first` on with the kept ones before `last`. */
static void search_pairs(struct search *search, int64_t first, int64_t last, int index,
                         struct gamma_flip *flip)
{
    const struct gamma_layer *layer = search->layer;
    for (int64_t i = first; i < layer->pruned; i++) {
        for (int64_t j = layer->pruned; j < last; j++) {
            int64_t cut = search->order[i].channel, kept = search->order[j].channel;
            if (may_change(search, i, j) && nearer(&layer->points[cut], &layer->points[kept], search->upward,
                                                   search->start, &search->nearest))
                *flip = (struct gamma_flip){.layer = index, .leaves = cut, .enters = kept};
        }
    }
}

/* A sum changes sides as nobody's difference does: no rates. Without memory for them it takes longer. */
static void take_rates(struct search *search)
{
    const struct gamma_layer *layer = search->layer;
    if (layer->channels == 0 || layer->points[0].order == PROSCORE_EITHER_WAY)
        return;
    search->rates = search->unit > 0 ? mem_new((size_t)layer->channels, sizeof *search->rates) : NULL;
    for (int64_t c = 0; search->rates && c < layer->channels; c++)
        search->rates[c] = rate_of(&layer->points[search->order[c].channel], search->unit);
}

/* Every layer by itself: what it finds does not depend on what others have found. */
struct flip_work {
    const struct gamma_settings *settings;
    const struct gamma_orders *orders;
    bool upward;
    double start;
    struct layer_flip {
        double nearest;
        struct gamma_flip flip;
    } * layers; /* owned */
};

/* Neighbours of the cut first: their change is mostly near, and few others are left that may come before.
 * What is equally near comes from the whole search, in whose order the first one counts. */
static double search_layer(const struct flip_work *work, int index, struct gamma_flip *flip)
{
    enum { NEIGHBOURS = 16 };
    const struct gamma_orders *orders = work->orders;
    const struct gamma_layer *layer = &work->settings->layers[index];
    struct search search = {.layer = layer,
                            .order = orders->items + orders->start[index],
                            .unit = orders->reach[index],
                            .upward = work->upward,
                            .start = work->start,
                            .nearest = INFINITY};
    const int64_t first = layer->pruned > NEIGHBOURS ? layer->pruned - NEIGHBOURS : 0,
                  last = layer->pruned + NEIGHBOURS < layer->channels ? layer->pruned + NEIGHBOURS
                                                                      : layer->channels;
    take_rates(&search);
    search_pairs(&search, first, last, index, flip);
    const double found = search.nearest, end = found * (1 + 1e-9);
    search.nearest = end;
    search_pairs(&search, 0, layer->channels, index, flip);
    mem_free(search.rates);
    return search.nearest < end ? search.nearest : found;
}

static void flip_task(void *argument, int64_t task, int worker)
{
    struct flip_work *work = argument;
    struct layer_flip *found = &work->layers[task];
    (void)worker;
    if (!progress_cancelled(work->settings->progress))
        found->nearest = search_layer(work, (int)task, &found->flip);
}

/* The nearest of all layers, the first of those that are equally near. */
static status search_layers(struct flip_work *work, struct gamma_flip *flip, struct error *error)
{
    const struct gamma_settings *settings = work->settings;
    double nearest = INFINITY;
    work->layers = mem_new((size_t)settings->layer_count, sizeof *work->layers);
    if (!work->layers)
        return error_memory(error);
    for (int i = 0; i < settings->layer_count; i++)
        work->layers[i].nearest = INFINITY;
    pool_run(settings->pool, settings->layer_count, flip_task, work);
    for (int i = 0; i < settings->layer_count; i++) {
        if (!(work->layers[i].nearest < nearest))
            continue;
        nearest = work->layers[i].nearest;
        *flip = work->layers[i].flip;
    }
    mem_free(work->layers);
    flip->gamma = isinf(nearest) ? NAN : (work->upward ? nearest : 1 / nearest) / settings->scale;
    return progress_cancelled(settings->progress) ? error_set(error, STATUS_CANCELLED, "cancelled")
                                                  : STATUS_OK;
}

status gamma_first_flip(const struct gamma_settings *settings, bool upward, struct gamma_flip *flip,
                        struct error *error)
{
    struct gamma_orders orders;
    const double lambda = settings->reference * settings->scale;
    struct flip_work work = {
        .settings = settings, .orders = &orders, .upward = upward, .start = upward ? lambda : 1 / lambda};
    *flip = (struct gamma_flip){.layer = -1, .gamma = NAN};
    status code = gamma_orders_new(settings->layers, settings->layer_count, &orders, error);
    if (code == STATUS_OK)
        gamma_orders_at(&orders, settings->layers, settings->layer_count, lambda);
    if (code == STATUS_OK && isfinite(work.start))
        code = search_layers(&work, flip, error);
    gamma_orders_free(&orders);
    return code;
}
