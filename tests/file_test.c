/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading and replacing files, paths, the program's own files, digests. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- files ---- */

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
        skip(); /* root reads and writes what is forbidden */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_read),
        cmocka_unit_test(test_file_replace),
        cmocka_unit_test(test_file_replace_fails_whole),
        cmocka_unit_test(test_what_is_forbidden),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_program_data),
        cmocka_unit_test(test_digest),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
