/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libFuzzer's entry to the readers of checkpoints: PyTorch's two formats and safetensors, told apart by the
 * bytes themselves. A zip file's sums stop most changes, so the bytes are also tried as a bare pickle. */
#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "checkpoint/checkpoint.h"
#include "pickle/numpy.h"
#include "pickle/pickle.h"
#include "pickle/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static status look_at_array(void *argument, const struct pickle_step *steps, size_t at, bool *descend,
                            struct error *error)
{
    struct numpy_array array;
    struct error refused = {0};
    (void)argument;
    (void)descend;
    (void)error;
    if (numpy_is_array(steps[at].value))
        (void)numpy_array(steps[at].value, &array, &refused);
    return STATUS_OK;
}

static void read_pickle(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    const struct pickle_value *value;
    struct error error = {0};
    uint32_t count;
    size_t offset = 0;

    if (arena == NULL)
        return;
    if (pickle_read(arena, data, size, &offset, &value, &count, &error) == STATUS_OK)
        (void)pickle_walk(value, count, look_at_array, NULL, &error);
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct checkpoint *checkpoint;
    struct error error = {0};

    read_pickle(data, size);
    if (checkpoint_read_bytes("fuzzed.pth", data, size, &checkpoint, &error) == STATUS_OK)
        checkpoint_free(checkpoint);
    return 0;
}
