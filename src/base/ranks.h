/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many processes that do the same work together: the ranks of an MPI job.
 *
 * Every rank runs the same commands on the same state and computes its share of the images; what the shares
 * come to goes from rank to rank, so that afterwards all have the same, bit for bit. Rank 0 alone talks and
 * writes files. Built without MPI, or started without a launcher (mpirun, srun), there is one rank, nothing
 * is exchanged and MPI is not even initialised.
 *
 * All functions but count, index, talks, send and receive are collective: every rank calls them in the same
 * order, one thread at a time, whichever. Where ranks go different ways all the same (a script that asks for
 * the time, say), ranks_agree ends the job with a message. While a rank waits it sleeps.
 *
 * A rank that dies ends the job: the launcher sees to it. */
#ifndef IPPRO_BASE_RANKS_H
#define IPPRO_BASE_RANKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

/* Join the job, if a launcher started this process; once, from the main thread. From then on what ranks but
 * the first write to stdout and stderr is lost. STATUS_UNSUPPORTED where there are several ranks and the
 * program was built without MPI, or MPI cannot be called from threads. */
status ranks_begin(struct error *error);
/* Leave it. `code`: the exit status. Ends the job at once when the others are not about to leave. */
void ranks_end(int code);

const char *ranks_library(void); /* what the program is built with: "MPI 3.1", "no MPI" */
int ranks_count(void);           /* 1: alone */
int ranks_index(void);           /* 0..count-1 */
bool ranks_talks(void);          /* is this the rank that prints and writes files? */
int ranks_threads(int online);   /* this rank's share of so many processors, which others on its machine have
                                    too unless the launcher keeps ranks apart; at least 1 */

/* `code` is how this rank fares; what stands in `error` matters where it is a failure. All ranks have come to
 * `what` without an error, or all return the failure of the first that has one, with the rank and its machine
 * in front of the message. Where they are elsewhere, the job ends. A failure that all have agreed upon is not
 * asked about again by the next ranks_agree_end. */
status ranks_agree(const char *what, status code, struct error *error);
/* The same at the end of a command, or of other work in which ranks may agree on the way: whoever failed
 * early waits here for the others. */
status ranks_agree_end(const char *what, status code, struct error *error);
/* Put rank and machine in front of a failure of this rank, unless it is the first. */
status ranks_name(struct error *error);

/* Bytes of rank `root` to all. They go in parts of so many: a rank with no room for all calls it for one part
 * after another. */
enum { RANKS_PART = 1 << 20 };
void ranks_broadcast(void *data, size_t bytes, int root);
/* `bytes` of each rank, in the order of ranks, to all: count * bytes. Its own may stand there already. */
void ranks_gather(const void *data, size_t bytes, void *all);
int64_t ranks_least(int64_t value);
/* From one rank to another, which receives as many: not collective, but these two alone. */
void ranks_send(const void *data, size_t bytes, int to);
void ranks_receive(void *data, size_t bytes, int from);

/* End all ranks with a message on stderr. Never returns. */
void ranks_abort(const char *message) __attribute__((noreturn));

#endif
