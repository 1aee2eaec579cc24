/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How scripts are stopped. An interrupt is noticed by a count hook, which from then on runs at every
 * instruction and raises the error each time. What could swallow an error lets this one through: protected
 * calls raise it again when they return, message handlers are passed by. Functions of Lua's library that run
 * for long without an instruction are replaced by ones that look for the interrupt themselves
 * (long_strings.c, long_tables.c, load.c, process.c, string_search.c), and while there is one the allocator
 * refuses large blocks (script.c). */
#include "lua/pattern.h"

#include "lua/internal.h"

/* Between two looks of the hook stand few instructions, for each may be an expensive one. The front end's
 * turn comes less often. */
enum { HOOK_STEP = 100, STEPS_PER_TURN = 10 };

bool script_pending(const struct script *script)
{
    return script->host.interrupted && script->host.interrupted(script->host.argument);
}

bool script_interrupted(lua_State *L)
{
    return script_pending(script_of(L));
}

void stop_check(lua_State *L)
{
    if (script_interrupted(L))
        luaL_error(L, "interrupted");
}

void script_turn(lua_State *L)
{
    const struct script *script = script_of(L);
    if (script->host.turn)
        script->host.turn(script->host.argument);
}

static void stop_when_interrupted(lua_State *L, lua_Debug *where)
{
    struct script *script = script_of(L);
    (void)where;
    if (!script_pending(script)) {
        if (lua_gethookcount(L) != HOOK_STEP)
            stop_hook(L); /* a coroutine that is resumed after the interrupt was dealt with */
        if (++script->steps % STEPS_PER_TURN == 0)
            script_turn(L);
        return;
    }
    lua_sethook(L, stop_when_interrupted, LUA_MASKCOUNT, 1);
    lua_sethook(script->lua, stop_when_interrupted, LUA_MASKCOUNT, 1);
    luaL_error(L, "interrupted");
}

void stop_hook(lua_State *L)
{
    lua_sethook(L, stop_when_interrupted, LUA_MASKCOUNT, HOOK_STEP); /* coroutines inherit it */
}

/* --- protected calls ------------------------------------------------------------------------------------ */

/* Below the results, `before` values are not for the caller. */
static int finish_protected(lua_State *L, int result, lua_KContext before)
{
    stop_check(L);
    if (result == LUA_OK || result == LUA_YIELD)
        return lua_gettop(L) - (int)before;
    lua_pushboolean(L, 0);
    lua_insert(L, -2);
    return 2;
}

static int safe_pcall(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_pushboolean(L, 1); /* the first result when all goes well */
    lua_insert(L, 1);
    return finish_protected(L, lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, finish_protected), 0);
}

/* Upvalue 1: a script's message handler. Lua calls it inside the hook that raised the interrupt, where no
 * further hook could stop it: then it is passed by. */
static int handle_message(lua_State *L)
{
    if (script_interrupted(L))
        return 1;
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 1);
    return 1;
}

/* xpcall(f, handler, ...): on the stack handler', true, f, ... */
static int safe_xpcall(lua_State *L)
{
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_pushvalue(L, 2);
    lua_pushcclosure(L, handle_message, 1);
    lua_pushvalue(L, 1);
    lua_replace(L, 2); /* f, f, ..., handler' */
    lua_replace(L, 1);
    lua_pushboolean(L, 1);
    lua_insert(L, 2);
    return finish_protected(L, lua_pcallk(L, lua_gettop(L) - 3, LUA_MULTRET, 1, 1, finish_protected), 1);
}

/* coroutine.resume and coroutine.close, upvalue 1: Lua's own. They never yield themselves. */
static int transparent(lua_State *L)
{
    int count = call_own(L);
    stop_check(L);
    return count;
}

/* --- opening -------------------------------------------------------------------------------------------- */

void wrap_field(lua_State *L, const char *library, const char *name, lua_CFunction function)
{
    lua_getglobal(L, library);
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, function, 1);
    lua_setfield(L, -2, name);
    lua_pop(L, 1);
}

int call_own(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

void stop_open(lua_State *L)
{
    lua_register(L, "pcall", safe_pcall);
    lua_register(L, "xpcall", safe_xpcall);
    wrap_field(L, "coroutine", "resume", transparent);
    wrap_field(L, "coroutine", "close", transparent);
    long_strings_open(L);
    long_tables_open(L);
    pattern_open(L);
    stop_hook(L);
}
