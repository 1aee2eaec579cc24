/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of the command table, one per group; table.c joins them. Each ends with a row without a name.
 */
#ifndef IPPRO_SESSION_COMMANDS_ROWS_H
#define IPPRO_SESSION_COMMANDS_ROWS_H

#include "session/language/command.h"

extern const struct command commands_files[];   /* load data */
extern const struct command commands_look[];    /* info layers layer filter */
extern const struct command commands_score[];   /* score rank */
extern const struct command commands_compare[]; /* hist corr overlap */
extern const struct command commands_judge[];   /* eval */
extern const struct command commands_map[];     /* scatter heat */
extern const struct command commands_ratio[];   /* group ratio recipe */
extern const struct command commands_prune[];   /* prune unprune */
extern const struct command commands_apply[];   /* apply undo redo */
extern const struct command commands_save[];    /* save */
extern const struct command commands_session[]; /* session */
extern const struct command commands_cost[];    /* cost */
extern const struct command commands_diff[];    /* diff */
extern const struct command commands_curve[];   /* curve sensitivity */
extern const struct command commands_gamma[];   /* gamma */
extern const struct command commands_probe[];   /* rescale sampling */
extern const struct command commands_panes[];   /* layout screen bind unbind type */
extern const struct command commands_program[]; /* set theme run help apropos quit */

/* Functions of rows that stand in a file of their own. */
status run_sensitivity(struct call *call, struct error *error);
status run_filter(struct call *call, struct error *error);
status run_rank(struct call *call, struct error *error);
status run_histogram(struct call *call, struct error *error);
status run_sampling(struct call *call, struct error *error);
status run_heat(struct call *call, struct error *error);

/* The scores of one criterion: those that are held, else computed now where weights suffice. */
status bring_scores(struct call *call, const char *label, const struct score_entry **entry,
                    struct error *error);

/* The same for commands that only look, counted: nothing of the session changes. `seed_shift` is added to the
 * seed (of the criterion random). */
status scores_for(const struct call *call, const char *label, int seed_shift, struct scores **scores,
                  struct error *error);
/* The images that a judging command uses: its parameter samples, and the options order, seed and balanced
 * where they are given. Owned by the caller. */
status call_sample(const struct call *call, struct sample *sample, struct error *error);

/* The row of the parameter overwrite, for commands that write files. */
#define OVERWRITE_PARAMETER                                                                                  \
    {                                                                                                        \
        "overwrite", VALUE_BOOLEAN, 0, 0, 0, NULL, "no",                                                     \
            "replace a file that was read here, such as the one the network is from"                         \
    }

/* Ends of lists in rows. */
#define PARAMETER_END                                                                                        \
    {                                                                                                        \
        .name = NULL                                                                                         \
    }
#define EXAMPLE_END                                                                                          \
    {                                                                                                        \
        .line = NULL                                                                                         \
    }

#endif
