/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/spare.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const bool keeps = false;
#else
static const bool keeps = true;
#endif

enum { MOST = 256 }; /* blocks that are known; what goes beyond is freed as ever */

struct block {
    void *at;
    size_t bytes;
};

/* In use, in any order; kept, the longest first. */
static struct block used[MOST], kept[MOST];
static int used_count, kept_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int find(const void *at)
{
    int i = 0;
    while (i < used_count && used[i].at != at)
        i++;
    return i;
}

static void take_out(struct block *blocks, int *count, int i)
{
    memmove(&blocks[i], &blocks[i + 1], (size_t)(*count - i - 1) * sizeof *blocks);
    --*count;
}

static void add_used(void *at, size_t bytes)
{
    if (keeps && used_count < MOST)
        used[used_count++] = (struct block){at, bytes};
}

void *spare_take(size_t bytes)
{
    int best = -1;
    void *at = NULL;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < kept_count; i++)
        if (kept[i].bytes >= bytes && kept[i].bytes / 2 <= bytes &&
            (best < 0 || kept[i].bytes < kept[best].bytes))
            best = i;
    if (best >= 0) {
        at = kept[best].at;
        add_used(at, kept[best].bytes);
        take_out(kept, &kept_count, best);
    }
    pthread_mutex_unlock(&lock);
    return at;
}

void spare_taken(void *block, size_t bytes)
{
    size_t gone = 0;
    pthread_mutex_lock(&lock);
    add_used(block, bytes);
    while (kept_count > 0 && gone < bytes) {
        gone += kept[0].bytes;
        free(kept[0].at);
        take_out(kept, &kept_count, 0);
    }
    pthread_mutex_unlock(&lock);
}

bool spare_give(void *block)
{
    bool keep = false;
    pthread_mutex_lock(&lock);
    const int i = find(block);
    if (i < used_count) {
        const struct block given = used[i];
        take_out(used, &used_count, i);
        keep = kept_count < MOST;
        if (keep)
            kept[kept_count++] = given;
        if (keep)
            (void)madvise(given.at, given.bytes / SPARE_LEAST * SPARE_LEAST, MADV_FREE); /* may be refused */
    }
    pthread_mutex_unlock(&lock);
    return keep;
}

void spare_forget(void *block)
{
    pthread_mutex_lock(&lock);
    const int i = find(block);
    if (i < used_count)
        take_out(used, &used_count, i);
    pthread_mutex_unlock(&lock);
}

size_t spare_bytes(void)
{
    size_t bytes = 0;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < kept_count; i++)
        bytes += kept[i].bytes;
    pthread_mutex_unlock(&lock);
    return bytes;
}
