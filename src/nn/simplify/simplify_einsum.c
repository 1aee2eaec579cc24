/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Products that a file writes as Einsum, as MatMul with transposed operands where that says the same: then
 * constant operands are layers, and products of activations are coupled as those of any other file.
 *
 * A MatMul multiplies matrices along one letter, with one letter for rows and one for columns; letters in
 * front number the matrices, and an operand may lack the first of them. */
#include "nn/simplify/simplify_internal.h"
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"

enum { LEFT, RIGHT, RESULT, TERMS };

/* Letters, one for each axis. */
struct axes {
    char letters[TENSOR_MAX_RANK];
    int count;
};

struct product {
    struct graph *graph;
    const char *separator;
    struct arena *arena;
    int node;
    int inputs[2];             /* in the order in which MatMul takes them */
    struct axes given[TERMS];  /* as the equation has them */
    struct axes wanted[TERMS]; /* as MatMul takes and makes them */
};

static int position(const struct axes *axes, char letter)
{
    const char *found = memchr(axes->letters, letter, (size_t)axes->count);

    return found != NULL ? (int)(found - axes->letters) : -1;
}

static bool add(struct axes *axes, char letter)
{
    if (axes->count == TENSOR_MAX_RANK || position(axes, letter) >= 0)
        return false;
    axes->letters[axes->count++] = letter;
    return true;
}

/* Two operands and an output, with every letter once in each, and nothing else. */
static bool read_equation(struct product *product, const char *text)
{
    int term = LEFT;

    for (; *text != '\0'; text++) {
        const bool is_letter = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z');

        if (is_letter && !add(&product->given[term], *text))
            return false;
        if (*text == ',' && term++ != LEFT)
            return false;
        if (*text == '-' && (term++ != RIGHT || *++text != '>'))
            return false;
        if (!is_letter && strchr(" ,>", *text) == NULL)
            return false;
    }
    return term == RESULT;
}

/* The letters that exactly these terms have, in the order of the last of them. */
static struct axes common(const struct product *product, unsigned terms)
{
    struct axes found = {.count = 0};
    int last = RESULT;

    while (!(terms >> last & 1))
        last--;
    for (int i = 0; i < product->given[last].count; i++) {
        unsigned having = 0;

        for (int term = 0; term < TERMS; term++)
            having |= (unsigned)(position(&product->given[term], product->given[last].letters[i]) >= 0)
                      << term;
        if (having == terms)
            add(&found, product->given[last].letters[i]);
    }
    return found;
}

static void append(struct axes *axes, const struct axes *more, int first, int end)
{
    for (int i = first; i < end; i++)
        add(axes, more->letters[i]);
}

/* Constants stand on the right, where weights are; activations so that the output need not be turned. */
static void order_operands(struct product *product)
{
    const struct graph *graph = product->graph;
    const int *inputs = product->inputs, first = inputs[LEFT];
    const bool left = graph->values[inputs[LEFT]].constant != NULL,
               right = graph->values[inputs[RIGHT]].constant != NULL;
    const struct axes rows = common(product, 5), columns = common(product, 6), before = product->given[LEFT];
    const struct axes *result = &product->given[RESULT];
    const bool turned =
        rows.count > 0 && columns.count > 0 &&
        position(result, rows.letters[rows.count - 1]) > position(result, columns.letters[columns.count - 1]);

    if (right || !(left || turned))
        return;
    product->given[LEFT] = product->given[RIGHT];
    product->given[RIGHT] = before;
    product->inputs[LEFT] = inputs[RIGHT];
    product->inputs[RIGHT] = first;
}

/* The order of axes in which a MatMul multiplies; false where it cannot. */
static bool order_axes(struct product *product)
{
    const struct axes matrices = common(product, 7), rows = common(product, 5), columns = common(product, 6),
                      summed = common(product, 3), left = common(product, 1), right = common(product, 2);
    struct axes *wanted = product->wanted;

    if (summed.count != 1 || left.count > 0 || right.count > 0 || rows.count < 1 || columns.count < 1 ||
        (rows.count > 1 && columns.count > 1) || product->given[RESULT].count > TENSOR_MAX_RANK)
        return false;
    append(&wanted[LEFT], &rows, 0, rows.count - 1);
    append(&wanted[RIGHT], &columns, 0, columns.count - 1);
    append(&wanted[RESULT], &rows, 0, rows.count - 1);
    append(&wanted[RESULT], &columns, 0, columns.count - 1);
    for (int term = 0; term < TERMS; term++)
        append(&wanted[term], &matrices, 0, matrices.count);
    append(&wanted[LEFT], &rows, rows.count - 1, rows.count);
    append(&wanted[LEFT], &summed, 0, 1);
    append(&wanted[RIGHT], &summed, 0, 1);
    append(&wanted[RIGHT], &columns, columns.count - 1, columns.count);
    append(&wanted[RESULT], &rows, rows.count - 1, rows.count);
    append(&wanted[RESULT], &columns, columns.count - 1, columns.count);
    return true;
}

/* Einsum lets one element stand for many along the summed letter, MatMul does not. */
static bool lengths_fit(const struct product *product)
{
    const struct graph *graph = product->graph;
    int64_t length[2];

    for (int term = LEFT; term <= RIGHT; term++) {
        const struct shape *shape = &graph->values[product->inputs[term]].shape;

        if (shape->rank != product->given[term].count)
            return false;
        length[term] = shape->dim[position(&product->given[term],
                                           product->wanted[RIGHT].letters[product->wanted[RIGHT].count - 2])];
    }
    return length[LEFT] == length[RIGHT] && length[LEFT] > 0;
}

static bool same_order(const struct axes *a, const struct axes *b)
{
    return a->count == b->count && memcmp(a->letters, b->letters, (size_t)a->count) == 0;
}

/* A node that gives the axes of `from` the order of `to`. */
static status add_transpose(const struct product *product, const char *role, int input, int output,
                            const struct axes *from, const struct axes *to, struct error *error)
{
    int64_t order[TENSOR_MAX_RANK];
    const struct attribute perm = {
        .name = "perm", .kind = ATTRIBUTE_INTEGERS, .integers = order, .count = (size_t)to->count};
    const char *name = arena_format(product->arena, "%s%s%s", product->graph->nodes[product->node].name,
                                    product->separator, role);

    for (int i = 0; i < to->count; i++)
        order[i] = position(from, to->letters[i]);
    if (name == NULL ||
        graph_add_node(product->graph, name, operator_find("Transpose"), &input, 1, &output, 1, &perm, 1) < 0)
        return error_memory(error);
    return STATUS_OK;
}

static int new_value(const struct product *product, const char *role, int like)
{
    const struct shape unknown = {.rank = -1};
    const char *name =
        arena_format(product->arena, "%s%s%s%svalue", product->graph->nodes[product->node].name,
                     product->separator, role, product->separator);

    return name == NULL ? -1
                        : graph_add_value(product->graph, name, product->graph->values[like].type, &unknown);
}

static status write_product(const struct product *product, struct error *error)
{
    static const char *const roles[TERMS] = {"left", "right", "result"};
    struct graph *graph = product->graph;

    memcpy(graph->nodes[product->node].inputs, product->inputs, sizeof product->inputs);
    for (int term = 0; term < TERMS; term++) {
        const struct axes *given = &product->given[term], *wanted = &product->wanted[term];
        int *operand =
            term == RESULT ? graph->nodes[product->node].outputs : &graph->nodes[product->node].inputs[term];
        const int value = *operand;

        if (same_order(given, wanted))
            continue;
        const int made = new_value(product, roles[term], value);
        if (made < 0)
            return error_memory(error);
        *operand = made;
        if ((term == RESULT
                 ? add_transpose(product, roles[term], made, value, wanted, given, error)
                 : add_transpose(product, roles[term], value, made, given, wanted, error)) != STATUS_OK)
            return error->code;
    }
    graph->nodes[product->node].op = operator_find("MatMul");
    graph->nodes[product->node].attribute_count = 0;
    return STATUS_OK;
}

status einsum_to_products(struct graph *graph, const char *separator, struct arena *arena, bool *changed,
                          struct error *error)
{
    const int nodes = graph->node_count;

    *changed = false;
    for (int n = 0; n < nodes; n++) {
        struct product product = {.graph = graph, .separator = separator, .arena = arena, .node = n};
        const struct node *node = &graph->nodes[n];

        if (node->input_count == 2)
            memcpy(product.inputs, node->inputs, sizeof product.inputs);
        if (strcmp(node->op->name, "Einsum") != 0 || node->input_count != 2 ||
            !read_equation(&product, node_string(node, "equation", "")))
            continue;
        order_operands(&product);
        if (!order_axes(&product) || !lengths_fit(&product))
            continue;
        if (write_product(&product, error) != STATUS_OK)
            return error->code;
        *changed = true;
    }
    return *changed ? graph_finish(graph, error) : STATUS_OK;
}
