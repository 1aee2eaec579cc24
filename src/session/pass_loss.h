/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loss that the option `loss` asks for, of a network: what it means (nn/engine/aim.h), whether network
 * and images allow it, and the function of a file while a pass is made. */
#ifndef IPPRO_SESSION_PASS_LOSS_H
#define IPPRO_SESSION_PASS_LOSS_H

#include "base/file.h"
#include "nn/engine/aim.h"
#include "session/words/option.h"

struct dataset;
struct model;
struct progress;
struct recipe_program;
struct text;

/* A plain value, zeroed where it is filled, so that equal ones are equal by their bytes. */
struct pass_loss {
    enum aim_kind kind;
    char file[VALUE_TEXT_SIZE]; /* AIM_FUNCTION: its path, */
    char digest[DIGEST_SIZE];   /* and what was in it */
};

/* Refused where the network does not classify what it is to; a file that cannot be read. */
status pass_loss_of(const struct options *options, const struct model *model, struct pass_loss *loss,
                    struct error *error);
bool pass_loss_equal(const struct pass_loss *a, const struct pass_loss *b);
/* Images must fit the network, and labels where they are looked at. */
status pass_loss_fits(const struct pass_loss *loss, const struct model *model, const struct dataset *dataset,
                      struct error *error);
/* Is it one that looks at no labels, with a name: "sum", "l2", "boxes.lua"? */
bool loss_is_named(const struct pass_loss *loss);
void text_add_loss(struct text *text, const struct pass_loss *loss);

/* A loss that can be taken. */
struct open_loss {
    struct aim aim;
    const struct recipe_program *program;
    struct progress *progress;
    void *function;
};

/* A file's function is the program's (NULL: there is none, and files are refused); progress: of the work.
 * `open` stays where it is until it is closed. */
status pass_loss_open(const struct pass_loss *loss, const struct recipe_program *program,
                      struct progress *progress, struct open_loss *open, struct error *error);
void open_loss_close(struct open_loss *open); /* one that is zero, too */

#endif
