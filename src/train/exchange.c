/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages about the parts of a batch: for each rank a head, then its parts. */
#include "train/exchange.h"

#include <stdint.h>
#include <string.h>
#include "base/memory.h"
#include "base/ranks.h"
#include "base/status.h"

enum { HEAD = 16 }; /* how the rank fares, and alignment */

struct share share_of_rank(int parts, int rank)
{
    const int ranks = ranks_count();
    const int first = (int)((int64_t)parts * rank / ranks), end = (int)((int64_t)parts * (rank + 1) / ranks);
    return (struct share){first, end - first};
}

int share_largest(int parts)
{
    return (parts - 1) / ranks_count() + 1;
}

static size_t stride_of(int parts, size_t each)
{
    return HEAD + (size_t)share_largest(parts) * each;
}

status exchange_init(struct exchange *exchange, int parts, size_t each, struct error *error)
{
    exchange->bytes = mem_new((size_t)ranks_count(), stride_of(parts, each));
    return exchange->bytes ? STATUS_OK : error_memory(error);
}

void exchange_free(struct exchange *exchange)
{
    mem_free(exchange->bytes);
    exchange->bytes = NULL;
}

void exchange_begin(struct exchange *exchange, int parts, size_t each)
{
    exchange->parts = parts;
    exchange->each = each;
    exchange->stride = stride_of(parts, each);
}

void *exchange_part(const struct exchange *exchange, int part)
{
    int rank = 0;
    struct share share = share_of_rank(exchange->parts, rank);
    while (part >= share.first + share.count)
        share = share_of_rank(exchange->parts, ++rank);
    return exchange->bytes + (size_t)rank * exchange->stride + HEAD +
           (size_t)(part - share.first) * exchange->each;
}

status exchange_tell(struct exchange *exchange, status code, struct error *error)
{
    if (ranks_count() == 1)
        return code;
    unsigned char *own = exchange->bytes + (size_t)ranks_index() * exchange->stride;
    int32_t fares = (int32_t)code;
    memcpy(own, &fares, sizeof fares);
    ranks_gather(own, exchange->stride, exchange->bytes);
    for (int r = 0; r < ranks_count(); r++) {
        memcpy(&fares, exchange->bytes + (size_t)r * exchange->stride, sizeof fares);
        if (fares == STATUS_OK)
            continue;
        if (r == ranks_index())
            ranks_name(error);
        ranks_broadcast(error, sizeof *error, r);
        return error->code;
    }
    return STATUS_OK;
}
