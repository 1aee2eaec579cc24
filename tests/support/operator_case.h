/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cases for single operators: a node and its operands written down in one line, prepared and run in any real
 * type without a graph around it. What cannot be read or built fails the test.
 *
 * Attributes: "name=value ...", a value being 3, 0.5, 'text', [1,2] or [0.5,2.0].
 * Operands: "one; two; ...", each [!][i]shape[{values}] or [!]shape@low:high, or - for one that is left out.
 *   A shape is 2x3x4, s for a scalar, or nothing for a vector as long as its values. Without values they are
 *   distinct numbers in random order between -1 and 1, or between low and high.
 *   i: integers. !: constant, known when the node is prepared (integers always are). */
#ifndef IPPRO_TESTS_OPERATOR_CASE_H
#define IPPRO_TESTS_OPERATOR_CASE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"

enum { CASE_OPERANDS = 8, CASE_ATTRIBUTES = 8, CASE_LIST = 16, CASE_VALUES = 4096 };

/* One line of a table. */
struct case_line {
    const char *op;
    int opset;
    const char *attributes, *inputs;
    int outputs;
};

/* One operand as it is written down. */
struct case_operand {
    bool absent, constant, integer;
    struct shape shape;
    double *values; /* from the case's arena */
};

struct operator_case {
    struct arena *arena;
    enum element_type real;
    const struct op *op;
    struct node node;
    struct prepare prepare;
    int input_count, output_count;
    struct case_operand specs[CASE_OPERANDS];
    struct operand inputs[CASE_OPERANDS], outputs[CASE_OPERANDS];
    struct operand input_gradients[CASE_OPERANDS], output_gradients[CASE_OPERANDS];
    struct tensor *constants[CASE_OPERANDS];
    int value_numbers[CASE_OPERANDS];
    struct attribute attributes[CASE_ATTRIBUTES];
    int64_t integers[CASE_ATTRIBUTES][CASE_LIST];
    double reals[CASE_ATTRIBUTES][CASE_LIST];
    char names[CASE_ATTRIBUTES][40], texts[CASE_ATTRIBUTES][40];
    void *workspace;
};

/* A prepared node with memory for everything; a refusal fails the test. */
struct operator_case *case_start(const struct case_line *given, enum element_type real,
                                 enum kernel_choice choice);
/* The node with its inputs; not prepared yet. */
struct operator_case *case_new(const char *op, const char *attributes, const char *inputs, int outputs,
                               enum element_type real);
/* Prepare it, seeing the data of constants only; the plan goes to `arena`. */
status case_prepare(struct operator_case *tested, int opset, enum kernel_choice choice, struct arena *arena,
                    struct error *error);
void case_free(struct operator_case *tested);

/* Operands as they are written down; returns how many. */
int case_operands(struct operator_case *tested, const char *text, struct case_operand *specs);
/* Zeroed, from the case's arena. */
struct operand case_memory(struct operator_case *tested, enum element_type type, const struct shape *shape);

void case_forward(const struct operator_case *tested);
/* Adds to the input gradients with the output gradients given. */
void case_backward(const struct operator_case *tested, const struct operand *output_gradients,
                   const struct operand *input_gradients);
void case_fill_gradients(const struct operator_case *tested, double value);

#endif
