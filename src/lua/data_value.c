/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Data sets in scripts, and what stands in the place of one while none is open. */
#include "lua/internal.h"

#include <string.h>

#include "data/dataset.h"
#include "session/session.h"

void push_data(lua_State *L)
{
    struct dataset *dataset = script_of(L)->session->state.dataset;
    const void *const parts[] = {dataset};
    if (!dataset) {
        lua_pushnil(L);
        return;
    }
    void **place = handle_push_same(L, HANDLE_DATA, parts, 1, NULL);
    if (!*place)
        *place = dataset_retain(dataset);
}

int ippro_data(lua_State *L)
{
    command_call(L, script_of(L)->session, "data", 1, lua_gettop(L));
    push_data(L);
    return 1;
}

/* A data set that is called opens another one, so that ippro.data is both. */
static int data_call(lua_State *L)
{
    lua_remove(L, 1);
    return ippro_data(L);
}

/* --- no data set ---------------------------------------------------------------------------------------- */

static const char no_data[] = "ippro.no_data"; /* the metatable, and the one value in the registry */

void push_data_or_none(lua_State *L)
{
    push_data(L);
    if (!lua_isnil(L, -1))
        return;
    lua_pop(L, 1);
    lua_rawgetp(L, LUA_REGISTRYINDEX, no_data);
}

static int no_data_error(lua_State *L)
{
    return luaL_error(L, "no data set is open: ippro.data(KIND, PATH) opens one");
}

static int no_data_name(lua_State *L)
{
    lua_pushliteral(L, "no data set");
    return 1;
}

static void no_data_new(lua_State *L)
{
    static const luaL_Reg functions[] = {{"__call", data_call},        {"__index", no_data_error},
                                         {"__len", no_data_error},     {"__newindex", no_data_error},
                                         {"__tostring", no_data_name}, {NULL, NULL}};
    lua_newuserdatauv(L, 0, 0);
    luaL_newmetatable(L, no_data);
    luaL_setfuncs(L, functions, 0);
    protect_metatable(L, "data set");
    lua_setmetatable(L, -2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, no_data);
}

struct dataset *check_data(lua_State *L, int index)
{
    if (luaL_testudata(L, index, no_data))
        no_data_error(L);
    return handle_check(L, index, HANDLE_DATA);
}

/* --- data sets ------------------------------------------------------------------------------------------ */

static int data_name(lua_State *L)
{
    const struct dataset *dataset = handle_test(L, 1, HANDLE_DATA);
    if (!dataset) {
        luaL_checkudata(L, 1, "ippro.data");
        lua_pushliteral(L, "data set (freed)");
    } else {
        lua_pushfstring(L, "data set %s (%I images)", dataset->kind->name, (LUAI_UACINT)dataset->count);
    }
    return 1;
}

static void push_class_names(lua_State *L, const struct dataset *dataset)
{
    lua_createtable(L, dataset->classes, 0);
    for (int i = 0; dataset->class_names && i < dataset->classes; i++) {
        lua_pushstring(L, dataset->class_names[i]);
        lua_rawseti(L, -2, i + 1);
    }
}

static void push_kind(lua_State *L, const struct dataset *dataset)
{
    lua_pushstring(L, dataset->kind->name);
}

/* nil of generated images. */
static void push_path(lua_State *L, const struct dataset *dataset)
{
    lua_pushstring(L, dataset->path);
}

static void push_split(lua_State *L, const struct dataset *dataset)
{
    lua_pushstring(L, dataset->split);
}

static void push_normalization(lua_State *L, const struct dataset *dataset)
{
    lua_pushstring(L, dataset->normalization);
}

static void push_images(lua_State *L, const struct dataset *dataset)
{
    lua_pushinteger(L, dataset->count);
}

static void push_classes(lua_State *L, const struct dataset *dataset)
{
    lua_pushinteger(L, dataset->classes);
}

static void push_image_channels(lua_State *L, const struct dataset *dataset)
{
    lua_pushinteger(L, dataset->channels);
}

static void push_height(lua_State *L, const struct dataset *dataset)
{
    lua_pushinteger(L, dataset->height);
}

static void push_width(lua_State *L, const struct dataset *dataset)
{
    lua_pushinteger(L, dataset->width);
}

/* data.NAME: a method, else what is known of the data set. Upvalue 1: the methods. */
static int data_field(lua_State *L)
{
    static const struct {
        const char *name;
        void (*push)(lua_State *L, const struct dataset *dataset);
    } fields[] = {
        {"kind", push_kind},
        {"path", push_path},
        {"split", push_split},
        {"images", push_images},
        {"classes", push_classes},
        {"class_names", push_class_names},
        {"channels", push_image_channels},
        {"height", push_height},
        {"width", push_width},
        {"normalize", push_normalization},
    };
    lua_settop(L, 2);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL || lua_type(L, 2) != LUA_TSTRING)
        return 1;
    const struct dataset *dataset = handle_check(L, 1, HANDLE_DATA);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (strcmp(fields[i].name, lua_tostring(L, 2)) == 0) {
            fields[i].push(L, dataset);
            return 1;
        }
    }
    return 1; /* nil */
}

void data_kind_new(lua_State *L)
{
    static const luaL_Reg data[] = {{NULL, NULL}};
    handle_kind_new(L, HANDLE_DATA, data, data_field, data_name);
    luaL_getmetatable(L, "ippro.data");
    lua_pushcfunction(L, data_call);
    lua_setfield(L, -2, "__call");
    lua_pop(L, 1);
    no_data_new(L);
}
