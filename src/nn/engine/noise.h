/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Images made of noise, for what needs any images at all. */
#ifndef IPPRO_NN_ENGINE_NOISE_H
#define IPPRO_NN_ENGINE_NOISE_H

#include <stdint.h>
#include "nn/engine/engine.h"

/* Uniform from -range to range, the same at each call, in the first `images` images of engine_input. */
void engine_input_noise(struct engine *engine, int64_t images, enum element_type real, double range);

#endif
