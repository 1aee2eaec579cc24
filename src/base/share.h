/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counts of owners. What several owners share is immutable and holds an `int shares`, the number of owners
 * beside the first; owners may be in different threads. */
#ifndef IPPRO_BASE_SHARE_H
#define IPPRO_BASE_SHARE_H

#include <stdbool.h>

/* One more owner: the caller has one already, so nobody can be freeing it. */
static inline void share_add(int *shares)
{
    __atomic_add_fetch(shares, 1, __ATOMIC_RELAXED);
}

/* One owner less; true when that was the last one, who frees it and sees all that the others did. */
static inline bool share_drop(int *shares)
{
    return __atomic_fetch_sub(shares, 1, __ATOMIC_ACQ_REL) == 0;
}

#endif
