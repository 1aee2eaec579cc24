/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How scripts are stopped. An interrupt is noticed by a count hook, which from then on runs at every
 * instruction and raises the error each time. What could swallow an error lets this one through: protected
 * calls raise it again when they return, message handlers are passed by. Functions of Lua's library that run
 * for long without an instruction are given less to do, or do it where the hook sees it. */
#include "lua/pattern.h"

#include <string.h>

enum { HOOK_STEP = 1000, SORT_UNSEEN = 10000 };
static const lua_Integer range_limit = 100000000;

bool script_interrupted(lua_State *L)
{
    const struct script *script = script_of(L);
    return script->host.interrupted && script->host.interrupted(script->host.argument);
}

static void stop_when_interrupted(lua_State *L, lua_Debug *where)
{
    (void)where;
    if (!script_interrupted(L)) {
        if (lua_gethookcount(L) != HOOK_STEP)
            stop_hook(L); /* a coroutine that is resumed after the interrupt was dealt with */
        return;
    }
    lua_sethook(L, stop_when_interrupted, LUA_MASKCOUNT, 1);
    lua_sethook(script_of(L)->lua, stop_when_interrupted, LUA_MASKCOUNT, 1);
    luaL_error(L, "interrupted");
}

void stop_hook(lua_State *L)
{
    lua_sethook(L, stop_when_interrupted, LUA_MASKCOUNT, HOOK_STEP); /* coroutines inherit it */
}

/* --- protected calls ---------------------------------------------------------------------------------------
 */

static void pass_interrupt_on(lua_State *L)
{
    if (script_interrupted(L))
        luaL_error(L, "interrupted");
}

/* Below the results, `before` values are not for the caller. */
static int finish_protected(lua_State *L, int result, lua_KContext before)
{
    pass_interrupt_on(L);
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
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    pass_interrupt_on(L);
    return lua_gettop(L);
}

/* --- long work without an instruction ----------------------------------------------------------------------
 */

/* Call Lua's own, upvalue 1, with what is on the stack. */
static int call_own(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

/* Arguments are checked here, so that errors have the position of the script's line. */

/* string.rep: of nothing at all it would count to the number all the same. */
static int safe_rep(lua_State *L)
{
    size_t length, separator;
    luaL_checklstring(L, 1, &length);
    luaL_optlstring(L, 3, "", &separator);
    lua_Integer count = luaL_checkinteger(L, 2);
    if (length + separator == 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    if (count > 0 && length + separator > (size_t)(LUA_MAXINTEGER / count))
        return luaL_error(L, "resulting string too large");
    return call_own(L);
}

/* Lengths and ranges can be anything: a metatable may tell any length. */
static lua_Integer checked_count(lua_State *L, lua_Integer count)
{
    if (count > range_limit)
        luaL_error(L, "%I elements are too many", (LUAI_UACINT)count);
    return count;
}

static lua_Integer checked_length(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    return checked_count(L, luaL_len(L, 1));
}

/* table.move(a, from, to, place [, b]) */
static int safe_move(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer from = luaL_checkinteger(L, 2), to = luaL_checkinteger(L, 3);
    luaL_checkinteger(L, 4);
    if (!lua_isnoneornil(L, 5))
        luaL_checktype(L, 5, LUA_TTABLE);
    if (to >= from)
        checked_count(L, from < 0 && to > LUA_MAXINTEGER + from ? LUA_MAXINTEGER : to - from);
    return call_own(L);
}

static int safe_insert(lua_State *L)
{
    lua_Integer length = checked_length(L);
    int count = lua_gettop(L);
    if (count < 2 || count > 3)
        return luaL_error(L, "wrong number of arguments to 'insert'");
    if (count == 3) {
        lua_Integer place = luaL_checkinteger(L, 2);
        luaL_argcheck(L, place >= 1 && place <= length + 1, 2, "position out of bounds");
    }
    return call_own(L);
}

static int safe_remove(lua_State *L)
{
    lua_Integer length = checked_length(L), place = luaL_optinteger(L, 2, length);
    luaL_argcheck(L, place == length || (place >= 1 && place <= length + 1), 2, "position out of bounds");
    return call_own(L);
}

/* table.sort: large ones are compared by Lua code, made by upvalue 2, that the hook sees. */
static int safe_sort(lua_State *L)
{
    lua_Integer count = checked_length(L);
    if (!lua_isnoneornil(L, 2))
        luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    if (count > SORT_UNSEEN) {
        lua_pushvalue(L, lua_upvalueindex(2));
        lua_insert(L, 2);
        lua_call(L, 1, 1);
    }
    return call_own(L);
}

/* --- opening -----------------------------------------------------------------------------------------------
 */

static void wrap(lua_State *L, const char *library, const char *name, lua_CFunction function)
{
    lua_getglobal(L, library);
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, function, 1);
    lua_setfield(L, -2, name);
    lua_pop(L, 1);
}

static void wrap_sort(lua_State *L)
{
    static const char compare[] =
        "local less = ...\n"
        "if less then return function(a, b) local first = less(a, b) return first end end\n"
        "return function(a, b) return a < b end";
    lua_getglobal(L, "table");
    lua_getfield(L, -1, "sort");
    if (luaL_loadbufferx(L, compare, sizeof compare - 1, "=sort", "t") != LUA_OK)
        lua_error(L);
    lua_pushcclosure(L, safe_sort, 2);
    lua_setfield(L, -2, "sort");
    lua_pop(L, 1);
}

void stop_open(lua_State *L)
{
    lua_register(L, "pcall", safe_pcall);
    lua_register(L, "xpcall", safe_xpcall);
    wrap(L, "coroutine", "resume", transparent);
    wrap(L, "coroutine", "close", transparent);
    wrap(L, "string", "rep", safe_rep);
    pattern_open(L);
    wrap(L, "table", "move", safe_move);
    wrap(L, "table", "insert", safe_insert);
    wrap(L, "table", "remove", safe_remove);
    wrap_sort(L);
    stop_hook(L);
}
