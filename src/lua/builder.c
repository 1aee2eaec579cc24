/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a description of a network is given: a builder, whose methods are the kinds of layers
 * (architecture/step_kind.h), and the values that these make. */
#include "lua/description.h"

#include <string.h>

#include "architecture/architecture.h"
#include "architecture/step_kind.h"
#include "base/memory.h"
#include "base/status.h"
#include "lua/internal.h"

void *check_memory(lua_State *L, void *pointer)
{
    if (!pointer)
        luaL_error(L, "out of memory");
    return pointer;
}

static int set_value(lua_State *L, const struct builder *builder, int index)
{
    void **place = handle_push(L, HANDLE_FEATURES);
    struct features *features = check_memory(L, mem_new(1, sizeof *features));
    *place = features;
    features->architecture = architecture_retain(builder->architecture);
    features->value = index;
    return 1;
}

/* The number of a value that this builder made. */
int check_value(lua_State *L, const struct builder *builder, int index)
{
    const struct features *features = handle_check(L, index, HANDLE_FEATURES);
    luaL_argcheck(L, features->architecture == builder->architecture, index, "a value of another network");
    return features->value;
}

/* --- layers --------------------------------------------------------------------------------------------- */

/* A setting's number, or both of a pair, from the value at `index`. */
static void read_setting(lua_State *L, int index, const struct step_kind *kind, enum layer_setting setting,
                         double *numbers)
{
    const struct setting_row *row = layer_setting_row(setting);
    if (row->boolean) {
        if (!lua_isboolean(L, index))
            luaL_error(L, "%s: %s is true or false", kind->name, row->name);
        numbers[0] = lua_toboolean(L, index);
        return;
    }
    if (lua_type(L, index) == LUA_TNUMBER) {
        numbers[0] = numbers[1] = lua_tonumber(L, index);
        return;
    }
    if (!row->pair || !lua_istable(L, index) || lua_rawlen(L, index) != 2)
        luaL_error(L, row->pair ? "%s: %s is a number, or an array of two" : "%s: %s is a number", kind->name,
                   row->name);
    for (int i = 0; i < 2; i++) {
        if (lua_rawgeti(L, index, i + 1) != LUA_TNUMBER)
            luaL_error(L, "%s: %s is a number, or an array of two", kind->name, row->name);
        numbers[i] = lua_tonumber(L, -1);
        lua_pop(L, 1);
    }
}

static void refuse_option(lua_State *L, const struct step_kind *kind, const char *name)
{
    luaL_Buffer known;
    luaL_buffinit(L, &known);
    for (int i = 0; i < kind->optional_count; i++) {
        luaL_addstring(&known, i ? ", " : "");
        luaL_addstring(&known, layer_setting_row(kind->optional[i])->name);
    }
    luaL_pushresult(&known);
    luaL_error(L, kind->optional_count ? "%s has no option '%s': there are %s" : "%s has no option '%s'%s",
               kind->name, name, lua_tostring(L, -1));
}

/* The table of options at `index`. */
static void read_options(lua_State *L, int index, struct layer_step *step)
{
    const struct step_kind *kind = step->kind;
    luaL_checktype(L, index, LUA_TTABLE);
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
        int i = 0;
        while (i < kind->optional_count && strcmp(layer_setting_row(kind->optional[i])->name, name) != 0)
            i++;
        if (i == kind->optional_count)
            refuse_option(L, kind, name);
        read_setting(L, lua_gettop(L), kind, kind->optional[i], step->settings[kind->optional[i]]);
    }
}

/* The values from `index` on, one by one or in one array, to an array that the stack keeps alive. Returns the
 * index behind them. */
static int read_inputs(lua_State *L, const struct builder *builder, int index, struct layer_step *step)
{
    const int top = lua_gettop(L), fixed = step->kind->inputs;
    if (!fixed && lua_istable(L, index)) {
        const int count = (int)lua_rawlen(L, index);
        step->inputs = script_alloc(L, (size_t)count, sizeof *step->inputs);
        for (int i = 0; i < count; i++) {
            lua_rawgeti(L, index, i + 1);
            step->inputs[i] = check_value(L, builder, lua_gettop(L));
            lua_pop(L, 1);
        }
        step->input_count = count;
        return index + 1;
    }
    const int count = fixed ? fixed : top - index + 1;
    step->inputs = script_alloc(L, (size_t)count, sizeof *step->inputs);
    while (step->input_count < count && (fixed || handle_test(L, index, HANDLE_FEATURES)))
        step->inputs[step->input_count++] = check_value(L, builder, index++);
    return index;
}

/* builder:conv(name, x, 64, 7, {stride = 2}); upvalue 1: the kind. */
static int add_layer(lua_State *L)
{
    const struct step_kind *kind = lua_touserdata(L, lua_upvalueindex(1));
    struct builder *builder = handle_check(L, 1, HANDLE_BUILDER);
    struct layer_step step = layer_step_of(kind);
    struct error error = {0};
    const int top = lua_gettop(L);
    int index = 2, value;
    if (kind->named) {
        lua_pushfstring(L, "%s%s", builder->prefix, luaL_checkstring(L, index++));
        step.name = lua_tostring(L, -1);
    }
    index = read_inputs(L, builder, index, &step);
    for (int i = 0; i < kind->required_count; i++, index++) {
        if (index > top)
            return luaL_error(L, "%s: %s is missing", kind->name, layer_setting_row(kind->required[i])->name);
        read_setting(L, index, kind, kind->required[i], step.settings[kind->required[i]]);
    }
    if (index <= top && !lua_isnil(L, index))
        read_options(L, index, &step);
    if (top > index)
        return luaL_error(L, "%s: too many arguments", kind->name);
    if (architecture_add(builder->architecture, &step, &value, &error) != STATUS_OK)
        return raise_error(L, &error);
    return set_value(L, builder, value);
}

/* --- the builder ---------------------------------------------------------------------------------------- */

struct builder *push_builder(lua_State *L, struct architecture *architecture, const char *prefix, int input)
{
    void **place = handle_push(L, HANDLE_BUILDER);
    struct builder *builder = check_memory(L, mem_new(1, sizeof *builder));
    *place = builder;
    builder->architecture = architecture_retain(architecture);
    builder->input = input;
    builder->prefix = check_memory(L, mem_string(prefix));
    return builder;
}

/* builder:part(network, prefix, x [, options]): what the description of another network makes of x, with the
 * prefix before all its names. */
static int add_part(lua_State *L)
{
    struct builder *builder = handle_check(L, 1, HANDLE_BUILDER);
    const char *name = luaL_checkstring(L, 2), *prefix = luaL_checkstring(L, 3);
    const int input = check_value(L, builder, 4);
    lua_settop(L, 5);
    if (lua_isnil(L, 5)) {
        lua_newtable(L);
        lua_replace(L, 5);
    }
    if (!push_description(L, name)) {
        bring_networks(L);
        if (!push_description(L, name))
            return luaL_error(L, "part: no network '%s' is described", name);
    }
    lua_pushfstring(L, "%s%s", builder->prefix, prefix);
    push_builder(L, builder->architecture, lua_tostring(L, -1), input);
    lua_remove(L, -2);
    lua_pushvalue(L, 5);
    lua_call(L, 2, LUA_MULTRET);
    return lua_gettop(L) - 5;
}

/* Fields of a builder. Upvalue 1: its methods. */
static int builder_field(lua_State *L)
{
    const struct builder *builder = handle_check(L, 1, HANDLE_BUILDER);
    const char *name = luaL_checkstring(L, 2);
    if (strcmp(name, "input") == 0)
        return set_value(L, builder, builder->input);
    if (strcmp(name, "classes") == 0) {
        lua_pushinteger(L, builder->architecture->classes);
        return 1;
    }
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) == LUA_TNIL)
        return luaL_error(L, "a network has no layer '%s'", name);
    return 1;
}

/* Fields of a value: its shape for one image. */
static int features_field(lua_State *L)
{
    const struct features *features = handle_check(L, 1, HANDLE_FEATURES);
    const struct feature_shape *shape = &features->architecture->shapes[features->value];
    const char *name = luaL_checkstring(L, 2);
    const struct {
        const char *name;
        int64_t number;
    } fields[] = {{"channels", shape->channels}, {"height", shape->height}, {"width", shape->width}};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (strcmp(fields[i].name, name) == 0) {
            lua_pushinteger(L, fields[i].number);
            return 1;
        }
    }
    return luaL_error(L, "a value has channels, height and width, no '%s'", name);
}

void description_kinds_new(lua_State *L)
{
    handle_kind_new(L, HANDLE_BUILDER, NULL, NULL, NULL);
    handle_kind_new(L, HANDLE_FEATURES, NULL, NULL, NULL);
    luaL_getmetatable(L, "ippro.builder");
    lua_newtable(L);
    for (int i = 0; step_kind_at(i); i++) {
        lua_pushlightuserdata(L, (void *)step_kind_at(i));
        lua_pushcclosure(L, add_layer, 1);
        lua_setfield(L, -2, step_kind_at(i)->name);
    }
    lua_pushcfunction(L, add_part);
    lua_setfield(L, -2, "part");
    lua_pushcclosure(L, builder_field, 1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    luaL_getmetatable(L, "ippro.features");
    lua_pushcfunction(L, features_field);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}
