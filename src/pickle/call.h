/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls in pickles: records of them, and the few that are what they stand for. */
#ifndef IPPRO_PICKLE_CALL_H
#define IPPRO_PICKLE_CALL_H

#include "base/status.h"
#include "pickle/machine.h"

/* callable(*arguments) on the stack: a record, or the container or text that the call makes. Refused where
 * the one cannot be called or the other is no tuple. */
status call_push(struct machine *machine, const struct pickle_value *callable,
                 const struct pickle_value *arguments, struct error *error);

#endif
