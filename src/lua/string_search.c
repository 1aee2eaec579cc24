/* SPDX-License-Identifier: GPL-3.0-or-later */
/* string.find, match, gmatch and gsub (Lua 5.4 reference manual, 6.4). */
#include "lua/pattern.h"

#include <string.h>

#include "lua/internal.h"

static const char specials[] = "^$*+?.([%-";
static const size_t bytes_unseen = (size_t)1 << 22; /* bytes */

/* Positions count from 1, negative ones from the end: how many characters stand before it. */
static size_t offset_of(lua_Integer position, size_t length)
{
    if (position > 0)
        return (size_t)position - 1;
    if (position == 0 || position < -(lua_Integer)length)
        return 0;
    return length - (size_t)-position;
}

static struct matcher matcher_of(lua_State *L, const char *subject, size_t length, const char *pattern_end)
{
    return (struct matcher){.L = L, .subject = subject, .end = subject + length, .pattern_end = pattern_end};
}

static bool has_specials(const char *pattern, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (pattern[i] && strchr(specials, pattern[i]))
            return true;
    }
    return false;
}

/* Comparing costs what it may at most: a word of the subject's own letters fits almost everywhere. */
static const char *find_plain(lua_State *L, const char *s, size_t length, const char *word,
                              size_t word_length)
{
    size_t steps = 0;
    if (word_length == 0)
        return s;
    for (const char *end = s + length; (size_t)(end - s) >= word_length; s++) {
        s = memchr(s, *word, (size_t)(end - s) - word_length + 1);
        if (!s)
            return NULL;
        if (memcmp(s, word, word_length) == 0)
            return s;
        steps += word_length;
        if (steps >= bytes_unseen) {
            steps = 0;
            stop_check(L);
        }
    }
    return NULL;
}

static int push_positions(lua_State *L, const char *subject, const char *start, const char *end)
{
    lua_pushinteger(L, start - subject + 1);
    lua_pushinteger(L, end - subject);
    return 2;
}

static int search(lua_State *L, bool find)
{
    size_t length, pattern_length;
    const char *subject = luaL_checklstring(L, 1, &length);
    const char *pattern = luaL_checklstring(L, 2, &pattern_length);
    size_t from = offset_of(luaL_optinteger(L, 3, 1), length);
    if (from > length) {
        luaL_pushfail(L);
        return 1;
    }
    if (find && (lua_toboolean(L, 4) || !has_specials(pattern, pattern_length))) {
        const char *found = find_plain(L, subject + from, length - from, pattern, pattern_length);
        if (found)
            return push_positions(L, subject, found, found + pattern_length);
        luaL_pushfail(L);
        return 1;
    }
    struct matcher m = matcher_of(L, subject, length, pattern + pattern_length);
    bool anchor = pattern_length > 0 && *pattern == '^';
    const char *start = subject + from;
    do {
        const char *end = pattern_match(&m, start, pattern + anchor);
        if (end && !find)
            return pattern_push_captures(&m, start, end);
        if (end)
            return push_positions(L, subject, start, end) + pattern_push_captures(&m, NULL, NULL);
    } while (start++ < m.end && !anchor);
    luaL_pushfail(L);
    return 1;
}

static int string_find(lua_State *L)
{
    return search(L, true);
}

static int string_match(lua_State *L)
{
    return search(L, false);
}

/* Upvalues: subject, pattern, where to go on (characters from the front), where the last match ended (or -1).
 */
static int next_match(lua_State *L)
{
    size_t length, pattern_length;
    const char *subject = lua_tolstring(L, lua_upvalueindex(1), &length);
    const char *pattern = lua_tolstring(L, lua_upvalueindex(2), &pattern_length);
    lua_Integer from = lua_tointeger(L, lua_upvalueindex(3)), last = lua_tointeger(L, lua_upvalueindex(4));
    struct matcher m = matcher_of(L, subject, length, pattern + pattern_length);
    for (; from <= (lua_Integer)length; from++) {
        const char *end = pattern_match(&m, subject + from, pattern);
        if (!end || end - subject == last)
            continue;
        lua_pushinteger(L, end - subject);
        lua_copy(L, -1, lua_upvalueindex(3));
        lua_replace(L, lua_upvalueindex(4));
        return pattern_push_captures(&m, subject + from, end);
    }
    return 0;
}

static int string_gmatch(lua_State *L)
{
    size_t length;
    luaL_checklstring(L, 1, &length);
    luaL_checkstring(L, 2);
    size_t from = offset_of(luaL_optinteger(L, 3, 1), length);
    lua_settop(L, 2);
    lua_pushinteger(L, from > length ? (lua_Integer)length + 1 : (lua_Integer)from);
    lua_pushinteger(L, -1);
    lua_pushcclosure(L, next_match, 4);
    return 1;
}

/* --- gsub ----------------------------------------------------------------------------------------------- */

/* The replacement text, argument 3, with %0 to %9 filled in. */
static void add_text(struct matcher *m, luaL_Buffer *out, const char *start, const char *end)
{
    lua_State *L = m->L;
    size_t length;
    const char *text = lua_tolstring(L, 3, &length), *text_end = text + length;
    for (; text < text_end; text++) {
        if (*text != '%') {
            luaL_addchar(out, *text);
            continue;
        }
        text++;
        if (text < text_end && *text == '%') {
            luaL_addchar(out, '%');
        } else if (text < text_end && *text == '0') {
            luaL_addlstring(out, start, (size_t)(end - start));
        } else if (text < text_end && *text >= '1' && *text <= '9') {
            int index = *text - '1';
            if (index >= m->level && index > 0)
                luaL_error(L, "invalid capture index %%%d", index + 1);
            pattern_push_capture(m, index, start, end);
            luaL_tolstring(L, -1, NULL); /* positions are numbers */
            lua_remove(L, -2);
            luaL_addvalue(out);
        } else {
            luaL_error(L, "invalid use of '%%' in replacement string");
        }
    }
}

/* What stands in the place of a match; false: the match itself. */
static bool add_replacement(struct matcher *m, luaL_Buffer *out, const char *start, const char *end)
{
    lua_State *L = m->L;
    int type = lua_type(L, 3);
    if (type == LUA_TFUNCTION) {
        lua_pushvalue(L, 3);
        lua_call(L, pattern_push_captures(m, start, end), 1);
    } else if (type == LUA_TTABLE) {
        pattern_push_capture(m, 0, start, end);
        lua_gettable(L, 3);
    } else {
        add_text(m, out, start, end);
        return true;
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        luaL_addlstring(out, start, (size_t)(end - start));
        return false;
    }
    if (!lua_isstring(L, -1))
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    luaL_addvalue(out);
    return true;
}

static int string_gsub(lua_State *L)
{
    size_t length, pattern_length;
    const char *at = luaL_checklstring(L, 1, &length);
    const char *pattern = luaL_checklstring(L, 2, &pattern_length), *last = NULL;
    int type = lua_type(L, 3);
    lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)length + 1), count = 0;
    bool anchor = pattern_length > 0 && *pattern == '^', changed = false;
    if (type != LUA_TNUMBER && type != LUA_TSTRING && type != LUA_TFUNCTION && type != LUA_TTABLE)
        luaL_typeerror(L, 3, "string/function/table");
    if (type == LUA_TNUMBER)
        lua_tostring(L, 3); /* in place */
    struct matcher m = matcher_of(L, at, length, pattern + pattern_length);
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    while (count < most) {
        const char *end = pattern_match(&m, at, pattern + anchor);
        if (end && end != last) {
            count++;
            changed |= add_replacement(&m, &out, at, end);
            at = last = end;
        } else if (at < m.end) {
            luaL_addchar(&out, *at++);
        } else {
            break;
        }
        if (anchor)
            break;
    }
    if (changed) {
        luaL_addlstring(&out, at, (size_t)(m.end - at));
        luaL_pushresult(&out);
    } else {
        lua_pushvalue(L, 1);
    }
    lua_pushinteger(L, count);
    return 2;
}

void pattern_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"find", string_find}, {"match", string_match}, {"gmatch", string_gmatch}, {"gsub", string_gsub},
        {NULL, NULL},
    };
    lua_getglobal(L, "string");
    luaL_setfuncs(L, functions, 0);
    lua_pop(L, 1);
}
