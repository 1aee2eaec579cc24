/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The spread of a criterion's scores in a few numbers, and how tables show it. */
#ifndef IPPRO_SESSION_SUMMARY_H
#define IPPRO_SESSION_SUMMARY_H

#include "score/criterion.h"
#include "view/figure.h"

struct summary {
    int64_t filters;
    double minimum, median, maximum;
    int64_t tied; /* filters whose score another filter of the same layer has as well */
};

/* Over `count` scored layers, by index. */
status summary_of(const struct layers *layers, const struct scores *scores, const int *indices, int count,
                  struct summary *summary, struct error *error);
/* Columns: `heading` (text), filters, min, median, max, tied; then cells of all but the first. */
void summary_columns(struct figure *figure, const char *heading);
void summary_cells(struct figure *figure, const struct summary *summary);

#endif
