/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tables of the command latency have in common. Private to it. */
#ifndef IPPRO_SESSION_COMMANDS_LATENCY_INTERNAL_H
#define IPPRO_SESSION_COMMANDS_LATENCY_INTERNAL_H

#include "session/language/command.h"
#include "stats/latency.h"
#include "view/figure.h"

struct latency_call {
    struct call *call;
    const char *target; /* the argument; NULL: all layers */
    struct latency_settings settings;
};

/* Most networks that are measured by turns, the whole one too. */
enum { LATENCY_VARIANTS_MOST = 17 };

/* A table with the session's facts, and batch, threads and machine. */
struct figure *latency_figure(const struct latency_call *work, const char *name);
/* " (one image at a time, 2 threads, ...)": for the end of a title. */
void text_add_conditions(struct text *text, const struct latency_call *work);
/* How often each was run, and whether the machine was too busy to believe it. */
void latency_notes(struct figure *figure, const struct latency *latencies, int count);

/* The tables of widths and of multiples, from the list that was given. */
status latency_widths(const struct latency_call *work, const char *list, struct error *error);
status latency_multiples(const struct latency_call *work, const char *list, struct error *error);

#endif
