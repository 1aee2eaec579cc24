/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of a Lua state, and the one protected way into it. */
#include "lua/internal.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "score/criterion.h"

struct script *script_of(lua_State *L)
{
    return *(struct script **)lua_getextraspace(L);
}

/* With an interrupt pending no block grows by more. */
static const size_t large_block = (size_t)1 << 20;

/* Lua's memory, counted. When a block is new, `old` is a kind of value and no size. */
static void *allocate(void *argument, void *block, size_t old, size_t size)
{
    struct script *script = argument;
    size_t before = block ? old : 0;
    if (!size) {
        mem_free(block);
        script->held -= before;
        return NULL;
    }
    if (size > before && size - before > script->limit - script->held)
        return NULL;
    if (size > before && size - before >= large_block && script_pending(script))
        return NULL;
    void *moved = mem_resize(block, size, 1);
    if (moved)
        script->held = script->held - before + size;
    return moved;
}

static int open_all(lua_State *L)
{
    struct script *script = script_of(L);
    script->caller = lua_newthread(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, script);
    sandbox_open(L, script->safe);
    output_open(L);
    module_open(L);
    return 0;
}

status script_new(struct session *session, const struct script_host *host,
                  const struct script_options *options, struct script **result, struct error *error)
{
    struct script *script = mem_new(1, sizeof *script);
    if (!script)
        return error_memory(error);
    script->session = session;
    script->thread = pthread_self();
    script->host = *host;
    script->limit = options->memory ? options->memory : SCRIPT_MEMORY;
    script->safe = options->safe;
    script->lua = lua_newstate(allocate, script);
    status code = script->lua ? STATUS_OK : error_memory(error);
    if (code == STATUS_OK) {
        *(struct script **)lua_getextraspace(script->lua) = script;
        lua_pushcfunction(script->lua, open_all);
        if (lua_pcall(script->lua, 0, 0, 0) != LUA_OK)
            code = error_set(error, STATUS_FAILED, "Lua cannot start: %s", lua_tostring(script->lua, -1));
    }
    if (code != STATUS_OK) {
        script_free(script);
        return code;
    }
    *result = script;
    return STATUS_OK;
}

void script_free(struct script *script)
{
    if (!script)
        return;
    criterion_retire(script);
    if (script->lua)
        lua_close(script->lua);
    mem_free(script->traceback);
    text_free(&script->warning);
    mem_free(script);
}

const char *script_traceback(const struct script *script)
{
    return script->traceback ? script->traceback : "";
}

/* --- the protected entry -------------------------------------------------------------------------------- */

/* Any error value becomes a text, with the calls that led there kept aside. */
static int handle_error(lua_State *L)
{
    struct script *script = script_of(L);
    if (lua_type(L, 1) != LUA_TSTRING) {
        if (!luaL_callmeta(L, 1, "__tostring") || lua_type(L, -1) != LUA_TSTRING)
            lua_pushfstring(L, "an error that is a %s, not a text", luaL_typename(L, 1));
        lua_replace(L, 1);
    }
    lua_settop(L, 1);
    luaL_traceback(L, L, NULL, 1);
    mem_free(script->traceback);
    script->traceback = mem_string(lua_tostring(L, -1));
    lua_settop(L, 1);
    return 1;
}

/* Why a script ended: the code of the command's error that nobody caught, which Lua puts a place in front of,
 * or a failure of its own. */
static status raised_status(const struct script *script, const char *message)
{
    size_t length = message ? strlen(message) : 0, tail = strlen(script->raised.message);
    bool same = tail > 0 && length >= tail && strcmp(message + length - tail, script->raised.message) == 0;
    return same ? script->raised.code : STATUS_FAILED;
}

/* Call what is on the stack below `count` arguments. Leaves nothing there. */
static status enter(struct script *script, int count, struct error *error)
{
    lua_State *L = script->lua;
    mem_free(script->traceback);
    script->traceback = NULL;
    script->raised = (struct error){0};
    stop_hook(L);
    int base = lua_gettop(L) - count;
    lua_pushcfunction(L, handle_error);
    lua_insert(L, base);
    int result = lua_pcall(L, count, 0, base);
    status code = STATUS_OK;
    if (result != LUA_OK) {
        const char *message = lua_tostring(L, -1);
        bool stopped = script_interrupted(L);
        code = stopped                ? STATUS_CANCELLED
               : result == LUA_ERRMEM ? STATUS_MEMORY
                                      : raised_status(script, message);
        if (result == LUA_ERRMEM)
            error_set(error, code, "out of memory: a script may hold %zu MB", script->limit >> 20);
        else
            error_set(error, code, "%s", message ? message : "an error without a text");
    }
    lua_settop(L, 0);
    if (result != LUA_OK && code != STATUS_CANCELLED)
        lua_gc(L, LUA_GCCOLLECT); /* which may take long: not now when somebody waits for the end */
    return code;
}

status call_inside(struct script *script, const char *name, lua_CFunction function, void *argument,
                   struct error *error)
{
    lua_State *L = script->caller;
    if (script->inside)
        return error_set(error, STATUS_STATE, "%s cannot be run by %s", name, script->inside);
    script->inside = name;
    stop_hook(L);
    lua_settop(L, 0);
    lua_pushcfunction(L, handle_error);
    lua_pushcfunction(L, function);
    lua_pushlightuserdata(L, argument);
    int result = lua_pcall(L, 1, 0, 1);
    status code = STATUS_OK;
    if (result != LUA_OK) {
        const char *message = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
        code = script_interrupted(L)  ? STATUS_CANCELLED
               : result == LUA_ERRMEM ? STATUS_MEMORY
                                      : STATUS_FAILED;
        error_set(error, code, "%s", message ? message : "an error that is no text");
    }
    lua_settop(L, 0);
    script->inside = NULL;
    return code;
}

struct entry {
    const char *path, *code;
    char *const *arguments;
    int count;
    bool incomplete;
    status failed; /* why the code could not be loaded */
    struct error *error;
};

static int run_file(lua_State *L)
{
    struct entry *entry = lua_touserdata(L, 1);
    int loaded = load_file(L, entry->path, entry->error);
    if (loaded != LUA_OK) {
        entry->failed = loaded == LUA_ERRFILE  ? entry->error->code
                        : loaded == LUA_ERRMEM ? STATUS_MEMORY
                                               : STATUS_FILE;
        return lua_error(L);
    }
    lua_createtable(L, entry->count, 1);
    lua_pushstring(L, entry->path);
    lua_rawseti(L, -2, 0);
    luaL_checkstack(L, entry->count, "too many arguments");
    for (int i = 0; i < entry->count; i++) {
        lua_pushstring(L, entry->arguments[i]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setglobal(L, "arg");
    for (int i = 0; i < entry->count; i++)
        lua_pushstring(L, entry->arguments[i]);
    lua_call(L, entry->count, 0);
    return 0;
}

/* Is only the end missing? Lua says so by naming the end of the input as what it met. */
static bool ends_early(lua_State *L, int result)
{
    size_t length;
    const char *message = lua_tolstring(L, -1, &length);
    return result == LUA_ERRSYNTAX && length >= 5 && strcmp(message + length - 5, "<eof>") == 0 &&
           !strstr(message, "unfinished string"); /* more lines cannot end that */
}

static int run_line(lua_State *L)
{
    struct entry *entry = lua_touserdata(L, 1);
    lua_pushfstring(L, "return %s", entry->code);
    int result = load_text(L, lua_tostring(L, -1), strlen(lua_tostring(L, -1)), "=lua");
    bool early = ends_early(L, result);
    if (result != LUA_OK) {
        lua_pop(L, 2);
        result = load_text(L, entry->code, strlen(entry->code), "=lua");
        early = ends_early(L, result) || early;
    }
    if (result != LUA_OK) {
        entry->incomplete = early;
        entry->failed = STATUS_USAGE;
        return lua_error(L);
    }
    int base = lua_gettop(L);
    lua_call(L, 0, LUA_MULTRET);
    int values = lua_gettop(L) - base + 1;
    if (values > 0) {
        lua_pushcfunction(L, pretty_print);
        lua_insert(L, base);
        lua_call(L, values, 0);
    }
    return 0;
}

static status enter_entry(struct script *script, lua_CFunction function, struct entry *entry,
                          struct error *error)
{
    if (script->running)
        return error_set(error, STATUS_STATE, "a script is running already: it cannot be entered once more");
    script->running = true;
    lua_settop(script->lua, 0);
    lua_pushcfunction(script->lua, function);
    lua_pushlightuserdata(script->lua, entry);
    status code = enter(script, 1, error);
    script->running = false;
    fflush(stdout);
    if (code != STATUS_OK && code != STATUS_CANCELLED && entry->failed != STATUS_OK) {
        mem_free(script->traceback); /* of what was never run */
        script->traceback = NULL;
        code = error->code = entry->failed;
    }
    return code;
}

status script_file(struct script *script, const char *path, char *const *arguments, int count,
                   struct error *error)
{
    struct error reading = {0};
    struct entry entry = {.path = path, .arguments = arguments, .count = count, .error = &reading};
    return enter_entry(script, run_file, &entry, error);
}

status script_line(struct script *script, const char *code, bool *incomplete, struct error *error)
{
    struct entry entry = {.code = code};
    status result = enter_entry(script, run_line, &entry, error);
    *incomplete = entry.incomplete;
    return result;
}
