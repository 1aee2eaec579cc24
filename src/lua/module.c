/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The module `ippro`: every command of the table as a function, and what is more than a command. */
#include "lua/internal.h"

#include <string.h>

#include "base/progress.h"
#include "session/language/command.h"
#include "session/version.h"
#include "session/words/option.h"
#include "session/words/value.h"

/* --- options -------------------------------------------------------------------------------------------- */

/* ippro.get(option): a number, a boolean or a text. */
static int get_option(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    int id = option_find(name);
    if (id == OPTION_NONE)
        return luaL_error(L, "no option '%s'", name);
    const struct options *options = script_of(L)->session->state.options;
    const struct parameter *parameter = &option_at(id)->parameter;
    const char *text = option_text(options, (enum option_id)id);
    if (parameter->kind == VALUE_REAL)
        lua_pushnumber(L, option_real(options, (enum option_id)id));
    else if (parameter->kind == VALUE_BOOLEAN)
        lua_pushboolean(L, option_flag(options, (enum option_id)id));
    else if (parameter->kind == VALUE_INTEGER && strcmp(text, "auto") != 0)
        lua_pushinteger(L, option_integer(options, (enum option_id)id));
    else
        lua_pushstring(L, text);
    return 1;
}

/* ippro.seed, as an option read and written like a field. */
static int module_field(lua_State *L)
{
    if (lua_type(L, 2) != LUA_TSTRING || strcmp(lua_tostring(L, 2), "seed") != 0)
        return 0;
    lua_pushinteger(L, option_integer(script_of(L)->session->state.options, OPTION_SEED));
    return 1;
}

static int set_module_field(lua_State *L)
{
    lua_settop(L, 3);
    if (lua_type(L, 2) != LUA_TSTRING || strcmp(lua_tostring(L, 2), "seed") != 0) {
        lua_rawset(L, 1);
        return 0;
    }
    command_call(L, script_of(L)->session, "set", 2, 3);
    return 0;
}

/* ippro.clock(): seconds of real time, since some moment. */
static int read_clock(lua_State *L)
{
    lua_pushnumber(L, clock_seconds());
    return 1;
}

/* --- answers -------------------------------------------------------------------------------------------- */

/* A command's answer as the prompt would show it: its text, then its figures. */
static int answer_text(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_newtable(L);
    lua_pushliteral(L, "text");
    lua_rawget(L, 1);
    lua_rawseti(L, 2, 1);
    lua_Integer count = (lua_Integer)lua_rawlen(L, 1);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, 1, i);
        luaL_tolstring(L, -1, NULL);
        lua_rawseti(L, 2, i + 1);
        lua_settop(L, 2);
    }
    lua_settop(L, 2);
    luaL_Buffer text;
    luaL_buffinit(L, &text);
    for (lua_Integer i = 1; i <= count + 1; i++) {
        if (lua_rawgeti(L, 2, i) == LUA_TSTRING)
            luaL_addvalue(&text);
        else
            lua_pop(L, 1);
    }
    luaL_pushresult(&text);
    return 1;
}

/* --- opening -------------------------------------------------------------------------------------------- */

static int open_module(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"criterion", ippro_criterion}, {"load", ippro_load},   {"data", ippro_data},
        {"command", ippro_command},     {"get", get_option},    {"clock", read_clock},
        {"table", ippro_table},         {"curve", ippro_curve}, {NULL, NULL},
    };
    lua_newtable(L);
    add_commands(L, 0, COMMAND_NOT_IN_SCRIPTS, ippro_named);
    luaL_setfuncs(L, functions, 0);
    lua_pushliteral(L, PROGRAM_VERSION);
    lua_setfield(L, -2, "version");
    lua_createtable(L, 0, 3);
    protect_metatable(L, "module");
    lua_pushcfunction(L, module_field);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, set_module_field);
    lua_setfield(L, -2, "__newindex");
    lua_setmetatable(L, -2);
    return 1;
}

void module_open(lua_State *L)
{
    for (int kind = HANDLE_REPLY; kind < HANDLE_KINDS; kind++)
        handle_kind_new(L, (enum handle_kind)kind, NULL, NULL, NULL);
    figure_kind_new(L);
    network_kinds_new(L);
    score_kinds_new(L);
    selection_kind_new(L);
    luaL_newmetatable(L, "ippro.answer");
    protect_metatable(L, "answer");
    lua_pushcfunction(L, answer_text);
    lua_setfield(L, -2, "__tostring");
    lua_pop(L, 1);
    luaL_requiref(L, "ippro", open_module, 1);
    lua_pop(L, 1);
}
