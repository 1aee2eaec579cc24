/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arrays of numbers in scripts: read from .npy files, made of nested tables, given to a network and got from
 * it. Elements are read where they are asked for, an array that is a file stays one. */
#include "lua/internal.h"

#include <string.h>

#include "base/file.h"
#include "base/inputs.h"
#include "base/memory.h"
#include "base/ranks.h"
#include "base/status.h"
#include "base/text.h"
#include "data/npy.h"
#include "nn/graph/tensor.h"
#include "session/session.h"
#include "view/figure.h"

static const char of_table[] = "the table"; /* the name of an array that was one */

static const struct npy *check_array(lua_State *L, int index)
{
    return handle_check(L, index, HANDLE_ARRAY);
}

/* --- from tables ---------------------------------------------------------------------------------------- */

/* The shape that the first elements have; the table is at `index`. */
static struct shape shape_of_table(lua_State *L, int index)
{
    struct shape shape = {0};
    int top = lua_gettop(L);
    luaL_checkstack(L, TENSOR_MAX_RANK + 4, NULL);
    lua_pushvalue(L, index);
    while (lua_type(L, -1) == LUA_TTABLE) {
        if (shape.rank == TENSOR_MAX_RANK)
            luaL_error(L, "an array has at most %d dimensions", TENSOR_MAX_RANK);
        shape.dim[shape.rank++] = (int64_t)lua_rawlen(L, -1);
        lua_rawgeti(L, -1, 1);
    }
    lua_settop(L, top);
    if (shape_elements(&shape) < 0)
        luaL_error(L, "the table is too large for an array");
    return shape;
}

/* The table on top, which is dimension `depth`. */
static double *fill_from_table(lua_State *L, const struct shape *shape, int depth, double *out)
{
    lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
    if (count != shape->dim[depth])
        luaL_error(L, "a table of %I elements stands where others have %I", (LUAI_UACINT)count,
                   (LUAI_UACINT)shape->dim[depth]);
    for (lua_Integer i = 1; i <= count; i++) {
        int type = lua_rawgeti(L, -1, i);
        if (depth + 1 < shape->rank && type == LUA_TTABLE)
            out = fill_from_table(L, shape, depth + 1, out);
        else if (depth + 1 == shape->rank && type == LUA_TNUMBER)
            *out++ = lua_tonumber(L, -1);
        else
            luaL_error(L, "a %s stands where a %s is expected", lua_typename(L, type),
                       depth + 1 < shape->rank ? "table" : "number");
        lua_pop(L, 1);
    }
    stop_check(L);
    return out;
}

static void push_array_of_table(lua_State *L, int index)
{
    struct shape shape = shape_of_table(L, index);
    struct error error = {0};
    struct npy *array;
    void **place = handle_push(L, HANDLE_ARRAY);
    if (npy_new(of_table, ELEMENT_DOUBLE, &shape, &array, &error) != STATUS_OK)
        raise_error(L, &error);
    *place = array;
    lua_pushvalue(L, index);
    fill_from_table(L, &shape, 0, (double *)(void *)array->bytes);
    lua_pop(L, 1);
}

int ippro_array(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    push_array_of_table(L, 1);
    return 1;
}

int ippro_npy(lua_State *L)
{
    struct error error = {0};
    const char *path = luaL_checkstring(L, 1);
    struct npy *array;
    void **place = handle_push(L, HANDLE_ARRAY);
    if (npy_open(path, &array, &error) != STATUS_OK)
        return raise_error(L, &error);
    *place = array;
    return 1;
}

/* --- to tables ------------------------------------------------------------------------------------------ */

/* `count` elements from `first` on as a block of memory on the stack. */
static const double *push_elements(lua_State *L, const struct npy *array, int64_t first, int64_t count)
{
    struct error error = {0};
    double *elements = script_alloc(L, (size_t)count, sizeof *elements);
    if (npy_read(array, first, count, ELEMENT_DOUBLE, elements, &error) != STATUS_OK)
        raise_error(L, &error);
    return elements;
}

/* Push dimensions `depth` and on of elements that begin at *from, which is moved on. */
static void push_nested(lua_State *L, const struct npy *array, int depth, const double **from)
{
    const struct shape *shape = &array->header.shape;
    if (depth == shape->rank) {
        double value = *(*from)++;
        if (array->header.kind == NPY_FLOAT || value < -0x1p53 || value > 0x1p53)
            lua_pushnumber(L, value);
        else
            lua_pushinteger(L, (lua_Integer)value);
        return;
    }
    luaL_checkstack(L, 4, NULL);
    lua_createtable(L, (int)(shape->dim[depth] < INT16_MAX ? shape->dim[depth] : 0), 0);
    for (int64_t i = 0; i < shape->dim[depth]; i++) {
        push_nested(L, array, depth + 1, from);
        lua_rawseti(L, -2, i + 1);
    }
    stop_check(L);
}

static void push_table_of(lua_State *L, const struct npy *array)
{
    const double *from = push_elements(L, array, 0, array->header.count);
    push_nested(L, array, 0, &from);
    lua_remove(L, -2);
}

/* array:table(): all of it. */
static int array_table(lua_State *L)
{
    push_table_of(L, check_array(L, 1));
    return 1;
}

/* array[i]: a number, or a table of what lies below it. Upvalue 1: the methods. */
static int array_index(lua_State *L)
{
    const struct npy *array = check_array(L, 1);
    const struct shape *shape = &array->header.shape;
    lua_settop(L, 2);
    if (!lua_isinteger(L, 2)) {
        lua_rawget(L, lua_upvalueindex(1));
        return 1;
    }
    lua_Integer i = lua_tointeger(L, 2);
    if (shape->rank < 1 || i < 1 || i > shape->dim[0])
        return 0;
    int64_t each = shape_product(shape, 1, shape->rank);
    const double *from = push_elements(L, array, (i - 1) * each, each);
    push_nested(L, array, 1, &from);
    return 1;
}

static int array_length(lua_State *L)
{
    const struct npy *array = check_array(L, 1);
    lua_pushinteger(L, array->header.shape.rank ? array->header.shape.dim[0] : 0);
    return 1;
}

/* array:shape(): the dimensions. */
static int array_shape(lua_State *L)
{
    const struct npy *array = check_array(L, 1);
    push_channels(L, array->header.shape.dim, array->header.shape.rank);
    return 1;
}

static int array_type(lua_State *L)
{
    lua_pushstring(L, npy_type_name(&check_array(L, 1)->header));
    return 1;
}

static int array_text(lua_State *L)
{
    const struct npy *array = handle_test(L, 1, HANDLE_ARRAY);
    if (!array) {
        luaL_checkudata(L, 1, "ippro.array");
        lua_pushliteral(L, "array (freed)");
        return 1;
    }
    lua_pushfstring(L, "array of %s", npy_type_name(&array->header));
    for (int i = 0; i < array->header.shape.rank; i++) {
        lua_pushfstring(L, "%s%I", i ? "x" : ", ", (LUAI_UACINT)array->header.shape.dim[i]);
        lua_concat(L, 2);
    }
    return 1;
}

/* --- files ---------------------------------------------------------------------------------------------- */

/* Whole numbers as int64, float32 and float16 as float32, float64 as it is. */
static enum element_type saved_type(const struct npy_header *header)
{
    if (header->kind != NPY_FLOAT)
        return ELEMENT_INT64;
    return header->width == 8 ? ELEMENT_DOUBLE : ELEMENT_FLOAT;
}

/* array:save(path, {overwrite =}): a .npy file. Returns the array. */
static int array_save(lua_State *L)
{
    const struct npy *array = check_array(L, 1);
    const char *path = luaL_checkstring(L, 2);
    enum element_type type = saved_type(&array->header);
    struct error error = {0};
    lua_settop(L, 3);
    if (strcmp(path_extension(path), "npy") != 0)
        return luaL_error(L, "%s: the name must end in .npy", path);
    if (inputs_protect(path, may_overwrite(L, 3), &error) != STATUS_OK)
        return raise_error(L, &error);
    void *elements = script_alloc(L, (size_t)array->header.count, element_size(type));
    void **place = handle_push(L, HANDLE_TEXT);
    struct text *out = *place = mem_new(1, sizeof *out);
    if (!out)
        return luaL_error(L, "out of memory");
    status code = npy_read(array, 0, array->header.count, type, elements, &error);
    if (code == STATUS_OK)
        npy_add(out, type, &array->header.shape, elements);
    if (code == STATUS_OK && out->failed)
        code = error_memory(&error);
    if (code == STATUS_OK)
        code = file_replace(path, text_data(out), out->length, &error);
    code = ranks_agree_end("save of an array", code, &error); /* nobody reads it before it is there */
    if (code != STATUS_OK)
        return raise_error(L, &error);
    lua_settop(L, 1);
    return 1;
}

/* --- networks ------------------------------------------------------------------------------------------- */

/* The outputs that the figure of `forward` holds, as an array. */
static void push_outputs(lua_State *L, const struct figure *figure)
{
    const struct shape shape = shape_of(figure->array.rank, figure->array.dims);
    const enum element_type type = figure->array.single ? ELEMENT_FLOAT : ELEMENT_DOUBLE;
    struct error error = {0};
    struct npy *array;
    void **place = handle_push(L, HANDLE_ARRAY);
    if (npy_new("outputs", type, &shape, &array, &error) != STATUS_OK)
        raise_error(L, &error);
    *place = array;
    memcpy(array->bytes, figure->array.values, (size_t)array->header.count * element_size(type));
}

/* Upvalue 1: the session. Arguments: the array's name, options. */
static int run_forward(lua_State *L)
{
    command_call(L, lua_touserdata(L, lua_upvalueindex(1)), "forward", 1, 2);
    answer_only_figure(L);
    return 1;
}

void forward_call(lua_State *L, struct session *session)
{
    bool table = lua_istable(L, 2);
    if (table) {
        push_array_of_table(L, 2);
        lua_replace(L, 2);
    }
    /* Functions that run meanwhile may free the script's handle: one that they cannot reach owns it too. */
    struct npy *array = handle_check(L, 2, HANDLE_ARRAY);
    void **place = handle_push(L, HANDLE_ARRAY);
    *place = npy_retain(array);
    lua_pushlightuserdata(L, session);
    lua_pushcclosure(L, run_forward, 1);
    lua_pushstring(L, array->name);
    lua_pushvalue(L, 3);
    session->given = array;
    int result = lua_pcall(L, 2, 1, 0);
    session->given = NULL;
    if (result != LUA_OK)
        lua_error(L);
    push_outputs(L, handle_check(L, -1, HANDLE_FIGURE));
    if (table)
        push_table_of(L, check_array(L, -1));
}

void array_kind_new(lua_State *L)
{
    static const luaL_Reg methods[] = {{"table", array_table},
                                       {"shape", array_shape},
                                       {"type", array_type},
                                       {"save", array_save},
                                       {NULL, NULL}};
    handle_kind_new(L, HANDLE_ARRAY, methods, array_index, array_text);
    luaL_getmetatable(L, "ippro.array");
    lua_pushcfunction(L, array_length);
    lua_setfield(L, -2, "__len");
    lua_pop(L, 1);
}
