/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command table. */
#include "session/commands/rows.h"
#include "session/language/command.h"

const struct command *const command_table[] = {
    &commands_files[0],   /* load */
    &commands_files[1],   /* data */
    &commands_save[0],    /* save */
    &commands_session[0], /* session */
    &commands_look[0],    /* info */
    &commands_look[1],    /* layers */
    &commands_look[2],    /* layer */
    &commands_look[3],    /* filter */
    &commands_score[0],   /* score */
    &commands_score[1],   /* rank */
    &commands_compare[0], /* hist */
    &commands_compare[1], /* corr */
    &commands_compare[2], /* overlap */
    &commands_map[0],     /* scatter */
    &commands_map[1],     /* heat */
    &commands_ratio[0],   /* group */
    &commands_ratio[1],   /* ratio */
    &commands_ratio[2],   /* recipe */
    &commands_prune[0],   /* prune */
    &commands_prune[1],   /* unprune */
    &commands_apply[0],   /* apply */
    &commands_apply[1],   /* undo */
    &commands_apply[2],   /* redo */
    &commands_cost[0],    /* cost */
    &commands_diff[0],    /* diff */
    &commands_judge[0],   /* eval */
    &commands_curve[0],   /* curve */
    &commands_curve[1],   /* sensitivity */
    &commands_gamma[0],   /* gamma */
    &commands_probe[0],   /* rescale */
    &commands_probe[1],   /* sampling */
    &commands_panes[0],   /* layout */
    &commands_panes[1],   /* screen */
    &commands_panes[2],   /* bind */
    &commands_panes[3],   /* unbind */
    &commands_panes[4],   /* type */
    &commands_program[0], /* set */
    &commands_program[1], /* theme */
    &commands_program[2], /* run */
    &commands_program[3], /* lua */
    &commands_program[4], /* help */
    &commands_program[5], /* apropos */
    &commands_program[6], /* quit */
    NULL,
};
