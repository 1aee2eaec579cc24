/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Models in scripts. A model's methods are commands of the session: they work while the session
 * has that network, pruned or not. */
#include "lua/internal.h"

#include <math.h>
#include <string.h>

#include "base/status.h"
#include "data/dataset.h"
#include "nn/engine/loss.h"
#include "nn/engine/quality.h"
#include "score/layer.h"
#include "session/language/command.h"
#include "session/measurement.h"
#include "session/model.h"
#include "session/pruning.h"
#include "session/session.h"
#include "session/target.h"

/* --- making --------------------------------------------------------------------------------------------- */

void push_model(lua_State *L)
{
    struct model *model = script_of(L)->session->state.model;
    const void *const parts[] = {model};
    if (!model) {
        lua_pushnil(L);
        return;
    }
    void **place = handle_push_same(L, HANDLE_MODEL, parts, 1, NULL);
    if (!*place)
        *place = model_retain(model);
}

int ippro_load(lua_State *L)
{
    command_call(L, script_of(L)->session, "load", 1, lua_gettop(L));
    push_model(L);
    return 1;
}

int ippro_build(lua_State *L)
{
    command_call(L, script_of(L)->session, "build", 1, lua_gettop(L));
    push_model(L);
    return 1;
}

/* --- models --------------------------------------------------------------------------------------------- */

/* The session, after a check that it has the network of argument 1. */
static struct session *session_with(lua_State *L)
{
    const struct model *model = handle_check(L, 1, HANDLE_MODEL);
    struct session *session = script_of(L)->session;
    if (!session->state.model || model_original(session->state.model) != model_original(model))
        luaL_error(L, "the session has another network than this one (%s): load it again", model->name);
    return session;
}

/* A method that is the command of the same name; upvalue 1: the name. Returns its answer. */
static int model_command(lua_State *L)
{
    command_call(L, session_with(L), lua_tostring(L, lua_upvalueindex(1)), 2, lua_gettop(L));
    return 1;
}

/* The same for commands that change the network: returns the model as it is then. */
static int model_change(lua_State *L)
{
    command_call(L, session_with(L), lua_tostring(L, lua_upvalueindex(1)), 2, lua_gettop(L));
    push_model(L);
    return 1;
}

/* The session itself, or one beside it that has the data set of argument `index`. On the stack it keeps what
 * it made alive. */
static struct session *session_on(lua_State *L, int index)
{
    struct session *session = session_with(L), *fork;
    struct error error = {0};
    if (lua_isnoneornil(L, index))
        return session;
    struct dataset *dataset = check_data(L, index);
    if (dataset == session->state.dataset)
        return session;
    void **place = handle_push(L, HANDLE_SCORE_SET);
    if (session_fork(session, &fork, &error) != STATUS_OK)
        raise_error(L, &error);
    *place = fork;
    session_set_dataset(fork, dataset_retain(dataset));
    return fork;
}

/* model:score(data, criteria, options) */
static int model_score(lua_State *L)
{
    lua_settop(L, 4);
    struct session *session = session_on(L, 2);
    command_call(L, session, "score", 3, 4);
    push_score_set(L, session);
    return 1;
}

void add_measurement(lua_State *L, const struct session *session)
{
    const struct pruning *pruning = session->state.pruning;
    const struct measurement *found =
        pruning ? measurements_find(&session->measurements, pruning->network, NULL) : NULL;
    if (!found)
        return;
    lua_pushinteger(L, found->images);
    lua_setfield(L, -2, "images");
    lua_pushinteger(L, found->unanswered);
    lua_setfield(L, -2, "unanswered");
    lua_pushnumber(L, found->value);
    if (found->measure == QUALITY_MEAN_IOU) {
        lua_setfield(L, -2, "miou");
    } else {
        lua_setfield(L, -2, "top1");
        lua_pushnumber(L, right_share(found->top5, found->unanswered, found->images));
        lua_setfield(L, -2, "top5");
    }
    lua_pushnumber(L, found->loss);
    lua_setfield(L, -2, "loss");
    lua_pushnumber(L, found->error);
    lua_setfield(L, -2, "error");
}

/* Of an answer of eval on top: the mean of a loss that looks at no labels as its fields; false where it is
 * none. */
static bool add_mean_loss(lua_State *L)
{
    const int answer = lua_gettop(L);
    bool bare = false;
    if (lua_geti(L, answer, 1) == LUA_TUSERDATA && lua_getfield(L, -1, "rows") == LUA_TTABLE &&
        lua_geti(L, -1, 1) == LUA_TTABLE && lua_getfield(L, -1, "measure") == LUA_TSTRING) {
        bare = strcmp(lua_tostring(L, -1), "mean loss") == 0;
        lua_getfield(L, -2, "value");
        lua_getfield(L, -3, "standard error");
        if (bare) {
            lua_setfield(L, answer, "error");
            lua_setfield(L, answer, "loss");
        }
    }
    lua_settop(L, answer);
    return bare;
}

/* model:eval([data], options): numbers as fields, beside the figures. */
static int model_eval(lua_State *L)
{
    bool has_data = handle_test(L, 2, HANDLE_DATA) || !lua_istable(L, 2);
    lua_settop(L, has_data ? 3 : 2);
    struct session *session = has_data ? session_on(L, 2) : session_with(L);
    int options = has_data ? 3 : 2;
    command_call(L, session, "eval", options, options);
    if (!add_mean_loss(L))
        add_measurement(L, session);
    return 1;
}

/* model:forward(array, options): the outputs. */
static int model_forward(lua_State *L)
{
    lua_settop(L, 3);
    forward_call(L, session_with(L));
    return 1;
}

static void set_boolean(lua_State *L, const char *field, bool value)
{
    lua_pushboolean(L, value);
    lua_setfield(L, -2, field);
}

static void set_integer(lua_State *L, const char *field, int64_t value)
{
    lua_pushinteger(L, value);
    lua_setfield(L, -2, field);
}

int check_layer(lua_State *L, int index, const struct model *model)
{
    const char *name = luaL_checkstring(L, index);
    int layer = layers_index(model->layers, name);
    if (layer < 0)
        luaL_error(L, "no layer '%s'", name);
    return layer;
}

void push_layer_itself(lua_State *L, const struct layer *layer)
{
    lua_newtable(L);
    lua_pushstring(L, layer->name);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, layer_kind_name(layer->kind));
    lua_setfield(L, -2, "kind");
    set_integer(L, "channels", layer->channels);
    set_integer(L, "filter_length", layer->filter_length);
    set_integer(L, "calls", layer->call_count);
    set_integer(L, "kernel_height", layer->kernel_height);
    set_integer(L, "kernel_width", layer->kernel_width);
    set_integer(L, "input_channels", layer->input_channels);
    set_boolean(L, "norm", layer->norm_node >= 0);
    set_boolean(L, "output", layer->output_layer);
}

void push_layer(lua_State *L, const struct model *model, int index)
{
    const struct group *group = &model->coupling->groups[model->coupling->layer_group[index]];
    push_layer_itself(L, &model->layers->items[index]);
    lua_pushstring(L, group->name);
    lua_setfield(L, -2, "group");
    set_boolean(L, "stream", group->stream);
    set_boolean(L, "locked", group->locked);
}

/* model:layers(): an array of layers, in the order of the network. */
static int model_layers(lua_State *L)
{
    session_with(L);
    push_model(L);
    const struct model *model = handle_check(L, -1, HANDLE_MODEL);
    lua_createtable(L, model->layers->count, 0);
    for (int i = 0; i < model->layers->count; i++) {
        push_layer(L, model, i);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* --- ratios --------------------------------------------------------------------------------------------- */

/* One `ratio TARGET VALUE` with the target and the value on top of the stack; pops both. */
static void set_ratio(lua_State *L)
{
    int top = lua_gettop(L);
    if (lua_type(L, top) == LUA_TBOOLEAN && !lua_toboolean(L, top)) {
        lua_pushliteral(L, "none"); /* false leaves the target alone */
        lua_replace(L, top);
    }
    command_call(L, script_of(L)->session, "ratio", top - 1, top);
    lua_settop(L, top - 2);
}

/* The function is asked once per block that is free, about its first layer. */
static void ratios_from_function(lua_State *L)
{
    struct session *session = script_of(L)->session;
    for (int i = 0; session->state.model && i < session->state.model->coupling->block_count; i++) {
        const struct model *model = session->state.model;
        const struct block *block = &model->coupling->blocks[i];
        if (block->locked)
            continue;
        lua_pushstring(L, model->layers->items[block->layers[0]].name);
        lua_pushvalue(L, 2);
        push_layer(L, model, block->layers[0]);
        lua_call(L, 1, 1);
        session_with(L); /* the function may have loaded something else */
        if (lua_isnil(L, -1))
            lua_pop(L, 2);
        else
            set_ratio(L);
    }
}

/* From the general to the particular: words, then patterns, then names. */
enum { TARGET_WEIGHTS = 4 };
static int target_weight(const struct layers *layers, const char *target)
{
    if (!target_is_word(layers, target))
        return layers_is_pattern(layers, target) ? 2 : 3;
    return strcmp(target, "all") == 0 ? 0 : 1;
}

static int compare_targets(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void push_ordered_targets(lua_State *L, const struct model *model, int index, const char *what)
{
    static const struct layers none = {0};
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "%s: the keys are layers, stages, patterns, streams, inner or all", what);
    }
    push_sorted_keys(L, index, compare_targets);
    int sorted = lua_gettop(L);
    lua_Integer count = (lua_Integer)lua_rawlen(L, sorted), filled = 0;
    lua_createtable(L, (int)count, 0);
    for (int weight = 0; weight < TARGET_WEIGHTS; weight++) {
        for (lua_Integer i = 1; i <= count; i++) {
            lua_rawgeti(L, sorted, i);
            if (target_weight(model ? model->layers : &none, lua_tostring(L, -1)) == weight)
                lua_rawseti(L, sorted + 1, ++filled);
            else
                lua_pop(L, 1);
        }
    }
    lua_replace(L, sorted);
}

static void ratios_from_table(lua_State *L)
{
    push_ordered_targets(L, script_of(L)->session->state.model, 2, "ratios");
    for (lua_Integer i = 1; lua_rawgeti(L, 3, i) != LUA_TNIL; i++) {
        lua_pushvalue(L, -1);
        lua_rawget(L, 2);
        set_ratio(L);
    }
}

/* model:ratios(number or table or function); returns the model. */
static int model_ratios(lua_State *L)
{
    session_with(L);
    lua_settop(L, 2);
    switch (lua_type(L, 2)) {
    case LUA_TFUNCTION:
        ratios_from_function(L);
        break;
    case LUA_TTABLE:
        ratios_from_table(L);
        break;
    case LUA_TNUMBER:
        lua_pushliteral(L, "all");
        lua_pushvalue(L, 2);
        set_ratio(L);
        break;
    default:
        return luaL_typeerror(L, 2, "number, table or function");
    }
    lua_settop(L, 1);
    return 1;
}

/* model:prune([criterion [, ratio]], options): a selection. */
static int model_prune(lua_State *L)
{
    struct session *session = session_with(L);
    command_call(L, session, "prune", 2, lua_gettop(L));
    push_selection(L, session);
    return 1;
}

static const struct cost *cost_now(lua_State *L)
{
    const struct session *session = session_with(L);
    return pruning_cost(session->state.pruning, session->state.model);
}

/* model:outputs(): an array of names and shapes, of one image, without the batch. */
static int model_outputs(lua_State *L)
{
    const struct model *model = session_with(L)->state.model;
    const struct graph *graph = model->graph;
    lua_createtable(L, graph->output_count, 0);
    for (int i = 0; i < graph->output_count; i++) {
        lua_createtable(L, 0, 2);
        lua_pushstring(L, graph->values[graph->outputs[i]].name);
        lua_setfield(L, -2, "name");
        lua_createtable(L, model->outputs[i].rank, 0);
        for (int k = 1; k < model->outputs[i].rank; k++) {
            lua_pushinteger(L, model->outputs[i].dim[k]);
            lua_rawseti(L, -2, k);
        }
        lua_setfield(L, -2, "shape");
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* model:cost(): of the network as it is now. */
static int model_cost(lua_State *L)
{
    const struct cost *cost = cost_now(L);
    lua_newtable(L);
    set_integer(L, "parameters", cost->parameters);
    set_integer(L, "channels", cost->channels);
    set_integer(L, "activation_bytes", cost->activation_bytes);
    lua_pushnumber(L, cost->macs);
    lua_setfield(L, -2, "macs");
    return 1;
}

static int model_name(lua_State *L)
{
    const struct model *model = handle_test(L, 1, HANDLE_MODEL);
    if (!model) {
        luaL_checkudata(L, 1, "ippro.model");
        lua_pushliteral(L, "model (freed)");
    } else {
        lua_pushfstring(L, "model %s (%d layers)", model->name, model->layers->count);
    }
    return 1;
}

void network_kinds_new(lua_State *L)
{
    static const luaL_Reg model[] = {
        {"score", model_score},   {"eval", model_eval},       {"forward", model_forward},
        {"layers", model_layers}, {"ratios", model_ratios},   {"prune", model_prune},
        {"cost", model_cost},     {"outputs", model_outputs}, {NULL, NULL},
    };
    handle_kind_new(L, HANDLE_MODEL, model, NULL, model_name);
    luaL_getmetatable(L, "ippro.model");
    lua_getfield(L, -1, "__index");
    add_commands(L, COMMAND_OF_MODEL, COMMAND_CHANGES, model_command);
    add_commands(L, COMMAND_OF_MODEL | COMMAND_CHANGES, 0, model_change);
    lua_pop(L, 2);
}
