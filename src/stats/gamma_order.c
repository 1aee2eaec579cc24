/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Orders of channels that follow lambda. */
#include "stats/gamma_order.h"

#include <stdlib.h>

#include "base/memory.h"
#include "score/proscore.h"

status gamma_orders_new(const struct gamma_layer *layers, int count, struct gamma_orders *orders,
                        struct error *error)
{
    *orders = (struct gamma_orders){.start = mem_new((size_t)count + 1, sizeof *orders->start)};
    if (!orders->start)
        return error_memory(error);
    for (int i = 0; i < count; i++) {
        orders->start[i] = orders->channels;
        orders->channels += layers[i].channels;
    }
    orders->items = mem_new((size_t)orders->channels + 1, sizeof *orders->items);
    orders->scores = mem_new((size_t)orders->channels + 1, sizeof *orders->scores);
    if (!orders->items || !orders->scores)
        return error_memory(error);
    for (int i = 0; i < count; i++) {
        for (int64_t c = 0; c < layers[i].channels; c++)
            orders->items[orders->start[i] + c].channel = c;
    }
    return STATUS_OK;
}

void gamma_orders_free(struct gamma_orders *orders)
{
    mem_free(orders->items);
    mem_free(orders->scores);
    mem_free(orders->start);
    *orders = (struct gamma_orders){0};
}

static int compare(const void *left, const void *right)
{
    const struct gamma_rank *a = left, *b = right;
    if (a->score != b->score)
        return a->score < b->score ? -1 : 1;
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

void gamma_orders_at(struct gamma_orders *orders, const struct gamma_layer *layers, int count, double lambda)
{
    for (int i = 0; i < count; i++) {
        struct gamma_rank *items = orders->items + orders->start[i];
        proscore_logs(layers[i].points, layers[i].channels, lambda, orders->scores);
        for (int64_t c = 0; c < layers[i].channels; c++)
            items[c].score = orders->scores[items[c].channel];
        sort(items, layers[i].channels);
    }
}
