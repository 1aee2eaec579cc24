/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scripts from C: the front end's contract, and every allocation failing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/memory.h"
#include "lua/script.h"
#include "session/language/parse.h"
#include "support/session_lines.h"

static struct script *make_script(struct session *session, const struct script_host *host)
{
    struct script *script;
    struct error error = {0};
    struct script_options options = {.memory = (size_t)16 << 20};
    assert_int_equal(script_new(session, host, &options, &script, &error), STATUS_OK);
    return script;
}

/* The message of a line that fails; the script is fine afterwards. */
static struct error line_error(struct script *script, const char *code, status expected)
{
    struct error error = {0}, none = {0};
    bool incomplete;
    assert_int_equal(script_line(script, code, &incomplete, &error), expected);
    assert_int_equal(script_line(script, "local fine = 1", &incomplete, &none), STATUS_OK);
    return error;
}

static void test_incomplete(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        bool incomplete;
    } cases[] = {
        {"for i = 1, 3 do", true}, {"x = {1,", true}, {"{1,", true},  {"1 +", true},  {"function f()", true},
        {"if x then", true},       {"x = )", false},  {"end", false}, {"x y", false}, {"'open", false},
    };
    struct session *session = new_session("");
    struct script_host host = {0};
    struct script *script = make_script(session, &host);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {0};
        bool incomplete;
        assert_int_equal(script_line(script, cases[i].code, &incomplete, &error), STATUS_USAGE);
        assert_int_equal(incomplete, cases[i].incomplete);
    }
    script_free(script);
    session_free(session);
}

static void test_errors(void **state)
{
    (void)state;
    struct session *session = new_session("");
    struct script_host host = {0};
    struct script *script = make_script(session, &host);
    struct error error = line_error(script, "local x; x.y = 1", STATUS_FAILED);
    assert_non_null(strstr(error.message, "lua:1: "));
    error = line_error(script, "ippro.score('l1')", STATUS_STATE);
    assert_string_equal(error.message,
                        "lua:1: score: no model is loaded: 'load MODEL' or 'load example' loads one");
    error = line_error(script, "error({})", STATUS_FAILED);
    assert_string_equal(error.message, "an error that is a table, not a text");
    line_error(script, "local s = 'x' while true do s = s .. s end", STATUS_MEMORY);
    /* Handles hold parts of the session when it is gone: only the session itself must outlive the script. */
    bool incomplete;
    assert_int_equal(script_line(script, "m = ippro.load('example'); s = m:score(nil, 'l1'); c = s.l1",
                                 &incomplete, &error),
                     STATUS_OK);
    script_free(script);
    session_free(session);
}

/* Ctrl-C after a while. */
static bool interrupted_later(void *argument)
{
    int *asked = argument;
    return ++*asked > 20;
}

static void test_interrupt(void **state)
{
    (void)state;
    static const char *const loops[] = {
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "local co = coroutine.create(function() while true do pcall(coroutine.yield) end end) "
        "while true do coroutine.resume(co) end",
        "while true do xpcall(error, function() while true do end end) end",
        "local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) while true do "
        "pcall(function() "
        "return t[1] end) end",
        "error(setmetatable({}, {__tostring = function() while true do end end}))",
        "table.sort({3, 2, 1, 5, 4}, function() while true do end end)",
        "string.gsub(('x'):rep(1e6), 'x', function() while true do end end)",
    };
    struct session *session = new_session("");
    int asked = 0;
    struct script_host host = {.argument = &asked, .interrupted = interrupted_later};
    struct script *script = make_script(session, &host);
    for (size_t i = 0; i < sizeof loops / sizeof *loops; i++) {
        struct error error = {0};
        bool incomplete;
        asked = 0;
        assert_int_equal(script_line(script, loops[i], &incomplete, &error), STATUS_CANCELLED);
        asked = -10000;
        assert_int_equal(script_line(script, "for i = 1, 1e5 do end", &incomplete, &error), STATUS_OK);
    }
    script_free(script);
    session_free(session);
}

/* `lua` and '=' take the rest of the line; other commands are as they were. */
static void test_parse(void **state)
{
    (void)state;
    struct parsed_line parsed;
    struct error error = {0};
    assert_int_equal(parse_line("info; = x; y > 1 # 'z", &parsed, &error), STATUS_OK);
    assert_int_equal(parsed.count, 2);
    assert_int_equal(parsed.statements[1].count, 2);
    assert_string_equal(parsed.statements[1].tokens[0].text, "=");
    assert_string_equal(parsed.statements[1].tokens[1].text, "x; y > 1 # 'z");
    parsed_line_free(&parsed);
    static const char *const same[] = {"=x", "= x", "  =  x"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        assert_int_equal(parse_line(same[i], &parsed, &error), STATUS_OK);
        assert_int_equal(parsed.statements[0].count, 2);
        assert_string_equal(parsed.statements[0].tokens[1].text, "x");
        parsed_line_free(&parsed);
    }
    static const char *const alone[] = {"=", "lua", "lua ", "="};
    for (size_t i = 0; i < sizeof alone / sizeof *alone; i++) {
        assert_int_equal(parse_line(alone[i], &parsed, &error), STATUS_OK);
        assert_int_equal(parsed.statements[0].count, 1);
        parsed_line_free(&parsed);
    }
    assert_int_equal(parse_line("luac x; y", &parsed, &error), STATUS_OK);
    assert_int_equal(parsed.count, 2);
    parsed_line_free(&parsed);
}

/* A fork shares the state and leaves the other as it is. */
static void test_fork(void **state)
{
    (void)state;
    struct session *session = new_session(""), *fork;
    struct error error = {0};
    struct model *model;
    assert_int_equal(model_load("example", NULL, &model, &error), STATUS_OK);
    assert_int_equal(session_set_model(session, model, &error), STATUS_OK);
    assert_int_equal(session_fork(session, &fork, &error), STATUS_OK);
    assert_ptr_equal(fork->state.model, session->state.model);
    assert_int_equal(fork->history.count, 1);
    session_free(session);
    assert_int_equal(fork->state.model->layers->count, 14);
    session_free(fork);
}

/* Whatever allocation fails: an error, no leak (under the sanitizers), and the next script runs. */
static void test_memory(void **state)
{
    (void)state;
    static const char code[] =
        "m = m or ippro.load('example'); local s = m:score(nil, {'l1', 'l2'}); local f = s:corr(); "
        "assert(f.values.l1.l2 and #f:text() > 10 and s.l1:overlap(s.l2, 0.4)); m:ratios{inner = 0.5}; "
        "assert(m:prune('l1'):count() > 0); ippro.table{columns = {'a'}, rows = {{1}, {2}}}; "
        "ippro.criterion{name = 'failing', score = function(layer, c) local s = {} for i, w in "
        "ipairs(c.weights) do s[i] = w[1] end return s end}; "
        "assert(m:score(nil, 'failing', {progress = print}).failing:of('conv1')[16])";
    struct session *session = new_session("");
    struct script_host host = {0};
    struct script_options options = {0};
    long failures = 0;
    for (long nth = 1, step = 1; nth < 200000; nth += step, step = 1 + nth / 40) {
        struct script *script = NULL;
        struct error error = {0};
        bool incomplete;
        mem_fail_at(nth);
        status result = script_new(session, &host, &options, &script, &error);
        if (result == STATUS_OK)
            result = script_line(script, code, &incomplete, &error);
        mem_fail_at(0);
        script_free(script);
        if (result == STATUS_OK && nth > 1000)
            break;
        failures += result != STATUS_OK;
        assert_true(result == STATUS_OK || *error.message);
    }
    assert_true(failures > 20);
    struct script *script = make_script(session, &host);
    struct error error = {0};
    bool incomplete;
    assert_int_equal(script_line(script, code, &incomplete, &error), STATUS_OK);
    script_free(script);
    session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_incomplete), cmocka_unit_test(test_errors), cmocka_unit_test(test_interrupt),
        cmocka_unit_test(test_parse),      cmocka_unit_test(test_fork),   cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests_name("lua", tests, NULL, NULL);
}
