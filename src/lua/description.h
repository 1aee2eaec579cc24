/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Describing networks in Lua. */
#ifndef IPPRO_LUA_DESCRIPTION_H
#define IPPRO_LUA_DESCRIPTION_H

#include "architecture/architecture.h"
#include "lua/internal.h"

/* What a description is given: where layers are added. */
struct builder {
    struct architecture *architecture; /* counted */
    char *prefix;                      /* of all names; owned */
    int input;                         /* value */
};
/* What a layer makes. */
struct features {
    struct architecture *architecture; /* counted */
    int value;
};

void description_kinds_new(lua_State *L);
/* Push a builder of its own for an architecture, which it holds; `input` is its n.input. */
struct builder *push_builder(lua_State *L, struct architecture *architecture, const char *prefix, int input);
/* The number of a value of the builder's network; raises an error for anything else. */
int check_value(lua_State *L, const struct builder *builder, int index);
/* The pointer itself; raises an error when it is NULL. */
void *check_memory(lua_State *L, void *pointer);
int ippro_network(lua_State *L); /* ippro.network{...}: its name */
/* Push the function that describes a network; false, and nothing, where there is none. */
bool push_description(lua_State *L, const char *name);
/* Run the files of networks, the user's and the program's, that were not run yet or have changed. What goes
 * wrong in one is kept with its path (network_problems). */
void bring_networks(lua_State *L);
/* Add what is wrong with files of networks, one line each. */
void network_problems(lua_State *L, struct text *problems);

#endif
