/* SPDX-License-Identifier: GPL-3.0-or-later */
/* On what times were measured: titles of figures that show times say it. */
#ifndef IPPRO_SESSION_MACHINE_H
#define IPPRO_SESSION_MACHINE_H

#include <stdint.h>

struct text;

/* "batches of 16 images, 2 threads, AMD EPYC 7R13 with avx2": images that go through the network at once,
 * threads that share them out, and the processor as the system calls it, with the instruction set that
 * kernels use. Where the system has no name for it, its kind ("x86_64"). */
void text_add_machine(struct text *text, int64_t batch, int threads);

#endif
