/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of unsaved sessions: what is read of those that were cut off, damaged, or are none; and which of them
 * are left. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "session/commands/unsaved.h"
#include "support/state_home.h"

#define HEAD       "{\"format\":\"ippro-explore unsaved session 1\"}\n"
#define LINE(text) "{\"line\":\"" text "\"}\n"

static char home[] = "/tmp/ippro-unsaved-XXXXXX";
static char folder[128];

static void write_file(const char *name, const char *text, size_t size)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    fclose(file);
}

static status read_text(const char *text, size_t size, struct document *document, int *damaged,
                        struct error *error)
{
    char path[256];
    write_file("read.session", text, size);
    snprintf(path, sizeof path, "%s/read.session", folder);
    status code = unsaved_read(path, document, damaged, error);
    unlink(path);
    return code;
}

/* The lines of the commands, joined by a bar, are these. */
static void reads(const char *text, const char *lines, int damaged_line)
{
    struct document document;
    struct error error = {0};
    struct text joined = {0};
    int damaged;
    if (read_text(text, strlen(text), &document, &damaged, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    const json_t *commands = json_object_get(document.root, "commands");
    for (size_t i = 0; i < json_array_size(commands); i++)
        text_add_format(&joined, "%s%s", i ? "|" : "",
                        json_string_value(json_object_get(json_array_get(commands, i), "line")));
    assert_string_equal(text_data(&joined), lines);
    assert_int_equal(damaged, damaged_line);
    text_free(&joined);
    document_end(&document);
}

static void lines_are_commands(void **state)
{
    (void)state;
    reads(HEAD, "", 0);
    reads(HEAD LINE("a") LINE("b"), "a|b", 0);
    reads(HEAD LINE("a") LINE("b") "{\"keep\":1}\n" LINE("c"), "a|c", 0);
    reads(HEAD LINE("a") "{\"keep\":0}\n", "", 0);
    reads(HEAD LINE("a") "{\"measurement\":{}}\n" LINE("b"), "a|b", 0);
}

/* Wherever the file is cut off, all whole lines before are there. */
static void any_length_is_read(void **state)
{
    static const char whole[] = HEAD LINE("a") LINE("b") "{\"keep\":1}\n" LINE("c");
    (void)state;
    for (size_t size = strlen(HEAD) - 1; size <= strlen(whole); size++) {
        struct document document;
        struct error error = {0};
        int damaged;
        assert_int_equal(read_text(whole, size, &document, &damaged, &error), STATUS_OK);
        assert_int_equal(damaged, 0);
        size_t count = json_array_size(json_object_get(document.root, "commands"));
        const size_t a = strlen(HEAD LINE("a")) - 1, b = strlen(HEAD LINE("a") LINE("b")) - 1;
        const size_t keep = strlen(HEAD LINE("a") LINE("b") "{\"keep\":1}\n") - 1;
        size_t expected = size < a ? 0 : size < b ? 1 : size < keep ? 2 : size < strlen(whole) - 1 ? 1 : 2;
        assert_int_equal(count, expected);
        document_end(&document);
    }
}

static void damage_ends_it(void **state)
{
    (void)state;
    reads(HEAD LINE("a") "{\"line\":\"b"
                         "\n" LINE("c"),
          "a", 3);
    reads(HEAD LINE("a") "[1]\n" LINE("c"), "a", 3);
    reads(HEAD LINE("a") "{\"keep\":7}\n" LINE("c"), "a", 3);
    reads(HEAD LINE("a") "{\"keep\":-1}\n" LINE("c"), "a", 3);
    reads(HEAD LINE("a") "{\"other\":1}\n" LINE("c"), "a", 3);
    /* a full disk, and then room again */
    reads(HEAD LINE("a") "{\"line\":\"b"
                         "\n{\"keep\":1}\n" LINE("b") LINE("c"),
          "a|b|c", 0);
    reads(HEAD LINE("a") "\n\n" LINE("b"), "a|b", 0);
}

static void what_is_none_is_refused(void **state)
{
    static const char nul[] = HEAD "{\"line\":\0\0\0\0}\n" LINE("a");
    static const char *const none[] = {"x",
                                       "{}\n",
                                       "\n" HEAD,
                                       "[]",
                                       "{\"format\":1}\n",
                                       "{\"format\":\"ippro-explore session 1\",\"commands\":[]}\n"};
    struct document document;
    struct error error = {0};
    int damaged;
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        assert_int_equal(read_text(none[i], strlen(none[i]), &document, &damaged, &error), STATUS_FILE);
        assert_non_null(strstr(error.message, "this is no unsaved session"));
    }
    assert_int_equal(read_text("", 0, &document, &damaged, &error), STATUS_FILE);
    assert_int_equal(read_text(nul, sizeof nul - 1, &document, &damaged, &error), STATUS_OK);
    assert_int_equal(damaged, 2);
    document_end(&document);
}

static void memory_may_run_out(void **state)
{
    static const char whole[] = HEAD LINE("a") LINE("b") "{\"keep\":1}\n"
                                                         "{\"measurement\":{}}\n";
    (void)state;
    for (long n = 1;; n++) {
        struct document document;
        struct error error = {0};
        int damaged;
        mem_fail_at(n);
        status code = read_text(whole, strlen(whole), &document, &damaged, &error);
        mem_fail_at(0);
        if (code == STATUS_OK) {
            document_end(&document);
            break;
        }
        assert_int_equal(code, STATUS_MEMORY);
    }
}

/* --- the folder ----------------------------------------------------------------------------------------- */

static void listed(const char *names)
{
    struct unsaved_list list;
    struct error error = {0};
    struct text joined = {0};
    assert_int_equal(unsaved_list(&list, &error), STATUS_OK);
    for (size_t i = 0; i < list.count; i++)
        text_add_format(&joined, "%s%s", i ? " " : "", strrchr(list.items[i].path, '/') + 1);
    assert_string_equal(text_data(&joined), names);
    text_free(&joined);
    unsaved_list_free(&list);
}

static void age(const char *name, time_t days)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    const struct timespec when = {time(NULL) - days * 24 * 60 * 60, 0}, both[2] = {when, when};
    assert_int_equal(utimensat(AT_FDCWD, path, both, 0), 0);
}

static void newest_first(void **state)
{
    (void)state;
    write_file("old.session", HEAD, strlen(HEAD));
    write_file("new.session", HEAD, strlen(HEAD));
    write_file("other.txt", HEAD, strlen(HEAD));
    age("old.session", 3);
    age("new.session", 1);
    char path[256];
    snprintf(path, sizeof path, "%s/pipe.session", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    listed("new.session old.session");
    unlink(path);
    age("old.session", UNSAVED_DAYS + 1);
    unsaved_tidy();
    listed("new.session");
    for (int i = 0; i < UNSAVED_MOST + 5; i++) {
        char name[32];
        snprintf(name, sizeof name, "%02d.session", i);
        write_file(name, HEAD, strlen(HEAD));
    }
    unsaved_tidy();
    struct unsaved_list list;
    struct error error = {0};
    assert_int_equal(unsaved_list(&list, &error), STATUS_OK);
    assert_int_equal(list.count, UNSAVED_MOST);
    for (size_t i = 0; i < list.count; i++)
        unlink(list.items[i].path);
    unsaved_list_free(&list);
}

/* Another process has it: as long as that runs, also when it is killed. */
static void a_running_program_keeps_its_own(void **state)
{
    char path[256], byte;
    int ready[2];
    (void)state;
    snprintf(path, sizeof path, "%s/mine.session", folder);
    write_file("mine.session", HEAD, strlen(HEAD));
    write_file("left.session", HEAD, strlen(HEAD));
    age("mine.session", UNSAVED_DAYS + 1);
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        int descriptor = open(path, O_WRONLY | O_APPEND);
        bool locked = descriptor >= 0 && unsaved_lock(descriptor);
        if (write(ready[1], locked ? "y" : "n", 1) == 1)
            pause();
        _exit(1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    assert_false(unsaved_is_left(path));
    int mine = open(path, O_WRONLY);
    assert_false(unsaved_lock(mine));
    close(mine);
    listed("left.session");
    unsaved_tidy();
    assert_int_equal(access(path, F_OK), 0);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_true(unsaved_is_left(path));
    listed("left.session mine.session");
    close(ready[0]);
    close(ready[1]);
    unlink(path);
    snprintf(path, sizeof path, "%s/left.session", folder);
    unlink(path);
}

static void says_what_it_is(void **state)
{
    static const struct {
        const char *text, *words;
        time_t seconds;
    } cases[] = {
        {HEAD LINE("load /a/net.onnx") LINE("ratio a 0.1"), "net.onnx, 2 commands, just now", 59},
        {HEAD LINE("load x") LINE("load '/a b/\\u001b[2J.onnx'"), "\\x1b[2J.onnx, 2 commands, 1 minute ago",
         60},
        {HEAD LINE("set gamma 1"), "1 command, 2 hours ago", 7300},
        {HEAD LINE("load"), "1 command, 3 days ago", 3 * 86400},
        {HEAD LINE("load a"), "a, 1 command, 2 weeks ago", 15 * 86400},
        {HEAD LINE("load a"), "a, 1 command, just now", -5},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct document document;
        struct error error = {0};
        struct text text = {0};
        int damaged;
        assert_int_equal(read_text(cases[i].text, strlen(cases[i].text), &document, &damaged, &error),
                         STATUS_OK);
        text_add_unsaved(&text, &document, 1000000, 1000000 + cases[i].seconds);
        assert_string_equal(text_data(&text), cases[i].words);
        text_free(&text);
        document_end(&document);
    }
}

static int set_up(void **state)
{
    (void)state;
    return state_home_make(home, folder, sizeof folder);
}

static int tear_down(void **state)
{
    char path[256];
    (void)state;
    snprintf(path, sizeof path, "%s/other.txt", folder);
    unlink(path);
    return state_home_remove(home, folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_commands), cmocka_unit_test(any_length_is_read),
        cmocka_unit_test(damage_ends_it),     cmocka_unit_test(what_is_none_is_refused),
        cmocka_unit_test(memory_may_run_out), cmocka_unit_test(newest_first),
        cmocka_unit_test(says_what_it_is),    cmocka_unit_test(a_running_program_keeps_its_own),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
