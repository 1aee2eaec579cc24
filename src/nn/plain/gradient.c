/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the plain engine's gradients live, and which steps compute them.
 *
 * A gradient's memory is taken by the first consumer's backward step and given back after its producer's. The
 * result of a view (Reshape and the like) shares the gradient of its input where that input has no other
 * consumer: what is added to one is then the other's. */
#include "nn/plain/internal.h"

#include <string.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/execution/execution.h"
#include "nn/execution/probe.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"

struct planning {
    struct plain *plain;
    bool *exists;
    int *uses;     /* consumers of each value, among steps */
    int *root;     /* the value whose gradient's memory this one shares; itself by default */
    int *producer; /* step, -1 for none */
    size_t *at;    /* per root: offset in the block of gradients, SIZE_MAX before it has one */
    bool *fixed;   /* per root: memory of its own (network output, weights) */
};

static bool gradient_exists(const struct planning *p, int v)
{
    return v != VALUE_NONE && p->exists[v];
}

static status planning_new(struct planning *p, struct plain *plain, struct error *error)
{
    const struct engine *engine = &plain->engine;
    size_t values = (size_t)engine->plan->graph->value_count;
    *p = (struct planning){
        .plain = plain,
        .exists = mem_new(values, sizeof *p->exists),
        .uses = mem_new(values, sizeof *p->uses),
        .root = mem_new(values, sizeof *p->root),
        .producer = mem_new(values, sizeof *p->producer),
        .at = mem_new(values, sizeof *p->at),
        .fixed = mem_new(values, sizeof *p->fixed),
    };
    if (!p->exists || !p->uses || !p->root || !p->producer || !p->at || !p->fixed)
        return error_memory(error);
    for (int v = 0; v < (int)values; v++) {
        p->root[v] = v;
        p->producer[v] = -1;
        p->at[v] = SIZE_MAX;
    }
    for (int s = 0; s < engine->step_count; s++) {
        const struct node *node = engine_node(engine, s);
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
    mem_free(p->exists);
    mem_free(p->uses);
    mem_free(p->root);
    mem_free(p->producer);
    mem_free(p->at);
    mem_free(p->fixed);
}

/* Views whose input has no other consumer share its gradient. Gradients of weights and that of the output
 * have memory of their own. */
static void share_gradients(struct planning *p)
{
    const struct engine *engine = &p->plain->engine;
    for (int s = 0; s < engine->step_count; s++) {
        const struct node *node = engine_node(engine, s);
        int in = node->inputs[0], out = node->outputs[0];
        if (engine->steps[s].forward || !gradient_exists(p, in) || !gradient_exists(p, out))
            continue;
        if (p->uses[in] == 1 && in != engine->output && !engine->plan->constants[in])
            p->root[out] = p->root[in];
    }
    for (int v = 0; v < engine->plan->graph->value_count; v++)
        p->fixed[v] = engine->value_gradients[v].data != NULL;
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
static status open_gradients(struct planning *p, int s, struct live *live, struct error *error)
{
    struct engine *engine = &p->plain->engine;
    struct plain_step *step = &p->plain->steps[s];
    const struct node *node = engine_node(engine, s);
    step->zeroed = arena_alloc(engine->arena, (size_t)node->input_count, sizeof *step->zeroed);
    if (!step->zeroed)
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
        step->zeroed[step->zeroed_count++] = root;
    }
    return STATUS_OK;
}

/* Walk backward as the pass will, taking and giving memory. */
static status place_gradients(struct planning *p, struct live *live, struct error *error)
{
    const struct engine *engine = &p->plain->engine;
    for (int s = engine->step_count - 1; s >= 0; s--) {
        const struct node *node = engine_node(engine, s);
        bool any = false;
        for (int i = 0; i < node->output_count; i++)
            any = any || gradient_exists(p, node->outputs[i]);
        if (!any)
            continue;
        if (open_gradients(p, s, live, error))
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
    struct engine *engine = &p->plain->engine;
    for (int v = 0; v < engine->plan->graph->value_count; v++) {
        int root = p->root[v];
        if (!gradient_exists(p, v) || engine->value_gradients[v].data)
            continue;
        if (root == p->root[engine->output])
            engine->value_gradients[v].data = engine->output_gradient;
        else if (p->at[root] != SIZE_MAX)
            engine->value_gradients[v].data = p->plain->gradients + p->at[root];
    }
}

static bool is_any(const struct operand *gradients, int count)
{
    for (int i = 0; i < count; i++)
        if (gradients[i].data)
            return true;
    return false;
}

/* Which steps run backward: a gradient arrives, one is wanted, and it is not there already. */
static status connect_steps(struct plain *plain, struct error *error)
{
    struct engine *engine = &plain->engine;
    if (engine_connect_gradients(engine, error))
        return error->code;
    for (int s = 0; s < engine->step_count; s++) {
        const struct kernel_call *call = &engine->steps[s].call;
        const struct operand *out = call->output_gradients, *in = call->input_gradients;
        bool shared = !engine->steps[s].forward && out[0].data && out[0].data == in[0].data;
        if (is_any(out, call->output_count) && is_any(in, call->input_count) && !shared)
            plain->steps[s].backward = engine->plan->steps[s].kernels->backward;
    }
    return STATUS_OK;
}

/* Probes are read when the gradient is complete: just before its value's producer runs backward. */
static void connect_probes(struct planning *p)
{
    struct plain *plain = p->plain;
    for (int i = plain->engine.probe_count - 1; i >= 0; i--) {
        struct probe_state *state = &plain->engine.probes[i];
        int target = p->producer[state->probe.target], activated = p->producer[state->probe.activated];
        int *list = target < 0 ? &plain->late_target : &plain->steps[target].first_target;
        state->next_target = *list;
        *list = i;
        list = activated < 0 ? &plain->late_activated : &plain->steps[activated].first_activated;
        state->next_activated = *list;
        *list = i;
    }
}

static status plan_backward(struct planning *p, const struct engine_options *options, struct error *error)
{
    struct engine *engine = &p->plain->engine;
    struct live live = {0};
    unsigned char *block;
    if (engine_find_gradients(engine, options, p->exists, error) ||
        engine_allocate(engine, operand_bytes(&engine->values[engine->output]), &block, error))
        return error->code;
    engine->output_gradient = block;
    share_gradients(p);
    status code = place_gradients(p, &live, error);
    mem_free(live.blocks);
    if (code != STATUS_OK || engine_allocate(engine, live.end, &p->plain->gradients, error))
        return error->code;
    assign_gradients(p);
    connect_probes(p);
    return connect_steps(p->plain, error);
}

status plain_plan_backward(struct plain *plain, const struct engine_options *options, struct error *error)
{
    struct planning planning;
    status code = planning_new(&planning, plain, error);
    if (code == STATUS_OK)
        code = plan_backward(&planning, options, error);
    planning_free(&planning);
    return code;
}
