/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One command as work that the front end waits for. Commands that may run long get a thread of their own; the
 * front end's thread keeps what only one thread may touch (terminal, Readline, curses, Lua) and does there
 * what the work asks for.
 *
 *     job_start(&request, report, argument, &job, &error);
 *     while (!job_wait(job, 100))
 *         draw progress, look at keys
 *     job_end(job, &reply, &error);
 *
 * An event loop polls job_descriptor beside its own descriptors and calls job_wait(job, 0) when it is
 * readable. One job at a time. */
#ifndef IPPRO_SHELL_JOB_H
#define IPPRO_SHELL_JOB_H

#include "base/progress.h"
#include "session/language/command.h"

struct job_request {
    struct session *session;                  /* nobody else's until job_end */
    const struct statement *statement;        /* borrowed until job_end */
    bool prefixes;                            /* the command may be shortened */
    const struct progress_listener *listener; /* borrowed until job_end, may be NULL: heard every 100 ms at
                                                 most, and at the end of a piece of work */
    bool modest; /* the work gives way to this thread where processors are short: keys are answered at once */
};

struct job;

/* The full name of the command; as it was typed where there is none of that name. */
const char *job_command(const struct job_request *request);

/* Begin. A short command has ended when this returns, and so has a long one where no thread can be made. From
 * here to job_end, Ctrl-C cancels it. `report` (may be NULL) is that of base/progress.h: called from other
 * threads. Fails with STATUS_MEMORY only. */
status job_start(const struct job_request *request,
                 void (*report)(void *argument, const char *what, const char *unit, int64_t done,
                                int64_t total),
                 void *argument, struct job **job, struct error *error);
/* Do what the work asks this thread for; wait at most so many milliseconds (negative: no limit), less when
 * something happens or a signal comes. True when the work has ended. */
bool job_wait(struct job *job, int milliseconds);
/* Readable when job_wait has something to do; -1 when the work has ended already. */
int job_descriptor(const struct job *job);
/* Have the work end soon, with STATUS_CANCELLED. */
void job_cancel(struct job *job);
/* Wait for the end and hand its outcome over, as session_run does. Frees the job. */
status job_end(struct job *job, struct reply *reply, struct error *error);

/* All of this with the plain terminal's progress line, or (quiet) without one. */
status job_run(const struct job_request *request, bool ascii, bool quiet, struct reply *reply,
               struct error *error);

#endif
