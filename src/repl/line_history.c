/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The history of lines, by Readline. */
#include "repl/line_history.h"

#include <stdio.h>
#include <string.h>

#include <readline/history.h>

#include "base/file.h"
#include "base/memory.h"

enum { HISTORY_MAX = 2000 };

static char *history_path; /* NULL: none */

void line_history_open(void)
{
    using_history();
    stifle_history(HISTORY_MAX);
    char *folder = file_user_directory("XDG_STATE_HOME", ".local/state", 1);
    history_path = folder ? path_join(folder, "history") : NULL;
    mem_free(folder);
    if (history_path)
        read_history(history_path);
}

void line_history_keep(const char *line)
{
    if (!*line || *line == ' ')
        return;
    for (int i = history_length - 1; i >= 0; i--) {
        HIST_ENTRY *entry = history_get(history_base + i);
        if (entry && strcmp(entry->line, line) == 0)
            free_history_entry(remove_history(i));
    }
    add_history(line);
    if (history_path)
        write_history(history_path);
}

void line_history_close(void)
{
    mem_free(history_path);
    history_path = NULL;
}
