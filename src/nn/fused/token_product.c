/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Products of two activations, as attention has them: each operand is read where it lies, through all that
 * slices, transposes, reshapes or scales it, and the product is written where the steps behind it would have
 * moved it. The steps between are left out when nobody else reads what they make.
 *
 * Which products there are is found before steps are made, since the steps that move come first. */
#include "nn/fused/token_product.h"

#include "base/memory.h"
#include "base/status.h"
#include "nn/execution/execution.h"
#include "nn/fused/recognise_internal.h"
#include "nn/fused/token_view.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/operator/matrix.h"

/* A matrix within a value: element (i, j) of product number q is at[q] + i * row + j * column. */
struct matrices {
    int value;
    const int64_t *at;
    int64_t row, column;
    bool whole; /* all products together are the value, each element once */
    bool add;   /* backward: its gradient is there already */
};

struct product {
    int64_t products, m, n, k;
    float factor;
    struct matrices a, b, c;
};

/* --- finding -------------------------------------------------------------------------------------------- */

static const struct shape *shape_at(const struct fused *fused, int value)
{
    return &fused->engine.values[value].shape;
}

static bool multiplies(const struct fused *fused, int p)
{
    const struct node *node = engine_node(&fused->engine, p);
    if (!plan_step_is(fused, p, "MatMul"))
        return false;
    for (int i = 0; i < 2; i++)
        if (value_is_constant(fused, node->inputs[i]) || shape_at(fused, node->inputs[i])->rank < 2 ||
            fused->engine.values[node->inputs[i]].type != ELEMENT_FLOAT)
            return false;
    return shape_elements(shape_at(fused, node->outputs[0])) > 0;
}

/* One stride of a stored matrix is 1, the other one at least the length of what lies beside each other. */
static bool is_stored(const struct matrices *matrices, int64_t rows, int64_t columns)
{
    return (matrices->column == 1 && matrices->row >= columns) ||
           (matrices->row == 1 && matrices->column >= rows);
}

/* A dimension of 1 has any stride: one that makes a stored matrix of it. */
static void set_strides(struct matrices *matrices, const struct atom *row, const struct atom *column,
                        int64_t rows, int64_t columns)
{
    matrices->row = row->stride;
    matrices->column = column->stride;
    if (rows == 1 && columns == 1)
        matrices->row = matrices->column = 1;
    else if (rows == 1)
        matrices->row = column->stride == 1 ? columns : 1;
    else if (columns == 1)
        matrices->column = row->stride == 1 ? rows : 1;
}

/* The matrices of a view, for products that are numbered by the leading dimensions of `full`. */
static bool find_matrices(const struct fused *fused, const struct view *view, const struct shape *full,
                          int64_t products, struct matrices *matrices)
{
    struct atom row, column;
    const int rank = view->rank;
    if (!view_atom(view, rank - 2, &row) || !view_atom(view, rank - 1, &column))
        return false;
    set_strides(matrices, &row, &column, row.count, column.count);
    matrices->value = view->base;
    matrices->whole = shape_elements(shape_at(fused, view->base)) == products * row.count * column.count;
    int64_t *at = arena_alloc(fused->engine.arena, (size_t)products, sizeof *at);
    matrices->at = at;
    for (int64_t q = 0; at && q < products; q++) {
        int64_t rest = q;
        at[q] = view->offset;
        for (int d = full->rank - 3, e = rank - 3; d >= 0; d--, e--) {
            const int64_t index = rest % full->dim[d];
            rest /= full->dim[d];
            int64_t size = 1;
            for (int i = 0, first = 0; e >= 0 && i <= e; first += view->atoms[i++])
                if (i == e)
                    for (int k = first; k < first + view->atoms[i]; k++)
                        size *= view->atom[k].count;
            if (e >= 0 && size > 1)
                at[q] += view_at(view, e, index);
        }
    }
    return at && is_stored(matrices, row.count, column.count);
}

static bool find_operand(const struct fused *fused, const int *producer, int value, const struct shape *full,
                         struct product *product, struct matrices *matrices)
{
    const struct view traced = view_trace(fused, producer, value), own = view_of(fused, value);
    if (find_matrices(fused, &traced, full, product->products, matrices)) {
        product->factor *= (float)traced.factor;
        return true;
    }
    return find_matrices(fused, &own, full, product->products, matrices);
}

/* Where the elements of a value lie in another one that `view` makes of it: a view of the latter, with the
 * former's dimensions. Only of views that move everything. */
static bool turn_view(const struct fused *fused, const struct view *view, int to, struct view *turned)
{
    const struct shape *from = shape_at(fused, view->base);
    *turned = (struct view){.base = to, .factor = 1, .rank = from->rank};
    int64_t stride = 1;
    for (int d = 0; d < from->rank; d++)
        stride *= from->dim[d];
    for (int d = 0; d < from->rank; d++) {
        const int64_t above = stride;
        stride /= from->dim[d];
        /* The atoms between the two strides, the largest first, each with its place in `to`. */
        for (int64_t at = above; at > stride;) {
            int found = NOTHING;
            int64_t place = 1, found_place = 1;
            for (int i = view->atom_count - 1; i >= 0; place *= view->atom[i--].count)
                if (view->atom[i].count > 1 && view->atom[i].stride * view->atom[i].count == at) {
                    found = i;
                    found_place = place;
                }
            if (found == NOTHING || view->atom[found].stride < stride || turned->atom_count >= ATOMS_MOST)
                return false;
            turned->atom[turned->atom_count++] = (struct atom){view->atom[found].count, found_place};
            turned->atoms[d]++;
            at = view->atom[found].stride;
        }
        if (turned->atoms[d] == 0) {
            if (turned->atom_count >= ATOMS_MOST)
                return false;
            turned->atom[turned->atom_count++] = (struct atom){1, 0};
            turned->atoms[d] = 1;
        }
    }
    return true;
}

/* Follow what moves the product, as far as its rows stay rows. */
static bool find_result(const struct fused *fused, int value, struct product *product)
{
    const struct shape *full = shape_at(fused, value);
    struct view view = view_of(fused, value), turned;
    struct matrices next;
    if (!find_matrices(fused, &view, full, product->products, &product->c))
        return false;
    for (int at = value, p; (p = sole_user(fused, at)) != NOTHING;) {
        if (plan_step_is(fused, p, "Slice") || plan_step_is(fused, p, "Split") ||
            plan_step_is(fused, p, "Mul") || plan_step_is(fused, p, "Div") ||
            !view_follow(fused, p, 0, &view))
            break;
        at = engine_node(&fused->engine, p)->outputs[0];
        if (turn_view(fused, &view, at, &turned) &&
            find_matrices(fused, &turned, full, product->products, &next) && next.column == 1)
            product->c = next;
    }
    return product->c.column == 1;
}

static struct product *find_product(const struct fused *fused, const int *producer, int p)
{
    const struct node *node = engine_node(&fused->engine, p);
    const struct shape *full = shape_at(fused, node->outputs[0]), *a = shape_at(fused, node->inputs[0]);
    struct product *product = arena_alloc(fused->engine.arena, 1, sizeof *product);
    if (!product)
        return NULL;
    product->m = full->dim[full->rank - 2];
    product->n = full->dim[full->rank - 1];
    product->k = a->dim[a->rank - 1];
    product->products = shape_elements(full) / (product->m * product->n);
    product->factor = 1;
    const bool fits = matrix_fits(product->m, product->n, product->k) &&
                      find_operand(fused, producer, node->inputs[0], full, product, &product->a) &&
                      find_operand(fused, producer, node->inputs[1], full, product, &product->b) &&
                      find_result(fused, node->outputs[0], product);
    return fits ? product : NULL;
}

/* --- what is left out ----------------------------------------------------------------------------------- */

static bool moves(const struct fused *fused, int p)
{
    struct view view = view_of(fused, engine_node(&fused->engine, p)->inputs[0]);
    const struct node *node = engine_node(&fused->engine, p);
    if (value_is_constant(fused, node->inputs[0]) && node->input_count > 1)
        view = view_of(fused, node->inputs[1]);
    return view_follow(fused, p, 0, &view);
}

static bool is_unread(const struct fused *fused, const int *readers, const struct node *node)
{
    for (int i = 0; i < node->output_count; i++) {
        const int v = node->outputs[i];
        if (v != VALUE_NONE && (readers[v] > 0 || fused->values[v].pinned || fused->values[v].watched ||
                                v == fused->engine.output))
            return false;
    }
    return true;
}

/* The steps behind a product, up to where it is written. */
static void drop_behind(struct fused *fused, int value, int written)
{
    while (value != written) {
        const int p = sole_user(fused, value);
        fused->absorbed[p] = true;
        value = engine_node(&fused->engine, p)->outputs[0];
    }
}

/* Readers of each value once products read their operands where they lie; then what moves and has none is
 * left out, from the last on. */
static void drop_unread(struct fused *fused, int *readers)
{
    const struct plan *plan = fused->engine.plan;
    for (int p = 0; p < plan->step_count; p++) {
        const struct node *node = engine_node(&fused->engine, p);
        const struct product *product = fused->products[p];
        for (int i = 0; i < node->input_count && !product; i++)
            if (node->inputs[i] != VALUE_NONE)
                readers[node->inputs[i]]++;
        if (product) {
            readers[product->a.value]++;
            readers[product->b.value]++;
        }
    }
    for (int p = plan->step_count - 1; p >= 0; p--) {
        const struct node *node = engine_node(&fused->engine, p);
        if (fused->absorbed[p] || fused->products[p] || !moves(fused, p) || !is_unread(fused, readers, node))
            continue;
        fused->absorbed[p] = true;
        for (int i = 0; i < node->input_count; i++)
            if (node->inputs[i] != VALUE_NONE)
                readers[node->inputs[i]]--;
    }
}

status products_find(struct fused *fused, const int *producer, struct error *error)
{
    const struct plan *plan = fused->engine.plan;
    bool any = false;
    fused->products = arena_alloc(fused->engine.arena, (size_t)plan->step_count, sizeof(struct product *));
    int *readers = mem_new((size_t)plan->graph->value_count, sizeof *readers);
    if (!fused->products || !readers) {
        mem_free(readers);
        return error_memory(error);
    }
    for (int p = 0; p < plan->step_count; p++) {
        if (fused->absorbed[p] || !multiplies(fused, p))
            continue;
        const struct product *product = find_product(fused, producer, p);
        fused->products[p] = product;
        any = any || product;
        if (product)
            drop_behind(fused, engine_node(&fused->engine, p)->outputs[0], product->c.value);
    }
    if (any)
        drop_unread(fused, readers);
    mem_free(readers);
    return STATUS_OK;
}

status recognise_product(struct fused *fused, int p, bool *made, struct error *error)
{
    const struct product *product = fused->products[p];
    if (!product)
        return STATUS_OK;
    *made = true;
    struct fused_token *token = arena_alloc(fused->engine.arena, 1, sizeof *token);
    struct product *own = arena_alloc(fused->engine.arena, 1, sizeof *own);
    if (!token || !own)
        return error_memory(error);
    *own = *product;
    const struct constant_operand none = {NOTHING, 0};
    *token = (struct fused_token){
        .weight = none, .scale = none, .shift = none, .other = product->b.value, .product = own};
    if (value_in_form(fused, product->a.value, FORM_PLAIN, error) ||
        value_in_form(fused, product->b.value, FORM_PLAIN, error))
        return error->code;
    struct fused_step *step = step_new(fused, &kind_product, NOTHING, product->a.value, FORM_PLAIN);
    if (!step)
        return error_memory(error);
    step->token = token;
    step->output = product->c.value;
    step_absorb(fused, p, step->index);
    return step_makes(fused, step, step->output, FORM_PLAIN, error);
}

/* --- running -------------------------------------------------------------------------------------------- */

struct matrix {
    float *data;
    int64_t row, column;
};

static struct matrix matrix_of(const struct matrices *matrices, float *data, int64_t q)
{
    return (struct matrix){data + matrices->at[q], matrices->row, matrices->column};
}

static struct matrix transposed(struct matrix matrix)
{
    return (struct matrix){matrix.data, matrix.column, matrix.row};
}

/* c (m, n) = factor * a (m, k) * b (k, n) + keep * c, each stored by rows or by columns. */
static void multiply(int64_t m, int64_t n, int64_t k, float factor, struct matrix a, struct matrix b,
                     float keep, struct matrix c)
{
    if (c.column != 1) {
        multiply(n, m, k, factor, transposed(b), transposed(a), keep, transposed(c));
        return;
    }
    const bool ta = a.column != 1, tb = b.column != 1;
    matrix_multiply_float(ta, tb, m, n, k, factor, a.data, ta ? a.column : a.row, b.data,
                          tb ? b.column : b.row, keep, c.data, c.row);
}

static void product_forward(struct fused *fused, const struct fused_step *step)
{
    const struct product *p = step->token->product;
    float *a = value_data(fused, p->a.value, FORM_PLAIN), *b = value_data(fused, p->b.value, FORM_PLAIN),
          *c = value_data(fused, p->c.value, FORM_PLAIN);
    for (int64_t q = 0; q < p->products; q++)
        multiply(p->m, p->n, p->k, p->factor, matrix_of(&p->a, a, q), matrix_of(&p->b, b, q), 0,
                 matrix_of(&p->c, c, q));
}

/* A gradient that all products fill is written, others are zeroed before and added to. */
static status open_gradient(struct fused *fused, struct fused_step *step, struct matrices *matrices,
                            struct error *error)
{
    if (!fused->values[matrices->value].exists)
        return STATUS_OK;
    status code = gradient_open(fused, step, matrices->value, FORM_PLAIN, &matrices->add, error);
    if (code == STATUS_OK && !matrices->add && !matrices->whole) {
        step->zeroed[step->zeroed_count++] = fused->values[matrices->value].gradient[FORM_PLAIN];
        matrices->add = true;
    }
    return code;
}

static status product_plan_backward(struct fused *fused, struct fused_step *step, struct error *error)
{
    struct product *p = step->token->product;
    const int arriving = fused->values[step->output].gradient[FORM_PLAIN];
    if (arriving == NOTHING || !(fused->values[p->a.value].exists || fused->values[p->b.value].exists))
        return STATUS_OK;
    step->backward = true;
    step->zeroed = arena_alloc(fused->engine.arena, 2, sizeof *step->zeroed);
    if (!step->zeroed)
        return error_memory(error);
    region_use(fused, arriving, backward_time(fused, step));
    value_use(fused, p->a.value, FORM_PLAIN, backward_time(fused, step));
    value_use(fused, p->b.value, FORM_PLAIN, backward_time(fused, step));
    status code = open_gradient(fused, step, &p->a, error);
    return code == STATUS_OK ? open_gradient(fused, step, &p->b, error) : code;
}

/* da = factor * dc b', db = factor * a' dc. */
static void product_backward(struct fused *fused, const struct fused_step *step)
{
    const struct product *p = step->token->product;
    float *a = value_data(fused, p->a.value, FORM_PLAIN), *b = value_data(fused, p->b.value, FORM_PLAIN),
          *dc = value_gradient(fused, p->c.value, FORM_PLAIN);
    float *da = fused->values[p->a.value].exists ? value_gradient(fused, p->a.value, FORM_PLAIN) : NULL;
    float *db = fused->values[p->b.value].exists ? value_gradient(fused, p->b.value, FORM_PLAIN) : NULL;
    for (int64_t q = 0; q < p->products; q++) {
        const struct matrix arriving = matrix_of(&p->c, dc, q);
        if (da)
            multiply(p->m, p->k, p->n, p->factor, arriving, transposed(matrix_of(&p->b, b, q)),
                     p->a.add ? 1 : 0, matrix_of(&p->a, da, q));
        if (db)
            multiply(p->k, p->n, p->m, p->factor, transposed(matrix_of(&p->a, a, q)), arriving,
                     p->b.add ? 1 : 0, matrix_of(&p->b, db, q));
    }
}

const struct fused_kind kind_product = {product_forward, product_plan_backward, product_backward};
