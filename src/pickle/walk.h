/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Going through all that a pickle holds, each value once, however they refer to each other: those that lie
 * less deep first, and among them in the order of the file. */
#ifndef IPPRO_PICKLE_WALK_H
#define IPPRO_PICKLE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"
#include "base/text.h"
#include "pickle/pickle.h"

/* A value where it was met first. */
struct pickle_step {
    const struct pickle_value *value;
    const struct pickle_value *key; /* of the dict it is in, or NULL */
    size_t index;                   /* place in a list or tuple */
    size_t parent;                  /* the step before; of the first one itself */
    bool inside;                    /* part of an object, not one of its elements: no word of the path */
};

/* `steps` are all so far, the value is in steps[at]. What is in it is passed over unless *descend, which is
 * true at first. Anything but STATUS_OK ends the walk and is its result. */
typedef status (*pickle_visit)(void *argument, const struct pickle_step *steps, size_t at, bool *descend,
                               struct error *error);

/* count: of pickle_read. */
status pickle_walk(const struct pickle_value *root, uint32_t count, pickle_visit visit, void *argument,
                   struct error *error);

/* The keys that lead to a step: "checkpoint.state_dict", "models[0]"; nothing for the first. */
void pickle_add_path(const struct pickle_step *steps, size_t at, struct text *text);

#endif
