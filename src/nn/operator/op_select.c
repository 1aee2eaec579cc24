/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where: each element of the output is that of one of two inputs, as a condition says. All three broadcast.
 */
#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/broadcast.h"
#include "nn/operator/check.h"
#include "nn/operator/operator.h"

enum { CONDITION, CHOSEN, OTHER, WHERE_INPUTS };

#define KERNELS_INT64
#define KERNELS "nn/operator/op_select_kernels.h"
#include "nn/operator/typed.h"

static status prepare_where(struct prepare *prepare, struct error *error)
{
    const struct tensor *chosen = prepare->constant[CHOSEN], *other = prepare->constant[OTHER];
    struct broadcast *loops = arena_alloc(prepare->arena, 1, sizeof *loops);
    const struct shape *shapes[WHERE_INPUTS];
    struct shape shape;

    if (loops == NULL)
        return error_memory(error);
    if (prepare->inputs[CONDITION].type != ELEMENT_INT64)
        return error_set(error, STATUS_UNSUPPORTED, "the condition has type %s, expected booleans",
                         element_name(prepare->inputs[CONDITION].type));
    if (check_one_type(prepare, CHOSEN, WHERE_INPUTS, error) != STATUS_OK ||
        check_broadcast(prepare, CONDITION, WHERE_INPUTS, &shape, error) != STATUS_OK)
        return error->code;
    for (int i = 0; i < WHERE_INPUTS; i++)
        shapes[i] = &prepare->inputs[i].shape;
    if (!broadcast_make_of(loops, &shape, shapes, WHERE_INPUTS))
        return check_no_broadcast(shapes[CHOSEN], shapes[OTHER], error);
    prepare->outputs[0] = (struct operand){.type = prepare->inputs[CHOSEN].type, .shape = shape};
    prepare->file_type = chosen != NULL ? chosen->file_type : other != NULL ? other->file_type : 0;
    prepare->plan = loops;
    return STATUS_OK;
}

const struct op operators_select[] = {
    {"Where",
     9,
     WHERE_INPUTS,
     WHERE_INPUTS,
     1,
     OPERATOR_ELEMENTWISE,
     prepare_where,
     {[ELEMENT_FLOAT] = {where_forward_float, where_backward_float},
      [ELEMENT_DOUBLE] = {where_forward_double, where_backward_double},
      [ELEMENT_INT64] = {where_forward_int64, NULL}}},
    {0},
};
