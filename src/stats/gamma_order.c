/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Orders of channels that follow lambda. An order needs no logarithms: with P = PROscore,
 *
 *     P^2 - 1 = lambda (2 (b - a) + lambda (a^2 + across^2 - b^2)) / (1 - lambda b)^2
 *
 * rises with log P, and the brackets do not depend on lambda. */
#include "stats/gamma_order.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "nn/operator/rows.h"
#include "score/proscore.h"

static void take_rates(struct gamma_curves *curves, int layer)
{
    const struct gamma_layer *from = &curves->layers[layer];
    for (int64_t c = 0; c < from->channels; c++) {
        const struct proscore_point *point = &from->points[c];
        const double a = point->along, across = point->across, b = point->lift;
        const int64_t at = curves->start[layer] + c;
        if (point->zero) {
            curves->first[at] = NAN;
            continue;
        }
        curves->along[at] = a;
        curves->across[at] = across;
        curves->first[at] = 2 * (b - a);
        curves->second[at] = (a - b) * (a + b) + across * across;
        curves->lift[at] = b;
        curves->reach[layer] = fmax(curves->reach[layer], fmax(hypot(a, across), fabs(b)));
    }
}

status gamma_curves_new(const struct gamma_layer *layers, int count, struct gamma_curves *curves,
                        struct error *error)
{
    *curves = (struct gamma_curves){.layers = layers,
                                    .count = count,
                                    .start = mem_new((size_t)count + 1, sizeof *curves->start),
                                    .reach = mem_new((size_t)count + 1, sizeof *curves->reach)};
    if (!curves->start || !curves->reach)
        return error_memory(error);
    for (int i = 0; i < count; i++) {
        curves->start[i] = curves->channels;
        curves->channels += layers[i].channels;
        curves->widest = layers[i].channels > curves->widest ? layers[i].channels : curves->widest;
    }
    double **all[] = {&curves->along, &curves->across, &curves->lift, &curves->first, &curves->second};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        if (!(*all[k] = mem_new((size_t)curves->channels + 4, sizeof **all[k])))
            return error_memory(error);
    for (int i = 0; i < count; i++)
        take_rates(curves, i);
    return STATUS_OK;
}

void gamma_curves_free(struct gamma_curves *curves)
{
    mem_free(curves->along);
    mem_free(curves->across);
    mem_free(curves->lift);
    mem_free(curves->first);
    mem_free(curves->second);
    mem_free(curves->start);
    mem_free(curves->reach);
    *curves = (struct gamma_curves){0};
}

/* --- keys ----------------------------------------------------------------------------------------------- */

static enum proscore_order order_of_points(const struct gamma_layer *layer)
{
    return layer->channels ? layer->points[0].order : PROSCORE_FORWARD;
}

typedef int64_t lanes_mask __attribute__((vector_size(32)));

/* Keys of log P: P^2 - 1 down to P^2 = 1/2, below it -1/P^2, since of P^2 - 1 the digits would be gone. For
 * four channels of the curves from `at` on; counts those that are not finite. */
ROWS_INLINE void find_four_keys(const struct gamma_curves *curves, int64_t at, double lambda, double *keys,
                                lanes_mask *odd)
{
    const lanes_double one = {1, 1, 1, 1}, half = {-0.5, -0.5, -0.5, -0.5}, none = {0};
    const lanes_double left = one - lambda * *(const row_quad_double *)(curves->along + at),
                       side = lambda * *(const row_quad_double *)(curves->across + at),
                       below = one - lambda * *(const row_quad_double *)(curves->lift + at),
                       square = below * below, length = left * left + side * side,
                       above = lambda * (*(const row_quad_double *)(curves->first + at) +
                                         lambda * *(const row_quad_double *)(curves->second + at));
    const lanes_mask small = above < half * square;
    const lanes_mask over = (small & (lanes_mask)-square) | (~small & (lanes_mask)above),
                     under = (small & (lanes_mask)length) | (~small & (lanes_mask)square);
    const lanes_double key = (lanes_double)over / (lanes_double)under;
    *odd += key - key != none; /* -1 for what is infinite or NaN */
    *(row_quad_double *)keys = key;
}

/* Returns how many keys are finite. */
ROWS_CLONES static int64_t find_keys(const struct gamma_curves *curves, int64_t start, int64_t count,
                                     double lambda, double *keys)
{
    lanes_mask odd = {0};
    double rest[4];
    int64_t c = 0;
    for (; c + 4 <= count; c += 4)
        find_four_keys(curves, start + c, lambda, keys + c, &odd);
    int64_t finite = c + odd[0] + odd[1] + odd[2] + odd[3];
    if (c < count)
        find_four_keys(curves, start + c, lambda, rest, &odd);
    for (int64_t i = 0; c + i < count; i++) {
        keys[c + i] = rest[i];
        finite += isfinite(rest[i]) != 0;
    }
    return finite;
}

/* From those: of |log P| the larger of P^2 and 1/P^2, less 1, and of -log P their negatives. Where D is at
 * zero, whatever stands above it, the score itself. */
static void find_keys_in_order(const struct gamma_curves *curves, int layer, double lambda, double *keys)
{
    const struct gamma_layer *of = &curves->layers[layer];
    const enum proscore_order order = order_of_points(of);
    const int64_t start = curves->start[layer];
    const int64_t finite = find_keys(curves, start, of->channels, lambda, keys);
    if (order == PROSCORE_FORWARD && finite == of->channels)
        return;
    for (int64_t c = 0; c < of->channels; c++) {
        const double key = keys[c];
        if (!isfinite(key))
            keys[c] = proscore_log(&of->points[c], lambda);
        else if (order == PROSCORE_BACKWARD)
            keys[c] = -key;
        else if (order == PROSCORE_EITHER_WAY && key < 0)
            keys[c] = key < -0.5 ? -key - 1 : -key / (1 + key);
    }
}

/* --- orders --------------------------------------------------------------------------------------------- */

void gamma_order_begin(const struct gamma_curves *curves, int layer, struct gamma_rank *order)
{
    for (int64_t c = 0; c < curves->layers[layer].channels; c++)
        order[c] = (struct gamma_rank){.channel = (int32_t)c};
}

static int compare(const void *left, const void *right)
{
    const struct gamma_rank *a = left, *b = right;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return (a->channel > b->channel) - (a->channel < b->channel);
}

static bool is_behind(const struct gamma_rank *a, const struct gamma_rank *b)
{
    return a->key > b->key || (a->key == b->key && a->channel > b->channel);
}

static void note_tie(struct gamma_sums *sums, double key)
{
    sums->least_tie = key < sums->least_tie ? key : sums->least_tie;
    sums->most_tie = key > sums->most_tie ? key : sums->most_tie;
}

struct gamma_sums gamma_sums_of(const struct gamma_rank *order, int64_t count, int64_t first)
{
    struct gamma_sums sums = {.first = first, .least_tie = INFINITY, .most_tie = -INFINITY};
    for (int64_t i = 0; i < count; i++) {
        sums.products += (2 * i + 1 - count) * order[i].weight;
        sums.cuts += i < first && order[i].cut;
        if (i > 0 && order[i].key == order[i - 1].key)
            note_tie(&sums, order[i].key);
    }
    return sums;
}

/* Item i to its place among those before it, which are in order; how far it went. */
static int64_t insert(struct gamma_rank *items, int64_t i, struct gamma_sums *sums)
{
    const struct gamma_rank item = items[i];
    int64_t place = i, passed = 0;
    for (; place > 0 && is_behind(&items[place - 1], &item); place--) {
        items[place] = items[place - 1];
        passed += items[place].weight;
    }
    items[place] = item;
    sums->products += 2 * (passed - (i - place) * item.weight);
    if (place < sums->first && i >= sums->first)
        sums->cuts += (int64_t)item.cut - (int64_t)items[sums->first].cut;
    if ((place > 0 && items[place - 1].key == item.key) || (place < i && items[place + 1].key == item.key))
        note_tie(sums, item.key);
    return i - place;
}

/* Takes the keys of all, by channel, and insertion, which takes little where little changed; with too many
 * moves, some other way. */
static void sort(struct gamma_rank *items, int64_t count, const double *keys, struct gamma_sums *sums)
{
    enum { MOVES_PER_ITEM = 12 };
    int64_t moves = 0, i = 0;
    sums->least_tie = INFINITY;
    sums->most_tie = -INFINITY;
    for (; i < count && moves <= MOVES_PER_ITEM * count; i++) {
        items[i].key = keys[items[i].channel];
        if (i > 0 && !(items[i - 1].key < items[i].key))
            moves += insert(items, i, sums);
    }
    if (i == count)
        return;
    for (; i < count; i++)
        items[i].key = keys[items[i].channel];
    qsort(items, (size_t)count, sizeof *items, compare);
    *sums = gamma_sums_of(items, count, sums->first);
}

void gamma_order_at(const struct gamma_curves *curves, int layer, double lambda, double *keys,
                    struct gamma_rank *order, struct gamma_sums *sums)
{
    const double far_step = 1e100; /* squares of longer ones may overflow */
    const struct gamma_layer *of = &curves->layers[layer];
    if (lambda * fmax(curves->reach[layer], 1) < far_step)
        find_keys_in_order(curves, layer, lambda, keys);
    else
        proscore_logs(of->points, of->channels, lambda, keys);
    sort(order, of->channels, keys, sums);
}

/* --- ranges --------------------------------------------------------------------------------------------- */

/* P^2 - 1 = lambda (first + lambda second) / (1 - lambda lift)^2; towards 0, where it vanishes for all, what
 * is compared is that by lambda. */
struct curve {
    double first, second, lift;
    bool by_lambda;
};

/* NaN where D is next to zero, and where there is no limit. */
static double curve_at(const struct curve *curve, double lambda)
{
    const double near = 1e-3, below = 1 - lambda * curve->lift, sum = curve->first + lambda * curve->second;
    if (isinf(lambda))
        return curve->lift != 0 && !curve->by_lambda ? curve->second / (curve->lift * curve->lift) : NAN;
    return fabs(below) > near ? (curve->by_lambda ? 1 : lambda) * sum / (below * below) : NAN;
}

/* Where its derivative is zero. */
static double turn_of(const struct curve *curve)
{
    return curve->by_lambda
               ? -(curve->second + 2 * curve->lift * curve->first) / (curve->second * curve->lift)
               : -curve->first / (2 * curve->second + curve->first * curve->lift);
}

/* The same of |log P|, whose key is the larger of P^2 and 1/P^2, less 1. A low or high of 1 each is for what
 * is not by lambda. */
static struct gamma_range either_way(struct gamma_range curve, double low, double high)
{
    const double near_zero = -0.999, least = curve.least, most = curve.most;
    if (!(high * least > near_zero))
        return (struct gamma_range){-INFINITY, INFINITY};
    const double falls = least < 0 ? -least / (1 + high * least) : 0;
    return (struct gamma_range){least > 0  ? least
                                : most < 0 ? -most / (1 + low * most)
                                           : 0,
                                fmax(most, falls)};
}

struct gamma_range gamma_range_of(const struct gamma_curves *curves, int layer, int64_t channel, double low,
                                  double high)
{
    const double doubt = 1e-9;
    const enum proscore_order order = order_of_points(&curves->layers[layer]);
    const int64_t at = curves->start[layer] + channel;
    const struct curve curve = {curves->first[at], curves->second[at], curves->lift[at], low == 0};
    const double turn = turn_of(&curve), one = curve_at(&curve, low), two = curve_at(&curve, high),
                 three = turn > low && turn < high ? curve_at(&curve, turn) : one;
    if (!isfinite(one + two + three) || (low * curve.lift < 1 && high * curve.lift > 1))
        return (struct gamma_range){-INFINITY, INFINITY};
    struct gamma_range range = {fmin(one, fmin(two, three)), fmax(one, fmax(two, three))};
    double room = fabs(range.least) + fabs(range.most);
    if (order == PROSCORE_EITHER_WAY)
        range = curve.by_lambda ? either_way(range, low, high) : either_way(range, 1, 1);
    if (order == PROSCORE_BACKWARD)
        range = (struct gamma_range){-range.most, -range.least};
    room = doubt * fmax(room, fabs(range.least) + fabs(range.most));
    /* What rounding leaves where the two terms cancel. */
    const struct curve sizes = {fabs(curve.first), fabs(curve.second), curve.lift, curve.by_lambda};
    room += doubt * (curve_at(&sizes, low) + curve_at(&sizes, high));
    return (struct gamma_range){range.least - room, range.most + room};
}
