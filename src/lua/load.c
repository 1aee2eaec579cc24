/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Code from texts, functions, files and modules: text only, and read in pieces between which an interrupt is
 * seen, for the compiler runs no hook. */
#include "lua/internal.h"

#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"

static const size_t script_limit = (size_t)16 << 20;
enum { PIECE = 4096, PIECE_PLACE = 5 /* stack index of what a function gave */ };

/* --- pieces --------------------------------------------------------------------------------------------- */

struct source {
    const char *at;
    size_t left;
    bool function; /* the value at index 1 gives more, at PIECE_PLACE */
    size_t taken;  /* bytes from it */
};

static void ask_function(lua_State *L, struct source *source)
{
    luaL_checkstack(L, 2, "too many nested functions");
    lua_pushvalue(L, 1);
    lua_call(L, 0, 1);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        return;
    }
    if (!lua_isstring(L, -1))
        luaL_error(L, "reader function must return a string");
    lua_replace(L, PIECE_PLACE);
    source->at = lua_tolstring(L, PIECE_PLACE, &source->left);
    source->taken += source->left;
    if (source->taken > script_limit)
        luaL_error(L, "a function gives more than %I bytes of code", (LUAI_UACINT)script_limit);
}

static const char *read_piece(lua_State *L, void *argument, size_t *size)
{
    struct source *source = argument;
    stop_check(L);
    if (!source->left && source->function)
        ask_function(L, source);
    const char *piece = source->at;
    *size = source->left < PIECE ? source->left : PIECE;
    source->at += *size;
    source->left -= *size;
    return *size ? piece : NULL;
}

int load_text(lua_State *L, const char *code, size_t size, const char *chunk)
{
    struct source source = {.at = code, .left = size};
    if (size && *code == LUA_SIGNATURE[0]) {
        lua_pushfstring(L, "%s: binary chunks are refused", *chunk == '@' ? chunk + 1 : "load");
        return LUA_ERRSYNTAX;
    }
    return lua_load(L, read_piece, &source, chunk, "t");
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

/* Key of the table in the registry: chunk name to digest. */
static const char digests;

/* Remember what the file was. On the stack: its chunk name. */
static void keep_digest(lua_State *L, const void *data, size_t size)
{
    char digest[DIGEST_SIZE];
    digest_bytes(data, size, digest);
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &digests) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &digests);
    }
    lua_pushvalue(L, -2);
    lua_pushstring(L, digest);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

bool load_digest(lua_State *L, const char *chunk, char digest[DIGEST_SIZE])
{
    bool known = lua_rawgetp(L, LUA_REGISTRYINDEX, &digests) == LUA_TTABLE;
    if (known) {
        lua_pushstring(L, chunk);
        known = lua_rawget(L, -2) == LUA_TSTRING;
        if (known)
            strcpy(digest, lua_tostring(L, -1));
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return known;
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
    const size_t data_size = size;
    char *code = (char *)data;
    skip_shebang(&code, &size);
    lua_pushfstring(L, "@%s", path);
    keep_digest(L, data, data_size);
    int result = load_text(L, code, size, lua_tostring(L, -1));
    lua_replace(L, -3); /* the function or message in the place of the data, which is collected */
    lua_pop(L, 1);
    return result;
}

/* --- functions ------------------------------------------------------------------------------------------ */

/* Function or message on top of the stack; `environment`: stack index of one, or 0. */
static int finish_load(lua_State *L, int result, int environment)
{
    if (result != LUA_OK) {
        lua_pushnil(L);
        lua_insert(L, -2);
        return 2;
    }
    if (environment) {
        lua_pushvalue(L, environment);
        if (!lua_setupvalue(L, -2, 1))
            lua_pop(L, 1);
    }
    return 1;
}

/* load(chunk [, name [, mode [, environment]]]): as Lua's, but text only. */
static int safe_load(lua_State *L)
{
    int environment = lua_isnone(L, 4) ? 0 : 4;
    size_t size;
    lua_settop(L, PIECE_PLACE);
    const char *code = lua_tolstring(L, 1, &size);
    const char *name = luaL_optstring(L, 2, code ? code : "=(load)");
    if (code)
        return finish_load(L, load_text(L, code, size, name), environment);
    struct source source = {.function = true};
    luaL_checktype(L, 1, LUA_TFUNCTION);
    return finish_load(L, lua_load(L, read_piece, &source, name, "t"), environment);
}

static int safe_loadfile(lua_State *L)
{
    struct error error = {0};
    int environment = lua_isnone(L, 3) ? 0 : 3;
    return finish_load(L, load_file(L, luaL_checkstring(L, 1), &error), environment);
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

/* --- modules -------------------------------------------------------------------------------------------- */

/* Is there a regular file that may be read? */
static bool is_readable(const char *path)
{
    struct error ignored = {0};
    return file_check(path, script_limit, &ignored) == STATUS_OK;
}

/* Push one template of a path with its marks replaced by the name. */
static const char *push_candidate(lua_State *L, const char *model_of, size_t length, const char *name)
{
    luaL_Buffer path;
    luaL_buffinit(L, &path);
    for (size_t i = 0; i < length; i++) {
        if (model_of[i] == '?')
            luaL_addstring(&path, name);
        else
            luaL_addchar(&path, model_of[i]);
    }
    luaL_pushresult(&path);
    return lua_tostring(L, -1);
}

/* package.searchpath(name, path [, separator [, replacement]]) */
static int search_path(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1), *path = luaL_checkstring(L, 2);
    const char *separator = luaL_optstring(L, 3, "."), *replacement = luaL_optstring(L, 4, "/");
    luaL_Buffer tried;
    if (*separator)
        name = luaL_gsub(L, name, separator, replacement);
    luaL_buffinit(L, &tried);
    while (*path) {
        size_t length = strcspn(path, ";");
        stop_check(L);
        if (is_readable(push_candidate(L, path, length, name)))
            return 1;
        lua_pushfstring(L, "no file '%s'%s", lua_tostring(L, -1), path[length] ? "\n\t" : "");
        lua_remove(L, -2);
        luaL_addvalue(&tried);
        path += length + (path[length] == ';');
    }
    luaL_pushresult(&tried);
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
}

/* package.searchers: Lua files of package.path, as text. Upvalue 1: the table package. */
static int search_file(lua_State *L)
{
    struct error error = {0};
    luaL_checkstring(L, 1);
    lua_pushcfunction(L, search_path);
    lua_pushvalue(L, 1);
    if (lua_getfield(L, lua_upvalueindex(1), "path") != LUA_TSTRING)
        return luaL_error(L, "'package.path' must be a string");
    lua_call(L, 2, 2);
    if (lua_isnil(L, -2))
        return 1; /* the message that says where it was looked for */
    lua_pop(L, 1);
    if (load_file(L, lua_tostring(L, -1), &error) != LUA_OK)
        return luaL_error(L, "%s", lua_tostring(L, -1));
    lua_insert(L, -2);
    return 2;
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
    lua_pushvalue(L, -2);
    lua_pushcclosure(L, search_file, 1);
    lua_rawseti(L, -2, 2);
    for (int i = 3; i <= 4; i++) {
        lua_pushnil(L);
        lua_rawseti(L, -2, i);
    }
    lua_pop(L, 1);
    lua_pushcfunction(L, search_path);
    lua_setfield(L, -2, "searchpath");
    lua_pushnil(L);
    lua_setfield(L, -2, "loadlib");
    lua_pop(L, 1);
}

void load_open(lua_State *L)
{
    lua_register(L, "load", safe_load);
    lua_register(L, "loadfile", safe_loadfile);
    lua_register(L, "dofile", safe_dofile);
    clean_path(L);
    set_searchers(L);
}
