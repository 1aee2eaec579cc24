/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long networks take: measured time per image of a forward pass on one thread.
 *
 * Time is that of the processor as this thread used it (CLOCK_THREAD_CPUTIME_ID), so that other work on the
 * machine disturbs it little. Where several networks are compared, their runs alternate: a processor that
 * gets slower meanwhile slows all of them. */
#ifndef IPPRO_STATS_TIMING_H
#define IPPRO_STATS_TIMING_H

#include "nn/engine/engine.h"

struct timing_settings {
    enum element_type real;
    enum kernel_choice kernel;
    int64_t micro_batch;       /* images per forward pass */
    int warm_up;               /* runs of each network that do not count, >= 0; 2 is usual */
    int runs;                  /* that count, of each network, >= 1; 20 is usual */
    struct progress *progress; /* counts runs of all networks; may be NULL */
};

/* Seconds of processor time per image over `runs` runs. */
struct timing {
    int runs;
    int64_t micro_batch;
    double median, lower_quartile, upper_quartile, least, most;
    double wall; /* median by the clock on the wall */
};

/* timings: one per network, written. The input is noise from a fixed seed: time does not depend on what the
 * images show. Cancelled within one kernel (STATUS_CANCELLED); timings are untouched on failure. */
status timing_measure(const struct timing_settings *settings, const struct graph *const *graphs,
                      int graph_count, struct timing *timings, struct error *error);

#endif
