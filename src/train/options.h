/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options of a training as a text, for checkpoints: a line "name=value" each, from one table. */
#ifndef IPPRO_TRAIN_OPTIONS_H
#define IPPRO_TRAIN_OPTIONS_H

#include "base/text.h"
#include "train/trainer.h"

/* Values read back as exactly the same. */
void text_add_trainer_options(struct text *text, const struct trainer_options *options);
/* Lines that such a text does not have leave their option as it is. STATUS_FILE with the line that is wrong.
 */
status trainer_options_parse(const char *text, struct trainer_options *options, struct error *error);
/* Do both give the same numbers, as far as both go? Epochs and patience may differ. STATUS_STATE with the
 * first option that does not, and both values. */
status trainer_options_same(const struct trainer_options *saved, const struct trainer_options *options,
                            struct error *error);

#endif
