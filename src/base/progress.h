/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Progress and cancellation of long work. The front end owns the object and passes it down; the core reports
 * and polls. Cancellation may be requested from a signal handler or from any thread. */
#ifndef IPPRO_BASE_PROGRESS_H
#define IPPRO_BASE_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct progress {
    atomic_bool cancelled;
    /* Called by whichever thread does the work, never two at once; NULL for none. `what` is the work's title
     * ("scoring"), `unit` what is counted ("images"). done == total is the last call of a piece of work. */
    void (*report)(void *argument, const char *what, const char *unit, int64_t done, int64_t total);
    void *argument;
};

void progress_cancel(struct progress *progress);          /* async-signal-safe */
bool progress_cancelled(const struct progress *progress); /* NULL is never cancelled */
void progress_report(struct progress *progress, const char *what, const char *unit, int64_t done,
                     int64_t total);

/* Monotonic clock in seconds. */
double clock_seconds(void);

#endif
