/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

enum { ROOTS = 4, FILES = 64 };

static struct {
    char *path;
    int descriptor;
} roots[ROOTS]; /* the first is the one to write in */
static int root_count;

static struct {
    dev_t device;
    ino_t number;
} files[FILES];
static int file_count;

const char *confine_folder(void)
{
    return root_count ? roots[0].path : NULL;
}

static bool add_root(const char *folder)
{
    char *real = realpath(folder, NULL);
    int descriptor = real ? open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (descriptor < 0 || root_count == ROOTS) {
        free(real);
        return false;
    }
    roots[root_count].path = real;
    roots[root_count].descriptor = descriptor;
    root_count++;
    return true;
}

bool confine_begin(const char *folder)
{
    return add_root(folder);
}

void confine_add_folder(const char *folder)
{
    (void)add_root(folder);
}

void confine_add_file(const char *path)
{
    struct stat about;
    if (file_count == FILES || stat(path, &about) != 0)
        return;
    files[file_count].device = about.st_dev;
    files[file_count].number = about.st_ino;
    file_count++;
}

/* What of a resolved path lies behind a root's, "" for the root itself; NULL when it lies elsewhere. */
static const char *beneath(int root, const char *real)
{
    size_t length = strlen(roots[root].path);
    if (length == 1)
        return real + 1; /* the root of all */
    if (strncmp(real, roots[root].path, length) != 0 || (real[length] && real[length] != '/'))
        return NULL;
    return real[length] ? real + length + 1 : real + length;
}

/* Open from a root, through no symbolic link. `path` is changed. */
static int walk(int root, char *path, int flags)
{
    int at = openat(roots[root].descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (char *slash; at >= 0 && *path; path = slash + 1) {
        slash = strchr(path, '/');
        if (slash)
            *slash = '\0';
        int next = openat(at, path, (slash ? O_RDONLY | O_DIRECTORY : flags) | O_NOFOLLOW | O_CLOEXEC);
        int number = errno;
        close(at);
        errno = number == ELOOP ? EXDEV : number;
        at = next;
        if (!slash)
            break;
    }
    return at;
}

/* One of the single files. */
static int open_listed(const char *real, int flags)
{
    struct stat about;
    int descriptor = open(real, flags | O_NOFOLLOW | O_CLOEXEC);
    if (descriptor < 0)
        return -1;
    for (int i = 0; fstat(descriptor, &about) == 0 && i < file_count; i++) {
        if (about.st_dev == files[i].device && about.st_ino == files[i].number)
            return descriptor;
    }
    close(descriptor);
    errno = EXDEV;
    return -1;
}

int confine_open(const char *path, int flags)
{
    char *real = realpath(path, NULL), *rest = NULL;
    int descriptor = -1, root = 0;
    if (!real)
        return -1;
    for (; root < root_count; root++) {
        const char *relative = beneath(root, real);
        if (relative && !(rest = mem_string(relative)))
            errno = ENOMEM;
        if (relative)
            break;
    }
    if (rest)
        descriptor = walk(root, rest, flags);
    else if (root == root_count)
        descriptor = open_listed(real, flags);
    int number = errno;
    mem_free(rest);
    free(real);
    errno = number;
    return descriptor;
}

int confine_open_folder(const char *path)
{
    char *real = realpath(path, NULL);
    if (!real)
        return -1;
    const char *relative = beneath(0, real);
    char *rest = relative ? mem_string(relative) : NULL;
    int descriptor = -1, number = relative ? ENOMEM : EXDEV;
    if (rest) {
        descriptor = walk(0, rest, O_RDONLY | O_DIRECTORY);
        number = errno;
    }
    mem_free(rest);
    free(real);
    errno = number;
    return descriptor;
}
