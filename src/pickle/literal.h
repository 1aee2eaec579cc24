/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The opcodes that push a number or a text (pickle/opcodes.h). */
#ifndef IPPRO_PICKLE_LITERAL_H
#define IPPRO_PICKLE_LITERAL_H

#include "base/status.h"
#include "pickle/machine.h"

/* None, False, True: `argument` is the truth, -1 for None. */
status literal_constant(struct machine *machine, int argument, struct error *error);
/* Integers in lines: INT and LONG. */
status literal_line_integer(struct machine *machine, int argument, struct error *error);
status literal_line_real(struct machine *machine, int argument, struct error *error);
/* Little-endian integers of so many bytes; negative: of -argument bytes, signed. */
status literal_integer(struct machine *machine, int argument, struct error *error);
/* LONG1, LONG4: a length of so many bytes, then two's complement. */
status literal_long(struct machine *machine, int argument, struct error *error);
status literal_real(struct machine *machine, int argument, struct error *error);
/* Texts in lines: quoted with Python's escapes, and "raw-unicode-escape". */
status literal_quoted(struct machine *machine, int argument, struct error *error);
status literal_unicode(struct machine *machine, int argument, struct error *error);
/* A length of so many bytes, then a string; then bytes. */
status literal_string(struct machine *machine, int argument, struct error *error);
status literal_bytes(struct machine *machine, int argument, struct error *error);

#endif
