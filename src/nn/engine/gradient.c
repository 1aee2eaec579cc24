/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which gradients the engine computes, where they live, and the backward pass.
 *
 * A gradient is computed only where it is *wanted* (the value is a probe's or a wanted weight, or leads to
 * one) and where it *arrives* (a path leads on to the network's output). Its memory is taken by the first
 * consumer's backward step and given back after its producer's. The result of a view (Reshape and the like)
 * shares the gradient of its input where that input has no other consumer: what is added to one is then the
 * other's. */
#include "nn/engine/engine_internal.h"

#include <string.h>
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "nn/fused/fused.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"

struct planning {
    struct engine *engine;
    bool *wanted, *arrives;
    int *uses;     /* consumers of each value, among steps */
    int *root;     /* the value whose gradient's memory this one shares; itself by default */
    int *producer; /* step, -1 for none */
    size_t *at;    /* per root: offset in the block of gradients, SIZE_MAX before it is born */
    bool *fixed;   /* per root: memory of its own (network output, weights) */
};

static bool is_real(enum element_type type)
{
    return type == ELEMENT_FLOAT || type == ELEMENT_DOUBLE;
}

static const struct node *node_of(const struct engine *engine, int s)
{
    return &engine->plan->graph->nodes[engine->plan->steps[s].node];
}

static bool gradient_exists(const struct planning *p, int v)
{
    return v != VALUE_NONE && p->wanted[v] && p->arrives[v];
}

static status planning_new(struct planning *p, struct engine *engine, struct error *error)
{
    size_t values = (size_t)engine->plan->graph->value_count;
    *p = (struct planning){
        .engine = engine,
        .wanted = mem_new(values, sizeof *p->wanted),
        .arrives = mem_new(values, sizeof *p->arrives),
        .uses = mem_new(values, sizeof *p->uses),
        .root = mem_new(values, sizeof *p->root),
        .producer = mem_new(values, sizeof *p->producer),
        .at = mem_new(values, sizeof *p->at),
        .fixed = mem_new(values, sizeof *p->fixed),
    };
    if (!p->wanted || !p->arrives || !p->uses || !p->root || !p->producer || !p->at || !p->fixed)
        return error_memory(error);
    for (int v = 0; v < (int)values; v++) {
        p->root[v] = v;
        p->producer[v] = -1;
        p->at[v] = SIZE_MAX;
    }
    for (int s = 0; s < engine->step_count; s++) {
        const struct node *node = node_of(engine, s);
        for (int i = 0; i < node->input_count; i++)
            if (node->inputs[i] != VALUE_NONE)
                p->uses[node->inputs[i]]++;
        for (int i = 0; i < node->output_count; i++)
            if (node->outputs[i] != VALUE_NONE)
                p->producer[node->outputs[i]] = s;
    }
    return STATUS_OK;
}

static void planning_free(struct planning *p)
{
    mem_free(p->wanted);
    mem_free(p->arrives);
    mem_free(p->uses);
    mem_free(p->root);
    mem_free(p->producer);
    mem_free(p->at);
    mem_free(p->fixed);
}

/* wanted goes with the steps, arrives against them. */
static void find_gradients(struct planning *p)
{
    const struct engine *engine = p->engine;
    for (int s = 0; s < engine->step_count; s++) {
        const struct node *node = node_of(engine, s);
        bool any = false;
        for (int i = 0; i < node->input_count; i++)
            any = any || (node->inputs[i] != VALUE_NONE && p->wanted[node->inputs[i]]);
        for (int i = 0; any && i < node->output_count; i++)
            if (node->outputs[i] != VALUE_NONE && is_real(engine->values[node->outputs[i]].type))
                p->wanted[node->outputs[i]] = true;
    }
    p->arrives[engine->output] = true;
    for (int s = engine->step_count - 1; s >= 0; s--) {
        const struct node *node = node_of(engine, s);
        bool any = false;
        for (int i = 0; i < node->output_count; i++)
            any = any || gradient_exists(p, node->outputs[i]);
        if (!any || !engine->plan->steps[s].kernels->backward)
            continue;
        for (int i = 0; i < node->input_count; i++)
            if (node->inputs[i] != VALUE_NONE && is_real(engine->values[node->inputs[i]].type))
                p->arrives[node->inputs[i]] = true;
    }
}

/* Views whose input has no other consumer share its gradient. Also fixes the memory of the output's. */
static void share_gradients(struct planning *p)
{
    const struct engine *engine = p->engine;
    for (int s = 0; s < engine->step_count; s++) {
        const struct node *node = node_of(engine, s);
        int in = node->inputs[0], out = node->outputs[0];
        if (engine->steps[s].forward || !gradient_exists(p, in) || !gradient_exists(p, out))
            continue;
        if (p->uses[in] == 1 && in != engine->output && !engine->plan->constants[in])
            p->root[out] = p->root[in];
    }
    p->fixed[p->root[engine->output]] = true;
}

/* Gradients alive at one moment of the backward pass, by offset. */
struct live {
    struct live_block {
        size_t at, size;
        int root;
    } * blocks;
    size_t count, capacity;
    size_t end; /* the most that was ever used */
};

static status live_take(struct live *live, int root, size_t size, size_t *at, struct error *error)
{
    if (!mem_grow(&live->blocks, &live->capacity, live->count + 1, sizeof *live->blocks))
        return error_memory(error);
    size_t place = 0, index = 0;
    while (index < live->count && live->blocks[index].at - place < size) {
        place = live->blocks[index].at + live->blocks[index].size;
        index++;
    }
    memmove(live->blocks + index + 1, live->blocks + index, (live->count - index) * sizeof *live->blocks);
    live->blocks[index] = (struct live_block){place, size, root};
    live->count++;
    if (place > SIZE_MAX / 2 - size)
        return error_memory(error);
    if (place + size > live->end)
        live->end = place + size;
    *at = place;
    return STATUS_OK;
}

static void live_give(struct live *live, int root)
{
    for (size_t i = 0; i < live->count; i++) {
        if (live->blocks[i].root != root)
            continue;
        memmove(live->blocks + i, live->blocks + i + 1, (live->count - i - 1) * sizeof *live->blocks);
        live->count--;
        return;
    }
}

/* Take memory for the input gradients that step s is the first (in backward order) to add to, and remember
 * them so that they are zeroed then. */
static status bear_gradients(struct planning *p, int s, struct live *live, struct error *error)
{
    struct engine *engine = p->engine;
    struct engine_step *step = &engine->steps[s];
    const struct node *node = node_of(engine, s);
    step->born = arena_alloc(engine->arena, (size_t)node->input_count, sizeof *step->born);
    if (!step->born)
        return error_memory(error);
    for (int i = 0; i < node->input_count; i++) {
        int v = node->inputs[i];
        if (!gradient_exists(p, v))
            continue;
        int root = p->root[v];
        if (p->fixed[root] || p->at[root] != SIZE_MAX)
            continue;
        if (live_take(live, root, operand_bytes(&engine->values[root]), &p->at[root], error))
            return error->code;
        step->born[step->born_count++] = root;
    }
    return STATUS_OK;
}

/* Walk backward as the pass will, taking and giving memory. */
static status place_gradients(struct planning *p, struct live *live, struct error *error)
{
    struct engine *engine = p->engine;
    for (int s = engine->step_count - 1; s >= 0; s--) {
        const struct node *node = node_of(engine, s);
        bool any = false;
        for (int i = 0; i < node->output_count; i++)
            any = any || gradient_exists(p, node->outputs[i]);
        if (!any)
            continue;
        if (bear_gradients(p, s, live, error))
            return error->code;
        for (int i = 0; i < node->output_count; i++)
            if (gradient_exists(p, node->outputs[i]) && p->root[node->outputs[i]] == node->outputs[i])
                live_give(live, node->outputs[i]);
    }
    return STATUS_OK;
}

/* Addresses, once the block exists. */
static void assign_gradients(struct planning *p)
{
    struct engine *engine = p->engine;
    for (int v = 0; v < engine->plan->graph->value_count; v++) {
        int root = p->root[v];
        if (!gradient_exists(p, v) || engine->value_gradients[v].data)
            continue;
        if (root == p->root[engine->output])
            engine->value_gradients[v].data = engine->output_gradient;
        else if (p->at[root] != SIZE_MAX)
            engine->value_gradients[v].data = engine->gradients + p->at[root];
    }
}

static struct operand *gradient_operands(struct engine *engine, const int *values, int count, bool *any)
{
    struct operand *operands = arena_alloc(engine->arena, (size_t)count, sizeof *operands);
    for (int i = 0; operands && i < count; i++) {
        if (values[i] == VALUE_NONE)
            continue;
        operands[i] = engine->value_gradients[values[i]];
        *any = *any || operands[i].data;
    }
    return operands;
}

static status connect_steps(struct planning *p, struct error *error)
{
    struct engine *engine = p->engine;
    for (int s = 0; s < engine->step_count; s++) {
        struct engine_step *step = &engine->steps[s];
        const struct node *node = node_of(engine, s);
        bool arriving = false, leaving = false;
        struct operand *out = gradient_operands(engine, node->outputs, node->output_count, &arriving);
        struct operand *in = gradient_operands(engine, node->inputs, node->input_count, &leaving);
        if (!out || !in)
            return error_memory(error);
        step->call.output_gradients = out;
        step->call.input_gradients = in;
        bool shared = !step->forward && out[0].data && out[0].data == in[0].data;
        if (arriving && leaving && !shared)
            step->backward = engine->plan->steps[s].kernels->backward;
    }
    return STATUS_OK;
}

/* Probes are read when the gradient is complete: just before its value's producer runs backward. */
static void connect_probes(struct planning *p)
{
    struct engine *engine = p->engine;
    for (int i = engine->probe_count - 1; i >= 0; i--) {
        struct probe_state *state = &engine->probes[i];
        int target = p->producer[state->probe.target], activated = p->producer[state->probe.activated];
        int *list = target < 0 ? &engine->late_target : &engine->steps[target].first_target;
        state->next_target = *list;
        *list = i;
        list = activated < 0 ? &engine->late_activated : &engine->steps[activated].first_activated;
        state->next_activated = *list;
        *list = i;
    }
}

static status make_weight_gradients(struct planning *p, const struct engine_options *options,
                                    struct error *error)
{
    struct engine *engine = p->engine;
    const struct graph *graph = engine->plan->graph;
    engine->weight_gradients =
        arena_alloc(engine->arena, (size_t)options->weight_count, sizeof *engine->weight_gradients);
    if (!engine->weight_gradients)
        return error_memory(error);
    for (int w = 0; w < options->weight_count; w++) {
        int v = options->weights[w];
        unsigned char *block;
        if (v < 0 || v >= graph->value_count || !engine->plan->constants[v] ||
            !is_real(engine->values[v].type))
            return error_set(error, STATUS_USAGE, "the gradient of %s is wanted, but it is no real constant",
                             v < 0 || v >= graph->value_count ? "a value that is not there"
                                                              : graph->values[v].name);
        if (p->fixed[v])
            return error_set(error, STATUS_USAGE, "the gradient of %s is wanted twice",
                             graph->values[v].name);
        if (engine_allocate(engine, operand_bytes(&engine->values[v]), &block, error))
            return error->code;
        engine->weight_gradients[w] = engine->values[v];
        engine->weight_gradients[w].data = block;
        engine->weight_count = w + 1;
        engine->value_gradients[v].data = block;
        p->wanted[v] = p->fixed[v] = true;
    }
    return STATUS_OK;
}

static status want_gradients(struct planning *p, const struct engine_options *options, struct error *error)
{
    struct engine *engine = p->engine;
    if (probe_prepare(engine, options, error) || make_weight_gradients(p, options, error))
        return error->code;
    for (int i = 0; i < engine->probe_count; i++)
        p->wanted[engine->probes[i].probe.target] = p->wanted[engine->probes[i].probe.activated] = true;
    find_gradients(p);
    return STATUS_OK;
}

static status plan_backward(struct planning *p, const struct engine_options *options, struct error *error)
{
    struct engine *engine = p->engine;
    struct live live = {0};
    unsigned char *block;
    if (want_gradients(p, options, error) ||
        engine_allocate(engine, operand_bytes(&engine->values[engine->output]), &block, error))
        return error->code;
    engine->output_gradient = block;
    share_gradients(p);
    status code = place_gradients(p, &live, error);
    mem_free(live.blocks);
    if (code != STATUS_OK || engine_allocate(engine, live.end, &engine->gradients, error))
        return error->code;
    assign_gradients(p);
    connect_probes(p);
    return connect_steps(p, error);
}

status engine_plan_backward(struct engine *engine, const struct engine_options *options, struct error *error)
{
    struct planning planning;
    status code = planning_new(&planning, engine, error);
    if (code == STATUS_OK)
        code = plan_backward(&planning, options, error);
    planning_free(&planning);
    return code;
}

status engine_find_gradients(struct engine *engine, const struct engine_options *options, bool *exists,
                             struct error *error)
{
    struct planning planning;
    status code = planning_new(&planning, engine, error);
    if (code == STATUS_OK)
        code = want_gradients(&planning, options, error);
    for (int v = 0; code == STATUS_OK && v < engine->plan->graph->value_count; v++)
        exists[v] = gradient_exists(&planning, v);
    planning_free(&planning);
    return code;
}

void *engine_output_gradient(struct engine *engine)
{
    return engine->output_gradient;
}

status engine_backward(struct engine *engine, struct error *error)
{
    if (!engine->backward)
        return error_set(error, STATUS_STATE, "the engine was made without a backward pass");
    for (int w = 0; w < engine->weight_count; w++)
        memset(engine->weight_gradients[w].data, 0, operand_bytes(&engine->weight_gradients[w]));
    if (engine->fused)
        return fused_backward(engine->fused, error);
    for (int s = engine->step_count - 1; s >= 0; s--) {
        const struct engine_step *step = &engine->steps[s];
        if (progress_cancelled(engine->progress))
            return error_set(error, STATUS_CANCELLED, "cancelled");
        probe_take(engine, step->first_target, step->first_activated);
        for (int i = 0; i < step->born_count; i++) {
            const struct operand *gradient = &engine->value_gradients[step->born[i]];
            memset(gradient->data, 0, operand_bytes(gradient));
        }
        if (step->backward)
            step->backward(&step->call);
    }
    probe_take(engine, engine->late_target, engine->late_activated);
    return STATUS_OK;
}

const struct operand *engine_weight_gradient(const struct engine *engine, int weight)
{
    return &engine->weight_gradients[weight];
}
