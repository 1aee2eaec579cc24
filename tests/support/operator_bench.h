/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bench for single operators: a node and its operands written down in one line, prepared and run in any
 * real type without a graph around it. Include after cmocka.h.
 *
 * Attributes: "name=value ...", a value being 3, 0.5, 'text', [1,2] or [0.5,2.0].
 * Operands: "one; two; ...", each [!][i]shape[{values}] or [!]shape@low:high, or - for one that is left out.
 *   A shape is 2x3x4, s for a scalar, or nothing for a vector as long as its values. Without values they are
 *   distinct numbers in random order between -1 and 1, or between low and high.
 *   i: integers. !: constant, known when the node is prepared (integers always are). */
#ifndef IPPRO_TESTS_OPERATOR_BENCH_H
#define IPPRO_TESTS_OPERATOR_BENCH_H

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/memory.h"
#include "base/random.h"
#include "nn/operator/operator.h"

enum { BENCH_OPERANDS = 8, BENCH_ATTRIBUTES = 8, BENCH_LIST = 16, BENCH_VALUES = 4096 };

/* One line of a table. */
struct bench_case {
    const char *op;
    int opset;
    const char *attributes, *inputs;
    int outputs;
};

/* One operand as written down. */
struct bench_spec {
    bool absent, constant, integer;
    struct shape shape;
    double *values; /* from the bench's arena */
};

struct bench {
    struct arena *arena;
    enum element_type real;
    const struct op *op;
    struct node node;
    struct prepare prepare;
    int input_count, output_count;
    struct bench_spec specs[BENCH_OPERANDS];
    struct operand inputs[BENCH_OPERANDS], outputs[BENCH_OPERANDS];
    struct operand input_gradients[BENCH_OPERANDS], output_gradients[BENCH_OPERANDS];
    struct tensor *constants[BENCH_OPERANDS];
    int value_numbers[BENCH_OPERANDS];
    struct attribute attributes[BENCH_ATTRIBUTES];
    int64_t integers[BENCH_ATTRIBUTES][BENCH_LIST];
    double reals[BENCH_ATTRIBUTES][BENCH_LIST];
    char names[BENCH_ATTRIBUTES][40], texts[BENCH_ATTRIBUTES][40];
    void *workspace;
};

/* --- numbers of any type -------------------------------------------------------------------------------- */

static inline double bench_get(const struct operand *operand, int64_t index)
{
    if (operand->type == ELEMENT_FLOAT)
        return (double)((const float *)operand->data)[index];
    if (operand->type == ELEMENT_DOUBLE)
        return ((const double *)operand->data)[index];
    return (double)((const int64_t *)operand->data)[index];
}

static inline void bench_set(const struct operand *operand, int64_t index, double value)
{
    if (operand->type == ELEMENT_FLOAT)
        ((float *)operand->data)[index] = (float)value;
    else if (operand->type == ELEMENT_DOUBLE)
        ((double *)operand->data)[index] = value;
    else
        ((int64_t *)operand->data)[index] = (int64_t)value;
}

static inline int64_t bench_count(const struct operand *operand)
{
    return shape_elements(&operand->shape);
}

static inline bool bench_is_real(const struct operand *operand)
{
    return operand->type != ELEMENT_INT64;
}

/* --- reading specifications ----------------------------------------------------------------------------- */

/* Numbers up to `end`, separated by commas; returns how many and moves *text behind `end`. */
static inline int bench_numbers(const char **text, char end, double *numbers, int most)
{
    int count = 0;

    while (**text != end) {
        char *rest;

        assert_true(count < most);
        numbers[count++] = strtod(*text, &rest);
        assert_true(rest != *text);
        *text = *rest == ',' ? rest + 1 : rest;
    }
    ++*text;
    return count;
}

static inline const char *bench_shape(const char *text, struct shape *shape)
{
    *shape = (struct shape){.rank = 0};
    if (*text == 's')
        return text + 1;
    while (*text >= '0' && *text <= '9') {
        char *rest;

        assert_true(shape->rank < TENSOR_MAX_RANK);
        shape->dim[shape->rank++] = strtol(text, &rest, 10);
        text = *rest == 'x' ? rest + 1 : rest;
    }
    return text;
}

/* Distinct numbers that floats hold exactly. None is near a multiple of the distance between two. */
static inline void bench_scatter(double *values, int64_t count, double low, double high, uint64_t stream)
{
    struct random_state random;
    int64_t order[BENCH_VALUES];

    assert_true(count <= BENCH_VALUES);
    for (int64_t i = 0; i < count; i++)
        order[i] = i;
    random_seed(&random, 7, stream);
    random_shuffle(&random, order, (size_t)count);
    for (int64_t i = 0; i < count; i++)
        values[i] = (double)(float)(low + (high - low) * ((double)order[i] + 0.37) / (double)count);
}

static inline void bench_operand(struct bench *bench, const char *text, struct bench_spec *spec,
                                 uint64_t stream)
{
    double numbers[BENCH_VALUES], low = -1, high = 1;
    const char *shape_text = text;
    int64_t count;

    while (*text == ' ')
        text++;
    *spec = (struct bench_spec){.absent = *text == '-' && (text[1] == '\0' || text[1] == ';')};
    if (spec->absent)
        return;
    spec->constant = *text == '!';
    text += spec->constant;
    spec->integer = *text == 'i';
    text += spec->integer;
    spec->constant = spec->constant || spec->integer;
    shape_text = text;
    text = bench_shape(text, &spec->shape);
    if (*text == '{') {
        bool is_vector = text == shape_text;

        text++;
        count = bench_numbers(&text, '}', numbers, BENCH_VALUES);
        if (is_vector)
            spec->shape = (struct shape){.rank = 1, .dim = {count}};
        assert_int_equal(count, shape_elements(&spec->shape));
    } else {
        if (*text == '@') {
            char *rest;

            low = strtod(text + 1, &rest);
            assert_true(*rest == ':');
            high = strtod(rest + 1, &rest);
            text = rest;
        }
        count = shape_elements(&spec->shape);
        bench_scatter(numbers, count, low, high, stream);
    }
    assert_true(*text == '\0' || *text == ';');
    spec->values = arena_copy(bench->arena, numbers, (size_t)count * sizeof(*numbers) + 1);
    assert_non_null(spec->values);
}

static inline int bench_operands(struct bench *bench, const char *text, struct bench_spec *specs)
{
    int count = 0;

    while (text != NULL && *text != '\0') {
        assert_true(count < BENCH_OPERANDS);
        bench_operand(bench, text, &specs[count], (uint64_t)count + 1);
        count++;
        text = strchr(text, ';');
        text = text == NULL ? NULL : text + 1;
    }
    return count;
}

static inline const char *bench_attribute(struct bench *bench, const char *text, int index)
{
    struct attribute *attribute = &bench->attributes[index];
    const char *equals = strchr(text, '='), *end;
    bool is_list, is_real;

    assert_true(index < BENCH_ATTRIBUTES && equals != NULL && equals - text < 40);
    memcpy(bench->names[index], text, (size_t)(equals - text));
    text = equals + 1;
    end = text + strcspn(text, " ");
    *attribute = (struct attribute){.name = bench->names[index],
                                    .integers = bench->integers[index],
                                    .reals = bench->reals[index],
                                    .string = bench->texts[index]};
    if (*text == '\'') {
        assert_true(end - text < 40);
        memcpy(bench->texts[index], text + 1, (size_t)(end - text) - 2);
        attribute->kind = ATTRIBUTE_STRING;
        return end;
    }
    is_list = *text == '[';
    is_real = memchr(text, '.', (size_t)(end - text)) != NULL;
    text += is_list;
    attribute->count = (size_t)bench_numbers(&text, is_list ? ']' : *end, bench->reals[index], BENCH_LIST);
    for (size_t i = 0; i < attribute->count; i++)
        bench->integers[index][i] = (int64_t)bench->reals[index][i];
    attribute->integer = bench->integers[index][0];
    attribute->real = bench->reals[index][0];
    if (is_list)
        attribute->kind = is_real ? ATTRIBUTE_REALS : ATTRIBUTE_INTEGERS;
    else
        attribute->kind = is_real ? ATTRIBUTE_REAL : ATTRIBUTE_INTEGER;
    return end;
}

/* --- making and running --------------------------------------------------------------------------------- */

static inline struct operand bench_memory(struct bench *bench, enum element_type type,
                                          const struct shape *shape)
{
    struct operand operand = {.type = type, .shape = *shape};

    operand.data = arena_alloc(bench->arena, (size_t)shape_elements(shape) + 1, element_size(type));
    assert_non_null(operand.data);
    return operand;
}

static inline void bench_input(struct bench *bench, int i)
{
    const struct bench_spec *spec = &bench->specs[i];
    const enum element_type type = spec->integer ? ELEMENT_INT64 : bench->real;

    bench->value_numbers[i] = spec->absent ? VALUE_NONE : i;
    if (spec->absent)
        return;
    if (spec->constant) {
        bench->constants[i] = tensor_new(type, &spec->shape);
        assert_non_null(bench->constants[i]);
        bench->inputs[i] = (struct operand){type, spec->shape, bench->constants[i]->data};
    } else {
        bench->inputs[i] = bench_memory(bench, type, &spec->shape);
    }
    for (int64_t k = 0; k < bench_count(&bench->inputs[i]); k++)
        bench_set(&bench->inputs[i], k, spec->values[k]);
}

/* The node with its inputs; not prepared yet. */
static inline struct bench *bench_new(const char *op, const char *attributes, const char *inputs, int outputs,
                                      enum element_type real)
{
    struct bench *bench = mem_new(1, sizeof(*bench));
    int count = 0;

    assert_non_null(bench);
    bench->arena = arena_new();
    assert_non_null(bench->arena);
    bench->real = real;
    bench->op = operator_find(op);
    if (bench->op == NULL)
        fail_msg("there is no operator %s", op);
    bench->input_count = bench_operands(bench, inputs, bench->specs);
    bench->output_count = outputs;
    for (int i = 0; i < bench->input_count; i++)
        bench_input(bench, i);
    while (attributes != NULL && *attributes != '\0') {
        attributes = bench_attribute(bench, attributes, count++);
        attributes += strspn(attributes, " ");
    }
    bench->node = (struct node){.name = "node",
                                .op = bench->op,
                                .inputs = bench->value_numbers,
                                .input_count = bench->input_count,
                                .outputs = bench->value_numbers,
                                .output_count = outputs,
                                .attributes = bench->attributes,
                                .attribute_count = count};
    return bench;
}

static inline void bench_free(struct bench *bench)
{
    for (int i = 0; i < BENCH_OPERANDS; i++)
        tensor_release(bench->constants[i]);
    mem_free(bench->workspace);
    arena_free(bench->arena);
    mem_free(bench);
}

static inline status bench_prepare(struct bench *bench, int opset, enum kernel_choice choice,
                                   struct arena *arena, struct error *error)
{
    struct operand given[BENCH_OPERANDS];

    /* Prepare sees the data of constants only. */
    memcpy(given, bench->inputs, sizeof(given));
    for (int i = 0; i < bench->input_count; i++)
        given[i].data = bench->constants[i] == NULL ? NULL : given[i].data;
    memset(bench->outputs, 0, sizeof(bench->outputs));
    bench->prepare = (struct prepare){.node = &bench->node,
                                      .opset = opset,
                                      .arena = arena,
                                      .input_count = bench->input_count,
                                      .output_count = bench->output_count,
                                      .inputs = given,
                                      .constant = (const struct tensor *const *)bench->constants,
                                      .backward = true,
                                      .kernel = choice,
                                      .outputs = bench->outputs};
    return bench->op->prepare(&bench->prepare, error);
}

/* Memory for outputs and gradients; the arena's own, so that preparing can be done into the same one. Real
 * outputs take the bench's real type, as planning does it. */
static inline void bench_allocate(struct bench *bench)
{
    for (int i = 0; i < bench->output_count; i++) {
        struct operand *output = &bench->outputs[i];

        *output = bench_memory(bench, bench_is_real(output) ? bench->real : output->type, &output->shape);
        bench->output_gradients[i] = (struct operand){output->type, output->shape, NULL};
        if (!bench_is_real(output))
            continue;
        bench->output_gradients[i] = bench_memory(bench, output->type, &output->shape);
        for (int64_t k = 0; k < bench_count(output); k++) {
            struct random_state random;

            random_seed(&random, 11, (uint64_t)(k * BENCH_OPERANDS + i));
            bench_set(&bench->output_gradients[i], k, (double)(float)random_between(&random, -1, 1));
        }
    }
    for (int i = 0; i < bench->input_count; i++) {
        const struct operand *input = &bench->inputs[i];

        bench->input_gradients[i] = (struct operand){input->type, input->shape, NULL};
        if (!bench->specs[i].absent && !bench->specs[i].constant && bench_is_real(input))
            bench->input_gradients[i] = bench_memory(bench, input->type, &input->shape);
    }
    bench->workspace = mem_aligned(bench->prepare.workspace + 1, 1);
    assert_non_null(bench->workspace);
}

/* A prepared node with memory for everything; a refusal fails the test. */
static inline struct bench *bench_start(const struct bench_case *given, enum element_type real,
                                        enum kernel_choice choice)
{
    struct bench *bench = bench_new(given->op, given->attributes, given->inputs, given->outputs, real);
    struct error error = {0};

    if (bench_prepare(bench, given->opset, choice, bench->arena, &error) != STATUS_OK)
        fail_msg("%s (%s | %s): %s", given->op, given->attributes, given->inputs, error.message);
    bench_allocate(bench);
    return bench;
}

static inline struct kernel_call bench_call(const struct bench *bench)
{
    /* Whatever was in the scratch memory must not matter: all ones are NaNs. */
    memset(bench->workspace, 0xff, bench->prepare.workspace);
    return (struct kernel_call){.plan = bench->prepare.plan,
                                .inputs = bench->inputs,
                                .outputs = bench->outputs,
                                .input_count = bench->input_count,
                                .output_count = bench->output_count,
                                .workspace = bench->workspace};
}

static inline void bench_forward(const struct bench *bench)
{
    const struct kernel_call call = bench_call(bench);

    for (int i = 0; i < bench->output_count; i++)
        memset(bench->outputs[i].data, 0xff,
               (size_t)bench_count(&bench->outputs[i]) * element_size(bench->outputs[i].type));
    assert_non_null(bench->op->kernels[bench->outputs[0].type].forward);
    bench->op->kernels[bench->outputs[0].type].forward(&call);
}

static inline void bench_fill_gradients(const struct bench *bench, double value)
{
    for (int i = 0; i < bench->input_count; i++) {
        const struct operand *gradient = &bench->input_gradients[i];

        for (int64_t k = 0; gradient->data != NULL && k < bench_count(gradient); k++)
            bench_set(gradient, k, value);
    }
}

/* Adds to the input gradients with the output gradients given. */
static inline void bench_backward(const struct bench *bench, const struct operand *output_gradients,
                                  const struct operand *input_gradients)
{
    struct kernel_call call = bench_call(bench);

    call.output_gradients = output_gradients;
    call.input_gradients = input_gradients;
    bench->op->kernels[bench->outputs[0].type].backward(&call);
}

#endif
