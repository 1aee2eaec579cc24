/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What scripts may and may not: libraries, metatables, collection. Loading is in load.c. */
#include "lua/internal.h"

#include <string.h>

/* --- metatables ----------------------------------------------------------------------------------------- */

/* Finalizers run wherever memory is asked for, in the middle of C too, and no hook stops them: scripts have
 * none. Metatables that are not their own are hidden, or a __gc would come in that way. */
static int safe_setmetatable(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    if (lua_istable(L, 2)) {
        lua_pushliteral(L, "__gc");
        lua_rawget(L, 2);
        if (!lua_isnil(L, -1))
            return luaL_error(L, "metatables of scripts have no __gc");
        lua_pop(L, 1);
    }
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 1);
    return 1;
}

void protect_metatable(lua_State *L, const char *shown)
{
    lua_pushstring(L, shown);
    lua_setfield(L, -2, "__metatable");
}

static void protect_library_metatables(lua_State *L)
{
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    protect_metatable(L, "string");
    lua_pop(L, 2);
    if (luaL_getmetatable(L, LUA_FILEHANDLE) == LUA_TTABLE)
        protect_metatable(L, "file");
    lua_pop(L, 1);
}

/* --- collection ----------------------------------------------------------------------------------------- */

enum { STEP_KILOBYTES = 256 };

/* A whole cycle is done in steps, between which an interrupt is seen. What was already begun is ended first.
 */
static void collect(lua_State *L)
{
    for (int cycle = 0; cycle < 2; cycle++) {
        do
            stop_check(L);
        while (!lua_gc(L, LUA_GCSTEP, 0));
    }
}

/* "step": up to so many kilobytes. */
static bool step(lua_State *L, lua_Integer kilobytes)
{
    bool complete = false;
    do {
        stop_check(L);
        complete = lua_gc(L, LUA_GCSTEP, kilobytes > STEP_KILOBYTES ? STEP_KILOBYTES : (int)kilobytes);
        kilobytes -= STEP_KILOBYTES;
    } while (!complete && kilobytes > 0);
    return complete;
}

/* collectgarbage([option [, argument...]]): as Lua's, always incremental and with Lua's own pace. */
static int collect_garbage(lua_State *L)
{
    static const char *const options[] = {"collect",  "count",      "step",        "stop",
                                          "restart",  "isrunning",  "incremental", "generational",
                                          "setpause", "setstepmul", NULL};
    enum { COLLECT, COUNT, STEP, STOP, RESTART, RUNNING, INCREMENTAL, GENERATIONAL };
    int option = luaL_checkoption(L, 1, "collect", options);
    lua_Integer kilobytes = luaL_optinteger(L, 2, 0);
    switch (option) {
    case COLLECT:
        collect(L);
        break;
    case COUNT:
        lua_pushnumber(L, lua_gc(L, LUA_GCCOUNT) + lua_gc(L, LUA_GCCOUNTB) / 1024.0);
        return 1;
    case STEP:
        lua_pushboolean(L, step(L, kilobytes < 0 ? 0 : kilobytes));
        return 1;
    case STOP:
        lua_gc(L, LUA_GCSTOP);
        break;
    case RESTART:
        lua_gc(L, LUA_GCRESTART);
        break;
    case RUNNING:
        lua_pushboolean(L, lua_gc(L, LUA_GCISRUNNING));
        return 1;
    case INCREMENTAL:
    case GENERATIONAL:
        lua_pushliteral(L, "incremental");
        return 1;
    default:
        break;
    }
    lua_pushinteger(L, 0);
    return 1;
}

/* --- libraries ------------------------------------------------------------------------------------------ */

static void remove_field(lua_State *L, const char *table, const char *field)
{
    lua_getglobal(L, table);
    lua_pushnil(L);
    lua_setfield(L, -2, field);
    lua_pop(L, 1);
}

/* Of the debug library what only looks: hooks and metatables are ours. */
static void open_debug(lua_State *L)
{
    luaL_requiref(L, "debug", luaopen_debug, 0);
    lua_createtable(L, 0, 1);
    lua_getfield(L, -2, "traceback");
    lua_setfield(L, -2, "traceback");
    lua_setglobal(L, "debug");
    lua_pop(L, 1);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_getglobal(L, "debug");
    lua_setfield(L, -2, "debug");
    lua_pop(L, 1);
}

void sandbox_open(lua_State *L, bool safe)
{
    static const luaL_Reg libraries[] = {
        {"_G", luaopen_base},
        {"package", luaopen_package},
        {"coroutine", luaopen_coroutine},
        {"table", luaopen_table},
        {"string", luaopen_string},
        {"math", luaopen_math},
        {"utf8", luaopen_utf8},
        {NULL, NULL},
    };
    for (const luaL_Reg *library = libraries; library->func; library++) {
        luaL_requiref(L, library->name, library->func, 1);
        lua_pop(L, 1);
    }
    if (!safe) {
        luaL_requiref(L, "os", luaopen_os, 1);
        luaL_requiref(L, "io", luaopen_io, 1);
        lua_pop(L, 2);
        remove_field(L, "os", "exit");      /* the program ends by `quit`, with all that is open closed */
        remove_field(L, "os", "setlocale"); /* numbers are written with a point */
        process_open(L);
        silence_open(L);
    }
    open_debug(L);
    load_open(L);
    lua_register(L, "collectgarbage", collect_garbage);
    wrap_field(L, LUA_GNAME, "setmetatable", safe_setmetatable);
    remove_field(L, "string", "dump");
    protect_library_metatables(L);
    stop_open(L);
}
