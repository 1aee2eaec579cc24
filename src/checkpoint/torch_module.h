/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The names of tensors in an object: of a dict, and of a whole module, as its state_dict would name them. */
#ifndef IPPRO_CHECKPOINT_TORCH_MODULE_H
#define IPPRO_CHECKPOINT_TORCH_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/memory.h"
#include "base/status.h"
#include "pickle/pickle.h"

struct torch_weight {
    const char *name;
    const struct pickle_value *value; /* torch_is_tensor */
};

struct torch_weights {
    struct arena *arena;       /* of the names */
    struct torch_weight *list; /* the caller's (mem_free) */
    size_t count, capacity;
    size_t visits, most_visits; /* modules met, over all calls: those that contain each other end there */
};

/* Is it a module, of torch.nn or of TorchScript? */
bool torch_is_module(const struct pickle_value *value);
/* Its class, "models.resnet.ResNet"; "a module" where that is unknown. The arena's; NULL when memory is out.
 */
const char *torch_class_name(struct arena *arena, const struct pickle_value *callable);

/* Tensors of a dict whose keys are strings. */
size_t torch_count_tensors(const struct pickle_value *dict);
/* Add the tensors of a dict, or of a module: its parameters, its buffers, its modules, each in their order.
 * None and buffers that are not to be saved are left out. STATUS_FILE for names that are none. */
status torch_collect(struct torch_weights *weights, const struct pickle_value *value, struct error *error);

#endif
