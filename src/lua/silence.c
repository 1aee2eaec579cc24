/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that scripts write by os and io, where another rank writes them (base/ranks.h): this one behaves as
 * if. */
#include "lua/internal.h"

#include <string.h>

#include "base/ranks.h"

/* io.open(name, mode); its upvalue is the library's own. */
static int open_file(lua_State *L)
{
    const char *mode = luaL_optstring(L, 2, "r");
    lua_settop(L, 2);
    if (strpbrk(mode, "wa+")) {
        lua_pushliteral(L, "/dev/null");
        lua_replace(L, 1);
    }
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 2, LUA_MULTRET);
    return lua_gettop(L);
}

/* io.output(name), or of a file, or of nothing. */
static int choose_output(lua_State *L)
{
    lua_settop(L, 1);
    if (lua_type(L, 1) == LUA_TSTRING) {
        lua_pushliteral(L, "/dev/null");
        lua_replace(L, 1);
    }
    const int given = lua_isnil(L, 1) ? 0 : 1;
    lua_settop(L, given);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, given, 1);
    return 1;
}

/* os.remove and os.rename. */
static int done_elsewhere(lua_State *L)
{
    lua_pushboolean(L, 1);
    return 1;
}

/* Over a field of the table on top. */
static void wrap(lua_State *L, const char *field, lua_CFunction function)
{
    lua_getfield(L, -1, field);
    lua_pushcclosure(L, function, 1);
    lua_setfield(L, -2, field);
}

void silence_open(lua_State *L)
{
    if (ranks_talks())
        return;
    lua_getglobal(L, "io");
    wrap(L, "open", open_file);
    wrap(L, "output", choose_output);
    lua_getglobal(L, "os");
    wrap(L, "remove", done_elsewhere);
    wrap(L, "rename", done_elsewhere);
    lua_pop(L, 2);
}
