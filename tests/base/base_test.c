/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Errors, memory, random numbers, threads, progress. */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/order.h"
#include "base/pool.h"
#include "base/progress.h"
#include "base/random.h"
#include "base/spare.h"
#include "base/status.h"
#include "base/text.h"
#include "support/skip.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* --- status --------------------------------------------------------------------------------------------- */

static void test_status_table(void **state)
{
    (void)state;
    assert_int_equal(status_exit_code(STATUS_OK), 0);
    assert_int_equal(status_exit_code(STATUS_FILE), 3);
    assert_int_equal(status_exit_code(STATUS_CANCELLED), 130);
    assert_string_equal(status_text(STATUS_MEMORY), "out of memory");
    assert_int_equal(status_exit_code((status)1000), 1);
    assert_non_null(status_text((status)1000));
}

static bool is_clean(const char *message)
{
    for (const char *at = message; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7F)
            return false;
    return utf8_valid(message, strlen(message));
}

static void test_error_escapes(void **state)
{
    (void)state;
    struct error error = {0};
    assert_int_equal(error_set(&error, STATUS_FILE, "name '%s'", "a\033[2Jb\n\xff\xC2\x9B\xE2\x80\xAE%n"),
                     STATUS_FILE);
    assert_string_equal(error.message, "name 'a\\x1b[2Jb\\x0a\\xff\\u{009b}\\u{202e}%n'");
    error_prefix(&error, "file\t%d: ", 7);
    assert_string_equal(error.message, "file\\x097: name 'a\\x1b[2Jb\\x0a\\xff\\u{009b}\\u{202e}%n'");
    assert_int_equal(error.code, STATUS_FILE);
}

static void test_error_overlap(void **state)
{
    (void)state;
    struct error error = {0};
    error_set(&error, STATUS_RANGE, "inner");
    error_set(&error, error.code, "[%s]", error.message);
    assert_string_equal(error.message, "[inner]");
    error_prefix(&error, "%s before ", error.message);
    assert_string_equal(error.message, "[inner] before [inner]");
    struct error silent = {.code = STATUS_NAN};
    error_prefix(&silent, "layer x: ");
    assert_string_equal(silent.message, "layer x: a value is not a number");
}

static void test_error_long(void **state)
{
    (void)state;
    static char name[20001];
    struct error error = {0};
    for (size_t length = 1; length < sizeof name; length = length * 3 + 1) {
        for (size_t i = 0; i < length; i++)
            name[i] = "\xE2\x82\xAC"[i % 3]; /* euro signs, the last one cut anywhere */
        name[length] = '\0';
        error_set(&error, STATUS_FILE, "layer %s", name);
        assert_true(is_clean(error.message));
        error_prefix(&error, "%s: ", name);
        assert_true(is_clean(error.message));
        assert_true(strlen(error.message) < ERROR_MESSAGE_SIZE);
    }
    memset(name, 'n', 10000);
    strcpy(name + 10000, ""); /* a 10 KB name must not hide what is wrong */
    error_set(&error, STATUS_FILE, "node %s: operator Foo is not supported", name);
    assert_int_equal(strlen(error.message), ERROR_MESSAGE_SIZE - 1);
    assert_int_equal(strncmp(error.message, "node nnn", 8), 0);
    assert_non_null(strstr(error.message, "n…n"));
    assert_non_null(strstr(error.message, ": operator Foo is not supported"));
    memset(name, '\033', 10000);
    error_set(&error, STATUS_FILE, "%s", name);
    assert_true(is_clean(error.message));
}

/* --- memory --------------------------------------------------------------------------------------------- */

static void test_size_overflow(void **state)
{
    (void)state;
    size_t product;
    volatile size_t huge = SIZE_MAX; /* volatile: the compiler would warn about what is tested here */
    assert_true(size_multiply(3, 4, &product));
    assert_int_equal(product, 12);
    assert_false(size_multiply(huge / 2 + 1, 2, &product));
    assert_null(mem_new(huge / 2 + 1, 2));
    assert_null(mem_new(huge, 1));
    assert_null(mem_new((size_t)1 << 41, 1));
    assert_null(mem_aligned(huge - 8, 1));
    void *memory = mem_new(4, 4);
    assert_null(mem_resize(memory, huge / 4 + 1, 4));
    mem_free(memory);
    mem_free(NULL);
}

static void test_memory(void **state)
{
    (void)state;
    void *nothing = mem_new(0, 8);
    assert_non_null(nothing);
    mem_free(nothing);
    for (size_t size = 0; size < 200; size += 7) {
        unsigned char *aligned = mem_aligned(size, 1);
        assert_non_null(aligned);
        assert_int_equal((uintptr_t)aligned % 64, 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(aligned[i], 0);
        mem_free(aligned);
    }
    char *text = mem_format("%s-%d", "conv", 3);
    assert_string_equal(text, "conv-3");
    mem_free(text);
    int *numbers = NULL;
    size_t capacity = 0;
    for (int i = 0; i < 1000; i++) {
        assert_true(mem_grow(&numbers, &capacity, (size_t)i + 1, sizeof *numbers));
        numbers[i] = i;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(numbers[i], i);
    assert_true(capacity < 2048);
    mem_fail_at(1);
    size_t before = capacity;
    int *kept = numbers;
    assert_false(mem_grow(&numbers, &capacity, capacity + 1, sizeof *numbers));
    assert_ptr_equal(numbers, kept);
    assert_int_equal(capacity, before);
    mem_free(numbers);
}

/* Large blocks are kept for the next of their size, and make room for others. */
static void test_spare(void **state)
{
    const size_t size = 3 * (size_t)SPARE_LEAST;
    (void)state;
    unsigned char *first = mem_aligned_raw(size, 1), *other = mem_aligned_raw(size, 1);
    assert_non_null(first);
    assert_non_null(other);
    const size_t before = spare_bytes();
    memset(first, 7, size);
    mem_free(first);
    if (spare_bytes() == before) {
        mem_free(other);
        skip_because("a sanitizer looks at what was freed: nothing is kept");
    }
    assert_true(spare_bytes() == before + size);
    unsigned char *again = mem_aligned(size - 100, 1);
    assert_ptr_equal(again, first);
    assert_true(spare_bytes() == before);
    for (size_t i = 0; i < size - 100; i++)
        assert_int_equal(again[i], 0);
    mem_free(again);
    again = mem_aligned_raw(size / 3, 1); /* too small for it */
    assert_ptr_not_equal(again, first);
    mem_free(again);
    again = mem_aligned_raw(4 * size, 1); /* what is kept makes room */
    assert_true(spare_bytes() == 0);
    again = mem_resize(again, 5 * size, 1); /* another's from now on */
    assert_non_null(again);
    mem_free(again);
    assert_true(spare_bytes() == 0);
    mem_free(other);
    assert_true(spare_bytes() == size);
}

static void test_fail_at(void **state)
{
    (void)state;
    mem_fail_at(3);
    void *first = mem_new(1, 1), *second = mem_string("x"), *third = mem_new(1, 1),
         *fourth = mem_aligned(1, 1);
    assert_non_null(first);
    assert_non_null(second);
    assert_null(third);
    assert_non_null(fourth); /* one failure, then it is off */
    mem_free(first);
    mem_free(second);
    mem_free(fourth);
    mem_fail_at(1);
    mem_fail_at(0);
    first = mem_new(1, 1);
    assert_non_null(first);
    mem_free(first);
}

static void test_arena(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    unsigned char *pieces[400];
    for (size_t i = 0; i < COUNT(pieces); i++) {
        size_t size = i % 50 == 49 ? 100000 : i * 3;
        pieces[i] = arena_alloc(arena, size, 1);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        for (size_t k = 0; k < size; k++)
            assert_int_equal(pieces[i][k], 0);
        memset(pieces[i], (int)(i & 0xFF), size);
    }
    for (size_t i = 0; i < COUNT(pieces); i++) /* nothing overlaps */
        for (size_t k = 0, size = i % 50 == 49 ? 100000 : i * 3; k < size; k++)
            assert_int_equal(pieces[i][k], i & 0xFF);
    assert_string_equal(arena_string(arena, "layer1"), "layer1");
    assert_string_equal(arena_format(arena, "%d.%s", 3, "conv1"), "3.conv1");
    volatile size_t huge = SIZE_MAX;
    assert_null(arena_alloc(arena, huge, 2));
    assert_null(arena_alloc(arena, huge - 4, 1));
    mem_fail_at(1);
    assert_null(arena_alloc(arena, 1, 1));
    assert_non_null(arena_alloc(arena, 1, 1));
    arena_free(arena);
    arena_free(NULL);
}

/* --- random numbers ------------------------------------------------------------------------------------- */

static void test_random_pinned(void **state)
{
    (void)state;
    struct random_state random = {{1, 2, 3, 4}};
    /* The first numbers of xoshiro256++ from this state, as its authors' code gives them. */
    static const uint64_t reference[] = {UINT64_C(41943041), UINT64_C(58720359), UINT64_C(3588806011781223),
                                         UINT64_C(3591011842654386), UINT64_C(9228616714210784205)};
    for (size_t i = 0; i < COUNT(reference); i++)
        assert_true(random_next(&random) == reference[i]);
    static const uint64_t pinned[] = {UINT64_C(8176807672137671501), UINT64_C(2324364867471716824),
                                      UINT64_C(16342879891757640560), UINT64_C(4313101422846440372)};
    random_seed(&random, 1, 0);
    for (size_t i = 0; i < COUNT(pinned); i++)
        assert_true(random_next(&random) == pinned[i]);
    int64_t items[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    static const int64_t shuffled[8] = {4, 6, 5, 2, 3, 0, 1, 7};
    random_seed(&random, 7, 3);
    random_shuffle(&random, items, COUNT(items));
    assert_memory_equal(items, shuffled, sizeof items);
}

static void test_random_streams(void **state)
{
    (void)state;
    struct random_state a, b;
    for (uint64_t i = 0; i < 200; i++) {
        random_seed(&a, i, 0);
        random_seed(&b, 0, i + 1);
        assert_true(random_next(&a) != random_next(&b));
        random_seed(&a, i, 5);
        random_seed(&b, i + 1, 4);
        assert_true(random_next(&a) != random_next(&b));
        random_seed(&a, i, 5);
        random_seed(&b, i, 5);
        assert_true(random_next(&a) == random_next(&b));
    }
}

static void test_random_ranges(void **state)
{
    (void)state;
    struct random_state random;
    random_seed(&random, 3, 0);
    int counts[10] = {0};
    double sum = 0;
    for (int i = 0; i < 100000; i++) {
        counts[random_below(&random, 10)]++;
        double u = random_uniform(&random);
        assert_true(u >= 0 && u < 1);
        sum += u;
        double between = random_between(&random, -2, 3);
        assert_true(between >= -2 && between < 3);
        assert_true(random_below(&random, 1) == 0);
        assert_true(random_below(&random, UINT64_C(3) << 62) < UINT64_C(3) << 62);
    }
    for (int i = 0; i < 10; i++)
        assert_in_range(counts[i], 9500, 10500);
    assert_true(fabs(sum / 100000 - 0.5) < 0.01);
    random_shuffle(&random, NULL, 0);
}

/* The first numbers are pinned; moments and tails are those of the normal distribution. */
static void test_random_normal(void **state)
{
    (void)state;
    enum { NUMBERS = 400000 };
    struct random_state random;
    random_seed(&random, 1, 0);
    static const double pinned[] = {-0x1.447b82b00cacap-3, 0x1.aba68586922f6p-2, -0x1.2d4fb76c0fb39p+0,
                                    0x1.d9ec4edb4c3c3p-1};
    for (size_t i = 0; i < COUNT(pinned); i++)
        assert_true(random_normal(&random) == pinned[i]);
    double sums[4] = {0};
    int beyond[3] = {0};
    for (int i = 0; i < NUMBERS; i++) {
        const double x = random_normal(&random);
        for (int k = 0; k < 4; k++)
            sums[k] += pow(x, k + 1) / NUMBERS;
        for (int k = 0; k < 3; k++)
            beyond[k] += fabs(x) > k + 1;
    }
    assert_true(fabs(sums[0]) < 0.01 && fabs(sums[1] - 1) < 0.01);
    assert_true(fabs(sums[2]) < 0.03 && fabs(sums[3] - 3) < 0.06);
    static const double shares[] = {0.317311, 0.045500, 0.002700};
    for (int k = 0; k < 3; k++)
        assert_true(fabs((double)beyond[k] / NUMBERS - shares[k]) < 5 * sqrt(shares[k] / NUMBERS));
}

/* --- threads -------------------------------------------------------------------------------------------- */

struct loop {
    int threads;
    _Atomic int64_t sum;
    _Atomic int64_t last_started;
    _Atomic int misbehaved;
    _Atomic int running[8];
    _Atomic unsigned char done[1000];
};

static void loop_task(void *argument, int64_t task, int worker)
{
    struct loop *loop = argument;
    if (worker < 0 || worker >= loop->threads || atomic_fetch_add(&loop->running[worker], 1) != 0)
        atomic_fetch_add(&loop->misbehaved, 1);
    atomic_fetch_add(&loop->done[task], 1);
    atomic_fetch_add(&loop->sum, task);
    if (worker > 0) {
        sigset_t mask;
        pthread_sigmask(SIG_SETMASK, NULL, &mask);
        if (!sigismember(&mask, SIGINT) || !sigismember(&mask, SIGTERM))
            atomic_fetch_add(&loop->misbehaved, 1);
    }
    atomic_fetch_sub(&loop->running[worker], 1);
}

static void test_pool(void **state)
{
    (void)state;
    static const int64_t sizes[] = {0, 1, 2, 3, 1000};
    struct error error = {0};
    for (int threads = 1; threads <= 4; threads++) {
        struct pool *pool;
        assert_int_equal(pool_new(threads, &pool, &error), STATUS_OK);
        assert_int_equal(pool_threads(pool), threads);
        for (int round = 0; round < 100; round++) {
            int64_t tasks = sizes[round % COUNT(sizes)];
            static struct loop loop;
            memset(&loop, 0, sizeof loop);
            loop.threads = threads;
            loop.threads = 1 + round % threads;
            pool_run_some(pool, loop.threads, tasks, loop_task, &loop);
            assert_int_equal(loop.sum, tasks * (tasks - 1) / 2);
            assert_int_equal(loop.misbehaved, 0);
            for (int64_t i = 0; i < tasks; i++)
                assert_int_equal(loop.done[i], 1);
        }
        pool_free(pool);
    }
    static struct loop serial = {.threads = 1};
    pool_run(NULL, 10, loop_task, &serial);
    assert_int_equal(serial.sum, 45);
    assert_int_equal(pool_threads(NULL), 1);
    pool_free(NULL);
}

static void test_pool_errors(void **state)
{
    (void)state;
    struct error error = {0};
    struct pool *pool = NULL;
    assert_int_equal(pool_new(-1, &pool, &error), STATUS_RANGE);
    assert_int_equal(pool_new(100000, &pool, &error), STATUS_RANGE);
    assert_null(pool);
    for (long nth = 1; nth <= 2; nth++) {
        mem_fail_at(nth);
        assert_int_equal(pool_new(2, &pool, &error), STATUS_MEMORY);
        assert_null(pool);
    }
    mem_fail_at(0);
    assert_int_equal(pool_new(0, &pool, &error), STATUS_OK);
    assert_true(pool_threads(pool) >= 1);
    pool_free(pool);
}

static void count_report(void *argument, const char *what, const char *unit, int64_t done, int64_t total)
{
    int64_t *seen = argument;
    assert_string_equal(what, "scoring");
    assert_string_equal(unit, "images");
    *seen += done;
    assert_int_equal(total, 10);
}

static void test_progress(void **state)
{
    (void)state;
    int64_t seen = 0;
    struct progress progress = {.report = count_report, .argument = &seen};
    progress_report(&progress, "scoring", "images", 4, 10);
    progress_report(NULL, "scoring", "images", 4, 10);
    assert_int_equal(seen, 4);
    assert_false(progress_cancelled(&progress));
    assert_false(progress_cancelled(NULL));
    progress_cancel(&progress);
    assert_true(progress_cancelled(&progress));
    progress.report = NULL;
    progress_report(&progress, "scoring", "images", 4, 10);
    double before = clock_seconds();
    assert_true(clock_seconds() >= before);
}

/* Radix sort against what is asked of it: ascending, and equal ones as they stood. */
static void test_order(void **state)
{
    (void)state;
    enum { MOST = 700 };
    const double special[] = {0.0, -0.0, INFINITY, -INFINITY, 1e-310, -1e-310, 1.0, -1.0, 1e308, -1e308};
    const int special_count = (int)(sizeof special / sizeof *special);
    double values[MOST];
    int64_t order[MOST];
    struct error error = {0};
    struct random_state random;
    random_seed(&random, 11, 0);
    for (int64_t count = 0; count <= MOST; count = count * 3 / 2 + 1) {
        bool seen[MOST] = {false};
        for (int64_t i = 0; i < count; i++)
            values[i] = i % 3 == 0 ? special[random_below(&random, (uint64_t)special_count)]
                                   : pow(10, random_between(&random, -300, 300)) * (i % 2 ? 1 : -1);
        assert_int_equal(order_of(values, count, order, &error), STATUS_OK);
        for (int64_t i = 0; i < count; i++) {
            assert_in_range(order[i], 0, count - 1);
            assert_false(seen[order[i]]);
            seen[order[i]] = true;
            if (i == 0)
                continue;
            const double before = values[order[i - 1]], here = values[order[i]];
            assert_true(before < here || (before == here && order[i - 1] < order[i]));
        }
    }
    mem_fail_at(1);
    assert_int_equal(order_of(values, 3, order, &error), STATUS_MEMORY);
    mem_fail_at(0);
}

static void test_quantiles(void **state)
{
    (void)state;
    double values[] = {3, -INFINITY, 1, 2, INFINITY, 4};
    const double infinite[] = {INFINITY, INFINITY}, wide[] = {-1.6e308, 1.6e308};
    sort_ascending(values, 6);
    assert_true(values[0] == -INFINITY && values[1] == 1 && values[4] == 4 && values[5] == INFINITY);
    assert_true(quantile_of(values + 1, 4, 0) == 1 && quantile_of(values + 1, 4, 1) == 4);
    assert_true(quantile_of(values + 1, 4, 0.5) == 2.5 && quantile_of(values + 1, 3, 0.5) == 2);
    assert_true(quantile_of(values + 1, 4, 0.25) == 1.75); /* as numpy.quantile has it */
    assert_true(quantile_of(values, 6, 0.9) == INFINITY && quantile_of(values, 6, 0.1) == -INFINITY);
    assert_true(quantile_of(infinite, 2, 0.5) == INFINITY);
    assert_true(quantile_of(wide, 2, 0.5) == 0 && quantile_of(wide, 1, 0.3) == -1.6e308);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status_table),   cmocka_unit_test(test_error_escapes),
        cmocka_unit_test(test_error_overlap),  cmocka_unit_test(test_error_long),
        cmocka_unit_test(test_size_overflow),  cmocka_unit_test(test_memory),
        cmocka_unit_test(test_spare),          cmocka_unit_test(test_fail_at),
        cmocka_unit_test(test_arena),          cmocka_unit_test(test_random_pinned),
        cmocka_unit_test(test_random_streams), cmocka_unit_test(test_random_ranges),
        cmocka_unit_test(test_random_normal),  cmocka_unit_test(test_pool),
        cmocka_unit_test(test_pool_errors),    cmocka_unit_test(test_progress),
        cmocka_unit_test(test_order),          cmocka_unit_test(test_quantiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
