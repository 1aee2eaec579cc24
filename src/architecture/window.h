/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Windows of convolutions and pooling that move over an image. */
#ifndef IPPRO_ARCHITECTURE_WINDOW_H
#define IPPRO_ARCHITECTURE_WINDOW_H

#include "architecture/architecture.h"

/* Height and width; pads are above, left, below, right, as ONNX has them. */
struct window {
    int64_t kernel[2], stride[2], dilation[2], pads[4];
};
/* SAME_PADDING of an even kernel is refused. */
status window_of(const struct layer_step *step, struct window *window, struct error *error);
/* Height and width of what comes out; channels as they go in. With SETTING_CEIL a last window that begins
 * within the image or the padding before it counts, as PyTorch counts. */
status window_shape(const struct layer_step *step, const struct feature_shape *in,
                    struct feature_shape *shape, struct error *error);

#endif
