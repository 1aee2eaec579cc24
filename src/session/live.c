/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A channel that holds one snapshot: the newest. */
#include "session/live.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/share.h"
#include "base/status.h"
#include "base/text.h"
#include "session/model.h"

struct live {
    pthread_mutex_t lock;         /* of `newest` */
    struct live_snapshot *newest; /* not taken yet; NULL: none */
    atomic_bool wanted;           /* the front end waits for one */
    double asked_at, next_at;     /* seconds of the clock; the command's side alone uses them */
};

/* --- snapshots ------------------------------------------------------------------------------------------ */

struct live_snapshot *live_snapshot_new(enum live_kind kind, int64_t done, int64_t total, const char *unit,
                                        struct figure *figure)
{
    struct live_snapshot *snapshot = mem_new(1, sizeof *snapshot);
    struct text progress = {0};
    text_add_thousands(&progress, done);
    text_add(&progress, " of ");
    text_add_thousands(&progress, total);
    text_add_format(&progress, " %s", unit);
    if (figure)
        figure_note(figure, "so far: %s", text_data(&progress));
    if (snapshot) {
        *snapshot = (struct live_snapshot){.kind = kind, .done = done, .total = total, .unit = unit};
        snapshot->accuracy = snapshot->accuracy_error = snapshot->loss = NAN;
        snapshot->figure = figure;
        snapshot->progress = progress.failed ? NULL : mem_string(text_data(&progress));
    } else {
        figure_free(figure);
    }
    text_free(&progress);
    if (snapshot && (!snapshot->progress || (figure && figure->failed))) {
        live_snapshot_free(snapshot);
        return NULL;
    }
    return snapshot;
}

struct live_snapshot *live_snapshot_retain(struct live_snapshot *snapshot)
{
    if (snapshot)
        share_add(&snapshot->shares);
    return snapshot;
}

void live_snapshot_free(struct live_snapshot *snapshot)
{
    if (!snapshot || !share_drop(&snapshot->shares))
        return;
    figure_free(snapshot->figure);
    figure_free(snapshot->second);
    board_free(snapshot->board);
    model_free(snapshot->model);
    mem_free(snapshot->progress);
    mem_free(snapshot);
}

/* --- the channel ---------------------------------------------------------------------------------------- */

status live_new(struct live **result, struct error *error)
{
    struct live *live = mem_new(1, sizeof *live);
    if (!live)
        return error_memory(error);
    pthread_mutex_init(&live->lock, NULL); /* with default attributes it cannot fail on Linux */
    atomic_init(&live->wanted, true);
    *result = live;
    return STATUS_OK;
}

void live_free(struct live *live)
{
    if (!live)
        return;
    live_snapshot_free(live->newest);
    pthread_mutex_destroy(&live->lock);
    mem_free(live);
}

static struct live_snapshot *exchange(struct live *live, struct live_snapshot *snapshot)
{
    pthread_mutex_lock(&live->lock);
    struct live_snapshot *old = live->newest;
    live->newest = snapshot;
    pthread_mutex_unlock(&live->lock);
    return old;
}

struct live_snapshot *live_take(struct live *live)
{
    struct live_snapshot *snapshot = exchange(live, NULL);
    atomic_store(&live->wanted, true);
    return snapshot;
}

bool live_due(struct live *live)
{
    if (!live || !atomic_load_explicit(&live->wanted, memory_order_relaxed))
        return false;
    double now = clock_seconds();
    if (now < live->next_at)
        return false;
    live->asked_at = now;
    live->next_at = now + 1.0 / LIVE_RATE;
    return true;
}

void live_publish(struct live *live, struct live_snapshot *snapshot)
{
    enum { SHARE = 100 }; /* of the work at most one part in so many goes into snapshots */
    if (!live || !snapshot) {
        live_snapshot_free(snapshot);
        return;
    }
    double now = clock_seconds();
    live->next_at = fmax(live->next_at, now + SHARE * (now - live->asked_at));
    atomic_store(&live->wanted, false);
    live_snapshot_free(exchange(live, snapshot));
}

void live_clear(struct live *live)
{
    if (!live)
        return;
    live_snapshot_free(exchange(live, NULL));
    atomic_store(&live->wanted, true);
    live->next_at = 0;
}

void live_publish_figure(struct live *live, enum live_kind kind, int64_t done, int64_t total,
                         const char *unit, struct figure *figure)
{
    if (figure)
        live_publish(live, live_snapshot_new(kind, done, total, unit, figure));
}
