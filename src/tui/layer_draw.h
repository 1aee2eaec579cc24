/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One row of the layers pane: its numbers, and where they stand. */
#ifndef IPPRO_TUI_LAYER_DRAW_H
#define IPPRO_TUI_LAYER_DRAW_H

#include "tui/explorer.h"

struct layer_facts;

struct layer_numbers {
    int64_t kept, channels, parameters;     /* parameters: those left */
    double ratio, macs, macs_before, share; /* ratio: mean over the channels; share: of all multiply-adds */
    double agreement, drop;                 /* as layer_facts.h says; NaN: not known */
    bool chosen;                            /* some of its channels have a ratio of their own */
    bool locked, excluded, stream, differs; /* differs: from the selection */
};

/* Of a layer, or added up over a stage: as the plan says where ratios are set, else as the network is. What
 * layer_facts.h has is left 0. */
struct layer_numbers layer_numbers(const struct explorer *explorer, const struct layer_row *row);

/* Columns of the pane behind the names, and their widths, 0 of those that are left out. */
enum { LAYER_COLUMNS = 10 };
struct layer_places {
    int name_width, column[LAYER_COLUMNS], width[LAYER_COLUMNS];
};

/* As many columns as fit, the most important first; that of the agreement also where it was not found out
 * yet. names: columns that the longest name takes. */
struct layer_places layer_places_for(const struct layer_facts *facts, int width, int names);
/* Is the agreement of the criteria among them? */
bool layer_places_agreement(const struct layer_places *places);
/* What rows are sorted by in a column; NaN where it has nothing. */
double layer_column_key(const struct explorer *explorer, const struct layer_facts *facts,
                        const struct layer_row *row, int column);
/* The heads; an arrow behind that of the column by which rows are sorted says which way its numbers go. */
void layer_head_draw(const struct layer_facts *facts, struct canvas *grid, const struct rect *room,
                     const struct layer_places *places, struct layer_order order);
/* name: the row's as it fits. */
void layer_row_draw(const struct explorer *explorer, const struct layer_facts *facts, struct canvas *grid,
                    const struct rect *room, int line, const struct layer_places *places,
                    const struct layer_row *row, const char *name);

#endif
