/* SPDX-License-Identifier: GPL-3.0-or-later */
/* order_of is a radix sort, byte by byte from the least: bytes that all values share are passed over. */
#include "base/order.h"

#include <stdlib.h>
#include <string.h>
#include "base/memory.h"

enum { BYTES = 8, DIGITS = 256, FEW = 48 };

struct keyed {
    uint64_t key;
    int64_t place;
};

/* Ascending like the numbers: all bits of negative ones turned, the sign of the others. */
static uint64_t key_of(double value)
{
    const uint64_t sign = UINT64_C(1) << 63;
    uint64_t bits;
    value += 0.0; /* -0 becomes 0 */
    memcpy(&bits, &value, sizeof bits);
    return bits & sign ? ~bits : bits | sign;
}

static void sort_few(struct keyed *items, int64_t count)
{
    for (int64_t i = 1; i < count; i++) {
        const struct keyed item = items[i];
        int64_t place = i;
        for (; place > 0 && items[place - 1].key > item.key; place--)
            items[place] = items[place - 1];
        items[place] = item;
    }
}

/* Returns where the sorted items are. */
static struct keyed *sort_by_bytes(struct keyed *items, struct keyed *other, int64_t count)
{
    int64_t starts[BYTES][DIGITS] = {{0}};
    for (int64_t i = 0; i < count; i++)
        for (int b = 0; b < BYTES; b++)
            starts[b][items[i].key >> (8 * b) & 255]++;
    for (int b = 0; b < BYTES; b++) {
        int64_t *start = starts[b], before = 0;
        if (start[items[0].key >> (8 * b) & 255] == count)
            continue;
        for (int d = 0; d < DIGITS; d++) {
            const int64_t here = start[d];
            start[d] = before;
            before += here;
        }
        for (int64_t i = 0; i < count; i++)
            other[start[items[i].key >> (8 * b) & 255]++] = items[i];
        struct keyed *swap = items;
        items = other;
        other = swap;
    }
    return items;
}

status order_of(const double *values, int64_t count, int64_t *order, struct error *error)
{
    const size_t size = count > 0 ? (size_t)count : 0;
    struct keyed *items = mem_resize(NULL, 2 * size + 1, sizeof *items), *sorted = items;
    if (!items)
        return error_memory(error);
    for (int64_t i = 0; i < count; i++)
        items[i] = (struct keyed){key_of(values[i]), i};
    if (count <= FEW)
        sort_few(items, count);
    else
        sorted = sort_by_bytes(items, items + size, count);
    for (int64_t i = 0; i < count; i++)
        order[i] = sorted[i].place;
    mem_free(items);
    return STATUS_OK;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void sort_ascending(double *values, int64_t count)
{
    if (count > 1)
        qsort(values, (size_t)count, sizeof *values, compare_doubles);
}

double quantile_of(const double *sorted, int64_t count, double share)
{
    const double place = share * (double)(count - 1);
    const int64_t below = (int64_t)place, above = below + 1 < count ? below + 1 : below;
    const double weight = place - (double)below; /* of the upper one */
    if (weight == 0 || sorted[below] == sorted[above])
        return sorted[below];
    return sorted[below] * (1 - weight) + sorted[above] * weight; /* a difference may overflow */
}
