/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files that the program has read: networks, data sets, recipes, scripts, sessions, configuration. None
 * of them is replaced unasked, whatever name leads to it. One list for the whole process; thread safe. */
#ifndef IPPRO_BASE_INPUTS_H
#define IPPRO_BASE_INPUTS_H

#include <stdbool.h>
#include <sys/stat.h>
#include "base/status.h"

/* A file was read. `path` is how it was reached, `about` what fstat says of it. False when memory is out. */
bool inputs_note(const char *path, const struct stat *about);

/* Files below this folder are read, too many to note each: all that is below it is an input, whatever is
 * read. False when memory is out. */
bool inputs_note_folder(const char *path);

/* Is `path` (with "~/" expanded) about to replace a file that was read? Refused with STATUS_STATE and the way
 * out unless `overwrite`. It is the same file when it is reached by another name, through links of either
 * kind, or when another program has put a new file under the name that was read. */
status inputs_protect(const char *path, bool overwrite, struct error *error);

void inputs_forget(void); /* all of them: for tests */

#endif
