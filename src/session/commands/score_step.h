/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PROscore's step, as the command score shows it: how large it is beside what is lifted. */
#ifndef IPPRO_SESSION_COMMANDS_SCORE_STEP_H
#define IPPRO_SESSION_COMMANDS_SCORE_STEP_H

#include "session/language/command.h"
#include "session/shown.h"

/* A table with a row for each shown criterion that takes a step (criterion->points): target and reading,
 * gamma, the effective one, gamma*max|a| and gamma*max|b|, and how many channels' D changes sign. While both
 * maxima are small, the ranking does not depend on gamma. layers: indices, `count` of them. */
status show_step(const struct call *call, const struct shown_scores *shown, const int *layers, int count,
                 struct error *error);

#endif
