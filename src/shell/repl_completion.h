/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Tab key: Readline's questions put to session/language/completion.h. */
#ifndef IPPRO_SHELL_REPL_COMPLETION_H
#define IPPRO_SHELL_REPL_COMPLETION_H

#include "session/session.h"

/* Shows what there is: `count` words behind words[0], which is what they have in common, the longest of
 * `longest` bytes, and a line on what is completed. Without words (NULL, 0) there is the line alone. */
typedef void completion_shower(char **words, int count, int longest, const char *help);

/* The session is borrowed until the program ends. `show` NULL: below the line, as Readline does. */
void repl_completion_install(const struct session *session, completion_shower *show);

#endif
