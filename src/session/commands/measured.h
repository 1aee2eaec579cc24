/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Evaluating for commands: what is found of a network on a sample is remembered. */
#ifndef IPPRO_SESSION_COMMANDS_MEASURED_H
#define IPPRO_SESSION_COMMANDS_MEASURED_H

#include "session/language/command.h"
#include "session/measurement.h"
#include "stats/evaluate.h"

/* On which images, by which options: those of the call. */
struct measuring {
    struct call *call;
    const struct sample *sample;
    const struct dataset *dataset; /* NULL: the session's */
    const char *title;             /* as in stats/evaluate.h, like those that follow */
    void (*watch)(void *argument, const struct evaluation *so_far);
    bool (*watch_due)(void *argument);
    void *watch_argument;
};

/* Evaluate. The measurement, without a network's name, and the evaluation are the caller's. */
status measure_graph(const struct measuring *measuring, const struct graph *graph,
                     struct evaluation *evaluation, struct measurement *measurement, struct error *error);
/* Evaluate, and keep what was found in the session: whatever is undone later, it stays true. `network` names
 * it (model->network). The evaluation is the caller's. */
status measure_network(const struct measuring *measuring, const struct graph *graph, const char *network,
                       struct evaluation *evaluation, struct error *error);
/* What is remembered; NULL: nothing. Borrowed until something else is measured. */
const struct measurement *measured(const struct measuring *measuring, const char *network);

/* What the network as it is now and the network as loaded say of every image of the sample (`answers`), or of
 * the pixels of all where every pixel has a label (`confusion`); what is not known is measured. The same for
 * both where nothing was changed. Borrowed like `measured`. */
struct both_measured {
    const struct measurement *first, *now;
};
status measure_both(const struct measuring *measuring, struct both_measured *both, struct error *error);

#endif
