/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What scripts print goes through the front end, which may have the screen to itself. */
#include "lua/internal.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "lua/script.h"

static void write_host(const struct script *script, enum script_output kind, const char *text, size_t length)
{
    if (script->host.write)
        script->host.write(script->host.argument, kind, text, length);
    else
        fwrite(text, 1, length, kind == SCRIPT_DIAGNOSTIC ? stderr : stdout);
}

void script_write(lua_State *L, enum script_output kind, const char *text, size_t length)
{
    struct text safe = {0};
    stop_check(L);
    if (kind == SCRIPT_BYTES) {
        write_host(script_of(L), kind, text, length);
        return;
    }
    text_add_lines_escaped(&safe, text, length);
    bool failed = safe.failed;
    if (!failed)
        write_host(script_of(L), kind, text_data(&safe), safe.length);
    text_free(&safe);
    if (failed)
        luaL_error(L, "out of memory");
}

/* warn(...): pieces of one message, then "@on" and "@off" alone, as the Lua program has it. */
static void take_warning(void *argument, const char *piece, int more)
{
    struct script *script = argument;
    bool whole = !script->warning.length && !more;
    if (whole && *piece == '@') {
        script->warnings = strcmp(piece, "@on") == 0 || (script->warnings && strcmp(piece, "@off") != 0);
        return;
    }
    if (!script->warning.length)
        text_add(&script->warning, "Lua warning: ");
    text_add_lines_escaped(&script->warning, piece, strlen(piece));
    if (more)
        return;
    text_add(&script->warning, "\n");
    if (script->warnings && !script->warning.failed)
        write_host(script, SCRIPT_DIAGNOSTIC, text_data(&script->warning), script->warning.length);
    text_free(&script->warning);
}

/* print(...): as Lua's. One piece per call, so that no front end sees half a line. */
static int print_values(lua_State *L)
{
    int count = lua_gettop(L);
    luaL_Buffer line;
    luaL_buffinit(L, &line);
    for (int i = 1; i <= count; i++) {
        if (i > 1)
            luaL_addchar(&line, '\t');
        luaL_tolstring(L, i, NULL);
        luaL_addvalue(&line);
    }
    luaL_addchar(&line, '\n');
    luaL_pushresult(&line);
    size_t length;
    const char *text = lua_tolstring(L, -1, &length);
    script_write(L, SCRIPT_TEXT, text, length);
    return 0;
}

/* file:write(...) and io.write(...), whose file is upvalue 2, a function that gives it. The standard files
 * are the front end's; upvalue 1: Lua's own function for all others. */
static int write_values(lua_State *L)
{
    bool method = lua_isnil(L, lua_upvalueindex(2));
    int count = lua_gettop(L), first = method ? 2 : 1;
    if (!method) {
        lua_pushvalue(L, lua_upvalueindex(2));
        lua_call(L, 0, 1);
    } else {
        luaL_checkudata(L, 1, LUA_FILEHANDLE);
        lua_pushvalue(L, 1);
    }
    int place = lua_gettop(L);
    const luaL_Stream *stream = lua_touserdata(L, place);
    bool standard = stream->closef && (stream->f == stdout || stream->f == stderr);
    if (!standard) {
        lua_pushvalue(L, lua_upvalueindex(1));
        lua_insert(L, 1);
        lua_settop(L, count + 1);
        lua_call(L, count, LUA_MULTRET);
        return lua_gettop(L);
    }
    for (int i = first; i <= count; i++) {
        size_t length;
        const char *text = luaL_checklstring(L, i, &length);
        script_write(L, stream->f == stderr ? SCRIPT_DIAGNOSTIC : SCRIPT_BYTES, text, length);
    }
    lua_settop(L, place);
    return 1;
}

/* Replace field `write` of the table on top by write_values over what stands there; with the function on
 * top of it that gives the file, or nil. Pops that. */
static void wrap_write(lua_State *L)
{
    lua_getfield(L, -2, "write");
    lua_insert(L, -2);
    lua_pushcclosure(L, write_values, 2);
    lua_setfield(L, -2, "write");
}

void output_open(lua_State *L)
{
    lua_register(L, "print", print_values);
    lua_setwarnf(L, take_warning, script_of(L));
    if (lua_getglobal(L, "io") == LUA_TTABLE) {
        lua_getfield(L, -1, "output");
        wrap_write(L);
        luaL_getmetatable(L, LUA_FILEHANDLE);
        lua_getfield(L, -1, "__index");
        lua_pushnil(L);
        wrap_write(L);
        lua_pop(L, 2);
    }
    lua_pop(L, 1);
}
