/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Latency: how long a batch of images takes through a network in this program's engine, by the clock on the
 * wall, and where that time goes.
 *
 * A run takes one batch: it is cut into micro-batches, which the pool's threads share out, as any command
 * runs images. Runs that warm caches and pages do not count. Where several networks are compared, their runs
 * alternate, so that a processor that gets slower meanwhile slows all of them.
 *
 * Single runs are disturbed by whatever else the machine does. So the whole is told by its quartiles; and
 * what single nodes take are means over the half of the runs that lie between the quartiles, all of them over
 * the same runs, so that nodes, conversions and what lies between the steps add up to the mean. */
#ifndef IPPRO_STATS_LATENCY_H
#define IPPRO_STATS_LATENCY_H

#include "base/pool.h"
#include "nn/engine/engine.h"
#include "score/layer.h"

struct latency_settings {
    enum element_type real;
    enum kernel_choice kernel;
    int64_t batch;       /* images of a run, >= 1 */
    int64_t micro_batch; /* at most so many at a time on a thread; 0: as run_micro_batch says */
    struct pool *pool;   /* its threads share out the batch; NULL: this one */
    int warm_up;         /* runs of each network that do not count, >= 0; 2 is usual */
    int runs;            /* that count, of each network; 0: until latency_settled or the time is over */
    double seconds;      /* after which no further run of all networks begins; 0: no limit */
    struct progress *progress;
};

enum { LATENCY_RUNS_LEAST = 5, LATENCY_RUNS_MOST = 1000 };

/* Seconds of a run. */
struct latency_spread {
    double median, lower_quartile, upper_quartile, least, most;
};

struct latency {
    int runs; /* that counted */
    struct latency_spread whole;
    double mean;        /* of the runs between the quartiles, as the following */
    double *nodes;      /* per node of the graph, owned: seconds of the step that begins with it. With several
                           threads, of all of them over their number */
    double conversions; /* steps that belong to no node */
    double between;     /* what is left of the mean: calls, and threads that wait for others */
};

/* Of `runs` times in any order. */
struct latency_spread latency_spread_of(const double *seconds, int runs);
/* Is the median known well enough? From LATENCY_RUNS_LEAST runs on: when the distance of the quartiles, over
 * the root of the number of runs, is within a hundredth of it. */
bool latency_settled(const double *seconds, int runs);
/* Is the machine too busy for its times to be trusted? Quartiles further apart than a tenth of the median. */
bool latency_is_wide(const struct latency_spread *spread);

/* latencies: one per network, written on success and then freed by latency_free. The input is noise from a
 * fixed seed: time does not depend on what images show. Cancelled within one kernel (STATUS_CANCELLED).
 * STATUS_RANGE: a batch below 1, runs or seconds below 0. At least one run of each is made whatever the time;
 * LATENCY_RUNS_MOST at most where no number is asked for. */
status latency_measure(const struct latency_settings *settings, const struct graph *const *graphs,
                       int graph_count, struct latency *latencies, struct error *error);
void latency_free(struct latency *latency); /* frees what it holds, not itself */

/* Whose time is it? `owner`: per node, written: index of the layer that the node is of (a call of its
 * filters, the BatchNorm or the activation behind it), -1: of none. With `follow` a node of no layer belongs
 * to the layer in front of it in the graph's order, so that only what comes before the first has none. */
void latency_owners(const struct graph *graph, const struct layers *layers, bool follow, int *owner);

#endif
