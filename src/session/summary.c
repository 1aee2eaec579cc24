/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Minimum, median, maximum and ties of scores. */
#include "session/summary.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/order.h"
#include "base/status.h"
#include "session/shown.h"

/* Values of an ascending array that have an equal neighbour. */
static int64_t count_tied(const double *sorted, int64_t count)
{
    int64_t tied = 0;
    for (int64_t i = 0; i < count; i++) {
        if ((i > 0 && sorted[i] == sorted[i - 1]) || (i + 1 < count && sorted[i] == sorted[i + 1]))
            tied++;
    }
    return tied;
}

status summary_of(const struct layers *layers, const struct scores *scores, const int *indices, int count,
                  struct summary *summary, struct error *error)
{
    *summary = (struct summary){.minimum = NAN, .median = NAN, .maximum = NAN};
    for (int i = 0; i < count; i++)
        summary->filters += scores->layer[indices[i]] ? layers->items[indices[i]].channels : 0;
    double *all = mem_new((size_t)summary->filters + 1, sizeof *all);
    if (!all)
        return error_memory(error);
    int64_t filled = 0;
    for (int i = 0; i < count; i++) {
        int64_t channels = layers->items[indices[i]].channels;
        if (!scores->layer[indices[i]])
            continue;
        memcpy(all + filled, scores->layer[indices[i]], (size_t)channels * sizeof *all);
        sort_ascending(all + filled, channels);
        summary->tied += count_tied(all + filled, channels);
        filled += channels;
    }
    sort_ascending(all, filled);
    if (filled > 0) {
        summary->minimum = all[0];
        summary->median = quantile_of(all, filled, 0.5);
        summary->maximum = all[filled - 1];
    }
    mem_free(all);
    return STATUS_OK;
}

void summary_columns(struct figure *figure, const char *heading)
{
    table_column(figure, heading, NULL, COLUMN_TEXT, 0);
    table_column(figure, "filters", NULL, COLUMN_INTEGER, 0);
    table_column(figure, "min", NULL, COLUMN_REAL, 4);
    table_column(figure, "median", NULL, COLUMN_REAL, 4);
    table_column(figure, "max", NULL, COLUMN_REAL, 4);
    table_column(figure, "tied", NULL, COLUMN_INTEGER, 0);
}

void summary_cells(struct figure *figure, const struct summary *summary)
{
    table_number(figure, (double)summary->filters);
    number_cell(figure, summary->minimum);
    number_cell(figure, summary->median);
    number_cell(figure, summary->maximum);
    table_number(figure, (double)summary->tied);
}
