/* SPDX-License-Identifier: GPL-3.0-or-later */
/* New versions of a graph. */
#include "nn/graph/edit.h"

#include <string.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"

/* Operators with few inputs may get some that they left out; Concat and its like keep theirs. */
enum { OPTIONAL_INPUTS = 8 };

struct edited_node {
    const struct op *op;
    int *inputs;               /* values of the old graph */
    struct tensor **constants; /* per input: what stands there instead, one reference each */
    int input_count, room;
    struct attribute *attributes;
    int attribute_count;
};

struct edit {
    struct arena *arena;
    const struct graph *graph;
    struct edited_node *nodes;
    bool apart;
};

static bool copy_node(struct arena *arena, const struct node *old, struct edited_node *node)
{
    int most = old->op->inputs_max < OPTIONAL_INPUTS ? old->op->inputs_max : OPTIONAL_INPUTS;
    node->op = old->op;
    node->input_count = old->input_count;
    node->room = old->input_count > most ? old->input_count : most;
    node->attributes = old->attributes;
    node->attribute_count = old->attribute_count;
    node->inputs = arena_alloc(arena, (size_t)node->room, sizeof *node->inputs);
    node->constants = arena_alloc(arena, (size_t)node->room, sizeof *node->constants);
    if (node->inputs == NULL || node->constants == NULL)
        return false;
    for (int i = 0; i < node->room; i++)
        node->inputs[i] = i < old->input_count ? old->inputs[i] : VALUE_NONE;
    return true;
}

struct edit *edit_new(const struct graph *graph)
{
    struct edit *edit = mem_new(1, sizeof *edit);
    if (edit == NULL)
        return NULL;
    edit->graph = graph;
    edit->arena = arena_new();
    if (edit->arena != NULL)
        edit->nodes = arena_alloc(edit->arena, (size_t)graph->node_count + 1, sizeof *edit->nodes);
    bool copied = edit->nodes != NULL;
    for (int i = 0; copied && i < graph->node_count; i++)
        copied = copy_node(edit->arena, &graph->nodes[i], &edit->nodes[i]);
    if (!copied) {
        edit_free(edit);
        return NULL;
    }
    return edit;
}

void edit_free(struct edit *edit)
{
    if (edit == NULL)
        return;
    for (int i = 0; edit->nodes != NULL && i < edit->graph->node_count; i++)
        for (int k = 0; edit->nodes[i].constants != NULL && k < edit->nodes[i].room; k++)
            tensor_free(edit->nodes[i].constants[k]);
    arena_free(edit->arena);
    mem_free(edit);
}

void edit_keep_apart(struct edit *edit)
{
    edit->apart = true;
}

status edit_constant(struct edit *edit, int node, int input, struct tensor *tensor, struct error *error)
{
    struct edited_node *item = &edit->nodes[node];
    if (tensor == NULL)
        return error_memory(error);
    if (input >= item->room) {
        tensor_free(tensor);
        return error_set(error, STATUS_RANGE, "node %s (%s) takes no input %d", edit->graph->nodes[node].name,
                         item->op->name, input);
    }
    tensor_free(item->constants[input]);
    item->constants[input] = tensor;
    if (input >= item->input_count)
        item->input_count = input + 1;
    return STATUS_OK;
}

const struct tensor *edit_get(const struct edit *edit, int node, int input)
{
    const struct edited_node *item = &edit->nodes[node];
    if (input >= item->input_count)
        return NULL;
    if (item->constants[input] != NULL)
        return item->constants[input];
    return item->inputs[input] == VALUE_NONE ? NULL : edit->graph->values[item->inputs[input]].constant;
}

struct tensor *edit_replacement(const struct edit *edit, int node, int input)
{
    const struct edited_node *item = &edit->nodes[node];
    return input < item->input_count ? item->constants[input] : NULL;
}

void edit_input(struct edit *edit, int node, int input, int value)
{
    tensor_free(edit->nodes[node].constants[input]);
    edit->nodes[node].constants[input] = NULL;
    edit->nodes[node].inputs[input] = value;
}

static struct attribute *own_attribute(struct edit *edit, int index, const char *name)
{
    struct edited_node *node = &edit->nodes[index];
    struct attribute *attributes =
        arena_alloc(edit->arena, (size_t)node->attribute_count + 1, sizeof *attributes);
    if (attributes == NULL)
        return NULL;
    memcpy(attributes, node->attributes, (size_t)node->attribute_count * sizeof *attributes);
    node->attributes = attributes;
    for (int i = 0; i < node->attribute_count; i++)
        if (strcmp(attributes[i].name, name) == 0)
            return &attributes[i];
    struct attribute *added = &attributes[node->attribute_count];
    *added = (struct attribute){.name = arena_string(edit->arena, name)};
    if (added->name == NULL)
        return NULL;
    node->attribute_count++;
    return added;
}

status edit_integers(struct edit *edit, int node, const char *name, const int64_t *values, size_t count,
                     struct error *error)
{
    struct attribute *attribute = own_attribute(edit, node, name);
    int64_t *copy = arena_copy(edit->arena, values, count * sizeof *values);
    if (attribute == NULL || copy == NULL)
        return error_memory(error);
    *attribute = (struct attribute){
        .name = attribute->name, .kind = ATTRIBUTE_INTEGERS, .integers = copy, .count = count};
    return STATUS_OK;
}

status edit_integer(struct edit *edit, int node, const char *name, int64_t value, struct error *error)
{
    struct attribute *attribute = own_attribute(edit, node, name);
    if (attribute == NULL)
        return error_memory(error);
    *attribute = (struct attribute){.name = attribute->name, .kind = ATTRIBUTE_INTEGER, .integer = value};
    return STATUS_OK;
}

status edit_remove_attribute(struct edit *edit, int index, const char *name, struct error *error)
{
    struct edited_node *node = &edit->nodes[index];
    struct attribute *left = arena_alloc(edit->arena, (size_t)node->attribute_count + 1, sizeof *left);
    int count = 0;
    if (left == NULL)
        return error_memory(error);
    for (int i = 0; i < node->attribute_count; i++)
        if (strcmp(node->attributes[i].name, name) != 0)
            left[count++] = node->attributes[i];
    node->attributes = left;
    node->attribute_count = count;
    return STATUS_OK;
}

void edit_operator(struct edit *edit, int node, const struct op *op, int inputs)
{
    edit->nodes[node].op = op;
    edit->nodes[node].attribute_count = 0;
    if (edit->nodes[node].input_count > inputs)
        edit->nodes[node].input_count = inputs;
}

/* --- building ------------------------------------------------------------------------------------------- */

struct rebuild {
    const struct edit *edit;
    struct graph *graph;
    struct arena *scratch;
    bool *needed;   /* per old node */
    int *value_new; /* per old value: its number in the new graph, or VALUE_NONE */
    int *uses;      /* per old value: how many needed operands still are the old value */
};

/* Nodes stand in topological order, so one walk from the back finds what the outputs need. */
static void find_needed(struct rebuild *r)
{
    const struct graph *old = r->edit->graph;
    for (int i = 0; i < old->output_count; i++)
        r->uses[old->outputs[i]]++;
    for (int i = old->node_count - 1; i >= 0; i--) {
        for (int k = 0; k < old->nodes[i].output_count; k++)
            if (old->nodes[i].outputs[k] != VALUE_NONE && r->uses[old->nodes[i].outputs[k]] > 0)
                r->needed[i] = true;
        const struct edited_node *node = &r->edit->nodes[i];
        for (int k = 0; r->needed[i] && k < node->input_count; k++)
            if (node->constants[k] == NULL && node->inputs[k] != VALUE_NONE)
                r->uses[node->inputs[k]]++;
    }
}

/* The new graph's number of an old value, which is copied when it is first met. -1 when memory is out. */
static int carry_value(struct rebuild *r, int value)
{
    if (r->value_new[value] != VALUE_NONE)
        return r->value_new[value];
    const struct value *old = &r->edit->graph->values[value];
    struct shape unknown = {.rank = -1};
    int number;
    if (old->constant != NULL)
        number = graph_add_constant(r->graph, old->name, old->constant);
    else
        number = graph_add_value(r->graph, old->name, old->type, &unknown);
    if (number >= 0)
        r->graph->values[number].file_type = old->file_type;
    return r->value_new[value] = number;
}

static bool same_content(const struct tensor *a, const struct tensor *b)
{
    return a->type == b->type && a->file_type == b->file_type && shape_equal(&a->shape, &b->shape) &&
           memcmp(a->data, b->data, (size_t)shape_elements(&a->shape) * element_size(a->type)) == 0;
}

/* Where the old graph has nothing: the same tensor that an earlier node got. */
static int find_shared(const struct rebuild *r, const struct tensor *tensor)
{
    for (int i = r->graph->value_count - 1; i >= 0; i--)
        if (r->graph->values[i].constant == tensor)
            return i;
    return VALUE_NONE;
}

/* A name that the old graph does not have. */
static const char *free_name(struct rebuild *r, int node, int input)
{
    const char *base = r->edit->graph->nodes[node].name;
    const char *name = arena_format(r->scratch, "%s.input%d", base, input);
    for (int i = 2; name != NULL && graph_find_value(r->edit->graph, name) >= 0; i++)
        name = arena_format(r->scratch, "%s.input%d.%d", base, input, i);
    return name;
}

/* A replaced constant keeps its name where the old one is gone and the name not taken, else it is named after
 * its node. */
static int add_replacement(struct rebuild *r, int index, int input)
{
    const struct edited_node *node = &r->edit->nodes[index];
    int old = node->inputs[input];
    const struct value *value = old != VALUE_NONE ? &r->edit->graph->values[old] : NULL;
    bool gone = value != NULL && value->constant != NULL && r->uses[old] == 0;
    int taken = gone ? r->value_new[old] : VALUE_NONE;
    const struct tensor *there = taken != VALUE_NONE ? r->graph->values[taken].constant : NULL;
    if (there != NULL &&
        (there == node->constants[input] || (!r->edit->apart && same_content(there, node->constants[input]))))
        return taken;
    if (value == NULL && find_shared(r, node->constants[input]) != VALUE_NONE)
        return find_shared(r, node->constants[input]);
    const char *name = gone && taken == VALUE_NONE ? value->name : free_name(r, index, input);
    int number = name != NULL ? graph_add_constant(r->graph, name, node->constants[input]) : -1;
    if (gone && taken == VALUE_NONE && number >= 0)
        r->value_new[old] = number;
    return number;
}

static bool carry_node(struct rebuild *r, int index)
{
    const struct edited_node *node = &r->edit->nodes[index];
    const struct node *old = &r->edit->graph->nodes[index];
    int *inputs = arena_alloc(r->scratch, (size_t)node->input_count, sizeof *inputs);
    int *outputs = arena_alloc(r->scratch, (size_t)old->output_count, sizeof *outputs);
    if (inputs == NULL || outputs == NULL)
        return false;
    for (int i = 0; i < node->input_count; i++) {
        inputs[i] = VALUE_NONE;
        if (node->constants[i] != NULL)
            inputs[i] = add_replacement(r, index, i);
        else if (node->inputs[i] != VALUE_NONE)
            inputs[i] = carry_value(r, node->inputs[i]);
        else
            continue;
        if (inputs[i] < 0)
            return false;
    }
    for (int i = 0; i < old->output_count; i++) {
        outputs[i] = old->outputs[i] == VALUE_NONE ? VALUE_NONE : carry_value(r, old->outputs[i]);
        if (old->outputs[i] != VALUE_NONE && outputs[i] < 0)
            return false;
    }
    return graph_add_node(r->graph, old->name, node->op, inputs, node->input_count, outputs,
                          old->output_count, node->attributes, node->attribute_count) >= 0;
}

static bool copy_header(const struct graph *old, struct graph *graph)
{
    const char *const from[] = {old->name,   old->producer,      old->producer_version,
                                old->domain, old->documentation, old->batch_node};
    const char **const to[] = {&graph->name,   &graph->producer,      &graph->producer_version,
                               &graph->domain, &graph->documentation, &graph->batch_node};
    for (size_t i = 0; i < sizeof from / sizeof from[0]; i++)
        if (from[i] != NULL && (*to[i] = arena_string(graph->arena, from[i])) == NULL)
            return false;
    graph->ir_version = old->ir_version;
    graph->model_version = old->model_version;
    graph->opset = old->opset;
    graph->batch = old->batch;
    graph->channels_last = old->channels_last;
    graph->metadata_count = old->metadata_count;
    graph->metadata = arena_alloc(graph->arena, (size_t)old->metadata_count + 1, sizeof *graph->metadata);
    for (int i = 0; graph->metadata != NULL && i < old->metadata_count; i++) {
        graph->metadata[i].key = arena_string(graph->arena, old->metadata[i].key);
        graph->metadata[i].value = arena_string(graph->arena, old->metadata[i].value);
        if (graph->metadata[i].key == NULL || graph->metadata[i].value == NULL)
            return false;
    }
    return graph->metadata != NULL;
}

/* Inputs first, so that they keep their declared shapes. */
static bool carry_interface(struct rebuild *r)
{
    const struct graph *old = r->edit->graph;
    for (int i = 0; i < old->input_count; i++) {
        const struct value *value = &old->values[old->inputs[i]];
        int number = graph_add_value(r->graph, value->name, value->type, &value->shape);
        if (number < 0 || graph_add_input(r->graph, number) < 0)
            return false;
        r->graph->values[number].file_type = value->file_type;
        r->value_new[old->inputs[i]] = number;
    }
    return true;
}

static bool rebuild_graph(struct rebuild *r)
{
    const struct graph *old = r->edit->graph;
    r->needed = arena_alloc(r->scratch, (size_t)old->node_count + 1, sizeof *r->needed);
    r->value_new = arena_alloc(r->scratch, (size_t)old->value_count + 1, sizeof *r->value_new);
    r->uses = arena_alloc(r->scratch, (size_t)old->value_count + 1, sizeof *r->uses);
    if (r->needed == NULL || r->value_new == NULL || r->uses == NULL || !copy_header(old, r->graph))
        return false;
    for (int i = 0; i < old->value_count; i++)
        r->value_new[i] = VALUE_NONE;
    find_needed(r);
    if (!carry_interface(r))
        return false;
    for (int i = 0; i < old->node_count; i++)
        if (r->needed[i] && !carry_node(r, i))
            return false;
    for (int i = 0; i < old->output_count; i++) {
        int number = carry_value(r, old->outputs[i]);
        if (number < 0 || graph_add_output(r->graph, number) < 0)
            return false;
        r->graph->values[number].shape = old->values[old->outputs[i]].shape;
    }
    return true;
}

status edit_apply(const struct edit *edit, struct graph **result, struct error *error)
{
    struct rebuild rebuild = {.edit = edit, .graph = graph_new(), .scratch = arena_new()};
    bool built = rebuild.graph != NULL && rebuild.scratch != NULL && rebuild_graph(&rebuild);
    arena_free(rebuild.scratch);
    status code = built ? graph_finish(rebuild.graph, error) : error_memory(error);
    if (code != STATUS_OK) {
        graph_free(rebuild.graph);
        return code;
    }
    *result = rebuild.graph;
    return STATUS_OK;
}
