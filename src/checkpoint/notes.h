/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is told of a checkpoint besides its weights: lines, and how many more there would have been. */
#ifndef IPPRO_CHECKPOINT_NOTES_H
#define IPPRO_CHECKPOINT_NOTES_H

#include "base/memory.h"
#include "base/status.h"

enum { MOST_NOTES = 24 };

/* Lines are the arena's. */
struct notes {
    struct arena *arena;
    const char *lines[MOST_NOTES + 1];
    int count, passed_over;
};

/* One more line, valid UTF-8 without control characters; where there are too many, it is counted only. A line
 * that is there already is not added again. */
status notes_add(struct notes *notes, struct error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Behind the last: how many were passed over. */
status notes_end(struct notes *notes, struct error *error);

#endif
