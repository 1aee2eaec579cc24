/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figures that scripts make of their own numbers. Tables are read raw: no code of the script runs meanwhile.
 */
#include "lua/internal.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/status.h"
#include "view/figure.h"

enum { LENGTH_MAX = 100000, NUMBERS_MAX = 1000000 };

/* A figure with the name and title of the table at index 1, in a handle on the stack. */
static struct figure *begin_figure(lua_State *L, enum figure_kind kind)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    raw_field(L, "name");
    raw_field(L, "title");
    const char *name = lua_isnil(L, 2) ? "script" : luaL_checkstring(L, 2);
    const char *title = lua_isnil(L, 3) ? NULL : luaL_checkstring(L, 3);
    void **place = handle_push(L, HANDLE_FIGURE);
    struct figure *figure = figure_new(kind, name);
    *place = figure;
    if (!figure)
        luaL_error(L, "out of memory");
    if (title)
        figure_title(figure, "%s", title);
    return figure;
}

/* The figure on top of the stack is complete. */
static int end_figure(lua_State *L, const struct figure *figure)
{
    struct error error = {0};
    return figure_check(figure, &error) == STATUS_OK ? 1 : raise_error(L, &error);
}

/* Push the field of the table at 1 that must be an array, and return its length. */
static int array_field(lua_State *L, const char *name)
{
    if (raw_field(L, name) != LUA_TTABLE)
        luaL_error(L, "the field '%s' must be an array", name);
    lua_Unsigned length = lua_rawlen(L, -1);
    if (length < 1 || length > LENGTH_MAX)
        luaL_error(L, "the field '%s' has %I elements: from 1 to %d are possible", name, (LUAI_UACINT)length,
                   LENGTH_MAX);
    return (int)length;
}

static void check_size(lua_State *L, int rows, int columns)
{
    if (rows > NUMBERS_MAX / columns)
        luaL_error(L, "a figure of %d times %d numbers is too large: %d are possible", rows, columns,
                   NUMBERS_MAX);
}

/* Columns whose first row holds a text are text, those of integers only are integers. */
static enum column_kind column_kind(lua_State *L, int rows, int row_count, int column)
{
    enum column_kind kind = COLUMN_INTEGER;
    for (int i = 1; i <= row_count; i++) {
        if (lua_rawgeti(L, rows, i) != LUA_TTABLE)
            luaL_error(L, "every row must be an array");
        int type = lua_rawgeti(L, -1, column);
        bool whole = lua_isinteger(L, -1);
        lua_pop(L, 2);
        if (type == LUA_TSTRING)
            return COLUMN_TEXT;
        if (type != LUA_TNUMBER && type != LUA_TNIL)
            luaL_error(L, "row %d, column %d: a %s is neither text nor number", i, column,
                       lua_typename(L, type));
        if (type == LUA_TNUMBER && !whole)
            kind = COLUMN_REAL;
    }
    return kind;
}

static void add_cell(lua_State *L, struct figure *figure)
{
    if (lua_isnil(L, -1))
        table_missing(figure);
    else if (lua_type(L, -1) == LUA_TSTRING)
        table_text(figure, lua_tostring(L, -1));
    else
        table_number(figure, lua_tonumber(L, -1));
    lua_pop(L, 1);
}

/* ippro.table{name =, title =, columns = {"a", "b"}, rows = {{1, 2}, {3, 4}}} */
int ippro_table(lua_State *L)
{
    struct figure *figure = begin_figure(L, FIGURE_TABLE);
    int columns = array_field(L, "columns"), rows = array_field(L, "rows"), row_table = lua_gettop(L);
    check_size(L, rows, columns);
    for (int j = 1; j <= columns; j++) {
        stop_check(L);
        if (lua_rawgeti(L, row_table - 1, j) != LUA_TSTRING)
            return luaL_error(L, "the names of columns are texts");
        table_column(figure, lua_tostring(L, -1), NULL, column_kind(L, row_table, rows, j), 4);
        lua_pop(L, 1);
    }
    for (int i = 1; i <= rows; i++) {
        stop_check(L);
        lua_rawgeti(L, row_table, i); /* a table: the kinds of the columns were found in all rows */
        for (int j = 1; j <= columns; j++) {
            lua_rawgeti(L, -1, j);
            add_cell(L, figure);
        }
        lua_pop(L, 1);
    }
    lua_settop(L, 4);
    return end_figure(L, figure);
}

/* Push a field of the series on top of the stack. */
static int series_field(lua_State *L, const char *name)
{
    lua_pushstring(L, name);
    return lua_rawget(L, -2);
}

/* Numbers of an array field of the series on top of the stack; an optional one may be missing. */
static void series_numbers(lua_State *L, const char *field, bool optional, double *numbers, int count)
{
    if (series_field(L, field) == LUA_TNIL && optional) {
        for (int i = 0; i < count; i++)
            numbers[i] = NAN;
        lua_pop(L, 1);
        return;
    }
    if (!lua_istable(L, -1))
        luaL_error(L, "every series has arrays x and y");
    for (int i = 0; i < count; i++) {
        int type = lua_rawgeti(L, -1, i + 1);
        if (type != LUA_TNUMBER && type != LUA_TNIL)
            luaL_error(L, "%s[%d] is no number", field, i + 1);
        numbers[i] = type == LUA_TNIL ? NAN : lua_tonumber(L, -1);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static int longest_series(lua_State *L, int series)
{
    lua_Unsigned points = 0;
    for (int i = 1; i <= series; i++) {
        if (lua_rawgeti(L, -1, i) != LUA_TTABLE || series_field(L, "x") != LUA_TTABLE)
            luaL_error(L, "every series has arrays x and y");
        lua_Unsigned length = lua_rawlen(L, -1);
        points = length > points ? length : points;
        lua_pop(L, 2);
    }
    if (points < 1 || points > LENGTH_MAX)
        luaL_error(L, "a series has from 1 to %d points", LENGTH_MAX);
    return (int)points;
}

static const char *text_field(lua_State *L, const char *field, const char *otherwise)
{
    raw_field(L, field); /* stays on the stack, and so alive */
    return lua_isnil(L, -1) ? otherwise : luaL_checkstring(L, -1);
}

static bool any_number(const double *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!isnan(numbers[i]))
            return true;
    }
    return false;
}

/* ippro.curve{name =, title =, x_axis =, y_axis =, percent =, x_percent =, reference =, reference_label =,
 * series = {{name =, x = {}, y = {}, spread = {}}}} */
int ippro_curve(lua_State *L)
{
    struct figure *figure = begin_figure(L, FIGURE_CURVE);
    const char *x_axis = text_field(L, "x_axis", "x"), *y_axis = text_field(L, "y_axis", "y");
    raw_field(L, "percent");
    bool percent = lua_toboolean(L, -1);
    raw_field(L, "x_percent");
    bool x_percent = lua_toboolean(L, -1);
    const char *label = text_field(L, "reference_label", "reference");
    raw_field(L, "reference");
    double reference = luaL_optnumber(L, -1, NAN);
    int series = array_field(L, "series"), place = lua_gettop(L);
    int points = longest_series(L, series);
    check_size(L, series, points);
    size_t size = (size_t)series * (size_t)points;
    double *x = script_alloc(L, size, sizeof *x), *y = script_alloc(L, size, sizeof *y);
    double *spread = script_alloc(L, size, sizeof *spread);
    const char **names = script_alloc(L, (size_t)series, sizeof *names);
    for (int i = 0; i < series; i++) {
        stop_check(L);
        lua_rawgeti(L, place, i + 1);
        if (series_field(L, "name") != LUA_TSTRING)
            return luaL_error(L, "every series has a name");
        names[i] = lua_tostring(L, -1); /* the series keeps it */
        lua_pop(L, 1);
        series_numbers(L, "x", false, x + (size_t)i * (size_t)points, points);
        series_numbers(L, "y", false, y + (size_t)i * (size_t)points, points);
        series_numbers(L, "spread", true, spread + (size_t)i * (size_t)points, points);
        lua_pop(L, 1);
    }
    figure_set_curves(figure, series, points, names, x, y, any_number(spread, size) ? spread : NULL, x_axis,
                      y_axis, percent, reference, label);
    if (x_percent)
        figure_set_x_percent(figure);
    lua_settop(L, 4);
    return end_figure(L, figure);
}
