/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Results before the work is done: snapshots appear, say how far they are, and change nothing. */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/thread.h"
#include "session/live.h"
#include "support/session_lines.h"
#include "support/skip.h"

/* --- running -------------------------------------------------------------------------------------------- */

/* Takes every snapshot at once, as a front end would that is never late, and asks for the next one without a
 * pause: which snapshots there are does not depend on the clock. */
struct watcher {
    struct live *live;
    struct live_snapshot *last;
    int count;
    int64_t done; /* of the last one: they come in order */
};

static void watch(void *argument, const char *what, const char *unit, int64_t done, int64_t total)
{
    (void)what, (void)unit, (void)done, (void)total;
    struct watcher *watcher = argument;
    struct live_snapshot *snapshot = live_take(watcher->live);
    if (!snapshot)
        return;
    assert_true(snapshot->done > watcher->done || watcher->count == 0);
    assert_true(snapshot->done < snapshot->total);
    watcher->done = snapshot->done;
    watcher->count++;
    live_snapshot_free(watcher->last);
    watcher->last = snapshot;
    live_clear(watcher->live); /* reports and snapshots come from one task at a time */
}

/* The last snapshot of a command, owned by the caller. */
static struct live_snapshot *watched(struct session *session, const char *line)
{
    struct error error = {0};
    struct reply reply = {0};
    struct watcher watcher = {0};
    assert_int_equal(live_new(&watcher.live, &error), STATUS_OK);
    struct progress progress = {.report = watch, .argument = &watcher};
    session->live = watcher.live;
    if (run_with(session, line, &reply, &progress, &error) != STATUS_OK)
        fail_msg("%s: %s", line, error.message);
    session->live = NULL;
    assert_null(live_take(watcher.live)); /* nothing is left behind */
    live_free(watcher.live);
    reply_free(&reply);
    assert_true(watcher.count > 0);
    return watcher.last;
}

static void same_scores(const struct session *a, const struct session *b)
{
    assert_int_equal(a->state.board->count, b->state.board->count);
    for (int i = 0; i < a->state.board->count; i++)
        for (int l = 0; l < a->state.model->layers->count; l++)
            if (a->state.board->entries[i].scores->layer[l])
                assert_memory_equal(a->state.board->entries[i].scores->layer[l],
                                    b->state.board->entries[i].scores->layer[l],
                                    (size_t)a->state.model->layers->items[l].channels * sizeof(double));
}

/* --- cases ---------------------------------------------------------------------------------------------- */

#define EXAMPLE "load example; data shapes; set timing=off"

/* A snapshot's scores are those of a pass over exactly the images that it says. */
static void test_scores(void **state)
{
    (void)state;
    skip_under_thread_sanitizer();
    static const char line[] =
        "score all taylor:weight taylor:gate-batch proscore:filter samples=80 micro_batch=4 "
        "order=first balanced=no batch=24";
    struct session *session = new_session(EXAMPLE), *plain = new_session(EXAMPLE);
    struct live_snapshot *snapshot = watched(session, line);
    run_line(plain, line);
    same_scores(session, plain);
    assert_int_equal(snapshot->kind, LIVE_SCORES);
    assert_string_equal(snapshot->unit, "images");
    assert_int_equal(snapshot->total, 80);
    assert_int_equal(snapshot->done, 76); /* all but the last micro-batch */
    assert_int_equal(snapshot->board->count, 7);
    assert_true(board_statistics(snapshot->board)->partial);
    assert_int_equal(board_statistics(snapshot->board)->images, snapshot->done);
    assert_int_equal(snapshot->board->pass->sample.count, snapshot->done);
    assert_ptr_equal(snapshot->board->pass->dataset, session->state.dataset);
    assert_ptr_equal(snapshot->model, session->state.model);
    assert_int_equal(snapshot->figure->table.rows, 7);
    assert_non_null(strstr(snapshot->figure->notes[0], snapshot->progress));
    char again[160];
    snprintf(again, sizeof again, "score all samples=%d order=first micro_batch=4", (int)snapshot->done);
    run_line(plain, again);
    assert_int_equal(plain->state.board->pass->sample.count, snapshot->done);
    for (int i = 0; i < snapshot->board->count; i++) {
        const struct score_entry *entry = &snapshot->board->entries[i];
        const struct score_entry *real = session_entry(plain, entry->choice.label);
        assert_memory_equal(entry->scores->layer[0], real->scores->layer[0],
                            (size_t)plain->state.model->layers->items[0].channels * sizeof(double));
        bool weights =
            strcmp(entry->choice.label, "l1") == 0 || strcmp(entry->choice.label, "geomedian") == 0;
        double agreement;
        struct error error = {0};
        assert_int_equal(board_agreement(plain->state.board, plain->state.model, real, &agreement, &error),
                         STATUS_OK);
        assert_true(weights ? agreement == 1 : agreement > -1 && agreement < 1);
        assert_true(agreement == snapshot->agreement[i]);
    }
    live_snapshot_free(snapshot);
    session_free(session);
    session_free(plain);
}

/* The halves are the passes over every second image, gate-batch and weight gradients included. */
static void test_halves(void **state)
{
    (void)state;
    skip_under_thread_sanitizer();
    struct session *session = new_session(EXAMPLE);
    run_line(session, "score taylor:gate taylor:gate-batch samples=64 order=first batch=7");
    const struct score_statistics *whole = board_statistics(session->state.board);
    assert_non_null(whole->half[0]);
    assert_int_equal(whole->half[0]->images, 32);
    assert_int_equal(whole->half[1]->images, 32);
    assert_int_equal(whole->half[0]->batches, 5);
    for (int64_t c = 0; c < session->state.model->layers->items[0].channels; c++) {
        double sum = whole->half[0]->layers[0].gate[c] + whole->half[1]->layers[0].gate[c];
        assert_true(fabs(sum - whole->layers[0].gate[c]) <= 1e-9 * (1 + fabs(sum)));
    }
    run_line(session, "score taylor:weight samples=40 order=first micro_batch=8");
    whole = board_statistics(session->state.board);
    assert_int_equal(whole->half[0]->images, 24); /* micro-batches 0, 2 and 4 */
    assert_int_equal(whole->half[1]->images, 16);
    for (int64_t c = 0; c < session->state.model->layers->items[0].channels; c++) {
        double sum = whole->half[0]->layers[0].weight_dot[c] + whole->half[1]->layers[0].weight_dot[c];
        assert_true(fabs(sum - whole->layers[0].weight_dot[c]) <= 1e-6 * (1 + fabs(sum)));
    }
    run_line(session, "score taylor samples=1 order=first");
    assert_null(board_statistics(session->state.board)->half[0]);
    double agreement;
    struct error error = {0};
    assert_int_equal(board_agreement(session->state.board, session->state.model,
                                     session_entry(session, "taylor"), &agreement, &error),
                     STATUS_OK);
    assert_true(isnan(agreement));
    session_free(session);
}

static void test_judgements(void **state)
{
    (void)state;
    struct session *session = new_session(EXAMPLE);
    struct live_snapshot *snapshot = watched(session, "eval samples=200");
    assert_int_equal(snapshot->kind, LIVE_ACCURACY);
    assert_true(snapshot->accuracy > 0.5 && snapshot->accuracy <= 1);
    double variance = snapshot->accuracy * (1 - snapshot->accuracy) / (double)snapshot->done;
    assert_true(fabs(snapshot->accuracy_error - sqrt(variance)) < 1e-12);
    assert_int_equal(snapshot->figure->kind, FIGURE_TABLE);
    live_snapshot_free(snapshot);

    snapshot = watched(session, "curve l1,l2 samples=24 ratios=0.2,0.4,0.6");
    assert_int_equal(snapshot->kind, LIVE_CURVE);
    assert_string_equal(snapshot->unit, "networks");
    assert_int_equal(snapshot->figure->kind, FIGURE_CURVE);
    assert_true(isnan(snapshot->figure->curve.y[5])); /* the last point was not there yet */
    assert_false(isnan(snapshot->figure->curve.y[0]));
    live_snapshot_free(snapshot);

    snapshot = watched(session, "sensitivity l1 samples=32 ratios=0.3,0.6");
    assert_int_equal(snapshot->kind, LIVE_SENSITIVITY);
    assert_int_equal(snapshot->figure->kind, FIGURE_MATRIX);
    assert_int_equal(snapshot->figure->matrix.columns, 2);
    live_snapshot_free(snapshot);
    session_free(session);
}

#ifdef __SANITIZE_THREAD__
#define IMAGES "150"
#else
#define IMAGES "600"
#endif

struct worker {
    struct session *session;
    atomic_bool over;
    status code;
};

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct reply reply = {0};
    struct error error = {0};
    worker->code =
        run_with(worker->session, "score all samples=" IMAGES "; eval samples=" IMAGES, &reply, NULL, &error);
    reply_free(&reply);
    atomic_store(&worker->over, true);
    return NULL;
}

/* A front end on another thread: parts of the state and snapshots change hands while the worker runs. */
static void test_threads(void **state)
{
    (void)state;
    struct session *plain = new_session(EXAMPLE "; score all samples=" IMAGES);
    struct worker worker = {.session = new_session(EXAMPLE)};
    struct error error = {0};
    struct live *live;
    pthread_t thread;
    assert_int_equal(live_new(&live, &error), STATUS_OK);
    worker.session->live = live;
    struct state held = {worker.session->state.model, worker.session->state.dataset,
                         worker.session->state.board, worker.session->state.options,
                         worker.session->state.theme, worker.session->state.pruning};
    held = state_retain(&held);
    assert_int_equal(thread_start(&thread, work, &worker), 0);
    int taken = 0;
    while (!atomic_load(&worker.over)) {
        struct state mine = state_retain(&held);
        struct live_snapshot *snapshot = live_take(live);
        taken += snapshot != NULL;
        struct live_snapshot *second = live_snapshot_retain(snapshot);
        live_snapshot_free(snapshot);
        if (second && second->board)
            assert_non_null(board_entry(second->board, "l1"));
        live_snapshot_free(second);
        state_free(&mine);
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    pthread_join(thread, NULL);
    state_free(&held);
    assert_int_equal(worker.code, STATUS_OK);
    assert_true(taken > 0);
    same_scores(worker.session, plain);
    live_free(live);
    session_free(worker.session);
    session_free(plain);
}

/* Nobody asks, so nothing is published again; and a new command begins with nothing. */
static void test_channel(void **state)
{
    (void)state;
    struct live *live;
    struct error error = {0};
    assert_false(live_due(NULL));
    assert_int_equal(live_new(&live, &error), STATUS_OK);
    assert_true(live_due(live));
    live_publish(live, live_snapshot_new(LIVE_FIGURE, 1, 2, "steps", NULL));
    assert_false(live_due(live)); /* not taken yet */
    struct live_snapshot *snapshot = live_take(live);
    assert_string_equal(snapshot->progress, "1 of 2 steps");
    assert_false(live_due(live)); /* too soon */
    live_snapshot_free(snapshot);
    assert_null(live_take(live));
    live_clear(live);
    assert_true(live_due(live));
    live_publish(live, live_snapshot_new(LIVE_FIGURE, 1, 2, "steps", NULL));
    live_clear(live);
    assert_null(live_take(live));
    live_free(live);
}

/* Snapshots that memory does not suffice for are left out; the scores are the same. */
static void test_memory(void **state)
{
    (void)state;
    skip_under_thread_sanitizer();
    struct session *base = new_session(EXAMPLE "; set threads=1"), *plain = new_session(EXAMPLE);
    run_line(plain, "score l1,taylor samples=9");
    for (long nth = 1; nth < 1500; nth += 29) {
        struct session *session;
        struct error error = {0};
        struct reply reply = {0};
        struct watcher watcher = {0};
        assert_int_equal(session_fork(base, &session, &error), STATUS_OK);
        assert_int_equal(live_new(&watcher.live, &error), STATUS_OK);
        struct progress progress = {.report = watch, .argument = &watcher};
        session->live = watcher.live;
        mem_fail_at(nth);
        status code = run_with(session, "score l1,taylor samples=9", &reply, &progress, &error);
        mem_fail_at(0);
        assert_true(code == STATUS_OK || code == STATUS_MEMORY);
        if (code == STATUS_OK)
            same_scores(session, plain);
        else
            assert_int_equal(session->state.board->count, 0);
        reply_free(&reply);
        live_snapshot_free(watcher.last);
        live_free(watcher.live);
        session_free(session);
    }
    session_free(base);
    session_free(plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_channel),    cmocka_unit_test(test_scores),  cmocka_unit_test(test_halves),
        cmocka_unit_test(test_judgements), cmocka_unit_test(test_threads), cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests_name("live", tests, NULL, NULL);
}
