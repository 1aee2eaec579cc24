/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of gammas: "1", "0.1,0.01,inf", "1e-4:1e4:log:81" (from, to, spacing log or linear, how many). */
#ifndef IPPRO_SESSION_WORDS_GAMMA_LIST_H
#define IPPRO_SESSION_WORDS_GAMMA_LIST_H

#include <stddef.h>
#include "base/status.h"

enum { GAMMAS_MAX = 100000 };

struct gamma_list {
    double *items; /* over 0, may be infinite; owned (gamma_list_free) */
    size_t count, capacity;
};

/* Add what the text says. STATUS_RANGE with the piece that is wrong: each must be over 0, the ends of a range
 * finite, and there are GAMMAS_MAX at most. */
status gamma_list_add(struct gamma_list *list, const char *text, struct error *error);
/* Ascending, each once. */
void gamma_list_sort(struct gamma_list *list);
void gamma_list_free(struct gamma_list *list);

#endif
