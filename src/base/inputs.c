/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An array under a lock: programs read few files, and look here when they write one. */
#include "base/inputs.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/ranks.h"

struct input {
    char *path; /* without symbolic links */
    dev_t device;
    ino_t number;
    off_t size;
    struct timespec changed;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct input *inputs;
static size_t count, capacity;
static char **folders; /* without symbolic links */
static size_t folder_count, folder_capacity;

static bool same_file(const struct input *input, const struct stat *about)
{
    return input->device == about->st_dev && input->number == about->st_ino;
}

/* Without symbolic links; a file that is gone in the meantime keeps its name. NULL when memory is out. */
static char *real_path(const char *path)
{
    char *real = realpath(path, NULL), *copy = mem_string(real ? real : path);
    free(real);
    return copy;
}

bool inputs_note(const char *path, const struct stat *about)
{
    char *real = real_path(path);
    bool kept = real != NULL;
    pthread_mutex_lock(&lock);
    struct input *input = NULL;
    for (size_t i = 0; kept && i < count && !input; i++)
        input = strcmp(inputs[i].path, real) == 0 ? &inputs[i] : NULL;
    if (input)
        mem_free(real);
    else if (kept && (kept = mem_grow(&inputs, &capacity, count + 1, sizeof *inputs)))
        (input = &inputs[count++])->path = real;
    else
        mem_free(real);
    if (kept) {
        input->device = about->st_dev;
        input->number = about->st_ino;
        input->size = about->st_size;
        input->changed = about->st_mtim;
    }
    pthread_mutex_unlock(&lock);
    return kept;
}

bool inputs_note_folder(const char *path)
{
    char *real = real_path(path);
    bool kept = real != NULL, known = false;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; kept && i < folder_count; i++)
        known |= strcmp(folders[i], real) == 0;
    if (kept && !known && (kept = mem_grow(&folders, &folder_capacity, folder_count + 1, sizeof *folders)))
        folders[folder_count++] = real;
    else
        mem_free(real);
    pthread_mutex_unlock(&lock);
    return kept;
}

/* The folder that was read and that the file lies in, NULL for none. */
static const char *folder_of(const char *real)
{
    for (size_t i = 0; i < folder_count; i++) {
        size_t length = strlen(folders[i]);
        if (strncmp(real, folders[i], length) == 0 && real[length] == '/')
            return folders[i];
    }
    return NULL;
}

/* Numbers of files are used again: one that is not under its name any more is only known by its content's
 * age. */
static bool is_input(const struct input *input, const struct stat *about, const char *real)
{
    struct stat now;
    if (strcmp(input->path, real) == 0)
        return true;
    if (!same_file(input, about))
        return false;
    if (stat(input->path, &now) == 0 && same_file(input, &now))
        return true;
    return input->size == about->st_size && input->changed.tv_sec == about->st_mtim.tv_sec &&
           input->changed.tv_nsec == about->st_mtim.tv_nsec;
}

status inputs_protect(const char *path, bool overwrite, struct error *error)
{
    struct stat about;
    if (overwrite || !ranks_talks())
        return STATUS_OK;
    char *expanded = path_expand(path);
    if (!expanded)
        return error_memory(error);
    bool exists = stat(expanded, &about) == 0;
    char *real = exists ? real_path(expanded) : NULL;
    status code = exists && !real ? error_memory(error) : STATUS_OK;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; real && code == STATUS_OK && i < count; i++) {
        if (is_input(&inputs[i], &about, real))
            code =
                error_set(error, STATUS_STATE, "%s: was read in this session%s%s: overwrite=yes replaces it",
                          path, strcmp(inputs[i].path, real) == 0 ? "" : ", as ",
                          strcmp(inputs[i].path, real) == 0 ? "" : inputs[i].path);
    }
    const char *folder = real && code == STATUS_OK ? folder_of(real) : NULL;
    if (folder)
        code = error_set(error, STATUS_STATE,
                         "%s: lies in %s, whose images are read in this session: overwrite=yes replaces it",
                         path, folder);
    pthread_mutex_unlock(&lock);
    mem_free(real);
    mem_free(expanded);
    return code;
}

void inputs_forget(void)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < count; i++)
        mem_free(inputs[i].path);
    mem_free(inputs);
    inputs = NULL;
    count = capacity = 0;
    for (size_t i = 0; i < folder_count; i++)
        mem_free(folders[i]);
    mem_free(folders);
    folders = NULL;
    folder_count = folder_capacity = 0;
    pthread_mutex_unlock(&lock);
}
