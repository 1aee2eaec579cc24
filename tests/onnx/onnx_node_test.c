/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs the ONNX project's own operator tests through the reader, planning and kernels, in float and in
 * double.
 *
 * They are looked for in data/onnx-node-tests and data/onnx-node-tests-more of the optional test data
 * (support/shared_data.h): folders of folders that hold model.onnx and test_data_set_N/{input,output}_N.pb.
 * One TAP line per folder. What is not supported stands in the table below with its reason; a test in it that
 * would pass is an error, as is any other that does not. */
#include <dirent.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "onnx/onnx.h"
#include "nn/operator/operator.h"
#include "nn/operator/plan.h"
#include "support/shared_data.h"

enum { MAX_OPERANDS = 16 };

/* As the ONNX project compares, but for the absolute part, which suits values computed in another order. */
static const double RELATIVE = 1e-3, ABSOLUTE = 1e-5;

static const struct {
    const char *glob, *reason;
} unsupported[] = {
    {"node/test_batchnorm_*_training_mode", "BatchNormalization in training mode"},
    {"node/test_training_dropout", "Dropout in training mode"},
    {"node/test_training_dropout_mask", "Dropout in training mode"},
    {"node/test_training_dropout_default*", "Dropout in training mode"},
    {"pytorch-converted/test_PReLU_*", "PRelu as it was before opset 7 (one slope per channel)"},
};
enum { UNSUPPORTED = sizeof unsupported / sizeof *unsupported };

/* Tensors of one data set. */
struct tensors {
    struct tensor *items[MAX_OPERANDS];
    int count;
};

/* How a test ended. */
enum outcome { PASSED, REFUSED, WRONG };

/* Which inputs are handed over as constants: parameters and shapes are constants in real files, but inputs
 * here. Tried in turn until planning accepts the graph. */
enum constancy { SHAPES_CONSTANT, ALL_BUT_FIRST_CONSTANT, ALL_CONSTANT, CONSTANCIES };

/* --- Data sets ------------------------------------------------------------------------------------------ */

static void release_tensors(struct tensors *tensors)
{
    for (int i = 0; i < tensors->count; i++)
        tensor_free(tensors->items[i]);
    tensors->count = 0;
}

static bool exists(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0;
}

/* Read kind_0.pb, kind_1.pb, ... */
static status read_tensors(const char *folder, const char *kind, struct tensors *tensors, struct error *error)
{
    status result = STATUS_OK;
    bool more = true;
    tensors->count = 0;
    while (!result && more && tensors->count < MAX_OPERANDS) {
        char *name = NULL, *path = mem_format("%s/%s_%d.pb", folder, kind, tensors->count);
        more = exists(path);
        if (more)
            result = onnx_read_tensor(path, &tensors->items[tensors->count], &name, error);
        if (more && !result)
            tensors->count++;
        mem_free(name);
        mem_free(path);
    }
    return result;
}

/* --- The graph with its inputs -------------------------------------------------------------------------- */

/* Whether any node takes the value where only a constant will do. */
static bool is_shape_like(const struct graph *graph, int value)
{
    for (int n = 0; n < graph->node_count; n++)
        for (int i = 1; i < graph->nodes[n].input_count; i++)
            if (graph->nodes[n].inputs[i] == value && (graph->nodes[n].op->flags & OPERATOR_SHAPE_INPUTS))
                return true;
    return graph->values[value].type == ELEMENT_INT64;
}

static int input_position(const struct graph *graph, int value)
{
    for (int i = 0; i < graph->input_count; i++)
        if (graph->inputs[i] == value)
            return i;
    return -1;
}

/* Value v of `from` into `to`, at the same index: some inputs become constants, others get their true shape.
 */
static bool copy_value(const struct graph *from, struct graph *to, int v, const struct tensors *inputs,
                       enum constancy constancy)
{
    const struct value *value = &from->values[v];
    int position = input_position(from, v);
    if (value->constant)
        return graph_add_constant(to, value->name, value->constant) == v;
    if (position < 0)
        return graph_add_value(to, value->name, value->type, &value->shape) == v;
    if (is_shape_like(from, v) || constancy == ALL_CONSTANT ||
        (constancy == ALL_BUT_FIRST_CONSTANT && position > 0))
        return graph_add_constant(to, value->name, inputs->items[position]) == v;
    return graph_add_value(to, value->name, value->type, &inputs->items[position]->shape) == v &&
           graph_add_input(to, v) >= 0;
}

static status bind_inputs(const struct graph *from, const struct tensors *inputs, enum constancy constancy,
                          struct graph **bound, struct error *error)
{
    struct graph *to = graph_new();
    bool good = to != NULL;
    if (inputs->count != from->input_count)
        good = false;
    if (good)
        to->opset = from->opset;
    for (int v = 0; good && v < from->value_count; v++)
        good = copy_value(from, to, v, inputs, constancy);
    for (int n = 0; good && n < from->node_count; n++) {
        const struct node *node = &from->nodes[n];
        good = graph_add_node(to, node->name, node->op, node->inputs, node->input_count, node->outputs,
                              node->output_count, node->attributes, node->attribute_count) == n;
    }
    for (int i = 0; good && i < from->output_count; i++)
        good = graph_add_output(to, from->outputs[i]) == i;
    if (!good)
        error_set(error, STATUS_FAILED, "the inputs do not fit the model");
    if (good && graph_finish(to, error) == STATUS_OK) {
        *bound = to;
        return STATUS_OK;
    }
    graph_free(to);
    return error->code;
}

/* --- Running -------------------------------------------------------------------------------------------- */

static void store(struct operand *operand, int64_t index, const struct tensor *from)
{
    if (operand->type == ELEMENT_FLOAT)
        ((float *)operand->data)[index] = (float)tensor_get(from, index);
    else if (operand->type == ELEMENT_DOUBLE)
        ((double *)operand->data)[index] = tensor_get(from, index);
    else
        ((int64_t *)operand->data)[index] = tensor_get_integer(from, index);
}

/* Memory for all values of the plan; constants lend theirs. */
static void make_values(const struct plan *plan, struct operand *values, struct arena *arena)
{
    for (int v = 0; v < plan->graph->value_count; v++) {
        values[v] = plan->values[v];
        if (plan->constants[v])
            values[v].data = plan->constants[v]->data;
        else if (shape_elements(&values[v].shape) >= 0)
            values[v].data =
                arena_alloc(arena, (size_t)shape_elements(&values[v].shape), element_size(values[v].type));
    }
}

static void run_step(const struct plan *plan, const struct step *step, struct operand *values)
{
    static struct operand inputs[NODE_MAX_OPERANDS], outputs[NODE_MAX_OPERANDS];
    const struct node *node = &plan->graph->nodes[step->node];
    for (int i = 0; i < node->input_count; i++)
        inputs[i] = node->inputs[i] == VALUE_NONE ? (struct operand){0} : values[node->inputs[i]];
    for (int i = 0; i < node->output_count; i++)
        outputs[i] = node->outputs[i] == VALUE_NONE ? (struct operand){0} : values[node->outputs[i]];
    void *workspace = mem_aligned(step->workspace ? step->workspace : 1, 1);
    step->kernels->forward(&(struct kernel_call){.plan = step->plan,
                                                 .inputs = inputs,
                                                 .outputs = outputs,
                                                 .input_count = node->input_count,
                                                 .output_count = node->output_count,
                                                 .workspace = workspace});
    mem_free(workspace);
}

static double element(const struct operand *operand, int64_t index)
{
    if (operand->type == ELEMENT_FLOAT)
        return (double)((const float *)operand->data)[index];
    if (operand->type == ELEMENT_DOUBLE)
        return ((const double *)operand->data)[index];
    return (double)((const int64_t *)operand->data)[index];
}

static bool is_close(double got, double wanted, bool exact)
{
    if (isnan(wanted) || isinf(wanted) || exact)
        return (isnan(wanted) && isnan(got)) || got == wanted;
    return fabs(got - wanted) <= ABSOLUTE + RELATIVE * fabs(wanted);
}

static status compare(const struct operand *got, const struct tensor *wanted, int position,
                      struct error *error)
{
    bool exact = wanted->type == ELEMENT_INT64;
    if (!shape_equal(&got->shape, &wanted->shape)) {
        struct text a = {0}, b = {0};
        shape_text(&got->shape, &a);
        shape_text(&wanted->shape, &b);
        error_set(error, STATUS_FAILED, "output %d has shape %s, wanted %s", position, text_data(&a),
                  text_data(&b));
        text_free(&a);
        text_free(&b);
        return STATUS_FAILED;
    }
    if ((got->type == ELEMENT_INT64) != exact)
        return error_set(error, STATUS_FAILED, "output %d has type %s, wanted %s", position,
                         element_name(got->type), element_name(wanted->type));
    for (int64_t i = 0; i < shape_elements(&wanted->shape); i++)
        if (!is_close(element(got, i), tensor_get(wanted, i), exact))
            return error_set(error, STATUS_FAILED, "output %d, element %lld is %.9g, wanted %.9g", position,
                             (long long)i, element(got, i), tensor_get(wanted, i));
    return STATUS_OK;
}

static status run_plan(const struct plan *plan, const struct graph *original, const struct tensors *inputs,
                       const struct tensors *wanted, struct error *error)
{
    const struct graph *graph = plan->graph;
    struct arena *arena = arena_new();
    struct operand *values = arena_alloc(arena, (size_t)graph->value_count, sizeof *values);
    make_values(plan, values, arena);
    for (int i = 0; i < graph->input_count; i++) {
        struct operand *input = &values[graph->inputs[i]];
        const struct tensor *tensor = inputs->items[input_position(original, graph->inputs[i])];
        for (int64_t k = 0; k < shape_elements(&input->shape); k++)
            store(input, k, tensor);
    }
    for (int s = 0; s < plan->step_count; s++)
        run_step(plan, &plan->steps[s], values);
    status result = STATUS_OK;
    if (wanted->count != graph->output_count)
        result = error_set(error, STATUS_FAILED, "%d outputs, wanted %d", graph->output_count, wanted->count);
    for (int i = 0; !result && i < wanted->count; i++)
        result = compare(&values[graph->outputs[i]], wanted->items[i], i, error);
    arena_free(arena);
    return result;
}

/* --- One test ------------------------------------------------------------------------------------------- */

static enum outcome run_bound(const struct graph *graph, enum element_type real, const struct tensors *inputs,
                              const struct tensors *wanted, struct error *error)
{
    enum outcome outcome = REFUSED;
    for (int constancy = 0; outcome == REFUSED && constancy < CONSTANCIES; constancy++) {
        struct graph *bound = NULL;
        struct plan *plan = NULL;
        *error = (struct error){0};
        if (bind_inputs(graph, inputs, (enum constancy)constancy, &bound, error))
            return WRONG;
        if (plan_new(bound, &(struct plan_options){.real = real}, &plan, error) == STATUS_OK) {
            outcome = run_plan(plan, graph, inputs, wanted, error) ? WRONG : PASSED;
            plan_free(plan);
        }
        graph_free(bound);
    }
    return outcome;
}

static enum outcome run_set(const struct graph *graph, const char *folder, struct error *error)
{
    struct tensors inputs, wanted = {0};
    enum outcome outcome = REFUSED;
    if (read_tensors(folder, "input", &inputs, error) == STATUS_OK &&
        read_tensors(folder, "output", &wanted, error) == STATUS_OK) {
        outcome = run_bound(graph, ELEMENT_FLOAT, &inputs, &wanted, error);
        if (outcome == PASSED)
            outcome = run_bound(graph, ELEMENT_DOUBLE, &inputs, &wanted, error);
    }
    release_tensors(&inputs);
    release_tensors(&wanted);
    return outcome;
}

static enum outcome run_test(const char *folder, struct error *error)
{
    char *model = mem_format("%s/model.onnx", folder);
    struct graph *graph = NULL;
    enum outcome outcome = PASSED;
    int sets = 0;
    if (onnx_read(model, &graph, error))
        outcome = REFUSED;
    mem_free(model);
    for (bool more = true; outcome == PASSED && more;) {
        char *set = mem_format("%s/test_data_set_%d", folder, sets);
        more = exists(set);
        if (more)
            outcome = run_set(graph, set, error);
        sets += more;
        mem_free(set);
    }
    graph_free(graph);
    if (outcome != PASSED || sets > 0)
        return outcome;
    error_set(error, STATUS_FAILED, "it has no data");
    return WRONG;
}

/* --- All tests ------------------------------------------------------------------------------------------ */

static int tests_run, tests_passed, tests_failed, counts[UNSUPPORTED];

static int find_reason(const char *name)
{
    for (int i = 0; i < UNSUPPORTED; i++)
        if (glob_match(unsupported[i].glob, name))
            return i;
    return -1;
}

static void report(const char *name, enum outcome outcome, const struct error *error)
{
    int reason = find_reason(name);
    tests_run++;
    if (outcome == REFUSED && reason >= 0) {
        counts[reason]++;
        printf("ok %d - %s # SKIP not supported: %s\n", tests_run, name, unsupported[reason].reason);
    } else if (outcome == PASSED && reason < 0) {
        tests_passed++;
        printf("ok %d - %s\n", tests_run, name);
    } else {
        tests_failed++;
        printf("not ok %d - %s\n# %s\n", tests_run, name,
               outcome == PASSED ? "passes, although it is listed as not supported" : error->message);
    }
    fflush(stdout);
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void run_group(const char *base, const char *group)
{
    struct dirent **entries;
    char *folder = path_join(base, group);
    int count = scandir(folder, &entries, visible, alphasort);
    for (int i = 0; i < count; i++) {
        struct error error = {0};
        char *name = path_join(group, entries[i]->d_name), *path = path_join(base, name);
        enum outcome outcome = run_test(path, &error);
        report(name, outcome, &error);
        mem_free(name);
        mem_free(path);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    mem_free(folder);
}

static void print_totals(void)
{
    printf("1..%d\n# %d of %d passed, %d failed\n", tests_run, tests_passed, tests_run, tests_failed);
    for (int i = 0; i < UNSUPPORTED; i++) {
        int count = 0;
        bool told = false;
        for (int k = 0; k < UNSUPPORTED; k++) {
            bool same = strcmp(unsupported[k].reason, unsupported[i].reason) == 0;
            count += same ? counts[k] : 0;
            told = told || (same && k < i);
        }
        if (count > 0 && !told)
            printf("# %d not supported: %s\n", count, unsupported[i].reason);
    }
}

/* Folders of groups in the test data. */
static const char *const bases[] = {"data/onnx-node-tests", "data/onnx-node-tests-more"};

/* false where it is not there */
static bool run_base(const char *base)
{
    struct dirent **groups;
    int count = scandir(base, &groups, visible, alphasort);
    for (int i = 0; i < count; i++) {
        run_group(base, groups[i]->d_name);
        free(groups[i]);
    }
    if (count >= 0)
        free(groups);
    return count >= 0;
}

int main(void)
{
    bool any = false;
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        char *base = shared_path(bases[i]);
        any = (base && run_base(base)) || any;
        mem_free(base);
    }
    if (!any) {
        printf("1..0 # SKIP the ONNX project's operator tests are not there\n");
        return 0;
    }
    print_totals();
    return tests_failed ? 1 : 0;
}
