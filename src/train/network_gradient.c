/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gradients of weights: means over the images of a batch, from sums of its parts in their order, in double.
 *
 * All weights are seen as one row of elements, which is gone through a stretch at a time. Over ranks, the
 * sums of a stretch go from rank to rank, in the order of ranks and so of parts, each adding its own; while
 * the next one adds to a stretch, this one is at the next stretch. The last rank then has the gradients and
 * gives them to all. So what goes over the wire does not grow with the number of parts. */
#include <stddef.h>
#include <string.h>

#include "base/pool.h"
#include "base/ranks.h"
#include "nn/engine/engine.h"
#include "nn/graph/tensor.h"
#include "train/network_internal.h"

enum { SLICE = 1 << 12 }; /* elements that a thread takes at a time */

struct sum {
    const struct training_network *network;
    double images;
    int parts;            /* of this rank */
    int64_t first, count; /* elements of the stretch */
    void (*visit)(const struct sum *sum, int parameter, int64_t at, int64_t count, int64_t to);
};

/* Visit the pieces of parameters that elements from..from + count - 1 of the stretch are: elements at, at +
 * 1,
 * ... of a parameter are to, to + 1, ... of the stretch. */
static void visit_pieces(const struct sum *sum, int64_t from, int64_t count)
{
    const struct training_network *network = sum->network;
    const int64_t begin = sum->first + from, end = begin + count;
    int64_t offset = 0; /* of the parameter in the row */
    for (int p = 0; p < network->parameter_count && offset < end; p++) {
        const int64_t elements = network->weight_of[p] < 0 ? 0 : network->parameters[p].elements;
        const int64_t low = begin > offset ? begin : offset;
        const int64_t high = end < offset + elements ? end : offset + elements;
        if (low < high)
            sum->visit(sum, p, low - offset, high - low, low - sum->first);
        offset += elements;
    }
}

static void visit_slice(void *argument, int64_t slice, int worker)
{
    const struct sum *sum = argument;
    const int64_t from = slice * SLICE, left = sum->count - from;
    (void)worker;
    visit_pieces(sum, from, left < SLICE ? left : SLICE);
}

static void visit_stretch(struct sum *sum, void (*visit)(const struct sum *sum, int parameter, int64_t at,
                                                         int64_t count, int64_t to))
{
    sum->visit = visit;
    pool_run(sum->network->options.pool, (sum->count + SLICE - 1) / SLICE, visit_slice, sum);
}

static void add_parts(const struct sum *sum, int parameter, int64_t at, int64_t count, int64_t to)
{
    const struct training_network *network = sum->network;
    double *sums = network->sums + to;
    for (int p = 0; p < sum->parts; p++) {
        const struct operand *part =
            engine_weight_gradient(network->parts[p].engine, network->weight_of[parameter]);
        const double *doubles = (const double *)part->data + at;
        const float *floats = (const float *)part->data + at;
        if (network->options.real == ELEMENT_DOUBLE)
            for (int64_t i = 0; i < count; i++)
                sums[i] += doubles[i];
        else
            for (int64_t i = 0; i < count; i++)
                sums[i] += (double)floats[i];
    }
}

static void set_gradient(const struct sum *sum, int parameter, int64_t at, int64_t count, int64_t to)
{
    const struct training_parameter *weight = &sum->network->parameters[parameter];
    const double *sums = sum->network->sums + to;
    for (int64_t i = 0; i < count; i++) {
        if (weight->real == ELEMENT_DOUBLE)
            ((double *)weight->gradient)[at + i] = sums[i] / sum->images;
        else
            ((float *)weight->gradient)[at + i] = (float)(sums[i] / sum->images);
    }
}

/* Gradients of a stretch as they go to other ranks, in the memory of its sums. */
static void pack(const struct sum *sum, int parameter, int64_t at, int64_t count, int64_t to)
{
    const struct training_parameter *weight = &sum->network->parameters[parameter];
    const size_t size = element_size(weight->real);
    memcpy((unsigned char *)sum->network->sums + (size_t)to * size,
           (const unsigned char *)weight->gradient + (size_t)at * size, (size_t)count * size);
}

static void unpack(const struct sum *sum, int parameter, int64_t at, int64_t count, int64_t to)
{
    const struct training_parameter *weight = &sum->network->parameters[parameter];
    const size_t size = element_size(weight->real);
    memcpy((unsigned char *)weight->gradient + (size_t)at * size,
           (const unsigned char *)sum->network->sums + (size_t)to * size, (size_t)count * size);
}

static int64_t row_elements(const struct training_network *network)
{
    int64_t elements = 0;
    for (int p = 0; p < network->parameter_count; p++)
        elements += network->weight_of[p] < 0 ? 0 : network->parameters[p].elements;
    return elements;
}

static bool next_stretch(struct sum *sum, int64_t elements)
{
    const int64_t left = elements - (sum->first += sum->count);
    sum->count = left < GRADIENT_STRETCH ? left : GRADIENT_STRETCH;
    return sum->count > 0;
}

static void share_gradients(struct sum *sum, int64_t elements, int root)
{
    const size_t size = element_size(sum->network->options.real);
    sum->first = sum->count = 0;
    while (next_stretch(sum, elements)) {
        if (ranks_index() == root)
            visit_stretch(sum, pack);
        ranks_broadcast(sum->network->sums, (size_t)sum->count * size, root);
        if (ranks_index() != root)
            visit_stretch(sum, unpack);
    }
}

void add_up_gradients(const struct training_network *network, int parts, int64_t images)
{
    struct sum sum = {.network = network, .images = (double)images, .parts = parts};
    const int64_t elements = row_elements(network);
    const int rank = ranks_index(), last = ranks_count() - 1;
    while (next_stretch(&sum, elements)) {
        const size_t bytes = (size_t)sum.count * sizeof *network->sums;
        if (rank == 0)
            memset(network->sums, 0, bytes);
        else
            ranks_receive(network->sums, bytes, rank - 1);
        visit_stretch(&sum, add_parts);
        if (rank < last)
            ranks_send(network->sums, bytes, rank + 1);
        else
            visit_stretch(&sum, set_gradient);
    }
    if (last > 0)
        share_gradients(&sum, elements, last);
}
