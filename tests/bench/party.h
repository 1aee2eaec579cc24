/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Those who are measured in turn: this program, and the peer in its modes. */
#ifndef IPPRO_TESTS_BENCH_PARTY_H
#define IPPRO_TESTS_BENCH_PARTY_H

#include <stdbool.h>
#include "bench.h"
#include "child.h"
#include "report.h"

enum { SMALL_SIDE = 64 }; /* pixels: images up to here are small */

/* One who takes part: this program, or the peer in one of its modes. */
struct party {
    const char *name;        /* for --parties */
    const char *item, *mode; /* mode NULL: ours */
    const char *request;     /* with %: the number of images */
    const char *setup;       /* a request before all others, or NULL */
    int against;             /* a peer's: which of ours it is compared with */
    bool gradients;
    bool small;   /* takes part for small images only */
    int64_t unit; /* images at a time: of the peer its batch */
    int64_t images;
    struct child child;
    bool alive;
    struct series rates; /* images per second */
    double memory;       /* megabytes, known when it has ended */
};

/* Start its process, find how many images a measurement takes. A failure is reported: it is not alive. */
void party_start(struct party *party, const struct settings *settings, const struct subject *subject,
                 struct report *report);
void party_measure(struct party *party, struct report *report);
/* What the processor reaches at the moment, by one of ours, or NULL: GFLOP/s. */
void party_measure_peak(struct party *party, int threads, struct series *peak);
void party_end(struct party *party);
/* Of the peak, with so many multiply-adds an image, pair by pair. */
struct series party_share(const struct party *party, double macs, const struct series *peak);
void party_report_ratio(const struct party *ours, const struct party *peer, const struct subject *subject,
                        struct report *report);

#endif
