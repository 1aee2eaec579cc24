/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layers by stage. */
#ifndef IPPRO_TUI_LAYER_ROWS_H
#define IPPRO_TUI_LAYER_ROWS_H

#include "tui/explorer.h"

/* Rows for all layers; those of closed stages (view->closed, per layer that begins one) are left out. Without
 * layers there are none. False when memory is out. */
bool layer_rows_fill(struct layers_view *view, const struct layers *layers);
/* The row's name in the tree, borrowed. */
const char *layer_row_text(const struct layer_row *row, const struct layers *layers);
/* What commands call the row: a layer's name, or a pattern for a stage. Owned by the caller; NULL where the
 * pattern would be a layer's name, and when memory is out. */
char *layer_row_target(const struct layer_row *row, const struct layers *layers);

#endif
