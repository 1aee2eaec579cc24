/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Results before the work is done. While a long command runs on one thread, a front end on another may take
 * snapshots of what has come out so far: a board of scores, an accuracy, a figure.
 *
 * The front end gives the session a channel (session->live). The command's side asks live_due between pieces
 * of work and publishes when it is: only when the front end has taken the snapshot before, at most LIVE_RATE
 * times a second, and rarer when a snapshot costs more than a hundredth of the work. Without a channel
 * nothing is computed; with one no bit of the result changes. */
#ifndef IPPRO_SESSION_LIVE_H
#define IPPRO_SESSION_LIVE_H

#include "session/board.h"
#include "view/figure.h"

enum { LIVE_RATE = 5 };

enum live_kind {
    LIVE_SCORES,      /* board and agreement; figure: a table of criteria */
    LIVE_ACCURACY,    /* accuracy, its standard error, loss; figure: a table */
    LIVE_CURVE,       /* figure: curves with points that are not computed yet */
    LIVE_SENSITIVITY, /* figure: a matrix over the images so far */
    LIVE_FIGURE,      /* a figure of another kind of work */
};

/* Immutable and counted. */
struct live_snapshot {
    int shares; /* owners beside the first */
    enum live_kind kind;
    int64_t done, total;
    const char *unit;      /* what is counted: "images", "networks" */
    char *progress;        /* "1,536 of 10,000 images" */
    struct figure *figure; /* says in a note that it is partial; NULL: none */
    struct figure *second; /* shown below it; NULL: none */

    /* LIVE_SCORES. All criteria that will be held, from the images so far; those that could not be computed
     * yet are missing. board->pass->statistics->partial is true. */
    struct board *board;           /* counted; NULL otherwise */
    struct model *model;           /* whose channels these are, likewise */
    double agreement[CHOICES_MAX]; /* per entry: board_agreement */

    /* LIVE_ACCURACY, else NaN. Shares of one. */
    double accuracy, accuracy_error, loss;
};

struct live_snapshot *live_snapshot_retain(struct live_snapshot *snapshot); /* NULL is fine */
void live_snapshot_free(struct live_snapshot *snapshot);                    /* likewise */

/* --- the front end's side ------------------------------------------------------------------------------- */

struct live;
status live_new(struct live **live, struct error *error);
/* No command may be running with it. NULL is fine. */
void live_free(struct live *live);
/* The newest snapshot that was not taken yet, with one owner; NULL when there is none. Asks for the next. */
struct live_snapshot *live_take(struct live *live);

/* --- the command's side; all accept a channel that is NULL ---------------------------------------------- */

/* Is a snapshot wanted now? Then publish one, or nothing when it cannot be made. */
bool live_due(struct live *live);
/* Ownership of the snapshot passes; it takes the place of one that was not taken. NULL is ignored. */
void live_publish(struct live *live, struct live_snapshot *snapshot);
/* Drop a snapshot that was not taken: the command it belongs to is over, or another begins. */
void live_clear(struct live *live);

/* A snapshot under construction, NULL when memory is out. Ownership of the figure (may be NULL) passes, also
 * on failure; it gets its note. */
struct live_snapshot *live_snapshot_new(enum live_kind kind, int64_t done, int64_t total, const char *unit,
                                        struct figure *figure);
/* The same in one step for work whose snapshot is a figure. */
void live_publish_figure(struct live *live, enum live_kind kind, int64_t done, int64_t total,
                         const char *unit, struct figure *figure);

#endif
