/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Noise as input. */
#include "nn/engine/noise.h"

#include "base/random.h"
#include "nn/graph/tensor.h"

void engine_input_noise(struct engine *engine, int64_t images, enum element_type real, double range)
{
    const int64_t elements = images * engine_input_elements(engine);
    void *input = engine_input(engine);
    struct random_state random;
    random_seed(&random, 1, 0);
    for (int64_t i = 0; i < elements; i++) {
        const double value = random_between(&random, -range, range);
        if (real == ELEMENT_FLOAT)
            ((float *)input)[i] = (float)value;
        else
            ((double *)input)[i] = value;
    }
}
