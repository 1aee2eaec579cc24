/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the command gamma: a sweep, and what is shown of it. */
#ifndef IPPRO_SESSION_COMMANDS_GAMMA_INTERNAL_H
#define IPPRO_SESSION_COMMANDS_GAMMA_INTERNAL_H

#include "score/proscore.h"
#include "session/language/command.h"
#include "session/words/gamma_list.h"
#include "stats/gamma_sweep.h"

struct gamma_call {
    struct call *call;
    struct choice choice; /* a form of proscore */
    struct criterion_options options;
    int *layers, layer_count; /* scored layers of the network */
    struct proscore_point *points;
    struct gamma_layer *items; /* per layer */
    struct gamma_settings settings;
    struct gamma_list gammas;
    struct gamma_result *results;
    struct gamma_flip up, down;
    double seconds;
};

/* Curves, where there is more than one finite gamma, and tables. */
status gamma_show(const struct gamma_call *work, struct error *error);

#endif
