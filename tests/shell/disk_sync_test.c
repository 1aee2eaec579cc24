/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is to be on the disk: files are let go again, however many there are and in whatever order it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "shell/disk_sync.h"

enum { ROUNDS = 50 };

static char folder[] = "/tmp/ippro-disk-sync-XXXXXX";

static char *file_name(void)
{
    return mem_format("%s/file", folder);
}

static int open_file(void)
{
    char *path = file_name();
    int descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    mem_free(path);
    assert_true(descriptor >= 0);
    return descriptor;
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    char *path = file_name();
    (void)state;
    unlink(path);
    mem_free(path);
    return rmdir(folder);
}

/* A lock goes with the last descriptor of a file: behind the wait that is the caller's own. */
static void test_let_go(void **state)
{
    struct disk_sync *sync = disk_sync_new();
    int above = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    (void)state;
    assert_non_null(sync);
    assert_true(above >= 0);
    disk_sync_settle(sync); /* nothing was asked for */
    for (int i = 0; i < ROUNDS; i++) {
        int file = open_file();
        assert_int_equal(flock(file, LOCK_EX | LOCK_NB), 0);
        for (int k = 0; k < 5; k++) {
            assert_int_equal(write(file, "line\n", 5), 5);
            disk_sync_ask(sync, file, k ? -1 : above);
        }
        disk_sync_settle(sync);
        close(file);
        int next = open_file();
        assert_int_equal(flock(next, LOCK_EX | LOCK_NB), 0);
        close(next);
    }
    int before = dup(above);
    disk_sync_free(sync);
    int after = dup(above);
    assert_true(after == before + 1 && close(before) == 0 && close(after) == 0);
    close(above);
}

/* The end waits for what was asked for; a file that the caller has closed already is none of its business. */
static void test_end(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        struct disk_sync *sync = disk_sync_new();
        int file = open_file();
        assert_int_equal(flock(file, LOCK_EX | LOCK_NB), 0);
        disk_sync_ask(sync, file, -1);
        close(file);
        disk_sync_free(sync);
        int next = open_file();
        assert_int_equal(flock(next, LOCK_EX | LOCK_NB), 0);
        close(next);
    }
}

static void test_nothing(void **state)
{
    struct disk_sync *sync = disk_sync_new();
    (void)state;
    disk_sync_ask(sync, -1, -1);
    disk_sync_settle(sync);
    disk_sync_free(sync);
    disk_sync_ask(NULL, 0, -1); /* memory was out */
    disk_sync_settle(NULL);
    disk_sync_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_let_go),
        cmocka_unit_test(test_end),
        cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
