/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folders that a test of unsaved sessions begins and ends with. */
#include "support/state_home.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/status.h"
#include "session/commands/unsaved.h"

int state_home_make(char *home, char *folder, size_t size)
{
    struct error error = {0};
    if (!mkdtemp(home) || setenv("XDG_STATE_HOME", home, 1) != 0)
        return -1;
    char *made = unsaved_folder(true, &error);
    if (!made)
        return -1;
    int length = snprintf(folder, size, "%s", made);
    mem_free(made);
    return length >= 0 && (size_t)length < size ? 0 : -1;
}

int state_home_remove(const char *home, const char *folder)
{
    char path[256];
    snprintf(path, sizeof path, "%s/ippro-explore", home);
    return rmdir(folder) == 0 && rmdir(path) == 0 ? rmdir(home) : -1;
}
