/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a smaller network would take, without measuring each one: a table of what layers take at their widths,
 * which fills itself.
 *
 * The engine makes channels in blocks of 16, so that a layer's time is a staircase over them. An entry of the
 * table is a layer at so many steps of output and input channels: a step is 16 of what is made and 4 of what
 * is read, or more where that would be over eight steps. What a selection leaves is the sum of its layers'
 * entries (with what follows them in the graph: additions, pooling), each times the ratio of the blocks that
 * are multiplied to those of the measurement, and what belongs to no layer. The first selection with an entry
 * that is not there is cut and measured, by turns with the whole network, and all its layers are entered; so
 * a search over many selections measures few of them. An entry never changes once it is there: the same
 * selection has the same prediction for as long as the table lives.
 *
 *     latency_table_new(coupling, &settings, &table, error);        once per search: measures the network
 *     latency_table_predict(table, removed, &seconds, error);       for each selection that is looked at
 *     latency_table_measure(table, removed, &spread, error);        at the end: what it takes in truth
 *     latency_table_whole(table), latency_table_measurements(table) for titles and notes
 *     latency_table_free(table);
 *
 * A budget of 70 % is predict(removed) <= 0.7 * latency_table_whole(table). */
#ifndef IPPRO_STATS_LATENCY_TABLE_H
#define IPPRO_STATS_LATENCY_TABLE_H

#include "prune/coupling.h"
#include "stats/latency.h"

struct latency_table;

/* The coupling (with graph and layers), the settings' pool and their progress are borrowed while the table
 * lives; settings->seconds bounds each measurement, 0.3 is usual. Measures the network as it is. */
status latency_table_new(const struct coupling *coupling, const struct latency_settings *settings,
                         struct latency_table **table, struct error *error);
void latency_table_free(struct latency_table *table); /* NULL is fine */

/* Seconds of a run without the removed classes (per class of the coupling; NULL: the whole). Microseconds
 * where the table has all it needs, else a measurement. Refused: what surgery refuses. The table stays as it
 * is on failure (STATUS_CANCELLED too). */
status latency_table_predict(struct latency_table *table, const bool *removed, double *seconds,
                             struct error *error);
/* The same measured, by turns with the whole network, and told at the pace that this had at first, so that it
 * can be compared with predictions. */
status latency_table_measure(struct latency_table *table, const bool *removed, struct latency_spread *spread,
                             struct error *error);

const struct latency_spread *latency_table_whole(const struct latency_table *table); /* of the network */
int latency_table_measurements(const struct latency_table *table); /* networks measured, this one too */

#endif
