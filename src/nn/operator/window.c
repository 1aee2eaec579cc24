/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Geometry of sliding windows, shared by convolution and pooling. */
#include "nn/operator/window.h"

#include <inttypes.h>
#include <string.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/operator/check.h"

/* Attributes beyond this are damage, and keep every sum below far from overflow. */
static const int64_t attribute_limit = INT32_MAX;

/* Output positions along one dimension; more is damage as well (an attribute of a few bytes may ask for any
 * number). */
static const int64_t position_limit = INT64_C(1) << 24;

enum padding { PADDING_NOTSET, PADDING_VALID, PADDING_SAME_UPPER, PADDING_SAME_LOWER, PADDING_KINDS };

static const char *const padding_names[PADDING_KINDS] = {"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"};

static status padding_kind(const struct prepare *prepare, enum padding *kind, struct error *error)
{
    const char *name = node_string(prepare->node, "auto_pad", padding_names[PADDING_NOTSET]);
    for (int i = 0; i < PADDING_KINDS; i++) {
        if (strcmp(name, padding_names[i]) == 0) {
            *kind = (enum padding)i;
            return STATUS_OK;
        }
    }
    return error_set(error, STATUS_UNSUPPORTED, "auto_pad \"%s\" is not supported", name);
}

static int64_t kernel_extent(const struct window *window, int d)
{
    return (window->kernel[d] - 1) * window->dilation[d] + 1;
}

static int64_t divide_up(int64_t a, int64_t b)
{
    return a / b + (a % b > 0);
}

/* auto_pad SAME: as many outputs as strides fit into the input, the padding shared out on both sides. */
static void pad_same(struct window *window, int d, bool upper)
{
    int64_t out = divide_up(window->in[d], window->stride[d]);
    int64_t total = (out - 1) * window->stride[d] + kernel_extent(window, d) - window->in[d];
    if (total < 0)
        total = 0;
    window->before[d] = upper ? total / 2 : total - total / 2;
    window->after[d] = total - window->before[d];
}

static status output_size(struct window *window, int d, bool ceil_mode, struct error *error)
{
    int64_t padded = window->in[d] + window->before[d] + window->after[d];
    int64_t room = padded - kernel_extent(window, d);
    if (room < 0)
        return error_set(error, STATUS_SHAPE,
                         "the kernel spans %" PRId64 " positions, but the padded input has only %" PRId64,
                         kernel_extent(window, d), padded);
    int64_t steps = ceil_mode ? divide_up(room, window->stride[d]) : room / window->stride[d];
    if (ceil_mode && steps * window->stride[d] >= window->in[d] + window->before[d])
        steps--; /* that window would hold nothing but padding */
    window->out[d] = steps + 1;
    if (window->out[d] > position_limit)
        return error_set(error, STATUS_RANGE,
                         "the output would have %" PRId64 " positions along one dimension", window->out[d]);
    return STATUS_OK;
}

/* Attributes in file order into the last `spatial` of three dimensions. */
static status read_attributes(const struct prepare *prepare, const int64_t *sizes, struct window *window,
                              struct error *error)
{
    int n = window->spatial, skip = WINDOW_DIMENSIONS - n;
    int64_t pads[2 * WINDOW_DIMENSIONS], named[WINDOW_DIMENSIONS];
    if (!sizes && !node_attribute(prepare->node, "kernel_shape"))
        return error_set(error, STATUS_SHAPE, "attribute kernel_shape is missing");
    if (check_integers(prepare, "kernel_shape", n, 0, 1, attribute_limit, named, error) ||
        check_integers(prepare, "strides", n, 1, 1, attribute_limit, window->stride + skip, error) ||
        check_integers(prepare, "dilations", n, 1, 1, attribute_limit, window->dilation + skip, error) ||
        check_integers(prepare, "pads", 2 * n, 0, 0, attribute_limit, pads, error))
        return error->code;
    for (int i = 0; i < n; i++) {
        int d = skip + i;
        window->kernel[d] = sizes ? sizes[i] : named[i];
        window->before[d] = pads[i];
        window->after[d] = pads[n + i];
        if (sizes && named[i] != 0 && named[i] != sizes[i])
            return error_set(error, STATUS_SHAPE,
                             "kernel_shape says %" PRId64 ", but the weight has %" PRId64, named[i],
                             sizes[i]);
        if (window->kernel[d] < 1 || window->kernel[d] > attribute_limit)
            return error_set(error, STATUS_SHAPE, "a kernel of size %" PRId64 " is not possible",
                             window->kernel[d]);
    }
    return STATUS_OK;
}

/* The node's attributes, with ones in front where the file has fewer than three dimensions. */
static status window_start(const struct prepare *prepare, const int64_t *sizes, struct window *window,
                           enum padding *padding, struct error *error)
{
    const struct shape *shape = &prepare->inputs[0].shape;
    if (shape->rank < 3)
        return error_set(error, STATUS_SHAPE, "the input has rank %d, expected at least 3", shape->rank);
    if (shape->rank > 2 + WINDOW_DIMENSIONS)
        return error_set(error, STATUS_UNSUPPORTED,
                         "%d spatial dimensions are not supported (at most %d are)", shape->rank - 2,
                         WINDOW_DIMENSIONS);
    *window = (struct window){.spatial = shape->rank - 2};
    for (int d = 0; d < WINDOW_DIMENSIONS; d++)
        window->in[d] = window->out[d] = window->kernel[d] = window->stride[d] = window->dilation[d] = 1;
    *padding = PADDING_NOTSET;
    if (read_attributes(prepare, sizes, window, error))
        return error->code;
    return padding_kind(prepare, padding, error);
}

status window_prepare(const struct prepare *prepare, const int64_t *sizes, struct window *window,
                      struct error *error)
{
    enum padding padding;
    if (window_start(prepare, sizes, window, &padding, error))
        return error->code;
    int skip = WINDOW_DIMENSIONS - window->spatial;
    bool ceil_mode = !sizes && node_integer(prepare->node, "ceil_mode", 0) != 0;
    for (int d = skip; d < WINDOW_DIMENSIONS; d++) {
        window->in[d] = prepare->inputs[0].shape.dim[2 + d - skip];
        if (padding == PADDING_VALID)
            window->before[d] = window->after[d] = 0;
        else if (padding != PADDING_NOTSET)
            pad_same(window, d, padding == PADDING_SAME_UPPER);
        if (output_size(window, d, ceil_mode, error))
            return error->code;
    }
    return STATUS_OK;
}

/* What is cut off on both sides so that `wanted` of the `full` positions are left. */
static void cut_to(struct window *window, int d, int64_t full, int64_t wanted, bool upper)
{
    int64_t total = full > wanted ? full - wanted : 0;
    window->before[d] = upper ? total / 2 : total - total / 2;
    window->after[d] = total - window->before[d];
}

/* The transposed size along one dimension: as far as all windows reach, less what is cut off. `wanted`: from
 * output_shape, 0 without. */
static status transposed_size(struct window *window, int d, enum padding padding, int64_t more,
                              int64_t wanted, struct error *error)
{
    int64_t full = (window->out[d] - 1) * window->stride[d] + kernel_extent(window, d) + more;
    bool same = padding == PADDING_SAME_UPPER || padding == PADDING_SAME_LOWER;
    if (more >= window->stride[d] && more >= window->dilation[d])
        return error_set(error, STATUS_RANGE,
                         "output_padding %" PRId64 " is not less than the stride or the dilation", more);
    if (padding == PADDING_VALID)
        window->before[d] = window->after[d] = 0;
    if (wanted == 0 && same)
        wanted = window->out[d] * window->stride[d];
    if (wanted > 0)
        cut_to(window, d, full, wanted, padding == PADDING_SAME_UPPER);
    window->in[d] = wanted > 0 ? wanted : full - window->before[d] - window->after[d];
    if (window->in[d] < 1 || window->in[d] > position_limit)
        return error_set(error, STATUS_RANGE,
                         "the output would have %" PRId64 " positions along one dimension", window->in[d]);
    return STATUS_OK;
}

/* output_shape may name batch and channels as well. */
static status read_output_shape(const struct prepare *prepare, int spatial, int64_t *wanted,
                                struct error *error)
{
    const struct attribute *attribute = node_attribute(prepare->node, "output_shape");
    int64_t all[2 + WINDOW_DIMENSIONS];
    bool whole = attribute && attribute->count == (size_t)spatial + 2;
    int skip = whole ? 2 : 0;
    if (check_integers(prepare, "output_shape", skip + spatial, 0, 1, position_limit, all, error))
        return error->code;
    for (int i = 0; i < spatial; i++)
        wanted[i] = all[skip + i];
    return STATUS_OK;
}

status window_prepare_transposed(const struct prepare *prepare, const int64_t *sizes, struct window *window,
                                 struct error *error)
{
    int64_t more[WINDOW_DIMENSIONS], wanted[WINDOW_DIMENSIONS];
    enum padding padding;
    if (window_start(prepare, sizes, window, &padding, error) ||
        check_integers(prepare, "output_padding", window->spatial, 0, 0, attribute_limit, more, error) ||
        read_output_shape(prepare, window->spatial, wanted, error))
        return error->code;
    int skip = WINDOW_DIMENSIONS - window->spatial;
    for (int d = skip; d < WINDOW_DIMENSIONS; d++) {
        window->out[d] = prepare->inputs[0].shape.dim[2 + d - skip];
        if (window->out[d] < 1 || window->out[d] > position_limit)
            return error_set(error, STATUS_RANGE, "the input has %" PRId64 " positions along one dimension",
                             window->out[d]);
        if (transposed_size(window, d, padding, more[d - skip], wanted[d - skip], error))
            return error->code;
    }
    return STATUS_OK;
}

static struct shape spatial_shape(const struct prepare *prepare, const struct window *window,
                                  int64_t channels, const int64_t *sizes)
{
    struct shape shape = {.rank = 2 + window->spatial, .dim = {prepare->inputs[0].shape.dim[0], channels}};
    for (int i = 0; i < window->spatial; i++)
        shape.dim[2 + i] = sizes[WINDOW_DIMENSIONS - window->spatial + i];
    return shape;
}

struct shape window_output(const struct prepare *prepare, const struct window *window, int64_t channels)
{
    return spatial_shape(prepare, window, channels, window->out);
}

struct shape window_input(const struct prepare *prepare, const struct window *window, int64_t channels)
{
    return spatial_shape(prepare, window, channels, window->in);
}

status window_taps(const struct window *window, struct arena *arena, struct taps *taps, struct error *error)
{
    for (int d = 0; d < WINDOW_DIMENSIONS; d++) {
        struct tap *list = arena_alloc(arena, (size_t)window->kernel[d], sizeof *list);
        if (!list)
            return error_memory(error);
        int64_t stride = window->stride[d];
        for (int64_t k = 0; k < window->kernel[d]; k++) {
            int64_t shift = k * window->dilation[d] - window->before[d];
            int64_t low = shift < 0 ? divide_up(-shift, stride) : 0;
            int64_t high = shift < window->in[d] ? divide_up(window->in[d] - shift, stride) : 0;
            if (high > window->out[d])
                high = window->out[d];
            list[k] = (struct tap){shift, low, high > low ? high : low};
        }
        taps->at[d] = list;
    }
    return STATUS_OK;
}

struct window window_turned(const struct window *window)
{
    struct window turned = *window;
    for (int d = 0; d < WINDOW_DIMENSIONS; d++) {
        int64_t extent = kernel_extent(window, d);
        turned.in[d] = window->out[d];
        turned.out[d] = window->in[d];
        turned.before[d] = extent - 1 - window->before[d];
        turned.after[d] = extent - 1 - window->after[d];
    }
    return turned;
}
