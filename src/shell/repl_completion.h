/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Tab key: Readline's questions put to session/language/completion.h. */
#ifndef IPPRO_SHELL_REPL_COMPLETION_H
#define IPPRO_SHELL_REPL_COMPLETION_H

#include "session/session.h"

/* The session is borrowed until the program ends. */
void repl_completion_install(const struct session *session);

#endif
