/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts of a batch over ranks (base/ranks.h): which are whose, and what is told of them.
 *
 * Each rank has a contiguous share of the parts, in the order of ranks, so that a sum that goes through the
 * parts in their order goes through the ranks in theirs. A message has the same number of bytes for each
 * part; its own rank writes them, all read them. Alone, a message is memory that is written and read. */
#ifndef IPPRO_TRAIN_EXCHANGE_H
#define IPPRO_TRAIN_EXCHANGE_H

#include <stddef.h>
#include "base/status.h"

/* Parts first..first + count - 1; a rank that is one too many has none. */
struct share {
    int first, count;
};
struct share share_of_rank(int parts, int rank);
int share_largest(int parts); /* parts that a rank has at most, of up to so many */

struct exchange {
    unsigned char *bytes; /* of all ranks, owned */
    int parts;            /* of the message that is being written or read */
    size_t each, stride;  /* bytes of a part, of a rank */
};

/* Room for messages about up to `parts` parts, of up to `each` bytes of each part. */
status exchange_init(struct exchange *exchange, int parts, size_t each, struct error *error);
void exchange_free(struct exchange *exchange);
/* Begin a message; what the last one said is gone. each: a multiple of 8. */
void exchange_begin(struct exchange *exchange, int parts, size_t each);
/* The bytes of part 0..parts-1, aligned for doubles: one of this rank's before the message goes, any
 * afterwards. */
void *exchange_part(const struct exchange *exchange, int part);
/* Send it, and hear the others: collective. code: how this rank fares. All ranks return the failure of the
 * first one that has any, with its name in front of the message. */
status exchange_tell(struct exchange *exchange, status code, struct error *error);

#endif
