/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How values are shown at the prompt: as Lua would read them back, where it can. */
#include "lua/internal.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "lua/script.h"

enum { SHOWN_DEPTH = 5, SHOWN_ITEMS = 100, SHOWN_BYTES = 100000 };

static void add_value(lua_State *L, struct text *out, int index, int depth);

static void add_quoted(struct text *out, const char *text)
{
    text_add(out, "\"");
    for (char c[2] = ""; (c[0] = *text); text++) {
        if (*c == '"' || *c == '\\')
            text_add(out, "\\");
        if (*c == '\n')
            text_add(out, "\\n");
        else
            text_add_bytes(out, text, 1);
    }
    text_add(out, "\"");
}

static bool is_name(const char *text)
{
    bool letters = *text && !(*text >= '0' && *text <= '9');
    for (; letters && *text; text++)
        letters = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
                  (*text >= '0' && *text <= '9') || *text == '_';
    return letters;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The fields of the table at `index` whose names are texts, by the alphabet. */
static void add_fields(lua_State *L, struct text *out, int index, int depth, bool first)
{
    push_sorted_keys(L, index, compare_names);
    int keys = lua_gettop(L);
    lua_Integer count = (lua_Integer)lua_rawlen(L, keys);
    for (lua_Integer i = 1; i <= count; i++, first = false) {
        text_add(out, first ? "" : ", ");
        if (i > SHOWN_ITEMS) {
            text_add(out, "...");
            break;
        }
        lua_rawgeti(L, keys, i);
        const char *name = lua_tostring(L, -1);
        if (!is_name(name)) {
            text_add(out, "[");
            add_quoted(out, name);
            text_add(out, "] = ");
        } else {
            text_add_format(out, "%s = ", name);
        }
        lua_pushvalue(L, -1);
        lua_rawget(L, index);
        add_value(L, out, lua_gettop(L), depth + 1);
        lua_settop(L, keys);
    }
    lua_settop(L, keys - 1);
}

static void add_table(lua_State *L, struct text *out, int index, int depth)
{
    lua_Integer length = (lua_Integer)lua_rawlen(L, index);
    if (depth >= SHOWN_DEPTH || out->length > SHOWN_BYTES) {
        text_add(out, "{...}");
        return;
    }
    text_add(out, "{");
    for (lua_Integer i = 1; i <= length; i++) {
        text_add(out, i > 1 ? ", " : "");
        if (i > SHOWN_ITEMS) {
            text_add(out, "...");
            break;
        }
        lua_rawgeti(L, index, i);
        add_value(L, out, lua_gettop(L), depth + 1);
        lua_pop(L, 1);
    }
    add_fields(L, out, index, depth, length == 0);
    text_add(out, "}");
}

/* Plain tables are spelled out; what has a __tostring says itself what it is. */
static void add_value(lua_State *L, struct text *out, int index, int depth)
{
    luaL_checkstack(L, 10, "a value is nested too deep");
    if (lua_type(L, index) == LUA_TSTRING && depth) {
        add_quoted(out, lua_tostring(L, index));
    } else if (lua_type(L, index) == LUA_TTABLE && luaL_getmetafield(L, index, "__tostring") == LUA_TNIL) {
        add_table(L, out, index, depth);
    } else {
        int top = lua_gettop(L);
        text_add(out, luaL_tolstring(L, index, NULL));
        lua_settop(L, top);
    }
}

int pretty_print(lua_State *L)
{
    int count = lua_gettop(L);
    void **place = handle_push(L, HANDLE_TEXT);
    struct text *text = mem_new(1, sizeof *text);
    *place = text;
    if (!text)
        return luaL_error(L, "out of memory");
    for (int i = 1; i <= count; i++) {
        int top = lua_gettop(L);
        add_value(L, text, i, 0);
        lua_settop(L, top);
        if (!text->length || text->data[text->length - 1] != '\n')
            text_add(text, "\n");
    }
    if (text->failed)
        return luaL_error(L, "out of memory");
    script_write(L, SCRIPT_TEXT, text_data(text), text->length);
    return 0;
}
