/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions of scripts that are called when something happened: ippro.on and ippro.off. A table in the
 * registry has an array for each event, of entries {function, what it failed with last}. */
#include "lua/internal.h"

#include <string.h>

#include "base/status.h"
#include "session/board.h"
#include "session/event.h"
#include "session/session.h"

static const char hooks_key; /* its address */

struct happening {
    enum event event;
    const char *line;
};

/* Push the array of an event, made when first needed. */
static void push_hooks(lua_State *L, int event)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &hooks_key) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &hooks_key);
    }
    if (lua_rawgeti(L, -1, event + 1) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_rawseti(L, -3, event + 1);
    }
    lua_remove(L, -2);
}

static int check_event(lua_State *L, int index)
{
    const char *name = luaL_checkstring(L, index);
    for (int i = 0; i < EVENT_COUNT; i++) {
        if (strcmp(event_name(i), name) == 0)
            return i;
    }
    luaL_Buffer known;
    luaL_buffinit(L, &known);
    for (int i = 0; i < EVENT_COUNT; i++) {
        luaL_addstring(&known, i ? ", " : "");
        luaL_addstring(&known, event_name(i));
    }
    luaL_pushresult(&known);
    return luaL_error(L, "no event '%s': there are %s", name, lua_tostring(L, -1));
}

/* Is entry `place` of the array on top that of the function at `index`? */
static bool is_entry_of(lua_State *L, lua_Integer place, int index)
{
    lua_rawgeti(L, -1, place);
    lua_rawgeti(L, -1, 1);
    bool same = lua_rawequal(L, -1, index);
    lua_pop(L, 2);
    return same;
}

/* ippro.on(event, function): returns the function, for ippro.off. Once is enough. */
int ippro_on(lua_State *L)
{
    int event = check_event(L, 1);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    push_hooks(L, event);
    lua_Integer count = (lua_Integer)lua_rawlen(L, 3);
    for (lua_Integer i = 1; i <= count; i++) {
        if (is_entry_of(L, i, 2)) {
            lua_settop(L, 2);
            return 1;
        }
    }
    lua_createtable(L, 2, 0);
    lua_pushvalue(L, 2);
    lua_rawseti(L, -2, 1);
    lua_rawseti(L, 3, count + 1);
    lua_settop(L, 2);
    return 1;
}

/* Take the function at `index` (0: all) out of the array on top, which goes. Returns how many went. */
static lua_Integer take_out(lua_State *L, int index)
{
    lua_Integer count = (lua_Integer)lua_rawlen(L, -1), kept = 0;
    for (lua_Integer i = 1; i <= count; i++) {
        if (index && !is_entry_of(L, i, index)) {
            lua_rawgeti(L, -1, i);
            lua_rawseti(L, -2, ++kept);
        }
    }
    for (lua_Integer i = kept + 1; i <= count; i++) {
        lua_pushnil(L);
        lua_rawseti(L, -2, i);
    }
    lua_pop(L, 1);
    return count - kept;
}

int ippro_off(lua_State *L)
{
    lua_settop(L, 2);
    int only = lua_isnil(L, 1) ? -1 : check_event(L, 1);
    lua_Integer gone = 0;
    if (!lua_isnil(L, 2))
        luaL_checktype(L, 2, LUA_TFUNCTION);
    for (int i = 0; i < EVENT_COUNT; i++) {
        if (only >= 0 && i != only)
            continue;
        push_hooks(L, i);
        gone += take_out(L, lua_isnil(L, 2) ? 0 : 2);
    }
    lua_pushinteger(L, gone);
    return 1;
}

/* --- what happened -------------------------------------------------------------------------------------- */

static void add_model(lua_State *L)
{
    push_model(L);
    lua_setfield(L, -2, "model");
}

static void add_data(lua_State *L)
{
    push_data(L);
    lua_setfield(L, -2, "data");
}

static void add_scores(lua_State *L)
{
    const struct board *board = script_of(L)->session->state.board;
    push_score_set(L, script_of(L)->session);
    lua_setfield(L, -2, "scores");
    lua_createtable(L, board->count, 0);
    for (int i = 0; i < board->count; i++) {
        lua_pushstring(L, board->entries[i].choice.label);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "criteria");
}

static void add_selection(lua_State *L)
{
    push_selection(L, script_of(L)->session);
    lua_setfield(L, -2, "selection");
}

static void add_evaluation(lua_State *L)
{
    add_measurement(L, script_of(L)->session);
}

/* Add fields to the table on top; NULL: there is nothing to add. */
static void (*const contents[EVENT_COUNT])(lua_State *L) = {
    [EVENT_LOADED] = add_model,       [EVENT_DATA] = add_data,    [EVENT_SCORED] = add_scores,
    [EVENT_SELECTED] = add_selection, [EVENT_PRUNED] = add_model, [EVENT_EVALUATED] = add_evaluation,
};

/* --- telling -------------------------------------------------------------------------------------------- */

/* (function, happening): call it with a table of its own. */
static int call_hook(lua_State *L)
{
    const struct happening *happening = lua_touserdata(L, 2);
    lua_settop(L, 1);
    lua_newtable(L);
    lua_pushstring(L, event_name((int)happening->event));
    lua_setfield(L, -2, "event");
    lua_pushstring(L, happening->line);
    lua_setfield(L, -2, "command");
    if (contents[happening->event])
        contents[happening->event](L);
    lua_call(L, 1, 0);
    return 0;
}

/* The message on top is that of the entry below it. */
static void report(lua_State *L, const struct happening *happening)
{
    const struct script *script = script_of(L);
    struct error error = {0};
    if (lua_type(L, -1) != LUA_TSTRING) {
        lua_pushfstring(L, "an error that is a %s, not a text", luaL_typename(L, -1));
        lua_replace(L, -2);
    }
    lua_rawgeti(L, -2, 2);
    bool told = lua_rawequal(L, -1, -2);
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, 2);
    if (told || !script->host.warn)
        return;
    error_set(&error, STATUS_FAILED, "on '%s': %s", event_name((int)happening->event), lua_tostring(L, -1));
    script->host.warn(script->host.argument, &error);
}

/* (events, line): the functions as they are now, whatever these add and remove. */
static int tell_all(lua_State *L)
{
    lua_Integer events = lua_tointeger(L, 1);
    const char *line = lua_touserdata(L, 2);
    for (int event = 0; event < EVENT_COUNT; event++) {
        struct happening happening = {(enum event)event, line};
        if (!(events & (1 << event)))
            continue;
        lua_settop(L, 2);
        push_hooks(L, event);
        lua_Integer count = (lua_Integer)lua_rawlen(L, 3);
        lua_createtable(L, (int)count, 0);
        for (lua_Integer i = 1; i <= count; i++) {
            lua_rawgeti(L, 3, i);
            lua_rawseti(L, 4, i);
        }
        for (lua_Integer i = 1; i <= count && !script_interrupted(L); i++) {
            lua_settop(L, 4);
            lua_rawgeti(L, 4, i);
            lua_pushcfunction(L, call_hook);
            lua_rawgeti(L, 5, 1);
            lua_pushlightuserdata(L, &happening);
            if (lua_pcall(L, 2, 0, 0) != LUA_OK)
                report(L, &happening);
        }
    }
    return 0;
}

/* A script's command tells on the thread of Lua's that runs it. */
void script_tell(struct script *script, unsigned events, const char *line)
{
    lua_State *L = script->current ? script->current : script->lua;
    if (!events || script->telling || script->inside || !lua_checkstack(L, 8))
        return;
    bool running = script->running;
    script->running = script->telling = true;
    int top = lua_gettop(L);
    stop_hook(L);
    lua_pushcfunction(L, tell_all);
    lua_pushinteger(L, events);
    lua_pushlightuserdata(L, (char *)line);
    if (lua_pcall(L, 2, 0, 0) != LUA_OK && script->host.warn) {
        struct error error = {0};
        const char *message = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
        error_set(&error, STATUS_FAILED, "%s", message ? message : "an error without a text");
        script->host.warn(script->host.argument, &error);
    }
    lua_settop(L, top);
    script->running = running;
    script->telling = false;
}
