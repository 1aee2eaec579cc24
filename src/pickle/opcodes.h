/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each opcode of a pickle does to the machine. Names are those of Python's pickletools. */
#ifndef IPPRO_PICKLE_OPCODES_H
#define IPPRO_PICKLE_OPCODES_H

#include "pickle/machine.h"

/* `argument`: the row's. */
typedef status (*opcode_function)(struct machine *machine, int argument, struct error *error);

struct opcode {
    const char *name; /* NULL: there is no such opcode */
    opcode_function run;
    int argument; /* what sets apart opcodes that share a function: a width, a number of values, a kind */
};

const struct opcode *opcode_of(unsigned char byte);

#endif
