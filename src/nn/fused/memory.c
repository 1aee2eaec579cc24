/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where activations and gradients live. A region is in use between two times; regions whose times do not
 * meet may share memory. The largest are placed first, each at the lowest place that is free. */
#include "nn/fused/internal.h"

#include <limits.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/blocked/blocked.h"
#include "nn/execution/execution.h"

enum { CACHE_LINE = 64 };

int region_new(struct fused *fused, size_t bytes)
{
    if (!mem_grow(&fused->regions, &fused->region_capacity, (size_t)fused->region_count + 1,
                  sizeof *fused->regions))
        return NOTHING;
    fused->regions[fused->region_count] = (struct region){
        .bytes = (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE, .first = INT_MAX, .last = -1};
    return fused->region_count++;
}

void region_use(struct fused *fused, int region, int time)
{
    if (region < 0)
        return;
    struct region *r = &fused->regions[region];
    r->first = time < r->first ? time : r->first;
    r->last = time > r->last ? time : r->last;
}

void region_keep(struct fused *fused, int region)
{
    region_use(fused, region, 0);
    region_use(fused, region, INT_MAX);
}

void value_use(struct fused *fused, int value, enum form form, int time)
{
    if (value >= 0)
        region_use(fused, fused->values[value].region[form], time);
}

size_t value_bytes(const struct fused *fused, int value, enum form form)
{
    const struct fused_value *v = &fused->values[value];
    if (form == FORM_PLAIN)
        return operand_bytes(&fused->engine.values[value]);
    return (size_t)fused->images * value_image_floats(v) * sizeof(float);
}

status gradient_open(struct fused *fused, const struct fused_step *step, int value, enum form form,
                     bool *added, struct error *error)
{
    int *gradient = &fused->values[value].gradient[form];
    *added = *gradient != NOTHING;
    if (!*added)
        *gradient = region_new(fused, value_bytes(fused, value, form));
    if (*gradient == NOTHING)
        return error_memory(error);
    region_use(fused, *gradient, backward_time(fused, step));
    if (form == FORM_BLOCKED)
        fused->values[value].last_writer = step->index;
    return STATUS_OK;
}

static int larger_first(const void *a, const void *b)
{
    const struct region *x = *(struct region *const *)a, *y = *(struct region *const *)b;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return (x > y) - (x < y);
}

/* The lowest place between the regions of `beside` (by address) that are in use at the same time. */
static size_t free_place(struct region *const *beside, int count, const struct region *region)
{
    size_t place = 0;
    for (int i = 0; i < count; i++) {
        const struct region *other = beside[i];
        if (other->last < region->first || region->last < other->first)
            continue;
        if (other->at >= place && other->at - place >= region->bytes)
            break;
        if (other->at + other->bytes > place)
            place = other->at + other->bytes;
    }
    return place;
}

status regions_place(struct fused *fused, size_t *total, struct error *error)
{
    size_t count = (size_t)fused->region_count;
    struct region **order = mem_new(2 * count + 1, sizeof *order), **placed = order + count;
    int placed_count = 0;
    if (!order)
        return error_memory(error);
    for (size_t i = 0; i < count; i++)
        order[i] = &fused->regions[i];
    qsort(order, count, sizeof *order, larger_first);
    *total = 0;
    for (size_t i = 0; i < count; i++) {
        struct region *region = order[i];
        if (region->last < 0)
            continue; /* nobody uses it */
        region->at = free_place(placed, placed_count, region);
        if (region->at > SIZE_MAX / 2 - region->bytes) {
            mem_free(order);
            return error_memory(error);
        }
        if (region->at + region->bytes > *total)
            *total = region->at + region->bytes;
        int place = placed_count++;
        for (; place > 0 && placed[place - 1]->at > region->at; place--)
            placed[place] = placed[place - 1];
        placed[place] = region;
    }
    mem_free(order);
    return STATUS_OK;
}
