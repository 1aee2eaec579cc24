/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reference numbers from files: a table of scores (a row per layer and channel) or a matrix of logits. */
#ifndef IPPRO_TESTS_REFERENCE_DUMP_H
#define IPPRO_TESTS_REFERENCE_DUMP_H

#include "base/memory.h"
#include "base/status.h"

struct dump_layer {
    const char *name, *norm; /* "layer1.0.conv1", "layer1.0.bn1" */
    int first, count;        /* rows: channels 0..count-1 in order */
};

struct dump {
    struct arena *arena;
    const char **columns; /* names of the columns after conv, bn, channel; NULL for a matrix */
    double *values;       /* rows x column_count */
    int column_count, row_count;
    struct dump_layer *layers;
    int layer_count;
};

status dump_read_scores(const char *path, struct dump *dump, struct error *error);
/* Numbers only, no header. */
status dump_read_matrix(const char *path, struct dump *dump, struct error *error);
void dump_free(struct dump *dump);
int dump_column(const struct dump *dump, const char *name); /* -1 when absent */
double dump_value(const struct dump *dump, int row, int column);

#endif
