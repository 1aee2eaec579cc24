/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The copies of movement.h for one element type (typed.h): boxes (dim[0], dim[1], ...) of an input go to an
 * output, each side with its own strides. */

/* One innermost row: to[i * to_stride] = from[i * from_stride]. */
static void TYPED(copy_row)(REAL *to, int64_t to_stride, const REAL *from, int64_t from_stride, int64_t count)
{
    if (to_stride == 1 && from_stride == 1)
        memcpy(to, from, (size_t)count * sizeof(REAL));
    else
        for (int64_t i = 0; i < count; i++)
            to[i * to_stride] = from[i * from_stride];
}

/* to[at strides of the output] = from[at strides of the input], for every index of the box. */
static void TYPED(copy_box)(const struct copy *copy, REAL *to, const REAL *from)
{
    const int last = copy->rank - 1;
    struct position at = position_start(copy);

    if (!copy_is_empty(copy))
        do
            TYPED(copy_row)(to + at.output, copy->output_stride[last], from + at.input,
                            copy->input_stride[last], copy->dim[last]);
        while (position_next(copy, &at));
}

void TYPED(movement_forward)(const struct kernel_call *call)
{
    const struct movement *movement = call->plan;
    const int64_t elements = shape_elements(&call->outputs[0].shape);
    const REAL fill = TYPED(fill)(movement);
    REAL *filled = call->outputs[0].data;

    for (int64_t i = 0; movement->fill && i < elements; i++)
        filled[i] = fill;
    for (int c = 0; c < movement->count; c++) {
        const struct copy *copy = &movement->copies[c];

        if (call->outputs[copy->output].data != NULL)
            TYPED(copy_box)(copy, call->outputs[copy->output].data, call->inputs[copy->input].data);
    }
}

#if HAS_GRADIENT
/* The gradient of copy_box: to[at strides of the input] += from[at strides of the output]. */
void TYPED(movement_add)(const struct copy *copy, REAL *to, const REAL *from)
{
    const int last = copy->rank - 1;
    const int64_t to_stride = copy->input_stride[last], from_stride = copy->output_stride[last];
    struct position at = position_start(copy);

    if (copy_is_empty(copy))
        return;
    do
        for (int64_t i = 0; i < copy->dim[last]; i++)
            to[at.input + i * to_stride] += from[at.output + i * from_stride];
    while (position_next(copy, &at));
}

void TYPED(movement_backward)(const struct kernel_call *call)
{
    const struct movement *movement = call->plan;

    for (int c = 0; c < movement->count; c++) {
        const struct copy *copy = &movement->copies[c];

        if (call->input_gradients[copy->input].data != NULL &&
            call->output_gradients[copy->output].data != NULL)
            TYPED(movement_add)(copy, call->input_gradients[copy->input].data,
                                call->output_gradients[copy->output].data);
    }
}
#endif
