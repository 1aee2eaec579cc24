/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How commands tell what a selection leaves: tables, totals, warnings. */
#ifndef IPPRO_SESSION_WHAT_IF_H
#define IPPRO_SESSION_WHAT_IF_H

#include "session/session.h"

/* ", as torch-pruning, combine sum": how the score of a group is found, where that is not the default. */
void text_add_grouping(struct text *text, const struct group_rule *rule);
/* "l1, ratio 0.4 of 27 blocks, round prune-floor": how a selection is made, in one line. */
void text_add_rule(struct text *text, const struct session *session, const struct pruning *pruning);
/* Into the pruning, as how its selection was made, and on which data its scores are. */
status keep_rule_text(const struct session *session, struct pruning *pruning, struct error *error);
/* A selection for the record, one fact a line: "WHAT: " and the rule as it was when it selected, the hash of
 * the data that its scores are from, and the ratios where blocks have different ones. Something is selected.
 */
void text_add_selection(struct text *text, const char *what, const struct model *model,
                        const struct pruning *pruning);
/* "853,018 to 601,234 (-29.5 %)" */
void text_add_change(struct text *text, double before, double after, bool si);
/* "-29.5 %" */
void text_add_percent_change(struct text *text, double before, double after);
/* "92.19 +- 0.27 % of 10,000 images" */
void text_add_measured(struct text *text, const struct measurement *measurement);
/* The layers that the selection changes, with totals and warnings; the result is what it selects. */
status show_selection(const struct session *session, struct reply *reply, const char *name,
                      struct error *error);
/* The accuracy that was measured of the present network, or that none was, or that it is stale. */
void text_add_accuracy(struct text *text, const struct session *session);
/* The accuracy of the network as loaded, on the same images where both were measured; nothing without one, or
 * where that is the present network. */
void text_add_baseline(struct text *text, const struct session *session);

#endif
