/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Worker threads that share out the tasks of one parallel loop at a time. */
#include "base/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include "base/memory.h"
#include "base/ranks.h"
#include "base/thread.h"

enum { LARGEST_POOL = 1024 };

struct worker {
    struct pool *pool;
    pthread_t thread;
    int index;
};

struct pool {
    int threads; /* with the caller of pool_run, who is worker 0 */
    int started; /* of workers[1..]; */
    struct worker *workers;
    pthread_mutex_t lock;
    pthread_cond_t begin, end;
    /* Changed under the lock: */
    _Atomic uint64_t round; /* counts pool_run calls */
    _Atomic int busy;       /* workers still in this round */
    bool quit;
    /* The round's work, constant while it runs; tasks are claimed through `next`. */
    void (*work)(void *argument, int64_t task, int worker);
    void *argument;
    int64_t tasks;
    int wanted; /* workers that take tasks */
    _Atomic int64_t next;
};

/* Rounds often follow each other at once (training waits at every BatchNormalization), and to wake a thread
 * takes longer than to look for a moment whether there is something to do: about a tenth of a millisecond. */
enum { LOOKS = 2000 };

static void look_again(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

static void await_round(const struct pool *pool, uint64_t seen)
{
    for (int i = 0; i < LOOKS && atomic_load(&pool->round) == seen; i++)
        look_again();
}

static void await_workers(const struct pool *pool)
{
    for (int i = 0; i < LOOKS && atomic_load(&pool->busy) > 0; i++)
        look_again();
}

static void take_tasks(struct pool *pool, int worker)
{
    for (;;) {
        int64_t task = atomic_fetch_add(&pool->next, 1);
        if (task >= pool->tasks)
            return;
        pool->work(pool->argument, task, worker);
    }
}

static void *worker_main(void *argument)
{
    struct worker *worker = argument;
    struct pool *pool = worker->pool;
    uint64_t seen = 0;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (!pool->quit && pool->round == seen)
            pthread_cond_wait(&pool->begin, &pool->lock);
        if (pool->quit)
            break;
        seen = pool->round;
        pthread_mutex_unlock(&pool->lock);
        if (worker->index < pool->wanted)
            take_tasks(pool, worker->index);
        pthread_mutex_lock(&pool->lock);
        if (--pool->busy == 0)
            pthread_cond_signal(&pool->end);
        pthread_mutex_unlock(&pool->lock);
        await_round(pool, seen);
        pthread_mutex_lock(&pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static status start_workers(struct pool *pool, struct error *error)
{
    for (int i = 1; i < pool->threads; i++) {
        pool->workers[i] = (struct worker){.pool = pool, .index = i};
        int failure = thread_start(&pool->workers[i].thread, worker_main, &pool->workers[i]);
        if (failure)
            return error_set(error, STATUS_FAILED, "thread %d of %d cannot be started: %s", pool->started + 2,
                             pool->threads, strerror(failure));
        pool->started++;
    }
    return STATUS_OK;
}

int pool_online(void)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return ranks_threads(online < 1 ? 1 : online > LARGEST_POOL ? LARGEST_POOL : (int)online);
}

status pool_new(int threads, struct pool **pool, struct error *error)
{
    if (threads == 0)
        threads = pool_online();
    if (threads < 1 || threads > LARGEST_POOL)
        return error_set(error, STATUS_RANGE, "%d threads: 1 to %d are possible", threads, LARGEST_POOL);
    struct pool *made = mem_new(1, sizeof *made);
    struct worker *workers = mem_new((size_t)threads, sizeof *workers);
    if (!made || !workers) {
        mem_free(made);
        mem_free(workers);
        return error_memory(error);
    }
    made->threads = threads;
    made->workers = workers;
    pthread_mutex_init(&made->lock, NULL); /* with default attributes these cannot fail on Linux */
    pthread_cond_init(&made->begin, NULL);
    pthread_cond_init(&made->end, NULL);
    status code = start_workers(made, error);
    if (code != STATUS_OK) {
        pool_free(made);
        return code;
    }
    *pool = made;
    return STATUS_OK;
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->quit = true;
    pthread_cond_broadcast(&pool->begin);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 1; i <= pool->started; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->begin);
    pthread_cond_destroy(&pool->end);
    pthread_mutex_destroy(&pool->lock);
    mem_free(pool->workers);
    mem_free(pool);
}

int pool_threads(const struct pool *pool)
{
    return pool ? pool->threads : 1;
}

void pool_run(struct pool *pool, int64_t tasks, void (*work)(void *argument, int64_t task, int worker),
              void *argument)
{
    pool_run_some(pool, pool_threads(pool), tasks, work, argument);
}

void pool_run_some(struct pool *pool, int workers, int64_t tasks,
                   void (*work)(void *argument, int64_t task, int worker), void *argument)
{
    if (!pool || pool->threads == 1 || workers <= 1 || tasks <= 1) {
        for (int64_t task = 0; task < tasks; task++)
            work(argument, task, 0);
        return;
    }
    pthread_mutex_lock(&pool->lock);
    pool->work = work;
    pool->argument = argument;
    pool->tasks = tasks;
    pool->wanted = workers;
    atomic_store(&pool->next, 0);
    pool->busy = pool->threads - 1;
    pool->round++;
    pthread_cond_broadcast(&pool->begin);
    pthread_mutex_unlock(&pool->lock);
    take_tasks(pool, 0);
    await_workers(pool);
    pthread_mutex_lock(&pool->lock);
    while (pool->busy > 0)
        pthread_cond_wait(&pool->end, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}
