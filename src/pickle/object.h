/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The opcodes of classes, calls, attributes and persistent ids (pickle/opcodes.h). */
#ifndef IPPRO_PICKLE_OBJECT_H
#define IPPRO_PICKLE_OBJECT_H

#include "base/status.h"
#include "pickle/machine.h"

/* A class by two names in lines, or by two strings on the stack. */
status object_global(struct machine *machine, int argument, struct error *error);
status object_stack_global(struct machine *machine, int argument, struct error *error);
/* What is refused: classes by number, and buffers that are kept elsewhere. */
status object_extension(struct machine *machine, int argument, struct error *error);
status object_elsewhere(struct machine *machine, int argument, struct error *error);
/* Calls: of a callable with a tuple of arguments (REDUCE, NEWOBJ), and a dict of named ones besides
 * (NEWOBJ_EX); of what is above the mark (OBJ); of a class by two names with that (INST). */
status object_call(struct machine *machine, int argument, struct error *error);
status object_call_named(struct machine *machine, int argument, struct error *error);
status object_of_mark(struct machine *machine, int argument, struct error *error);
status object_instance(struct machine *machine, int argument, struct error *error);
/* Attributes for the value below the top. */
status object_build(struct machine *machine, int argument, struct error *error);
/* Persistent ids: the top value, or a line. */
status object_persistent(struct machine *machine, int argument, struct error *error);
status object_persistent_line(struct machine *machine, int argument, struct error *error);

#endif
