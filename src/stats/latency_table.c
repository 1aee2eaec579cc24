/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table of layers at their widths. */
#include "stats/latency_table.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "prune/cost.h"
#include "prune/surgery.h"

/* Channels that a layer makes are computed in blocks of so many; those that it reads one after the other, but
 * a step for each would mean a measurement for each. */
enum { MADE_BLOCK = 16, READ_BLOCK = 4, STEPS_MOST = 8 };

struct entry {
    int64_t made, read; /* steps of output and input channels */
    double seconds;     /* with what follows in the graph */
    double blocks;      /* channels made x read, in whole blocks; depthwise: made */
};

struct row {
    struct entry *entries; /* in the order of their measurements, owned */
    size_t count, capacity;
};

struct latency_table {
    const struct coupling *coupling;
    struct latency_settings settings;
    struct latency_spread whole;
    struct row *rows; /* per layer of the coupling */
    struct cost cost; /* of the network */
    double rest;      /* seconds of what belongs to no layer */
    double pace;      /* median over mean of the first measurement: sums of means become medians */
    int measurements;
};

/* --- entries -------------------------------------------------------------------------------------------- */

static int64_t round_up(int64_t channels, int64_t block)
{
    return (channels + block - 1) / block * block;
}

/* Which step of a width that is `most` at most. */
static int64_t step_of(int64_t channels, int64_t most, int64_t block)
{
    const int64_t step = round_up((most + STEPS_MOST - 1) / STEPS_MOST, block);
    return (channels + step - 1) / step;
}

static struct entry entry_of(const struct latency_table *table, const struct layer_cost *cost, int layer)
{
    const struct layer_cost *most = &table->cost.layers[layer];
    const bool depthwise = table->coupling->layers->items[layer].kind == LAYER_DEPTHWISE;
    return (struct entry){
        .made = step_of(cost->channels, most->channels, MADE_BLOCK),
        .read = step_of(cost->input_channels, most->input_channels, READ_BLOCK),
        .blocks = (double)round_up(cost->channels, MADE_BLOCK) *
                  (depthwise ? 1 : (double)round_up(cost->input_channels, READ_BLOCK)),
    };
}

static const struct entry *find(const struct latency_table *table, const struct layer_cost *cost, int layer)
{
    const struct entry wanted = entry_of(table, cost, layer);
    const struct row *row = &table->rows[layer];
    for (size_t i = 0; i < row->count; i++)
        if (row->entries[i].made == wanted.made && row->entries[i].read == wanted.read)
            return &row->entries[i];
    return NULL;
}

static bool has_all(const struct latency_table *table, const struct cost *cost)
{
    for (int l = 0; l < cost->layer_count; l++)
        if (cost->layers[l].channels > 0 && !find(table, &cost->layers[l], l))
            return false;
    return true;
}

/* Room for one more entry in each row, so that entering cannot fail half way. */
static status make_room(struct latency_table *table, struct error *error)
{
    for (int l = 0; l < table->cost.layer_count; l++) {
        struct row *row = &table->rows[l];
        if (!mem_grow(&row->entries, &row->capacity, row->count + 1, sizeof *row->entries))
            return error_memory(error);
    }
    return STATUS_OK;
}

static void enter(struct latency_table *table, const struct cost *cost, const double *seconds)
{
    for (int l = 0; l < cost->layer_count; l++) {
        struct row *row = &table->rows[l];
        if (cost->layers[l].channels == 0 || find(table, &cost->layers[l], l))
            continue;
        struct entry made = entry_of(table, &cost->layers[l], l);
        made.seconds = seconds[l];
        row->entries[row->count++] = made;
    }
}

/* --- measurements --------------------------------------------------------------------------------------- */

/* Seconds per layer of the coupling, from those of another graph's nodes, times `pace`; returns what belongs
 * to none of its layers. */
static status by_layer(const struct latency_table *table, const struct graph *graph,
                       const struct latency *latency, double pace, double *seconds, double *rest,
                       struct error *error)
{
    struct layers *layers = NULL;
    int *owner = mem_new((size_t)graph->node_count + 1, sizeof *owner);
    status code = owner ? layers_find(graph, &layers, error) : error_memory(error);
    *rest = pace * (latency->conversions + latency->between);
    if (code == STATUS_OK)
        latency_owners(graph, layers, true, owner);
    for (int n = 0; code == STATUS_OK && n < graph->node_count; n++) {
        const int layer =
            owner[n] < 0 ? -1 : layers_index(table->coupling->layers, layers->items[owner[n]].name);
        if (layer >= 0)
            seconds[layer] += pace * latency->nodes[n];
        else
            *rest += pace * latency->nodes[n];
    }
    layers_free(layers);
    mem_free(owner);
    return code;
}

/* The whole network, and the smaller one behind it unless `removed` is NULL. latencies: 2. */
static status measure(struct latency_table *table, const bool *removed, struct graph **smaller,
                      struct latency *latencies, struct error *error)
{
    const struct graph *graphs[2] = {table->coupling->graph};
    *smaller = NULL;
    status code = removed ? surgery_apply(table->coupling, removed, smaller, error) : STATUS_OK;
    graphs[1] = *smaller;
    if (code == STATUS_OK)
        code = latency_measure(&table->settings, graphs, removed ? 2 : 1, latencies, error);
    if (code == STATUS_OK) {
        table->measurements++;
    } else {
        graph_free(*smaller);
        *smaller = NULL;
    }
    return code;
}

/* Measures a selection and enters what is new. */
static status learn(struct latency_table *table, const bool *removed, const struct cost *cost,
                    struct error *error)
{
    struct graph *smaller;
    struct latency latencies[2] = {{0}};
    double rest;
    double *seconds = mem_new((size_t)table->cost.layer_count + 1, sizeof *seconds);
    status code = seconds ? make_room(table, error) : error_memory(error);
    if (code == STATUS_OK)
        code = measure(table, removed, &smaller, latencies, error);
    if (code == STATUS_OK) {
        const double pace = table->pace * table->whole.median / latencies[0].whole.median;
        code = by_layer(table, smaller, &latencies[1], pace, seconds, &rest, error);
        if (code == STATUS_OK)
            enter(table, cost, seconds);
        graph_free(smaller);
        latency_free(&latencies[0]);
        latency_free(&latencies[1]);
    }
    mem_free(seconds);
    return code;
}

status latency_table_measure(struct latency_table *table, const bool *removed, struct latency_spread *spread,
                             struct error *error)
{
    struct graph *smaller;
    struct latency latencies[2] = {{0}};
    status code = measure(table, removed, &smaller, latencies, error);
    if (code != STATUS_OK)
        return code;
    const double pace = table->whole.median / latencies[0].whole.median;
    *spread = latencies[removed != NULL].whole;
    spread->median *= pace;
    spread->lower_quartile *= pace;
    spread->upper_quartile *= pace;
    spread->least *= pace;
    spread->most *= pace;
    graph_free(smaller);
    latency_free(&latencies[0]);
    latency_free(&latencies[1]);
    return STATUS_OK;
}

/* --- the table ------------------------------------------------------------------------------------------ */

static status begin(struct latency_table *table, struct error *error)
{
    struct graph *none;
    struct latency latency = {0};
    double *seconds = NULL;
    status code = cost_compute(table->coupling, NULL, COST_MACS, &table->cost, error);
    if (code != STATUS_OK)
        return code;
    table->rows = mem_new((size_t)table->cost.layer_count + 1, sizeof *table->rows);
    seconds = mem_new((size_t)table->cost.layer_count + 1, sizeof *seconds);
    code = table->rows && seconds ? make_room(table, error) : error_memory(error);
    if (code == STATUS_OK)
        code = measure(table, NULL, &none, &latency, error);
    if (code == STATUS_OK) {
        table->whole = latency.whole;
        table->pace = latency.mean > 0 ? latency.whole.median / latency.mean : 1;
        code = by_layer(table, table->coupling->graph, &latency, table->pace, seconds, &table->rest, error);
    }
    if (code == STATUS_OK)
        enter(table, &table->cost, seconds);
    latency_free(&latency);
    mem_free(seconds);
    return code;
}

status latency_table_new(const struct coupling *coupling, const struct latency_settings *settings,
                         struct latency_table **table, struct error *error)
{
    struct latency_table *made = mem_new(1, sizeof *made);
    if (!made)
        return error_memory(error);
    made->coupling = coupling;
    made->settings = *settings;
    status code = begin(made, error);
    if (code == STATUS_OK)
        *table = made;
    else
        latency_table_free(made);
    return code;
}

void latency_table_free(struct latency_table *table)
{
    if (!table)
        return;
    for (int l = 0; table->rows && l < table->cost.layer_count; l++)
        mem_free(table->rows[l].entries);
    mem_free(table->rows);
    cost_free(&table->cost);
    mem_free(table);
}

static double add_up(const struct latency_table *table, const struct cost *cost)
{
    double seconds = table->rest;
    for (int l = 0; l < cost->layer_count; l++) {
        if (cost->layers[l].channels == 0)
            continue;
        const struct entry *entry = find(table, &cost->layers[l], l);
        const double blocks = entry_of(table, &cost->layers[l], l).blocks;
        seconds += entry->seconds * (entry->blocks > 0 ? blocks / entry->blocks : 1);
    }
    return seconds;
}

status latency_table_predict(struct latency_table *table, const bool *removed, double *seconds,
                             struct error *error)
{
    struct cost cost;
    status code = cost_compute(table->coupling, removed, COST_MACS, &cost, error);
    if (code != STATUS_OK)
        return code;
    if (!has_all(table, &cost))
        code = learn(table, removed, &cost, error);
    if (code == STATUS_OK)
        *seconds = add_up(table, &cost);
    cost_free(&cost);
    return code;
}

const struct latency_spread *latency_table_whole(const struct latency_table *table)
{
    return &table->whole;
}

int latency_table_measurements(const struct latency_table *table)
{
    return table->measurements;
}
