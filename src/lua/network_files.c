/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files in which networks are described: run when somebody first asks for networks, and again when they
 * have changed. */
#include "lua/description.h"

#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "lua/internal.h"
#include "session/words/known_file.h"
#include "session/words/word_list.h"

/* Keys of tables in the registry: path to what the file was when it was run, and to what is wrong with it. */
static const char ran, wrong;

static void push_table(lua_State *L, const char *key)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, key) == LUA_TTABLE)
        return;
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

/* Set a path's entry to the text on top of the stack, which is popped. */
static void set_entry(lua_State *L, const char *key, const char *path)
{
    push_table(L, key);
    lua_pushstring(L, path);
    lua_pushvalue(L, -3);
    lua_rawset(L, -3);
    lua_pop(L, 2);
}

/* Was it run as it is now? If not it is from here on. */
static bool was_run(lua_State *L, const char *path)
{
    char digest[DIGEST_SIZE] = "";
    struct error ignored = {0};
    file_digest(path, SIZE_MAX, digest, &ignored);
    push_table(L, &ran);
    lua_pushstring(L, path);
    const bool same = lua_rawget(L, -2) == LUA_TSTRING && strcmp(lua_tostring(L, -1), digest) == 0;
    lua_pop(L, 2);
    lua_pushstring(L, digest);
    set_entry(L, &ran, path);
    return same;
}

static bool is_programs(const char *path)
{
    for (int i = 0; file_program_folder(i); i++) {
        const size_t length = strlen(file_program_folder(i));
        if (strncmp(path, file_program_folder(i), length) == 0 && path[length] == '/')
            return true;
    }
    return false;
}

static int run_file(lua_State *L)
{
    struct error error = {0};
    if (load_file(L, lua_tostring(L, 1), &error) != LUA_OK)
        return lua_error(L);
    lua_call(L, 0, 0);
    return 0;
}

static void bring_file(lua_State *L, const char *path)
{
    struct script *script = script_of(L);
    const char *inside = script->inside;
    const bool defining = script->defining, own = script->own_files;
    if (was_run(L, path))
        return;
    script->inside = "a file of networks";
    script->defining = true;
    script->own_files = is_programs(path);
    lua_pushcfunction(L, run_file);
    lua_pushstring(L, path);
    const int result = lua_pcall(L, 1, 0, 0);
    script->inside = inside;
    script->defining = defining;
    script->own_files = own;
    if (result == LUA_OK) {
        lua_pushnil(L);
    } else {
        lua_pushnil(L); /* once more, when somebody asks again: perhaps memory was out */
        set_entry(L, &ran, path);
        if (script_interrupted(L) || result == LUA_ERRMEM)
            lua_error(L);
        luaL_tolstring(L, -1, NULL);
        lua_remove(L, -2);
    }
    set_entry(L, &wrong, path);
}

/* The paths of all files, one a line, held by the stack. */
static const struct text *push_paths(lua_State *L)
{
    struct word_list words = {0};
    void **place = handle_push(L, HANDLE_TEXT);
    struct text *paths = mem_new(1, sizeof *paths);
    *place = paths;
    if (!paths)
        luaL_error(L, "out of memory");
    known_file_words(&known_networks, &words);
    for (size_t i = 0; i < words.count; i++) {
        struct error ignored = {0};
        char *path = NULL;
        if (known_file_find(&known_networks, words.items[i], &path, &ignored) == STATUS_OK)
            text_add_format(paths, "%s\n", path);
        mem_free(path);
    }
    const bool failed = paths->failed || words.failed;
    word_list_free(&words);
    if (failed)
        luaL_error(L, "out of memory");
    return paths;
}

void bring_networks(lua_State *L)
{
    const int top = lua_gettop(L);
    luaL_checkstack(L, 10, "too many networks within networks");
    for (const char *path = text_data(push_paths(L)); *path;) {
        const size_t length = strcspn(path, "\n");
        lua_pushlstring(L, path, length);
        bring_file(L, lua_tostring(L, -1));
        lua_settop(L, top + 1);
        path += length + 1;
    }
    lua_settop(L, top);
}

void network_problems(lua_State *L, struct text *problems)
{
    push_table(L, &wrong);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
        text_add_format(problems, "%s\n", lua_tostring(L, -1));
    lua_pop(L, 1);
}

/* --- from the session ----------------------------------------------------------------------------------- */

static int bring_inside(lua_State *L)
{
    struct text *problems = lua_touserdata(L, 1);
    bring_networks(L);
    network_problems(L, problems);
    return 0;
}

status script_networks(struct script *script, struct text *problems, struct error *error)
{
    return call_inside(script, "a file of networks", bring_inside, problems, error);
}
