/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Multipliers against brute force on tables that are small enough for it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "search/lagrange.h"

enum { ROWS = 5, OPTIONS = 4, TABLES = 60 };

struct tiny_table {
    struct lagrange_option options[ROWS][OPTIONS];
    struct lagrange_row rows[ROWS];
};

/* Savings ascend; harms may fall too, and equal slopes occur, for both are small whole numbers. */
static void draw_table(struct random_state *random, struct tiny_table *table)
{
    for (int r = 0; r < ROWS; r++) {
        double saving = 0;
        table->rows[r] = (struct lagrange_row){table->options[r], 1 + (int)random_below(random, OPTIONS)};
        for (int k = 0; k < OPTIONS; k++) {
            table->options[r][k] = (struct lagrange_option){(double)random_below(random, 20) - 4, saving};
            saving += 1 + (double)random_below(random, 5);
        }
    }
}

static struct lagrange_option total(const struct tiny_table *table, const int *choice)
{
    struct lagrange_option sum = {0, 0};
    for (int r = 0; r < ROWS; r++) {
        sum.harm += table->options[r][choice[r]].harm;
        sum.saving += table->options[r][choice[r]].saving;
    }
    return sum;
}

/* The least harm of all choices that save so much. */
static double brute_force(const struct tiny_table *table, double saving)
{
    double least = INFINITY;
    for (int code = 0; code < 1024; code++) {
        int choice[ROWS], rest = code, r;
        for (r = 0; r < ROWS && rest % OPTIONS < table->rows[r].count; r++, rest /= OPTIONS)
            choice[r] = rest % OPTIONS;
        if (r < ROWS)
            continue;
        struct lagrange_option sum = total(table, choice);
        if (sum.saving >= saving)
            least = fmin(least, sum.harm);
    }
    return least;
}

/* From where harm is least on: before that a move lessens harm and saves, so that no multiplier stops there.
 */
static void every_multiplier_is_optimal(void **state)
{
    (void)state;
    struct random_state random;
    random_seed(&random, 17, 0);
    int checked = 0;
    for (int t = 0; t < TABLES; t++) {
        struct tiny_table table;
        struct lagrange_move *moves;
        struct error error = {0};
        int count, choice[ROWS];
        draw_table(&random, &table);
        assert_int_equal(lagrange_moves(table.rows, ROWS, &moves, &count, &error), STATUS_OK);
        for (int m = 0; m <= count; m++) {
            lagrange_choice(moves, m, ROWS, choice);
            assert_true(m < 2 || moves[m - 1].price >= moves[m - 2].price);
            if (m < count && moves[m].price < 0)
                continue;
            struct lagrange_option sum = total(&table, choice);
            assert_true(sum.harm <= brute_force(&table, sum.saving));
            checked++;
        }
        for (int r = 0; r < ROWS; r++)
            assert_int_equal(choice[r], table.rows[r].count - 1);
        mem_free(moves);
    }
    assert_true(checked > TABLES);
}

static void moves_of_a_row_are_its_hull(void **state)
{
    (void)state;
    struct lagrange_option options[] = {{0, 0}, {1, 1}, {5, 2}, {3, 3}, {10, 4}};
    const struct lagrange_row row = {options, 5};
    struct lagrange_move *moves;
    struct error error = {0};
    int count;
    assert_int_equal(lagrange_moves(&row, 1, &moves, &count, &error), STATUS_OK);
    /* Slopes 1, 1 and 7: the first two are one move, for no multiplier stops between them. */
    assert_int_equal(count, 2);
    assert_int_equal(moves[0].from, 0);
    assert_int_equal(moves[0].to, 3);
    assert_true(fabs(moves[0].price - 1) < 1e-12);
    assert_int_equal(moves[1].from, 3);
    assert_int_equal(moves[1].to, 4);
    assert_true(fabs(moves[1].price - 7) < 1e-12);
    mem_free(moves);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    struct lagrange_option options[] = {{0, 0}, {1, 1}};
    const struct lagrange_row row = {options, 2};
    struct lagrange_move *moves;
    struct error error = {0};
    int count;
    mem_fail_at(1);
    assert_int_equal(lagrange_moves(&row, 1, &moves, &count, &error), STATUS_MEMORY);
    mem_fail_at(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_multiplier_is_optimal),
        cmocka_unit_test(moves_of_a_row_are_its_hull),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
