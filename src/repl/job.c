/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The working thread blocks all signals, so that Ctrl-C reaches the thread that waits. */
#include "repl/job.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "repl/interrupt.h"
#include "repl/progress_line.h"

enum { REDRAW_MILLISECONDS = 100 };

struct job {
    struct session *session;
    const struct statement *statement;
    bool prefixes;
    struct reply *reply;
    struct error *error;
    struct progress progress;
    status code;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool done;
};

static void *work(void *argument)
{
    struct job *job = argument;
    job->code =
        session_run(job->session, job->statement, job->prefixes, &job->progress, job->reply, job->error);
    pthread_mutex_lock(&job->lock);
    job->done = true;
    pthread_cond_signal(&job->ended);
    pthread_mutex_unlock(&job->lock);
    return NULL;
}

/* Wait for the end of the job or for the time of the next drawing. */
static bool job_wait(struct job *job)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += REDRAW_MILLISECONDS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&job->lock);
    while (!job->done) {
        if (pthread_cond_timedwait(&job->ended, &job->lock, &until) == ETIMEDOUT)
            break;
    }
    bool done = job->done;
    pthread_mutex_unlock(&job->lock);
    return done;
}

static bool start_thread(struct job *job, pthread_t *thread)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    bool started = pthread_create(thread, NULL, work, job) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

static void run_long(struct job *job, struct progress_line *line)
{
    pthread_t thread;
    pthread_condattr_t attributes;
    pthread_mutex_init(&job->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&job->ended, &attributes);
    pthread_condattr_destroy(&attributes);
    if (start_thread(job, &thread)) {
        while (!job_wait(job))
            progress_line_draw(line);
        pthread_join(thread, NULL);
    } else {
        work(job); /* without a thread the work is the same, only unseen */
    }
    pthread_cond_destroy(&job->ended);
    pthread_mutex_destroy(&job->lock);
}

status job_run(struct session *session, const struct statement *statement, bool prefixes, bool ascii,
               struct reply *reply, struct error *error)
{
    struct progress_line line;
    struct job job = {
        .session = session, .statement = statement, .prefixes = prefixes, .reply = reply, .error = error};
    const struct command *command;
    struct error ignored = {0};
    bool is_long = command_find(statement->tokens[0].text, prefixes, &command, &ignored) == STATUS_OK &&
                   (command->flags & COMMAND_LONG);
    progress_line_start(&line, ascii);
    job.progress.report = progress_line_report;
    job.progress.argument = &line;
    interrupt_watch(&job.progress);
    if (is_long)
        run_long(&job, &line);
    else
        job.code = session_run(session, statement, prefixes, &job.progress, reply, error);
    interrupt_watch(NULL);
    progress_line_end(&line);
    return job.code;
}
