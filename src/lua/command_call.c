/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands from scripts: the command table's rows as functions, and their replies as tables. */
#include "lua/parts.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* --- replies -----------------------------------------------------------------------------------------------
 */

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
        lua_rawseti(L, answer, luaL_len(L, answer) + 1);
    }
}

static void push_answer(lua_State *L)
{
    lua_newtable(L);
    lua_pushliteral(L, "");
    lua_setfield(L, -2, "text");
    luaL_setmetatable(L, "ippro.answer");
}

/* --- running -----------------------------------------------------------------------------------------------
 */

/* With a safe folder: whatever a command may write to. */
static void check_statement(lua_State *L, const struct statement *statement)
{
    const struct command *command;
    struct error error = {0};
    if (!script_of(L)->folder ||
        command_find(statement->tokens[0].text, false, &command, &error) != STATUS_OK)
        return;
    if (statement->redirect)
        check_writable(L, statement->redirect);
    if (strcmp(command->name, "load") == 0 || strcmp(command->name, "data") == 0)
        return; /* these only read */
    const struct parameter *argument = command->arguments;
    for (int i = 1; argument && argument->name && i < statement->count; i++) {
        if (statement->tokens[i].key)
            continue;
        if (argument->kind == VALUE_FILE)
            check_writable(L, statement->tokens[i].text);
        if (!(argument->flags & PARAMETER_REPEATED))
            argument++;
    }
}

/* What a reply asks of the front end. */
static status follow(struct script *script, const struct reply *reply, struct error *error)
{
    if (reply->quit)
        return error_set(error, STATUS_STATE, "quit: a script ends by its last line, or by error()");
    if (reply->code)
        return error_set(error, STATUS_STATE, "lua: a script runs code with load()");
    if (!reply->run_file)
        return STATUS_OK;
    if (script->folder)
        return error_set(error, STATUS_STATE, "run: files are not run from a script in safe mode");
    if (!script->host.file)
        return error_set(error, STATUS_STATE, "run: files cannot be run from here");
    return script->host.file(script->host.argument, reply, error);
}

/* Run a statement and add its reply to the answer on top. */
static void run_statement(lua_State *L, struct session *session, const struct statement *statement)
{
    struct script *script = script_of(L);
    struct error error = {0};
    check_statement(L, statement);
    struct reply *reply = push_reply(L);
    status code = script->host.run
                      ? script->host.run(script->host.argument, session, statement, NULL, reply, &error)
                      : session_run(session, statement, false, NULL, reply, &error);
    if (code == STATUS_OK)
        code = follow(script, reply, &error);
    if (code != STATUS_OK) {
        handle_drop(L, -1);
        raise_error(L, &error);
    }
    lua_insert(L, -2); /* below the answer */
    add_reply(L, reply);
    handle_drop(L, -2);
    lua_remove(L, -2);
}

/* --- statements from values --------------------------------------------------------------------------------
 */

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
    int keep; /* stack index of a table that keeps the words alive */
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

static bool is_array(lua_State *L, int index)
{
    bool array = lua_rawgeti(L, index, 1) != LUA_TNIL;
    lua_pop(L, 1);
    return array;
}

static void add_array(lua_State *L, struct builder *builder, int index)
{
    lua_Integer count = luaL_len(L, index);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_geti(L, index, i);
        push_word(L, lua_gettop(L));
        take_word(L, builder, 0);
        lua_pop(L, 1);
    }
}

/* {samples = 0.1, criterion = {"l1", "l2"}} as samples=0.1 criterion=l1,l2 */
static void add_settings(lua_State *L, struct builder *builder, int index)
{
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        int value = lua_gettop(L);
        if (lua_type(L, value - 1) != LUA_TSTRING)
            luaL_error(L, "the names of a command's parameters are texts");
        lua_pushfstring(L, "%s=", lua_tostring(L, value - 1));
        int key = (int)lua_rawlen(L, -1) - 1;
        if (lua_istable(L, value)) {
            lua_Integer count = luaL_len(L, value);
            for (lua_Integer i = 1; i <= count; i++) {
                lua_geti(L, value, i);
                push_word(L, lua_gettop(L));
                lua_remove(L, -2);
                if (i > 1) {
                    lua_pushliteral(L, ",");
                    lua_insert(L, -2);
                    lua_concat(L, 3);
                } else {
                    lua_concat(L, 2);
                }
            }
        } else {
            push_word(L, value);
            lua_concat(L, 2);
        }
        take_word(L, builder, key);
    }
}

void command_call(lua_State *L, struct session *session, const char *name, int first, int last)
{
    enum { WORDS = 4096 };
    struct builder builder = {.capacity = WORDS};
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
    push_answer(L);
    run_statement(L, session, &builder.statement);
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

int ippro_command(lua_State *L)
{
    const char *line = luaL_checkstring(L, 1);
    struct error error = {0};
    void **place = handle_push(L, HANDLE_LINE);
    struct parsed_line *parsed = mem_new(1, sizeof *parsed);
    *place = parsed;
    if (!parsed)
        return luaL_error(L, "out of memory");
    if (parse_line(line, parsed, &error) != STATUS_OK)
        return raise_error(L, &error);
    push_answer(L);
    for (int i = 0; i < parsed->count; i++)
        run_statement(L, script_of(L)->session, &parsed->statements[i]);
    return 1;
}
