/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands as jobs: the waiting thread, the working one, and what passes between them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "shell/interrupt.h"
#include "shell/job.h"
#include "support/session_lines.h"

static struct session *make_example(void)
{
    return new_session("load example; data shapes");
}

/* A line as a job, waited for as an event loop does. */
static status wait_with_poll(struct session *session, const char *line,
                             const struct progress_listener *listener, bool cancel, struct error *error)
{
    struct parsed_line parsed;
    struct reply reply = {0};
    struct job *job;
    assert_int_equal(parse_line(line, &parsed, error), STATUS_OK);
    const struct job_request request = {
        .session = session, .statement = &parsed.statements[0], .listener = listener};
    assert_int_equal(job_start(&request, NULL, NULL, &job, error), STATUS_OK);
    if (cancel)
        job_cancel(job);
    while (!job_wait(job, 0)) {
        struct pollfd ready = {.fd = job_descriptor(job), .events = POLLIN};
        assert_int_not_equal(ready.fd, -1);
        assert_int_equal(poll(&ready, 1, 600000), 1); /* never later than the end of the work */
    }
    status code = job_end(job, &reply, error);
    assert_true(code != STATUS_OK || reply.count > 0);
    reply_free(&reply);
    parsed_line_free(&parsed);
    return code;
}

static void test_short_and_long(void **state)
{
    (void)state;
    struct session *session = make_example();
    struct error error = {0};
    assert_int_equal(wait_with_poll(session, "help", NULL, false, &error), STATUS_OK);
    assert_int_equal(wait_with_poll(session, "score taylor samples=100", NULL, false, &error), STATUS_OK);
    assert_non_null(session_entry(session, "taylor"));
    assert_int_equal(wait_with_poll(session, "score nonsense", NULL, false, &error), STATUS_NOT_FOUND);
    assert_non_null(strstr(error.message, "nonsense"));
    assert_int_equal(wait_with_poll(session, "score proscore samples=all", NULL, true, &error),
                     STATUS_CANCELLED);
    assert_null(session_entry(session, "proscore"));
    session_free(session);
}

struct ear {
    pthread_t thread;
    int calls, stop_after;
    int64_t done, total;
};

static bool hear(void *argument, const char *what, const char *unit, int64_t done, int64_t total)
{
    struct ear *ear = argument;
    assert_true(pthread_equal(pthread_self(), ear->thread));
    assert_string_equal(what, "scoring");
    assert_string_equal(unit, "images");
    ear->calls++;
    ear->done = done;
    ear->total = total;
    return ear->calls != ear->stop_after;
}

/* The listener hears on the waiting thread, hears the end, and can cancel. */
static void test_listener(void **state)
{
    (void)state;
    struct session *session = make_example();
    struct error error = {0};
    struct ear ear = {.thread = pthread_self()};
    const struct progress_listener listener = {hear, &ear};
    assert_int_equal(wait_with_poll(session, "score taylor samples=100", &listener, false, &error),
                     STATUS_OK);
    assert_true(ear.calls >= 2);
    assert_int_equal(ear.done, 100);
    assert_int_equal(ear.total, 100);
    ear = (struct ear){.thread = pthread_self(), .stop_after = 1};
    assert_int_equal(wait_with_poll(session, "score taylor samples=200", &listener, false, &error),
                     STATUS_CANCELLED);
    assert_int_equal(ear.calls, 1);
    session_free(session);
}

/* Ctrl-C cancels the job, wherever it is, and none that comes later. */
static void test_interrupt(void **state)
{
    (void)state;
    struct session *session = make_example();
    struct error error = {0};
    interrupt_install();
    struct parsed_line parsed;
    struct reply reply = {0};
    struct job *job;
    assert_int_equal(parse_line("score taylor samples=all", &parsed, &error), STATUS_OK);
    const struct job_request request = {
        .session = session, .statement = &parsed.statements[0], .listener = NULL};
    assert_int_equal(job_start(&request, NULL, NULL, &job, &error), STATUS_OK);
    raise(SIGINT);
    assert_int_equal(job_end(job, &reply, &error), STATUS_CANCELLED);
    assert_int_equal(reply.count, 0);
    reply_free(&reply);
    parsed_line_free(&parsed);
    interrupt_clear();
    assert_int_equal(wait_with_poll(session, "score taylor samples=100", NULL, false, &error), STATUS_OK);
    session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_short_and_long),
        cmocka_unit_test(test_listener),
        cmocka_unit_test(test_interrupt),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
