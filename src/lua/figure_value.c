/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figures in scripts: written to files, shown as text, and their numbers as tables. */
#include "lua/internal.h"

#include <string.h>

#include "base/inputs.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "view/fields.h"
#include "view/figure.h"
#include "view/write/write.h"

void push_figure(lua_State *L, struct figure **figure)
{
    void **place = handle_push(L, HANDLE_FIGURE);
    *place = *figure;
    *figure = NULL;
}

/* --- files ---------------------------------------------------------------------------------------------- */

bool may_overwrite(lua_State *L, int index)
{
    if (lua_isnoneornil(L, index))
        return false;
    luaL_checktype(L, index, LUA_TTABLE);
    bool overwrite = lua_getfield(L, index, "overwrite") != LUA_TNIL && lua_toboolean(L, -1);
    lua_pop(L, 1);
    return overwrite;
}

/* figure:csv(path, options) and its like; upvalue 1: the extension that must be there. Returns the figure. */
static int save_figure(lua_State *L)
{
    const struct figure *figure = handle_check(L, 1, HANDLE_FIGURE);
    const char *path = luaL_checkstring(L, 2), *extension = lua_tostring(L, lua_upvalueindex(1));
    struct error error = {0};
    size_t length = strlen(path), tail = strlen(extension);
    if (length <= tail || path[length - tail - 1] != '.' || strcmp(path + length - tail, extension) != 0)
        return luaL_error(L, "%s: the name must end in .%s", path, extension);
    if (inputs_protect(path, may_overwrite(L, 3), &error) != STATUS_OK ||
        figures_save(&figure, 1, path, &error) != STATUS_OK)
        return raise_error(L, &error);
    lua_settop(L, 1);
    return 1;
}

static int figure_text(lua_State *L)
{
    const struct figure *figure = handle_test(L, 1, HANDLE_FIGURE);
    struct error error = {0};
    if (!figure) {
        luaL_checkudata(L, 1, "ippro.figure");
        lua_pushliteral(L, "figure (freed)");
        return 1;
    }
    void **place = handle_push(L, HANDLE_TEXT);
    struct text *text = mem_new(1, sizeof *text);
    *place = text;
    if (!text)
        return luaL_error(L, "out of memory");
    if (write_txt(&figure, 1, text, &error) != STATUS_OK)
        return raise_error(L, &error);
    push_text(L, text);
    return 1;
}

/* --- numbers -------------------------------------------------------------------------------------------- */

void push_channels(lua_State *L, const int64_t *channels, int64_t count)
{
    lua_createtable(L, (int)count, 0);
    for (int64_t i = 0; i < count; i++) {
        lua_pushinteger(L, channels[i]);
        lua_rawseti(L, -2, i + 1);
    }
}

/* Tables on the stack, the open one on top. */
struct table_builder {
    struct field_builder builder;
    lua_State *L;
};

static lua_State *state_of(struct field_builder *builder)
{
    return ((struct table_builder *)builder)->L;
}

/* The value on top goes into the table below it. */
static void put(lua_State *L, int index, const char *name)
{
    if (index > 0) {
        lua_pushvalue(L, -1);
        lua_rawseti(L, -3, index);
    }
    if (name)
        lua_setfield(L, -2, name);
    else
        lua_pop(L, 1);
}

static void open_table(struct field_builder *builder, int elements)
{
    lua_createtable(state_of(builder), elements, 0);
}

static void close_table(struct field_builder *builder, int index, const char *name)
{
    put(state_of(builder), index, name);
}

static void put_number(struct field_builder *builder, int index, const char *name, double number)
{
    lua_pushnumber(state_of(builder), number);
    put(state_of(builder), index, name);
}

static void put_integer(struct field_builder *builder, int index, const char *name, int64_t integer)
{
    lua_pushinteger(state_of(builder), integer);
    put(state_of(builder), index, name);
}

static void put_text(struct field_builder *builder, int index, const char *name, const char *text)
{
    lua_pushstring(state_of(builder), text);
    put(state_of(builder), index, name);
}

static void push_content(lua_State *L, const struct figure *figure)
{
    struct table_builder table = {{open_table, close_table, put_number, put_integer, put_text}, L};
    struct field_builder *builder = &table.builder;
    lua_newtable(L);
    field_text(builder, "kind", figure_kind_name(figure->kind));
    field_text(builder, "name", figure->name);
    field_text(builder, "title", figure->title);
    builder->open(builder, 0);
    for (int i = 0; i < figure->fact_count; i++)
        field_text(builder, figure->facts[i].key, figure_fact_value(&figure->facts[i]));
    builder->close(builder, 0, "facts");
    field_texts(builder, "notes", figure->notes, figure->note_count);
    figure_fields(builder, figure);
}

/* figure.FIELD: a method, else a field of its content, which is made when it is first asked for. Upvalue 1:
 * the methods. */
static int figure_field(lua_State *L)
{
    lua_settop(L, 2);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
        return 1;
    const struct figure *figure = handle_check(L, 1, HANDLE_FIGURE);
    if (lua_getiuservalue(L, 1, 1) != LUA_TTABLE) {
        push_content(L, figure);
        lua_pushvalue(L, -1);
        lua_setiuservalue(L, 1, 1);
    }
    lua_pushvalue(L, 2);
    lua_rawget(L, -2);
    return 1;
}

static void set_writer(lua_State *L, const char *extension)
{
    lua_pushstring(L, extension);
    lua_pushcclosure(L, save_figure, 1);
    lua_setfield(L, -2, extension);
}

void figure_kind_new(lua_State *L)
{
    static const luaL_Reg methods[] = {{"text", figure_text}, {NULL, NULL}};
    handle_kind_new(L, HANDLE_FIGURE, methods, figure_field, figure_text);
    /* The writers of all formats join the methods, which are figure_field's upvalue. */
    luaL_getmetatable(L, "ippro.figure");
    lua_getfield(L, -1, "__index");
    lua_getupvalue(L, -1, 1);
    for (int i = 0; figure_format_at(i); i++)
        set_writer(L, figure_format_at(i)->extension);
    lua_pop(L, 3);
}
