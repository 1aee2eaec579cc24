/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/execution/times.h"

#include <pthread.h>
#include "base/memory.h"
#include "base/progress.h"
#include "nn/execution/execution.h"

struct step_times {
    pthread_mutex_t lock;
    struct step_time *items; /* of the first engine that was freed: all are made alike */
    int count;
    int64_t images;
};

struct step_times *step_times_new(void)
{
    struct step_times *times = mem_new(1, sizeof *times);
    if (times)
        pthread_mutex_init(&times->lock, NULL); /* with default attributes this cannot fail on Linux */
    return times;
}

void step_times_free(struct step_times *times)
{
    if (!times)
        return;
    pthread_mutex_destroy(&times->lock);
    mem_free(times->items);
    mem_free(times);
}

int step_times_count(const struct step_times *times)
{
    return times->count;
}

const struct step_time *step_times_at(const struct step_times *times, int step)
{
    return &times->items[step];
}

int64_t step_times_images(const struct step_times *times)
{
    return times->images;
}

/* --- an engine's own ------------------------------------------------------------------------------------ */

status step_clocks_new(struct engine *engine, int steps, struct error *error)
{
    if (!engine->times || engine->sized)
        return STATUS_OK;
    engine->clocks = mem_new((size_t)steps * DIRECTIONS, sizeof *engine->clocks);
    engine->clock_count = steps;
    return engine->clocks ? STATUS_OK : error_memory(error);
}

double step_clock_start(const struct engine *engine)
{
    return engine->clocks ? clock_seconds() : 0;
}

void step_clock_stop(struct engine *engine, enum direction direction, int step, bool complete, double start)
{
    if (!engine->clocks)
        return;
    engine->clocks[(int)direction * engine->clock_count + step] += clock_seconds() - start;
    if (direction == FORWARD_PASS && step == 0 && complete)
        engine->clock_images += engine->batch;
}

/* Under the lock. Without memory nothing is told of this engine. */
static void add(struct step_times *times, const struct engine *engine)
{
    if (!times->items) {
        times->items = mem_new((size_t)engine->clock_count, sizeof *times->items);
        times->count = times->items ? engine->clock_count : 0;
        for (int s = 0; s < times->count; s++)
            engine->kind->describe(engine, s, &times->items[s]);
    }
    for (int s = 0; s < times->count && times->count == engine->clock_count; s++)
        for (int d = 0; d < DIRECTIONS; d++)
            times->items[s].of[d].seconds += engine->clocks[d * engine->clock_count + s];
    times->images += engine->clock_images;
}

void step_clocks_free(struct engine *engine)
{
    if (!engine->clocks)
        return;
    pthread_mutex_lock(&engine->times->lock);
    add(engine->times, engine);
    pthread_mutex_unlock(&engine->times->lock);
    mem_free(engine->clocks);
    engine->clocks = NULL;
}

int step_clocks_count(const struct engine *engine)
{
    return engine->clock_count;
}

void step_clocks_describe(const struct engine *engine, int step, struct step_time *time)
{
    *time = (struct step_time){.node = -1};
    engine->kind->describe(engine, step, time);
}

const double *step_clocks_seconds(const struct engine *engine, enum direction direction)
{
    return engine->clocks + (int)direction * engine->clock_count;
}
