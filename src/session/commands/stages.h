/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of maps by stage: layers that have the first part of their names in common stand together where there
 * is no room for all, or where that is asked for. */
#ifndef IPPRO_SESSION_COMMANDS_STAGES_H
#define IPPRO_SESSION_COMMANDS_STAGES_H

#include "session/language/command.h"
#include "view/figure.h"

/* The parameter of commands that show such a map. */
#define STAGES_PARAMETER                                                                                     \
    {                                                                                                        \
        "rows", VALUE_CHOICE, 0, 0, 0, stages_rows_name, "auto",                                             \
            "all: one for each; stages: layers of a stage in one row; auto: where all do not fit the screen" \
    }
const char *stages_rows_name(int index); /* NULL past the end */

/* After figure_set_matrix: fold its rows, or let them be folded, as the call's parameter `rows` says. layers:
 * per row the name of a layer, whose stage it is in; NULL: the row stays for itself. */
status stages_fold(const struct call *call, struct figure *figure, const char *const *layers,
                   enum fold_rule rule, struct error *error);

#endif
