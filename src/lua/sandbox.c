/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What scripts may and may not: libraries, loading, writing. */
#include "lua/parts.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"

static const size_t script_limit = (size_t)16 << 20;

/* --- loading -----------------------------------------------------------------------------------------------
 */

int load_text(lua_State *L, const char *code, size_t size, const char *chunk)
{
    if (size && *code == LUA_SIGNATURE[0]) {
        lua_pushfstring(L, "%s: binary chunks are refused", *chunk == '@' ? chunk + 1 : "load");
        return LUA_ERRSYNTAX;
    }
    return luaL_loadbufferx(L, code, size, chunk, "t");
}

/* The first line of an executable file is skipped, but keeps its number. */
static void skip_shebang(char **code, size_t *size)
{
    if (*size && **code == '#') {
        char *end = memchr(*code, '\n', *size);
        size_t length = end ? (size_t)(end - *code) : *size;
        *code += length;
        *size -= length;
    }
}

int load_file(lua_State *L, const char *path, struct error *error)
{
    void **place = handle_push(L, HANDLE_MEMORY);
    unsigned char *data = NULL;
    size_t size;
    if (file_read(path, script_limit, &data, &size, error) != STATUS_OK) {
        lua_pop(L, 1);
        lua_pushstring(L, error->message);
        return LUA_ERRFILE;
    }
    *place = data;
    char *code = (char *)data;
    skip_shebang(&code, &size);
    lua_pushfstring(L, "@%s", path);
    int result = load_text(L, code, size, lua_tostring(L, -1));
    lua_replace(L, -3); /* the function or message in the place of the data, which is collected */
    lua_pop(L, 1);
    return result;
}

/* load(chunk [, name [, mode [, env]]]): as Lua's, but text only. */
static int safe_load(lua_State *L)
{
    lua_settop(L, 4);
    bool has_environment = !lua_isnil(L, 4);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 1);
    lua_pushvalue(L, 2);
    lua_pushliteral(L, "t");
    if (has_environment)
        lua_pushvalue(L, 4);
    lua_call(L, has_environment ? 4 : 3, LUA_MULTRET);
    return lua_gettop(L) - 4;
}

static int safe_loadfile(lua_State *L)
{
    struct error error = {0};
    bool has_environment = !lua_isnoneornil(L, 3);
    if (load_file(L, luaL_checkstring(L, 1), &error) != LUA_OK) {
        lua_pushnil(L);
        lua_insert(L, -2);
        return 2;
    }
    if (has_environment) {
        lua_pushvalue(L, 3);
        lua_setupvalue(L, -2, 1);
    }
    return 1;
}

static int safe_dofile(lua_State *L)
{
    struct error error = {0};
    lua_settop(L, 1);
    if (load_file(L, luaL_checkstring(L, 1), &error) != LUA_OK)
        return lua_error(L);
    lua_call(L, 0, LUA_MULTRET);
    return lua_gettop(L) - 1;
}

/* Collection cannot be interrupted, so scripts have no part in it. */
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

/* package.searchers: Lua files of package.path, as text. */
static int search_file(lua_State *L)
{
    struct error error = {0};
    luaL_checkstring(L, 1);
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "searchpath");
    lua_pushvalue(L, 1);
    lua_getfield(L, -3, "path");
    lua_call(L, 2, 2);
    if (lua_isnil(L, -2))
        return 1; /* the message that says where it was looked for */
    lua_pop(L, 1);
    const char *path = lua_tostring(L, -1);
    if (load_file(L, path, &error) != LUA_OK)
        return luaL_error(L, "%s", lua_tostring(L, -1));
    lua_insert(L, -2);
    return 2;
}

/* --- libraries ---------------------------------------------------------------------------------------------
 */

static void wrap_global(lua_State *L, const char *name, lua_CFunction function)
{
    lua_getglobal(L, name);
    lua_pushcclosure(L, function, 1);
    lua_setglobal(L, name);
}

static void remove_field(lua_State *L, const char *table, const char *field)
{
    lua_getglobal(L, table);
    lua_pushnil(L);
    lua_setfield(L, -2, field);
    lua_pop(L, 1);
}

/* A search path without what is relative to the current folder. */
static void clean_path(lua_State *L)
{
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "path");
    const char *path = luaL_optstring(L, -1, "");
    luaL_Buffer kept;
    luaL_buffinit(L, &kept);
    for (bool first = true; *path;) {
        size_t length = strcspn(path, ";");
        if (*path == '/') {
            if (!first)
                luaL_addchar(&kept, ';');
            luaL_addlstring(&kept, path, length);
            first = false;
        }
        path += length + (path[length] == ';');
    }
    luaL_pushresult(&kept);
    lua_setfield(L, -3, "path");
    lua_pushliteral(L, "");
    lua_setfield(L, -3, "cpath");
    lua_pop(L, 2);
}

/* Modules are text files: no shared libraries. */
static void set_searchers(lua_State *L)
{
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "searchers");
    lua_pushcfunction(L, search_file);
    lua_rawseti(L, -2, 2);
    for (int i = 3; i <= 4; i++) {
        lua_pushnil(L);
        lua_rawseti(L, -2, i);
    }
    lua_pop(L, 2);
    remove_field(L, "package", "loadlib");
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
        remove_field(L, "os", "exit"); /* the program ends by `quit`, with all that is open closed */
    }
    open_debug(L);
    clean_path(L);
    set_searchers(L);
    wrap_global(L, "load", safe_load);
    wrap_global(L, "loadfile", safe_loadfile);
    wrap_global(L, "dofile", safe_dofile);
    wrap_global(L, "setmetatable", safe_setmetatable);
    remove_field(L, "string", "dump");
    stop_open(L);
}

/* --- writing -----------------------------------------------------------------------------------------------
 */

void check_writable(lua_State *L, const char *path)
{
    const struct script *script = script_of(L);
    if (!script->folder)
        return;
    char real[PATH_MAX];
    const char *base = path_base(path);
    lua_pushlstring(L, path, (size_t)(base - path));
    const char *folder = lua_tostring(L, -1);
    size_t length = strlen(script->folder);
    bool inside = *path != '~' && *base && realpath(*folder ? folder : ".", real) &&
                  strncmp(real, script->folder, length) == 0 &&
                  (real[length] == '/' || real[length] == '\0' || length == 1);
    lua_pop(L, 1);
    if (!inside)
        luaL_error(L, "%s: nothing is written outside the folder %s (--safe)", path, script->folder);
}
