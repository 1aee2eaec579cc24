/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fixed pool of worker threads for parallel loops. Workers block all signals, so Ctrl-C reaches the main
 * thread. OpenBLAS runs one thread per worker. */
#ifndef IPPRO_BASE_POOL_H
#define IPPRO_BASE_POOL_H

#include <stdint.h>
#include "base/status.h"

struct pool;

/* threads >= 1; 0 means one per online processor, or this rank's share of them (base/ranks.h). pool_run's
 * calling thread counts as one of them. */
status pool_new(int threads, struct pool **pool, struct error *error);
int pool_online(void);                     /* processors online, as pool_new counts them */
void pool_free(struct pool *pool);         /* NULL is fine */
int pool_threads(const struct pool *pool); /* 1 for NULL */

/* Call work(argument, task, worker) for task 0..tasks-1, started in ascending order, each once, over the
 * workers (worker 0..threads-1; one worker runs one task at a time). Returns when all are done. Not
 * reentrant. A NULL pool runs them on the calling thread. */
void pool_run(struct pool *pool, int64_t tasks, void (*work)(void *argument, int64_t task, int worker),
              void *argument);
/* The same over workers 0..workers-1 only, at least one; the others rest. */
void pool_run_some(struct pool *pool, int workers, int64_t tasks,
                   void (*work)(void *argument, int64_t task, int worker), void *argument);

#endif
