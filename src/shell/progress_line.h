/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A line of progress on standard error, drawn by the thread that waits. Nothing is drawn where standard error
 * is no terminal. */
#ifndef IPPRO_SHELL_PROGRESS_LINE_H
#define IPPRO_SHELL_PROGRESS_LINE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct progress_line {
    pthread_mutex_t lock; /* of what the working thread reports */
    char what[64], unit[32];
    int64_t done, total;
    int64_t before; /* what was done when it was heard of first, after other work perhaps */
    double started; /* when this piece of work began */
    bool ascii, drawn;
    size_t waiting; /* lines that were typed meanwhile */
};

void progress_line_start(struct progress_line *line, bool ascii);
/* The `report` of base/progress.h; argument: the line. */
void progress_line_report(void *argument, const char *what, const char *unit, int64_t done, int64_t total);
/* How far the work is, in its units; total 0: not known. */
int64_t progress_line_done(struct progress_line *line, int64_t *total);
/* Units a second since then, 0 while it is not known. The lock is held. */
double progress_line_rate(const struct progress_line *line);
void progress_line_draw(struct progress_line *line);
/* Wipe the line. */
void progress_line_end(struct progress_line *line);

#endif
