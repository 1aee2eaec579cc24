/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Vectors: numbers of the program's own that a function of a script sees while it runs, and may change where
 * they are to be changed: v[i], #v, v:add(factor, other). */
#ifndef IPPRO_LUA_VECTOR_H
#define IPPRO_LUA_VECTOR_H

#include "lua/internal.h"
#include "nn/graph/tensor.h"
#include "score/layer.h"

/* A kind of handle: numbers that somebody else owns, and that are dead when they are not there. */
struct vector {
    void *data; /* NULL: dead */
    enum element_type real;
    int64_t count;
    bool writable;
    const char *when, *fixed; /* said of one that is dead, and of one that is not writable */
    /* Where elements k < length of channels c < channels are. channels 0: it belongs to no layer. */
    int64_t channels, length;
    struct filter_places places;
};

double vector_get(const struct vector *vector, int64_t index); /* from 0 on */
void vector_put(struct vector *vector, int64_t index, double value);
/* Set field `name` of the table on top to a vector like `what`, which is appended to the table at `kept`. */
void set_vector(lua_State *L, int kept, const char *name, const struct vector *what);

#endif
