/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that a session asks Lua to run for what they give alone: recipes, whose result becomes lines of a
 * plain recipe, and files of criteria. */
#include "lua/internal.h"

#include <string.h>

#include "base/status.h"
#include "base/text.h"

struct recipe_call {
    const char *path;
    const struct model *model;
    struct text *lines;
    struct error *error; /* why the file could not be read */
};

/* "TARGET VALUE" with the value at the top of the stack, which is popped. Recipes are made of words. */
static void add_line(lua_State *L, const struct recipe_call *call, const char *target)
{
    if (!*target || strpbrk(target, " \t\r\n#"))
        luaL_error(L, "%s: '%s' cannot stand in a recipe", call->path, target);
    switch (lua_type(L, -1)) {
    case LUA_TBOOLEAN:
        if (lua_toboolean(L, -1))
            luaL_error(L, "%s: %s: true is no ratio", call->path, target);
        text_add_format(call->lines, "%s none\n", target); /* false leaves the target alone */
        break;
    case LUA_TNUMBER:
        text_add_format(call->lines, "%s ", target);
        text_add_double(call->lines, lua_tonumber(L, -1));
        text_add(call->lines, "\n");
        break;
    case LUA_TSTRING:
        if (strpbrk(lua_tostring(L, -1), " \t\r\n#"))
            luaL_error(L, "%s: '%s' cannot stand in a recipe", call->path, lua_tostring(L, -1));
        text_add_format(call->lines, "%s %s\n", target, lua_tostring(L, -1));
        break;
    default:
        luaL_error(L, "%s: %s: a %s is no ratio", call->path, target, luaL_typename(L, -1));
    }
    lua_pop(L, 1);
}

static void lines_from_table(lua_State *L, const struct recipe_call *call, int index)
{
    push_ordered_targets(L, call->model, index, call->path);
    for (lua_Integer i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++) {
        lua_pushvalue(L, -1);
        lua_rawget(L, index);
        add_line(L, call, lua_tostring(L, -2));
        lua_pop(L, 1);
    }
}

/* The function is asked once per block that is free, about its first layer; nil sets nothing. */
static void lines_from_function(lua_State *L, const struct recipe_call *call, int index)
{
    const struct coupling *coupling = call->model->coupling;
    for (int i = 0; i < coupling->block_count; i++) {
        const struct block *block = &coupling->blocks[i];
        if (block->locked)
            continue;
        lua_pushvalue(L, index);
        push_layer(L, call->model, block->layers[0]);
        lua_call(L, 1, 1);
        if (lua_isnil(L, -1))
            lua_pop(L, 1);
        else
            add_line(L, call, call->model->layers->items[block->layers[0]].name);
    }
}

void push_environment(lua_State *L)
{
    lua_newtable(L);
    lua_createtable(L, 0, 2);
    lua_pushglobaltable(L);
    lua_setfield(L, -2, "__index");
    protect_metatable(L, "environment");
    lua_setmetatable(L, -2);
}

static int run_recipe(lua_State *L)
{
    const struct recipe_call *call = lua_touserdata(L, 1);
    push_environment(L);
    if (load_file(L, call->path, call->error) != LUA_OK)
        return lua_error(L);
    lua_pushvalue(L, 2);
    lua_setupvalue(L, 3, 1);
    lua_call(L, 0, 1);
    if (lua_isnil(L, 3)) {
        lua_pushliteral(L, "ratios");
        lua_rawget(L, 2);
        lua_replace(L, 3);
    }
    switch (lua_type(L, 3)) {
    case LUA_TNUMBER:
        add_line(L, call, "all");
        break;
    case LUA_TTABLE:
        lines_from_table(L, call, 3);
        break;
    case LUA_TFUNCTION:
        lines_from_function(L, call, 3);
        break;
    default:
        return luaL_error(L, "%s: a recipe returns a number, a table or a function, not %s", call->path,
                          luaL_typename(L, 3));
    }
    return 0;
}

/* --- files of criteria ---------------------------------------------------------------------------------- */

static int run_definitions(lua_State *L)
{
    const struct recipe_call *call = lua_touserdata(L, 1);
    if (load_file(L, call->path, call->error) != LUA_OK)
        return lua_error(L);
    lua_call(L, 0, 0);
    return 0;
}

static status call_file(struct script *script, const char *name, lua_CFunction function,
                        struct recipe_call *call, struct error *error)
{
    struct error reading = {0};
    call->error = &reading;
    status code = call_inside(script, name, function, call, error);
    if (code == STATUS_FAILED && reading.code != STATUS_OK)
        code = error->code = reading.code;
    return code;
}

status script_define(struct script *script, const char *path, struct error *error)
{
    struct recipe_call call = {.path = path};
    script->defining = true;
    status code = call_file(script, "a file of criteria", run_definitions, &call, error);
    script->defining = false;
    return code;
}

status script_recipe(struct script *script, const char *path, const struct model *model, struct text *lines,
                     struct error *error)
{
    struct recipe_call call = {.path = path, .model = model, .lines = lines};
    return call_file(script, "a recipe", run_recipe, &call, error);
}
