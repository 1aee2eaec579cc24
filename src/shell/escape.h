/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Esc alone is a key of its own, not the beginning of what is typed next. */
#ifndef IPPRO_SHELL_ESCAPE_H
#define IPPRO_SHELL_ESCAPE_H

#include <stdbool.h>

enum { ESCAPE_MILLISECONDS = 50 }; /* after which Esc is not the beginning of a sequence any more */

/* Does Esc alone mean something to Readline: in a search, in the middle of a key, and to who edits as in vi?
 */
bool escape_is_read(void);

#endif
