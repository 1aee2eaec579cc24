/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Leaving out pictures that cannot be read: each is read once, by the threads of the pool. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/pool.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/text.h"
#include "data/pictures.h"

enum { CHECKED_AT_A_TIME = 16, NAMED_CORRUPT = 3 };

struct check {
    const struct dataset *dataset;
    const struct dataset_options *options;
    bool *corrupt; /* per picture */
    pthread_mutex_t lock;
    int64_t done;   /* under the lock, as what follows */
    status stopped; /* by what is no picture's fault */
    struct error error;
};

static void check_one(struct check *check, int64_t index, uint8_t *pixels)
{
    struct error error = {0};
    int64_t label;
    status code = pictures_read(check->dataset, index, pixels, &label, &error);
    if (code == STATUS_MEMORY || code == STATUS_CANCELLED) {
        pthread_mutex_lock(&check->lock);
        check->stopped = code;
        check->error = error;
        pthread_mutex_unlock(&check->lock);
    }
    check->corrupt[index] = code != STATUS_OK;
}

static void check_some(void *argument, int64_t task, int worker)
{
    struct check *check = argument;
    const struct dataset *dataset = check->dataset;
    int64_t begin = task * CHECKED_AT_A_TIME, end = begin + CHECKED_AT_A_TIME;
    end = end > dataset->count ? dataset->count : end;
    (void)worker;
    pthread_mutex_lock(&check->lock);
    bool go = check->stopped == STATUS_OK;
    pthread_mutex_unlock(&check->lock);
    uint8_t *pixels =
        go ? mem_new((size_t)dataset->channels * (size_t)dataset->height, (size_t)dataset->width) : NULL;
    for (int64_t i = begin; i < end && pixels && !progress_cancelled(check->options->progress); i++)
        check_one(check, i, pixels);
    pthread_mutex_lock(&check->lock);
    check->done += end - begin;
    if (progress_cancelled(check->options->progress))
        check->stopped = error_set(&check->error, STATUS_CANCELLED, "cancelled");
    else if (go && !pixels)
        check->stopped = error_memory(&check->error);
    progress_report(check->options->progress, "checking pictures", "images", check->done, dataset->count);
    pthread_mutex_unlock(&check->lock);
    mem_free(pixels);
}

/* The path below the folder that was opened. */
static void add_place(struct text *text, const struct dataset *dataset, const struct picture *picture)
{
    const struct picture_store *store = dataset->store;
    const char *folder = store->folders[picture->folder], *name = pictures_name(store, picture);
    const size_t root = dataset->path ? strlen(dataset->path) : 0;
    if (root > 0 && strncmp(folder, dataset->path, root) == 0)
        folder += root;
    folder += strspn(folder, "/");
    text_add_format(text, "%s%s%s", name[0] == '/' ? "" : folder, folder[0] && name[0] != '/' ? "/" : "",
                    name);
}

/* Close the gaps, and tell how many there were and which came first. */
static status drop_corrupt(struct dataset *dataset, const bool *corrupt, struct error *error)
{
    struct picture_store *store = dataset->store;
    struct text first = {0};
    int64_t kept = 0, dropped = 0;
    for (int64_t i = 0; i < dataset->count; i++) {
        if (!corrupt[i]) {
            store->pictures[kept++] = store->pictures[i];
            continue;
        }
        if (dropped++ < NAMED_CORRUPT) {
            text_add(&first, dropped > 1 ? ", " : "");
            add_place(&first, dataset, &store->pictures[i]);
        }
    }
    status code = STATUS_OK;
    if (first.failed)
        code = error_memory(error);
    else if (dropped > 0)
        code = dataset_add_note(
            dataset, "%" PRId64 " of %" PRId64 " pictures cannot be read and are left out: %s%s", error,
            dropped, dataset->count, text_data(&first), dropped > NAMED_CORRUPT ? ", ..." : "");
    text_free(&first);
    dataset->count = kept;
    return code;
}

status pictures_leave_out_corrupt(struct dataset *dataset, const struct dataset_options *options,
                                  struct error *error)
{
    struct check check = {.dataset = dataset, .options = options};
    check.corrupt = mem_new((size_t)dataset->count, sizeof *check.corrupt);
    if (!check.corrupt)
        return error_memory(error);
    pthread_mutex_init(&check.lock, NULL); /* with default attributes it cannot fail on Linux */
    pool_run(options->pool, (dataset->count + CHECKED_AT_A_TIME - 1) / CHECKED_AT_A_TIME, check_some, &check);
    pthread_mutex_destroy(&check.lock);
    status code = check.stopped;
    if (code != STATUS_OK)
        *error = check.error;
    else
        code = drop_corrupt(dataset, check.corrupt, error);
    mem_free(check.corrupt);
    return code;
}
