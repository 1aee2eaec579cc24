/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of a table in order. */
#include "lua/internal.h"

#include <stdlib.h>

/* Compared by its name, which comes first. */
struct place {
    const char *name; /* kept by the array of keys */
    lua_Integer index;
};

void push_sorted_keys(lua_State *L, int index, int (*compare)(const void *a, const void *b))
{
    lua_Integer count = 0;
    lua_newtable(L);
    int keys = lua_gettop(L);
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            continue;
        lua_pushvalue(L, -2);
        lua_rawseti(L, keys, ++count);
    }
    struct place *places = script_alloc(L, (size_t)count, sizeof *places);
    for (lua_Integer i = 0; i < count; i++) {
        lua_rawgeti(L, keys, i + 1);
        places[i] = (struct place){lua_tostring(L, -1), i + 1};
        lua_pop(L, 1);
    }
    stop_check(L);
    if (count)
        qsort(places, (size_t)count, sizeof *places, compare);
    lua_newtable(L);
    for (lua_Integer i = 0; i < count; i++) {
        lua_rawgeti(L, keys, places[i].index);
        lua_rawseti(L, -2, i + 1);
    }
    lua_replace(L, keys);
    lua_settop(L, keys);
}
