/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "repl/config.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"

/* Whoever can write the file runs commands, and Lua, in the user's name. The administrator can do so anyway.
 */
static status check(const char *path, const struct stat *about, struct error *error)
{
    if (!S_ISREG(about->st_mode))
        return file_irregular(error, path, about->st_mode);
    if (about->st_uid != geteuid() && about->st_uid != 0)
        return error_set(error, STATUS_FILE, "%s: belongs to another user", path);
    if (about->st_mode & (S_IWGRP | S_IWOTH))
        return error_set(error, STATUS_FILE, "%s: can be written by others: chmod go-w makes it yours alone",
                         path);
    return STATUS_OK;
}

void config_run(struct shell *shell)
{
    struct error error = {0};
    struct stat about = {0};
    char *folder = file_user_directory("XDG_CONFIG_HOME", ".config", 0);
    char *path = folder ? path_join(folder, "config") : NULL;
    status code = STATUS_OK;
    bool there = path && stat(path, &about) == 0;
    if (path && !there && errno != ENOENT && errno != ENOTDIR)
        code = file_error(&error, path, errno);
    else if (there)
        code = check(path, &about, &error);
    if (code != STATUS_OK) {
        error_prefix(&error, "the configuration is not run: ");
        shell_warn(shell, &error);
    } else if (there && about.st_size > 0) {
        shell_file(shell, path);
    }
    mem_free(path);
    mem_free(folder);
}
