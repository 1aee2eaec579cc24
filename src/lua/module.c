/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The module `ippro`: every command of the table as a function, and what is more than a command. */
#include "lua/internal.h"

#include <string.h>

#include "base/progress.h"
#include "lua/description.h"
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

/* --- fields --------------------------------------------------------------------------------------------- */

static void push_seed(lua_State *L)
{
    lua_pushinteger(L, option_integer(script_of(L)->session->state.options, OPTION_SEED));
}

static void push_scores_now(lua_State *L)
{
    push_score_set(L, script_of(L)->session);
}

/* What is not kept in the module but looked up in the session. */
static const struct {
    const char *name;
    void (*push)(lua_State *L);
    const char *option; /* that is set by setting the field; NULL: it cannot be set, as `way` says */
    const char *way;
} fields[] = {
    {"seed", push_seed, "seed", NULL},
    {"model", push_model, NULL, "ippro.load loads one"},
    {"data", push_data_or_none, NULL, "ippro.data(KIND, PATH) opens one"},
    {"dataset", push_data, NULL, "ippro.data(KIND, PATH) opens one"},
    {"scores", push_scores_now, NULL, "ippro.score scores"},
};
enum { FIELDS = sizeof fields / sizeof *fields };

static int field_at(lua_State *L, int index)
{
    for (int i = 0; lua_type(L, index) == LUA_TSTRING && i < FIELDS; i++) {
        if (strcmp(lua_tostring(L, index), fields[i].name) == 0)
            return i;
    }
    return -1;
}

static int module_field(lua_State *L)
{
    int field = field_at(L, 2);
    if (field < 0)
        return 0;
    fields[field].push(L);
    return 1;
}

static int set_module_field(lua_State *L)
{
    lua_settop(L, 3);
    int field = field_at(L, 2);
    if (field < 0) {
        lua_rawset(L, 1);
        return 0;
    }
    if (!fields[field].option)
        return luaL_error(L, "ippro.%s is what the session has: %s", fields[field].name, fields[field].way);
    lua_pushstring(L, fields[field].option);
    lua_replace(L, 2);
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
        {"criterion", ippro_criterion},
        {"network", ippro_network},
        {"npy", ippro_npy},
        {"array", ippro_array},
        {"load", ippro_load},
        {"command", ippro_command},
        {"get", get_option},
        {"clock", read_clock},
        {"table", ippro_table},
        {"curve", ippro_curve},
        {"on", ippro_on},
        {"off", ippro_off},
        {NULL, NULL},
    };
    lua_newtable(L);
    add_commands(L, 0, COMMAND_NOT_IN_SCRIPTS, ippro_named);
    luaL_setfuncs(L, functions, 0);
    for (int i = 0; i < FIELDS; i++) {
        lua_pushnil(L);
        lua_setfield(L, -2, fields[i].name);
    }
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
    handles_open(L);
    for (int kind = HANDLE_REPLY; kind < HANDLE_KINDS; kind++)
        handle_kind_new(L, (enum handle_kind)kind, NULL, NULL, NULL);
    figure_kind_new(L);
    array_kind_new(L);
    vector_kind_new(L);
    network_kinds_new(L);
    data_kind_new(L);
    score_kinds_new(L);
    selection_kind_new(L);
    description_kinds_new(L);
    luaL_newmetatable(L, "ippro.answer");
    protect_metatable(L, "answer");
    lua_pushcfunction(L, answer_text);
    lua_setfield(L, -2, "__tostring");
    lua_pop(L, 1);
    luaL_requiref(L, "ippro", open_module, 1);
    lua_pop(L, 1);
}
