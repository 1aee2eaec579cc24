/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session kept as it goes, so that whatever ends the program ends no work: after every command that
 * changed it, what changed is added to a file of its own (session/commands/unsaved.h). The file is made with
 * the first work that could be lost, and is gone when there is none any more: when the session was saved, or
 * everything was undone. What is added is with the system at once, so that the end of the program loses none
 * of it, and on the disk as soon as that can be, so that the end of the system does not either. What another
 * program keeps is never touched. A disk that fails stops nothing: it is told once.
 *
 * The thread that runs the shell only, while no command runs. */
#ifndef IPPRO_SHELL_RECOVERY_H
#define IPPRO_SHELL_RECOVERY_H

#include "session/reply.h"
#include "session/session.h"

/* What is in no file of the user's. */
struct unsaved_work {
    int selections; /* changes of what is selected or of the network itself */
    int ratios;     /* changes of what is to be selected */
    bool other;     /* scores, evaluations, data: work that can be had again */
};

struct recovery;

/* Begin with what the session is now, which counts as saved, unless it was resumed from an unsaved session,
 * of whose file ours takes the place (`resumed`, copied; NULL: it was not). NULL when memory is out. */
struct recovery *recovery_new(const struct session *session, const char *resumed);
/* Keep what a command changed; `reply` is its own (NULL: none). STATUS_FILE, once, when it cannot be kept. */
status recovery_note(struct recovery *recovery, const struct session *session, const struct reply *reply,
                     struct error *error);
/* Since what was saved last. NULL has none. */
struct unsaved_work recovery_unsaved(const struct recovery *recovery);
/* The end: the file stays when it holds work that was not saved. Returns whether it does. NULL is fine. */
bool recovery_end(struct recovery *recovery);

#endif
