/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where products hold the images of a batch. */
#include <string.h>
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/simplify/batch_place.h"
#include "nn/simplify/batch_place_internal.h"

/* Images are on the leading axes of both operands alike, or on the rows of the first or on the columns of the
 * second alone. */
bool batch_matrix_product(struct batch_trace *trace, const struct node *node)
{
    const struct shape *a = batch_shape(trace, node->inputs[0]), *b = batch_shape(trace, node->inputs[1]);
    int rank = batch_shape(trace, node->outputs[0])->rank;
    struct batch_place first = batch_place_of(trace, node, 0), second = batch_place_of(trace, node, 1);
    if (first.axis < 0 && second.axis < 0)
        return batch_put_all(trace, node, batch_everywhere);
    if (a->rank < 2 || b->rank < 2 || first.axis == a->rank - 1 || second.axis == b->rank - 2)
        return false;
    struct batch_place place = first.axis >= 0 ? first : second;
    place.axis += rank - (first.axis >= 0 ? a->rank : b->rank);
    second.axis += second.axis >= 0 ? rank - b->rank : 0;
    if (first.axis >= 0 && second.axis >= 0)
        return place.axis < rank - 2 && batch_same_place(place, second) && batch_put_all(trace, node, place);
    int other = node->inputs[first.axis >= 0 ? 1 : 0];
    return (place.axis >= rank - 2 || batch_goes_beside(trace, other, place, rank)) &&
           batch_put_all(trace, node, place);
}

bool batch_general_product(struct batch_trace *trace, const struct node *node)
{
    struct batch_place place = batch_place_of(trace, node, 0);
    if (place.axis < 0 || batch_place_of(trace, node, 1).axis >= 0 ||
        batch_place_of(trace, node, 2).axis >= 0)
        return false;
    if (place.axis != (node_integer(node, "transA", 0) != 0 ? 1 : 0))
        return false;
    place.axis = 0;
    if (node->input_count > 2 && node->inputs[2] != VALUE_NONE &&
        !batch_goes_beside(trace, node->inputs[2], place, 2))
        return false;
    return batch_put_all(trace, node, place);
}

/* The equation names the images' axis by a letter, the same in all operands that have them and in the output,
 * and in no other. */
bool batch_einsum(struct batch_trace *trace, const struct node *node)
{
    const char *at = node_string(node, "equation", ""), *arrow = strstr(at, "->");
    char letter = 0;
    if (arrow == NULL || strpbrk(at, ". ") != NULL)
        return batch_apart(trace, node);
    for (int pass = 0; pass < 2; pass++) {
        const char *term = at;
        for (int i = 0; i < node->input_count; i++) {
            int axis = batch_place_of(trace, node, i).axis;
            size_t length = strcspn(term, ",-");
            if (pass == 0 && axis >= 0 && letter != 0 && term[axis] != letter)
                return false;
            if (pass == 0 && axis >= 0)
                letter = term[axis];
            if (pass == 1 && axis < 0 && letter != 0 && memchr(term, letter, length) != NULL)
                return false;
            term += length + 1;
        }
    }
    const char *found = letter != 0 ? strchr(arrow + 2, letter) : NULL;
    struct batch_place place = batch_everywhere;
    for (int i = 0; i < node->input_count; i++)
        if (batch_place_of(trace, node, i).axis >= 0) {
            struct batch_place own = batch_place_of(trace, node, i);
            if (place.axis >= 0 && (own.outer != place.outer || own.inner != place.inner))
                return false;
            place = own;
        }
    if (letter != 0 && found == NULL)
        return false;
    place.axis = letter != 0 ? (int)(found - arrow - 2) : -1;
    return batch_put_all(trace, node, place);
}
