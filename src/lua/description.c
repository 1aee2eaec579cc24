/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks that scripts describe: ippro.network calls a function with a builder (builder.c), and keeps what
 * was built in the table of architectures. */
#include "lua/description.h"

#include <string.h>

#include "architecture/architecture.h"
#include "architecture/table.h"
#include "base/memory.h"
#include "base/status.h"
#include "lua/internal.h"

static const char descriptions; /* key of the table in the registry: name to function */

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
