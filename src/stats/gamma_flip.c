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
 * constant term; what is left after a division by lambda is this. In units of the largest of the pair's
 * rates, so that coefficients are near 1. */
static struct cubic difference(const struct proscore_point *one, const struct proscore_point *two)
{
    double unit = fmax(fmax(hypot(one->along, one->across), hypot(two->along, two->across)),
                       fmax(fabs(one->lift), fabs(two->lift)));
    if (!(unit > 0))
        return (struct cubic){.unit = 1};
    const struct rate i = rate_of(one, unit), j = rate_of(two, unit);
    return (struct cubic){
        .c = {-2 * ((i.a - i.b) - (j.a - j.b)),
              (i.q - j.q) + (j.b * j.b - i.b * i.b) + 4 * (i.a * j.b - j.a * i.b),
              -2 * ((i.q * j.b - j.q * i.b) + (i.a * j.b * j.b - j.a * i.b * i.b)),
              i.q * j.b * j.b - j.q * i.b * i.b},
        .unit = unit,
    };
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

/* --- a layer --------------------------------------------------------------------------------------- */

struct flip_work {
    const struct gamma_settings *settings;
    const struct gamma_curves *curves;
    struct gamma_rank *order;   /* at the reference, per channel of all layers; owned as all below */
    struct gamma_range *ranges; /* in that order, from start to end */
    double *keys;
    bool upward;
    double start, end; /* lambda, or 1/lambda on the way down */
    struct layer_flip {
        double nearest;
        struct gamma_flip flip;
    } * layers;
};

/* One layer while it is searched. */
struct search {
    const struct flip_work *work;
    const struct gamma_layer *layer;
    const struct gamma_rank *order;
    struct layer_flip found;
};

static struct search search_begin(const struct flip_work *work, int index, double end)
{
    return (struct search){.work = work,
                           .layer = &work->settings->layers[index],
                           .order = work->order + work->curves->start[index],
                           .found = {.nearest = end, .flip = {.layer = index}}};
}

static void look_at(struct search *search, int64_t i, int64_t j)
{
    const int64_t cut = search->order[i].channel, kept = search->order[j].channel;
    if (nearer(&search->layer->points[cut], &search->layer->points[kept], search->work->upward,
               search->work->start, &search->found.nearest)) {
        search->found.flip.leaves = cut;
        search->found.flip.enters = kept;
    }
}

/* Task, a layer: only pairs of neighbours of the cut, whose change is mostly near. */
static void neighbours_task(void *argument, int64_t task, int worker)
{
    enum { NEIGHBOURS = 4 };
    struct flip_work *work = argument;
    const struct gamma_settings *settings = work->settings;
    const int index = (int)task;
    struct gamma_sums sums = {0};
    const int64_t start = work->curves->start[index], pruned = settings->layers[index].pruned,
                  channels = settings->layers[index].channels;
    (void)worker;
    gamma_order_begin(work->curves, index, work->order + start);
    gamma_order_at(work->curves, index, settings->reference * settings->scale, work->keys + start,
                   work->order + start, &sums);
    struct search search = search_begin(work, index, INFINITY);
    for (int64_t i = pruned > NEIGHBOURS ? pruned - NEIGHBOURS : 0; i < pruned; i++)
        for (int64_t j = pruned; j < channels && j < pruned + NEIGHBOURS; j++)
            look_at(&search, i, j);
    work->layers[index] = search.found;
}

/* All pairs of a pruned and a kept channel whose ranges meet. */
static void search_pairs(struct search *search, const struct gamma_range *ranges)
{
    const int64_t pruned = search->layer->pruned, channels = search->layer->channels;
    double lowest = INFINITY; /* of what is kept */
    for (int64_t j = pruned; j < channels; j++)
        lowest = fmin(lowest, ranges[j].least);
    for (int64_t i = 0; i < pruned; i++)
        for (int64_t j = pruned; ranges[i].most >= lowest && j < channels; j++)
            if (ranges[i].most >= ranges[j].least)
                look_at(search, i, j);
}

/* Task, a layer: whatever comes before the end. */
static void pairs_task(void *argument, int64_t task, int worker)
{
    struct flip_work *work = argument;
    const int index = (int)task;
    const double low = work->upward ? work->start : 1 / work->end,
                 high = work->upward ? work->end : 1 / work->start;
    struct gamma_range *ranges = work->ranges + work->curves->start[index];
    struct search search = search_begin(work, index, work->end);
    (void)worker;
    if (progress_cancelled(work->settings->progress))
        return;
    for (int64_t c = 0; c < search.layer->channels; c++)
        ranges[c] = gamma_range_of(work->curves, index, search.order[c].channel, low, high);
    search_pairs(&search, ranges);
    if (search.found.nearest < work->end)
        work->layers[index] = search.found;
}

/* The first of the layers whose change is nearest; NULL where nothing changes. */
static const struct layer_flip *nearest_of(const struct flip_work *work)
{
    const struct layer_flip *nearest = NULL;
    for (int i = 0; i < work->settings->layer_count; i++)
        if (work->layers[i].nearest < (nearest ? nearest->nearest : INFINITY))
            nearest = &work->layers[i];
    return nearest;
}

/* What is equally near as the nearest of the neighbours comes from the search of all, in whose order the
 * first one counts. */
static status search_layers(struct flip_work *work, struct gamma_flip *flip, struct error *error)
{
    const struct gamma_settings *settings = work->settings;
    const size_t channels = (size_t)work->curves->channels + 1;
    work->layers = mem_new((size_t)settings->layer_count + 1, sizeof *work->layers);
    work->order = mem_new(channels, sizeof *work->order);
    work->ranges = mem_new(channels, sizeof *work->ranges);
    work->keys = mem_new(channels, sizeof *work->keys);
    if (!work->layers || !work->order || !work->ranges || !work->keys)
        return error_memory(error);
    pool_run(settings->pool, settings->layer_count, neighbours_task, work);
    const struct layer_flip *found = nearest_of(work);
    work->end = found ? found->nearest * (1 + 1e-9) : INFINITY;
    pool_run(settings->pool, settings->layer_count, pairs_task, work);
    found = nearest_of(work);
    if (found) {
        *flip = found->flip;
        flip->gamma = (work->upward ? found->nearest : 1 / found->nearest) / settings->scale;
    }
    return progress_cancelled(settings->progress) ? error_set(error, STATUS_CANCELLED, "cancelled")
                                                  : STATUS_OK;
}

status gamma_first_flip(const struct gamma_settings *settings, bool upward, struct gamma_flip *flip,
                        struct error *error)
{
    struct gamma_curves curves;
    const double lambda = settings->reference * settings->scale;
    struct flip_work work = {
        .settings = settings, .curves = &curves, .upward = upward, .start = upward ? lambda : 1 / lambda};
    *flip = (struct gamma_flip){.layer = -1, .gamma = NAN};
    status code = gamma_curves_new(settings->layers, settings->layer_count, &curves, error);
    if (code == STATUS_OK && isfinite(work.start))
        code = search_layers(&work, flip, error);
    gamma_curves_free(&curves);
    mem_free(work.layers);
    mem_free(work.order);
    mem_free(work.ranges);
    mem_free(work.keys);
    return code;
}
