/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/commands/session_criteria.h"

#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/status.h"
#include "score/criterion.h"
#include "session/recipe.h"
#include "session/reply.h"
#include "view/style.h"

/* What an object says of a file; members are NULL where it says nothing. */
struct origin {
    const char *name, *file, *digest;
};

static struct origin origin_of(const json_t *object)
{
    return (struct origin){json_string_value(json_object_get(object, "name")),
                           json_string_value(json_object_get(object, "file")),
                           json_string_value(json_object_get(object, "sha256"))};
}

/* One of a script, and the one that the session had; a digest that is not known fits any. */
static bool is_there(const struct origin *origin)
{
    const struct criterion *criterion = criterion_find(origin->name);
    return criterion && criterion->owner &&
           (!origin->digest || !*criterion->digest || strcmp(origin->digest, criterion->digest) == 0);
}

static status check_file(const struct origin *origin, struct error *error)
{
    char digest[DIGEST_SIZE];
    if (file_digest(origin->file, RECIPE_LIMIT, digest, error) != STATUS_OK)
        return error_prefix(error, "the criterion %s: ", origin->name);
    if (origin->digest && strcmp(digest, origin->digest) == 0)
        return STATUS_OK;
    return error_set(error, STATUS_FILE,
                     "%s: not the criterion %s of the session: the file's hash is %.16s, expected %.16s",
                     origin->file, origin->name, digest, origin->digest ? origin->digest : "one");
}

static status define(const struct call *call, const struct origin *origin, bool programs, struct error *error)
{
    const struct recipe_program *program = call->session->recipe_program;
    if (!origin->file)
        return error_set(error, STATUS_STATE,
                         "the criterion %s was typed, not read from a file: define it first", origin->name);
    status code = check_file(origin, error);
    if (code != STATUS_OK)
        return code;
    if (!programs || !program)
        return error_set(error, STATUS_STATE,
                         "needs the criterion %s of %s, a program: programs=yes runs it, or 'run' it first",
                         origin->name, origin->file);
    code = program->define(program->argument, origin->file, error);
    if (code == STATUS_OK && !is_there(origin))
        code =
            error_set(error, STATUS_FILE, "%s: does not define the criterion %s", origin->file, origin->name);
    return code;
}

status session_bring_criteria(const struct call *call, const json_t *command, bool programs,
                              struct error *error)
{
    const json_t *all = json_object_get(command, "criteria");
    status code = STATUS_OK;
    for (size_t i = 0; code == STATUS_OK && i < json_array_size(all); i++) {
        const struct origin origin = origin_of(json_array_get(all, i));
        if (!origin.name)
            code = error_set(error, STATUS_FILE, "a criterion without its name");
        else if (!is_there(&origin))
            code = define(call, &origin, programs, error);
    }
    return code;
}

void session_tell_recipe(const struct call *call, const json_t *command)
{
    const struct origin origin = origin_of(json_object_get(command, "recipe"));
    struct error error = {0};
    char digest[DIGEST_SIZE];
    if (!origin.file || !origin.digest)
        return;
    if (file_digest(origin.file, RECIPE_LIMIT, digest, &error) != STATUS_OK)
        reply_add(call->reply, STYLE_NOTE, "note: %s; the session has the ratios that it set", error.message);
    else if (strcmp(digest, origin.digest) != 0)
        reply_add(call->reply, STYLE_NOTE, "note: %s has changed since: the session has the ratios of then",
                  origin.file);
}
