/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whoever tidies puts a new file under the name; who got the lock of the old one looks again. */
#include "base/line_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

enum { TRIES = 50, PAUSE_MILLISECONDS = 20 };
static const off_t size_limit = (off_t)64 << 20;

static bool lock(int descriptor)
{
    const struct timespec pause = {0, PAUSE_MILLISECONDS * 1000000L};
    for (int i = 0; i < TRIES; i++) {
        if (flock(descriptor, LOCK_EX | LOCK_NB) == 0)
            return true;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return false;
        nanosleep(&pause, NULL);
    }
    return false;
}

/* Is what is open still what the name says? */
static bool is_current(int descriptor, const char *path)
{
    struct stat mine, named;
    return fstat(descriptor, &mine) == 0 && stat(path, &named) == 0 && mine.st_dev == named.st_dev &&
           mine.st_ino == named.st_ino;
}

/* Open and lock; O_NONBLOCK, because opening a pipe would otherwise wait for its other end. */
static status open_locked(const char *path, int flags, int *result, struct error *error)
{
    for (int i = 0; i < TRIES; i++) {
        struct stat about;
        int descriptor = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | flags, 0600);
        if (descriptor < 0)
            return file_error(error, path, errno);
        status code = STATUS_OK;
        if (fstat(descriptor, &about) != 0)
            code = file_error(error, path, errno);
        else if (!S_ISREG(about.st_mode))
            code = file_irregular(error, path, about.st_mode);
        else if (about.st_size > size_limit)
            code = error_set(error, STATUS_FILE, "%s: %jd bytes, but at most %jd are read", path,
                             (intmax_t)about.st_size, (intmax_t)size_limit);
        else if (!lock(descriptor))
            code = error_set(error, STATUS_FILE, "%s: another program does not let go of it", path);
        if (code == STATUS_OK && is_current(descriptor, path)) {
            *result = descriptor;
            return STATUS_OK;
        }
        close(descriptor);
        if (code != STATUS_OK)
            return code;
    }
    return error_set(error, STATUS_FILE, "%s: is replaced again and again", path);
}

/* All of it, and an end for the last line; NUL bytes, which no line has, become blanks. */
static status read_lines(int descriptor, const char *path, char **text, size_t *size, struct error *error)
{
    struct stat about;
    if (fstat(descriptor, &about) != 0)
        return file_error(error, path, errno);
    size_t bytes = (size_t)about.st_size;
    char *lines = mem_new(bytes + 2, 1);
    if (!lines)
        return error_memory(error);
    status code = bytes ? file_read_at(descriptor, path, 0, lines, bytes, error) : STATUS_OK;
    if (code != STATUS_OK) {
        mem_free(lines);
        return code;
    }
    for (char *nul; (nul = memchr(lines, '\0', bytes));)
        *nul = ' ';
    if (bytes && lines[bytes - 1] != '\n')
        lines[bytes++] = '\n';
    *text = lines;
    *size = bytes;
    return STATUS_OK;
}

status line_file_add(const char *path, const char *line, struct error *error)
{
    int descriptor;
    char last = '\n';
    status code = open_locked(path, O_CREAT, &descriptor, error);
    if (code != STATUS_OK)
        return code;
    off_t end = lseek(descriptor, 0, SEEK_END);
    if (end > 0 && pread(descriptor, &last, 1, end - 1) != 1)
        last = '\n';
    /* A line that was cut short by a full disk is not continued. */
    char *bytes = mem_format("%s%s\n", last == '\n' ? "" : "\n", line);
    code = bytes ? file_write_all(descriptor, path, bytes, strlen(bytes), error) : error_memory(error);
    mem_free(bytes);
    close(descriptor);
    return code;
}

/* --- each line once ------------------------------------------------------------------------------------- */

struct line {
    const char *text;
    size_t length;
    size_t place; /* in the file */
};

static int by_text(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    size_t shorter = x->length < y->length ? x->length : y->length;
    int order = memcmp(x->text, y->text, shorter);
    if (order)
        return order;
    if (x->length != y->length)
        return x->length < y->length ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

static int by_place(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    return x->place < y->place ? -1 : x->place > y->place;
}

/* The lines to keep, in order; their number. */
static size_t choose(struct line *lines, size_t count, size_t most)
{
    size_t kept = 0;
    qsort(lines, count, sizeof *lines, by_text);
    for (size_t i = 0; i < count; i++) {
        bool again = i + 1 < count && lines[i].length == lines[i + 1].length &&
                     memcmp(lines[i].text, lines[i + 1].text, lines[i].length) == 0;
        if (!again)
            lines[kept++] = lines[i];
    }
    qsort(lines, kept, sizeof *lines, by_place);
    size_t dropped = kept > most ? kept - most : 0;
    memmove(lines, lines + dropped, (kept - dropped) * sizeof *lines);
    return kept - dropped;
}

static bool tidy(const char *text, size_t size, size_t most, struct text *out)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += text[i] == '\n';
    struct line *lines = mem_new(count + 1, sizeof *lines);
    if (!lines)
        return false;
    const char *start = text;
    for (size_t i = 0; i < count; i++) {
        size_t length = strcspn(start, "\n");
        lines[i] = (struct line){start, length, i};
        start += length + 1;
    }
    count = choose(lines, count, most);
    for (size_t i = 0; i < count; i++)
        text_add_bytes(out, lines[i].text, lines[i].length + 1);
    mem_free(lines);
    return !out->failed;
}

status line_file_tidy(const char *path, size_t most, char **text, struct error *error)
{
    int descriptor;
    char *lines = NULL;
    size_t size = 0;
    struct text out = {0};
    struct stat about;
    if (stat(path, &about) != 0 && errno == ENOENT) {
        *text = mem_string("");
        return *text ? STATUS_OK : error_memory(error);
    }
    status code = open_locked(path, 0, &descriptor, error);
    if (code != STATUS_OK)
        return code;
    code = read_lines(descriptor, path, &lines, &size, error);
    if (code == STATUS_OK && !tidy(lines, size, most, &out))
        code = error_memory(error);
    if (code == STATUS_OK && out.length != size)
        code = file_replace(path, text_data(&out), out.length, error);
    if (code == STATUS_OK) {
        *text = mem_string(text_data(&out));
        code = *text ? STATUS_OK : error_memory(error);
    }
    close(descriptor); /* and with it the lock */
    text_free(&out);
    mem_free(lines);
    return code;
}
