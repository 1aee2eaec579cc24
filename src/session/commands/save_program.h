/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A program for Python that cuts the same channels out of a model of PyTorch. */
#ifndef IPPRO_SESSION_COMMANDS_SAVE_PROGRAM_H
#define IPPRO_SESSION_COMMANDS_SAVE_PROGRAM_H

#include "session/language/command.h"

/* From the network as loaded to what is there now, selections that are not applied included. Refused
 * (STATUS_UNSUPPORTED, with the node) where the number of channels stands in the model's own program:
 * shuffles, splits, reshapes. */
status save_program(struct call *call, const char *path, struct error *error);

/* The part of the program that is the same for all networks: save_program_text.c. */
extern const char save_program_functions[];

#endif
