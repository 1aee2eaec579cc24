/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One row of the layers pane: its numbers, and where they stand. */
#ifndef IPPRO_TUI_LAYER_DRAW_H
#define IPPRO_TUI_LAYER_DRAW_H

#include "tui/explorer.h"

struct layer_numbers {
    int64_t kept, channels;
    double ratio, macs, share;              /* ratio: mean over the channels; share: of all multiply-adds */
    bool chosen;                            /* some of its channels have a ratio of their own */
    bool locked, excluded, stream, differs; /* differs: from the selection */
};

/* Of a layer, or added up over a stage: as the plan says where ratios are set, else as the network is. */
struct layer_numbers layer_numbers(const struct explorer *explorer, const struct layer_row *row);

/* Columns of the pane, 0 where one is left out. */
struct layer_places {
    int name_width, ratio, bar, bar_width, kept, cost;
};

struct layer_places layer_places_for(int width);
void layer_head_draw(struct canvas *grid, const struct rect *room, const struct layer_places *places);
void layer_row_draw(const struct explorer *explorer, struct canvas *grid, const struct rect *room, int line,
                    const struct layer_places *places, const struct layer_row *row);

#endif
