/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file of lines that several programs add to at the same time, such as a history. All is done under an
 * advisory lock (flock), which is waited for at most a second; only a regular file is touched, and none is
 * waited for. */
#ifndef IPPRO_BASE_LINE_FILE_H
#define IPPRO_BASE_LINE_FILE_H

#include <stddef.h>
#include "base/status.h"

/* Add a line at the end; the file is made (0600) where there is none. */
status line_file_add(const char *path, const char *line, struct error *error);

/* Keep each line once, where it stands last, and of these the last `most`; where that changes the file it is
 * replaced in one step. *text: the lines as they are then, each with its end, owned by the caller (mem_free).
 * A file that is not there has none. */
status line_file_tidy(const char *path, size_t most, char **text, struct error *error);

#endif
