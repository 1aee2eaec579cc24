/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Latency: that parts add up, that runs end when they should, and that a table of layers tells the sum of its
 * entries. How long anything takes is nobody's business here. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/pool.h"
#include "base/progress.h"
#include "prune/coupling.h"
#include "score/layer.h"
#include "stats/latency.h"
#include "stats/latency_table.h"
#include "support/random_network.h"

static struct graph *graph;
static struct layers *layers;
static struct coupling *coupling;

static void check(status code, const struct error *error)
{
    if (code != STATUS_OK)
        fail_msg("%s", error->message);
}

static int set_up(void **state)
{
    struct error error = {0};
    (void)state;
    graph = random_network(4, 4);
    check(layers_find(graph, &layers, &error), &error);
    check(coupling_build(graph, layers, &coupling, &error), &error);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    coupling_free(coupling);
    layers_free(layers);
    graph_free(graph);
    return 0;
}

static struct latency_settings settings_of(struct pool *pool, int64_t batch)
{
    return (struct latency_settings){
        .real = ELEMENT_FLOAT, .batch = batch, .pool = pool, .warm_up = 1, .runs = 7};
}

/* --- spread, without a clock ---------------------------------------------------------------------------- */

static void quartiles_are_between_runs(void **state)
{
    (void)state;
    const double seconds[] = {5, 1, 3, 2, 4, 8};
    const struct latency_spread spread = latency_spread_of(seconds, 6);
    assert_true(spread.median == 3.5 && spread.lower_quartile == 2.25 && spread.upper_quartile == 4.75);
    assert_true(spread.least == 1 && spread.most == 8);
    assert_true(latency_is_wide(&spread));
    assert_true(seconds[0] == 5); /* as they were */
}

static void runs_end_when_the_median_is_known(void **state)
{
    (void)state;
    double seconds[LATENCY_RUNS_MOST];
    for (int i = 0; i < LATENCY_RUNS_MOST; i++)
        seconds[i] = 1 + 0.05 * (i % 5 - 2); /* quartiles 0.1 apart */
    assert_false(latency_settled(seconds, LATENCY_RUNS_LEAST));
    assert_false(latency_settled(seconds, 80));
    assert_true(latency_settled(seconds, 125)); /* 0.1 / 11.2 */
    for (int i = 0; i < LATENCY_RUNS_LEAST; i++)
        seconds[i] = 1;
    assert_true(latency_settled(seconds, LATENCY_RUNS_LEAST));
    assert_false(latency_settled(seconds, LATENCY_RUNS_LEAST - 1));
}

/* --- measured ------------------------------------------------------------------------------------------- */

static void parts_add_up(struct pool *pool, int64_t batch, enum kernel_choice choice)
{
    struct error error = {0};
    struct latency_settings settings = settings_of(pool, batch);
    const struct graph *const graphs[] = {graph, graph};
    struct latency latencies[2];
    settings.kernel = choice;
    check(latency_measure(&settings, graphs, 2, latencies, &error), &error);
    for (int i = 0; i < 2; i++) {
        const struct latency *latency = &latencies[i];
        double sum = latency->conversions + latency->between;
        for (int n = 0; n < graph->node_count; n++) {
            assert_true(latency->nodes[n] >= 0);
            sum += latency->nodes[n];
        }
        assert_int_equal(latency->runs, 7);
        assert_true(fabs(sum - latency->mean) < 1e-9 * latency->mean);
        assert_true(latency->mean >= latency->whole.lower_quartile &&
                    latency->mean <= latency->whole.upper_quartile);
        for (int l = 0; l < layers->count; l++)
            if (!layers->items[l].bound)
                assert_true(latency->nodes[layers->items[l].node] > 0);
    }
    latency_free(&latencies[0]);
    latency_free(&latencies[1]);
}

static void nodes_add_up_to_the_whole(void **state)
{
    (void)state;
    struct error error = {0};
    struct pool *pool;
    check(pool_new(2, &pool, &error), &error);
    parts_add_up(NULL, 1, KERNEL_AUTO);
    parts_add_up(NULL, 3, KERNEL_REFERENCE);
    parts_add_up(pool, 5, KERNEL_AUTO);
    pool_free(pool);
}

static void every_node_has_its_layer(void **state)
{
    (void)state;
    int *owner = mem_new((size_t)graph->node_count, sizeof *owner);
    assert_non_null(owner);
    latency_owners(graph, layers, false, owner);
    int without = 0;
    for (int l = 0; l < layers->count; l++)
        assert_int_equal(owner[layers->items[l].node], l);
    for (int n = 0; n < graph->node_count; n++)
        without += owner[n] < 0;
    assert_true(without > 0);
    latency_owners(graph, layers, true, owner);
    for (int n = 1; n < graph->node_count; n++)
        assert_true(owner[n] >= 0 || owner[n - 1] < 0);
    assert_true(owner[graph->node_count - 1] >= 0);
    mem_free(owner);
}

static void what_cannot_be_measured_is_refused(void **state)
{
    (void)state;
    struct error error = {0};
    struct progress progress = {0};
    const struct graph *const graphs[] = {graph};
    struct latency latency = {.runs = 99};
    struct latency_settings settings = settings_of(NULL, 0);
    assert_int_equal(latency_measure(&settings, graphs, 1, &latency, &error), STATUS_RANGE);
    settings.batch = 1;
    settings.runs = -1;
    assert_int_equal(latency_measure(&settings, graphs, 1, &latency, &error), STATUS_RANGE);
    settings.runs = 3;
    progress_cancel(&progress);
    settings.progress = &progress;
    assert_int_equal(latency_measure(&settings, graphs, 1, &latency, &error), STATUS_CANCELLED);
    assert_int_equal(latency.runs, 99);
}

/* --- the table ------------------------------------------------------------------------------------------ */

/* Half of every free block's classes. */
static bool *half(void)
{
    bool *removed = mem_new((size_t)coupling->class_count + 1, sizeof *removed);
    assert_non_null(removed);
    for (int b = 0; b < coupling->block_count; b++)
        for (int i = 0; i < coupling->blocks[b].class_count / 2 && !coupling->blocks[b].locked; i++)
            removed[coupling->blocks[b].classes[i]] = true;
    return removed;
}

static void predictions_stay(void **state)
{
    (void)state;
    struct error error = {0};
    const struct latency_settings settings = settings_of(NULL, 1);
    struct latency_table *table;
    struct latency_spread spread;
    double whole, first, again;
    bool *removed = half(), *none = mem_new((size_t)coupling->class_count + 1, sizeof *none);
    check(latency_table_new(coupling, &settings, &table, &error), &error);
    assert_int_equal(latency_table_measurements(table), 1);
    check(latency_table_predict(table, NULL, &whole, &error), &error);
    assert_true(fabs(whole - latency_table_whole(table)->median) < 1e-9 * whole);
    check(latency_table_predict(table, none, &again, &error), &error);
    assert_true(again == whole);
    assert_int_equal(latency_table_measurements(table), 1);
    check(latency_table_predict(table, removed, &first, &error), &error);
    const int measured = latency_table_measurements(table);
    check(latency_table_measure(table, removed, &spread, &error), &error);
    check(latency_table_predict(table, removed, &again, &error), &error);
    assert_true(first > 0 && first == again && spread.least > 0);
    assert_int_equal(latency_table_measurements(table), measured + 1);
    check(latency_table_predict(table, NULL, &again, &error), &error);
    assert_true(again == whole);
    latency_table_free(table);
    mem_free(removed);
    mem_free(none);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    bool *removed = half();
    struct latency_settings settings = settings_of(NULL, 1);
    status code = STATUS_MEMORY;
    settings.runs = 1;
    for (long nth = 1; code == STATUS_MEMORY; nth += nth < 200 ? 1 : 23) {
        struct error error = {0};
        struct latency_table *table;
        double seconds;
        mem_fail_at(nth);
        code = latency_table_new(coupling, &settings, &table, &error);
        if (code == STATUS_OK) {
            code = latency_table_predict(table, removed, &seconds, &error);
            latency_table_free(table);
        }
        mem_fail_at(0);
    }
    assert_int_equal(code, STATUS_OK);
    mem_free(removed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quartiles_are_between_runs),
        cmocka_unit_test(runs_end_when_the_median_is_known),
        cmocka_unit_test(nodes_add_up_to_the_whole),
        cmocka_unit_test(every_node_has_its_layer),
        cmocka_unit_test(what_cannot_be_measured_is_refused),
        cmocka_unit_test(predictions_stay),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
