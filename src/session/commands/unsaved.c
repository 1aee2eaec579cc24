/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where unsaved sessions are, and reading them. */
#include "session/commands/unsaved.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "session/commands/session_log.h"
#include "session/language/parse.h"

static const char extension[] = "session";
static const time_t day = (time_t)24 * 60 * 60;

/* --- the folder ----------------------------------------------------------------------------------------- */

/* May files be there, and is it there? */
static bool is_open(const char *folder)
{
    int descriptor =
        confine_folder() ? confine_open_folder(folder) : open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor >= 0)
        close(descriptor);
    return descriptor >= 0;
}

char *unsaved_folder(bool create, struct error *error)
{
    char *state = file_user_directory("XDG_STATE_HOME", ".local/state", create);
    char *folder = state ? path_join(state, "sessions") : NULL;
    mem_free(state);
    if (!folder)
        return NULL;
    bool failed = create && !confine_folder() && mkdir(folder, 0700) != 0 && errno != EEXIST;
    if (!failed && is_open(folder))
        return folder;
    if (create && !confine_folder())
        file_error(error, folder, errno);
    mem_free(folder);
    return NULL;
}

char *unsaved_path(const char *word)
{
    struct error ignored = {0};
    char *folder = strchr(word, '/') || access(word, F_OK) == 0 ? NULL : unsaved_folder(false, &ignored);
    if (!folder)
        return mem_string(word);
    const char *end = strcmp(path_extension(word), extension) == 0 ? "" : ".session";
    char *path = mem_format("%s/%s%s", folder, word, end);
    mem_free(folder);
    return path;
}

bool unsaved_lock(int descriptor)
{
    const struct timespec pause = {0, 10 * 1000000L};
    for (int i = 0; i < 20; i++) {
        if (flock(descriptor, LOCK_EX | LOCK_NB) == 0)
            return true;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return false;
        nanosleep(&pause, NULL); /* somebody looks at it */
    }
    return false;
}

/* A regular file whose program has ended. */
static bool is_left(const char *path, struct timespec *changed)
{
    struct stat about;
    int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
    bool left = descriptor >= 0 && fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode) &&
                flock(descriptor, LOCK_SH | LOCK_NB) == 0;
    if (left)
        *changed = about.st_mtim;
    if (descriptor >= 0)
        close(descriptor);
    return left;
}

bool unsaved_is_left(const char *path)
{
    struct timespec changed;
    return is_left(path, &changed);
}

static int newer_first(const void *a, const void *b)
{
    const struct unsaved *x = a, *y = b;
    if (x->changed.tv_sec != y->changed.tv_sec)
        return x->changed.tv_sec > y->changed.tv_sec ? -1 : 1;
    if (x->changed.tv_nsec != y->changed.tv_nsec)
        return x->changed.tv_nsec > y->changed.tv_nsec ? -1 : 1;
    return strcmp(x->path, y->path);
}

static status add_file(struct unsaved_list *list, const char *folder, const char *name, struct error *error)
{
    struct timespec changed;
    char *path = path_join(folder, name);
    if (!path || !mem_grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items)) {
        mem_free(path);
        return error_memory(error);
    }
    if (is_left(path, &changed))
        list->items[list->count++] = (struct unsaved){path, changed};
    else
        mem_free(path);
    return STATUS_OK;
}

status unsaved_list(struct unsaved_list *list, struct error *error)
{
    char *folder = unsaved_folder(false, error);
    DIR *stream = folder ? opendir(folder) : NULL;
    status code = STATUS_OK;
    *list = (struct unsaved_list){0};
    for (struct dirent *entry; code == STATUS_OK && stream && (entry = readdir(stream));) {
        if (*entry->d_name != '.' && strcmp(path_extension(entry->d_name), extension) == 0)
            code = add_file(list, folder, entry->d_name, error);
    }
    if (stream)
        closedir(stream);
    mem_free(folder);
    if (list->count)
        qsort(list->items, list->count, sizeof *list->items, newer_first);
    if (code != STATUS_OK)
        unsaved_list_free(list);
    return code;
}

void unsaved_list_free(struct unsaved_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        mem_free(list->items[i].path);
    mem_free(list->items);
    *list = (struct unsaved_list){0};
}

void unsaved_tidy(void)
{
    struct unsaved_list list;
    struct error ignored = {0};
    time_t now = time(NULL);
    if (unsaved_list(&list, &ignored) != STATUS_OK)
        return;
    for (size_t i = 0; i < list.count; i++) {
        if (i >= UNSAVED_MOST || now - list.items[i].changed.tv_sec > UNSAVED_DAYS * day)
            unlink(list.items[i].path);
    }
    unsaved_list_free(&list);
}

/* --- reading -------------------------------------------------------------------------------------------- */

struct reading {
    json_t *commands, *measurements;
    int damaged;  /* a line that cannot be read, 0: none */
    bool refused; /* lines behind it do not count */
};

static void keep_first(json_t *commands, json_int_t count)
{
    while ((json_int_t)json_array_size(commands) > count)
        json_array_remove(commands, json_array_size(commands) - 1);
}

/* Behind a line that was cut off only one that says what stands gives a footing again. */
static void take_line(struct reading *reading, struct document *document, json_t *object, int number)
{
    const json_t *keep = json_object_get(object, "keep");
    json_t *measurement = json_object_get(object, "measurement");
    bool fits = json_is_integer(keep) && json_integer_value(keep) >= 0 &&
                json_integer_value(keep) <= (json_int_t)json_array_size(reading->commands);
    if (fits) {
        keep_first(reading->commands, json_integer_value(keep));
        reading->damaged = 0;
    } else if (reading->damaged) {
        reading->refused = true;
    } else if (measurement) {
        document_append(document, reading->measurements, json_incref(measurement));
    } else if (json_object_get(object, "line")) {
        document_append(document, reading->commands, json_incref(object));
    } else {
        reading->damaged = number;
    }
}

static status read_lines(struct reading *reading, struct document *document, char *text, const char *path,
                         struct error *error)
{
    int number = 0;
    json_error_t problem;
    for (char *line; (line = strsep(&text, "\n"));) {
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, &problem);
        const char *format = json_string_value(json_object_get(object, "format"));
        if (document_ran_out()) {
            json_decref(object);
            return error_memory(error);
        }
        bool first = ++number == 1, good = format && strcmp(format, UNSAVED_FORMAT) == 0;
        if (first && !good) {
            json_decref(object);
            return error_set(error, STATUS_FILE,
                             "%s: this is no unsaved session: its first line is no \"%s\"", path,
                             UNSAVED_FORMAT);
        }
        if (!first && json_is_object(object) && !reading->refused)
            take_line(reading, document, object, number);
        else if (!first && *line && !reading->refused)
            reading->damaged = reading->damaged ? reading->damaged : number;
        json_decref(object);
    }
    return document->failed ? error_memory(error) : STATUS_OK;
}

status unsaved_read(const char *path, struct document *document, int *damaged, struct error *error)
{
    unsigned char *data;
    size_t size;
    status code = file_read(path, UNSAVED_LIMIT, &data, &size, error);
    if (code != STATUS_OK)
        return code;
    for (size_t i = 0; i < size; i++)
        data[i] = data[i] ? data[i] : '?'; /* NULs: what a crash of the system left in the place of a line */
    document_begin(document);
    struct reading reading = {.commands = json_array(), .measurements = json_array()};
    document_set(document, document->root, "format", json_string(SESSION_FORMAT));
    document_set(document, document->root, "commands", reading.commands);
    document_set(document, document->root, "measurements", reading.measurements);
    code = document->failed ? error_memory(error) : read_lines(&reading, document, (char *)data, path, error);
    mem_free(data);
    *damaged = reading.refused ? reading.damaged : 0;
    if (code != STATUS_OK)
        document_end(document);
    return code;
}

/* --- in words ------------------------------------------------------------------------------------------- */

static void add_age(struct text *text, time_t seconds)
{
    static const struct {
        time_t seconds;
        const char *name;
    } units[] = {{7 * 24 * 60 * 60, "week"}, {24 * 60 * 60, "day"}, {60 * 60, "hour"}, {60, "minute"}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        long count = (long)(seconds / units[i].seconds);
        if (count < 1)
            continue;
        text_add_format(text, "%ld %s%s ago", count, units[i].name, count == 1 ? "" : "s");
        return;
    }
    text_add(text, "just now");
}

/* The network of the last `load`, by its file's name. */
static void add_model(struct text *text, const json_t *commands)
{
    for (size_t i = json_array_size(commands); i > 0; i--) {
        const char *line = json_string_value(json_object_get(json_array_get(commands, i - 1), "line"));
        struct parsed_line parsed;
        struct error ignored = {0};
        if (!line || strncmp(line, "load ", 5) != 0 || parse_line(line, &parsed, &ignored) != STATUS_OK)
            continue;
        bool named = parsed.count == 1 && parsed.statements[0].count == 2;
        if (named) {
            text_add_escaped(text, path_base(parsed.statements[0].tokens[1].text), 60);
            text_add(text, ", ");
        }
        parsed_line_free(&parsed);
        if (named)
            return;
    }
}

void text_add_unsaved(struct text *text, const struct document *document, time_t changed, time_t now)
{
    const json_t *commands = json_object_get(document->root, "commands");
    size_t count = json_array_size(commands);
    add_model(text, commands);
    text_add_format(text, "%zu command%s, ", count, count == 1 ? "" : "s");
    add_age(text, now > changed ? now - changed : 0);
}
