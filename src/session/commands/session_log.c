/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Steps as JSON. */
#include "session/commands/session_log.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "score/criterion.h"
#include "session/state.h"

const char *const session_check_keys[SESSION_CHECKS] = {"model", "data", "network"};

const char *session_check_value(const struct state_names *names, int check)
{
    return check == 0 ? names->model : check == 1 ? names->data : names->network;
}

static void add_checks(struct document *document, json_t *object, const struct history *history, int step)
{
    struct state_names names, before;
    history_names(history, step, &names);
    history_names(history, step - 1, &before);
    for (int i = 0; i < SESSION_CHECKS; i++) {
        const char *now = session_check_value(&names, i);
        if (*now && strcmp(now, session_check_value(&before, i)) != 0)
            document_set(document, object, session_check_keys[i], json_string(now));
    }
}

/* A file and what it was. */
static json_t *file_object(struct document *document, const char *path, const char *digest)
{
    json_t *object = json_object();
    document_set(document, object, "file", document_string(path));
    document_set(document, object, "sha256", json_string(digest));
    return object;
}

/* Criteria that must be there before the command is run. */
static void add_criteria(struct document *document, json_t *command, const struct history_step *step)
{
    if (!step->criteria_count)
        return;
    json_t *all = json_array();
    for (int i = 0; i < step->criteria_count; i++) {
        const struct criterion *criterion = step->criteria[i];
        json_t *object =
            criterion->file ? file_object(document, criterion->file, criterion->digest) : json_object();
        document_set(document, object, "name", json_string(criterion->name));
        document_append(document, all, object);
    }
    document_set(document, command, "criteria", all);
}

/* "DIGEST PATH" behind "#recipe ". */
static json_t *recipe_object(struct document *document, char *text)
{
    const char *digest = strsep(&text, " ");
    return file_object(document, text ? text : "", digest);
}

int session_log_step(struct document *document, json_t *commands, const struct history *history, int step)
{
    static const char recipe_mark[] = "#recipe ";
    const struct history_step *from = &history->steps[step];
    char *copy = mem_string(from->log ? from->log : from->line), *rest = copy;
    json_t *recipe = NULL;
    int count = 0;
    document->failed |= !copy;
    /* A log is lines; a line by itself is one command, whatever is in the names of its files. */
    for (char *line; rest && (line = from->log ? strsep(&rest, "\n") : rest);) {
        if (line == rest)
            rest = NULL;
        if (strncmp(line, recipe_mark, sizeof recipe_mark - 1) == 0)
            recipe = recipe_object(document, line + sizeof recipe_mark - 1);
        if (!*line || *line == '#')
            continue;
        json_t *object = json_object();
        document_set(document, object, "line", document_string(line));
        if (recipe)
            document_set(document, object, "recipe", recipe);
        recipe = NULL;
        if (!count)
            add_criteria(document, object, from);
        if (!rest || !*rest)
            add_checks(document, object, history, step);
        document_append(document, commands, object);
        count++;
    }
    json_decref(recipe);
    mem_free(copy);
    return count;
}
