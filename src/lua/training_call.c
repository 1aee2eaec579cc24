/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a script has to say while a network learns: on_epoch hears of every epoch, penalty adds to gradients,
 * mask changes what is learnt when an epoch has ended.
 *
 * The functions of a penalty and of a mask get an array of what is learnt, each {name, kind, layer, shape,
 * data, gradient}; at the name of a layer stands a table of those that belong to it, by their kinds. Data and
 * gradient are vectors: they show the trainer's own memory, and only while the function runs; after that they
 * are dead, and they live again at the next step. What is a layer's lies in filters, one for every channel.
 */
#include "lua/internal.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "nn/graph/tensor.h"
#include "score/layer.h"
#include "session/model.h"
#include "session/session.h"
#include "session/training_hooks.h"
#include "train/network.h"
#include "train/trainer.h"
#include "lua/vector.h"

static const char learnt_when[] =
    "what is learnt can be looked at only while the function of a penalty or of a "
    "mask runs, its gradient in a penalty alone";
static const char learnt_fixed[] =
    "what is learnt changes by its gradient alone, or in the function of a mask";
static const char learnt_key; /* its address: the array of what is learnt, in the registry */
static const char kept_key;   /* the vectors of it, which no script can reach */

/* --- what is learnt ------------------------------------------------------------------------------------- */

static const char *const kind_names[PARAMETER_KINDS] = {[PARAMETER_WEIGHT] = "weight",
                                                        [PARAMETER_BIAS] = "bias",
                                                        [PARAMETER_NORM_SCALE] = "scale",
                                                        [PARAMETER_NORM_SHIFT] = "shift"};

/* The layer that a parameter belongs to, itself or by its BatchNorm; NULL: none. */
static const struct layer *layer_of(const struct layers *layers, int value)
{
    for (int i = 0; i < layers->count; i++) {
        const struct layer *layer = &layers->items[i];
        if (layer->weight == value || layer->bias == value || layer->scale == value || layer->shift == value)
            return layer;
    }
    return NULL;
}

static struct vector vector_of(const struct training_parameter *parameter, const struct layer *layer)
{
    struct vector vector = {
        .real = parameter->real, .count = parameter->elements, .when = learnt_when, .fixed = learnt_fixed};
    if (!layer)
        return vector;
    const bool filters = layer->weight == parameter->given;
    const struct filter_places single = {.channels = layer->channels, .channel_step = 1, .elements = 1};
    vector.channels = layer->channels;
    vector.length = filters ? layer->filter_length : 1;
    vector.places = filters ? layer->places : single;
    if (vector.channels * vector.length != vector.count)
        vector.channels = 0; /* a bias that is one number for all, say */
    return vector;
}

static void push_parameter(lua_State *L, int kept, const struct training_parameter *parameter,
                           const struct layer *layer)
{
    const struct vector vector = vector_of(parameter, layer);
    lua_createtable(L, 0, 6);
    lua_pushstring(L, parameter->name);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, kind_names[parameter->kind]);
    lua_setfield(L, -2, "kind");
    lua_createtable(L, parameter->shape.rank, 0);
    for (int i = 0; i < parameter->shape.rank; i++) {
        lua_pushinteger(L, parameter->shape.dim[i]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "shape");
    set_vector(L, kept, "data", &vector);
    set_vector(L, kept, "gradient", &vector);
    if (layer) {
        lua_pushstring(L, layer->name);
        lua_setfield(L, -2, "layer");
    }
}

/* The parameter on top is learnt[layer][kind], too; `learnt`: stack index. */
static void enter_layer(lua_State *L, int learnt, const struct layer *layer, enum parameter_kind kind)
{
    if (lua_getfield(L, learnt, layer->name) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_createtable(L, 0, PARAMETER_KINDS);
        lua_pushvalue(L, -1);
        lua_setfield(L, learnt, layer->name);
    }
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, kind_names[kind]);
    lua_pop(L, 1);
}

/* Push the array of what is learnt, made at the first step. */
static void push_learnt(lua_State *L, const struct training_ear *ear, const struct training_network *network)
{
    const struct layers *layers = ear->session->state.model->layers;
    const int count = training_parameter_count(network);
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &learnt_key) == LUA_TTABLE)
        return;
    lua_pop(L, 1);
    lua_createtable(L, 2 * count, 0);
    const int kept = lua_gettop(L), learnt = kept + 1;
    lua_createtable(L, count, layers->count);
    for (int i = 0; i < count; i++) {
        const struct training_parameter *parameter = training_parameter(network, i);
        const struct layer *layer = layer_of(layers, parameter->given);
        push_parameter(L, kept, parameter, layer);
        if (layer)
            enter_layer(L, learnt, layer, parameter->kind);
        lua_rawseti(L, learnt, i + 1);
    }
    lua_pushvalue(L, kept);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &kept_key);
    lua_pushvalue(L, learnt);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &learnt_key);
    lua_remove(L, kept);
}

/* Let the vectors show the network's memory, or (NULL) nothing: in a penalty gradients can be written, in a
 * mask data, and gradients are not there. Asks for no memory. */
static void show_vectors(lua_State *L, const struct training_network *network, bool mask)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &kept_key) == LUA_TTABLE) {
        const lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
        for (lua_Integer i = 0; i < count; i++) {
            lua_rawgeti(L, -1, i + 1);
            struct vector *vector = handle_test(L, -1, HANDLE_VECTOR);
            const struct training_parameter *parameter =
                network ? training_parameter(network, (int)(i / 2)) : NULL;
            const bool gradient = i % 2 == 1;
            if (vector) {
                vector->data = !parameter || (gradient && mask) ? NULL
                               : gradient                       ? parameter->gradient
                                                                : parameter->data;
                vector->writable = gradient != mask;
            }
            lua_pop(L, 1);
        }
    }
    lua_pop(L, 1);
}

/* --- calls ---------------------------------------------------------------------------------------------- */

/* A function that is called now; the first argument of the C functions below, behind the script's function.
 */
struct training_call {
    struct training_ear *ear;
    int function; /* stack index */
    const char *inside;
    lua_CFunction run;
    const struct training_record *record; /* of on_epoch, */
    bool *stop;
    struct training_network *network; /* of a penalty or a mask */
    int64_t epoch;                    /* of a mask; the rest of a penalty */
    int64_t step;
    double rate, *loss;
    status code;
    struct error *error;
};

static void set_number(lua_State *L, const char *field, double value)
{
    if (value != value)
        return; /* what is not known is not there */
    lua_pushnumber(L, value);
    lua_setfield(L, -2, field);
}

/* (function, call) */
static int run_epoch(lua_State *L)
{
    struct training_call *call = lua_touserdata(L, 2);
    const struct training_record *record = call->record;
    lua_settop(L, 1);
    lua_createtable(L, 0, 8);
    lua_pushinteger(L, record->epoch);
    lua_setfield(L, -2, "epoch");
    set_number(L, "train_loss", record->loss);
    set_number(L, "train_accuracy", record->accuracy);
    set_number(L, "rate", record->rate);
    set_number(L, "loss", record->score.loss);
    set_number(L, "value", record->score.value);
    set_number(L, "seconds", record->seconds);
    lua_pushboolean(L, record->best);
    lua_setfield(L, -2, "best");
    lua_call(L, 1, 1);
    *call->stop = lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), "stop") == 0;
    return 0;
}

static int run_penalty(lua_State *L)
{
    struct training_call *call = lua_touserdata(L, 2);
    lua_settop(L, 1);
    push_learnt(L, call->ear, call->network);
    show_vectors(L, call->network, false);
    lua_pushinteger(L, (lua_Integer)call->step);
    lua_pushnumber(L, call->rate);
    lua_call(L, 3, 1);
    if (lua_isnil(L, -1))
        return 0;
    if (lua_type(L, -1) != LUA_TNUMBER)
        return luaL_error(L, "a penalty returns what it adds to the loss, a number, not a %s",
                          luaL_typename(L, -1));
    *call->loss += lua_tonumber(L, -1);
    return 0;
}

static int run_mask(lua_State *L)
{
    struct training_call *call = lua_touserdata(L, 2);
    lua_settop(L, 1);
    push_learnt(L, call->ear, call->network);
    show_vectors(L, call->network, true);
    lua_pushinteger(L, (lua_Integer)call->epoch);
    lua_call(L, 2, 0);
    return 0;
}

/* On the thread of Lua's, which waits in the command. */
static void call_here(void *argument)
{
    struct training_call *call = argument;
    lua_State *L = call->ear->L;
    struct script *script = script_of(L);
    const int top = lua_gettop(L);
    script->inside = call->inside;
    lua_pushcfunction(L, call->run);
    lua_pushvalue(L, call->function);
    lua_pushlightuserdata(L, call);
    call->code = STATUS_OK;
    if (lua_pcall(L, 2, 0, 0) != LUA_OK) {
        const char *message = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
        call->code = script_interrupted(L) ? STATUS_CANCELLED : STATUS_FAILED;
        error_set(call->error, call->code, "%s: %s", call->inside,
                  message ? message : "an error that is no text");
    }
    show_vectors(L, NULL, false);
    lua_settop(L, top);
    script->inside = NULL;
}

static status hear_epoch(void *argument, const struct training_record *record, bool *stop,
                         struct error *error)
{
    struct training_ear *ear = argument;
    struct training_call call = {.ear = ear,
                                 .function = ear->epoch,
                                 .inside = "the function on_epoch",
                                 .run = run_epoch,
                                 .record = record,
                                 .stop = stop,
                                 .error = error};
    progress_call(progress_current(), call_here, &call);
    return call.code;
}

static status hear_penalty(void *argument, struct training_network *network, int64_t step, double rate,
                           double *loss, struct error *error)
{
    struct training_ear *ear = argument;
    struct training_call call = {.ear = ear,
                                 .function = ear->penalty,
                                 .inside = "the function of a penalty",
                                 .run = run_penalty,
                                 .network = network,
                                 .step = step,
                                 .rate = rate,
                                 .loss = loss,
                                 .error = error};
    progress_call(progress_current(), call_here, &call);
    return call.code;
}

static status hear_mask(void *argument, struct training_network *network, int64_t epoch, struct error *error)
{
    struct training_ear *ear = argument;
    struct training_call call = {.ear = ear,
                                 .function = ear->mask,
                                 .inside = "the function of a mask",
                                 .run = run_mask,
                                 .network = network,
                                 .epoch = epoch,
                                 .error = error};
    progress_call(progress_current(), call_here, &call);
    return call.code;
}

const struct training_hooks *training_ear_open(struct training_ear *ear)
{
    ear->hooks = (struct training_hooks){.argument = ear,
                                         .epoch = ear->epoch ? hear_epoch : NULL,
                                         .penalty = ear->penalty ? hear_penalty : NULL,
                                         .mask = ear->mask ? hear_mask : NULL};
    return ear->epoch || ear->penalty || ear->mask ? &ear->hooks : NULL;
}

/* The registry forgets what was learnt; both keys are there or not, so that no memory is asked for. */
void training_ear_close(struct training_ear *ear)
{
    static const char *const keys[] = {&learnt_key, &kept_key};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        lua_pushnil(ear->L);
        lua_rawsetp(ear->L, LUA_REGISTRYINDEX, keys[i]);
    }
}
