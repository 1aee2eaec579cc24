/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checking and ordering a graph: unique names, one maker for every value, no cycles, topological order. All
 * is linear and without recursion, because files may hold a million nodes. */
#include <string.h>
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"

/* What one graph_finish works with; given up whole when it fails, so the graph stays as it was. */
struct finish {
    struct graph *graph;
    struct arena *arena;
    struct error *error;
    int *producer;      /* per value */
    bool *given;        /* per value: an input of the network, or a constant */
    int *order;         /* node indices in topological order */
    const char **names; /* per node */
    const char **slots; /* open-addressing hash table of names */
    size_t mask;        /* slots - 1 */
    uint64_t seed;
};

/* Every so many values or nodes it is asked whether the work is cancelled. */
enum { ITEMS_PER_POLL = 1 << 15 };

static status poll(const struct finish *finish, int item)
{
    return item % ITEMS_PER_POLL == 0 ? progress_check(finish->error) : STATUS_OK;
}

/* --- names ---------------------------------------------------------------------------------------------- */

static bool table_new(struct finish *finish, size_t names)
{
    size_t size = 16;

    while (size < names * 2)
        size *= 2;
    finish->slots = arena_alloc(finish->arena, size, sizeof(*finish->slots));
    finish->mask = size - 1;
    /* The seed differs from run to run, so that no file can be made whose names all fall into one slot. */
    finish->seed = (uint64_t)(uintptr_t)finish->slots * UINT64_C(0x9e3779b97f4a7c15);
    return finish->slots != NULL;
}

static uint64_t hash_name(const char *name, uint64_t seed)
{
    uint64_t hash = seed;

    for (; *name != '\0'; name++) {
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0xff51afd7ed558ccd);
        hash ^= hash >> 32;
    }
    return hash;
}

/* false when the name was there already. */
static bool table_add(struct finish *finish, const char *name)
{
    size_t slot = hash_name(name, finish->seed) & finish->mask;

    for (; finish->slots[slot] != NULL; slot = (slot + 1) & finish->mask)
        if (strcmp(finish->slots[slot], name) == 0)
            return false;
    finish->slots[slot] = name;
    return true;
}

static status check_value_names(struct finish *finish)
{
    const struct graph *graph = finish->graph;

    if (!table_new(finish, (size_t)graph->value_count))
        return error_memory(finish->error);
    for (int v = 0; v < graph->value_count; v++) {
        const char *name = graph->values[v].name;

        if (poll(finish, v) != STATUS_OK)
            return finish->error->code;
        if (name[0] == '\0')
            return error_set(finish->error, STATUS_FILE, "value %d has no name", v);
        if (!table_add(finish, name))
            return error_set(finish->error, STATUS_FILE, "two values have the name %s", name);
    }
    return STATUS_OK;
}

/* Names as they came where they are there and new; others are made from the node's position. */
static status name_nodes(struct finish *finish)
{
    const struct graph *graph = finish->graph;

    if (!table_new(finish, (size_t)graph->node_count))
        return error_memory(finish->error);
    for (int n = 0; n < graph->node_count; n++) {
        if (poll(finish, n) != STATUS_OK)
            return finish->error->code;
        if (graph->nodes[n].name[0] != '\0' && table_add(finish, graph->nodes[n].name))
            finish->names[n] = graph->nodes[n].name;
    }
    for (int n = 0; n < graph->node_count; n++) {
        const char *name = graph->nodes[n].name;

        if (poll(finish, n) != STATUS_OK)
            return finish->error->code;
        if (finish->names[n] != NULL)
            continue;
        if (name[0] == '\0')
            name = graph->nodes[n].op->name;
        do {
            name = arena_format(graph->arena, "%s_%d", name, n);
            if (name == NULL)
                return error_memory(finish->error);
        } while (!table_add(finish, name));
        finish->names[n] = name;
    }
    return STATUS_OK;
}

/* --- who makes what ------------------------------------------------------------------------------------- */

/* What a message calls a node before the nameless ones have got their names. */
static const char *node_label(const struct finish *finish, int node)
{
    const struct node *it = &finish->graph->nodes[node];

    if (finish->names[node] != NULL)
        return finish->names[node];
    return it->name[0] != '\0' ? it->name : it->op->name;
}

static status find_producers(struct finish *finish)
{
    const struct graph *graph = finish->graph;

    for (int v = 0; v < graph->value_count; v++) {
        finish->producer[v] = VALUE_NONE;
        finish->given[v] = graph->values[v].constant != NULL;
    }
    for (int i = 0; i < graph->input_count; i++) {
        if (finish->given[graph->inputs[i]])
            return error_set(finish->error, STATUS_FILE, "the network's input %s is given twice",
                             graph->values[graph->inputs[i]].name);
        finish->given[graph->inputs[i]] = true;
    }
    for (int n = 0; n < graph->node_count; n++) {
        if (poll(finish, n) != STATUS_OK)
            return finish->error->code;
        for (int i = 0; i < graph->nodes[n].output_count; i++) {
            int v = graph->nodes[n].outputs[i];

            if (v == VALUE_NONE)
                continue;
            if (finish->given[v])
                return error_set(finish->error, STATUS_FILE,
                                 "node %s makes the value %s, which is an input or a constant of the network",
                                 node_label(finish, n), graph->values[v].name);
            if (finish->producer[v] != VALUE_NONE)
                return error_set(finish->error, STATUS_FILE, "nodes %s and %s both make the value %s",
                                 node_label(finish, finish->producer[v]), node_label(finish, n),
                                 graph->values[v].name);
            finish->producer[v] = n;
        }
    }
    return STATUS_OK;
}

static status check_made(struct finish *finish)
{
    const struct graph *graph = finish->graph;

    for (int n = 0; n < graph->node_count; n++) {
        if (poll(finish, n) != STATUS_OK)
            return finish->error->code;
        for (int i = 0; i < graph->nodes[n].input_count; i++) {
            int v = graph->nodes[n].inputs[i];

            if (v == VALUE_NONE || finish->given[v])
                continue;
            if (finish->producer[v] == VALUE_NONE)
                return error_set(finish->error, STATUS_FILE, "node %s: no node makes its input %s",
                                 node_label(finish, n), graph->values[v].name);
            if (finish->producer[v] == n)
                return error_set(finish->error, STATUS_FILE, "node %s: its input %s is its own output",
                                 node_label(finish, n), graph->values[v].name);
        }
    }
    for (int i = 0; i < graph->output_count; i++) {
        int v = graph->outputs[i];

        if (!finish->given[v] && finish->producer[v] == VALUE_NONE)
            return error_set(finish->error, STATUS_FILE, "no node makes the network's output %s",
                             graph->values[v].name);
    }
    return STATUS_OK;
}

/* --- order ---------------------------------------------------------------------------------------------- */

static bool stands_in_order(const struct finish *finish)
{
    const struct graph *graph = finish->graph;

    for (int n = 0; n < graph->node_count; n++)
        for (int i = 0; i < graph->nodes[n].input_count; i++)
            if (graph->nodes[n].inputs[i] != VALUE_NONE && finish->producer[graph->nodes[n].inputs[i]] > n)
                return false;
    return true;
}

/* Some node that waits for others: go from maker to maker among the waiting nodes until one comes up twice.
 * That one is on a cycle (the first need not be: it may only stand behind one). */
static status report_cycle(struct finish *finish, const int *waiting, int node)
{
    const struct graph *graph = finish->graph;
    bool *seen = arena_alloc(finish->arena, (size_t)graph->node_count, sizeof(*seen));
    int value = VALUE_NONE;

    if (seen == NULL)
        return error_memory(finish->error);
    while (!seen[node]) {
        const struct node *it = &graph->nodes[node];

        seen[node] = true;
        for (int i = 0; i < it->input_count; i++) {
            int maker = it->inputs[i] == VALUE_NONE ? VALUE_NONE : finish->producer[it->inputs[i]];

            if (maker != VALUE_NONE && waiting[maker] > 0) {
                value = it->inputs[i];
                node = maker;
                break;
            }
        }
    }
    return error_set(finish->error, STATUS_FILE,
                     "node %s: its output %s leads back to its own inputs (a cycle)",
                     node_label(finish, node), graph->values[value].name);
}

/* Kahn's algorithm; `order` is its queue. */
static status sort_nodes(struct finish *finish)
{
    const struct graph *graph = finish->graph;
    struct graph_uses uses;
    int *waiting = arena_alloc(finish->arena, (size_t)graph->node_count, sizeof(*waiting));
    int done = 0, queued = 0;

    if (waiting == NULL)
        return error_memory(finish->error);
    if (graph_uses(graph, finish->arena, &uses, finish->error) != STATUS_OK)
        return finish->error->code;
    for (int n = 0; n < graph->node_count; n++) {
        for (int i = 0; i < graph->nodes[n].input_count; i++)
            if (graph->nodes[n].inputs[i] != VALUE_NONE &&
                finish->producer[graph->nodes[n].inputs[i]] != VALUE_NONE)
                waiting[n]++;
        if (waiting[n] == 0)
            finish->order[queued++] = n;
    }
    for (; done < queued; done++) {
        const struct node *node = &graph->nodes[finish->order[done]];

        for (int i = 0; i < node->output_count; i++) {
            int v = node->outputs[i];

            for (int k = v == VALUE_NONE ? 0 : uses.start[v]; v != VALUE_NONE && k < uses.start[v + 1]; k++)
                if (--waiting[uses.list[k]] == 0)
                    finish->order[queued++] = uses.list[k];
        }
    }
    for (int n = 0; done < graph->node_count && n < graph->node_count; n++)
        if (waiting[n] > 0)
            return report_cycle(finish, waiting, n);
    return STATUS_OK;
}

static status order_nodes(struct finish *finish)
{
    if (!stands_in_order(finish))
        return sort_nodes(finish);
    for (int n = 0; n < finish->graph->node_count; n++)
        finish->order[n] = n;
    return STATUS_OK;
}

/* Put the nodes into their order and write names and producers. Fails only before anything is changed. */
static status commit(struct finish *finish)
{
    struct graph *graph = finish->graph;
    struct node *sorted = arena_alloc(finish->arena, (size_t)graph->node_count, sizeof(*sorted));

    if (sorted == NULL)
        return error_memory(finish->error);
    for (int v = 0; v < graph->value_count; v++)
        graph->values[v].producer = VALUE_NONE;
    for (int n = 0; n < graph->node_count; n++) {
        sorted[n] = graph->nodes[finish->order[n]];
        sorted[n].name = finish->names[finish->order[n]];
        for (int i = 0; i < sorted[n].output_count; i++)
            if (sorted[n].outputs[i] != VALUE_NONE)
                graph->values[sorted[n].outputs[i]].producer = n;
    }
    if (graph->node_count > 0)
        memcpy(graph->nodes, sorted, (size_t)graph->node_count * sizeof(*sorted));
    return STATUS_OK;
}

static status finish_all(struct finish *finish)
{
    size_t values = (size_t)finish->graph->value_count, nodes = (size_t)finish->graph->node_count;
    status (*const parts[])(struct finish *) = {check_value_names, find_producers, check_made,
                                                name_nodes,        order_nodes,    commit};

    finish->producer = arena_alloc(finish->arena, values, sizeof(*finish->producer));
    finish->given = arena_alloc(finish->arena, values, sizeof(*finish->given));
    finish->order = arena_alloc(finish->arena, nodes, sizeof(*finish->order));
    finish->names = arena_alloc(finish->arena, nodes, sizeof(*finish->names));
    if (finish->producer == NULL || finish->given == NULL || finish->order == NULL || finish->names == NULL)
        return error_memory(finish->error);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (progress_check(finish->error) != STATUS_OK || parts[i](finish) != STATUS_OK)
            return finish->error->code;
    return STATUS_OK;
}

status graph_finish(struct graph *graph, struct error *error)
{
    struct finish finish = {.graph = graph, .error = error, .arena = arena_new()};
    status code;

    if (finish.arena == NULL)
        return error_memory(error);
    code = finish_all(&finish);
    arena_free(finish.arena);
    return code;
}
