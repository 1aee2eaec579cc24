/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions over arrays whose loops see an interrupt (Lua 5.4 reference manual, 6.6). A metatable may tell
 * any length, and elements that come from functions of C run no instruction either. */
#include "lua/internal.h"

#include <limits.h>

enum { UNSEEN = 256, SORT_UNSEEN = 100 };

static void element(lua_State *L, lua_Integer index)
{
    if (index % UNSEEN == 0)
        stop_check(L);
}

static lua_Integer array_length(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    stop_check(L);
    return luaL_len(L, 1);
}

/* Lengths are any integer: what is added to them wraps around, as in Lua itself. */
static lua_Integer add(lua_Integer a, lua_Integer b)
{
    return (lua_Integer)((lua_Unsigned)a + (lua_Unsigned)b);
}

/* table.concat(list [, separator [, i [, j]]]) */
static int concat(lua_State *L)
{
    size_t length;
    lua_Integer whole = array_length(L);
    const char *separator = luaL_optlstring(L, 2, "", &length);
    lua_Integer first = luaL_optinteger(L, 3, 1), last = luaL_optinteger(L, 4, whole);
    luaL_Buffer buffer;
    luaL_buffinit(L, &buffer);
    for (lua_Integer i = first; i <= last; i++) {
        element(L, i);
        lua_geti(L, 1, i);
        if (!lua_isstring(L, -1))
            return luaL_error(L, "invalid value (at index %I) in table for 'concat'", (LUAI_UACINT)i);
        luaL_addvalue(&buffer);
        if (i == last)
            break; /* also where it is the greatest integer */
        luaL_addlstring(&buffer, separator, length);
    }
    luaL_pushresult(&buffer);
    return 1;
}

/* table.insert(list, [position,] value) */
static int insert(lua_State *L)
{
    lua_Integer end = add(array_length(L), 1), place = end;
    int count = lua_gettop(L);
    if (count < 2 || count > 3)
        return luaL_error(L, "wrong number of arguments to 'insert'");
    if (count == 3) {
        place = luaL_checkinteger(L, 2);
        luaL_argcheck(L, (lua_Unsigned)place - 1u < (lua_Unsigned)end, 2, "position out of bounds");
    }
    for (lua_Integer i = end; i > place; i--) {
        element(L, i);
        lua_geti(L, 1, i - 1);
        lua_seti(L, 1, i);
    }
    lua_seti(L, 1, place);
    return 0;
}

/* table.remove(list [, position]) */
static int remove_element(lua_State *L)
{
    lua_Integer length = array_length(L), place = luaL_optinteger(L, 2, length);
    if (lua_gettop(L) > 1)
        luaL_argcheck(
            L, (lua_Unsigned)length + 1u - (lua_Unsigned)place <= (lua_Unsigned)length || place == length, 2,
            "position out of bounds");
    lua_geti(L, 1, place);
    for (; place < length; place++) {
        element(L, place);
        lua_geti(L, 1, place + 1);
        lua_seti(L, 1, place);
    }
    lua_pushnil(L);
    lua_seti(L, 1, place);
    return 1;
}

/* table.move(from, first, last, place [, to]) */
static int move(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer first = luaL_checkinteger(L, 2), last = luaL_checkinteger(L, 3),
                place = luaL_checkinteger(L, 4);
    int to = lua_isnoneornil(L, 5) ? 1 : 5;
    luaL_checktype(L, to, LUA_TTABLE);
    stop_check(L);
    if (last >= first) {
        luaL_argcheck(L, first > 0 || last < LUA_MAXINTEGER + first, 3, "too many elements to move");
        lua_Integer count = last - first + 1;
        luaL_argcheck(L, place <= LUA_MAXINTEGER - count + 1, 4, "destination wrap around");
        bool upwards = place > last || place <= first || (to == 5 && !lua_rawequal(L, 1, 5));
        for (lua_Integer i = 0; i < count; i++) {
            lua_Integer step = upwards ? i : count - 1 - i;
            element(L, i);
            lua_geti(L, 1, first + step);
            lua_seti(L, to, place + step);
        }
    }
    lua_pushvalue(L, to);
    return 1;
}

/* table.sort: Lua's own, upvalue 1; larger arrays are compared by Lua code, made by upvalue 2, that the hook
 * sees. */
static int sort(lua_State *L)
{
    lua_Integer count = array_length(L);
    if (!lua_isnoneornil(L, 2))
        luaL_checktype(L, 2, LUA_TFUNCTION);
    luaL_argcheck(L, count < INT_MAX, 1, "array too big");
    lua_settop(L, 2);
    if (count > SORT_UNSEEN) {
        lua_pushvalue(L, lua_upvalueindex(2));
        lua_insert(L, 2);
        lua_call(L, 1, 1);
    }
    return call_own(L);
}

/* table.unpack: Lua's own bounds the number by its stack. */
static int unpack(lua_State *L)
{
    stop_check(L);
    return call_own(L);
}

static void open_sort(lua_State *L)
{
    static const char compare[] =
        "local less = ...\n"
        "if less then return function(a, b) local first = less(a, b) return first end end\n"
        "return function(a, b) return a < b end";
    lua_getglobal(L, "table");
    lua_getfield(L, -1, "sort");
    if (luaL_loadbufferx(L, compare, sizeof compare - 1, "=sort", "t") != LUA_OK)
        lua_error(L);
    lua_pushcclosure(L, sort, 2);
    lua_setfield(L, -2, "sort");
    lua_pop(L, 1);
}

void long_tables_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"concat", concat}, {"insert", insert}, {"remove", remove_element}, {"move", move}, {NULL, NULL},
    };
    lua_getglobal(L, "table");
    luaL_setfuncs(L, functions, 0);
    lua_pop(L, 1);
    wrap_field(L, "table", "unpack", unpack);
    open_sort(L);
}
