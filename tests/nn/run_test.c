/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many images on worker threads: the same bits and the same error for any number of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "nn/execution/execution.h"
#include "nn/engine/run.h"
#include "support/residual.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

/* What commit saw, added up. */
struct tally {
    double loss, probes[PROBES][PROBE_SUMS * 16], weights[4096];
    int64_t next, tasks;
    int64_t fail_fetch, slow_fetch, bad_label, fail_commit, cancel_commit; /* positions, -1 for none */
    struct progress *progress;
    int64_t reported;
    const pthread_t *only; /* the thread that all images are fetched on; NULL: any */
};

static status fetch(void *argument, int64_t position, enum element_type real, void *image, int64_t *label,
                    struct error *error)
{
    const struct tally *tally = argument;
    if (tally->only && !pthread_equal(*tally->only, pthread_self()))
        return error_set(error, STATUS_FAILED, "image %lld is on another thread", (long long)position);
    if (position == tally->slow_fetch)
        usleep(30000);
    if (position == tally->slow_fetch || position == tally->fail_fetch)
        return error_set(error, STATUS_FILE, "image %lld cannot be read", (long long)position);
    residual_image(position, real, image);
    *label = position == tally->bad_label ? CLASSES : residual_label(position);
    return STATUS_OK;
}

static void add_engine(struct tally *tally, const struct engine *engine, int64_t count)
{
    for (int p = 0; p < PROBES; p++) {
        int64_t length = PROBE_SUMS * engine_probe_channels(engine, p);
        for (int64_t n = 0; n < count; n++)
            for (int64_t i = 0; i < length; i++)
                tally->probes[p][i] += engine_probe(engine, p)[n * length + i];
    }
    int64_t at = 0;
    for (int w = 0; w < engine->weight_count; w++) {
        const struct operand *gradient = engine_weight_gradient(engine, w);
        for (int64_t i = 0; i < shape_elements(&gradient->shape); i++, at++)
            tally->weights[at] += engine->real == ELEMENT_FLOAT ? (double)((float *)gradient->data)[i]
                                                                : ((double *)gradient->data)[i];
    }
    assert_true(at <= COUNT(tally->weights));
}

static status commit(void *argument, const struct engine *engine, const struct loss *losses,
                     const int64_t *labels, int64_t first, int64_t count, struct error *error)
{
    struct tally *tally = argument;
    assert_int_equal(first, tally->next);
    if (first == tally->fail_commit)
        return error_set(error, STATUS_FAILED, "commit of %lld", (long long)first);
    tally->next = first + count;
    tally->tasks++;
    for (int64_t i = 0; i < count; i++) {
        assert_int_equal(labels[i], residual_label(first + i));
        tally->loss += losses[i].loss;
    }
    add_engine(tally, engine, count);
    if (first == tally->cancel_commit)
        progress_cancel(tally->progress);
    return STATUS_OK;
}

static void report(void *argument, const char *what, const char *unit, int64_t done, int64_t total)
{
    struct tally *tally = argument;
    assert_string_equal(what, "testing");
    assert_string_equal(unit, "images");
    assert_true(done >= tally->reported && done <= total);
    tally->reported = done;
}

static struct tally fresh_tally(void)
{
    return (struct tally){.fail_fetch = -1,
                          .slow_fetch = -1,
                          .bad_label = -1,
                          .fail_commit = -1,
                          .cancel_commit = -1,
                          .reported = -1};
}

static status run_network(const struct residual *network, struct tally *tally, int threads,
                          enum element_type real, int64_t images, int64_t batch, struct error *error)
{
    int weights[MOST_PARAMETERS];
    struct pool *pool;
    struct progress progress = {.report = report, .argument = tally};
    tally->progress = &progress;
    assert_int_equal(pool_new(threads, &pool, error), STATUS_OK);
    const struct run run = {.graph = network->graph,
                            .engine = {.batch = batch,
                                       .real = real,
                                       .backward = true,
                                       .probes = network->probes,
                                       .probe_count = PROBES,
                                       .weights = weights,
                                       .weight_count = residual_parameters(network->graph, weights)},
                            .pool = pool,
                            .images = images,
                            .fetch = fetch,
                            .fetch_argument = tally,
                            .commit = commit,
                            .commit_argument = tally,
                            .title = "testing",
                            .progress = &progress};
    status code = run_images(&run, error);
    tally->progress = NULL;
    pool_free(pool);
    return code;
}

static void threads_do_not_change_a_bit(void **state)
{
    (void)state;
    struct residual network = residual_network();
    for (int type = ELEMENT_FLOAT; type <= ELEMENT_DOUBLE; type++) {
        struct tally *one = mem_new(1, sizeof *one), *many = mem_new(1, sizeof *many);
        assert_true(one && many);
        *one = fresh_tally();
        struct error error = {0};
        assert_int_equal(run_network(&network, one, 1, (enum element_type)type, 23, 4, &error), STATUS_OK);
        assert_int_equal(one->next, 23);
        assert_int_equal(one->reported, 23);
        assert_true(isfinite(one->loss) && one->loss > 0);
        for (int threads = 2; threads <= 4; threads++) {
            *many = fresh_tally();
            assert_int_equal(run_network(&network, many, threads, (enum element_type)type, 23, 4, &error),
                             STATUS_OK);
            assert_memory_equal(one, many, sizeof *one);
        }
        mem_free(one);
        mem_free(many);
    }
    graph_free(network.graph);
}

/* The last micro-batch holds one image of four. The same with noise in the place of the missing three and a
 * zero gradient there must give the same bits. */
static void missing_images_add_nothing(void **state)
{
    (void)state;
    struct residual network = residual_network();
    struct engine *engine = residual_engine(&network, 4, ELEMENT_FLOAT, true);
    struct tally *part = mem_new(1, sizeof *part), *noisy = mem_new(1, sizeof *noisy);
    struct error error = {0};
    assert_true(part && noisy);
    *part = *noisy = fresh_tally();
    assert_int_equal(run_network(&network, part, 2, ELEMENT_FLOAT, 1, 4, &error), STATUS_OK);
    residual_run(engine, 0);
    memset((float *)engine_output_gradient(engine) + CLASSES, 0, 3 * CLASSES * sizeof(float));
    assert_int_equal(engine_backward(engine, &error), STATUS_OK);
    add_engine(noisy, engine, 4);
    assert_memory_equal(part->probes, noisy->probes, sizeof part->probes);
    assert_memory_equal(part->weights, noisy->weights, sizeof part->weights);
    mem_free(part);
    mem_free(noisy);
    engine_free(engine);
    graph_free(network.graph);
}

static void earliest_failure_is_reported(void **state)
{
    (void)state;
    struct residual network = residual_network();
    for (int threads = 1; threads <= 4; threads++) {
        struct error error = {0};
        struct tally tally = fresh_tally();
        tally.slow_fetch = 6; /* fails later than 9 does, but is the earlier image */
        tally.fail_fetch = 9;
        assert_int_equal(run_network(&network, &tally, threads, ELEMENT_FLOAT, 20, 2, &error), STATUS_FILE);
        assert_string_equal(error.message, "image 6 cannot be read");
        assert_int_equal(tally.next, 6);

        error = (struct error){0};
        tally = fresh_tally();
        tally.bad_label = 5;
        assert_int_equal(run_network(&network, &tally, threads, ELEMENT_FLOAT, 20, 2, &error), STATUS_RANGE);
        assert_string_equal(error.message, "image 5 has label 5, but the network has 5 classes");
        assert_int_equal(tally.next, 4);

        error = (struct error){0};
        tally = fresh_tally();
        tally.fail_commit = 8;
        assert_int_equal(run_network(&network, &tally, threads, ELEMENT_FLOAT, 20, 2, &error), STATUS_FAILED);
        assert_string_equal(error.message, "commit of 8");
        assert_int_equal(tally.next, 8);

        error = (struct error){0};
        tally = fresh_tally();
        tally.cancel_commit = 4;
        assert_int_equal(run_network(&network, &tally, threads, ELEMENT_FLOAT, 1000000, 2, &error),
                         STATUS_CANCELLED);
        assert_int_equal(tally.next, 6);
    }
    graph_free(network.graph);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    struct residual network = residual_network();
    status code = STATUS_MEMORY;
    struct pool *pool;
    struct error error = {0};
    struct tally tally;
    assert_int_equal(pool_new(2, &pool, &error), STATUS_OK);
    const struct run run = {.graph = network.graph,
                            .engine = {.batch = 2, .real = ELEMENT_DOUBLE},
                            .pool = pool,
                            .images = 6,
                            .memory = 1 << 30,
                            .fetch = fetch,
                            .fetch_argument = &tally};
    for (long nth = 1; code != STATUS_OK; nth++) {
        error = (struct error){0};
        tally = fresh_tally();
        mem_fail_at(nth);
        code = run_images(&run, &error);
        mem_fail_at(0);
        assert_true(code == STATUS_OK || (code == STATUS_MEMORY && error.code == code));
    }
    pool_free(pool);
    graph_free(network.graph);
}

/* --- images at a time ----------------------------------------------------------------------------------- */

/* As if every node gave 8 maps of this side: by what layers compute, small images go together and large ones
 * one at a time, but for gradients of weights. */
static void set_side(struct graph *graph, int64_t side)
{
    for (int n = 0; n < graph->node_count; n++) {
        struct shape *shape = &graph->values[graph->nodes[n].outputs[0]].shape;
        *shape = (struct shape){.rank = 4, .dim = {1, 8, side, side}};
    }
}

static void large_images_go_alone(void **state)
{
    (void)state;
    struct residual network = residual_network();
    int64_t before = INT64_MAX;
    for (int64_t side = 8; side <= 4096; side *= 2) {
        set_side(network.graph, side);
        const int64_t batch = run_micro_batch(network.graph, false);
        assert_true(batch <= before && run_micro_batch(network.graph, true) >= batch);
        before = batch;
        if (side == 8)
            assert_true(batch >= 16);
    }
    assert_int_equal(before, 1);
    set_side(network.graph, 512);
    assert_int_equal(run_micro_batch(network.graph, false), 1);
    assert_int_equal(run_micro_batch(network.graph, true), 2);
    graph_free(network.graph);
}

/* --- a bound on memory ---------------------------------------------------------------------------------- */

enum { BOUND_IMAGES = 23, BOUND_THREADS = 2 };

static struct run bounded_run(const struct residual *network, enum element_type real,
                              enum kernel_choice choice)
{
    return (struct run){.graph = network->graph,
                        .engine = {.real = real,
                                   .kernel = choice,
                                   .backward = true,
                                   .probes = network->probes,
                                   .probe_count = PROBES},
                        .images = BOUND_IMAGES,
                        .fetch = fetch,
                        .commit = commit};
}

/* What `workers` take with so many images at a time, where kernels are chosen as without a bound. */
static size_t bytes_for(const struct run *run, int64_t batch, int workers)
{
    struct engine_options options = run->engine;
    struct engine_fit fit = {.workers = workers};
    struct error error = {0};
    options.batch = batch;
    options.chosen_for = run_micro_batch(run->graph, false);
    options.reuse = true;
    assert_int_equal(engine_size(run->graph, &options, &fit.worker, &fit.shared, &error), STATUS_OK);
    return engine_fit_bytes(&fit);
}

static void assert_bounded(struct run run, size_t memory, int64_t batch, int workers,
                           const struct tally *unbounded)
{
    struct tally *tally = mem_new(1, sizeof *tally);
    struct engine_fit fit;
    struct error error = {0};
    const pthread_t self = pthread_self();
    assert_non_null(tally);
    *tally = fresh_tally();
    tally->only = workers == 1 ? &self : NULL;
    run.memory = memory;
    run.fetch_argument = run.commit_argument = tally;
    assert_int_equal(run_fit(&run, BOUND_THREADS, &fit, &error), STATUS_OK);
    assert_int_equal(fit.batch, batch);
    assert_int_equal(fit.workers, workers);
    assert_true(engine_fit_bytes(&fit) <= memory);
    assert_int_equal(run_images(&run, &error), STATUS_OK);
    assert_int_equal(tally->next, BOUND_IMAGES);
    assert_int_equal(tally->tasks, (BOUND_IMAGES + batch - 1) / batch);
    if (run.engine.kernel == KERNEL_REFERENCE) {
        assert_memory_equal(&tally->loss, &unbounded->loss, sizeof tally->loss);
        assert_memory_equal(tally->probes, unbounded->probes, sizeof tally->probes);
    } else {
        assert_true(fabs(tally->loss - unbounded->loss) < 1e-6 * unbounded->loss);
    }
    mem_free(tally);
}

static void assert_refused(struct run run, size_t memory, const char *message)
{
    struct tally tally = fresh_tally();
    struct error error = {0};
    run.memory = memory;
    run.fetch_argument = run.commit_argument = &tally;
    assert_int_equal(run_images(&run, &error), STATUS_MEMORY);
    assert_string_equal(error.message, message);
    assert_int_equal(tally.next, 0);
}

static void check_bounds(const struct residual *network, enum element_type real, enum kernel_choice choice,
                         struct pool *pool)
{
    struct tally *unbounded = mem_new(1, sizeof *unbounded);
    struct error error = {0};
    struct run run = bounded_run(network, real, choice);
    assert_non_null(unbounded);
    run.pool = pool;
    *unbounded = fresh_tally();
    run.fetch_argument = run.commit_argument = unbounded;
    assert_int_equal(run_images(&run, &error), STATUS_OK);
    const size_t two = bytes_for(&run, 2, 2), one = bytes_for(&run, 1, 2), alone = bytes_for(&run, 1, 1);
    assert_true(two > one && one > alone);
    assert_bounded(run, two, 2, 2, unbounded);
    assert_bounded(run, two - 1, 1, 2, unbounded);
    assert_bounded(run, one, 1, 2, unbounded);
    assert_bounded(run, one - 1, 1, 1, unbounded);
    assert_bounded(run, alone, 1, 1, unbounded);
    assert_refused(run, alone - 1, "0 MB are not enough for this network: one worker needs 1 MB (memory=)");
    run.engine.batch = 4;
    assert_bounded(run, bytes_for(&run, 4, 1), 4, 1, unbounded);
    assert_refused(run, one - 1,
                   "0 MB are not enough for this network: one worker with 4 images at a time needs 1 MB "
                   "(memory=, micro_batch=)");
    mem_free(unbounded);
}

/* The plain loops give the same bits at any number of images at a time; the matrix library does not. */
static void memory_is_bounded(void **state)
{
    (void)state;
    struct residual network = residual_network();
    struct error error = {0};
    struct pool *pool;
    assert_int_equal(pool_new(BOUND_THREADS, &pool, &error), STATUS_OK);
    for (int real = ELEMENT_FLOAT; real <= ELEMENT_DOUBLE; real++) {
        check_bounds(&network, (enum element_type)real, KERNEL_AUTO, pool);
        check_bounds(&network, (enum element_type)real, KERNEL_REFERENCE, pool);
    }
    pool_free(pool);
    graph_free(network.graph);
}

/* --- replacements --------------------------------------------------------------------------------------- */

static status apply_nothing(void *argument, struct engine *engine, int replacement, struct error *error)
{
    (void)engine;
    (void)error;
    ((bool *)argument)[replacement] = true;
    return STATUS_OK;
}

/* Member by member: what lies between them is whatever it was. */
static void assert_same_loss(const struct loss *a, const struct loss *b)
{
    assert_memory_equal(&a->loss, &b->loss, sizeof a->loss);
    assert_int_equal(a->predicted, b->predicted);
    assert_int_equal(a->probabilities, b->probabilities);
    assert_int_equal(a->rank, b->rank);
}

/* Losses of the network itself and of each replacement, `count` each. */
static status commit_replacements(void *argument, const struct engine *engine, const struct loss *losses,
                                  const int64_t *labels, int64_t first, int64_t count, struct error *error)
{
    int64_t *next = argument;
    (void)engine;
    (void)labels;
    (void)error;
    assert_int_equal(first, *next);
    *next = first + count;
    for (int64_t i = 0; i < count; i++)
        for (int replacement = 0; replacement < 2; replacement++)
            assert_same_loss(&losses[i], &losses[(replacement + 1) * count + i]);
    return STATUS_OK;
}

static void replacements_see_the_same_images(void **state)
{
    (void)state;
    struct residual network = residual_network();
    struct error error = {0};
    struct tally tally = fresh_tally();
    bool applied[2] = {false, false};
    int64_t next = 5;
    const int first_node[] = {1, 3};
    const struct run_replacements replacements = {2, first_node, apply_nothing, applied};
    struct run run = {.graph = network.graph,
                      .engine = {.batch = 4, .real = ELEMENT_FLOAT, .backward = true},
                      .images = 14,
                      .start = 5,
                      .replacements = &replacements,
                      .fetch = fetch,
                      .fetch_argument = &tally,
                      .commit = commit_replacements,
                      .commit_argument = &next};
    assert_int_equal(run_images(&run, &error), STATUS_USAGE);
    run.engine.backward = false;
    assert_int_equal(run_images(&run, &error), STATUS_OK);
    assert_true(next == 14 && applied[0] && applied[1]);
    run.start = 15;
    assert_int_equal(run_images(&run, &error), STATUS_RANGE);
    graph_free(network.graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_do_not_change_a_bit),  cmocka_unit_test(missing_images_add_nothing),
        cmocka_unit_test(earliest_failure_is_reported), cmocka_unit_test(replacements_see_the_same_images),
        cmocka_unit_test(memory_may_run_out),           cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(large_images_go_alone),
    };
    return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}
