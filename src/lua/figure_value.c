/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figures in scripts: written to files, shown as text, and their numbers as tables. */
#include "lua/internal.h"

#include <math.h>
#include <string.h>

#include "base/inputs.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "view/figure.h"
#include "view/write/write.h"

void push_figure(lua_State *L, struct figure **figure)
{
    void **place = handle_push(L, HANDLE_FIGURE);
    *place = *figure;
    *figure = NULL;
}

/* --- files ---------------------------------------------------------------------------------------------- */

/* {overwrite = true} at an index of the stack, which may have nothing. */
static bool may_overwrite(lua_State *L, int index)
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

static void set_string(lua_State *L, const char *field, const char *text)
{
    if (!text)
        return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, field);
}

static void set_number(lua_State *L, const char *field, double number)
{
    if (isnan(number))
        return;
    lua_pushnumber(L, number);
    lua_setfield(L, -2, field);
}

/* A whole number is an integer in Lua too. */
static void push_number(lua_State *L, double number, bool whole)
{
    lua_Integer integer;
    if (whole && lua_numbertointeger(number, &integer) && (double)integer == number)
        lua_pushinteger(L, integer);
    else
        lua_pushnumber(L, number);
}

static void push_numbers(lua_State *L, const double *numbers, int count)
{
    lua_createtable(L, count, 0);
    for (int i = 0; i < count; i++) {
        lua_pushnumber(L, numbers[i]);
        lua_rawseti(L, -2, i + 1);
    }
}

void push_channels(lua_State *L, const int64_t *channels, int64_t count)
{
    lua_createtable(L, (int)count, 0);
    for (int64_t i = 0; i < count; i++) {
        lua_pushinteger(L, channels[i]);
        lua_rawseti(L, -2, i + 1);
    }
}

static void push_names(lua_State *L, const char *const *names, int count)
{
    lua_createtable(L, count, 0);
    for (int i = 0; i < count; i++) {
        lua_pushstring(L, names[i]);
        lua_rawseti(L, -2, i + 1);
    }
}

/* columns[i].name, .unit; rows[i][j] and rows[i][name of the column] */
static void add_table(lua_State *L, const struct figure *figure)
{
    const struct figure_table *table = &figure->table;
    lua_createtable(L, table->columns, 0);
    for (int j = 0; j < table->columns; j++) {
        lua_newtable(L);
        set_string(L, "name", table->column[j].name);
        set_string(L, "unit", table->column[j].unit);
        lua_rawseti(L, -2, j + 1);
    }
    lua_setfield(L, -2, "columns");
    lua_createtable(L, table->rows, 0);
    for (int i = 0; i < table->rows; i++) {
        lua_newtable(L);
        for (int j = 0; j < table->columns; j++) {
            const struct figure_cell *cell = &table->cells[i * table->columns + j];
            if (cell->missing)
                continue;
            if (cell->text)
                lua_pushstring(L, cell->text);
            else
                push_number(L, cell->number, table->column[j].kind == COLUMN_INTEGER);
            lua_pushvalue(L, -1);
            lua_rawseti(L, -3, j + 1);
            lua_setfield(L, -2, table->column[j].name);
        }
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "rows");
}

static void add_histogram(lua_State *L, const struct figure *figure)
{
    const struct figure_histogram *histogram = &figure->histogram;
    set_string(L, "axis", histogram->axis);
    push_numbers(L, histogram->edges, histogram->bins + 1);
    lua_setfield(L, -2, "edges");
    lua_createtable(L, histogram->series, 0);
    for (int i = 0; i < histogram->series; i++) {
        lua_newtable(L);
        set_string(L, "name", histogram->names[i]);
        push_channels(L, histogram->counts + (size_t)i * (size_t)histogram->bins, histogram->bins);
        lua_setfield(L, -2, "counts");
        set_number(L, "threshold", histogram->threshold ? histogram->threshold[i] : NAN);
        if (histogram->summary) {
            set_number(L, "minimum", histogram->summary[i].minimum);
            set_number(L, "median", histogram->summary[i].median);
            set_number(L, "maximum", histogram->summary[i].maximum);
            if (histogram->summary[i].below >= 0) {
                lua_pushinteger(L, histogram->summary[i].below);
                lua_setfield(L, -2, "below");
            }
        }
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "series");
}

/* values[i][j] and values[row name][column name] */
static void add_matrix(lua_State *L, const struct figure *figure)
{
    const struct figure_matrix *matrix = &figure->matrix;
    set_string(L, "quantity", matrix->quantity);
    push_names(L, matrix->row_names, matrix->rows);
    lua_setfield(L, -2, "row_names");
    push_names(L, matrix->column_names, matrix->columns);
    lua_setfield(L, -2, "column_names");
    lua_createtable(L, matrix->rows, matrix->rows);
    for (int i = 0; i < matrix->rows; i++) {
        push_numbers(L, matrix->values + (size_t)i * (size_t)matrix->columns, matrix->columns);
        for (int j = 0; j < matrix->columns; j++) {
            lua_rawgeti(L, -1, j + 1);
            lua_setfield(L, -2, matrix->column_names[j]);
        }
        lua_pushvalue(L, -1);
        lua_rawseti(L, -3, i + 1);
        lua_setfield(L, -2, matrix->row_names[i]);
    }
    lua_setfield(L, -2, "values");
}

static void add_curve(lua_State *L, const struct figure *figure)
{
    const struct figure_curve *curve = &figure->curve;
    set_string(L, "x_axis", curve->x_axis);
    set_string(L, "y_axis", curve->y_axis);
    set_number(L, "reference", curve->reference);
    lua_createtable(L, curve->series, 0);
    for (int i = 0; i < curve->series; i++) {
        size_t from = (size_t)i * (size_t)curve->points;
        lua_newtable(L);
        set_string(L, "name", curve->names[i]);
        push_numbers(L, curve->x + from, curve->points);
        lua_setfield(L, -2, "x");
        push_numbers(L, curve->y + from, curve->points);
        lua_setfield(L, -2, "y");
        if (curve->spread) {
            push_numbers(L, curve->spread + from, curve->points);
            lua_setfield(L, -2, "spread");
        }
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "series");
}

static void add_scatter(lua_State *L, const struct figure *figure)
{
    const struct figure_scatter *scatter = &figure->scatter;
    const char *cut[MARKS] = {"none", scatter->x_name, scatter->y_name, "both"};
    set_string(L, "x_axis", scatter->x_axis);
    set_string(L, "y_axis", scatter->y_axis);
    lua_createtable(L, scatter->points, 0);
    for (int i = 0; i < scatter->points; i++) {
        lua_newtable(L);
        set_string(L, "series", scatter->names[scatter->member[i]]);
        set_string(L, "point", scatter->labels[i]);
        set_number(L, "x", scatter->x[i]);
        set_number(L, "y", scatter->y[i]);
        if (scatter->mark)
            set_string(L, "cut", cut[scatter->mark[i] < MARKS ? scatter->mark[i] : MARK_KEPT]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "points");
}

/* The fields of each kind, added to the table on top of the stack. */
static void (*const add_fields[FIGURE_KINDS])(lua_State *L, const struct figure *figure) = {
#define KIND_FIELDS(code, name) [code] = add_##name,
    FIGURE_KIND_LIST(KIND_FIELDS)
#undef KIND_FIELDS
};

static void push_content(lua_State *L, const struct figure *figure)
{
    lua_newtable(L);
    set_string(L, "kind", figure_kind_name(figure->kind));
    set_string(L, "name", figure->name);
    set_string(L, "title", figure->title);
    lua_newtable(L);
    for (int i = 0; i < figure->fact_count; i++)
        set_string(L, figure->facts[i].key, figure_fact_value(&figure->facts[i]));
    lua_setfield(L, -2, "facts");
    push_names(L, figure->notes, figure->note_count);
    lua_setfield(L, -2, "notes");
    add_fields[figure->kind](L, figure);
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
