/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scripts that do all they can to outlive an interrupt, interrupted at random moments: each must end, as
 * cancelled, in bounded time, and the next script must run as ever. IPPRO_SOAK: placements per script. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/time.h>

#include "base/progress.h"
#include "base/random.h"
#include "lua/script.h"
#include "support/session_lines.h"

enum { PLACEMENTS = 12, LATEST_MICROSECONDS = 12000 };
static const double longest_seconds = 10; /* of a machine under heavy load; much less than one else */

static const char *const loops[] = {
    "while true do end",
    "while true do pcall(function() while true do end end) end",
    "while true do coroutine.wrap(function() while true do end end)() end",
    "while true do pcall(coroutine.wrap(function() while true do pcall(function() while true do end end) end "
    "end)) end",
    "local function f() xpcall(function() while true do end end, f) end while true do f() end",
    "local function f() error('again') end while true do xpcall(error, f, 'x') end",
    "local function f() return xpcall(error, f) end while true do f() end",
    "local function f() while true do pcall(error) end end while true do xpcall(error, f) end",
    "local function f() pcall(f) f() end while true do pcall(f) end",
    "local function f() coroutine.wrap(f)() end while true do pcall(f) end",
    "local function f() coroutine.resume(coroutine.create(f)) return f() end while true do f() end",
    "while true do local c = coroutine.create(function() while true do coroutine.yield() end end) "
    "for i = 1, 50 do coroutine.resume(c) end coroutine.close(c) end",
    "local t = setmetatable({}, {__close = function() while true do end end}) while true do pcall(function() "
    "local x <close> = t error() end) end",
    "local t = setmetatable({}, {__close = function() pcall(error) error('closing') end}) while true do "
    "coroutine.resume(coroutine.create(function() local x <close> = t local y <close> = t error() end)) end",
    "local t = setmetatable({}, {__index = function(t, k) return pcall(function() return t[k] end) end}) "
    "while true do pcall(function() return t.x end) end",
    "while true do pcall(string.gsub, ('x'):rep(100), '.', function() while true do end end) end",
    "while true do pcall(table.sort, {3, 2, 1}, function() while true do end end) end",
    "local t = {} for i = 1, 2e5 do t[i] = (i * 7919) % 200003 end while true do pcall(table.sort, t) end",
    "while true do pcall(load, function() while true do end end) end",
    "local s = setmetatable({}, {__tostring = function() while true do end end}) while true do "
    "pcall(tostring, s) pcall(print, s) pcall(error, s) end",
    "error(setmetatable({}, {__tostring = function() while true do end end}))",
    "while true do pcall(setmetatable, {}, {__gc = function() while true do end end}) end",
    "while true do for w in ('a b c'):gmatch('%a') do pcall(function() goto x ::x:: end) end end",
    "while true do pcall(ippro.command, 'help') end",
    "while true do pcall(ippro.command, 'nonsense') end",
    "ippro.load('example'):ratios(function() while true do pcall(function() while true do end end) end end)",
    "local m = ippro.load('example') while true do pcall(m.layers, m) pcall(m.undo, m) end",
    "while true do pcall(string.rep, '', 1 << 60) end",
    "while true do pcall(table.move, setmetatable({}, {__len = function() return 1 << 60 end}), 1, 1 << 60, "
    "2) end",
    "while true do pcall(table.insert, setmetatable({}, {__len = function() return 1 << 60 end}), 1, 2) end",
    "while true do pcall(string.find, ('a'):rep(40), ('a?'):rep(40) .. ('a'):rep(40)) end",
    "while true do pcall(string.gsub, ('a'):rep(3000), ('.-'):rep(20) .. 'x', '') end",
    "while true do pcall(function() for _ in ('a'):rep(3000):gmatch(('.-'):rep(20) .. 'x') do end end) end",
    "while true do pcall(string.match, ('a'):rep(3000), ('.-'):rep(20) .. 'x') end",
    "= setmetatable({}, {__tostring = function() while true do pcall(error) end end})",
    /* C without an instruction in between. */
    "load(collectgarbage)",
    "while true do pcall(load, collectgarbage) end",
    "local s = 'return ' .. ('1+'):rep(5000000) .. '1' while true do load(s) end",
    "while true do load(coroutine.wrap(function() while true do coroutine.yield('x') end end)) end",
    "while true do pcall(string.rep, 'x', 10000000) end",
    "while true do local s = ('x'):rep(10000000):reverse():upper():lower() end",
    "while true do pcall(string.packsize, ('b'):rep(10000000)) end",
    "while true do pcall(string.format, '%q', ('x'):rep(10000000)) end",
    "while true do pcall(string.find, ('a'):rep(10000000), ('a'):rep(5000000) .. 'b', 1, true) end",
    "while true do pcall(string.find, ('x'):rep(10000000), '[' .. ('y'):rep(1000000) .. ']') end",
    "while true do pcall(string.find, ('x'):rep(1000000), '(.*)%1y') end",
    "while true do pcall(table.concat, setmetatable({}, {__len = function() return 1 << 60 end, __index = "
    "rawlen})) "
    "end",
    "while true do pcall(table.concat, {}, '', -1 << 60, 1 << 60) end",
    "while true do pcall(table.insert, setmetatable({}, {__len = function() return 1 << 60 end, __index = "
    "rawlen, "
    "__newindex = rawlen}), 1, 1) end",
    "while true do pcall(table.remove, setmetatable({}, {__len = function() return 1 << 60 end, __index = "
    "rawlen, "
    "__newindex = rawlen}), 1) end",
    "while true do pcall(table.move, setmetatable({}, {__index = rawlen, __newindex = rawlen}), 1, 1 << 60, "
    "2) end",
    "while true do pcall(table.sort, setmetatable({}, {__len = function() return (1 << 31) - 2 end, "
    "__index = rawlen, __newindex = rawlen})) end",
    "while true do pcall(table.unpack, setmetatable({}, {__index = rawlen}), 1, 900000) end",
    "local t = {} for i = 1, 5e5 do t[i] = {} end while true do collectgarbage() end",
    "local t = {} for i = 1, 5e5 do t[i] = {} end while true do collectgarbage('step', 1 << 40) end",
    "while true do pcall(function() local x <close> = setmetatable({}, {__close = function() "
    "while true do pcall(string.rep, 'x', 10000000) end end}) end) end",
    "while true do pcall(package.searchpath, 'x', ('/nowhere/?;'):rep(100000)) end",
    "while true do pcall(ippro.table, {columns = {'a'}, rows = setmetatable({}, {__len = function() return 1 "
    "<< 60 "
    "end, __index = rawlen})}) end",
    "while true do os.execute('sleep 0.001') end",
    "while true do os.execute('sleep 60') end",
    "while true do pcall(os.execute, \"trap '' INT; sleep 60\") end",
    "while true do io.popen('sleep 60'):close() end",
    "while true do pcall(function() io.popen('sleep 60'):read('a') end) end",
    "while true do pcall(function() io.open('/dev/zero'):read('a') end) end",
};

static atomic_bool pressed;

static void press(int number)
{
    (void)number;
    atomic_store(&pressed, true);
}

static bool is_pressed(void *argument)
{
    (void)argument;
    return atomic_load(&pressed);
}

static void discard(void *argument, enum script_output kind, const char *text, size_t length)
{
    (void)argument;
    (void)kind;
    (void)text;
    (void)length;
}

/* The signal comes again, as that of the program does, for one that comes just before a system call waits
 * ends nothing. */
static void press_after(int64_t microseconds)
{
    struct itimerval when = {.it_value = {microseconds / 1000000, microseconds % 1000000},
                             .it_interval = {0, microseconds ? 50000 : 0}};
    assert_int_equal(setitimer(ITIMER_REAL, &when, NULL), 0);
}

static void stop_once(struct script *script, const char *code, int64_t microseconds)
{
    struct error error = {0};
    bool incomplete;
    code += *code == '=' ? 1 : 0;
    atomic_store(&pressed, false);
    double start = clock_seconds();
    press_after(microseconds);
    status result = script_line(script, code, &incomplete, &error);
    double seconds = clock_seconds() - start;
    press_after(0);
    if (result != STATUS_CANCELLED || seconds > longest_seconds)
        fail_msg("%s: after %g s at %lld us: %s %s", code, seconds, (long long)microseconds,
                 status_text(result), error.message);
    atomic_store(&pressed, false);
    assert_int_equal(script_line(script, "assert(pcall(print))", &incomplete, &error), STATUS_OK);
}

static void test_soak(void **state)
{
    (void)state;
    const char *asked = getenv("IPPRO_SOAK");
    int placements = asked ? atoi(asked) : PLACEMENTS;
    struct sigaction action = {.sa_handler = press};
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    struct random_state random;
    random_seed(&random, (uint64_t)placements, 1);
    for (size_t i = 0; i < sizeof loops / sizeof *loops; i++) {
        struct session *session = new_session("");
        struct script *script;
        struct error error = {0};
        struct script_host host = {.write = discard, .interrupted = is_pressed};
        struct script_options options = {.memory = (size_t)64 << 20};
        assert_int_equal(script_new(session, &host, &options, &script, &error), STATUS_OK);
        for (int n = 0; n < placements; n++)
            stop_once(script, loops[i], 1 + (int64_t)(random_uniform(&random) * LATEST_MICROSECONDS));
        script_free(script);
        session_free(session);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_soak)};
    return cmocka_run_group_tests_name("lua_stop", tests, NULL, NULL);
}
