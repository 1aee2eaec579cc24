/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the command search share. */
#ifndef IPPRO_SESSION_COMMANDS_SEARCH_INTERNAL_H
#define IPPRO_SESSION_COMMANDS_SEARCH_INTERNAL_H

#include "search/search.h"
#include "session/commands/sweep.h"
#include "session/language/command.h"
#include "session/words/choice.h"
#include "stats/latency_table.h"

struct search_call {
    struct call *call;
    struct sweep sweep;
    char label[CHOICE_LABEL_SIZE]; /* of the criterion */
    double *class_score;
    struct search_goal goal;
    struct search *search; /* borrowed from the session */
    struct search_outcome outcome;
    struct latency_settings timing;  /* how latencies are measured */
    struct latency_table *latencies; /* NULL: they do not matter */
    struct latency_spread measured;  /* of the selection, in the end */
};

/* The goal, the criterion's scores of all classes, the sample, and where a latency matters its table: all
 * that the search begins with. The session keeps nothing of it yet. */
status search_prepare(struct search_call *work, struct error *error);
/* The ratios found as a selection, which the caller owns, and the recipe, where one was asked for. */
status search_select_found(const struct search_call *work, struct pruning **next, struct error *error);
/* What the search has measured of a candidate is known of the network of that digest from now on, unless more
 * is known of it. */
status search_keep_measured(const struct search_call *work, int candidate, const char *network,
                            struct error *error);

/* Name in commands and files, words in figures. */
struct search_budget {
    const char *name, *words;
};
extern const struct search_budget search_budgets[SEARCH_COSTS];

/* Accuracy against multiply-adds of all that was judged, the front marked. complete: something was found. */
struct figure *search_pareto(const struct search_call *work, bool complete);
/* The front in numbers. */
struct figure *search_front_table(const struct search_call *work);
/* "50.0 % of the multiply-adds, 48.2 % of the parameters, top-1 87.31 % (93.39 % unpruned)" */
void text_add_search_found(struct text *text, const struct search_call *work);

#endif
