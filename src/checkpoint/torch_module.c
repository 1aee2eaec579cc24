/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The names of tensors in dicts and modules. A module keeps its parameters, buffers and modules in dicts of
 * its attributes; TorchScript keeps all three among the attributes themselves. */
#include "checkpoint/torch_module.h"

#include <string.h>
#include "base/text.h"
#include "checkpoint/torch.h"

enum { DEEPEST_MODULE = 100, LONGEST_NAME = 4096, MOST_ATTRIBUTES = 4096 };

/* --- What is a module ----------------------------------------------------------------------------------- */

/* A dict, or NULL. An object with slots has a tuple of two. */
static const struct pickle_value *attributes_of(const struct pickle_value *value)
{
    const struct pickle_value *state = value->kind == PICKLE_RECORD ? value->record.state : NULL;
    if (state && state->kind == PICKLE_TUPLE)
        state = pickle_item(state, 0);
    bool attributes = state && state->kind == PICKLE_DICT && state->list.count <= 2 * MOST_ATTRIBUTES;
    return attributes ? state : NULL;
}

static bool is_script(const struct pickle_value *value)
{
    const struct pickle_value *class = value->kind == PICKLE_RECORD ? value->record.callable : NULL;
    return class && class->kind == PICKLE_CLASS && strncmp(class->class.module, "__torch__", 9) == 0;
}

static bool is_dict(const struct pickle_value *value)
{
    return value && value->kind == PICKLE_DICT;
}

bool torch_is_module(const struct pickle_value *value)
{
    const struct pickle_value *attributes = attributes_of(value);
    return attributes && (is_script(value) || (is_dict(pickle_get(attributes, "_parameters")) &&
                                               is_dict(pickle_get(attributes, "_modules"))));
}

const char *torch_class_name(struct arena *arena, const struct pickle_value *callable)
{
    /* Files of old hold the class as a persistent id ("module", class, its source). */
    if (callable->kind == PICKLE_PERSISTENT && pickle_length(callable->id) >= 2)
        callable = pickle_item(callable->id, 1);
    if (callable->kind != PICKLE_CLASS)
        return "a module";
    return arena_format(arena, "%s.%s", callable->class.module, callable->class.name);
}

/* --- Names ---------------------------------------------------------------------------------------------- */

/* `prefix` and a key. NULL with the error set. */
static const char *join(struct torch_weights *weights, const char *prefix, const struct pickle_value *key,
                        const char *behind, struct error *error)
{
    size_t length = key->text.length;
    if (strlen(key->text.data) != length || !utf8_valid(key->text.data, length)) {
        error_set(error, STATUS_FILE, "a name is no text: %s", key->text.data);
        return NULL;
    }
    if (length + strlen(prefix) > LONGEST_NAME) {
        error_set(error, STATUS_FILE, "a name of %zu bytes", length + strlen(prefix));
        return NULL;
    }
    const char *name = arena_format(weights->arena, "%s%s%s", prefix, key->text.data, behind);
    if (!name)
        error_memory(error);
    return name;
}

static status add(struct torch_weights *weights, const char *name, const struct pickle_value *value,
                  struct error *error)
{
    if (!mem_grow(&weights->list, &weights->capacity, weights->count + 1, sizeof *weights->list))
        return error_memory(error);
    weights->list[weights->count++] = (struct torch_weight){name, value};
    return STATUS_OK;
}

static bool contains(const struct pickle_value *set, const struct pickle_value *key)
{
    if (!set || (set->kind != PICKLE_SET && set->kind != PICKLE_LIST))
        return false;
    for (size_t i = 0; i < set->list.count; i++)
        if (set->list.items[i]->kind == PICKLE_STRING && pickle_is_string(key, set->list.items[i]->text.data))
            return true;
    return false;
}

/* The tensors of a dict; `without`: a set of keys, or NULL. */
static status add_tensors(struct torch_weights *weights, const char *prefix, const struct pickle_value *dict,
                          const struct pickle_value *without, struct error *error)
{
    for (size_t i = 0; is_dict(dict) && i < dict->list.count; i += 2) {
        const struct pickle_value *key = dict->list.items[i], *value = dict->list.items[i + 1];
        if (key->kind != PICKLE_STRING || !torch_is_tensor(value) || contains(without, key))
            continue;
        const char *name = join(weights, prefix, key, "", error);
        if (!name || add(weights, name, value, error) != STATUS_OK)
            return error->code;
    }
    return STATUS_OK;
}

static status add_module(struct torch_weights *weights, const char *prefix, const struct pickle_value *module,
                         int depth, struct error *error);

static status add_modules(struct torch_weights *weights, const char *prefix, const struct pickle_value *dict,
                          int depth, struct error *error)
{
    for (size_t i = 0; is_dict(dict) && i < dict->list.count; i += 2) {
        const struct pickle_value *key = dict->list.items[i], *value = dict->list.items[i + 1];
        if (key->kind != PICKLE_STRING || !torch_is_module(value))
            continue;
        const char *inner = join(weights, prefix, key, ".", error);
        if (!inner || add_module(weights, inner, value, depth + 1, error) != STATUS_OK)
            return error->code;
    }
    return STATUS_OK;
}

/* As deep as DEEPEST_MODULE. */
static status add_module(struct torch_weights *weights, const char *prefix, const struct pickle_value *module,
                         int depth, struct error *error)
{
    const struct pickle_value *attributes = attributes_of(module);
    if (depth > DEEPEST_MODULE)
        return error_set(error, STATUS_FILE, "modules are nested more than %d deep", DEEPEST_MODULE);
    if (++weights->visits > weights->most_visits)
        return error_set(error, STATUS_FILE, "its modules contain each other too often");
    const struct pickle_value *parameters = attributes, *buffers = NULL, *modules = attributes;
    if (!is_script(module)) {
        parameters = pickle_get(attributes, "_parameters");
        buffers = pickle_get(attributes, "_buffers");
        modules = pickle_get(attributes, "_modules");
    }
    status code = add_tensors(weights, prefix, parameters, NULL, error);
    if (code == STATUS_OK)
        code = add_tensors(weights, prefix, buffers, pickle_get(attributes, "_non_persistent_buffers_set"),
                           error);
    return code ? code : add_modules(weights, prefix, modules, depth, error);
}

size_t torch_count_tensors(const struct pickle_value *dict)
{
    size_t count = 0;
    for (size_t i = 0; i < dict->list.count; i += 2)
        count += dict->list.items[i]->kind == PICKLE_STRING && torch_is_tensor(dict->list.items[i + 1]);
    return count;
}

status torch_collect(struct torch_weights *weights, const struct pickle_value *value, struct error *error)
{
    return value->kind == PICKLE_DICT ? add_tensors(weights, "", value, NULL, error)
                                      : add_module(weights, "", value, 0, error);
}
