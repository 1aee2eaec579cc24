/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lua/vector.h"

#include <math.h>

#include "base/memory.h"

static struct vector *check_vector(lua_State *L, int index)
{
    struct vector *vector = handle_check(L, index, HANDLE_VECTOR);
    if (!vector->data)
        luaL_error(L, "%s", vector->when);
    return vector;
}

double vector_get(const struct vector *vector, int64_t index)
{
    return vector->real == ELEMENT_DOUBLE ? ((const double *)vector->data)[index]
                                          : (double)((const float *)vector->data)[index];
}

void vector_put(struct vector *vector, int64_t index, double value)
{
    if (vector->real == ELEMENT_DOUBLE)
        ((double *)vector->data)[index] = value;
    else
        ((float *)vector->data)[index] = (float)value;
}

static int vector_index(lua_State *L)
{
    if (lua_type(L, 2) != LUA_TNUMBER) {
        lua_settop(L, 2);
        lua_rawget(L, lua_upvalueindex(1));
        return 1;
    }
    const struct vector *vector = check_vector(L, 1);
    const lua_Integer i = luaL_checkinteger(L, 2);
    if (i < 1 || i > vector->count)
        return 0;
    lua_pushnumber(L, vector_get(vector, i - 1));
    return 1;
}

static struct vector *check_writable(lua_State *L)
{
    struct vector *vector = check_vector(L, 1);
    if (!vector->writable)
        luaL_error(L, "%s", vector->fixed);
    return vector;
}

static int vector_set(lua_State *L)
{
    struct vector *vector = check_writable(L);
    const lua_Integer i = luaL_checkinteger(L, 2);
    if (i < 1 || i > vector->count)
        return luaL_error(L, "there is no element %I of %I", (LUAI_UACINT)i, (LUAI_UACINT)vector->count);
    vector_put(vector, i - 1, luaL_checknumber(L, 3));
    return 0;
}

static int vector_length(lua_State *L)
{
    lua_pushinteger(L, check_vector(L, 1)->count);
    return 1;
}

/* Element number `index` of a vector, or of a table where there is no vector. */
static double other_element(lua_State *L, int place, const struct vector *vector, int64_t index)
{
    if (vector)
        return vector_get(vector, index);
    lua_rawgeti(L, place, (lua_Integer)index + 1);
    const double value = luaL_checknumber(L, -1);
    lua_pop(L, 1);
    return value;
}

static const struct vector *check_filters(lua_State *L)
{
    const struct vector *vector = check_vector(L, 1);
    if (vector->channels == 0)
        luaL_error(L, "this belongs to no layer, and so has no channels");
    return vector;
}

/* As everywhere, from 0 on. */
static int64_t check_channel(lua_State *L, const struct vector *vector, int place)
{
    const lua_Integer channel = luaL_checkinteger(L, place);
    if (channel < 0 || channel >= vector->channels)
        luaL_error(L, "there is no channel %I of %I", (LUAI_UACINT)channel, (LUAI_UACINT)vector->channels);
    return channel;
}

static int64_t element_of(const struct vector *vector, int64_t channel, int64_t k)
{
    return filter_place(&vector->places, channel, k);
}

/* A factor for each channel, in the table at 2. */
static void add_by_channels(lua_State *L, struct vector *vector, const struct vector *other)
{
    check_filters(L);
    if ((int64_t)lua_rawlen(L, 2) != vector->channels)
        luaL_error(L, "%I factors for %I channels", (LUAI_UACINT)lua_rawlen(L, 2),
                   (LUAI_UACINT)vector->channels);
    for (int64_t c = 0; c < vector->channels; c++) {
        const double factor = other_element(L, 2, NULL, c);
        for (int64_t k = 0; factor != 0 && k < vector->length; k++) {
            const int64_t i = element_of(vector, c, k);
            vector_put(vector, i, vector_get(vector, i) + factor * other_element(L, 3, other, i));
        }
    }
}

/* gradient:add(factor, vector or table): adds factor times the other, element by element. An array of factors
 * has one for every channel. */
static int vector_add(lua_State *L)
{
    struct vector *vector = check_writable(L);
    const struct vector *other = lua_istable(L, 3) ? NULL : check_vector(L, 3);
    const int64_t count = other ? other->count : (int64_t)lua_rawlen(L, 3);
    if (count != vector->count)
        return luaL_error(L, "%I numbers cannot be added to %I", (LUAI_UACINT)count,
                          (LUAI_UACINT)vector->count);
    if (lua_istable(L, 2)) {
        add_by_channels(L, vector, other);
    } else {
        const double factor = luaL_checknumber(L, 2);
        for (int64_t i = 0; i < count; i++)
            vector_put(vector, i, vector_get(vector, i) + factor * other_element(L, 3, other, i));
    }
    lua_settop(L, 1);
    return 1;
}

/* data:norms(): for every channel the Euclidean length of its filter. */
static int vector_norms(lua_State *L)
{
    const struct vector *vector = check_filters(L);
    lua_createtable(L, (int)vector->channels, 0);
    for (int64_t c = 0; c < vector->channels; c++) {
        double squares = 0;
        for (int64_t k = 0; k < vector->length; k++) {
            const double value = vector_get(vector, element_of(vector, c, k));
            squares += value * value;
        }
        lua_pushnumber(L, sqrt(squares));
        lua_rawseti(L, -2, (lua_Integer)c + 1);
    }
    return 1;
}

/* data:filter(channel): its elements. */
static int vector_filter(lua_State *L)
{
    const struct vector *vector = check_filters(L);
    const int64_t channel = check_channel(L, vector, 2);
    lua_createtable(L, (int)vector->length, 0);
    for (int64_t k = 0; k < vector->length; k++) {
        lua_pushnumber(L, vector_get(vector, element_of(vector, channel, k)));
        lua_rawseti(L, -2, (lua_Integer)k + 1);
    }
    return 1;
}

/* data:scale(channel, factor): its filter times the factor; 0 is 0 whatever was there. */
static int vector_scale(lua_State *L)
{
    check_filters(L);
    struct vector *vector = check_writable(L);
    const int64_t channel = check_channel(L, vector, 2);
    const double factor = luaL_checknumber(L, 3);
    for (int64_t k = 0; k < vector->length; k++) {
        const int64_t i = element_of(vector, channel, k);
        vector_put(vector, i, factor == 0 ? 0 : factor * vector_get(vector, i));
    }
    lua_settop(L, 1);
    return 1;
}

/* Sums of |x| and of x^2 over elements first..last (all): data:sums(first, last). */
static int vector_sums(lua_State *L)
{
    const struct vector *vector = check_vector(L, 1);
    const lua_Integer first = luaL_optinteger(L, 2, 1), last = luaL_optinteger(L, 3, vector->count);
    double sum = 0, squares = 0;
    if (first < 1 || last > vector->count)
        return luaL_error(L, "there are no elements %I to %I of %I", (LUAI_UACINT)first, (LUAI_UACINT)last,
                          (LUAI_UACINT)vector->count);
    for (lua_Integer i = first - 1; i < last; i++) {
        const double value = vector_get(vector, i);
        sum += value < 0 ? -value : value;
        squares += value * value;
    }
    lua_pushnumber(L, sum);
    lua_pushnumber(L, squares);
    return 2;
}

void vector_kind_new(lua_State *L)
{
    static const luaL_Reg methods[] = {{"add", vector_add},     {"sums", vector_sums},
                                       {"norms", vector_norms}, {"filter", vector_filter},
                                       {"scale", vector_scale}, {NULL, NULL}};
    handle_kind_new(L, HANDLE_VECTOR, methods, vector_index, NULL);
    luaL_getmetatable(L, "ippro.vector");
    lua_pushcfunction(L, vector_length);
    lua_setfield(L, -2, "__len");
    lua_pushcfunction(L, vector_set);
    lua_setfield(L, -2, "__newindex");
    lua_pop(L, 1);
}

void set_vector(lua_State *L, int kept, const char *name, const struct vector *what)
{
    void **place = handle_push(L, HANDLE_VECTOR);
    struct vector *vector = mem_new(1, sizeof *vector);
    *place = vector;
    if (!vector)
        luaL_error(L, "out of memory");
    *vector = *what;
    lua_pushvalue(L, -1);
    lua_rawseti(L, kept, (lua_Integer)lua_rawlen(L, kept) + 1);
    lua_setfield(L, -2, name);
}
