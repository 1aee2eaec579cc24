/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading and replacing files, paths, the program's own files, digests. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/inputs.h"
#include "base/line_file.h"
#include "base/memory.h"
#include "support/skip.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* --- files ---------------------------------------------------------------------------------------------- */

static char folder[] = "/tmp/ippro-base-test-XXXXXX";

static char *place(const char *name)
{
    static char path[4][512];
    static int next;
    char *result = path[next++ % 4];
    snprintf(result, 512, "%s/%s", folder, name);
    return result;
}

static void put(const char *name, const char *content)
{
    FILE *file = fopen(place(name), "wb");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[600];
    snprintf(command, sizeof command, "chmod -R u+rwx '%s' && rm -rf '%s'", folder, folder);
    return system(command);
}

static void expect_refused(const char *path, size_t limit, const char *reason)
{
    unsigned char *data = (unsigned char *)folder;
    size_t size = 77;
    struct error error = {0};
    assert_int_equal(file_read(path, limit, &data, &size, &error), STATUS_FILE);
    assert_ptr_equal(data, folder);
    assert_int_equal(size, 77);
    if (!strstr(error.message, reason) || strncmp(error.message, path, strlen(path)) != 0)
        fail_msg("%s: the message is \"%s\"", path, error.message);
}

static void test_file_read(void **state)
{
    (void)state;
    unsigned char *data;
    size_t size;
    struct error error = {0};
    put("plain", "hello");
    assert_int_equal(file_read(place("plain"), 5, &data, &size, &error), STATUS_OK);
    assert_int_equal(size, 5);
    assert_string_equal((char *)data, "hello");
    mem_free(data);
    expect_refused(place("plain"), 4, "5 bytes");
    put("empty", "");
    expect_refused(place("empty"), 100, "empty");
    expect_refused(place("missing"), 100, "No such file");
    expect_refused("", 100, "No such file");
    expect_refused(folder, 100, "a directory");
    expect_refused("/dev/zero", 100, "a device");
    assert_int_equal(mkfifo(place("pipe"), 0600), 0);
    alarm(5); /* would kill the test if opening the pipe waited for a writer */
    expect_refused(place("pipe"), 100, "a pipe");
    alarm(0);
    for (long nth = 1; nth <= 2; nth++) {
        mem_fail_at(nth);
        assert_int_equal(file_read(place("plain"), 5, &data, &size, &error), STATUS_MEMORY);
    }
    mem_fail_at(0);
}

static void expect_content(const char *path, const char *expected)
{
    unsigned char *data;
    size_t size;
    struct error error = {0};
    assert_int_equal(file_read(path, 1000, &data, &size, &error), STATUS_OK);
    assert_string_equal((char *)data, expected);
    mem_free(data);
}

static int files_in_folder(void)
{
    char command[600], answer[32] = "";
    snprintf(command, sizeof command, "ls -A '%s' | wc -l", folder);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    char *line = fgets(answer, sizeof answer, pipe);
    pclose(pipe);
    return line ? atoi(answer) : -1;
}

static void test_file_replace(void **state)
{
    (void)state;
    struct error error = {0};
    struct stat about;
    assert_int_equal(file_replace(place("new"), "first", 5, &error), STATUS_OK);
    expect_content(place("new"), "first");
    chmod(place("new"), 0640);
    assert_int_equal(file_replace(place("new"), "second", 6, &error), STATUS_OK);
    expect_content(place("new"), "second");
    assert_int_equal(stat(place("new"), &about), 0);
    assert_int_equal(about.st_mode & 0777, 0640);
    assert_int_equal(symlink("new", place("link")), 0);
    assert_int_equal(file_replace(place("link"), "third", 5, &error), STATUS_OK);
    expect_content(place("new"), "third");
    assert_int_equal(lstat(place("link"), &about), 0);
    assert_true(S_ISLNK(about.st_mode));
    assert_int_equal(file_replace(place("nowhere/x"), "x", 1, &error), STATUS_FILE);
    assert_non_null(strstr(error.message, "nowhere/x"));
    assert_int_equal(file_replace(folder, "x", 1, &error), STATUS_FILE);
    assert_int_equal(file_replace("/dev/null", "x", 1, &error), STATUS_FILE);
    assert_int_equal(file_replace("", "x", 1, &error), STATUS_FILE);
    assert_int_equal(file_replace(place("none"), NULL, 0, &error), STATUS_OK);
    assert_int_equal(stat(place("none"), &about), 0);
    assert_int_equal(about.st_size, 0);
}

/* Every way to fail leaves the old file whole and nothing beside it. */
static void test_file_replace_fails_whole(void **state)
{
    (void)state;
    struct error error = {0};
    assert_int_equal(file_replace(place("kept"), "old", 3, &error), STATUS_OK);
    const int files = files_in_folder();
    status code = STATUS_MEMORY;
    for (long nth = 1; code != STATUS_OK; nth++) {
        mem_fail_at(nth);
        code = file_replace(place("kept"), "new", 3, &error);
        mem_fail_at(0);
        assert_true(nth < 20);
        expect_content(place("kept"), code == STATUS_OK ? "new" : "old");
        assert_int_equal(files_in_folder(), files);
    }
    /* A disk that is full: no file may grow beyond 10 bytes. */
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 10;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    code = file_replace(place("kept"), "much more than ten bytes", 24, &error);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(code, STATUS_FILE);
    expect_content(place("kept"), "new");
    assert_int_equal(files_in_folder(), files);
}

static void test_what_is_forbidden(void **state)
{
    (void)state;
    struct error error = {0};
    if (geteuid() == 0)
        skip_because("nothing is forbidden to root");
    put("secret", "x");
    chmod(place("secret"), 0);
    expect_refused(place("secret"), 100, "ermission");
    put("firm", "old");
    chmod(folder, 0500);
    status code = file_replace(place("firm"), "x", 1, &error);
    chmod(folder, 0700);
    assert_int_equal(code, STATUS_FILE);
    expect_content(place("firm"), "old");
}

static void test_paths(void **state)
{
    (void)state;
    char *home = getenv("HOME") ? mem_string(getenv("HOME")) : NULL;
    setenv("HOME", "/home/someone", 1);
    static const char *const expansions[][2] = {{"~/a", "/home/someone/a"},
                                                {"~", "/home/someone"},
                                                {"~other/a", "~other/a"},
                                                {"/x/~/a", "/x/~/a"},
                                                {"", ""}};
    for (size_t i = 0; i < COUNT(expansions); i++) {
        char *expanded = path_expand(expansions[i][0]);
        assert_string_equal(expanded, expansions[i][1]);
        mem_free(expanded);
    }
    assert_string_equal(path_base("a/b.csv"), "b.csv");
    assert_string_equal(path_base("b"), "b");
    assert_string_equal(path_base("a/"), "");
    assert_string_equal(path_extension("a.b/c.csv"), "csv");
    assert_string_equal(path_extension("a.b/c"), "");
    assert_string_equal(path_extension("a/.hidden"), "");
    assert_string_equal(path_extension("x.tar.gz"), "gz");
    char *joined = path_join("a/", "b");
    assert_string_equal(joined, "a/b");
    mem_free(joined);
    setenv("HOME", folder, 1);
    unsetenv("XDG_STATE_HOME");
    char *directory = file_user_directory("XDG_STATE_HOME", ".local/state", 1);
    struct stat about;
    assert_string_equal(directory, place(".local/state/ippro-explore"));
    assert_int_equal(stat(directory, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0700);
    mem_free(directory);
    setenv("XDG_STATE_HOME", place("xdg"), 1);
    directory = file_user_directory("XDG_STATE_HOME", ".local/state", 0);
    assert_string_equal(directory, place("xdg/ippro-explore"));
    assert_int_not_equal(stat(directory, &about), 0);
    mem_free(directory);
    setenv("XDG_STATE_HOME", "/dev/null", 1);
    assert_null(file_user_directory("XDG_STATE_HOME", ".local/state", 1));
    unsetenv("XDG_STATE_HOME");
    unsetenv("HOME");
    assert_null(file_user_directory("XDG_STATE_HOME", ".local/state", 1));
    if (home)
        setenv("HOME", home, 1);
    mem_free(home);
}

static void test_program_data(void **state)
{
    (void)state;
    struct error error = {0};
    char *path = NULL, *old = getenv("IPPRO_DATADIR") ? mem_string(getenv("IPPRO_DATADIR")) : NULL;
    put("theme", "x");
    setenv("IPPRO_DATADIR", folder, 1);
    assert_int_equal(file_program_data("theme", &path, &error), STATUS_OK);
    assert_string_equal(path, place("theme"));
    mem_free(path);
    path = NULL;
    static const char *const missing[] = {"no-such-theme", "../etc/passwd", "/etc/passwd", "a/../../x", ""};
    for (size_t i = 0; i < COUNT(missing); i++) {
        assert_int_equal(file_program_data(missing[i], &path, &error), STATUS_NOT_FOUND);
        assert_null(path);
        assert_non_null(strstr(error.message, missing[i]));
    }
    mem_fail_at(1);
    assert_int_equal(file_program_data("theme", &path, &error), STATUS_MEMORY);
    if (old)
        setenv("IPPRO_DATADIR", old, 1);
    mem_free(old);
}

static void test_digest(void **state)
{
    (void)state;
    char digest[DIGEST_SIZE];
    digest_bytes("abc", 3, digest); /* FIPS 180-2, appendix B.1 */
    assert_string_equal(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_bytes("", 0, digest);
    assert_string_equal(digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    /* A million times "a" (appendix B.3): at once, in pieces, and beside other work on both sides of the size
     * that is worth a thread. */
    static const char million[] = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
    enum { MILLION = 1000000, PIECE = 777, LARGE = 3 << 20 };
    char *text = mem_new(LARGE, 1), other[DIGEST_SIZE];
    memset(text, 'a', LARGE);
    struct digest_state pieces;
    digest_begin(&pieces);
    for (int at = 0; at < MILLION; at += PIECE)
        digest_add(&pieces, text + at, at + PIECE < MILLION ? PIECE : (size_t)(MILLION - at));
    digest_end(&pieces, digest);
    assert_string_equal(digest, million);
    struct digest_job small, large;
    digest_start(&small, text, MILLION);
    digest_start(&large, text, LARGE);
    assert_true(large.running);
    digest_finish(&small, digest);
    assert_string_equal(digest, million);
    digest_finish(&large, digest);
    digest_bytes(text, LARGE, other);
    assert_string_equal(digest, other);
    mem_free(text);
}

/* --- inputs --------------------------------------------------------------------------------------------- */

static void expect_protected(const char *name, bool protected)
{
    struct error error = {0};
    assert_int_equal(inputs_protect(place(name), false, &error), protected ? STATUS_STATE : STATUS_OK);
    if (protected)
        assert_non_null(strstr(error.message, "overwrite=yes"));
    assert_int_equal(inputs_protect(place(name), true, &error), STATUS_OK);
}

static void read_it(const char *name)
{
    unsigned char *data;
    size_t size;
    struct error error = {0};
    assert_int_equal(file_read(place(name), 1000, &data, &size, &error), STATUS_OK);
    mem_free(data);
}

static void test_inputs(void **state)
{
    struct error error = {0};
    (void)state;
    inputs_forget();
    put("input", "read");
    put("output", "not read");
    assert_int_equal(symlink("input", place("soft")), 0);
    assert_int_equal(link(place("input"), place("hard")), 0);
    assert_int_equal(mkdir(place("sub"), 0700), 0);
    expect_protected("input", false);
    read_it("soft");
    expect_protected("input", true);
    expect_protected("soft", true);
    expect_protected("hard", true);
    expect_protected("sub/../input", true);
    expect_protected("output", false);
    expect_protected("none", false);
    /* Another program's new file under the name, and the old one under another. */
    assert_int_equal(rename(place("input"), place("moved")), 0);
    put("input", "of another");
    expect_protected("input", true);
    expect_protected("moved", true);
    /* The number of a file that is gone may be given to another. */
    struct stat about = {0};
    assert_int_equal(stat(place("output"), &about), 0);
    about.st_size = 1;
    assert_true(inputs_note(place("gone"), &about));
    expect_protected("output", false);
    for (long nth = 1; nth < 6; nth++) {
        mem_fail_at(nth);
        status code = inputs_protect(place("input"), false, &error);
        mem_fail_at(0);
        assert_true(code == STATUS_MEMORY || code == STATUS_STATE);
    }
    inputs_forget();
    expect_protected("input", false);
}

/* --- what killed programs leave ------------------------------------------------------------------------- */

static bool exists(const char *name)
{
    return access(place(name), F_OK) == 0;
}

static void test_left_over(void **state)
{
    char gone[64], held[64], mine[64];
    struct error error = {0};
    int pipes[2];
    (void)state;
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    snprintf(gone, sizeof gone, ".ippro-%ld-3.tmp", (long)child);
    snprintf(held, sizeof held, ".ippro-%ld-4.tmp", (long)child);
    snprintf(mine, sizeof mine, ".ippro-%ld-77777.tmp", (long)getpid());
    static const char *const others[] = {".ippro-x-3.tmp", ".ippro-1-2.tmpx", "ippro-99999999-1.tmp",
                                         ".ippro-099999999-1.tmp"};
    put(gone, "half");
    put(held, "being written by a program of another machine");
    put(mine, "being written");
    for (size_t i = 0; i < COUNT(others); i++)
        put(others[i], "of somebody else");
    int descriptor = open(place(held), O_RDONLY);
    assert_int_equal(flock(descriptor, LOCK_EX), 0);
    assert_int_equal(file_replace(place("saved"), "x", 1, &error), STATUS_OK);
    assert_false(exists(gone));
    assert_true(exists(held));
    assert_true(exists(mine));
    for (size_t i = 0; i < COUNT(others); i++)
        assert_true(exists(others[i]));
    close(descriptor);
    assert_int_equal(file_replace(place("saved"), "x", 1, &error), STATUS_OK);
    assert_false(exists(held));
    /* A program that is stopped in the middle of a save and then killed. */
    assert_int_equal(pipe(pipes), 0);
    child = fork();
    if (child == 0) {
        char name[64];
        snprintf(name, sizeof name, ".ippro-%ld-0.tmp", (long)getpid());
        int file = open(place(name), O_WRONLY | O_CREAT, 0600);
        flock(file, LOCK_EX);
        if (write(file, "half", 4) == 4 && write(pipes[1], "", 1) == 1)
            pause();
        _exit(0);
    }
    char byte, left[64];
    snprintf(left, sizeof left, ".ippro-%ld-0.tmp", (long)child);
    assert_int_equal(read(pipes[0], &byte, 1), 1);
    assert_int_equal(file_replace(place("saved"), "x", 1, &error), STATUS_OK);
    assert_true(exists(left));
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(file_replace(place("saved"), "x", 1, &error), STATUS_OK);
    assert_false(exists(left));
    close(pipes[0]);
    close(pipes[1]);
}

/* --- lines of several programs -------------------------------------------------------------------------- */

static void expect_lines(const char *name, size_t most, const char *lines)
{
    char *text = NULL;
    struct error error = {0};
    assert_int_equal(line_file_tidy(place(name), most, &text, &error), STATUS_OK);
    assert_string_equal(text, lines);
    mem_free(text);
}

static void test_lines(void **state)
{
    char *text;
    struct error error = {0};
    (void)state;
    expect_lines("lines", 5, "");
    assert_int_equal(line_file_add(place("lines"), "a", &error), STATUS_OK);
    expect_lines("lines", 5, "a\n");
    put("lines", "a\nb\na\nc\nb\nlast");
    assert_int_equal(line_file_add(place("lines"), "d", &error), STATUS_OK);
    expect_lines("lines", 9, "a\nc\nb\nlast\nd\n");
    expect_lines("lines", 2, "last\nd\n");
    expect_lines("lines", 9, "last\nd\n");
    /* Nothing but a regular file is touched, and nothing is waited for. */
    assert_int_equal(mkfifo(place("lines.pipe"), 0600), 0);
    assert_int_equal(line_file_tidy(place("lines.pipe"), 2, &text, &error), STATUS_FILE);
    assert_non_null(strstr(error.message, "a pipe"));
    assert_int_equal(line_file_add(place("lines.pipe"), "x", &error), STATUS_FILE);
    assert_int_equal(line_file_tidy(folder, 2, &text, &error), STATUS_FILE);
    assert_int_equal(line_file_add(folder, "x", &error), STATUS_FILE);
    for (long nth = 1; nth < 8; nth++) {
        mem_fail_at(nth);
        status code = line_file_tidy(place("lines"), 9, &text, &error);
        mem_fail_at(0);
        if (code == STATUS_OK)
            mem_free(text);
        else
            assert_int_equal(code, STATUS_MEMORY);
    }
    expect_lines("lines", 9, "last\nd\n");
}

/* Programs that add and tidy at the same time lose nothing. */
static void test_lines_of_many(void **state)
{
    enum { PROGRAMS = 4, LINES = 150 };
    pid_t children[PROGRAMS];
    (void)state;
    for (int i = 0; i < PROGRAMS; i++) {
        children[i] = fork();
        for (int k = 0; children[i] == 0 && k < LINES; k++) {
            char line[32], *text = NULL;
            struct error error = {0};
            snprintf(line, sizeof line, "program %d line %d", i, k);
            if (line_file_add(place("shared"), line, &error) != STATUS_OK)
                _exit(1);
            if (k % 5 == 0 && line_file_tidy(place("shared"), 10000, &text, &error) != STATUS_OK)
                _exit(2);
            mem_free(text);
            if (k % 7 == 0 && line_file_add(place("shared"), "again", &error) != STATUS_OK)
                _exit(3);
        }
        if (children[i] == 0)
            _exit(0);
    }
    for (int i = 0; i < PROGRAMS; i++) {
        int outcome;
        assert_int_equal(waitpid(children[i], &outcome, 0), children[i]);
        assert_int_equal(outcome, 0);
    }
    char *text = NULL;
    struct error error = {0};
    int count = 0;
    assert_int_equal(line_file_tidy(place("shared"), 10000, &text, &error), STATUS_OK);
    for (const char *at = text; *at; at = strchr(at, '\n') + 1)
        count++;
    assert_int_equal(count, PROGRAMS * LINES + 1);
    mem_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_read),
        cmocka_unit_test(test_file_replace),
        cmocka_unit_test(test_file_replace_fails_whole),
        cmocka_unit_test(test_what_is_forbidden),
        cmocka_unit_test(test_inputs),
        cmocka_unit_test(test_left_over),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_lines_of_many),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_program_data),
        cmocka_unit_test(test_digest),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
