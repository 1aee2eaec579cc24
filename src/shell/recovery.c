/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list of the steps that lead to the present state, compared with the history after each command. */
#include "shell/recovery.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "session/commands/document.h"
#include "session/commands/session_log.h"
#include "session/commands/unsaved.h"
#include "session/history.h"
#include "session/pruning.h"
#include "session/state.h"
#include "session/version.h"
#include "shell/disk_sync.h"

enum step_kind { STEP_SETTING, STEP_WORK, STEP_RATIO, STEP_SELECTION };

struct recovered_step {
    long serial;  /* in the history */
    int commands; /* in the file, known once it was written */
    enum step_kind kind;
};

struct recovery {
    struct recovered_step *steps; /* from the beginning of the log to the present state */
    int count;
    size_t capacity;
    long beginning; /* serial of the step that the log begins behind */
    int saved;      /* the first so many are in a session file, or were there at the start */
    int exported;   /* as far as a network was written, or more */
    int written;    /* are in our file */
    bool shortened; /* steps in our file were undone, or its last line was cut off */
    long measured, measured_saved, measured_written; /* serials of measurements */
    char *path;                                      /* our file; NULL: none yet */
    int descriptor;                                  /* -1 likewise */
    size_t size;                                     /* bytes in it */
    struct disk_sync *sync;                          /* brings it to the disk; NULL: nobody does */
    char *replaced;                                  /* what goes when ours is written; NULL: nothing */
    bool told;                                       /* that it cannot be written */
};

/* --- what a step did ------------------------------------------------------------------------------------ */

static bool names_differ(const struct history *history, int step)
{
    struct state_names names, before;
    history_network_names(history, step, &names);
    history_network_names(history, step - 1, &before);
    return strcmp(names.network, before.network) != 0 && strcmp(names.model, before.model) == 0;
}

static enum step_kind kind_of(const struct history *history, int step)
{
    if (names_differ(history, step))
        return STEP_SELECTION;
    if (step - 1 < history->oldest)
        return STEP_WORK;
    const struct state *now = &history->steps[step].state, *before = &history->steps[step - 1].state;
    if (now->model == before->model && now->pruning != before->pruning)
        return STEP_RATIO;
    bool same = now->model == before->model && now->dataset == before->dataset && now->board == before->board;
    return same ? STEP_SETTING : STEP_WORK;
}

struct unsaved_work recovery_unsaved(const struct recovery *recovery)
{
    struct unsaved_work work = {0};
    if (!recovery)
        return work;
    for (int i = recovery->saved; i < recovery->count; i++) {
        enum step_kind kind = recovery->steps[i].kind;
        work.selections += kind == STEP_SELECTION && i >= recovery->exported;
        work.ratios += kind == STEP_RATIO && i >= recovery->exported;
        work.other |= kind != STEP_SETTING;
    }
    work.other |= recovery->measured > recovery->measured_saved;
    return work;
}

/* --- the file ------------------------------------------------------------------------------------------- */

static void close_file(struct recovery *recovery, bool remove)
{
    disk_sync_settle(recovery->sync); /* the lock goes with the last descriptor */
    if (recovery->path && remove)
        unlink(recovery->path);
    if (recovery->descriptor >= 0)
        close(recovery->descriptor);
    mem_free(recovery->path);
    recovery->path = NULL;
    recovery->descriptor = -1;
    recovery->size = 0;
    recovery->written = 0;
    recovery->measured_written = 0;
    recovery->shortened = false;
}

/* A file of that name that nobody has. */
static status create(struct recovery *recovery, const char *folder, struct error *error)
{
    char stamp[32];
    time_t now = time(NULL);
    struct tm parts;
    strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", localtime_r(&now, &parts));
    for (int i = 0; i < 10; i++) {
        mem_free(recovery->path);
        recovery->path = mem_format("%s/%s-%ld%.*s.session", folder, stamp, (long)getpid(), i, "+++++++++");
        if (!recovery->path)
            return error_memory(error);
        recovery->descriptor = open(recovery->path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
        if (recovery->descriptor >= 0 || errno != EEXIST)
            break;
    }
    if (recovery->descriptor < 0)
        return file_error(error, recovery->path, errno);
    return unsaved_lock(recovery->descriptor)
               ? STATUS_OK
               : error_set(error, STATUS_FILE, "%s: it cannot be locked", recovery->path);
}

/* --- lines ---------------------------------------------------------------------------------------------- */

static int add_bytes(const char *bytes, size_t size, void *text)
{
    text_add_bytes(text, bytes, size);
    return ((struct text *)text)->failed ? -1 : 0;
}

static void add_line(struct text *text, const json_t *object)
{
    if (json_dump_callback(object, add_bytes, text, JSON_ENSURE_ASCII | JSON_COMPACT) != 0)
        text->failed = true;
    text_add(text, "\n");
}

static void add_lines(struct text *text, const json_t *array)
{
    for (size_t i = 0; i < json_array_size(array); i++)
        add_line(text, json_array_get(array, i));
}

static void add_header(struct document *document, struct text *text)
{
    json_t *object = json_object();
    document_set(document, object, "format", json_string(UNSAVED_FORMAT));
    document_set(document, object, "program", json_string(PROGRAM_NAME " " PROGRAM_VERSION));
    add_line(text, object);
    json_decref(object);
}

/* Commands before a step. */
static int commands_before(const struct recovery *recovery, int step)
{
    int count = 0;
    for (int i = 0; i < step; i++)
        count += recovery->steps[i].commands;
    return count;
}

static void add_keep(const struct recovery *recovery, struct document *document, struct text *text)
{
    json_t *object = json_object();
    document_set(document, object, "keep", json_integer(commands_before(recovery, recovery->written)));
    text_add(text, "\n"); /* a line that was cut off ends here */
    add_line(text, object);
    json_decref(object);
}

static void add_steps(struct recovery *recovery, const struct session *session, struct document *document,
                      struct text *text)
{
    const struct history *history = &session->history;
    int first = history_log(history);
    json_t *commands = json_array();
    for (int i = recovery->written; i < recovery->count; i++)
        recovery->steps[i].commands = session_log_step(document, commands, history, first + i);
    add_lines(text, commands);
    json_decref(commands);
}

static void add_measurements(const struct recovery *recovery, const struct session *session,
                             struct document *document, struct text *text)
{
    json_t *all = json_array();
    session_log_measurements(document, all, &session->measurements, recovery->measured_written);
    for (size_t i = 0; i < json_array_size(all); i++) {
        json_t *object = json_object();
        document_set(document, object, "measurement", json_incref(json_array_get(all, i)));
        add_line(text, object);
        json_decref(object);
    }
    json_decref(all);
}

/* All that our file lacks. */
static status compose(struct recovery *recovery, const struct session *session, struct text *text,
                      struct error *error)
{
    struct document document;
    document_begin(&document);
    if (recovery->size == 0)
        add_header(&document, text);
    else if (recovery->shortened)
        add_keep(recovery, &document, text);
    add_steps(recovery, session, &document, text);
    add_measurements(recovery, session, &document, text);
    bool failed = document.failed || text->failed;
    document_end(&document);
    return failed ? error_memory(error) : STATUS_OK;
}

/* `folder`: that of the file, a descriptor, or -1. */
static status append(struct recovery *recovery, const struct session *session, int folder,
                     struct error *error)
{
    struct text text = {0};
    status code = compose(recovery, session, &text, error);
    if (code == STATUS_OK)
        code = file_write_all(recovery->descriptor, recovery->path, text_data(&text), text.length, error);
    if (code == STATUS_OK) {
        disk_sync_ask(recovery->sync, recovery->descriptor, recovery->size ? -1 : folder);
        recovery->size += text.length;
        recovery->written = recovery->count;
        recovery->measured_written = recovery->measured;
    }
    recovery->shortened = code != STATUS_OK;
    text_free(&text);
    return code;
}

/* Before our file becomes larger than is read: the next one is whole, and takes its place. */
static void turn_over(struct recovery *recovery)
{
    if (recovery->size < UNSAVED_LIMIT / 2)
        return;
    char *old = recovery->path;
    recovery->path = NULL;
    close_file(recovery, false);
    if (!recovery->replaced)
        recovery->replaced = old;
    else
        mem_free(old);
}

/* The unsaved session that ours takes the place of. Whatever lies elsewhere is the user's own, and what a
 * program keeps that runs is not left: both stay. */
static void remove_replaced(struct recovery *recovery)
{
    struct unsaved_list list;
    struct stat replaced, about;
    struct error ignored = {0};
    if (!recovery->replaced)
        return;
    bool there = stat(recovery->replaced, &replaced) == 0;
    if (there && unsaved_list(&list, &ignored) == STATUS_OK) {
        for (size_t i = 0; i < list.count; i++) {
            if (stat(list.items[i].path, &about) == 0 && about.st_dev == replaced.st_dev &&
                about.st_ino == replaced.st_ino)
                unlink(list.items[i].path);
        }
        unsaved_list_free(&list);
    }
    mem_free(recovery->replaced);
    recovery->replaced = NULL;
}

static void close_descriptor(int descriptor)
{
    if (descriptor >= 0)
        close(descriptor);
}

static status write_changes(struct recovery *recovery, const struct session *session, struct error *error)
{
    int folder = -1;
    turn_over(recovery);
    if (recovery->descriptor < 0) {
        char *path = unsaved_folder(true, error);
        if (!path)
            return error->code; /* or there is none to be had */
        status code = create(recovery, path, error);
        folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        mem_free(path);
        if (code != STATUS_OK) {
            close_descriptor(folder);
            close_file(recovery, recovery->descriptor >= 0);
            return code;
        }
    }
    status code = append(recovery, session, folder, error);
    close_descriptor(folder);
    if (code != STATUS_OK && recovery->size == 0)
        close_file(recovery, true); /* a file without its first line is none */
    if (code == STATUS_OK)
        remove_replaced(recovery);
    return code;
}

/* --- following the history ------------------------------------------------------------------------------ */

static bool has_work(const struct recovery *recovery)
{
    struct unsaved_work work = recovery_unsaved(recovery);
    return work.selections || work.ratios || work.other;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Steps that are not those of the history any more. */
static void shorten(struct recovery *recovery, int count)
{
    if (recovery->written > count) {
        recovery->written = count;
        recovery->shortened = true;
    }
    recovery->count = count;
    recovery->saved = least(recovery->saved, count);
    recovery->exported = least(recovery->exported, count);
}

/* Another session begins: what there was of the one before stays where it is. */
static void begin_again(struct recovery *recovery, long beginning)
{
    shorten(recovery, 0);
    recovery->shortened = false;
    close_file(recovery, false);
    recovery->beginning = beginning;
}

static status follow(struct recovery *recovery, const struct session *session, struct error *error)
{
    const struct history *history = &session->history;
    int first = history_log(history), count = history->position - first + 1, same = 0;
    long beginning = history->steps[first - 1].serial;
    if (beginning != recovery->beginning)
        begin_again(recovery, beginning);
    while (same < count && same < recovery->count &&
           recovery->steps[same].serial == history->steps[first + same].serial)
        same++;
    shorten(recovery, same);
    if (!mem_grow(&recovery->steps, &recovery->capacity, (size_t)count, sizeof *recovery->steps))
        return error_memory(error);
    for (int i = same; i < count; i++)
        recovery->steps[i] =
            (struct recovered_step){history->steps[first + i].serial, 0, kind_of(history, first + i)};
    recovery->count = count;
    recovery->measured = session->measurements.serial;
    return STATUS_OK;
}

static void note_kept(struct recovery *recovery, const struct reply *reply)
{
    if (reply->kept == KEPT_NETWORK)
        recovery->exported = recovery->count;
    if (reply->kept == KEPT_SESSION) {
        recovery->saved = recovery->count;
        recovery->measured_saved = recovery->measured;
    }
    char *resumed = reply->resumed ? mem_string(reply->resumed) : NULL;
    if (resumed) {
        mem_free(recovery->replaced);
        recovery->replaced = resumed;
    }
}

/* --- the whole ------------------------------------------------------------------------------------------ */

struct recovery *recovery_new(const struct session *session, const char *resumed)
{
    struct error ignored = {0};
    struct recovery *recovery = mem_new(1, sizeof *recovery);
    if (!recovery)
        return NULL;
    recovery->descriptor = -1;
    recovery->beginning = -1;
    recovery->sync = disk_sync_new();
    if (resumed) {
        recovery->replaced = mem_string(resumed);
        recovery_note(recovery, session, NULL, &ignored);
    } else if (follow(recovery, session, &ignored) == STATUS_OK) {
        recovery->saved = recovery->count;
        recovery->measured_saved = recovery->measured;
    }
    return recovery;
}

status recovery_note(struct recovery *recovery, const struct session *session, const struct reply *reply,
                     struct error *error)
{
    status code = follow(recovery, session, error);
    if (code == STATUS_OK && reply)
        note_kept(recovery, reply);
    bool current = recovery->written == recovery->count && recovery->measured_written == recovery->measured &&
                   !recovery->shortened;
    if (code != STATUS_OK)
        ;
    else if (!has_work(recovery))
        close_file(recovery, true);
    else if (recovery->descriptor < 0 || !current)
        code = write_changes(recovery, session, error);
    if (code == STATUS_OK || recovery->told)
        return STATUS_OK;
    recovery->told = true;
    return error_prefix(error, "the session is not kept for the case that the program ends: ");
}

bool recovery_end(struct recovery *recovery)
{
    if (!recovery)
        return false;
    bool kept = recovery->path && has_work(recovery);
    close_file(recovery, !kept);
    disk_sync_free(recovery->sync);
    mem_free(recovery->replaced);
    mem_free(recovery->steps);
    mem_free(recovery);
    return kept;
}
