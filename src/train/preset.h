/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recipes of training by name, a row for each: IPPRO's (arXiv 2507.14171, Appendix B) and the usual ones.
 *
 * A preset gives all options of a training; what the user sets besides wins. Numbers of the paper that could
 * not be confirmed are the usual ones of the field, and `help` says which. */
#ifndef IPPRO_TRAIN_PRESET_H
#define IPPRO_TRAIN_PRESET_H

#include "train/trainer.h"

struct training_preset {
    const char *name;   /* "resnet56-49" */
    const char *help;   /* one line */
    const char *source; /* where the numbers are from, and which are not confirmed: a sentence or more */
    const char *augmentation; /* in the words of data/augment.h: "crop,flip" */
    struct trainer_options options;
};

const struct training_preset *training_preset_at(int index); /* NULL past the end */
/* STATUS_NOT_FOUND, with the nearest name. */
status training_preset_find(const char *name, const struct training_preset **preset, struct error *error);

#endif
