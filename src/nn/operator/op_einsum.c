/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Einsum: products of one or two operands, summed over the letters of an equation that its output has not.
 *
 * Letters of two operands are of four sorts: those of both and the output number matrices (the batch), those
 * of one operand and the output are rows (m) or columns (n), those of both but not the output are summed (k).
 * So each operand is laid out as a batch of matrices, which are multiplied, and the product is laid out as
 * the output. Letters that only one operand has are summed while it is laid out; a letter that it has twice
 * walks along a diagonal. An axis of length 1 may stand for any length, as if the operand had not that
 * letter. */
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/check.h"
#include "nn/operator/matrix.h"
#include "nn/operator/movement.h"
#include "nn/operator/operator.h"

enum {
    OPERANDS = 2,
    OUTPUT = OPERANDS,                   /* the last of three terms */
    ALPHABET = 2 * 26,                   /* A-Z, a-z: the order that an output has of which nothing is said */
    LETTERS = ALPHABET + TENSOR_MAX_RANK /* and one for every axis that "..." stands for, from the last one */
};

/* One side of a layout is a tensor, the other a batch of matrices. `to` has the matrices as its input. */
struct layout {
    struct copy to, back;
    int64_t elements; /* of the matrices */
    bool same;        /* the tensor lies in memory as the matrices do */
};

struct einsum {
    int operands;
    int64_t batch, m, n, k;
    struct layout layouts[OPERANDS + 1]; /* (batch, m, k), (batch, k, n), and the output's (batch, m, n) */
    bool plain;
};

#define KERNELS "nn/operator/op_einsum_kernels.h"
#include "nn/operator/typed.h"

/* --- the equation --------------------------------------------------------------------------------------- */

/* The letters of one operand or the output, one for each axis. */
struct term {
    int rank;
    int letters[TENSOR_MAX_RANK];
};

struct equation {
    const char *at; /* what is still to be read */
    struct term terms[OPERANDS + 1];
    int operands;
    int dots;                /* most axes that "..." stands for */
    int64_t length[LETTERS]; /* of those in use */
    int uses[LETTERS];       /* in operands */
    int64_t stride[OPERANDS + 1][LETTERS];
    bool has[OPERANDS + 1][LETTERS];
};

/* -1 for what is no letter; of ASCII, whatever the locale says. */
static int letter_of(char c)
{
    if (c >= 'a' && c <= 'z')
        return 26 + c - 'a';
    return c >= 'A' && c <= 'Z' ? c - 'A' : -1;
}

static status add_letter(struct term *term, int letter, struct error *error)
{
    if (term->rank == TENSOR_MAX_RANK)
        return error_set(error, STATUS_UNSUPPORTED, "a term of the equation has more than %d axes",
                         TENSOR_MAX_RANK);
    term->letters[term->rank++] = letter;
    return STATUS_OK;
}

static bool ends_term(char c)
{
    return c == '\0' || c == ',' || c == '-';
}

/* Letters up to the end of the term. */
static int count_letters(const char *text)
{
    int count = 0;

    for (; !ends_term(*text); text++)
        count += letter_of(*text) >= 0;
    return count;
}

/* Axes as letters that count from the last one. */
static status add_dots(struct equation *equation, struct term *term, int axes, struct error *error)
{
    for (int i = axes - 1; i >= 0; i--)
        if (add_letter(term, ALPHABET + i, error) != STATUS_OK)
            return error->code;
    equation->dots = axes > equation->dots ? axes : equation->dots;
    return STATUS_OK;
}

/* Read one term, in which "..." stands for as many axes as `rank` has over; rank -1: as it did before. */
static status read_term(struct equation *equation, struct term *term, int rank, struct error *error)
{
    const int named = count_letters(equation->at);
    bool dotted = false;

    for (; !ends_term(*equation->at); equation->at++) {
        const int letter = letter_of(*equation->at);

        if (*equation->at == ' ')
            continue;
        if (letter >= 0) {
            if (add_letter(term, letter, error) != STATUS_OK)
                return error->code;
        } else if (!dotted && strncmp(equation->at, "...", 3) == 0) {
            if (add_dots(equation, term, rank < 0 ? equation->dots : rank - named, error) != STATUS_OK)
                return error->code;
            equation->at += 2;
            dotted = true;
        } else {
            return error_set(error, STATUS_FILE,
                             "the equation has something that is neither a letter nor \"...\"");
        }
    }
    return STATUS_OK;
}

static status read_operands(struct equation *equation, const struct prepare *prepare, struct error *error)
{
    for (bool more = true; more; equation->operands++) {
        const int i = equation->operands;
        const int rank = i < prepare->input_count ? prepare->inputs[i].shape.rank : 0;

        if (i == prepare->input_count || i == OPERANDS)
            return error_set(error, STATUS_SHAPE, "the equation has more terms than there are inputs");
        if (read_term(equation, &equation->terms[i], rank, error) != STATUS_OK)
            return error->code;
        if (equation->terms[i].rank != rank)
            return error_set(error, STATUS_SHAPE, "the equation has %d axes for input %d, which has %d",
                             equation->terms[i].rank, i, rank);
        more = *equation->at == ',';
        equation->at += more;
    }
    if (equation->operands != prepare->input_count)
        return error_set(error, STATUS_SHAPE, "the equation has %d terms for %d inputs", equation->operands,
                         prepare->input_count);
    return STATUS_OK;
}

/* Without one in the equation, the output has the axes of "..." and all letters that are there once. */
static status read_output(struct equation *equation, struct error *error)
{
    struct term *term = &equation->terms[OUTPUT];

    if (*equation->at == '-') {
        if (equation->at[1] != '>')
            return error_set(error, STATUS_FILE, "the equation has a '-' without '>'");
        equation->at += 2;
        if (read_term(equation, term, -1, error) != STATUS_OK)
            return error->code;
        return *equation->at == '\0' ? STATUS_OK
                                     : error_set(error, STATUS_FILE, "the equation has more than one output");
    }
    if (add_dots(equation, term, equation->dots, error) != STATUS_OK)
        return error->code;
    for (int letter = 0; letter < ALPHABET; letter++)
        if (equation->uses[letter] == 1 && add_letter(term, letter, error) != STATUS_OK)
            return error->code;
    return STATUS_OK;
}

/* Lengths of letters, and strides of the operand: of a letter that stands for several axes, their sum. */
static status measure_operand(struct equation *equation, int i, const struct shape *shape,
                              struct error *error)
{
    const struct term *term = &equation->terms[i];

    for (int axis = 0; axis < term->rank; axis++) {
        const int letter = term->letters[axis];
        const int64_t dim = shape->dim[axis];

        if (equation->uses[letter]++ == 0 || equation->length[letter] == 1)
            equation->length[letter] = dim;
        else if (dim != 1 && dim != equation->length[letter])
            return error_set(error, STATUS_SHAPE,
                             "the inputs differ in length along one letter: %lld and %lld",
                             (long long)equation->length[letter], (long long)dim);
    }
    return STATUS_OK;
}

static void stride_operand(struct equation *equation, int i, const struct shape *shape)
{
    const struct term *term = &equation->terms[i];

    for (int axis = 0; axis < term->rank; axis++) {
        const int letter = term->letters[axis];

        if (shape->dim[axis] != equation->length[letter])
            continue; /* one for all */
        equation->has[i][letter] = true;
        equation->stride[i][letter] += shape_product(shape, axis + 1, shape->rank);
    }
}

static status measure_output(struct equation *equation, struct shape *shape, struct error *error)
{
    const struct term *term = &equation->terms[OUTPUT];

    shape->rank = term->rank;
    for (int axis = 0; axis < term->rank; axis++) {
        const int letter = term->letters[axis];

        if (equation->uses[letter] == 0 || equation->has[OUTPUT][letter])
            return error_set(error, STATUS_SHAPE, "a letter of the output is %s",
                             equation->uses[letter] == 0 ? "in no input" : "there twice");
        equation->has[OUTPUT][letter] = true;
        shape->dim[axis] = equation->length[letter];
    }
    if (shape_elements(shape) < 0)
        return error_set(error, STATUS_SHAPE, "the output would be too large");
    for (int axis = 0; axis < term->rank; axis++)
        equation->stride[OUTPUT][term->letters[axis]] = shape_product(shape, axis + 1, shape->rank);
    return STATUS_OK;
}

static status read_equation(struct equation *equation, const struct prepare *prepare, struct shape *shape,
                            struct error *error)
{
    equation->at = node_string(prepare->node, "equation", NULL);
    if (equation->at == NULL)
        return error_set(error, STATUS_FILE, "attribute equation is missing");
    if (read_operands(equation, prepare, error) != STATUS_OK)
        return error->code;
    for (int i = 0; i < equation->operands; i++)
        if (measure_operand(equation, i, &prepare->inputs[i].shape, error) != STATUS_OK)
            return error->code;
    for (int i = 0; i < equation->operands; i++)
        stride_operand(equation, i, &prepare->inputs[i].shape);
    if (read_output(equation, error) != STATUS_OK)
        return error->code;
    return measure_output(equation, shape, error);
}

/* --- layouts -------------------------------------------------------------------------------------------- */

/* Letters that exactly the terms of a bit set have, in the order of the first of them. */
static struct term letters_of(const struct equation *equation, unsigned terms)
{
    struct term found = {0};
    bool taken[LETTERS] = {false};
    int first = OUTPUT;

    while (!(terms >> first & 1))
        first--;
    for (int axis = 0; axis < equation->terms[first].rank; axis++) {
        const int letter = equation->terms[first].letters[axis];
        unsigned having = 0;

        for (int i = 0; i <= OUTPUT; i++)
            having |= (unsigned)equation->has[i][letter] << i;
        if (having == terms && !taken[letter])
            found.letters[found.rank++] = letter;
        taken[letter] = true;
    }
    return found;
}

static int64_t product_of(const struct equation *equation, const struct term *term)
{
    int64_t product = 1;

    for (int i = 0; i < term->rank; i++)
        product *= equation->length[term->letters[i]];
    return product;
}

/* Between term i and matrices whose axes are the letters of `parts`, row-major; the letters of `alone` are in
 * the term only. */
static struct layout lay_out(const struct equation *equation, int i, const struct term *const *parts,
                             int part_count, const struct term *alone)
{
    struct layout layout = {.elements = 1};
    struct copy copy = {0};

    for (int part = 0; part < part_count; part++)
        layout.elements *= product_of(equation, parts[part]);
    int64_t inside = layout.elements;
    for (int part = 0; part <= part_count; part++) {
        const struct term *term = part < part_count ? parts[part] : alone;

        for (int a = 0; a < term->rank; a++) {
            const int letter = term->letters[a];

            copy.dim[copy.rank] = equation->length[letter];
            if (part < part_count && equation->length[letter] > 0)
                inside /= equation->length[letter];
            copy.input_stride[copy.rank] = part < part_count ? inside : 0;
            copy.output_stride[copy.rank++] = equation->stride[i][letter];
        }
    }
    movement_pack(&copy);
    layout.same = copy.rank == 1 && copy.dim[0] == layout.elements &&
                  (copy.dim[0] == 1 || (copy.input_stride[0] == 1 && copy.output_stride[0] == 1));
    layout.to = layout.back = copy;
    memcpy(layout.back.input_stride, copy.output_stride, sizeof copy.output_stride);
    memcpy(layout.back.output_stride, copy.input_stride, sizeof copy.input_stride);
    return layout;
}

/* Bit sets of terms. */
enum { FIRST = 1, SECOND = 2, RESULT = 1 << OUTPUT };

static void lay_out_product(struct einsum *plan, const struct equation *equation)
{
    const struct term batch = letters_of(equation, FIRST | SECOND | RESULT);
    const struct term rows = letters_of(equation, FIRST | RESULT),
                      columns = letters_of(equation, SECOND | RESULT);
    const struct term summed = letters_of(equation, FIRST | SECOND);
    const struct term alone[] = {letters_of(equation, FIRST), letters_of(equation, SECOND), {0}};

    plan->batch = product_of(equation, &batch);
    plan->m = product_of(equation, &rows);
    plan->n = product_of(equation, &columns);
    plan->k = product_of(equation, &summed);
    plan->layouts[0] = lay_out(equation, 0, (const struct term *[]){&batch, &rows, &summed}, 3, &alone[0]);
    plan->layouts[1] = lay_out(equation, 1, (const struct term *[]){&batch, &summed, &columns}, 3, &alone[1]);
    plan->layouts[OUTPUT] =
        lay_out(equation, OUTPUT, (const struct term *[]){&batch, &rows, &columns}, 3, &alone[2]);
}

/* A single operand goes straight to the output, which takes the place of the matrices. */
static void lay_out_sum(struct einsum *plan, const struct equation *equation)
{
    const struct term alone = letters_of(equation, FIRST);

    plan->layouts[0] = lay_out(equation, 0, (const struct term *[]){&equation->terms[OUTPUT]}, 1, &alone);
}

static size_t workspace_elements(const struct einsum *plan, bool backward)
{
    int64_t elements = 0, largest = 0;

    for (int i = 0; i <= OUTPUT; i++)
        elements += plan->layouts[i].elements;
    for (int i = 0; i < OPERANDS; i++)
        largest = plan->layouts[i].elements > largest ? plan->layouts[i].elements : largest;
    return (size_t)(elements + (backward ? largest : 0));
}

static status prepare_einsum(struct prepare *prepare, struct error *error)
{
    struct equation equation = {0};
    struct einsum *plan = arena_alloc(prepare->arena, 1, sizeof *plan);
    struct shape shape = {0};

    if (plan == NULL)
        return error_memory(error);
    if (check_reals(prepare, 0, prepare->input_count, error) != STATUS_OK)
        return error->code;
    if (prepare->input_count > OPERANDS)
        return error_set(error, STATUS_UNSUPPORTED,
                         "products of %d operands are not supported, at most of %d", prepare->input_count,
                         OPERANDS);
    if (read_equation(&equation, prepare, &shape, error) != STATUS_OK)
        return error->code;
    plan->operands = equation.operands;
    if (plan->operands == OPERANDS) {
        lay_out_product(plan, &equation);
        prepare->workspace =
            workspace_elements(plan, prepare->backward) * element_size(prepare->inputs[0].type);
        prepare_work(prepare, shape_elements(&shape), plan->k);
    } else {
        lay_out_sum(plan, &equation);
    }
    plan->plain = prepare->kernel == KERNEL_REFERENCE || !matrix_fits(plan->m, plan->n, plan->k);
    prepare->outputs[0] = (struct operand){.type = prepare->inputs[0].type, .shape = shape};
    prepare->plan = plan;
    return STATUS_OK;
}

const struct op operators_einsum[] = {
    {"Einsum",
     12,
     1,
     NODE_MAX_OPERANDS,
     1,
     OPERATOR_VARIADIC,
     prepare_einsum,
     {[ELEMENT_FLOAT] = {einsum_forward_float, einsum_backward_float},
      [ELEMENT_DOUBLE] = {einsum_forward_double, einsum_backward_double}}},
    {0},
};
