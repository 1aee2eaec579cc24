/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Criteria that scripts define: rows of the criterion table whose score is a Lua function. Scoring may run on
 * another thread, which hands the call over to the one that owns Lua. */
#include "lua/internal.h"

#include <math.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/text.h"
#include "nn/graph/graph.h"
#include "score/criterion.h"
#include "score/layer.h"
#include "score/score.h"

static const struct {
    const char *name;
    unsigned need;
} needs[] = {
    {"weights", NEED_WEIGHTS},
    {"gradients", NEED_GRADIENTS},
    {"weight-gradients", NEED_GRADIENTS | NEED_WEIGHT_GRADIENTS},
    {"activations", NEED_ACTIVATIONS},
    {"feature-ranks", NEED_FEATURE_RANKS},
    {"feature-gram", NEED_FEATURE_GRAM},
    {"independence", NEED_INDEPENDENCE},
    {"weight-squares", NEED_GRADIENTS | NEED_WEIGHT_GRADIENTS | NEED_WEIGHT_SQUARES},
};
enum { NEEDS = sizeof needs / sizeof *needs };

/* --- what the function is given ------------------------------------------------------------------------- */

/* Set a field of the table on top to an array; NULL leaves it out. */
static void set_numbers(lua_State *L, const char *field, const double *values, int64_t count)
{
    if (!values)
        return;
    lua_createtable(L, (int)count, 0);
    for (int64_t i = 0; i < count; i++) {
        lua_pushnumber(L, values[i]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, field);
}

/* Rows of a matrix as an array of arrays. */
static void set_matrix(lua_State *L, const char *field, const double *values, int64_t rows, int64_t columns)
{
    if (!values)
        return;
    lua_createtable(L, (int)rows, 0);
    for (int64_t i = 0; i < rows; i++) {
        lua_createtable(L, (int)columns, 0);
        for (int64_t j = 0; j < columns; j++) {
            lua_pushnumber(L, values[i * columns + j]);
            lua_rawseti(L, -2, j + 1);
        }
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, field);
}

/* A per-channel parameter of the layer; none where the layer has none. */
static void set_parameter(lua_State *L, const struct criterion_input *input, const char *field, int value)
{
    if (value == VALUE_NONE)
        return;
    void **place = handle_push(L, HANDLE_MEMORY);
    double *values = layer_parameter(input->graph, input->layer, value);
    *place = values;
    if (!values)
        luaL_error(L, "out of memory");
    lua_insert(L, -2); /* below the table */
    set_numbers(L, field, values, input->layer->channels);
    handle_drop(L, -2);
    lua_remove(L, -2);
}

static void set_weights(lua_State *L, const struct criterion_input *input)
{
    const struct layer *layer = input->layer;
    void **place = handle_push(L, HANDLE_MEMORY);
    double *filters = layer_filters(input->graph, layer);
    *place = filters;
    if (!filters)
        luaL_error(L, "out of memory");
    lua_insert(L, -2);
    set_matrix(L, "weights", filters, layer->channels, layer->filter_length);
    handle_drop(L, -2);
    lua_remove(L, -2);
    set_parameter(L, input, "bias", layer->bias);
    set_parameter(L, input, "scale", layer->scale);
    set_parameter(L, input, "shift", layer->shift);
    set_parameter(L, input, "mean", layer->mean);
    set_parameter(L, input, "variance", layer->var);
    lua_pushnumber(L, layer->epsilon);
    lua_setfield(L, -2, "epsilon");
}

static void set_statistics(lua_State *L, const struct criterion_input *input, unsigned wanted)
{
    const struct score_statistics *statistics = input->statistics;
    const struct layer_statistics *sums = &statistics->layers[input->layer_index];
    const struct activation_statistics *maps = &sums->activation;
    int64_t count = input->layer->channels;
    lua_pushinteger(L, statistics->images);
    lua_setfield(L, -2, "images");
    if (wanted & NEED_GRADIENTS) {
        set_numbers(L, "delta", sums->delta, count);
        set_numbers(L, "delta_centered", sums->delta_centered, count);
        set_numbers(L, "gate", sums->gate, count);
        set_numbers(L, "lift", sums->lift, count);
        set_numbers(L, "gate_squared", sums->gate_squared, count);
        set_numbers(L, "weight_dot", sums->weight_dot, count);
        set_numbers(L, "filter_squared", sums->filter_squared, count);
    }
    if (wanted & NEED_WEIGHT_GRADIENTS) {
        set_numbers(L, "weight_abs", sums->weight_abs, count);
        set_numbers(L, "product_squared", sums->product_squared, count);
        set_numbers(L, "gradient_norm", sums->gradient_norm, count);
    }
    if (wanted & NEED_WEIGHT_SQUARES)
        set_numbers(L, "weight_squared", sums->weight_squared, count);
    if (wanted & NEED_ANY_ACTIVATION) {
        lua_pushinteger(L, maps->positions);
        lua_setfield(L, -2, "positions");
    }
    if (wanted & NEED_ACTIVATIONS) {
        set_numbers(L, "activation", maps->sum, count);
        set_numbers(L, "activation_squared", maps->squared, count);
        set_numbers(L, "zeros", maps->zeros, count);
    }
    if (wanted & NEED_FEATURE_RANKS)
        set_numbers(L, "rank", maps->rank, count);
    if (wanted & NEED_INDEPENDENCE)
        set_numbers(L, "independence", maps->independence, count);
    if (wanted & NEED_FEATURE_GRAM)
        set_matrix(L, "gram", maps->gram, count, count);
}

/* --- the call ------------------------------------------------------------------------------------------- */

struct score_call {
    const struct criterion_input *input;
    double *scores;
    struct criterion_report *report;
    status code;
    struct error *error;
};

/* "mine.lua:12: the criterion mine": where the function below the results begins. */
static int result_error(lua_State *L, const struct criterion_input *input, const char *what)
{
    lua_Debug about;
    lua_pushvalue(L, 2);
    lua_getinfo(L, ">S", &about);
    return luaL_error(L, "%s:%d: the criterion %s: %s", about.short_src, about.linedefined,
                      input->criterion->name, what);
}

/* `given`: the function returned something, be it nil, which leaves the layer without scores. A return that
 * was forgotten is an error. */
static void take_scores(lua_State *L, const struct score_call *call, bool given)
{
    int64_t count = call->input->layer->channels;
    if (given && lua_isnil(L, -1)) {
        call->report->lack = "its function gave nil";
        return;
    }
    if (!lua_istable(L, -1)) {
        result_error(L, call->input,
                     lua_pushfstring(L, "an array of scores is expected, not a %s", luaL_typename(L, -1)));
    }
    if ((int64_t)lua_rawlen(L, -1) != count)
        result_error(L, call->input,
                     lua_pushfstring(L, "%I scores for %I channels", (LUAI_UACINT)lua_rawlen(L, -1),
                                     (LUAI_UACINT)count));
    for (int64_t i = 0; i < count; i++) {
        int type = lua_rawgeti(L, -1, i + 1);
        if (type != LUA_TNUMBER)
            result_error(L, call->input,
                         lua_pushfstring(L, "score %I is a %s, not a number", (LUAI_UACINT)(i + 1),
                                         lua_typename(L, type)));
        call->scores[i] = lua_tonumber(L, -1);
        if (isnan(call->scores[i]))
            result_error(L, call->input,
                         lua_pushfstring(L, "score %I is not a number (NaN)", (LUAI_UACINT)(i + 1)));
        lua_pop(L, 1);
    }
}

/* On the stack: the call, and the function as its second value. */
static int score_protected(lua_State *L)
{
    const struct score_call *call = lua_touserdata(L, 1);
    const struct criterion_input *input = call->input;
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, input->criterion) != LUA_TFUNCTION)
        return luaL_error(L, "the criterion %s has lost its function", input->criterion->name);
    lua_pushvalue(L, 2);
    push_layer_itself(L, input->layer);
    lua_newtable(L);
    unsigned wanted = input->criterion->fixed_needs;
    if (wanted & NEED_WEIGHTS)
        set_weights(L, input);
    if (wanted & ~(unsigned)NEED_WEIGHTS)
        set_statistics(L, input, wanted);
    lua_pushinteger(L, (lua_Integer)input->options->seed);
    lua_setfield(L, -2, "seed");
    const int before = lua_gettop(L) - 3;
    lua_call(L, 2, LUA_MULTRET);
    const bool given = lua_gettop(L) > before;
    lua_settop(L, before + 1);
    take_scores(L, call, given);
    return 0;
}

static void score_here(void *argument)
{
    struct score_call *call = argument;
    call->code = call_inside(call->input->criterion->owner, "the function of a criterion", score_protected,
                             call, call->error);
}

static status score_in_lua(const struct criterion_input *input, double *scores,
                           struct criterion_report *report, struct error *error)
{
    const struct script *script = input->criterion->owner;
    struct score_call call = {input, scores, report, STATUS_OK, error};
    struct progress *progress = progress_current();
    if (!(progress && progress->call) && !pthread_equal(pthread_self(), script->thread))
        return error_set(error, STATUS_STATE, "the criterion %s cannot be computed from here",
                         input->criterion->name);
    progress_call(progress, score_here, &call);
    return call.code;
}

/* --- the definition ------------------------------------------------------------------------------------- */

static unsigned check_needs(lua_State *L)
{
    if (raw_field(L, "needs") == LUA_TNIL)
        return NEED_WEIGHTS;
    if (!lua_istable(L, -1))
        luaL_error(L, "criterion: needs is an array of words");
    unsigned all = 0;
    for (lua_Integer i = 1, count = (lua_Integer)lua_rawlen(L, -1); i <= count; i++) {
        const char *word = lua_rawgeti(L, -1, i) == LUA_TSTRING ? lua_tostring(L, -1) : "";
        int need = 0;
        while (need < NEEDS && strcmp(needs[need].name, word) != 0)
            need++;
        if (need == NEEDS)
            luaL_error(L,
                       "criterion: no need '%s': there are weights, gradients, weight-gradients, "
                       "activations, feature-ranks, feature-gram, independence and weight-squares",
                       word);
        all |= needs[need].need;
        lua_pop(L, 1);
    }
    return all;
}

/* A field that is a text or nil; it stays on the stack. */
static const char *text_field(lua_State *L, const char *field, const char *otherwise)
{
    int type = raw_field(L, field);
    if (type != LUA_TSTRING && type != LUA_TNIL)
        luaL_error(L, "criterion: %s is a text", field);
    if (type == LUA_TSTRING && strlen(lua_tostring(L, -1)) != lua_rawlen(L, -1))
        luaL_error(L, "criterion: %s holds a zero byte", field);
    return type == LUA_TNIL ? otherwise : lua_tostring(L, -1);
}

static void check_fields(lua_State *L)
{
    static const char *const fields[] = {"name", "score", "needs", "title", "help", "paper"};
    enum { FIELDS = sizeof fields / sizeof *fields };
    luaL_checktype(L, 1, LUA_TTABLE);
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        const char *field = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
        int i = 0;
        while (i < FIELDS && strcmp(fields[i], field) != 0)
            i++;
        if (i == FIELDS)
            luaL_error(L, "criterion: no field '%s': there are name, score, needs, title, help and paper",
                       field);
    }
}

/* Which file is to be run to have the criterion again: of the functions that are running, the outermost that
 * came from one. Its whole path, kept alive on the stack; NULL where all was typed. */
static const char *defining_file(lua_State *L, char digest[DIGEST_SIZE])
{
    lua_Debug about;
    char source[4096] = "";
    *digest = '\0';
    for (int level = 0; lua_getstack(L, level, &about); level++) {
        stop_check(L); /* each level is found by going through those above it */
        lua_getinfo(L, "S", &about);
        if (*about.source == '@' && strlen(about.source) < sizeof source)
            strcpy(source, about.source);
    }
    if (!*source || !load_digest(L, source, digest))
        return NULL;
    void **place = handle_push(L, HANDLE_MEMORY);
    return *place = path_whole(source + 1);
}

/* ippro.criterion{name =, score = function(layer, c), needs = {}, title =, help =, paper =}: the name. */
int ippro_criterion(lua_State *L)
{
    struct script *script = script_of(L);
    struct error error = {0};
    const struct criterion *added;
    lua_settop(L, 1);
    check_fields(L);
    if (script->inside && !script->defining)
        return luaL_error(L, "%s cannot define a criterion", script->inside);
    const char *name = text_field(L, "name", NULL);
    if (!name)
        return luaL_error(L, "criterion: the field 'name' is missing");
    if (raw_field(L, "score") != LUA_TFUNCTION)
        return luaL_error(L, "criterion: the field 'score' must be a function");
    lua_Debug about;
    lua_pushvalue(L, -1);
    lua_getinfo(L, ">S", &about);
    const char *otherwise =
        lua_pushfstring(L, "defined by a script, %s:%d", about.short_src, about.linedefined);
    char digest[DIGEST_SIZE];
    struct criterion row = {
        .name = name,
        .title = text_field(L, "title", name),
        .help = text_field(L, "help", otherwise),
        .paper = text_field(L, "paper", NULL),
        .options = CRITERION_SEED,
        .fixed_needs = check_needs(L),
        .owner = script,
        .score = score_in_lua,
    };
    row.file = defining_file(L, digest);
    strcpy(row.digest, digest);
    const struct criterion *before = criterion_find(name);
    if (criterion_add(&row, &added, &error) != STATUS_OK)
        return raise_error(L, &error);
    raw_field(L, "score");
    lua_rawsetp(L, LUA_REGISTRYINDEX, added);
    if (before && before->owner == script) {
        lua_pushnil(L);
        lua_rawsetp(L, LUA_REGISTRYINDEX, before);
    }
    lua_pushstring(L, added->name);
    return 1;
}
