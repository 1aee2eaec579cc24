/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading whole files, replacing them in one step, and where the program's own files are. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/inputs.h"
#include "base/memory.h"
#include "base/ranks.h"
#include "base/progress.h"
#include "base/temporary.h"

#define PROGRAM_NAME "ippro-explore"

/* Bytes read or written between two looks whether the work is cancelled. */
enum { FILE_PIECE = 8 << 20 };

static const char *file_type(mode_t mode)
{
    return S_ISDIR(mode)    ? "a directory"
           : S_ISFIFO(mode) ? "a pipe"
           : S_ISSOCK(mode) ? "a socket"
           : S_ISCHR(mode)  ? "a device"
           : S_ISBLK(mode)  ? "a device"
                            : "no regular file";
}

status file_error(struct error *error, const char *path, int number)
{
    char reason[128];
    if (number == EXDEV && confine_folder())
        return error_set(error, STATUS_FILE, "%s: outside the folder %s, where --safe keeps all files", path,
                         confine_folder());
    return error_set(error, STATUS_FILE, "%s: %s", path, strerror_r(number, reason, sizeof reason));
}

status file_irregular(struct error *error, const char *path, mode_t mode)
{
    return error_set(error, STATUS_FILE, "%s: is %s, not a regular file", path, file_type(mode));
}

/* O_NONBLOCK, because opening a pipe would otherwise wait for its other end. */
enum { REGULAR_FLAGS = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY };

/* Take over what was opened when it is a regular file; otherwise it is closed. */
static status take_regular(int fd, const char *path, size_t limit, int *descriptor, size_t *size,
                           struct error *error)
{
    struct stat about;
    status code = STATUS_OK;
    if (fstat(fd, &about) != 0)
        code = file_error(error, path, errno);
    else if (!S_ISREG(about.st_mode))
        code = file_irregular(error, path, about.st_mode);
    else if (about.st_size == 0)
        code = error_set(error, STATUS_FILE, "%s: the file is empty", path);
    else if ((uintmax_t)about.st_size > limit)
        code = error_set(error, STATUS_FILE, "%s: %jd bytes, but at most %zu are read", path,
                         (intmax_t)about.st_size, limit);
    if (code != STATUS_OK) {
        close(fd);
        return code;
    }
    *descriptor = fd;
    *size = (size_t)about.st_size;
    return STATUS_OK;
}

static status open_regular(const char *path, size_t limit, int *descriptor, size_t *size, struct error *error)
{
    int fd = confine_folder() ? confine_open(path, REGULAR_FLAGS) : open(path, REGULAR_FLAGS);
    return fd < 0 ? file_error(error, path, errno) : take_regular(fd, path, limit, descriptor, size, error);
}

static status read_all(int fd, const char *path, unsigned char *data, size_t size, struct error *error)
{
    for (size_t at = 0; at < size;) {
        size_t piece = size - at < FILE_PIECE ? size - at : FILE_PIECE;
        if (progress_check(error) != STATUS_OK)
            return error->code;
        ssize_t got = read(fd, data + at, piece);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return file_error(error, path, errno);
        if (got == 0)
            return error_set(error, STATUS_FILE, "%s: ends at byte %zu of %zu: it changed while it was read",
                             path, at, size);
        at += (size_t)got;
    }
    return STATUS_OK;
}

static bool note_input(const char *path, int fd)
{
    struct stat about;
    return fstat(fd, &about) != 0 || inputs_note(path, &about);
}

static status open_input(const char *expanded, size_t limit, bool noted, int *descriptor, size_t *size,
                         struct error *error)
{
    status code = open_regular(expanded, limit, descriptor, size, error);
    if (code == STATUS_OK && noted && !note_input(expanded, *descriptor)) {
        close(*descriptor);
        *descriptor = -1;
        code = error_memory(error);
    }
    return code;
}

status file_open(const char *path, size_t limit, int *descriptor, size_t *size, struct error *error)
{
    char *expanded = path_expand(path);
    if (!expanded)
        return error_memory(error);
    status code = open_input(expanded, limit, true, descriptor, size, error);
    mem_free(expanded);
    return code;
}

/* Is every part of a relative path a name of its own: none empty, "." or ".."? */
static bool leads_down(const char *name)
{
    for (const char *part = name;; part += strcspn(part, "/") + 1) {
        size_t length = strcspn(part, "/");
        if (length == 0 || (length <= 2 && strncmp(part, "..", length) == 0))
            return false;
        if (!part[length])
            return true;
    }
}

/* Open `name`, which leads down, from a folder, component by component; -1 with errno. `name` is changed. The
 * folder is closed. */
static int walk_down(int folder, char *name)
{
    for (char *slash; folder >= 0; name = slash + 1) {
        slash = strchr(name, '/');
        if (slash)
            *slash = '\0';
        int next =
            openat(folder, name, (slash ? O_RDONLY | O_DIRECTORY | O_CLOEXEC : REGULAR_FLAGS) | O_NOFOLLOW);
        int number = errno;
        struct stat about;
        if (next < 0 && fstatat(folder, name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(about.st_mode))
            number = ELOOP;
        close(folder);
        errno = number;
        if (!slash)
            return next;
        folder = next;
    }
    return -1;
}

static status open_down(const char *folder, const char *path, char *name, size_t limit, int *descriptor,
                        size_t *size, struct error *error)
{
    enum { FOLDER = O_RDONLY | O_DIRECTORY | O_CLOEXEC };
    int fd = walk_down(confine_folder() ? confine_open(folder, FOLDER) : open(folder, FOLDER), name);
    if (fd < 0 && errno == ELOOP)
        return error_set(error, STATUS_FILE, "%s: a symbolic link, which is not followed here", path);
    if (fd < 0)
        return file_error(error, path, errno);
    status code = take_regular(fd, path, limit, descriptor, size, error);
    if (code == STATUS_OK && !note_input(path, *descriptor)) {
        close(*descriptor);
        *descriptor = -1;
        code = error_memory(error);
    }
    return code;
}

status file_open_beneath(const char *folder, const char *name, size_t limit, int *descriptor, size_t *size,
                         struct error *error)
{
    if (!leads_down(name))
        return error_set(error, STATUS_FILE, "%s: not a path beneath the folder %s", name, folder);
    char *expanded = path_expand(folder), *copy = mem_string(name);
    char *path = expanded ? path_join(expanded, name) : NULL;
    status code =
        path && copy ? open_down(expanded, path, copy, limit, descriptor, size, error) : error_memory(error);
    mem_free(path);
    mem_free(copy);
    mem_free(expanded);
    return code;
}

static status read_whole(const char *path, size_t limit, bool noted, unsigned char **data, size_t *size,
                         int *descriptor, struct error *error)
{
    char *expanded = path_expand(path);
    if (!expanded)
        return error_memory(error);
    int fd = -1;
    size_t bytes = 0;
    unsigned char *content = NULL;
    status code = open_input(expanded, limit, noted, &fd, &bytes, error);
    if (code == STATUS_OK) {
        content = bytes < SIZE_MAX ? mem_aligned_raw(bytes + 1, 1) : NULL;
        code = content ? read_all(fd, expanded, content, bytes, error)
                       : error_set(error, STATUS_MEMORY, "%s: no memory for its %zu bytes", expanded, bytes);
    }
    mem_free(expanded);
    if (code != STATUS_OK) {
        mem_free(content);
        if (fd >= 0)
            close(fd);
        return code;
    }
    content[bytes] = '\0';
    *data = content;
    *size = bytes;
    *descriptor = fd;
    return STATUS_OK;
}

status file_read_open(const char *path, size_t limit, unsigned char **data, size_t *size, int *descriptor,
                      struct error *error)
{
    return read_whole(path, limit, true, data, size, descriptor, error);
}

static status read_and_close(const char *path, size_t limit, bool noted, unsigned char **data, size_t *size,
                             struct error *error)
{
    int fd;
    status code = read_whole(path, limit, noted, data, size, &fd, error);
    if (code == STATUS_OK)
        close(fd);
    return code;
}

status file_read(const char *path, size_t limit, unsigned char **data, size_t *size, struct error *error)
{
    return read_and_close(path, limit, true, data, size, error);
}

status file_read_unnoted(const char *path, size_t limit, unsigned char **data, size_t *size,
                         struct error *error)
{
    return read_and_close(path, limit, false, data, size, error);
}

status file_peek(const char *path, char *data, size_t size, struct error *error)
{
    int fd = -1;
    size_t bytes = 0, wanted = size - 1;
    data[0] = '\0';
    status code = open_regular(path, SIZE_MAX, &fd, &bytes, error);
    if (code != STATUS_OK)
        return code;
    if (bytes < wanted)
        wanted = bytes;
    code = read_all(fd, path, (unsigned char *)data, wanted, error);
    data[code == STATUS_OK ? wanted : 0] = '\0';
    close(fd);
    return code;
}

status file_open_folder(const char *path, int *descriptor, struct error *error)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    *descriptor = confine_folder() ? confine_open(path, flags) : open(path, flags);
    return *descriptor < 0 ? file_error(error, path, errno) : STATUS_OK;
}

status file_check(const char *path, size_t limit, struct error *error)
{
    char *expanded = path_expand(path);
    int fd;
    size_t size;
    if (!expanded)
        return error_memory(error);
    status code = open_regular(expanded, limit, &fd, &size, error);
    if (code == STATUS_OK)
        close(fd);
    mem_free(expanded);
    return code;
}

status file_read_at(int fd, const char *path, size_t offset, void *data, size_t count, struct error *error)
{
    for (size_t at = 0; at < count;) {
        ssize_t got = pread(fd, (unsigned char *)data + at, count - at, (off_t)(offset + at));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return file_error(error, path, errno);
        if (got == 0)
            return error_set(error, STATUS_FILE, "%s: ends at byte %zu: it changed since it was opened", path,
                             offset + at);
        at += (size_t)got;
    }
    return STATUS_OK;
}

status file_write_all(int fd, const char *path, const void *data, size_t size, struct error *error)
{
    for (size_t at = 0; at < size;) {
        size_t piece = size - at < FILE_PIECE ? size - at : FILE_PIECE;
        if (progress_check(error) != STATUS_OK)
            return error->code;
        ssize_t put = write(fd, (const unsigned char *)data + at, piece);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return file_error(error, path, errno);
        at += (size_t)put;
    }
    return STATUS_OK;
}

/* The folder a path is in, owned by the caller. */
static char *path_directory(const char *path)
{
    const char *base = path_base(path);
    if (base == path)
        return mem_string(".");
    if (base == path + 1)
        return mem_string("/");
    return mem_format("%.*s", (int)(base - path - 1), path);
}

/* A file to be replaced: its place, which nobody can exchange for another, and what is there. */
struct place {
    int folder; /* descriptor, -1: none */
    const char *name;
    bool exists;
    struct stat about;
};

/* A folder that is not to be listed can be written in all the same. */
static int open_folder(const char *path)
{
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return descriptor < 0 && errno == EACCES ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : descriptor;
}

/* Where a path leads in the end. What is confined is written in its own place: a symbolic link that is there
 * is not followed but replaced itself. */
static status find_place(const char *path, const char *shown, struct place *place, struct error *error)
{
    char *directory = path_directory(path);
    if (!directory)
        return error_memory(error);
    place->name = path_base(path);
    place->folder = confine_folder() ? confine_open_folder(directory) : open_folder(directory);
    status code = place->folder < 0 ? file_error(error, shown, errno) : STATUS_OK;
    mem_free(directory);
    if (code != STATUS_OK)
        return code;
    place->exists = fstatat(place->folder, place->name, &place->about, AT_SYMLINK_NOFOLLOW) == 0;
    if (place->exists && S_ISLNK(place->about.st_mode))
        place->exists = false;
    if (place->exists && !S_ISREG(place->about.st_mode))
        code = file_irregular(error, shown, place->about.st_mode);
    return code;
}

/* Write the temporary file and move it to the place, taking the permissions of what is there. The rename is
 * only durable once the folder is: a failure there loses nothing that could be kept. */
static status write_and_rename(const struct place *place, const char *shown, const struct file_piece *pieces,
                               size_t count, struct error *error)
{
    char temporary[TEMPORARY_NAME];
    temporary_clean(place->folder);
    int fd = temporary_open(place->folder, temporary);
    status code = fd < 0 ? file_error(error, shown, errno) : STATUS_OK;
    for (size_t i = 0; i < count && code == STATUS_OK; i++)
        code = file_write_all(fd, shown, pieces[i].data, pieces[i].size, error);
    if (code == STATUS_OK && place->exists && fchmod(fd, place->about.st_mode & 07777) != 0)
        code = file_error(error, shown, errno);
    if (code == STATUS_OK && fsync(fd) != 0)
        code = file_error(error, shown, errno);
    if (fd >= 0 && close(fd) != 0 && code == STATUS_OK)
        code = file_error(error, shown, errno);
    if (code == STATUS_OK && renameat(place->folder, temporary, place->folder, place->name) != 0)
        code = file_error(error, shown, errno);
    if (code == STATUS_OK)
        (void)fsync(place->folder);
    else if (fd >= 0)
        unlinkat(place->folder, temporary, 0);
    return code;
}

status file_replace(const char *path, const void *data, size_t size, struct error *error)
{
    const struct file_piece piece = {data, size};
    return file_replace_pieces(path, &piece, 1, error);
}

status file_replace_pieces(const char *path, const struct file_piece *pieces, size_t count,
                           struct error *error)
{
    if (!ranks_talks())
        return STATUS_OK;
    char *target = path_expand(path);
    if (!target)
        return error_memory(error);
    /* Through a symbolic link, replace what it points to. */
    char *real = confine_folder() ? NULL : realpath(target, NULL);
    struct place place = {.folder = -1};
    status code = find_place(real ? real : target, target, &place, error);
    if (code == STATUS_OK)
        code = write_and_rename(&place, target, pieces, count, error);
    if (place.folder >= 0)
        close(place.folder);
    free(real);
    mem_free(target);
    return code;
}

status file_replace_check(const char *path, struct error *error)
{
    if (!ranks_talks())
        return STATUS_OK;
    char *target = path_expand(path);
    if (!target)
        return error_memory(error);
    char *real = confine_folder() ? NULL : realpath(target, NULL);
    struct place place = {.folder = -1};
    status code = find_place(real ? real : target, target, &place, error);
    if (code == STATUS_OK && faccessat(place.folder, ".", W_OK, AT_EACCESS) != 0)
        code = file_error(error, target, errno);
    if (place.folder >= 0)
        close(place.folder);
    free(real);
    mem_free(target);
    return code;
}

/* Without waiting for a pipe's other end, should one have taken the place in between. */
static status open_to_append(const struct place *place, const char *shown, int *descriptor,
                             struct error *error)
{
    struct stat about;
    int fd = openat(place->folder, place->name,
                    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0666);
    if (fd < 0 && errno == ELOOP)
        return error_set(error, STATUS_FILE, "%s: is a symbolic link, which is not followed", shown);
    if (fd < 0)
        return file_error(error, shown, errno);
    if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode)) {
        *descriptor = fd;
        return STATUS_OK;
    }
    close(fd);
    return file_irregular(error, shown, about.st_mode);
}

status file_append_open(const char *path, int *descriptor, struct error *error)
{
    if (!ranks_talks()) {
        *descriptor = open("/dev/null", O_WRONLY | O_CLOEXEC);
        return *descriptor < 0 ? file_error(error, path, errno) : STATUS_OK;
    }
    struct error read = {0};
    char *target = path_expand(path);
    if (!target)
        return error_memory(error);
    char *real = confine_folder() ? NULL : realpath(target, NULL);
    struct place place = {.folder = -1};
    status code = find_place(real ? real : target, target, &place, error);
    if (code == STATUS_OK)
        code = inputs_protect(target, false, &read);
    if (code != STATUS_OK && read.code == STATUS_MEMORY)
        error_memory(error);
    else if (code != STATUS_OK && read.code != STATUS_OK)
        error_set(error, code, "%s: was read in this session: nothing is added to it", target);
    if (code == STATUS_OK)
        code = open_to_append(&place, target, descriptor, error);
    if (place.folder >= 0)
        close(place.folder);
    free(real);
    mem_free(target);
    return code;
}

char *path_expand(const char *path)
{
    const char *home = getenv("HOME");
    if (path[0] == '~' && (path[1] == '/' || path[1] == '\0') && home && home[0])
        return mem_format("%s%s", home, path + 1);
    return mem_string(path);
}

char *path_whole(const char *path)
{
    char *expanded = path_expand(path), folder[4096];
    if (!expanded || *expanded == '/' || access(expanded, F_OK) != 0 || !getcwd(folder, sizeof folder))
        return expanded;
    char *whole = path_join(folder, expanded);
    mem_free(expanded);
    return whole;
}

status file_digest(const char *path, size_t limit, char digest[DIGEST_SIZE], struct error *error)
{
    unsigned char *data;
    size_t size;
    status code = file_read(path, limit, &data, &size, error);
    if (code != STATUS_OK)
        return code;
    digest_bytes(data, size, digest);
    mem_free(data);
    return STATUS_OK;
}

const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

const char *path_extension(const char *path)
{
    const char *base = path_base(path);
    const char *dot = strrchr(base, '.');
    return dot && dot != base ? dot + 1 : "";
}

char *path_join(const char *directory, const char *name)
{
    size_t length = strlen(directory);
    const char *slash = length > 0 && directory[length - 1] == '/' ? "" : "/";
    return mem_format("%s%s%s", directory, slash, name);
}

/* mkdir -p with 0700 for what is new; false when the path is no folder in the end. */
static bool make_directories(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0700); /* may exist already; the last stat tells */
        *slash = '/';
    }
    (void)mkdir(path, 0700);
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

char *file_user_directory(const char *variable, const char *fallback, int create)
{
    const char *directory = getenv(variable), *home = getenv("HOME");
    char *path = NULL;
    if (directory && directory[0] == '/') /* the XDG specification has relative ones ignored */
        path = mem_format("%s/" PROGRAM_NAME, directory);
    else if (home && home[0] == '/')
        path = mem_format("%s/%s/" PROGRAM_NAME, home, fallback);
    if (path && create && !make_directories(path)) {
        mem_free(path);
        return NULL;
    }
    return path;
}

/* *path = directory/name when that is a regular file, else NULL. */
static status try_program_data(const char *directory, const char *name, char **path, struct error *error)
{
    *path = path_join(directory, name);
    if (!*path)
        return error_memory(error);
    struct stat about;
    if (stat(*path, &about) != 0 || !S_ISREG(about.st_mode)) {
        mem_free(*path);
        *path = NULL;
    }
    return STATUS_OK;
}

const char *file_program_folder(int index)
{
    const char *own = getenv("IPPRO_DATADIR");
    bool has_own = own && *own;
    if (index == 0 && has_own)
        return own;
    return index == has_own ? PKGDATADIR : NULL;
}

status file_program_data(const char *name, char **path, struct error *error)
{
    char *found = NULL;
    bool inside =
        name[0] != '/' && strcmp(name, "..") != 0 && strncmp(name, "../", 3) != 0 && !strstr(name, "/../");
    for (int i = 0; inside && !found && file_program_folder(i); i++) {
        status code = try_program_data(file_program_folder(i), name, &found, error);
        if (code != STATUS_OK)
            return code;
    }
    if (!found)
        return error_set(error, STATUS_NOT_FOUND, "%s: no such file of the program (looked in %s%s%s)", name,
                         file_program_folder(0), file_program_folder(1) ? " and " : "",
                         file_program_folder(1) ? file_program_folder(1) : "");
    *path = found;
    return STATUS_OK;
}

/* --- confinement ---------------------------------------------------------------------------------------- */

status file_confine(const char *folder, struct error *error)
{
    if (!confine_begin(folder))
        return error_set(error, STATUS_FILE, "%s: this is no folder", folder);
    for (int i = 0; file_program_folder(i); i++)
        confine_add_folder(file_program_folder(i));
    return STATUS_OK;
}

void file_admit(const char *path)
{
    char *expanded = path_expand(path);
    if (expanded)
        confine_add_file(expanded);
    mem_free(expanded);
}
