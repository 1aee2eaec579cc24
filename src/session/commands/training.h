/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What finetune and train do. */
#ifndef IPPRO_SESSION_COMMANDS_TRAINING_H
#define IPPRO_SESSION_COMMANDS_TRAINING_H

#include "session/commands/training_plan.h"

/* The network learns and takes the place of the one before. */
status run_training(struct call *call, struct error *error);

#endif
