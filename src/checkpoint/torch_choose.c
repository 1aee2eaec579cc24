/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which of all that a file holds are the weights. */
#include "checkpoint/torch_choose.h"

#include <string.h>
#include "base/memory.h"
#include "base/text.h"
#include "pickle/numpy.h"
#include "pickle/pickle.h"
#include "pickle/walk.h"

/* A dict or module with tensors. */
struct candidate {
    const struct pickle_value *value;
    const char *path;
    size_t tensors;
};

struct search {
    struct torch_weights *weights; /* used to count the tensors of modules */
    struct notes *notes;
    struct candidate *candidates;
    size_t count, capacity;
};

/* --- What is not known ---------------------------------------------------------------------------------- */

/* Parts of PyTorch and Python that are expected beside weights; those that end in a dot are packages. */
static bool is_expected(const struct pickle_class *class)
{
    static const char *const modules[] = {"torch",    "torch.",      "numpy",   "numpy.",  "collections",
                                          "builtins", "__builtin__", "_codecs", "copyreg", "copy_reg"};
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++) {
        size_t length = strlen(modules[i]);
        if (modules[i][length - 1] == '.' ? strncmp(class->module, modules[i], length) == 0
                                          : strcmp(class->module, modules[i]) == 0)
            return true;
    }
    return false;
}

static status note_class(struct search *search, const struct pickle_value *value, struct error *error)
{
    const struct pickle_value *callable = value->record.callable;
    if (callable->kind != PICKLE_CLASS || is_expected(&callable->class))
        return STATUS_OK;
    return notes_add(search->notes, error, "%s.%s: a class that is not known here, passed over",
                     callable->class.module, callable->class.name);
}

/* --- Candidates ----------------------------------------------------------------------------------------- */

static status add_candidate(struct search *search, const struct pickle_step *steps, size_t at, size_t tensors,
                            struct error *error)
{
    struct text path = {0};
    if (tensors == 0)
        return STATUS_OK;
    pickle_add_path(steps, at, &path);
    const char *copy = path.failed ? NULL : arena_string(search->weights->arena, text_data(&path));
    text_free(&path);
    if (!copy ||
        !mem_grow(&search->candidates, &search->capacity, search->count + 1, sizeof *search->candidates))
        return error_memory(error);
    search->candidates[search->count++] = (struct candidate){steps[at].value, copy, tensors};
    return STATUS_OK;
}

static status look(void *argument, const struct pickle_step *steps, size_t at, bool *descend,
                   struct error *error)
{
    struct search *search = argument;
    const struct pickle_value *value = steps[at].value;
    if (value->kind == PICKLE_DICT)
        return add_candidate(search, steps, at, torch_count_tensors(value), error);
    if (value->kind != PICKLE_RECORD)
        return STATUS_OK;
    *descend = !torch_is_tensor(value) && !numpy_is_array(value);
    if (!*descend || !torch_is_module(value))
        return *descend ? note_class(search, value, error) : STATUS_OK;
    *descend = false;
    search->weights->count = 0;
    status code = torch_collect(search->weights, value, error);
    return code ? code : add_candidate(search, steps, at, search->weights->count, error);
}

static const struct candidate *best_of(const struct search *search)
{
    const struct candidate *best = NULL;
    for (size_t i = 0; i < search->count; i++)
        if (!best || search->candidates[i].tensors > best->tensors)
            best = &search->candidates[i];
    return best;
}

/* --- Notes ---------------------------------------------------------------------------------------------- */

/* Others that might have been meant: at least half as many tensors. */
static status note_others(struct search *search, const struct candidate *best, struct error *error)
{
    status code = STATUS_OK;
    for (size_t i = 0; i < search->count && code == STATUS_OK; i++) {
        const struct candidate *other = &search->candidates[i];
        if (other != best && other->tensors >= 2 && other->tensors >= best->tensors / 2)
            code = notes_add(search->notes, error, "%s: %zu tensors too, not read",
                             *other->path ? other->path : "the top", other->tensors);
    }
    return code;
}

static status note_entries(struct search *search, const struct pickle_value *dict, struct error *error)
{
    status code = STATUS_OK;
    for (size_t i = 0; i < dict->list.count && code == STATUS_OK; i += 2) {
        const struct pickle_value *key = dict->list.items[i], *value = dict->list.items[i + 1];
        if (!torch_is_tensor(value))
            code = notes_add(search->notes, error, "%s: %s, no tensor",
                             key->kind == PICKLE_STRING ? key->text.data : pickle_kind_name(key->kind),
                             pickle_kind_name(value->kind));
        else if (key->kind != PICKLE_STRING)
            code = notes_add(search->notes, error, "a tensor whose name is %s, not read",
                             pickle_kind_name(key->kind));
    }
    return code;
}

static status note_best(struct search *search, const struct candidate *best, struct error *error)
{
    if (best->value->kind == PICKLE_DICT)
        return note_entries(search, best->value, error);
    const char *name = torch_class_name(search->weights->arena, best->value->record.callable);
    return name ? notes_add(search->notes, error,
                            "a whole module (%s): its weights are taken, its code is not", name)
                : error_memory(error);
}

static status take(struct search *search, const char **place, struct error *error)
{
    const struct candidate *best = best_of(search);
    if (!best)
        return error_set(error, STATUS_FILE, "no weights are in it: nothing maps names to tensors");
    *place = best->path;
    search->weights->count = 0;
    status code = torch_collect(search->weights, best->value, error);
    if (code == STATUS_OK)
        code = note_best(search, best, error);
    return code ? code : note_others(search, best, error);
}

status torch_choose(const struct torch_file *file, struct torch_weights *weights, const char **place,
                    struct notes *notes, struct error *error)
{
    struct search search = {.weights = weights, .notes = notes};
    weights->most_visits = 4 * (size_t)file->value_count;
    status code = pickle_walk(file->root, file->value_count, look, &search, error);
    if (code == STATUS_OK)
        code = take(&search, place, error);
    mem_free(search.candidates);
    return code;
}
