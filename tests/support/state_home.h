/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A home of a test's own for what the program keeps between its runs, with the folder of unsaved sessions. */
#ifndef IPPRO_TESTS_STATE_HOME_H
#define IPPRO_TESTS_STATE_HOME_H

#include <stddef.h>

/* Makes the folder `home`, a template of mkdtemp, sets XDG_STATE_HOME to it, and writes the path of the
 * folder of unsaved sessions below it, which is made too, into `folder`. 0, or -1 when that cannot be done.
 */
int state_home_make(char *home, char *folder, size_t size);

/* Removes both; -1 when anything is left in them. */
int state_home_remove(const char *home, const char *folder);

#endif
