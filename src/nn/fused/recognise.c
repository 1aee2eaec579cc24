/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the steps of a plan to fused steps. */
#include "nn/fused/internal.h"

#include <limits.h>
#include <math.h>
#include <string.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/blocked/blocked.h"
#include "nn/engine/engine_internal.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/operator/activation.h"
#include "nn/operator/convolution.h"
#include "nn/operator/movement.h"
#include "nn/operator/operator.h"
#include "nn/operator/window.h"

static const struct node *node_at(const struct fused *fused, int p)
{
    const struct plan *plan = fused->engine->plan;
    return &plan->graph->nodes[plan->steps[p].node];
}

static bool is(const struct fused *fused, int p, const char *name)
{
    return p >= 0 && strcmp(fused->engine->plan->steps[p].op->name, name) == 0;
}

static bool is_constant(const struct fused *fused, int value)
{
    return value < 0 || fused->engine->plan->constants[value] != NULL;
}

/* A weight whose gradient somebody wants. */
static bool is_wanted(const struct fused *fused, int value)
{
    return value >= 0 && fused->engine->value_gradients[value].data != NULL;
}

/* The plan step that alone reads a value, which nobody else looks at; NOTHING when there is none. */
static int sole_user(const struct fused *fused, int value)
{
    const struct fused_value *v = &fused->values[value];
    return v->uses == 1 && !v->pinned && !v->watched && value != fused->engine->output ? v->user : NOTHING;
}

/* --- what can be fused ---------------------------------------------------------------------------------- */

static bool norm_fits(const struct fused *fused, int p)
{
    if (!is(fused, p, "BatchNormalization") || fused->absorbed[p])
        return false;
    const struct node *node = node_at(fused, p);
    if (!fused->values[node->inputs[0]].fits)
        return false;
    for (int i = 1; i < node->input_count; i++)
        if (!is_constant(fused, node->inputs[i]) || is_wanted(fused, node->inputs[i]))
            return false;
    return true;
}

/* Relu, or Clip from 0 to something; *ceiling is 0 for Relu. */
static bool activation_fits(const struct fused *fused, int p, float *ceiling)
{
    *ceiling = 0;
    if (p < 0 || fused->absorbed[p])
        return false;
    if (is(fused, p, "Relu"))
        return true;
    if (!is(fused, p, "Clip"))
        return false;
    const struct activation *clip = fused->engine->plan->steps[p].plan;
    if (clip->alpha != 0 || !(clip->beta > 0))
        return false;
    *ceiling = isinf(clip->beta) ? 0 : (float)clip->beta;
    return true;
}

static bool geometry_of(const struct fused *fused, int p, struct blocked_convolution *geometry)
{
    const struct convolution *plan = fused->engine->plan->steps[p].plan;
    const struct node *node = node_at(fused, p);
    const struct window *w = &plan->window;
    if (w->spatial != 2 || !fused->values[node->inputs[0]].fits || !fused->values[node->outputs[0]].fits ||
        !is_constant(fused, node->inputs[1]) ||
        (node->input_count > 2 && !is_constant(fused, node->inputs[2])))
        return false;
    for (int d = 1; d < WINDOW_DIMENSIONS; d++)
        if (w->kernel[d] > SHRT_MAX || w->stride[d] > SHRT_MAX || w->dilation[d] > SHRT_MAX ||
            w->before[d] > SHRT_MAX || w->after[d] > SHRT_MAX)
            return false;
    *geometry = (struct blocked_convolution){
        .images = fused->images,
        .in_channels = (int)(plan->channels * plan->groups),
        .out_channels = (int)(plan->filters * plan->groups),
        .in_height = (int)w->in[1],
        .in_width = (int)w->in[2],
        .out_height = (int)w->out[1],
        .out_width = (int)w->out[2],
        .kernel_height = (int)w->kernel[1],
        .kernel_width = (int)w->kernel[2],
        .stride_height = (int)w->stride[1],
        .stride_width = (int)w->stride[2],
        .dilation_height = (int)w->dilation[1],
        .dilation_width = (int)w->dilation[2],
        .pad_top = (int)w->before[1],
        .pad_left = (int)w->before[2],
        .groups = (int)plan->groups,
    };
    return convolution_fits(fused, geometry);
}

/* --- probes --------------------------------------------------------------------------------------------- */

/* What a convolution's layer will have of what the probe looks at: nothing, y and u only, or G as well. */
enum probe_fit { PROBE_APART, PROBE_TARGET, PROBE_WHOLE };

static enum probe_fit probe_fits(const struct fused *fused, const struct probe *probe, const int *producer)
{
    struct blocked_convolution geometry;
    float ceiling;
    int p = producer[probe->linear], next, target = probe->linear;
    if (p < 0 || !is(fused, p, "Conv") || !geometry_of(fused, p, &geometry))
        return PROBE_APART;
    if ((next = sole_user(fused, target)) != NOTHING && norm_fits(fused, next))
        target = node_at(fused, next)->outputs[0];
    if (target != probe->target)
        return PROBE_APART;
    if (probe->activated == target)
        return PROBE_WHOLE;
    next = sole_user(fused, target);
    if (next == NOTHING) /* h is made of several steps that read u: the layer ends with u */
        return PROBE_TARGET;
    return activation_fits(fused, next, &ceiling) && node_at(fused, next)->outputs[0] == probe->activated
               ? PROBE_WHOLE
               : PROBE_APART;
}

/* Values of probes that no layer can serve must exist on their own. */
static void pin_probes(struct fused *fused, const int *producer)
{
    const struct engine *engine = fused->engine;
    for (int i = 0; i < engine->probe_count; i++) {
        const struct probe *probe = &engine->probes[i].probe;
        enum probe_fit fit = probe_fits(fused, probe, producer);
        for (int k = 0; k < engine->probe_count; k++)
            if (k != i && engine->probes[k].probe.linear == probe->linear)
                fit = PROBE_APART;
        if (fit == PROBE_APART)
            fused->values[probe->linear].pinned = fused->values[probe->target].pinned = true;
        if (fit != PROBE_WHOLE)
            fused->values[probe->activated].pinned = true;
    }
}

static void mark_watched(struct fused *fused)
{
    const struct engine *engine = fused->engine;
    for (int i = 0; i < engine->watched_count; i++)
        fused->values[engine->watched[i]].watched = true;
}

static int probe_at(const struct fused *fused, int linear, int target)
{
    const struct engine *engine = fused->engine;
    for (int i = 0; i < engine->probe_count; i++)
        if (engine->probes[i].probe.linear == linear && engine->probes[i].probe.target == target &&
            !fused->values[linear].pinned && !fused->values[target].pinned)
            return i;
    return NOTHING;
}

/* Whether G is the gradient of the layer's output, or of its target. */
static bool has_lift(const struct fused *fused, const struct fused_layer *layer, int output)
{
    const int activated = fused->engine->probes[layer->probe].probe.activated;
    return activated == layer->target || activated == output;
}

/* --- making steps --------------------------------------------------------------------------------------- */

static struct fused_step *add_step(struct fused *fused, const struct fused_kind *kind, int plan_step,
                                   int input, enum form from)
{
    if (!mem_grow(&fused->steps, &fused->step_capacity, (size_t)fused->step_count + 1, sizeof *fused->steps))
        return NULL;
    struct fused_step *step = &fused->steps[fused->step_count];
    *step = (struct fused_step){.kind = kind,
                                .index = fused->step_count,
                                .plan_step = plan_step,
                                .input = input,
                                .from = from,
                                .output = NOTHING,
                                .first_target = NOTHING,
                                .first_activated = NOTHING};
    fused->step_count++;
    if (plan_step != NOTHING)
        fused->step_of[plan_step] = step->index;
    return step;
}

static status make_value(struct fused *fused, const struct fused_step *step, int value, enum form form,
                         struct error *error)
{
    struct fused_value *v = &fused->values[value];
    if (v->producer == NOTHING) {
        v->producer = step->index;
        v->made = form;
    }
    v->region[form] = region_new(fused, value_bytes(fused, value, form));
    return v->region[form] == NOTHING ? error_memory(error) : STATUS_OK;
}

static bool has_form(const struct fused *fused, int value, enum form form)
{
    return fused->values[value].region[form] != NOTHING;
}

static bool is_made(const struct fused *fused, int value)
{
    return has_form(fused, value, FORM_PLAIN) || has_form(fused, value, FORM_BLOCKED);
}

/* A conversion where the value is not there in this form. */
static status ensure(struct fused *fused, int value, enum form form, struct error *error)
{
    if (is_constant(fused, value) || has_form(fused, value, form))
        return STATUS_OK;
    struct fused_step *step = add_step(fused, &kind_convert, NOTHING, value, (enum form) !form);
    if (!step)
        return error_memory(error);
    step->output = value;
    return make_value(fused, step, value, form, error);
}

static void absorb(struct fused *fused, int p, int step)
{
    fused->absorbed[p] = true;
    fused->step_of[p] = step;
}

/* --- layers --------------------------------------------------------------------------------------------- */

static int other_operand(const struct fused *fused, int p, int value)
{
    const struct node *node = node_at(fused, p);
    return node->inputs[0] == value ? node->inputs[1] : node->inputs[0];
}

/* An Add of `value` to another value of the same shape, which is there already. */
static bool add_fits(const struct fused *fused, int p, int value)
{
    if (!is(fused, p, "Add") || fused->absorbed[p])
        return false;
    int other = other_operand(fused, p, value);
    const struct operand *operands = fused->engine->values;
    return other != value && !is_constant(fused, other) && fused->values[other].fits &&
           shape_equal(&operands[other].shape, &operands[value].shape) && is_made(fused, other);
}

/* What a layer takes in, in a list that is absorbed once the step is there. */
struct layer_draft {
    struct fused_layer layer;
    int input, output; /* values */
    int taken[4], taken_count;
};

static int take(const struct fused *fused, struct layer_draft *draft, int p)
{
    draft->taken[draft->taken_count++] = p;
    draft->output = node_at(fused, p)->outputs[0];
    return draft->output;
}

/* The tail behind value `at`: BatchNorm, Add, Relu, each only where nobody else looks at what is before. A
 * layer without a convolution begins with one of them, `first`. */
static void draft_epilogue(const struct fused *fused, struct layer_draft *draft, int at, int first)
{
    struct fused_layer *layer = &draft->layer;
    layer->linear = at;
    int next = first != NOTHING ? first : sole_user(fused, at);
    if (norm_fits(fused, next)) {
        layer->norm_step = next;
        at = take(fused, draft, next);
        next = sole_user(fused, at);
    }
    layer->target = at;
    if (next != NOTHING && add_fits(fused, next, at)) {
        layer->residual = other_operand(fused, next, at);
        at = take(fused, draft, next);
        next = sole_user(fused, at);
    }
    if (activation_fits(fused, next, &layer->ceiling)) {
        layer->relu = true;
        take(fused, draft, next);
    }
}

static status make_layer(struct fused *fused, struct layer_draft *draft, enum form from, struct error *error)
{
    struct fused_layer *layer = arena_alloc(fused->engine->arena, 1, sizeof *layer);
    if (!layer)
        return error_memory(error);
    if (ensure(fused, draft->input, from, error))
        return error->code;
    if (draft->layer.residual != NOTHING && ensure(fused, draft->layer.residual, FORM_BLOCKED, error))
        return error->code;
    *layer = draft->layer;
    struct fused_step *step = add_step(fused, &kind_layer, NOTHING, draft->input, from);
    if (!step)
        return error_memory(error);
    step->layer = layer;
    step->output = draft->output;
    for (int i = 0; i < draft->taken_count; i++)
        absorb(fused, draft->taken[i], step->index);
    if (layer->probe != NOTHING && layer->linear != step->output &&
        make_value(fused, step, layer->linear, FORM_BLOCKED, error))
        return error->code;
    return make_value(fused, step, step->output, FORM_BLOCKED, error);
}

static struct layer_draft empty_draft(int input)
{
    return (struct layer_draft){.input = input,
                                .layer = {.conv_step = NOTHING,
                                          .norm_step = NOTHING,
                                          .residual = NOTHING,
                                          .probe = NOTHING,
                                          .activated = NOTHING,
                                          .to_residual = NOTHING,
                                          .delta = NOTHING,
                                          .to_input = NOTHING,
                                          .gradient = NOTHING,
                                          .producer_tail = NOTHING,
                                          .plain_input = NOTHING,
                                          .plain_delta = NOTHING}};
}

static status make_convolution(struct fused *fused, int p, const struct blocked_convolution *geometry,
                               struct error *error)
{
    const struct node *node = node_at(fused, p);
    int input = node->inputs[0];
    struct layer_draft draft = empty_draft(input);
    struct fused_layer *layer = &draft.layer;
    layer->convolution = true;
    layer->conv_step = p;
    layer->forward = *geometry;
    layer->biased = node->input_count > 2 && node->inputs[2] != VALUE_NONE;
    draft_epilogue(fused, &draft, take(fused, &draft, p), NOTHING);
    layer->probe = probe_at(fused, layer->linear, layer->target);
    layer->sums_lift = layer->probe != NOTHING && has_lift(fused, layer, draft.output);
    /* The images themselves: no need to spread their three channels over a block. */
    layer->forward.planar =
        geometry->groups == 1 && geometry->in_channels < LANES / 2 && input == fused->engine->input;
    layer->family = choose_family(fused, &layer->forward);
    layer->transposed = blocked_transposed(geometry);
    if (fused->values[input].exists)
        layer->back = choose_family(fused, &layer->transposed);
    return make_layer(fused, &draft, layer->forward.planar ? FORM_PLAIN : FORM_BLOCKED, error);
}

/* A BatchNorm, Add or Relu that no convolution takes in, on values that are blocked already. */
static status make_elementwise(struct fused *fused, int p, bool *made, struct error *error)
{
    float ceiling;
    const struct node *node = node_at(fused, p);
    bool add = is(fused, p, "Add");
    int input = node->inputs[0];
    *made = false;
    if (!add && !norm_fits(fused, p) && !activation_fits(fused, p, &ceiling))
        return STATUS_OK;
    if (is_constant(fused, input) || !fused->values[input].fits)
        return STATUS_OK;
    if (add && (!add_fits(fused, p, input) || !is_made(fused, input)))
        return STATUS_OK;
    if (!has_form(fused, input, FORM_BLOCKED) && !(add && has_form(fused, node->inputs[1], FORM_BLOCKED)))
        return STATUS_OK;
    struct layer_draft draft = empty_draft(input);
    draft_epilogue(fused, &draft, input, p);
    *made = true;
    return make_layer(fused, &draft, FORM_BLOCKED, error);
}

/* --- other operators ------------------------------------------------------------------------------------ */

static status make_pool(struct fused *fused, int p, bool *made, struct error *error)
{
    static const struct {
        const char *name;
        const struct fused_kind *kind;
        enum form form;
    } pools[] = {{"MaxPool", &kind_max_pool, FORM_BLOCKED},
                 {"AveragePool", &kind_average_pool, FORM_BLOCKED},
                 {"GlobalAveragePool", &kind_global_average, FORM_PLAIN}};
    const struct node *node = node_at(fused, p);
    int input = node->inputs[0];
    *made = false;
    for (size_t i = 0; i < sizeof pools / sizeof *pools; i++) {
        if (!is(fused, p, pools[i].name) || is_constant(fused, input) ||
            !has_form(fused, input, FORM_BLOCKED) || !fused->values[node->outputs[0]].fits ||
            (node->output_count > 1 && node->outputs[1] != VALUE_NONE))
            continue;
        struct fused_step *step = add_step(fused, pools[i].kind, p, input, FORM_BLOCKED);
        if (!step)
            return error_memory(error);
        step->output = node->outputs[0];
        *made = true;
        return make_value(fused, step, step->output, pools[i].form, error);
    }
    return STATUS_OK;
}

/* Joining along channels moves whole blocks where every part but the last fills its blocks. */
static bool concat_fits(const struct fused *fused, int p)
{
    const struct node *node = node_at(fused, p);
    int64_t axis = node_integer(node, "axis", 1);
    bool any = false;
    if (!is(fused, p, "Concat") || (axis != 1 && axis != -3) || !fused->values[node->outputs[0]].fits)
        return false;
    for (int i = 0; i < node->input_count; i++) {
        int v = node->inputs[i];
        if (is_constant(fused, v) || !fused->values[v].fits ||
            (i < node->input_count - 1 && fused->values[v].channels % LANES != 0))
            return false;
        any = any || has_form(fused, v, FORM_BLOCKED);
    }
    return any;
}

static status make_concat(struct fused *fused, int p, struct error *error)
{
    const struct node *node = node_at(fused, p);
    for (int i = 0; i < node->input_count; i++)
        if (ensure(fused, node->inputs[i], FORM_BLOCKED, error))
            return error->code;
    struct fused_step *step = add_step(fused, &kind_concat, p, node->inputs[0], FORM_BLOCKED);
    if (!step)
        return error_memory(error);
    step->output = node->outputs[0];
    return make_value(fused, step, step->output, FORM_BLOCKED, error);
}

static bool move_fits(const struct fused *fused, int p)
{
    const struct node *node = node_at(fused, p);
    if (!is(fused, p, "Slice") && !is(fused, p, "Pad"))
        return false;
    if (is(fused, p, "Pad")) {
        const struct movement *movement = fused->engine->plan->steps[p].plan;
        if (movement->fill_real != 0 || movement->fill_integer != 0)
            return false;
    }
    return !is_constant(fused, node->inputs[0]) && has_form(fused, node->inputs[0], FORM_BLOCKED) &&
           fused->values[node->outputs[0]].fits;
}

static status make_move(struct fused *fused, int p, bool *made, struct error *error)
{
    const struct node *node = node_at(fused, p);
    int32_t *map = NULL;
    *made = false;
    if (!move_fits(fused, p))
        return STATUS_OK;
    if (move_map(fused, p, &map, error))
        return error->code;
    if (!map)
        return STATUS_OK;
    struct fused_step *step = add_step(fused, &kind_move, p, node->inputs[0], FORM_BLOCKED);
    if (!step)
        return error_memory(error);
    step->output = node->outputs[0];
    step->map = map;
    *made = true;
    return make_value(fused, step, step->output, FORM_BLOCKED, error);
}

/* Whether the step's only result is its first input under another shape. */
static bool is_view(const struct fused *fused, int p)
{
    const struct node *node = node_at(fused, p);
    if (!(fused->engine->plan->steps[p].op->flags & OPERATOR_VIEW) || is_constant(fused, node->inputs[0]))
        return false;
    return engine_is_view(fused->engine, &fused->engine->plan->steps[p]);
}

static status make_plain(struct fused *fused, int p, struct error *error)
{
    const struct node *node = node_at(fused, p);
    for (int i = 0; i < node->input_count; i++)
        if (ensure(fused, node->inputs[i], FORM_PLAIN, error))
            return error->code;
    struct fused_step *step = add_step(fused, &kind_plain, p, node->inputs[0], FORM_PLAIN);
    if (!step)
        return error_memory(error);
    bool view = is_view(fused, p);
    for (int i = 0; i < node->output_count; i++) {
        int v = node->outputs[i];
        if (v == VALUE_NONE)
            continue;
        if (step->output == NOTHING)
            step->output = v;
        if (make_value(fused, step, v, FORM_PLAIN, error))
            return error->code;
        if (view)
            fused->values[v].region[FORM_PLAIN] = fused->values[node->inputs[0]].region[FORM_PLAIN];
    }
    return STATUS_OK;
}

static status recognise_step(struct fused *fused, int p, struct error *error)
{
    struct blocked_convolution geometry;
    bool made = false;
    if (is(fused, p, "Conv") && geometry_of(fused, p, &geometry))
        return make_convolution(fused, p, &geometry, error);
    status code = make_elementwise(fused, p, &made, error);
    if (code == STATUS_OK && !made)
        code = make_pool(fused, p, &made, error);
    if (code == STATUS_OK && !made)
        code = make_move(fused, p, &made, error);
    if (code == STATUS_OK && !made)
        code = concat_fits(fused, p) ? make_concat(fused, p, error) : make_plain(fused, p, error);
    return code;
}

/* --- values --------------------------------------------------------------------------------------------- */

static void describe_value(struct fused *fused, int v)
{
    const struct operand *operand = &fused->engine->values[v];
    struct fused_value *value = &fused->values[v];
    const int64_t *dim = operand->shape.dim;
    *value = (struct fused_value){.user = NOTHING,
                                  .producer = NOTHING,
                                  .region = {NOTHING, NOTHING},
                                  .gradient = {NOTHING, NOTHING},
                                  .last_writer = NOTHING};
    const int64_t most = 1 << 24;
    if (operand->type != ELEMENT_FLOAT || operand->shape.rank != 4 || dim[0] != fused->images)
        return;
    if (dim[1] < 1 || dim[2] < 1 || dim[3] < 1 || dim[1] > most || dim[2] > most || dim[3] > most ||
        dim[2] * dim[3] > INT_MAX / LANES)
        return;
    value->fits = true;
    value->channels = (int)dim[1];
    value->height = (int)dim[2];
    value->width = (int)dim[3];
}

static void count_uses(struct fused *fused, int *producer)
{
    for (int p = 0; p < fused->engine->plan->step_count; p++) {
        const struct node *node = node_at(fused, p);
        for (int i = 0; i < node->input_count; i++) {
            int v = node->inputs[i];
            if (v == VALUE_NONE)
                continue;
            fused->values[v].uses++;
            fused->values[v].user = p;
        }
        for (int i = 0; i < node->output_count; i++)
            if (node->outputs[i] != VALUE_NONE)
                producer[node->outputs[i]] = p;
    }
}

static status recognise_all(struct fused *fused, struct error *error)
{
    const struct engine *engine = fused->engine;
    int *input = &fused->values[engine->input].region[FORM_PLAIN];
    *input = region_new(fused, value_bytes(fused, engine->input, FORM_PLAIN));
    if (*input == NOTHING)
        return error_memory(error);
    for (int p = 0; p < engine->plan->step_count; p++)
        if (!fused->absorbed[p] && recognise_step(fused, p, error))
            return error->code;
    return ensure(fused, engine->output, FORM_PLAIN, error);
}

status fused_recognise(struct fused *fused, struct error *error)
{
    const struct plan *plan = fused->engine->plan;
    size_t values = (size_t)plan->graph->value_count;
    int *producer = mem_new(values, sizeof *producer);
    if (!producer)
        return error_memory(error);
    for (int v = 0; v < (int)values; v++) {
        bool exists = fused->values[v].exists;
        producer[v] = NOTHING;
        describe_value(fused, v);
        fused->values[v].exists = exists;
    }
    count_uses(fused, producer);
    mark_watched(fused); /* before it is asked which probes the layers can serve */
    pin_probes(fused, producer);
    mem_free(producer);
    return recognise_all(fused, error);
}
