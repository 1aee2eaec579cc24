/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The handler only touches atomics, progress_cancel and timer_settime, which are safe in a handler. */
#include "shell/interrupt.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

enum { PRESSES_URGENT = 3, AGAIN_MILLISECONDS = 50 };

static _Atomic(struct progress *) watched;
static atomic_int count;
static _Atomic(long long) cancelled_at; /* when work was last cancelled, 0: never */
static atomic_bool twice;
static atomic_int end_status; /* of the program at the third interrupt, 0: it goes on */

/* A signal that comes just before a system call waits ends nothing: until the interrupt is dealt with,
 * another signal, which does nothing else, comes again and again. */
static timer_t again;
static atomic_bool has_again;

static void repeat(int milliseconds)
{
    struct timespec time = {0, milliseconds * 1000000L};
    struct itimerspec when = {time, time};
    if (atomic_load(&has_again))
        timer_settime(again, 0, &when, NULL);
}

static void do_nothing(int signal_number)
{
    (void)signal_number;
}

static long long milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void handle(int signal_number)
{
    (void)signal_number;
    long long now = milliseconds(), before = atomic_load(&cancelled_at);
    struct progress *progress = atomic_load(&watched);
    int exit_status = atomic_load(&end_status);
    if (atomic_fetch_add(&count, 1) + 1 >= PRESSES_URGENT && exit_status)
        _exit(exit_status);
    repeat(AGAIN_MILLISECONDS);
    if (before && now - before <= 1000)
        atomic_store(&twice, true);
    if (progress) {
        progress_cancel(progress);
        atomic_store(&cancelled_at, now);
    }
}

void interrupt_install(void)
{
    /* Without SA_RESTART, so that a wait for input ends. */
    struct sigaction action = {.sa_handler = handle};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    struct sigaction nothing = {.sa_handler = do_nothing};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGURG};
    sigemptyset(&nothing.sa_mask);
    sigaction(SIGURG, &nothing, NULL);
    atomic_store(&has_again, timer_create(CLOCK_MONOTONIC, &event, &again) == 0);
}

void interrupt_watch(struct progress *progress)
{
    atomic_store(&watched, progress);
    if (progress && interrupt_seen())
        progress_cancel(progress);
}

bool interrupt_seen(void)
{
    return atomic_load(&count) > 0;
}

bool interrupt_twice(void)
{
    return atomic_load(&twice);
}

bool interrupt_urgent(void)
{
    return atomic_load(&count) >= PRESSES_URGENT;
}

void interrupt_end_at_third(int exit_status)
{
    atomic_store(&end_status, exit_status);
}

void interrupt_request(void)
{
    handle(SIGINT);
}

void interrupt_clear(void)
{
    repeat(0);
    atomic_store(&count, 0);
}

void interrupt_forget(void)
{
    atomic_store(&cancelled_at, 0);
    atomic_store(&twice, false);
}
