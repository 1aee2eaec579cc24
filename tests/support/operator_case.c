/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cases for single operators: read, prepared and run. */
#include "support/operator_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "support/operands.h"

/* --- reading specifications ----------------------------------------------------------------------------- */

/* Numbers up to `end`, separated by commas; returns what stands behind `end`. */
static const char *case_numbers(const char *text, char end, double *numbers, int most, int *count)
{
    for (*count = 0; *text != end;) {
        char *rest;

        assert_true(*count < most);
        numbers[(*count)++] = strtod(text, &rest);
        assert_true(rest != text);
        text = *rest == ',' ? rest + 1 : rest;
    }
    return text + 1;
}

static const char *case_shape(const char *text, struct shape *shape)
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
static void case_scatter(double *values, int64_t count, double low, double high, uint64_t stream)
{
    struct random_state random;
    int64_t order[CASE_VALUES];

    assert_true(count <= CASE_VALUES);
    for (int64_t i = 0; i < count; i++)
        order[i] = i;
    random_seed(&random, 7, stream);
    random_shuffle(&random, order, (size_t)count);
    for (int64_t i = 0; i < count; i++)
        values[i] = (double)(float)(low + (high - low) * ((double)order[i] + 0.37) / (double)count);
}

static void case_operand(struct operator_case *tested, const char *text, struct case_operand *spec,
                         uint64_t stream)
{
    double numbers[CASE_VALUES], low = -1, high = 1;
    const char *shape_text = text;
    int64_t count;
    int given;

    while (*text == ' ')
        text++;
    *spec = (struct case_operand){.absent = *text == '-' && (text[1] == '\0' || text[1] == ';')};
    if (spec->absent)
        return;
    spec->constant = *text == '!';
    text += spec->constant;
    spec->integer = *text == 'i';
    text += spec->integer;
    spec->constant = spec->constant || spec->integer;
    shape_text = text;
    text = case_shape(text, &spec->shape);
    if (*text == '{') {
        bool is_vector = text == shape_text;

        text = case_numbers(text + 1, '}', numbers, CASE_VALUES, &given);
        count = given;
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
        case_scatter(numbers, count, low, high, stream);
    }
    assert_true(*text == '\0' || *text == ';');
    spec->values = arena_copy(tested->arena, numbers, (size_t)count * sizeof(*numbers) + 1);
    assert_non_null(spec->values);
}

int case_operands(struct operator_case *tested, const char *text, struct case_operand *specs)
{
    int count = 0;

    while (text != NULL && *text != '\0') {
        assert_true(count < CASE_OPERANDS);
        case_operand(tested, text, &specs[count], (uint64_t)count + 1);
        count++;
        text = strchr(text, ';');
        text = text == NULL ? NULL : text + 1;
    }
    return count;
}

static const char *case_attribute(struct operator_case *tested, const char *text, int index)
{
    struct attribute *attribute = &tested->attributes[index];
    const char *equals = strchr(text, '='), *end;
    bool is_list, is_real;
    int given;

    assert_true(index < CASE_ATTRIBUTES && equals != NULL && equals - text < 40);
    memcpy(tested->names[index], text, (size_t)(equals - text));
    text = equals + 1;
    end = text + strcspn(text, " ");
    *attribute = (struct attribute){.name = tested->names[index],
                                    .integers = tested->integers[index],
                                    .reals = tested->reals[index],
                                    .string = tested->texts[index]};
    if (*text == '\'') {
        assert_true(end - text < 40);
        memcpy(tested->texts[index], text + 1, (size_t)(end - text) - 2);
        attribute->kind = ATTRIBUTE_STRING;
        return end;
    }
    is_list = *text == '[';
    is_real = memchr(text, '.', (size_t)(end - text)) != NULL;
    text += is_list;
    case_numbers(text, is_list ? ']' : *end, tested->reals[index], CASE_LIST, &given);
    attribute->count = (size_t)given;
    for (size_t i = 0; i < attribute->count; i++)
        tested->integers[index][i] = (int64_t)tested->reals[index][i];
    attribute->integer = tested->integers[index][0];
    attribute->real = tested->reals[index][0];
    if (is_list)
        attribute->kind = is_real ? ATTRIBUTE_REALS : ATTRIBUTE_INTEGERS;
    else
        attribute->kind = is_real ? ATTRIBUTE_REAL : ATTRIBUTE_INTEGER;
    return end;
}

/* --- making and running --------------------------------------------------------------------------------- */

struct operand case_memory(struct operator_case *tested, enum element_type type, const struct shape *shape)
{
    struct operand operand = {.type = type, .shape = *shape};

    operand.data = arena_alloc(tested->arena, (size_t)shape_elements(shape) + 1, element_size(type));
    assert_non_null(operand.data);
    return operand;
}

static void case_input(struct operator_case *tested, int i)
{
    const struct case_operand *spec = &tested->specs[i];
    const enum element_type type = spec->integer ? ELEMENT_INT64 : tested->real;

    tested->value_numbers[i] = spec->absent ? VALUE_NONE : i;
    if (spec->absent)
        return;
    if (spec->constant) {
        tested->constants[i] = tensor_new(type, &spec->shape);
        assert_non_null(tested->constants[i]);
        tested->inputs[i] = (struct operand){type, spec->shape, tested->constants[i]->data};
    } else {
        tested->inputs[i] = case_memory(tested, type, &spec->shape);
    }
    for (int64_t k = 0; k < operand_count(&tested->inputs[i]); k++)
        operand_set(&tested->inputs[i], k, spec->values[k]);
}

struct operator_case *case_new(const char *op, const char *attributes, const char *inputs, int outputs,
                               enum element_type real)
{
    struct operator_case *tested = mem_new(1, sizeof(*tested));
    int count = 0;

    assert_non_null(tested);
    tested->arena = arena_new();
    assert_non_null(tested->arena);
    tested->real = real;
    tested->op = operator_find(op);
    if (tested->op == NULL)
        fail_msg("there is no operator %s", op);
    tested->input_count = case_operands(tested, inputs, tested->specs);
    tested->output_count = outputs;
    for (int i = 0; i < tested->input_count; i++)
        case_input(tested, i);
    while (attributes != NULL && *attributes != '\0') {
        attributes = case_attribute(tested, attributes, count++);
        attributes += strspn(attributes, " ");
    }
    tested->node = (struct node){.name = "node",
                                 .op = tested->op,
                                 .inputs = tested->value_numbers,
                                 .input_count = tested->input_count,
                                 .outputs = tested->value_numbers,
                                 .output_count = outputs,
                                 .attributes = tested->attributes,
                                 .attribute_count = count};
    return tested;
}

void case_free(struct operator_case *tested)
{
    for (int i = 0; i < CASE_OPERANDS; i++)
        tensor_free(tested->constants[i]);
    mem_free(tested->workspace);
    arena_free(tested->arena);
    mem_free(tested);
}

status case_prepare(struct operator_case *tested, int opset, enum kernel_choice choice, struct arena *arena,
                    struct error *error)
{
    struct operand given[CASE_OPERANDS];

    /* Prepare sees the data of constants only. */
    memcpy(given, tested->inputs, sizeof(given));
    for (int i = 0; i < tested->input_count; i++)
        given[i].data = tested->constants[i] == NULL ? NULL : given[i].data;
    memset(tested->outputs, 0, sizeof(tested->outputs));
    tested->prepare = (struct prepare){.node = &tested->node,
                                       .opset = opset,
                                       .arena = arena,
                                       .input_count = tested->input_count,
                                       .output_count = tested->output_count,
                                       .inputs = given,
                                       .constant = (const struct tensor *const *)tested->constants,
                                       .backward = true,
                                       .kernel = choice,
                                       .outputs = tested->outputs};
    return tested->op->prepare(&tested->prepare, error);
}

/* Memory for outputs and gradients; the arena's own, so that preparing can be done into the same one. Real
 * outputs take the case's real type, as planning does it. */
static void case_allocate(struct operator_case *tested)
{
    for (int i = 0; i < tested->output_count; i++) {
        struct operand *output = &tested->outputs[i];

        *output = case_memory(tested, operand_is_real(output) ? tested->real : output->type, &output->shape);
        tested->output_gradients[i] = (struct operand){output->type, output->shape, NULL};
        if (!operand_is_real(output))
            continue;
        tested->output_gradients[i] = case_memory(tested, output->type, &output->shape);
        for (int64_t k = 0; k < operand_count(output); k++) {
            struct random_state random;

            random_seed(&random, 11, (uint64_t)(k * CASE_OPERANDS + i));
            operand_set(&tested->output_gradients[i], k, (double)(float)random_between(&random, -1, 1));
        }
    }
    for (int i = 0; i < tested->input_count; i++) {
        const struct operand *input = &tested->inputs[i];

        tested->input_gradients[i] = (struct operand){input->type, input->shape, NULL};
        if (!tested->specs[i].absent && !tested->specs[i].constant && operand_is_real(input))
            tested->input_gradients[i] = case_memory(tested, input->type, &input->shape);
    }
    tested->workspace = mem_aligned(tested->prepare.workspace + 1, 1);
    assert_non_null(tested->workspace);
}

struct operator_case *case_start(const struct case_line *given, enum element_type real,
                                 enum kernel_choice choice)
{
    struct operator_case *tested =
        case_new(given->op, given->attributes, given->inputs, given->outputs, real);
    struct error error = {0};

    if (case_prepare(tested, given->opset, choice, tested->arena, &error) != STATUS_OK)
        fail_msg("%s (%s | %s): %s", given->op, given->attributes, given->inputs, error.message);
    case_allocate(tested);
    return tested;
}

static struct kernel_call case_call(const struct operator_case *tested)
{
    /* Whatever was in the scratch memory must not matter: all ones are NaNs. */
    memset(tested->workspace, 0xff, tested->prepare.workspace);
    return (struct kernel_call){.plan = tested->prepare.plan,
                                .inputs = tested->inputs,
                                .outputs = tested->outputs,
                                .input_count = tested->input_count,
                                .output_count = tested->output_count,
                                .workspace = tested->workspace};
}

void case_forward(const struct operator_case *tested)
{
    const struct kernel_call call = case_call(tested);

    for (int i = 0; i < tested->output_count; i++)
        memset(tested->outputs[i].data, 0xff,
               (size_t)operand_count(&tested->outputs[i]) * element_size(tested->outputs[i].type));
    assert_non_null(tested->op->kernels[tested->outputs[0].type].forward);
    tested->op->kernels[tested->outputs[0].type].forward(&call);
}

void case_fill_gradients(const struct operator_case *tested, double value)
{
    for (int i = 0; i < tested->input_count; i++) {
        const struct operand *gradient = &tested->input_gradients[i];

        for (int64_t k = 0; gradient->data != NULL && k < operand_count(gradient); k++)
            operand_set(gradient, k, value);
    }
}

void case_backward(const struct operator_case *tested, const struct operand *output_gradients,
                   const struct operand *input_gradients)
{
    struct kernel_call call = case_call(tested);

    call.output_gradients = output_gradients;
    call.input_gradients = input_gradients;
    tested->op->kernels[tested->outputs[0].type].backward(&call);
}
