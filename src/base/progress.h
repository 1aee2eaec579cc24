/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Progress and cancellation of long work. The front end owns the object and passes it down; the core reports
 * and polls. Cancellation may be requested from a signal handler or from any thread. */
#ifndef IPPRO_BASE_PROGRESS_H
#define IPPRO_BASE_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/status.h"

struct progress {
    atomic_bool cancelled;
    /* Called by whichever thread does the work, never two at once; NULL for none. `what` is the work's title
     * ("scoring"), `unit` what is counted ("images"). done == total is the last call of a piece of work. */
    void (*report)(void *argument, const char *what, const char *unit, int64_t done, int64_t total);
    void *argument;
    /* How `function` is run on the one thread that may touch what the front end owns (a terminal, Lua), with
     * the caller waiting for its end. NULL: the caller is on that thread. */
    void (*call)(void *call_argument, void (*function)(void *argument), void *argument);
    void *call_argument;
};

/* Somebody beside the front end who wants to hear of progress, now and then, on the thread that waits for the
 * work. false cancels it. */
struct progress_listener {
    bool (*hear)(void *argument, const char *what, const char *unit, int64_t done, int64_t total);
    void *argument;
};

void progress_cancel(struct progress *progress);          /* async-signal-safe */
bool progress_cancelled(const struct progress *progress); /* NULL is never cancelled */
void progress_report(struct progress *progress, const char *what, const char *unit, int64_t done,
                     int64_t total);
/* Run a function on the front end's thread; with NULL, or where the front end does not wait, on this one. */
void progress_call(struct progress *progress, void (*function)(void *argument), void *argument);

/* The work that this thread is doing, for code deep inside that has to call the front end's thread; NULL:
 * none. Setting it returns what it was. */
struct progress *progress_current(void);
struct progress *progress_set_current(struct progress *progress);

/* STATUS_CANCELLED with its message when this thread's work is to be given up: what long work asks at least
 * every tenth of a second. */
status progress_check(struct error *error);

/* Monotonic clock in seconds. */
double clock_seconds(void);

#endif
