/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recipes: the ratios of a whole network in a text file, one setting a line.
 *
 *     # ResNet-56: a comment
 *     streams 0.15            TARGET RATIO: a layer, a pattern, streams, inner or all; RATIO or none
 *     inner 0.4
 *     layer3.*.conv1 0.7      a later line wins over an earlier one
 *     criterion l1            what `prune` uses when it is given none
 *     round prune-floor       how ratios become numbers, as the parameters of `prune`:
 *     round_to 8              round, round_to, min, cap, combine, compat, members, normaliser, blocks
 *
 * A recipe replaces all ratios that were set. Errors name file and line; one that sets no ratio at all is
 * refused. A file whose name ends in .lua is a program that makes these lines: whoever can run it says how
 * (struct recipe_program). */
#ifndef IPPRO_SESSION_RECIPE_H
#define IPPRO_SESSION_RECIPE_H

#include "base/text.h"
#include "session/pruning.h"

struct aim_image;
struct progress;

/* What the front end runs for the session; a function that is NULL is refused. */
struct recipe_program {
    void *argument;
    /* Run the file and add the lines of the recipe to `lines`. Errors name file and line. On any thread: it
     * hands over to its own (progress_call). */
    status (*run)(void *argument, const char *path, const struct model *model, struct text *lines,
                  struct error *error);
    /* Run the file for the criteria that it defines; it can do nothing else to the session. Likewise. */
    status (*define)(void *argument, const char *path, struct error *error);
    /* Run the files that describe networks, where that was not done yet; what is wrong with one goes to
     * `problems`, one line each. Likewise. */
    status (*networks)(void *argument, struct text *problems, struct error *error);
    /* Run the file of a loss and keep its function (session/loss.h) until it is closed. Likewise. */
    status (*loss_open)(void *argument, const char *path, void **loss, struct error *error);
    void (*loss_close)(void *argument, void *loss);
    /* Its value for an image, with the gradient (nn/engine/aim.h). On any thread, by way of the progress of
     * the work. */
    status (*loss_value)(void *argument, void *loss, struct progress *progress, const struct aim_image *image,
                         double *value, struct error *error);
};

/* No recipe is larger, program or not. */
#define RECIPE_LIMIT ((size_t)16 << 20)

/* A recipe that is being made: where its lines go. */
struct recipe {
    const struct model *model;
    struct pruning *pruning;       /* fresh from pruning_new or pruning_copy; filled */
    int ratios;                    /* lines that set one */
    struct text settings, targets; /* what was set, as commands: "round_to 8" in quotes, "ratio inner 0.4" */
};

/* `program` may be NULL: programs are refused then. */
status recipe_read(const char *path, const struct recipe_program *program, struct recipe *recipe,
                   struct error *error);
/* One line more, from whatever source. */
status recipe_line(struct recipe *recipe, const char *line, struct error *error);
/* Several, each ended by a line end or the text's. */
status recipe_read_lines(struct recipe *recipe, const char *lines, struct error *error);
/* The ratios of a pruning and its rule, as lines that make the same ratios when they are read, added to
 * `lines`. STATUS_STATE where no lines do: a block all of whose layers lie in others too, a layer with a
 * blank in its name. */
status recipe_lines(const struct model *model, const struct pruning *pruning, struct text *lines,
                    struct error *error);
/* The recipe as commands, one a line, that need no file. */
void recipe_log(const struct recipe *recipe, struct text *log);
void recipe_end(struct recipe *recipe);

#endif
