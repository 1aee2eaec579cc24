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
#include "score/proscore.h"

static void take_rates(const struct gamma_layer *layer, struct gamma_rates *rates, double *reach)
{
    for (int64_t c = 0; c < layer->channels; c++) {
        const struct proscore_point *point = &layer->points[c];
        const double a = point->along, across = point->across, b = point->lift;
        if (point->zero)
            continue;
        rates[c] = (struct gamma_rates){2 * (b - a), (a - b) * (a + b) + across * across, b};
        *reach = fmax(*reach, fmax(hypot(a, across), fabs(b)));
    }
}

status gamma_orders_new(const struct gamma_layer *layers, int count, struct gamma_orders *orders,
                        struct error *error)
{
    *orders = (struct gamma_orders){.start = mem_new((size_t)count + 1, sizeof *orders->start),
                                    .reach = mem_new((size_t)count + 1, sizeof *orders->reach)};
    if (!orders->start || !orders->reach)
        return error_memory(error);
    for (int i = 0; i < count; i++) {
        orders->start[i] = orders->channels;
        orders->channels += layers[i].channels;
    }
    orders->items = mem_new((size_t)orders->channels + 1, sizeof *orders->items);
    orders->rates = mem_new((size_t)orders->channels + 1, sizeof *orders->rates);
    orders->keys = mem_new((size_t)orders->channels + 1, sizeof *orders->keys);
    if (!orders->items || !orders->rates || !orders->keys)
        return error_memory(error);
    for (int i = 0; i < count; i++) {
        take_rates(&layers[i], orders->rates + orders->start[i], &orders->reach[i]);
        for (int64_t c = 0; c < layers[i].channels; c++)
            orders->items[orders->start[i] + c].channel = c;
    }
    return STATUS_OK;
}

void gamma_orders_free(struct gamma_orders *orders)
{
    mem_free(orders->items);
    mem_free(orders->rates);
    mem_free(orders->keys);
    mem_free(orders->reach);
    mem_free(orders->start);
    *orders = (struct gamma_orders){0};
}

static int compare(const void *left, const void *right)
{
    const struct gamma_rank *a = left, *b = right;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return (a->channel > b->channel) - (a->channel < b->channel);
}

/* Insertion, which takes little where little changed, as long as it moves few items. */
static void sort(struct gamma_rank *items, int64_t count)
{
    enum { MOVES_PER_ITEM = 12 };
    int64_t moves = 0;
    for (int64_t i = 1; i < count; i++) {
        struct gamma_rank item = items[i];
        int64_t place = i;
        while (place > 0 && compare(&items[place - 1], &item) > 0) {
            items[place] = items[place - 1];
            place--;
        }
        items[place] = item;
        moves += i - place;
        if (moves > MOVES_PER_ITEM * count) {
            qsort(items, (size_t)count, sizeof *items, compare);
            return;
        }
    }
}

/* 1/P^2 of a P far below 1: of P^2 - 1 its digits would be gone. */
static double inverse_square(const struct proscore_point *point, double lambda)
{
    const double left = 1 - lambda * point->along, side = lambda * point->across,
                 lift = 1 - lambda * point->lift;
    return lift * lift / (left * left + side * side);
}

/* `above` is P^2 - 1. Down to P^2 = 1/2 the key of log P is this, below it is -1/P^2; that of |log P| is the
 * larger of P^2 and 1/P^2, less 1. */
static double key_of(const struct proscore_point *point, enum proscore_order order, double above,
                     double lambda)
{
    const bool small = above < -0.5;
    if (!isfinite(above))
        return NAN; /* D is at zero, whatever stands above it */
    if (order == PROSCORE_EITHER_WAY)
        return above >= 0 ? above : small ? inverse_square(point, lambda) - 1 : -above / (1 + above);
    const double key = small ? -inverse_square(point, lambda) : above;
    return order == PROSCORE_BACKWARD ? -key : key;
}

static void find_keys(const struct gamma_layer *layer, const struct gamma_rates *rates, double lambda,
                      double *keys)
{
    const enum proscore_order order = layer->channels ? layer->points[0].order : PROSCORE_FORWARD;
    for (int64_t c = 0; c < layer->channels; c++) {
        const double lift = 1 - lambda * rates[c].lift;
        const double above = lambda * (rates[c].first + lambda * rates[c].second) / (lift * lift);
        keys[c] = order == PROSCORE_FORWARD && above >= -0.5
                      ? above
                      : key_of(&layer->points[c], order, above, lambda);
    }
    for (int64_t c = 0; c < layer->channels; c++)
        if (layer->points[c].zero || !isfinite(keys[c]))
            keys[c] = proscore_log(&layer->points[c], lambda);
}

void gamma_orders_at(struct gamma_orders *orders, const struct gamma_layer *layers, int count, double lambda)
{
    const double far_step = 1e100; /* squares of longer ones may overflow */
    for (int i = 0; i < count; i++) {
        struct gamma_rank *items = orders->items + orders->start[i];
        if (lambda * fmax(orders->reach[i], 1) < far_step)
            find_keys(&layers[i], orders->rates + orders->start[i], lambda, orders->keys);
        else
            proscore_logs(layers[i].points, layers[i].channels, lambda, orders->keys);
        for (int64_t c = 0; c < layers[i].channels; c++)
            items[c].key = orders->keys[items[c].channel];
        sort(items, layers[i].channels);
    }
}
