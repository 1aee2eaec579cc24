/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Score sets (what one call of `score` left), the scores of one criterion, and selections. A score set is a
 * session of its own beside the program's: whatever is loaded, scored or pruned later leaves it as it is. */
#include "lua/internal.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "prune/selection.h"
#include "score/criterion.h"
#include "score/criterion_options.h"
#include "session/board.h"
#include "session/language/command.h"
#include "session/model.h"
#include "session/pruning.h"
#include "session/session.h"
#include "session/ratio.h"
#include "session/state.h"
#include "session/words/choice.h"
#include "session/words/option.h"
#include "stats/correlation.h"
#include "stats/overlap.h"

/* --- score sets ----------------------------------------------------------------------------------------- */

static void fork_into(lua_State *L, const struct session *session, void **place)
{
    struct error error = {0};
    struct session *fork = NULL;
    if (session_fork(session, &fork, &error) != STATUS_OK)
        raise_error(L, &error);
    *place = fork;
}

void push_score_set(lua_State *L, const struct session *session)
{
    const struct state *state = &session->state;
    const void *const parts[] = {state->model, state->dataset, state->board, state->options, state->pruning};
    if (!state->board->count) {
        lua_pushnil(L);
        return;
    }
    void **place = handle_push_same(L, HANDLE_SCORE_SET, parts, sizeof parts / sizeof *parts, NULL);
    if (!*place)
        fork_into(L, session, place);
}

/* A value that stands alone and means a key: set:corr("kendall") is set:corr{method = "kendall"}. */
static const struct {
    const char *command, *key;
    int (*fits)(lua_State *L, int index);
} shorthands[] = {{"corr", "method", lua_isstring}, {"overlap", "at", lua_isnumber}};

/* A method that is the command of the same name and shows one figure; upvalue 1: the name. */
static int set_command(lua_State *L)
{
    const struct session *session = handle_check(L, 1, HANDLE_SCORE_SET);
    const char *name = lua_tostring(L, lua_upvalueindex(1));
    for (size_t i = 0; lua_gettop(L) == 2 && i < sizeof shorthands / sizeof *shorthands; i++) {
        if (strcmp(name, shorthands[i].command) != 0 || !shorthands[i].fits(L, 2))
            continue;
        lua_newtable(L);
        lua_pushvalue(L, 2);
        lua_setfield(L, -2, shorthands[i].key);
        lua_replace(L, 2);
    }
    int last = lua_gettop(L);
    fork_into(L, session, handle_push(L, HANDLE_SCORE_SET)); /* its progress function may free the script's */
    command_call(L, handle_check(L, -1, HANDLE_SCORE_SET), name, 2, last);
    answer_only_figure(L);
    return 1;
}

/* set:criteria(): labels of what is scored. */
static int set_criteria(lua_State *L)
{
    const struct session *session = handle_check(L, 1, HANDLE_SCORE_SET);
    lua_newtable(L);
    for (int i = 0; i < session->state.board->count; i++) {
        lua_pushstring(L, session->state.board->entries[i].choice.label);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

static struct criterion_scores *new_scores(lua_State *L, void **place)
{
    struct criterion_scores *held = mem_new(1, sizeof *held);
    *place = held;
    if (!held)
        luaL_error(L, "out of memory");
    return held;
}

/* set.NAME: a method, else the scores of that criterion. Upvalue 1: the methods. */
static int set_field(lua_State *L)
{
    const struct session *session = handle_check(L, 1, HANDLE_SCORE_SET);
    const char *label = luaL_checkstring(L, 2);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
        return 1;
    const struct score_entry *entry = board_entry(session->state.board, label);
    if (!entry)
        return luaL_error(L, "'%s' is not scored here, and score sets have no method of that name", label);
    const struct state *state = &session->state;
    const void *const parts[] = {state->model, state->board, state->options, entry->scores};
    void **place = handle_push_same(L, HANDLE_SCORES, parts, sizeof parts / sizeof *parts, label);
    if (*place)
        return 1;
    struct criterion_scores *held = new_scores(L, place);
    held->model = model_retain(session->state.model);
    held->board = board_retain(session->state.board);
    held->options = options_retain(session->state.options);
    held->pruning = pruning_retain(session->state.pruning);
    held->scores = scores_retain(entry->scores);
    held->choice = entry->choice;
    return 1;
}

static int set_name(lua_State *L)
{
    const struct session *session = handle_test(L, 1, HANDLE_SCORE_SET);
    if (!session) {
        luaL_checkudata(L, 1, "ippro.score_set");
        lua_pushliteral(L, "score set (freed)");
        return 1;
    }
    luaL_Buffer text;
    luaL_buffinit(L, &text);
    luaL_addstring(&text, "score set:");
    for (int i = 0; i < session->state.board->count; i++) {
        luaL_addchar(&text, ' ');
        luaL_addstring(&text, session->state.board->entries[i].choice.label);
    }
    luaL_pushresult(&text);
    return 1;
}

/* --- the scores of one criterion ------------------------------------------------------------------------ */

/* scores(set, {gamma =}) computes them anew with another gamma from the same pass; so set:proscore{gamma = 1}
 * does. */
static int scores_call(lua_State *L)
{
    const struct criterion_scores *from = handle_check(L, 1, HANDLE_SCORES);
    struct error error = {0};
    if (lua_istable(L, 2)) { /* set.proscore{gamma = 1} is as good */
        lua_settop(L, 2);
        lua_pushvalue(L, 2);
    }
    luaL_checktype(L, 3, LUA_TTABLE);
    struct criterion_options base = options_criterion(from->options);
    struct criterion_options options = choice_options(&from->choice, &base);
    for (lua_pushnil(L); lua_next(L, 3); lua_pop(L, 1)) {
        const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
        if (strcmp(key, "gamma") != 0)
            return luaL_error(L, "scores take no '%s': what can change without a pass is gamma", key);
        if (lua_type(L, -1) != LUA_TNUMBER)
            return luaL_error(L, "gamma is a number");
        options.gamma = lua_tonumber(L, -1);
    }
    const struct score_statistics *statistics = board_statistics(from->board);
    struct criterion_scores *held = new_scores(L, handle_push(L, HANDLE_SCORES));
    held->model = model_retain(from->model);
    held->board = board_retain(from->board);
    held->options = options_retain(from->options);
    held->pruning = pruning_retain(from->pruning);
    held->choice = from->choice;
    held->choice.fixes |= CRITERION_GAMMA;
    held->choice.fixed.gamma = options.gamma;
    unsigned needs = criterion_needs(from->model->layers, from->choice.criterion, &options);
    if (scores_compute(from->model->graph, from->model->layers, from->choice.criterion, &options,
                       needs & PASS_NEEDS ? statistics : NULL, NULL, &held->scores, &error) != STATUS_OK)
        return raise_error(L, &error);
    return 1;
}

static int no_scores(lua_State *L, const struct criterion_scores *held, int layer)
{
    const char *lack = held->scores->reports[layer].lack;
    return luaL_error(L, lack ? "%s is not scored by %s: %s" : "%s is the network's output: it is not scored",
                      lua_tostring(L, 2), held->choice.label, lack);
}

/* scores:of(layer): one number per channel, scores[1] is channel 0. */
static int scores_of(lua_State *L)
{
    const struct criterion_scores *held = handle_check(L, 1, HANDLE_SCORES);
    int layer = check_layer(L, 2, held->model);
    const double *values = held->scores->layer[layer];
    if (!values)
        return no_scores(L, held, layer);
    int64_t count = held->model->layers->items[layer].channels;
    lua_createtable(L, (int)count, 0);
    for (int64_t i = 0; i < count; i++) {
        lua_pushnumber(L, values[i]);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* scores:order(layer): channel numbers, least important first. */
static int scores_order(lua_State *L)
{
    const struct criterion_scores *held = handle_check(L, 1, HANDLE_SCORES);
    struct error error = {0};
    int layer = check_layer(L, 2, held->model);
    if (!held->scores->layer[layer])
        return no_scores(L, held, layer);
    int64_t count = held->model->layers->items[layer].channels;
    int64_t *order = script_alloc(L, (size_t)count, sizeof *order);
    if (scores_rank(held->scores->layer[layer], count, order, &error) != STATUS_OK)
        return raise_error(L, &error);
    push_channels(L, order, count);
    return 1;
}

static int scores_layers(lua_State *L)
{
    const struct criterion_scores *held = handle_check(L, 1, HANDLE_SCORES);
    lua_newtable(L);
    for (int i = 0; i < held->model->layers->count; i++) {
        if (!held->scores->layer[i])
            continue;
        lua_pushstring(L, held->model->layers->items[i].name);
        lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    }
    return 1;
}

static const struct criterion_scores *check_other(lua_State *L, const struct criterion_scores *held)
{
    const struct criterion_scores *other = handle_check(L, 2, HANDLE_SCORES);
    if (other->model->layers != held->model->layers)
        luaL_error(L, "the scores are of two networks, %s and %s", held->model->name, other->model->name);
    return other;
}

/* Push the mean of what was added up; nil when no layer has a value. */
static int push_mean(lua_State *L, double sum, int count)
{
    if (count)
        lua_pushnumber(L, sum / count);
    else
        lua_pushnil(L);
    return 1;
}

/* scores:overlap(other [, at [, layer]]): Jaccard index of what is pruned, the mean over layers. */
static int scores_overlap(lua_State *L)
{
    const struct criterion_scores *held = handle_check(L, 1, HANDLE_SCORES);
    const struct criterion_scores *other = check_other(L, held);
    bool supposed = !lua_isnoneornil(L, 3);
    double ratio = luaL_optnumber(L, 3, 0), sum = 0;
    const struct state state = {.model = held->model, .pruning = held->pruning, .options = held->options};
    int only = lua_isnoneornil(L, 4) ? -1 : check_layer(L, 4, held->model), count = 0;
    enum rounding rounding = (enum rounding)option_integer(held->options, OPTION_ROUND);
    luaL_argcheck(L, ratio >= 0 && ratio <= 1, 3, "a ratio is a number from 0 to 1");
    for (int i = 0; i < held->model->layers->count; i++) {
        struct overlap overlap;
        struct error error = {0};
        int64_t channels = held->model->layers->items[i].channels;
        if (!held->scores->layer[i] || !other->scores->layer[i] || (only >= 0 && i != only))
            continue;
        int64_t pruned =
            supposed ? pruned_count(channels, ratio, rounding) : layer_pruned(&state, i, rounding);
        if (overlap_compute(held->scores->layer[i], other->scores->layer[i], channels, pruned, &overlap,
                            &error) != STATUS_OK)
            return raise_error(L, &error);
        if (overlap.either) {
            sum += (double)overlap.both / (double)overlap.either;
            count++;
        }
    }
    return push_mean(L, sum, count);
}

/* scores:corr(other [, method [, layer]]): the mean over layers. */
static int scores_corr(lua_State *L)
{
    static const char *const methods[] = {"pearson", "spearman", "kendall", NULL};
    const struct criterion_scores *held = handle_check(L, 1, HANDLE_SCORES);
    const struct criterion_scores *other = check_other(L, held);
    int method = luaL_checkoption(L, 3, "spearman", methods), count = 0;
    int only = lua_isnoneornil(L, 4) ? -1 : check_layer(L, 4, held->model);
    double sum = 0;
    for (int i = 0; i < held->model->layers->count; i++) {
        struct correlation correlation;
        struct error error = {0};
        if (!held->scores->layer[i] || !other->scores->layer[i] || (only >= 0 && i != only))
            continue;
        if (correlation_compute((enum correlation_method)method, held->scores->layer[i],
                                other->scores->layer[i], held->model->layers->items[i].channels, &correlation,
                                &error) != STATUS_OK)
            return raise_error(L, &error);
        if (!isnan(correlation.coefficient)) {
            sum += correlation.coefficient;
            count++;
        }
    }
    return push_mean(L, sum, count);
}

static int scores_name(lua_State *L)
{
    const struct criterion_scores *held = handle_test(L, 1, HANDLE_SCORES);
    if (!held) {
        luaL_checkudata(L, 1, "ippro.scores");
        lua_pushliteral(L, "scores (freed)");
    } else {
        lua_pushfstring(L, "scores of %s in %s", held->choice.label, held->model->name);
    }
    return 1;
}

static int scores_criterion(lua_State *L)
{
    const struct criterion_scores *held = handle_check(L, 1, HANDLE_SCORES);
    lua_pushstring(L, held->choice.label);
    return 1;
}

void score_kinds_new(lua_State *L)
{
    static const luaL_Reg set[] = {{"criteria", set_criteria}, {NULL, NULL}};
    static const luaL_Reg scores[] = {
        {"of", scores_of},
        {"order", scores_order},
        {"layers", scores_layers},
        {"overlap", scores_overlap},
        {"corr", scores_corr},
        {"criterion", scores_criterion},
        {NULL, NULL},
    };
    handle_kind_new(L, HANDLE_SCORE_SET, set, set_field, set_name);
    luaL_getmetatable(L, "ippro.score_set");
    lua_getfield(L, -1, "__index");
    lua_getupvalue(L, -1, 1);
    add_commands(L, COMMAND_OF_SCORES, 0, set_command);
    lua_pop(L, 3);
    handle_kind_new(L, HANDLE_SCORES, scores, NULL, scores_name);
    luaL_getmetatable(L, "ippro.scores");
    lua_pushcfunction(L, scores_call);
    lua_setfield(L, -2, "__call");
    lua_pop(L, 1);
}

/* --- selections ----------------------------------------------------------------------------------------- */

void push_selection(lua_State *L, const struct session *session)
{
    const void *const parts[] = {session->state.model, session->state.pruning};
    if (!session->state.pruning) {
        lua_pushnil(L);
        return;
    }
    void **place = handle_push_same(L, HANDLE_SELECTION, parts, sizeof parts / sizeof *parts, NULL);
    if (*place)
        return;
    struct chosen *chosen = mem_new(1, sizeof *chosen);
    *place = chosen;
    if (!chosen)
        luaL_error(L, "out of memory");
    chosen->model = model_retain(session->state.model);
    chosen->pruning = pruning_retain(session->state.pruning);
}

/* selection:removed([layer]): channel numbers of a layer, or a table of them by layer. */
static int selection_removed(lua_State *L)
{
    const struct chosen *chosen = handle_check(L, 1, HANDLE_SELECTION);
    int only = lua_isnoneornil(L, 2) ? -1 : check_layer(L, 2, chosen->model);
    lua_newtable(L);
    for (int i = 0; i < chosen->model->layers->count; i++) {
        const struct layer *layer = &chosen->model->layers->items[i];
        if (only >= 0 && i != only)
            continue;
        lua_newtable(L);
        for (int64_t c = 0, n = 0; c < layer->channels; c++) {
            if (!pruning_removes(chosen->pruning, chosen->model, i, c))
                continue;
            lua_pushinteger(L, c);
            lua_rawseti(L, -2, ++n);
        }
        if (only >= 0)
            return 1;
        if (lua_rawlen(L, -1))
            lua_setfield(L, -2, layer->name);
        else
            lua_pop(L, 1);
    }
    return 1;
}

/* selection:kept(layer): how many channels stay. */
static int selection_kept(lua_State *L)
{
    const struct chosen *chosen = handle_check(L, 1, HANDLE_SELECTION);
    lua_pushinteger(L, pruning_kept(chosen->pruning, chosen->model, check_layer(L, 2, chosen->model)));
    return 1;
}

static int selection_cost(lua_State *L)
{
    const struct chosen *chosen = handle_check(L, 1, HANDLE_SELECTION);
    const struct cost *cost = pruning_cost(chosen->pruning, chosen->model);
    lua_newtable(L);
    lua_pushinteger(L, cost->parameters);
    lua_setfield(L, -2, "parameters");
    lua_pushinteger(L, cost->channels);
    lua_setfield(L, -2, "channels");
    lua_pushnumber(L, cost->macs);
    lua_setfield(L, -2, "macs");
    return 1;
}

static int selection_count(lua_State *L)
{
    const struct chosen *chosen = handle_check(L, 1, HANDLE_SELECTION);
    lua_pushinteger(L, chosen->pruning->removed_count);
    return 1;
}

static int selection_name(lua_State *L)
{
    const struct chosen *chosen = handle_test(L, 1, HANDLE_SELECTION);
    if (!chosen) {
        luaL_checkudata(L, 1, "ippro.selection");
        lua_pushliteral(L, "selection (freed)");
    } else {
        lua_pushfstring(L, "selection: %s", chosen->pruning->how ? chosen->pruning->how : "nothing");
    }
    return 1;
}

void selection_kind_new(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"removed", selection_removed},
        {"kept", selection_kept},
        {"cost", selection_cost},
        {"count", selection_count},
        {NULL, NULL},
    };
    handle_kind_new(L, HANDLE_SELECTION, methods, NULL, selection_name);
}
