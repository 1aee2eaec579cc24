/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks that scripts describe: ippro.network calls a function with a builder, whose methods are the kinds
 * of layers (architecture/step_kind.h), and keeps what was built in the table of architectures. */
#include "lua/description.h"

#include <string.h>

#include "architecture/step_kind.h"
#include "architecture/table.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"

static const char descriptions; /* key of the table in the registry: name to function */

static void *check_memory(lua_State *L, void *pointer)
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
static int check_value(lua_State *L, const struct builder *builder, int index)
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

static struct builder *push_builder(lua_State *L, struct architecture *architecture, const char *prefix,
                                    int input)
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

bool push_description(lua_State *L, const char *name)
{
    luaL_checkstack(L, 4, "too many networks within networks");
    bool found = false;
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &descriptions) == LUA_TTABLE) {
        lua_pushstring(L, name);
        found = lua_rawget(L, -2) == LUA_TFUNCTION;
        lua_remove(L, -2);
    }
    if (!found)
        lua_pop(L, 1);
    return found;
}

static void keep_description(lua_State *L, const char *name, int function)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &descriptions) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &descriptions);
    }
    lua_pushstring(L, name);
    lua_pushvalue(L, function);
    lua_rawset(L, -3);
    lua_pop(L, 1);
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

/* --- ippro.network -------------------------------------------------------------------------------------- */

static void check_fields(lua_State *L)
{
    static const char *const fields[] = {"name",    "title", "paper", "by",    "input",
                                         "classes", "build", "names", "extras"};
    enum { FIELDS = sizeof fields / sizeof *fields };
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        const char *field = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
        int i = 0;
        while (i < FIELDS && strcmp(fields[i], field) != 0)
            i++;
        if (i == FIELDS)
            luaL_error(
                L,
                "network: no field '%s': there are name, title, paper, by, input, classes, build, names "
                "and extras",
                field);
    }
}

static const char *text_field(lua_State *L, const char *field, const char *otherwise)
{
    int type = raw_field(L, field);
    if (type != LUA_TSTRING && (type != LUA_TNIL || !otherwise))
        luaL_error(L, "network: %s is a text", field);
    return type == LUA_TNIL ? otherwise : lua_tostring(L, -1);
}

static struct feature_shape check_input(lua_State *L)
{
    int64_t numbers[3];
    if (raw_field(L, "input") != LUA_TTABLE || lua_rawlen(L, -1) != 3)
        luaL_error(L, "network: input is an array of channels, height and width");
    for (int i = 0; i < 3; i++) {
        int whole;
        lua_rawgeti(L, -1, i + 1);
        numbers[i] = lua_tointegerx(L, -1, &whole);
        lua_pop(L, 1);
        if (!whole || numbers[i] < 1 || numbers[i] > 65536)
            luaL_error(L, "network: input is an array of channels, height and width");
    }
    lua_pop(L, 1);
    return (struct feature_shape){numbers[0], numbers[1], numbers[2], false};
}

static int64_t check_classes(lua_State *L)
{
    int whole;
    raw_field(L, "classes");
    int64_t classes = lua_tointegerx(L, -1, &whole);
    if (!whole || classes < 1 || classes > 1000000)
        luaL_error(L, "network: classes is a whole number from 1 on");
    lua_pop(L, 1);
    return classes;
}

static const char *keep_text(lua_State *L, struct architecture *architecture, const char *text)
{
    return check_memory(L, arena_string(architecture->arena, text));
}

static void take_texts(lua_State *L, struct architecture *architecture)
{
    luaL_where(L, 1);
    const char *place = lua_tostring(L, -1);
    const size_t length = strlen(place);
    lua_pushlstring(L, place, length > 2 ? length - 2 : length); /* without ": " */
    architecture->origin = keep_text(L, architecture, lua_tostring(L, -1));
    architecture->title = keep_text(L, architecture, text_field(L, "title", architecture->name));
    const char *paper = text_field(L, "paper", "");
    architecture->paper = *paper ? keep_text(L, architecture, paper) : NULL;
    lua_pop(L, 4);
}

/* Call the function with a builder; what it returns is the output. On the stack: nothing. */
static int run_build(lua_State *L)
{
    struct architecture *architecture = lua_touserdata(L, 2);
    struct error error = {0};
    const struct builder *builder = push_builder(L, architecture, "", 0);
    lua_pushvalue(L, 1);
    lua_pushvalue(L, 3);
    lua_newtable(L);
    lua_call(L, 2, 1);
    if (!handle_test(L, -1, HANDLE_FEATURES))
        return luaL_error(L, "%s: the function build must return the network's output", architecture->origin);
    const int output = check_value(L, builder, lua_gettop(L));
    if (architecture_finish(architecture, output, &error) != STATUS_OK) {
        error_prefix(&error, "%s: ", architecture->origin);
        return raise_error(L, &error);
    }
    return 0;
}

/* While it runs no command does. */
static void build(lua_State *L, struct architecture *architecture)
{
    struct script *script = script_of(L);
    const char *outer = script->inside;
    const bool defining = script->defining;
    lua_pushcfunction(L, run_build);
    if (raw_field(L, "build") != LUA_TFUNCTION)
        luaL_error(L, "network: the field 'build' must be a function");
    lua_pushlightuserdata(L, architecture);
    script->inside = "the description of a network";
    script->defining = false;
    const int result = lua_pcall(L, 2, 0, 0);
    script->inside = outer;
    script->defining = defining;
    if (result != LUA_OK)
        lua_error(L);
}

/* The parameter's name with every pattern of the rule at `rule` replaced in turn; pushed. */
static void push_renamed(lua_State *L, int rule, const char *name)
{
    lua_pushstring(L, name);
    const lua_Integer count = (lua_Integer)lua_rawlen(L, rule);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_getglobal(L, "string");
        lua_getfield(L, -1, "gsub");
        lua_replace(L, -2);
        lua_insert(L, -2);
        if (lua_rawgeti(L, rule, i) != LUA_TTABLE)
            luaL_error(L, "network: names: an array of arrays {pattern, replacement} is expected");
        lua_rawgeti(L, -1, 1);
        lua_rawgeti(L, -2, 2);
        lua_remove(L, -3);
        if (lua_type(L, -1) != LUA_TSTRING || lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "network: names: an array of arrays {pattern, replacement} is expected");
        lua_call(L, 3, 1);
    }
}

/* One way to name the parameters; on top of the stack: {by = "timm", {"^fc", "head.fc"}}. */
static void take_naming(lua_State *L, struct architecture *architecture)
{
    const int rule = lua_gettop(L);
    struct error error = {0};
    if (!lua_istable(L, rule))
        luaL_error(L, "network: names is an array of tables {by =, {pattern, replacement}...}");
    lua_pushliteral(L, "by");
    if (lua_rawget(L, rule) != LUA_TSTRING)
        luaL_error(L, "network: names: by, a text, says whose names they are");
    const char **names = script_alloc(L, (size_t)architecture->parameter_count, sizeof *names);
    luaL_checkstack(L, architecture->parameter_count + 8, "too many parameters");
    for (int i = 0; i < architecture->parameter_count; i++) {
        push_renamed(L, rule, architecture->parameters[i].name);
        names[i] = lua_tostring(L, -1);
    }
    if (architecture_name(architecture, lua_tostring(L, rule + 1), names, &error) != STATUS_OK)
        raise_error(L, &error);
    lua_settop(L, rule);
}

static void take_namings(lua_State *L, struct architecture *architecture)
{
    architecture->namings[0].by = keep_text(L, architecture, text_field(L, "by", ""));
    lua_pop(L, 1);
    const int type = raw_field(L, "names");
    if (type != LUA_TNIL && type != LUA_TTABLE)
        luaL_error(L, "network: names is an array of tables {by =, {pattern, replacement}...}");
    const lua_Integer count = type == LUA_TTABLE ? (lua_Integer)lua_rawlen(L, -1) : 0;
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, -1, i);
        take_naming(L, architecture);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static void take_extras(lua_State *L, struct architecture *architecture)
{
    struct error error = {0};
    const int type = raw_field(L, "extras");
    if (type != LUA_TNIL && type != LUA_TTABLE)
        luaL_error(L, "network: extras is an array of patterns");
    const lua_Integer count = type == LUA_TTABLE ? (lua_Integer)lua_rawlen(L, -1) : 0;
    for (lua_Integer i = 1; i <= count; i++) {
        if (lua_rawgeti(L, -1, i) != LUA_TSTRING)
            luaL_error(L, "network: extras is an array of patterns");
        if (architecture_extra(architecture, lua_tostring(L, -1), &error) != STATUS_OK)
            raise_error(L, &error);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

int ippro_network(lua_State *L)
{
    struct script *script = script_of(L);
    struct error error = {0};
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    check_fields(L);
    if (script->inside && !script->defining)
        return luaL_error(L, "%s cannot describe a network", script->inside);
    const char *name = text_field(L, "name", NULL);
    const struct feature_shape input = check_input(L);
    const int64_t classes = check_classes(L);
    struct architecture *architecture = check_memory(L, architecture_new(name, &input, classes));
    push_builder(L, architecture, "", 0); /* holds it */
    architecture_free(architecture);
    take_texts(L, architecture);
    build(L, architecture);
    take_namings(L, architecture);
    take_extras(L, architecture);
    if (architecture_table_add(architecture, !script->own_files, &error) != STATUS_OK)
        return raise_error(L, &error);
    raw_field(L, "build");
    keep_description(L, name, lua_gettop(L));
    lua_pushstring(L, name);
    return 1;
}
