/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words that users bring from papers and other programs, and what they are called here. */
#ifndef IPPRO_SESSION_WORDS_BROUGHT_H
#define IPPRO_SESSION_WORDS_BROUGHT_H

#include <stdbool.h>

enum { BROUGHT_WORDS = 6, BROUGHT_SEE = 4 };

struct brought {
    const char *words[BROUGHT_WORDS]; /* that mean the same, ended by NULL if there is room */
    const char *text;                 /* what it is here: sentences */
    const char *see[BROUGHT_SEE];     /* names that `help` knows, ended likewise */
};
const struct brought *brought_at(int index); /* NULL past the end */
/* Is `name` one of the row's words? Case, and whether parts are joined by '-', '_' or a blank, do not matter.
 */
bool brought_is(const struct brought *brought, const char *name);

#endif
