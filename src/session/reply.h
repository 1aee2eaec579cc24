/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a command answers: lines of text and figures, in order, for whatever front end there is to show them.
 */
#ifndef IPPRO_SESSION_REPLY_H
#define IPPRO_SESSION_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include "base/status.h"
#include "view/style.h"
#include "view/figure.h"

enum { REPLY_COLUMN = 16 };

struct reply_item {
    enum cell_style style;
    /* One paragraph. Blanks in front are the indent of all its lines. After a tab, the rest stands in column
     * REPLY_COLUMN and is wrapped under itself: a list of names and their meanings. */
    char *text;
    struct figure *figure; /* else NULL */
};

/* What a command wants of the front end, which alone has panes and keys. */
enum request_kind {
    REQUEST_NONE,
    REQUEST_LAYOUT,
    REQUEST_SCREEN,
    REQUEST_BIND,
    REQUEST_UNBIND,
    REQUEST_TYPE,
    REQUEST_LOG, /* without words: is it written? with "": no longer */
};
enum { REQUEST_WORDS = 64 };
struct request {
    enum request_kind kind;
    char *words[REQUEST_WORDS]; /* the command's arguments, owned */
    int count;
    bool styles; /* REQUEST_SCREEN: with styles */
    int colors;  /* REQUEST_SCREEN: with escape sequences for so many; below 0: without */
};

/* What a command put into a file, or took from there, and is therefore not lost with the program. */
enum reply_kept { KEPT_NOTHING, KEPT_NETWORK, KEPT_SESSION };

/* Initialise with `struct reply reply = {0};`. */
struct reply {
    struct reply_item *items;
    size_t count, capacity;
    bool failed;          /* memory ran out; reported once when the command ends */
    bool explains;        /* what stands here is shown although the command failed: it says more of why */
    bool quit;            /* the front end should end */
    bool quit_at_once;    /* and ask nothing */
    enum reply_kept kept; /* of the session as it is then */
    char *resumed;        /* the unsaved session that the present one is now (unsaved.h), or NULL */
    char *run_file;       /* a file of commands or a script that the front end should run next, or NULL */
    char **run_arguments; /* of the script, owned */
    int run_argument_count;
    struct request request;
    char *code; /* a piece of Lua that the front end should run next, or NULL */
    /* Commands, one a line, that a session file keeps in the place of this one, or NULL. A line "#recipe
     * DIGEST PATH" in front says which file they came from. */
    char *log;
    char *result; /* what came out, in one line (reply_result), or NULL */
};

void reply_free(struct reply *reply);
void reply_add(struct reply *reply, enum cell_style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void reply_line(struct reply *reply, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The text's content; a text that ran out of memory marks the reply. */
struct text;
const char *reply_text(struct reply *reply, const struct text *text);
/* What came out, in one line without the command's name: what a log keeps of figures. The last one counts. */
void reply_result(struct reply *reply, const struct text *text);
/* That line; without one what says it best: the first paragraph, that of a note last, else the title of the
 * first figure. NULL for a reply that says nothing. Borrowed. */
const char *reply_outcome(const struct reply *reply);
/* Takes ownership of the figure, also on failure; NULL and incomplete figures are STATUS_MEMORY. */
status reply_figure(struct reply *reply, struct figure *figure, struct error *error);
/* The figures among the items; the array is owned by the caller (mem_free), the figures are borrowed. */
status reply_figures(const struct reply *reply, const struct figure ***figures, int *count,
                     struct error *error);
/* Drop what is not the result itself: notes, those of figures too, and of a command that changed the session
 * what it says of itself. */
void reply_only_results(struct reply *reply, bool changed);
/* Drop all items (after their figures went to a file). */
void reply_clear(struct reply *reply);

#endif
