/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A text file to which all that is done is added as it is done: every command with the time, what it showed,
 * and the seconds it took. Lines are complete when a command ends, so that what was done is there whatever
 * becomes of the program. */
#ifndef IPPRO_SHELL_TRANSCRIPT_H
#define IPPRO_SHELL_TRANSCRIPT_H

#include "session/session.h"
#include "shell/show.h"

struct statement;
struct transcript;

/* Add to the file from here on; it is made where there is none. */
status transcript_open(const char *path, struct transcript **transcript, struct error *error);
void transcript_close(struct transcript *transcript); /* NULL is fine, here and below */
const char *transcript_path(const struct transcript *transcript);

/* "[2026-01-31 17:05:00] score all" */
void transcript_command(struct transcript *transcript, const struct statement *statement);
/* "[2026-01-31 17:05:00] sweep.lua: score all": a command that a script runs. It shows nothing, and takes its
 * part of the script's seconds. */
void transcript_call(struct transcript *transcript, const char *script, const struct statement *statement);
/* A reply as show_reply_text draws it. */
void transcript_reply(struct transcript *transcript, const struct show *show, const struct session *session,
                      const struct reply *reply);
void transcript_text(struct transcript *transcript, const char *text, size_t length);
/* "error: ...", behind `where`, which may be NULL. */
void transcript_error(struct transcript *transcript, const char *where, const struct error *error);
/* "(0.123 s)", behind the last command that has not ended; nothing when the file was opened later. */
void transcript_seconds(struct transcript *transcript, double seconds);

/* Could everything be written, and is the file still there? The error is told once. */
status transcript_check(struct transcript *transcript, struct error *error);

#endif
