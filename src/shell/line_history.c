/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The history of lines: Readline has it, base/line_file.h keeps it. */
#include "shell/line_history.h"

#include <stdio.h>
#include <string.h>

#include <readline/history.h>

#include "base/file.h"
#include "base/line_file.h"
#include "base/memory.h"

enum { HISTORY_MAX = 2000 };

static char *history_path; /* NULL: none */

static void forget_path(void)
{
    mem_free(history_path);
    history_path = NULL;
}

/* The file's lines as Readline's, at most HISTORY_MAX. */
static status take_lines(struct error *error)
{
    char *lines, *rest;
    status code = line_file_tidy(history_path, HISTORY_MAX, &lines, error);
    if (code != STATUS_OK)
        return code;
    rest = lines;
    for (char *line; (line = strsep(&rest, "\n"));) {
        if (*line)
            add_history(line);
    }
    mem_free(lines);
    return STATUS_OK;
}

status line_history_open(struct error *error)
{
    using_history();
    stifle_history(HISTORY_MAX);
    char *folder = file_user_directory("XDG_STATE_HOME", ".local/state", 1);
    history_path = folder ? path_join(folder, "history") : NULL;
    mem_free(folder);
    status code = history_path ? take_lines(error) : STATUS_OK;
    if (code != STATUS_OK) {
        error_prefix(error, "lines are not kept in the history: ");
        forget_path();
    }
    return code;
}

void line_history_keep(const char *line)
{
    struct error ignored = {0};
    if (!*line || *line == ' ')
        return;
    for (int i = history_length - 1; i >= 0; i--) {
        HIST_ENTRY *entry = history_get(history_base + i);
        if (entry && strcmp(entry->line, line) == 0)
            free_history_entry(remove_history(i));
    }
    add_history(line);
    if (history_path)
        (void)line_file_add(history_path, line, &ignored); /* a full disk stops no work */
}

void line_history_close(void)
{
    struct error ignored = {0};
    char *lines;
    if (history_path && line_file_tidy(history_path, HISTORY_MAX, &lines, &ignored) == STATUS_OK)
        mem_free(lines);
    forget_path();
}
