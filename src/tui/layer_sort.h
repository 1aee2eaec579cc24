/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order of the layers pane: that of the network, by stage, or layer by layer by one of its columns. */
#ifndef IPPRO_TUI_LAYER_SORT_H
#define IPPRO_TUI_LAYER_SORT_H

#include "tui/explorer.h"
#include "tui/layer_draw.h"

struct layer_facts;

/* Put the layers in that order, with the numbers there are now; the cursor stays on its layer. Those without
 * a number come last. Where memory is out the order stays as it was. */
void layer_sort(struct explorer *explorer, const struct layer_facts *facts, struct layer_order order);
/* By the next column that is shown, after the last as in the network. */
struct layer_order layer_order_next(struct layer_order order, const struct layer_places *places);
/* A click on the head of a column: by it, then the other way round, then as in the network. */
struct layer_order layer_order_clicked(struct layer_order order, const struct layer_places *places,
                                       int column);

#endif
