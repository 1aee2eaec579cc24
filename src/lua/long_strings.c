/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions over long strings, in pieces between which an interrupt is seen (Lua 5.4 reference manual, 6.4).
 */
#include "lua/internal.h"

#include <ctype.h>
#include <string.h>

enum { PIECE = 1 << 20, FORMAT_MAX = 100000 };

/* Copies of a unit behind each other: what is there already is copied as a whole, up to a piece at a time. */
static void fill(lua_State *L, char *out, size_t total, size_t unit)
{
    size_t block = unit;
    while (block <= PIECE / 2 && block * 2 <= total) {
        memcpy(out + block, out, block);
        block *= 2;
    }
    for (size_t at = block; at < total;) {
        size_t count = total - at < block ? total - at : block;
        stop_check(L);
        memcpy(out + at, out, count);
        at += count;
    }
}

/* string.rep(s, n [, separator]) */
static int repeat(lua_State *L)
{
    size_t length, separator_length;
    const char *text = luaL_checklstring(L, 1, &length);
    lua_Integer count = luaL_checkinteger(L, 2);
    const char *separator = luaL_optlstring(L, 3, "", &separator_length);
    size_t unit = length + separator_length;
    stop_check(L);
    if (count <= 0 || unit == 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    if (unit < length || unit > (size_t)(LUA_MAXINTEGER / count))
        return luaL_error(L, "resulting string too large");
    size_t total = unit * (size_t)count - separator_length;
    luaL_Buffer buffer;
    char *out = luaL_buffinitsize(L, &buffer, total);
    memcpy(out, text, length);
    if (count > 1) {
        memcpy(out + length, separator, separator_length);
        fill(L, out, total, unit);
    }
    luaL_pushresultsize(&buffer, total);
    return 1;
}

static int map_bytes(lua_State *L, int (*map)(int byte))
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    luaL_Buffer buffer;
    stop_check(L);
    char *out = luaL_buffinitsize(L, &buffer, length);
    for (size_t i = 0; i < length; i++) {
        if (i % PIECE == 0)
            stop_check(L);
        out[i] = (char)map((unsigned char)text[i]);
    }
    luaL_pushresultsize(&buffer, length);
    return 1;
}

static int lower(lua_State *L)
{
    return map_bytes(L, tolower);
}

static int upper(lua_State *L)
{
    return map_bytes(L, toupper);
}

static int reverse(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    luaL_Buffer buffer;
    stop_check(L);
    char *out = luaL_buffinitsize(L, &buffer, length);
    for (size_t i = 0; i < length; i++) {
        if (i % PIECE == 0)
            stop_check(L);
        out[i] = text[length - 1 - i];
    }
    luaL_pushresultsize(&buffer, length);
    return 1;
}

/* Lua's own, upvalue 1, whose first argument says item by item what to do. */
static int by_format(lua_State *L)
{
    size_t length;
    luaL_checklstring(L, 1, &length);
    stop_check(L);
    if (length > FORMAT_MAX)
        return luaL_error(L, "a format of %I characters is too long", (LUAI_UACINT)length);
    return call_own(L);
}

static int date(lua_State *L)
{
    return lua_isnoneornil(L, 1) ? call_own(L) : by_format(L);
}

/* Lua's own, upvalue 1, which walks over a whole string. */
static int look_first(lua_State *L)
{
    stop_check(L);
    return call_own(L);
}

void long_strings_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"rep", repeat}, {"lower", lower}, {"upper", upper}, {"reverse", reverse}, {NULL, NULL},
    };
    static const char *const formats[] = {"pack", "packsize", "unpack"};
    static const char *const walks[] = {"len", "offset", "codepoint", "char"};
    lua_getglobal(L, "string");
    luaL_setfuncs(L, functions, 0);
    lua_pop(L, 1);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        wrap_field(L, "string", formats[i], by_format);
    for (size_t i = 0; i < sizeof walks / sizeof *walks; i++)
        wrap_field(L, "utf8", walks[i], look_first);
    wrap_field(L, "string", "format", look_first);
    lua_getglobal(L, "os");
    if (lua_istable(L, -1))
        wrap_field(L, "os", "date", date);
    lua_pop(L, 1);
}
