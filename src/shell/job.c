/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The working thread blocks all signals, so that Ctrl-C reaches the thread that waits. What passes between
 * the two is under the lock; a byte in a pipe says that there is something to look at. */
#include "shell/job.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/thread.h"
#include "session/language/run.h"
#include "session/reply.h"
#include "shell/interrupt.h"
#include "shell/progress_line.h"
#include "shell/terminal_signals.h"
#include "shell/type_ahead.h"
#include "shell/window.h"

enum { REDRAW_MILLISECONDS = 100, MODESTY = 10 /* steps of niceness */ };
static const double listening_seconds = 0.1;

/* Something for the waiting thread to do; lives on the stack of the thread that waits for it in turn. */
struct hand_over {
    void (*function)(void *argument);
    void *argument;
    bool done;
    struct hand_over *next;
};

struct job {
    struct job_request request;
    struct progress progress;
    void (*report)(void *argument, const char *what, const char *unit, int64_t done, int64_t total);
    void *argument;
    struct reply reply;
    struct error error;
    status code;
    bool threaded;
    pthread_t thread, owner;
    int pipe[2];  /* -1 without a thread */
    double heard; /* when the listener was called last */
    pthread_mutex_t lock;
    pthread_cond_t answered;
    /* Under the lock: */
    bool done;
    struct hand_over *first, **last;
};

const char *job_command(const struct job_request *request)
{
    const struct command *command;
    struct error ignored = {0};
    const char *name = request->statement->tokens[0].text;
    return command_find(name, request->prefixes, &command, &ignored) == STATUS_OK ? command->name : name;
}

/* --- from the working thread to the waiting one --------------------------------------------------------- */

/* A full pipe is as good: there is something to read. */
static void wake(const struct job *job)
{
    while (write(job->pipe[1], "", 1) < 0 && errno == EINTR)
        ;
}

static void call_owner(void *argument, void (*function)(void *argument), void *function_argument)
{
    struct job *job = argument;
    struct hand_over item = {.function = function, .argument = function_argument};
    if (!job->threaded || pthread_equal(pthread_self(), job->owner)) {
        function(function_argument);
        return;
    }
    pthread_mutex_lock(&job->lock);
    *job->last = &item;
    job->last = &item.next;
    wake(job);
    while (!item.done)
        pthread_cond_wait(&job->answered, &job->lock);
    pthread_mutex_unlock(&job->lock);
}

struct heard {
    struct job *job;
    const char *what, *unit;
    int64_t done, total;
};

static void tell_listener(void *argument)
{
    const struct heard *heard = argument;
    const struct progress_listener *listener = heard->job->request.listener;
    if (!progress_cancelled(&heard->job->progress) &&
        !listener->hear(listener->argument, heard->what, heard->unit, heard->done, heard->total))
        progress_cancel(&heard->job->progress);
}

/* base/progress.h promises one call at a time. */
static void report(void *argument, const char *what, const char *unit, int64_t done, int64_t total)
{
    struct job *job = argument;
    if (job->report)
        job->report(job->argument, what, unit, done, total);
    double now = clock_seconds();
    if (!job->request.listener || (done > 0 && done < total && now - job->heard < listening_seconds))
        return;
    job->heard = now;
    struct heard heard = {job, what, unit, done, total};
    call_owner(job, tell_listener, &heard);
}

/* --- the working thread --------------------------------------------------------------------------------- */

/* On Linux a thread has a niceness of its own, and those that it makes inherit it: the pool's too. */
static void give_way(void)
{
    pid_t thread = (pid_t)syscall(SYS_gettid);
    int now = getpriority(PRIO_PROCESS, (id_t)thread);
    if (setpriority(PRIO_PROCESS, (id_t)thread, now + MODESTY) != 0)
        return; /* slower answers, nothing else */
}

static void *work(void *argument)
{
    struct job *job = argument;
    const struct job_request *request = &job->request;
    if (request->modest && job->threaded)
        give_way();
    job->code = session_run(request->session, request->statement, request->prefixes, &job->progress,
                            &job->reply, &job->error);
    pthread_mutex_lock(&job->lock);
    job->done = true;
    if (job->threaded)
        wake(job);
    pthread_mutex_unlock(&job->lock);
    return NULL;
}

static bool open_pipe(struct job *job)
{
    if (pipe(job->pipe) != 0) {
        job->pipe[0] = job->pipe[1] = -1;
        return false;
    }
    for (int i = 0; i < 2; i++) {
        fcntl(job->pipe[i], F_SETFD, FD_CLOEXEC);
        fcntl(job->pipe[i], F_SETFL, O_NONBLOCK);
    }
    return true;
}

static void close_pipe(struct job *job)
{
    for (int i = 0; i < 2; i++) {
        if (job->pipe[i] >= 0)
            close(job->pipe[i]);
        job->pipe[i] = -1;
    }
}

static bool start_thread(struct job *job)
{
    if (!open_pipe(job))
        return false;
    job->threaded = true; /* before the thread looks */
    if (thread_start(&job->thread, work, job) == 0)
        return true;
    job->threaded = false;
    close_pipe(job);
    return false;
}

status job_start(const struct job_request *request,
                 void (*front_report)(void *argument, const char *what, const char *unit, int64_t done,
                                      int64_t total),
                 void *argument, struct job **result, struct error *error)
{
    struct job *job = mem_new(1, sizeof *job);
    if (!job)
        return error_memory(error);
    job->request = *request;
    job->report = front_report;
    job->argument = argument;
    job->owner = pthread_self();
    job->pipe[0] = job->pipe[1] = -1;
    job->last = &job->first;
    job->progress.report = report;
    job->progress.argument = job;
    job->progress.call = call_owner;
    job->progress.call_argument = job;
    pthread_mutex_init(&job->lock, NULL);
    pthread_cond_init(&job->answered, NULL);
    interrupt_watch(&job->progress);
    bool lengthy = command_flags_of(request->statement, request->prefixes) & COMMAND_LONG;
    if (!lengthy || !start_thread(job))
        work(job); /* without a thread the work is the same, only unseen */
    *result = job;
    return STATUS_OK;
}

/* --- the waiting thread --------------------------------------------------------------------------------- */

/* Do what was handed over. Has the work ended? */
static bool serve(struct job *job)
{
    char bytes[64];
    while (job->pipe[0] >= 0 && read(job->pipe[0], bytes, sizeof bytes) > 0)
        ;
    pthread_mutex_lock(&job->lock);
    for (struct hand_over *item; (item = job->first);) {
        pthread_mutex_unlock(&job->lock);
        item->function(item->argument);
        pthread_mutex_lock(&job->lock);
        job->first = item->next;
        if (!job->first)
            job->last = &job->first;
        item->done = true;
        pthread_cond_broadcast(&job->answered);
    }
    bool done = job->done;
    pthread_mutex_unlock(&job->lock);
    return done;
}

bool job_wait(struct job *job, int milliseconds)
{
    struct pollfd ready = {.fd = job->pipe[0], .events = POLLIN};
    if (serve(job))
        return true;
    poll(&ready, 1, milliseconds);
    return serve(job);
}

int job_descriptor(const struct job *job)
{
    return job->pipe[0];
}

void job_cancel(struct job *job)
{
    progress_cancel(&job->progress);
}

status job_end(struct job *job, struct reply *reply, struct error *error)
{
    while (!job_wait(job, -1))
        ;
    if (job->threaded)
        pthread_join(job->thread, NULL);
    interrupt_watch(NULL);
    close_pipe(job);
    pthread_cond_destroy(&job->answered);
    pthread_mutex_destroy(&job->lock);
    status code = job->code;
    *reply = job->reply;
    if (code != STATUS_OK)
        *error = job->error;
    mem_free(job);
    return code;
}

status job_run(const struct job_request *request, bool ascii, bool quiet, struct reply *reply,
               struct error *error)
{
    struct progress_line line;
    struct job *job;
    const char *name = job_command(request);
    progress_line_start(&line, ascii);
    status code = job_start(request, progress_line_report, &line, &job, error);
    if (code == STATUS_OK) {
        while (!job_wait(job, REDRAW_MILLISECONDS)) {
            int64_t total, done = progress_line_done(&line, &total);
            type_ahead_begin();
            line.waiting = type_ahead_look();
            if (!quiet)
                progress_line_draw(&line);
            window_work(name, done, total);
            if (terminal_signals.ending)
                job_cancel(job);
        }
        type_ahead_end();
        code = job_end(job, reply, error);
    }
    progress_line_end(&line);
    return code;
}
