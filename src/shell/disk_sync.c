/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell/disk_sync.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/thread.h"

enum { SLOTS = 2 }; /* a file and its folder */

struct disk_sync {
    pthread_t thread;
    bool threaded;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Under the lock: */
    int waiting[SLOTS]; /* descriptors of our own; -1: none */
    bool busy, ending;
};

/* A file system that cannot do it has nothing to bring to a disk. */
static void write_through(int descriptor)
{
    (void)fdatasync(descriptor);
}

static bool has_work(const struct disk_sync *sync)
{
    return sync->waiting[0] >= 0 || sync->waiting[1] >= 0;
}

/* The file before its folder: a name that leads nowhere would be worse than none. */
static void *run(void *argument)
{
    struct disk_sync *sync = argument;
    pthread_mutex_lock(&sync->lock);
    while (!sync->ending || has_work(sync)) {
        if (!has_work(sync)) {
            pthread_cond_wait(&sync->changed, &sync->lock);
            continue;
        }
        int taken[SLOTS] = {sync->waiting[0], sync->waiting[1]};
        sync->waiting[0] = sync->waiting[1] = -1;
        sync->busy = true;
        pthread_mutex_unlock(&sync->lock);
        for (int i = 0; i < SLOTS; i++) {
            if (taken[i] < 0)
                continue;
            write_through(taken[i]);
            close(taken[i]);
        }
        pthread_mutex_lock(&sync->lock);
        sync->busy = false;
        pthread_cond_broadcast(&sync->changed);
    }
    pthread_mutex_unlock(&sync->lock);
    return NULL;
}

struct disk_sync *disk_sync_new(void)
{
    struct disk_sync *sync = mem_new(1, sizeof *sync);
    if (!sync)
        return NULL;
    sync->waiting[0] = sync->waiting[1] = -1;
    pthread_mutex_init(&sync->lock, NULL);
    pthread_cond_init(&sync->changed, NULL);
    return sync;
}

void disk_sync_ask(struct disk_sync *sync, int file, int folder)
{
    const int asked[SLOTS] = {file, folder};
    if (!sync)
        return;
    if (!sync->threaded) /* with the first work that is kept */
        sync->threaded = thread_start(&sync->thread, run, sync) == 0;
    pthread_mutex_lock(&sync->lock);
    for (int i = 0; i < SLOTS; i++) {
        int own = asked[i] >= 0 && sync->threaded ? fcntl(asked[i], F_DUPFD_CLOEXEC, 3) : -1;
        if (own < 0 && asked[i] >= 0)
            write_through(asked[i]);
        if (own < 0)
            continue;
        if (sync->waiting[i] >= 0)
            close(sync->waiting[i]);
        sync->waiting[i] = own;
    }
    pthread_cond_broadcast(&sync->changed);
    pthread_mutex_unlock(&sync->lock);
}

void disk_sync_settle(struct disk_sync *sync)
{
    if (!sync || !sync->threaded)
        return;
    pthread_mutex_lock(&sync->lock);
    while (sync->busy || has_work(sync))
        pthread_cond_wait(&sync->changed, &sync->lock);
    pthread_mutex_unlock(&sync->lock);
}

void disk_sync_free(struct disk_sync *sync)
{
    if (!sync)
        return;
    pthread_mutex_lock(&sync->lock);
    sync->ending = true;
    pthread_cond_broadcast(&sync->changed);
    pthread_mutex_unlock(&sync->lock);
    if (sync->threaded)
        pthread_join(sync->thread, NULL);
    pthread_cond_destroy(&sync->changed);
    pthread_mutex_destroy(&sync->lock);
    mem_free(sync);
}
