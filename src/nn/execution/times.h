/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the time of passes goes, step by step. Engines that are made with the same `times` add theirs when
 * they are freed. */
#ifndef IPPRO_NN_EXECUTION_TIMES_H
#define IPPRO_NN_EXECUTION_TIMES_H

#include <stdbool.h>
#include <stdint.h>
#include "base/status.h"

enum { STEP_NAME_SIZE = 96 };
enum direction { FORWARD_PASS, BACKWARD_PASS, DIRECTIONS };

/* One step of an engine. */
struct step_time {
    char name[STEP_NAME_SIZE]; /* of its first node */
    int node;                  /* that one, of the engine's graph; -1: a conversion, which belongs to none */
    struct {
        const char *kernel; /* "winograd4", "pool" and so on; NULL: nothing runs */
        double macs;    /* multiply-adds per image, of the operator as it is defined: no channels of padding,
                           no transforms */
        double bytes;   /* per image, read and written once each: activations, gradients, and a share of the
                           weights for the images of a micro-batch */
        double seconds; /* of all passes, of one thread */
    } of[DIRECTIONS];
};

struct step_times;

struct step_times *step_times_new(void); /* NULL without memory */
void step_times_free(struct step_times *times);
int step_times_count(const struct step_times *times); /* 0 until an engine was freed */
const struct step_time *step_times_at(const struct step_times *times, int step);
int64_t step_times_images(const struct step_times *times); /* that went forward, those that filled up a
                                                              micro-batch too */

/* --- while an engine lives: one that was made with `times` ---------------------------------------------- */

struct engine;

int step_clocks_count(const struct engine *engine);
/* Without the seconds. */
void step_clocks_describe(const struct engine *engine, int step, struct step_time *time);
/* Of all passes so far, one per step; the engine's own. */
const double *step_clocks_seconds(const struct engine *engine, enum direction direction);

/* --- for engines ---------------------------------------------------------------------------------------- */

/* Seconds of an engine's own steps, [DIRECTIONS][steps]. */
status step_clocks_new(struct engine *engine, int steps, struct error *error);
double step_clock_start(const struct engine *engine);
/* `complete`: the step has run to its end, and is no first half that waits for a batch's sums. */
void step_clock_stop(struct engine *engine, enum direction direction, int step, bool complete, double start);
void step_clocks_free(struct engine *engine); /* after they were added to the engine's times */

#endif
