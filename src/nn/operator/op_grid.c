/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GridSample: an image looked at where a grid says, between its pixels. As everywhere in interpolation rows
 * and columns are independent: each gives the points around a coordinate and their weights. */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/operator/check.h"
#include "nn/operator/operator.h"

enum { MOST_POINTS = 4 };

/* Pixels along one axis around a coordinate (-1: beyond the image, where all is 0), their weights, and how
 * these change with the grid's number. */
struct grid_points {
    int count;
    int64_t at[MOST_POINTS];
    double weights[MOST_POINTS], slopes[MOST_POINTS];
};

struct grid_place {
    struct grid_points columns, rows;
};

/* A coordinate in pixels, and its derivative after the grid's number. */
struct coordinate {
    double at, slope;
};

enum padding { PADDING_ZEROS, PADDING_BORDER, PADDING_REFLECTION, PADDINGS };

struct grid_mode;

struct grid {
    const struct grid_mode *mode;
    enum padding padding;
    bool corners; /* -1 and 1 are the middles of the outermost pixels, not their edges */
    int64_t batch, channels, height, width;
    int64_t positions, grid_step; /* positions of an image; 0 where all images have one grid */
};

/* How points around a coordinate are weighed. */
struct grid_mode {
    const char *name, *newer; /* before opset 20 and from it on */
    bool inside;              /* the coordinate is brought into the image first, not each point */
    void (*weigh)(double at, double slope, struct grid_points *points, double *first);
};

/* --- coordinates ---------------------------------------------------------------------------------------- */

/* Far beyond every image, and far from overflow; numbers that are none go there too. */
static const double FAR = 0x1p40;

/* Mirrored at both ends of low..high as often as it takes. */
static struct coordinate reflected(struct coordinate c, double low, double high)
{
    const double span = high - low, distance = fabs(c.at - low);
    if (!(span > 0))
        return (struct coordinate){low, 0};
    const double turns = floor(distance / span), rest = distance - turns * span;
    const double slope = c.at < low ? -c.slope : c.slope;
    return fmod(turns, 2) == 0 ? (struct coordinate){low + rest, slope}
                               : (struct coordinate){high - rest, -slope};
}

static struct coordinate padded(const struct grid *plan, int64_t length, struct coordinate c)
{
    const double last = (double)length - 1;
    if (plan->padding == PADDING_REFLECTION)
        c = plan->corners ? reflected(c, 0, last) : reflected(c, -0.5, last + 0.5);
    if (plan->padding != PADDING_ZEROS && !(c.at >= 0 && c.at <= last))
        c = (struct coordinate){c.at < 0 ? 0 : last, 0};
    return c;
}

static struct coordinate in_pixels(const struct grid *plan, int64_t length, double number)
{
    const double scale = plan->corners ? ((double)length - 1) / 2 : (double)length / 2;
    const double at = (number + 1) * scale - (plan->corners ? 0 : 0.5);
    if (!(at > -FAR && at < FAR))
        return (struct coordinate){at > 0 ? FAR : -FAR, 0};
    return (struct coordinate){at, scale};
}

/* --- weights -------------------------------------------------------------------------------------------- */

static void weigh_nearest(double at, double slope, struct grid_points *points, double *first)
{
    (void)slope;
    *first = nearbyint(at);
    points->count = 1;
    points->weights[0] = 1;
    points->slopes[0] = 0;
}

static void weigh_linear(double at, double slope, struct grid_points *points, double *first)
{
    *first = floor(at);
    points->count = 2;
    points->weights[1] = at - *first;
    points->weights[0] = 1 - points->weights[1];
    points->slopes[1] = slope;
    points->slopes[0] = -slope;
}

/* Keys' cubic with a = -0.75, and its derivative. */
static void weigh_cubic(double at, double slope, struct grid_points *points, double *first)
{
    const double a = -0.75, fraction = at - floor(at);
    *first = floor(at) - 1;
    points->count = 4;
    for (int i = 0; i < 4; i++) {
        const double x = fabs(fraction + 1 - i), sign = fraction + 1 - i < 0 ? -1 : 1;
        const bool near = i == 1 || i == 2;
        points->weights[i] =
            near ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
        points->slopes[i] =
            slope * sign * (near ? (3 * (a + 2) * x - 2 * (a + 3)) * x : (3 * a * x - 10 * a) * x + 8 * a);
    }
}

static const struct grid_mode modes[] = {
    {"bilinear", "linear", true, weigh_linear},
    {"nearest", "nearest", true, weigh_nearest},
    {"bicubic", "cubic", false, weigh_cubic},
};

/* All about one number of the grid along an axis of `length`. */
static void grid_axis(const struct grid *plan, int64_t length, double number, struct grid_points *points)
{
    struct coordinate c = in_pixels(plan, length, number);
    double first;
    if (plan->mode->inside)
        c = padded(plan, length, c);
    plan->mode->weigh(c.at, c.slope, points, &first);
    for (int i = 0; i < points->count; i++) {
        struct coordinate point = {first + i, 0};
        if (!plan->mode->inside)
            point = padded(plan, length, point);
        /* Halves come of reflecting beyond pixels' edges. */
        points->at[i] = point.at >= 0 && point.at <= (double)(length - 1) ? (int64_t)point.at : -1;
    }
}

#define KERNELS "nn/operator/op_grid_kernels.h"
#include "nn/operator/typed.h"

/* --- preparing ------------------------------------------------------------------------------------------ */

static status read_attributes(const struct prepare *prepare, struct grid *plan, struct error *error)
{
    static const char *const paddings[PADDINGS] = {"zeros", "border", "reflection"};
    const bool newer = prepare->opset >= 20;
    const char *mode = node_string(prepare->node, "mode", newer ? "linear" : "bilinear");
    const char *padding = node_string(prepare->node, "padding_mode", "zeros");
    plan->corners = node_integer(prepare->node, "align_corners", 0) != 0;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (strcmp(mode, newer ? modes[i].newer : modes[i].name) == 0)
            plan->mode = &modes[i];
    if (!plan->mode)
        return error_set(error, STATUS_UNSUPPORTED, "mode %s is not supported", mode);
    for (int i = 0; i < PADDINGS; i++)
        if (strcmp(padding, paddings[i]) == 0) {
            plan->padding = (enum padding)i;
            return STATUS_OK;
        }
    return error_set(error, STATUS_UNSUPPORTED, "padding_mode %s is not supported", padding);
}

static status prepare_grid(struct prepare *prepare, struct error *error)
{
    const struct shape *x = &prepare->inputs[0].shape, *grid = &prepare->inputs[1].shape;
    struct grid *plan = arena_alloc(prepare->arena, 1, sizeof *plan);
    if (!plan)
        return error_memory(error);
    if (check_reals(prepare, 0, 2, error) || check_size(x, "the input", error) ||
        check_size(grid, "the grid", error) || read_attributes(prepare, plan, error))
        return error->code;
    if (x->rank != 4 || grid->rank != 4)
        return error_set(error, STATUS_UNSUPPORTED,
                         "an input of rank %d and a grid of rank %d are not supported, only 4", x->rank,
                         grid->rank);
    if (grid->dim[3] != 2 || (grid->dim[0] != x->dim[0] && grid->dim[0] != 1))
        return error_set(error, STATUS_SHAPE,
                         "the grid has %" PRId64 " numbers for a position of %" PRId64
                         " images, expected 2 of %" PRId64,
                         grid->dim[3], grid->dim[0], x->dim[0]);
    plan->batch = x->dim[0];
    plan->channels = x->dim[1];
    plan->height = x->dim[2];
    plan->width = x->dim[3];
    plan->positions = grid->dim[1] * grid->dim[2];
    plan->grid_step = grid->dim[0] == x->dim[0] ? plan->positions : 0;
    prepare->outputs[0] = (struct operand){.type = prepare->inputs[0].type,
                                           .shape = {4, {x->dim[0], x->dim[1], grid->dim[1], grid->dim[2]}}};
    prepare_work(prepare, shape_elements(&prepare->outputs[0].shape), (int64_t)MOST_POINTS * MOST_POINTS);
    prepare->plan = plan;
    return check_size(&prepare->outputs[0].shape, "the output", error);
}

const struct op operators_grid[] = {
    {"GridSample",
     16,
     2,
     2,
     1,
     0,
     prepare_grid,
     {[ELEMENT_FLOAT] = {grid_forward_float, grid_backward_float},
      [ELEMENT_DOUBLE] = {grid_forward_double, grid_backward_double}}},
    {0},
};
