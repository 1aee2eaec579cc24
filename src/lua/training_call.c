/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a script has to say while a network learns: on_epoch hears of every epoch, penalty adds to gradients.
 *
 * The function of a penalty gets an array of what is learnt, each {name, kind, shape, data, gradient}. The
 * last two are vectors: they show the trainer's own memory, and only while the function runs; after that they
 * are dead, and they live again at the next step. */
#include "lua/internal.h"

#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "nn/graph/tensor.h"
#include "session/training_hooks.h"
#include "train/network.h"
#include "train/trainer.h"

/* A kind of handle: numbers that somebody else owns. */
struct vector {
    void *data; /* NULL: dead */
    enum element_type real;
    int64_t count;
    bool writable;
};

static const char learnt_key; /* its address: the array of what is learnt, in the registry */
static const char kept_key;   /* the vectors of it, which no script can reach */

/* --- vectors -------------------------------------------------------------------------------------------- */

static struct vector *check_vector(lua_State *L, int index)
{
    struct vector *vector = handle_check(L, index, HANDLE_VECTOR);
    if (!vector->data)
        luaL_error(L, "what is learnt can be looked at only while the function of its penalty runs");
    return vector;
}

static double get(const struct vector *vector, int64_t index)
{
    return vector->real == ELEMENT_DOUBLE ? ((const double *)vector->data)[index]
                                          : (double)((const float *)vector->data)[index];
}

static void put(struct vector *vector, int64_t index, double value)
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
    lua_pushnumber(L, get(vector, i - 1));
    return 1;
}

static struct vector *check_writable(lua_State *L)
{
    struct vector *vector = check_vector(L, 1);
    if (!vector->writable)
        luaL_error(L, "what is learnt changes by its gradient alone");
    return vector;
}

static int vector_set(lua_State *L)
{
    struct vector *vector = check_writable(L);
    const lua_Integer i = luaL_checkinteger(L, 2);
    if (i < 1 || i > vector->count)
        return luaL_error(L, "there is no element %I of %I", (LUAI_UACINT)i, (LUAI_UACINT)vector->count);
    put(vector, i - 1, luaL_checknumber(L, 3));
    return 0;
}

static int vector_length(lua_State *L)
{
    lua_pushinteger(L, check_vector(L, 1)->count);
    return 1;
}

/* gradient:add(factor, vector or table): adds factor times the other, element by element. */
static int vector_add(lua_State *L)
{
    struct vector *vector = check_writable(L);
    const double factor = luaL_checknumber(L, 2);
    const bool table = lua_istable(L, 3);
    const struct vector *other = table ? NULL : check_vector(L, 3);
    const int64_t count = table ? (int64_t)lua_rawlen(L, 3) : other->count;
    if (count != vector->count)
        return luaL_error(L, "%I numbers cannot be added to %I", (LUAI_UACINT)count,
                          (LUAI_UACINT)vector->count);
    for (int64_t i = 0; i < count; i++) {
        double value;
        if (table) {
            lua_rawgeti(L, 3, (lua_Integer)i + 1);
            value = luaL_checknumber(L, -1);
            lua_pop(L, 1);
        } else {
            value = get(other, i);
        }
        put(vector, i, get(vector, i) + factor * value);
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
        const double value = get(vector, i);
        sum += value < 0 ? -value : value;
        squares += value * value;
    }
    lua_pushnumber(L, sum);
    lua_pushnumber(L, squares);
    return 2;
}

void vector_kind_new(lua_State *L)
{
    static const luaL_Reg methods[] = {{"add", vector_add}, {"sums", vector_sums}, {NULL, NULL}};
    handle_kind_new(L, HANDLE_VECTOR, methods, vector_index, NULL);
    luaL_getmetatable(L, "ippro.vector");
    lua_pushcfunction(L, vector_length);
    lua_setfield(L, -2, "__len");
    lua_pushcfunction(L, vector_set);
    lua_setfield(L, -2, "__newindex");
    lua_pop(L, 1);
}

/* --- what is learnt ------------------------------------------------------------------------------------- */

/* Set field `name` of the table on top to a vector, kept in the table at `kept`. */
static void set_vector(lua_State *L, int kept, const char *name, const struct training_parameter *parameter,
                       bool writable)
{
    void **place = handle_push(L, HANDLE_VECTOR);
    struct vector *vector = mem_new(1, sizeof *vector);
    *place = vector;
    if (!vector)
        luaL_error(L, "out of memory");
    *vector = (struct vector){.real = parameter->real, .count = parameter->elements, .writable = writable};
    lua_pushvalue(L, -1);
    lua_rawseti(L, kept, (lua_Integer)lua_rawlen(L, kept) + 1);
    lua_setfield(L, -2, name);
}

static void push_parameter(lua_State *L, int kept, const struct training_parameter *parameter)
{
    static const char *const kinds[PARAMETER_KINDS] = {[PARAMETER_WEIGHT] = "weight",
                                                       [PARAMETER_BIAS] = "bias",
                                                       [PARAMETER_NORM_SCALE] = "scale",
                                                       [PARAMETER_NORM_SHIFT] = "shift"};
    lua_createtable(L, 0, 5);
    lua_pushstring(L, parameter->name);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, kinds[parameter->kind]);
    lua_setfield(L, -2, "kind");
    lua_createtable(L, parameter->shape.rank, 0);
    for (int i = 0; i < parameter->shape.rank; i++) {
        lua_pushinteger(L, parameter->shape.dim[i]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "shape");
    set_vector(L, kept, "data", parameter, false);
    set_vector(L, kept, "gradient", parameter, true);
}

/* Push the array of what is learnt, made at the first step. */
static void push_learnt(lua_State *L, const struct training_network *network)
{
    const int count = training_parameter_count(network);
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &learnt_key) == LUA_TTABLE)
        return;
    lua_pop(L, 1);
    lua_createtable(L, 2 * count, 0);
    const int kept = lua_gettop(L);
    lua_createtable(L, count, 0);
    for (int i = 0; i < count; i++) {
        push_parameter(L, kept, training_parameter(network, i));
        lua_rawseti(L, kept + 1, i + 1);
    }
    lua_pushvalue(L, kept);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &kept_key);
    lua_pushvalue(L, kept + 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &learnt_key);
    lua_remove(L, kept);
}

/* Let the vectors show the network's memory, or (NULL) nothing. Asks for no memory. */
static void show_vectors(lua_State *L, const struct training_network *network)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &kept_key) == LUA_TTABLE) {
        const lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
        for (lua_Integer i = 0; i < count; i++) {
            lua_rawgeti(L, -1, i + 1);
            struct vector *vector = handle_test(L, -1, HANDLE_VECTOR);
            const struct training_parameter *parameter =
                network ? training_parameter(network, (int)(i / 2)) : NULL;
            if (vector)
                vector->data = !parameter ? NULL : i % 2 ? parameter->gradient : parameter->data;
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
    struct training_network *network; /* of a penalty */
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
    push_learnt(L, call->network);
    show_vectors(L, call->network);
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
    show_vectors(L, NULL);
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

void training_ear_open(lua_State *L, struct training_ear *ear, int epoch, int penalty)
{
    *ear = (struct training_ear){.L = L, .epoch = epoch, .penalty = penalty};
    ear->hooks = (struct training_hooks){
        .argument = ear, .epoch = epoch ? hear_epoch : NULL, .penalty = penalty ? hear_penalty : NULL};
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
