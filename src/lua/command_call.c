/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands from scripts: the command table's rows as functions, and their replies as tables. */
#include "lua/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/text.h"
#include "lua/script.h"
#include "session/event.h"
#include "session/language/command.h"
#include "session/language/expand.h"
#include "session/language/parse.h"
#include "session/language/run.h"
#include "session/language/statement.h"

/* --- replies -------------------------------------------------------------------------------------------- */

static struct reply *push_reply(lua_State *L)
{
    void **place = handle_push(L, HANDLE_REPLY);
    struct reply *reply = mem_new(1, sizeof *reply);
    *place = reply;
    if (!reply)
        luaL_error(L, "out of memory");
    return reply;
}

/* Move a reply's figures and paragraphs to the answer on top of the stack, behind what is there. */
static void add_reply(lua_State *L, struct reply *reply)
{
    int answer = lua_gettop(L);
    lua_getfield(L, answer, "text");
    luaL_Buffer text;
    luaL_buffinit(L, &text);
    if (lua_isstring(L, answer + 1)) {
        lua_pushvalue(L, answer + 1);
        luaL_addvalue(&text);
    }
    for (size_t i = 0; i < reply->count; i++) {
        if (!reply->items[i].text)
            continue;
        luaL_addstring(&text, reply->items[i].text);
        luaL_addchar(&text, '\n');
    }
    luaL_pushresult(&text);
    lua_setfield(L, answer, "text");
    lua_settop(L, answer);
    for (size_t i = 0; i < reply->count; i++) {
        if (!reply->items[i].figure)
            continue;
        push_figure(L, &reply->items[i].figure);
        lua_rawseti(L, answer, (lua_Integer)lua_rawlen(L, answer) + 1);
    }
}

static void push_answer(lua_State *L)
{
    lua_newtable(L);
    lua_pushliteral(L, "");
    lua_setfield(L, -2, "text");
    luaL_setmetatable(L, "ippro.answer");
}

/* --- running -------------------------------------------------------------------------------------------- */

/* What a reply asks of the front end. */
static status follow(lua_State *L, const struct reply *reply, struct error *error)
{
    struct script *script = script_of(L);
    if (reply->quit)
        return error_set(error, STATUS_STATE, "quit: a script ends by its last line, or by error()");
    if (reply->code)
        return error_set(error, STATUS_STATE, "lua: a script runs code with load()");
    if (!reply->run_file)
        return STATUS_OK;
    if (!script->host.file)
        return error_set(error, STATUS_STATE, "run: files cannot be run from here");
    lua_State *outer = script->current;
    script->current = L;
    status code = script->host.file(script->host.argument, reply, error);
    script->current = outer;
    return code;
}

/* To functions of scripts that wait for what the statement did. */
static void tell_events(lua_State *L, const struct statement *statement, unsigned events)
{
    struct script *script = script_of(L);
    struct text line = {0};
    if (!events)
        return;
    statement_typed(statement, &line);
    lua_State *outer = script->current;
    script->current = L;
    if (!line.failed)
        script_tell(script, events, text_data(&line));
    script->current = outer;
    text_free(&line);
    stop_check(L);
}

/* Raise an error while a function runs that a command has called. */
static void check_outside(lua_State *L)
{
    if (script_of(L)->inside)
        luaL_error(L, "%s cannot run commands: one is running", script_of(L)->inside);
}

/* --- progress ------------------------------------------------------------------------------------------- */

/* A function of the script that hears of the progress of the command it called. */
struct ear {
    lua_State *L;
    int function; /* stack index, 0: none */
    int message;  /* stack index of a place for what went wrong in it */
    bool failed;
};

/* progress(done, total, what, unit); false stops the work. */
static bool hear(void *argument, const char *what, const char *unit, int64_t done, int64_t total)
{
    struct ear *ear = argument;
    lua_State *L = ear->L;
    struct script *script = script_of(L);
    int top = lua_gettop(L);
    script->inside = "a progress function";
    lua_pushvalue(L, ear->function);
    lua_pushinteger(L, done);
    lua_pushinteger(L, total);
    lua_pushstring(L, what);
    lua_pushstring(L, unit);
    bool go = true;
    if (lua_pcall(L, 4, 1, 0) != LUA_OK) {
        lua_replace(L, ear->message);
        ear->failed = true;
        go = false;
    } else {
        go = lua_type(L, -1) != LUA_TBOOLEAN || lua_toboolean(L, -1);
    }
    lua_settop(L, top);
    script->inside = NULL;
    return go;
}

static status run_heard(lua_State *L, struct session *session, const struct statement *statement,
                        struct ear *ear, struct reply *reply, struct error *error)
{
    struct script *script = script_of(L);
    const struct progress_listener listener = {hear, ear};
    if (!script->host.run)
        return session_run(session, statement, false, NULL, reply, error);
    return script->host.run(script->host.argument, session, statement, ear->function ? &listener : NULL,
                            reply, error);
}

/* Functions that are given where others are parameters: in the table of settings, by these names. */
enum function_place { FUNCTION_PROGRESS, FUNCTION_EPOCH, FUNCTION_PENALTY, FUNCTION_MASK, FUNCTIONS };
static const struct {
    const char *name;
    unsigned flag; /* that the command must have */
    bool only;     /* it is nothing but a function */
} functions[FUNCTIONS] = {
    [FUNCTION_PROGRESS] = {"progress", 0, true},
    [FUNCTION_EPOCH] = {"on_epoch", COMMAND_TRAINS, true},
    [FUNCTION_PENALTY] = {"penalty", COMMAND_TRAINS, false},
    [FUNCTION_MASK] = {"mask", COMMAND_TRAINS, true},
};

/* Run a statement and add its reply to the answer on top. `given`: stack indices of functions, 0: none. */
static void run_statement(lua_State *L, struct session *session, const struct statement *statement,
                          const int *given)
{
    struct script *script = script_of(L);
    struct error error = {0};
    check_outside(L);
    luaL_checkstack(L, 20, NULL);
    lua_pushnil(L);
    struct ear ear = {.L = L, .function = given[FUNCTION_PROGRESS], .message = lua_gettop(L)};
    struct reply *reply = push_reply(L);
    struct event_watch watch;
    const bool watched = session == script->session;
    if (watched)
        event_watch_begin(&watch, session);
    struct training_ear training = {.L = L,
                                    .session = session,
                                    .epoch = given[FUNCTION_EPOCH],
                                    .penalty = given[FUNCTION_PENALTY],
                                    .mask = given[FUNCTION_MASK]};
    session->hooks = training_ear_open(&training);
    status code = run_heard(L, session, statement, &ear, reply, &error);
    if (session->hooks)
        training_ear_close(&training);
    session->hooks = NULL;
    unsigned events = watched ? event_watch_end(&watch, session, NULL) : 0;
    if (ear.failed && !script_interrupted(L)) {
        handle_drop(L, -1);
        lua_settop(L, ear.message);
        lua_error(L);
    }
    lua_remove(L, ear.message);
    if (code == STATUS_OK)
        code = follow(L, reply, &error);
    if (code != STATUS_OK) {
        handle_drop(L, -1);
        raise_error(L, &error);
    }
    lua_insert(L, -2); /* below the answer */
    add_reply(L, reply);
    handle_drop(L, -2);
    lua_remove(L, -2);
    tell_events(L, statement, events);
}

/* --- statements from values ----------------------------------------------------------------------------- */

/* The text of a value as a command takes it, pushed. */
static const char *push_word(lua_State *L, int index)
{
    switch (lua_type(L, index)) {
    case LUA_TBOOLEAN:
        return lua_pushstring(L, lua_toboolean(L, index) ? "yes" : "no");
    case LUA_TSTRING:
        lua_pushvalue(L, index);
        return lua_tostring(L, -1);
    case LUA_TNUMBER:
        break;
    default:
        luaL_error(L, "a %s cannot be the argument of a command", luaL_typename(L, index));
    }
    if (lua_isinteger(L, index)) {
        lua_pushfstring(L, "%I", (LUAI_UACINT)lua_tointeger(L, index));
    } else {
        void **place = handle_push(L, HANDLE_TEXT);
        struct text *text = mem_new(1, sizeof *text);
        *place = text;
        if (!text)
            luaL_error(L, "out of memory");
        text_add_double(text, lua_tonumber(L, index));
        push_text(L, text);
        lua_remove(L, -2);
    }
    return lua_tostring(L, -1);
}

struct builder {
    struct statement statement;
    int capacity;
    int keep;             /* stack index of a table that keeps the words alive */
    unsigned flags;       /* of the command */
    int given[FUNCTIONS]; /* stack indices of functions, 0: none */
};

/* Take the word on top of the stack. */
static void take_word(lua_State *L, struct builder *builder, int key)
{
    if (builder->statement.count == builder->capacity)
        luaL_error(L, "more than %d arguments", builder->capacity);
    const char *word = lua_tostring(L, -1);
    if (strlen(word) != lua_rawlen(L, -1))
        luaL_error(L, "an argument holds a zero byte");
    lua_rawseti(L, builder->keep, builder->statement.count + 1);
    builder->statement.tokens[builder->statement.count++] =
        (struct token){.text = (char *)word, .key = key, .column = 1};
}

/* By their texts: Lua goes through a table in another order each time the program runs, and what was done is
 * written into files as it was said. */
static int compare_tokens(const void *a, const void *b)
{
    return strcmp(((const struct token *)a)->text, ((const struct token *)b)->text);
}

static bool is_array(lua_State *L, int index)
{
    bool array = lua_rawgeti(L, index, 1) != LUA_TNIL;
    lua_pop(L, 1);
    return array;
}

static void add_array(lua_State *L, struct builder *builder, int index)
{
    lua_Integer count = (lua_Integer)lua_rawlen(L, index);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, index, i);
        push_word(L, lua_gettop(L));
        take_word(L, builder, 0);
        lua_pop(L, 1);
    }
}

/* Add the elements of an array, with commas, to the text on top of the stack. */
static void join_array(lua_State *L, const struct builder *builder, int index)
{
    lua_Integer count = (lua_Integer)lua_rawlen(L, index);
    if (count > builder->capacity)
        luaL_error(L, "more than %d elements", builder->capacity);
    for (lua_Integer i = 1; i <= count; i++) {
        if (i > 1)
            lua_pushliteral(L, ",");
        lua_rawgeti(L, index, i);
        push_word(L, lua_gettop(L));
        lua_remove(L, -2);
        lua_concat(L, i > 1 ? 3 : 2);
    }
}

/* Is the value on top a function that the command takes by this name? Then it is kept where words have no
 * place. */
static bool take_function(lua_State *L, struct builder *builder, const char *name)
{
    for (int i = 0; i < FUNCTIONS; i++) {
        if (strcmp(functions[i].name, name) != 0 ||
            (builder->flags & functions[i].flag) != functions[i].flag ||
            (!functions[i].only && !lua_isfunction(L, -1)))
            continue;
        if (!lua_isfunction(L, -1))
            luaL_error(L, "%s is a function, not a %s", name, luaL_typename(L, -1));
        lua_rawseti(L, builder->keep, -i);
        builder->given[i] = 1;
        lua_pushnil(L); /* for the pop of the loop */
        return true;
    }
    return false;
}

/* {samples = 0.1, criterion = {"l1", "l2"}} as samples=0.1 criterion=l1,l2 */
static void add_settings(lua_State *L, struct builder *builder, int index)
{
    const int first = builder->statement.count;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        int value = lua_gettop(L);
        if (lua_type(L, value - 1) != LUA_TSTRING)
            luaL_error(L, "the names of a command's parameters are texts");
        if (take_function(L, builder, lua_tostring(L, value - 1)))
            continue;
        lua_pushfstring(L, "%s=", lua_tostring(L, value - 1));
        int key = (int)lua_rawlen(L, -1) - 1;
        if (lua_istable(L, value)) {
            join_array(L, builder, value);
        } else {
            push_word(L, value);
            lua_concat(L, 2);
        }
        take_word(L, builder, key);
    }
    qsort(builder->statement.tokens + first, (size_t)(builder->statement.count - first), sizeof(struct token),
          compare_tokens);
}

void command_call(lua_State *L, struct session *session, const char *name, int first, int last)
{
    enum { WORDS = 4096 };
    const struct command *command;
    struct error ignored = {0};
    struct builder builder = {.capacity = WORDS};
    if (command_find(name, false, &command, &ignored) == STATUS_OK)
        builder.flags = command->flags;
    luaL_checkstack(L, 20, NULL);
    lua_newtable(L);
    builder.keep = lua_gettop(L);
    builder.statement.tokens = lua_newuserdatauv(L, WORDS * sizeof(struct token), 0);
    lua_pushstring(L, name);
    take_word(L, &builder, 0);
    for (int i = first; i <= last; i++) {
        if (lua_isnil(L, i))
            continue;
        if (!lua_istable(L, i)) {
            push_word(L, i);
            take_word(L, &builder, 0);
        } else if (is_array(L, i)) {
            add_array(L, &builder, i);
        } else {
            add_settings(L, &builder, i);
        }
    }
    for (int i = 0; i < FUNCTIONS; i++) {
        if (!builder.given[i])
            continue;
        lua_rawgeti(L, builder.keep, -i);
        builder.given[i] = lua_gettop(L);
    }
    push_answer(L);
    run_statement(L, session, &builder.statement, builder.given);
    lua_replace(L, builder.keep);
    lua_settop(L, builder.keep);
}

void answer_only_figure(lua_State *L)
{
    lua_rawgeti(L, -1, 1);
    lua_remove(L, -2);
}

int ippro_named(lua_State *L)
{
    command_call(L, script_of(L)->session, lua_tostring(L, lua_upvalueindex(1)), 1, lua_gettop(L));
    return 1;
}

static struct parsed_line *push_line(lua_State *L)
{
    void **place = handle_push(L, HANDLE_LINE);
    struct parsed_line *parsed = mem_new(1, sizeof *parsed);
    *place = parsed;
    if (!parsed)
        luaL_error(L, "out of memory");
    return parsed;
}

static const int nothing_given[FUNCTIONS];

/* A statement, or what its alias stands for, with the answer on top. */
static void run_typed(lua_State *L, const struct statement *statement)
{
    struct session *session = script_of(L)->session;
    struct error error = {0};
    if (!statement_is_alias(session->aliases, statement)) {
        run_statement(L, session, statement, nothing_given);
        return;
    }
    struct parsed_line *expanded = push_line(L);
    lua_insert(L, -2); /* below the answer */
    if (statement_expand(session->aliases, statement, expanded, &error) != STATUS_OK)
        raise_error(L, &error);
    for (int i = 0; i < expanded->count; i++)
        run_statement(L, session, &expanded->statements[i], nothing_given);
    lua_remove(L, -2);
}

int ippro_command(lua_State *L)
{
    const char *line = luaL_checkstring(L, 1);
    struct error error = {0};
    struct parsed_line *parsed = push_line(L);
    if (parse_line(line, parsed, &error) != STATUS_OK)
        return raise_error(L, &error);
    push_answer(L);
    for (int i = 0; i < parsed->count; i++)
        run_typed(L, &parsed->statements[i]);
    return 1;
}

void add_commands(lua_State *L, unsigned with, unsigned without, lua_CFunction function)
{
    for (int i = 0; command_at(i); i++) {
        const struct command *command = command_at(i);
        if ((command->flags & with) != with || (command->flags & without))
            continue;
        lua_pushstring(L, command->name);
        lua_pushcclosure(L, function, 1);
        lua_setfield(L, -2, command->name);
    }
}
