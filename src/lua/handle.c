/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Handles: what scripts hold of the program's objects. */
#include "lua/internal.h"

#include "architecture/architecture.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "data/npy.h"
#include "lua/description.h"
#include "score/criterion.h"
#include "session/board.h"
#include "session/language/parse.h"
#include "session/model.h"
#include "session/pruning.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/state.h"
#include "view/figure.h"

static void free_score_set(void *object)
{
    session_free(object);
}

static void free_model(void *object)
{
    model_free(object);
}

static void free_data(void *object)
{
    dataset_free(object);
}

static void free_scores(void *object)
{
    struct criterion_scores *held = object;
    scores_free(held->scores);
    board_free(held->board);
    options_free(held->options);
    pruning_free(held->pruning);
    model_free(held->model);
    mem_free(held);
}

static void free_chosen(void *object)
{
    struct chosen *chosen = object;
    pruning_free(chosen->pruning);
    model_free(chosen->model);
    mem_free(chosen);
}

static void free_figure(void *object)
{
    figure_free(object);
}

static void free_array(void *object)
{
    npy_free(object);
}

static void free_builder(void *object)
{
    struct builder *builder = object;
    architecture_free(builder->architecture);
    mem_free(builder->prefix);
    mem_free(builder);
}

static void free_features(void *object)
{
    struct features *features = object;
    architecture_free(features->architecture);
    mem_free(features);
}

static void free_reply(void *object)
{
    reply_free(object);
    mem_free(object);
}

static void free_line(void *object)
{
    parsed_line_free(object);
    mem_free(object);
}

static void free_text(void *object)
{
    text_free(object);
    mem_free(object);
}

static const struct {
    const char *metatable, *word;
    void (*free)(void *object);
} kinds[HANDLE_KINDS] = {
    [HANDLE_MODEL] = {"ippro.model", "model", free_model},
    [HANDLE_DATA] = {"ippro.data", "data set", free_data},
    [HANDLE_SCORE_SET] = {"ippro.score_set", "score set", free_score_set},
    [HANDLE_SCORES] = {"ippro.scores", "scores", free_scores},
    [HANDLE_SELECTION] = {"ippro.selection", "selection", free_chosen},
    [HANDLE_FIGURE] = {"ippro.figure", "figure", free_figure},
    [HANDLE_ARRAY] = {"ippro.array", "array", free_array},
    [HANDLE_BUILDER] = {"ippro.builder", "network that is being described", free_builder},
    [HANDLE_FEATURES] = {"ippro.features", "value of a network", free_features},
    [HANDLE_VECTOR] = {"ippro.vector", "vector", mem_free},
    [HANDLE_REPLY] = {"ippro.reply", "reply", free_reply},
    [HANDLE_LINE] = {"ippro.line", "line", free_line},
    [HANDLE_TEXT] = {"ippro.text", "text", free_text},
    [HANDLE_MEMORY] = {"ippro.memory", "memory", mem_free},
};

struct handle {
    enum handle_kind kind;
    void *object; /* NULL once freed */
};

void **handle_push(lua_State *L, enum handle_kind kind)
{
    struct handle *handle = lua_newuserdatauv(L, sizeof *handle, 1);
    *handle = (struct handle){.kind = kind};
    luaL_setmetatable(L, kinds[kind].metatable);
    return &handle->object;
}

static const char known_key; /* its address */

void handles_open(lua_State *L)
{
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "v");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &known_key);
}

/* Push what a handle is known by. While it lives it owns the parts, so that no other object has their
 * addresses. */
static void push_identity(lua_State *L, enum handle_kind kind, const void *const *parts, int count,
                          const char *name)
{
    luaL_Buffer identity;
    luaL_buffinit(L, &identity);
    luaL_addlstring(&identity, (const char *)&kind, sizeof kind);
    luaL_addlstring(&identity, (const char *)parts, (size_t)count * sizeof *parts);
    luaL_addstring(&identity, name ? name : "");
    luaL_pushresult(&identity);
}

void **handle_push_same(lua_State *L, enum handle_kind kind, const void *const *parts, int count,
                        const char *name)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &known_key);
    int known = lua_gettop(L);
    push_identity(L, kind, parts, count, name);
    lua_pushvalue(L, -1);
    lua_rawget(L, known);
    struct handle *handle = lua_touserdata(L, -1);
    if (!handle || !handle->object) { /* one that was freed stays so */
        lua_pop(L, 1);
        handle_push(L, kind);
        handle = lua_touserdata(L, -1);
        lua_pushvalue(L, known + 1);
        lua_pushvalue(L, -2);
        lua_rawset(L, known);
    }
    lua_replace(L, known);
    lua_settop(L, known);
    return &handle->object;
}

void *handle_check(lua_State *L, int index, enum handle_kind kind)
{
    struct handle *handle = luaL_checkudata(L, index, kinds[kind].metatable);
    if (!handle->object)
        luaL_error(L, "this %s was freed", kinds[kind].word);
    return handle->object;
}

void *handle_test(lua_State *L, int index, enum handle_kind kind)
{
    struct handle *handle = luaL_testudata(L, index, kinds[kind].metatable);
    return handle ? handle->object : NULL;
}

static void release(struct handle *handle)
{
    void *object = handle->object;
    handle->object = NULL;
    if (object)
        kinds[handle->kind].free(object);
}

void handle_drop(lua_State *L, int index)
{
    release(lua_touserdata(L, index));
}

/* Upvalue 1: the kind. Only its own handles are taken. */
static int free_handle(lua_State *L)
{
    release(luaL_checkudata(L, 1, kinds[lua_tointeger(L, lua_upvalueindex(1))].metatable));
    return 0;
}

static int name_handle(lua_State *L)
{
    lua_Integer kind = lua_tointeger(L, lua_upvalueindex(1));
    struct handle *handle = luaL_checkudata(L, 1, kinds[kind].metatable);
    lua_pushfstring(L, handle->object ? "%s" : "%s (freed)", kinds[kind].word);
    return 1;
}

static void set_with_kind(lua_State *L, enum handle_kind kind, const char *field, lua_CFunction function)
{
    lua_pushinteger(L, kind);
    lua_pushcclosure(L, function, 1);
    lua_setfield(L, -2, field);
}

void handle_kind_new(lua_State *L, enum handle_kind kind, const luaL_Reg *methods, lua_CFunction index,
                     lua_CFunction to_string)
{
    luaL_newmetatable(L, kinds[kind].metatable);
    set_with_kind(L, kind, "__gc", free_handle);
    set_with_kind(L, kind, "__close", free_handle);
    set_with_kind(L, kind, "__tostring", name_handle);
    if (to_string) {
        lua_pushcfunction(L, to_string);
        lua_setfield(L, -2, "__tostring");
    }
    protect_metatable(L, kinds[kind].word);
    if (methods) {
        lua_newtable(L);
        luaL_setfuncs(L, methods, 0);
        set_with_kind(L, kind, "free", free_handle);
        if (index)
            lua_pushcclosure(L, index, 1);
        lua_setfield(L, -2, "__index");
    }
    lua_pop(L, 1);
}

int raise_error(lua_State *L, const struct error *error)
{
    script_of(L)->raised = *error;
    return luaL_error(L, "%s", *error->message ? error->message : status_text(error->code));
}

void *script_alloc(lua_State *L, size_t count, size_t size)
{
    void **place = handle_push(L, HANDLE_MEMORY);
    *place = mem_new(count ? count : 1, size);
    if (!*place)
        luaL_error(L, "out of memory");
    return *place;
}

void push_text(lua_State *L, const struct text *text)
{
    if (text->failed)
        luaL_error(L, "out of memory");
    lua_pushlstring(L, text_data(text), text->length);
}

int raw_field(lua_State *L, const char *name)
{
    lua_pushstring(L, name);
    return lua_rawget(L, 1);
}
