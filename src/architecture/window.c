/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "architecture/window.h"

#include "base/status.h"

status window_of(const struct layer_step *step, struct window *window, struct error *error)
{
    for (int i = 0; i < 2; i++) {
        window->kernel[i] = (int64_t)step->settings[SETTING_KERNEL][i];
        window->stride[i] = (int64_t)step->settings[SETTING_STRIDE][i];
        window->dilation[i] = (int64_t)step->settings[SETTING_DILATION][i];
        int64_t padding = (int64_t)step->settings[SETTING_PADDING][i];
        const int64_t reach = window->dilation[i] * (window->kernel[i] - 1);
        if (padding == SAME_PADDING && reach % 2)
            return error_set(error, STATUS_USAGE, "its kernel is even: say how much padding it has");
        window->pads[i] = window->pads[i + 2] = padding == SAME_PADDING ? reach / 2 : padding;
    }
    return STATUS_OK;
}

static int64_t places(const struct window *window, int axis, int64_t size, bool ceil)
{
    const int64_t stride = window->stride[axis], before = window->pads[axis];
    const int64_t room =
        size + before + window->pads[axis + 2] - window->dilation[axis] * (window->kernel[axis] - 1) - 1;
    if (room < 0)
        return 0;
    int64_t count = (ceil ? room + stride - 1 : room) / stride + 1;
    return ceil && (count - 1) * stride >= size + before ? count - 1 : count;
}

status window_shape(const struct layer_step *step, const struct feature_shape *in,
                    struct feature_shape *shape, struct error *error)
{
    struct window window;
    const bool ceil = step->settings[SETTING_CEIL][0] != 0;
    status code = window_of(step, &window, error);
    if (code != STATUS_OK)
        return code;
    if (in->flat)
        return error_set(error, STATUS_SHAPE, "its input is flat");
    *shape = *in;
    shape->height = places(&window, 0, in->height, ceil);
    shape->width = places(&window, 1, in->width, ceil);
    return shape->height > 0 && shape->width > 0
               ? STATUS_OK
               : error_set(error, STATUS_SHAPE, "its window is larger than its input, %lldx%lld",
                           (long long)in->height, (long long)in->width);
}
