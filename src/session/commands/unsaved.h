/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions that were not saved. Each running program keeps its own in a file of the user's state folder
 * ($XDG_STATE_HOME/ippro-explore/sessions), locked while the program runs and added to with every change
 * (shell/recovery.h). A file is lines of JSON: the first says what it is, each later one is
 *     {"line": "prune l1 0.4", ...}      a command, as in a session file
 *     {"keep": 3}                        the first three commands stand, those behind them were undone
 *     {"measurement": {...}}             as in a session file
 * A line that is cut off, as the last one of a program that was killed may be, does not count. */
#ifndef IPPRO_SESSION_COMMANDS_UNSAVED_H
#define IPPRO_SESSION_COMMANDS_UNSAVED_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include "session/commands/document.h"

#define UNSAVED_FORMAT "ippro-explore unsaved session 1"

/* They are let go when there are more, or when they are older. */
enum { UNSAVED_MOST = 20, UNSAVED_DAYS = 60 };
/* None is read that is larger: a program begins another file before. */
#define UNSAVED_LIMIT ((size_t)64 << 20)

/* The folder, made (0700) when `create`. NULL where there is none, or where files are confined to another
 * one; with `error` set where it should be there and cannot be had. Owned by the caller. */
char *unsaved_folder(bool create, struct error *error);
/* The file that a word names: a path, or a file of the folder, with or without ".session". Owned by the
 * caller; NULL when memory is out. */
char *unsaved_path(const char *word);
/* The lock that says that a program still runs; it goes with the descriptor. False when another one has it.
 */
bool unsaved_lock(int descriptor);

/* Has the program ended that kept it? */
bool unsaved_is_left(const char *path);

struct unsaved {
    char *path;
    struct timespec changed;
};
struct unsaved_list {
    struct unsaved *items; /* the newest first */
    size_t count, capacity;
};
/* Those whose program has ended. What cannot be looked at is passed over. */
status unsaved_list(struct unsaved_list *list, struct error *error);
void unsaved_list_free(struct unsaved_list *list);
/* Remove those that are too old or too many. */
void unsaved_tidy(void);

/* As the document of a session (session_replay.h). *damaged: the first line that cannot be read and has lines
 * behind it that therefore do not count, or 0. Errors name the file. Close the document (document_end) after
 * success only. */
status unsaved_read(const char *path, struct document *document, int *damaged, struct error *error);

/* "resnet56.onnx, 7 commands, 2 hours ago": what a document holds, and when it was changed last. */
struct text;
void text_add_unsaved(struct text *text, const struct document *document, time_t changed, time_t now);

#endif
