/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Progress, cancellation, and the clock they are measured with. */
#include "base/progress.h"

#include <pthread.h>
#include <time.h>

void progress_cancel(struct progress *progress)
{
    atomic_store(&progress->cancelled, true);
}

bool progress_cancelled(const struct progress *progress)
{
    return progress && atomic_load_explicit(&progress->cancelled, memory_order_relaxed);
}

void progress_report(struct progress *progress, const char *what, const char *unit, int64_t done,
                     int64_t total)
{
    /* Workers may finish at the same moment, and the front end is promised one call at a time. */
    static pthread_mutex_t reporting = PTHREAD_MUTEX_INITIALIZER;
    if (!progress || !progress->report)
        return;
    pthread_mutex_lock(&reporting);
    progress->report(progress->argument, what, unit, done, total);
    pthread_mutex_unlock(&reporting);
}

void progress_call(struct progress *progress, void (*function)(void *argument), void *argument)
{
    if (progress && progress->call)
        progress->call(progress->call_argument, function, argument);
    else
        function(argument);
}

static _Thread_local struct progress *current;

struct progress *progress_current(void)
{
    return current;
}

struct progress *progress_set_current(struct progress *progress)
{
    struct progress *before = current;
    current = progress;
    return before;
}

status progress_check(struct error *error)
{
    return progress_cancelled(current) ? error_set(error, STATUS_CANCELLED, "cancelled") : STATUS_OK;
}

double clock_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}
