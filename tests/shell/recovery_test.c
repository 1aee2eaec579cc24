/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session as it is kept: whatever is done, undone and saved, the file gives the commands of the history
 * again; a full disk is told once, and what it cut off comes back. */
#include <dirent.h>
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

#include "base/memory.h"
#include "base/random.h"
#include "base/text.h"
#include "session/commands/unsaved.h"
#include "session/history.h"
#include "session/session.h"
#include "session/state.h"
#include "shell/recovery.h"
#include "support/session_lines.h"
#include "support/state_home.h"

enum { PATH_SIZE = 512 };
static char home[] = "/tmp/ippro-recovery-XXXXXX";
static char folder[128];

/* --- what is in the folder ------------------------------------------------------------------------------ */

/* The number of files; the path of the last one to `path` (PATH_SIZE bytes). */
static int files(char *path)
{
    int count = 0;
    DIR *stream = opendir(folder);
    assert_non_null(stream);
    for (struct dirent *entry; (entry = readdir(stream));) {
        if (*entry->d_name == '.')
            continue;
        snprintf(path, PATH_SIZE, "%s/%s", folder, entry->d_name);
        count++;
    }
    closedir(stream);
    return count;
}

static void remove_files(void)
{
    char path[PATH_SIZE];
    while (files(path))
        unlink(path);
}

static void add_document_lines(struct text *lines, const struct document *document)
{
    const json_t *commands = json_object_get(document->root, "commands");
    for (size_t i = 0; i < json_array_size(commands); i++)
        text_add_format(lines, "%s\n",
                        json_string_value(json_object_get(json_array_get(commands, i), "line")));
}

static void add_history_lines(struct text *lines, const struct history *history)
{
    for (int i = history_log(history); i <= history->position; i++)
        text_add_format(lines, "%s\n", history->steps[i].line);
}

/* The only file has the commands of the session, so many measurements, and nothing that cannot be read. */
static void agrees(const struct session *session, int measurements)
{
    char path[PATH_SIZE];
    int damaged;
    struct document document;
    struct error error = {0};
    struct text kept = {0}, done = {0};
    assert_int_equal(files(path), 1);
    assert_false(unsaved_is_left(path));
    if (unsaved_read(path, &document, &damaged, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    add_document_lines(&kept, &document);
    add_history_lines(&done, &session->history);
    assert_string_equal(text_data(&kept), text_data(&done));
    assert_int_equal(damaged, 0);
    assert_int_equal(json_array_size(json_object_get(document.root, "measurements")), measurements);
    document_end(&document);
    text_free(&kept);
    text_free(&done);
}

/* Run a line and have it kept. */
static void run(struct recovery *recovery, struct session *session, const char *line)
{
    struct reply reply = {0};
    struct error error = {0};
    if (run_with(session, line, &reply, NULL, &error) != STATUS_OK)
        fail_msg("%s: %s", line, error.message);
    if (recovery_note(recovery, session, &reply, &error) != STATUS_OK)
        fail_msg("%s: %s", line, error.message);
    reply_free(&reply);
}

static void unsaved_is(const struct recovery *recovery, int selections, int ratios, bool other)
{
    struct unsaved_work work = recovery_unsaved(recovery);
    assert_int_equal(work.selections, selections);
    assert_int_equal(work.ratios, ratios);
    assert_int_equal(work.other, other);
}

/* --- the tests ------------------------------------------------------------------------------------------ */

static void kept_while_there_is_work(void **state)
{
    char path[PATH_SIZE], line[PATH_SIZE + 32];
    struct session *session = new_session("load example; data shapes images=60");
    struct recovery *recovery = recovery_new(session, NULL);
    (void)state;
    assert_int_equal(files(path), 0);
    run(recovery, session, "set gamma 2");
    assert_int_equal(files(path), 0);
    unsaved_is(recovery, 0, 0, false);
    run(recovery, session, "ratio conv1 0.3");
    agrees(session, 0);
    unsaved_is(recovery, 0, 1, true);
    run(recovery, session, "prune l1 0.5");
    run(recovery, session, "eval samples=20");
    agrees(session, 2); /* with the baseline */
    unsaved_is(recovery, 1, 1, true);
    snprintf(line, sizeof line, "save %s/x.onnx masked=yes", home);
    run(recovery, session, line);
    unsaved_is(recovery, 0, 0, true);
    agrees(session, 2); /* with the baseline */
    run(recovery, session, "unprune all");
    unsaved_is(recovery, 1, 0, true);
    snprintf(line, sizeof line, "session save %s/x.session", home);
    run(recovery, session, line);
    unsaved_is(recovery, 0, 0, false);
    assert_int_equal(files(path), 0);
    run(recovery, session, "undo");
    assert_int_equal(files(path), 0);
    run(recovery, session, "prune l2 0.1");
    agrees(session, 2); /* with the baseline */
    /* what is opened is saved; what there was stays */
    snprintf(line, sizeof line, "session open %s/x.session", home);
    run(recovery, session, line);
    assert_int_equal(files(path), 1);
    assert_true(unsaved_is_left(path));
    unsaved_is(recovery, 0, 0, false);
    assert_false(recovery_end(recovery));
    assert_int_equal(files(path), 1);
    session_free(session);
    snprintf(line, sizeof line, "%s/x.session", home);
    unlink(line);
    snprintf(line, sizeof line, "%s/x.onnx", home);
    unlink(line);
    remove_files();
}

/* Resumed, the file's session is the one that it was made from, and the file is replaced by that of the new
 * program. */
static void resumed(void **state)
{
    char path[PATH_SIZE], next[PATH_SIZE], line[PATH_SIZE + 32];
    struct state_names before, after;
    struct session *session = new_session("load example; data shapes images=60");
    struct recovery *recovery = recovery_new(session, NULL);
    (void)state;
    run(recovery, session, "recipe none 'all 0.3' 'round_to 4'");
    run(recovery, session, "score l1,taylor samples=20; prune taylor 0.3");
    run(recovery, session, "eval samples=20");
    state_names(&session->state, &before);
    assert_true(recovery_end(recovery));
    session_free(session);
    assert_int_equal(files(path), 1);
    session = new_session("");
    snprintf(line, sizeof line, "session resume %s", path);
    run_line(session, line);
    state_names(&session->state, &after);
    assert_memory_equal(&before, &after, sizeof before);
    assert_int_equal(session->measurements.count, 2);
    assert_int_equal(files(path), 1);
    recovery = recovery_new(session, path);
    assert_int_equal(files(next), 1);
    assert_string_not_equal(path, next);
    unsaved_is(recovery, 1, 2, true); /* of the recipe, which is two commands by now */
    assert_true(recovery_end(recovery));
    session_free(session);
    remove_files();
}

static void copy_file(const char *from, const char *to)
{
    char bytes[4096];
    FILE *input = fopen(from, "r"), *output = fopen(to, "w");
    assert_non_null(input);
    assert_non_null(output);
    size_t count = fread(bytes, 1, sizeof bytes, input);
    assert_in_range(count, 1, sizeof bytes - 1);
    assert_int_equal(fwrite(bytes, 1, count, output), count);
    fclose(input);
    assert_int_equal(fclose(output), 0);
}

/* Bring back what the file at `path` has, and keep it as that of another program. */
static struct recovery *resume(const char *path, struct session **session)
{
    char line[PATH_SIZE + 32];
    *session = new_session("");
    snprintf(line, sizeof line, "session resume %s", path);
    run_line(*session, line);
    struct recovery *recovery = recovery_new(*session, path);
    unsaved_is(recovery, 1, 0, true);
    return recovery;
}

/* A copy elsewhere is the user's, and what a running program keeps is that program's: both stay. Another
 * name of what is left in the folder stays too; what it names there goes. */
static void resumed_from_what_stays(void **state)
{
    char path[PATH_SIZE], own[PATH_SIZE], other[PATH_SIZE];
    struct session *session = new_session("load example"), *next = new_session("load example; prune l1 0.3");
    struct recovery *recovery = recovery_new(session, NULL);
    (void)state;
    run(recovery, session, "prune l1 0.3");
    assert_int_equal(files(path), 1);
    snprintf(own, sizeof own, "%s/mine.session", home);
    copy_file(path, own);
    struct recovery *beside = recovery_new(next, path);
    assert_int_equal(files(other), 2);
    assert_int_equal(access(path, F_OK), 0);
    assert_true(recovery_end(beside));
    session_free(next);
    assert_true(recovery_end(recovery));
    session_free(session);
    remove_files();

    recovery = resume(own, &session);
    assert_int_equal(access(own, F_OK), 0);
    assert_int_equal(files(path), 1);
    assert_true(recovery_end(recovery));
    session_free(session);
    assert_int_equal(unlink(own), 0);

    assert_int_equal(link(path, own), 0);
    recovery = resume(own, &session);
    assert_int_equal(access(own, F_OK), 0);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(files(other), 1);
    assert_true(recovery_end(recovery));
    session_free(session);
    assert_int_equal(unlink(own), 0);
    remove_files();
}

static void follows_any_way(void **state)
{
    static const char *const lines[] = {"ratio conv1 0.1",
                                        "ratio inner 0.2",
                                        "prune l1 0.4",
                                        "prune l2 0.2",
                                        "unprune all",
                                        "set gamma 3",
                                        "score l1",
                                        "undo",
                                        "undo",
                                        "undo 2",
                                        "redo",
                                        "redo 2",
                                        "load example",
                                        "set gamma 0.5"};
    struct random_state random;
    (void)state;
    random_seed(&random, 7, 0);
    struct session *session = new_session("load example; prune l1 0.1");
    struct recovery *recovery = recovery_new(session, NULL);
    for (int i = 0; i < 300; i++) {
        char path[PATH_SIZE];
        struct reply reply = {0};
        struct error error = {0}, noted = {0};
        const char *line = lines[random_below(&random, sizeof lines / sizeof *lines)];
        status code = run_with(session, line, &reply, NULL, &error);
        if (code == STATUS_OK)
            assert_int_equal(recovery_note(recovery, session, &reply, &noted), STATUS_OK);
        reply_free(&reply);
        struct unsaved_work work = recovery_unsaved(recovery);
        if (work.other)
            agrees(session, 0);
        else
            assert_int_equal(files(path), 0);
    }
    recovery_end(recovery);
    session_free(session);
    remove_files();
}

/* Two programs, and one that ended: each has its own. */
static void side_by_side(void **state)
{
    char path[PATH_SIZE];
    struct session *one = new_session("load example"), *other = new_session("load example");
    struct recovery *first = recovery_new(one, NULL), *second = recovery_new(other, NULL);
    struct unsaved_list list;
    struct error error = {0};
    (void)state;
    run(first, one, "prune l1 0.1");
    run(second, other, "prune l1 0.2");
    assert_int_equal(files(path), 2);
    assert_int_equal(unsaved_list(&list, &error), STATUS_OK);
    assert_int_equal(list.count, 0);
    unsaved_list_free(&list);
    assert_true(recovery_end(first));
    assert_int_equal(unsaved_list(&list, &error), STATUS_OK);
    assert_int_equal(list.count, 1);
    unlink(list.items[0].path);
    unsaved_list_free(&list);
    agrees(other, 0);
    run(second, other, "undo");
    assert_int_equal(files(path), 0);
    assert_false(recovery_end(second));
    session_free(one);
    session_free(other);
}

static void limit_files(rlim_t size)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Wherever the disk is full: it is told once, work goes on, and when there is room again all is there. */
static void full_disk(void **state)
{
    char path[PATH_SIZE];
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    for (rlim_t room = 0; room < 300; room += 7) {
        struct session *session = new_session("load example");
        struct recovery *recovery = recovery_new(session, NULL);
        struct error error = {0}, again = {0};
        run(recovery, session, "ratio conv1 0.1");
        assert_int_equal(files(path), 1);
        struct stat about;
        assert_int_equal(stat(path, &about), 0);
        limit_files((rlim_t)about.st_size + room);
        int told = 0;
        for (int i = 0; i < 12; i++) {
            run_line(session, i % 2 ? "ratio conv1 0.2" : "ratio conv1 0.3");
            told += recovery_note(recovery, session, NULL, i ? &again : &error) != STATUS_OK;
        }
        limit_files(RLIM_INFINITY);
        assert_int_equal(told, 1);
        run(recovery, session, "undo 3");
        agrees(session, 0);
        run(recovery, session, "prune l1 0.5");
        agrees(session, 0);
        recovery_end(recovery);
        session_free(session);
        remove_files();
    }
    signal(SIGXFSZ, SIG_DFL);
}

static int set_up(void **state)
{
    (void)state;
    return state_home_make(home, folder, sizeof folder);
}

static int tear_down(void **state)
{
    (void)state;
    return state_home_remove(home, folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_while_there_is_work),
        cmocka_unit_test(resumed),
        cmocka_unit_test(resumed_from_what_stays),
        cmocka_unit_test(follows_any_way),
        cmocka_unit_test(side_by_side),
        cmocka_unit_test(full_disk),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
