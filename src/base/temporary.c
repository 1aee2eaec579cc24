/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A lock tells a file that is being written from one that was left: the kernel lets go of it with the
 * process. */
#include "base/temporary.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATTERN ".ippro-%ld-%u.tmp" /* process, number */

int temporary_open(int folder, char name[TEMPORARY_NAME])
{
    static atomic_uint counter;
    for (int attempt = 0; attempt < 100; attempt++) {
        snprintf(name, TEMPORARY_NAME, PATTERN, (long)getpid(), atomic_fetch_add(&counter, 1));
        int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
        /* Nobody else holds a new file; on a file system without locks it is merely not removed by others. */
        if (fd >= 0)
            (void)flock(fd, LOCK_EX | LOCK_NB);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    errno = EEXIST;
    return -1;
}

/* Is this the name of a temporary file whose program is gone? */
static bool is_left_over(const char *name)
{
    long process;
    unsigned number;
    char same[TEMPORARY_NAME];
    if (sscanf(name, PATTERN, &process, &number) != 2 || process <= 0)
        return false;
    snprintf(same, sizeof same, PATTERN, process, number);
    return strcmp(name, same) == 0 && kill((pid_t)process, 0) != 0 && errno == ESRCH;
}

static void remove_left_over(int folder, const char *name)
{
    struct stat about;
    int fd = openat(folder, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && about.st_uid == geteuid() &&
        flock(fd, LOCK_EX | LOCK_NB) == 0)
        unlinkat(folder, name, 0);
    close(fd);
}

void temporary_clean(int folder)
{
    int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = copy >= 0 ? fdopendir(copy) : NULL;
    if (!directory) {
        if (copy >= 0)
            close(copy);
        return;
    }
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (is_left_over(entry->d_name))
            remove_left_over(folder, entry->d_name);
    }
    closedir(directory);
}
