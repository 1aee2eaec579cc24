/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of layers. PyTorch's exporter keeps parameter names where it keeps BatchNorm; where it folds
 * BatchNorm the new weights are called onnx::Conv_123, and only the node's path tells the module. */
#include "score/layer_name.h"

#include <string.h>
#include "base/memory.h"
#include "base/text.h"
#include "nn/graph/op.h"

/* "Conv" and "Conv_12" are what exporters call a Conv node inside its module. */
static bool is_operator_name(const char *part, size_t length, const struct op *op)
{
    size_t name = strlen(op->name);
    if (length < name || memcmp(part, op->name, name) != 0) {
        return false;
    }
    if (length == name) {
        return true;
    }
    return part[name] == '_' && length > name + 1 &&
           strspn(part + name + 1, "0123456789") >= length - name - 1;
}

/* Does `part` go on from `previous`, as features.0 from features? */
static bool continues(const char *part, size_t length, const char *previous, size_t previous_length)
{
    return previous_length > 0 && length > previous_length + 1 && part[previous_length] == '.' &&
           memcmp(part, previous, previous_length) == 0;
}

/* Join the parts of path[0..end) into `name`. */
static void join_path(const char *path, size_t end, struct text *name)
{
    const char *previous = "";
    size_t previous_length = 0, position = 0;
    while (position < end) {
        const char *part = path + position;
        const char *slash = memchr(part, '/', end - position);
        size_t length = slash ? (size_t)(slash - part) : end - position;
        position += length + 1;
        if (length == 0) {
            continue;
        }
        if (continues(part, length, previous, previous_length)) {
            text_add_bytes(name, part + previous_length, length - previous_length);
        } else {
            text_add(name, name->length > 0 ? "." : "");
            text_add_bytes(name, part, length);
        }
        previous = part;
        previous_length = length;
    }
}

const char *module_name(struct arena *arena, const char *parameter, const struct node *node)
{
    static const char suffix[] = ".weight";
    size_t length = strlen(parameter), cut = sizeof suffix - 1;
    struct text name = {0};
    if (length > cut && strcmp(parameter + length - cut, suffix) == 0) {
        text_add_bytes(&name, parameter, length - cut);
    } else {
        const char *last = strrchr(node->name, '/');
        size_t end = strlen(node->name);
        if (last && is_operator_name(last + 1, strlen(last + 1), node->op)) {
            join_path(node->name, (size_t)(last - node->name), &name);
        }
        if (last && name.length == 0) {
            join_path(node->name, end, &name);
        }
        if (name.length == 0) {
            text_add(&name, node->name);
        }
    }
    const char *result = name.failed ? NULL : arena_string(arena, text_data(&name));
    text_free(&name);
    return result;
}

struct name_entry {
    const char *name;
    uint64_t copies; /* highest number tried behind this name */
};

struct name_set {
    struct name_entry *entries;
    size_t mask;
};

struct name_set *name_set_new(size_t names)
{
    size_t size = 16;
    while (size / 2 < names) { /* at most half full */
        if (!size_multiply(size, 2, &size)) {
            return NULL;
        }
    }
    struct name_set *set = mem_new(1, sizeof *set);
    if (!set) {
        return NULL;
    }
    set->mask = size - 1;
    set->entries = mem_new(size, sizeof *set->entries);
    if (!set->entries) {
        mem_free(set);
        return NULL;
    }
    return set;
}

void name_set_free(struct name_set *set)
{
    if (set) {
        mem_free(set->entries);
        mem_free(set);
    }
}

static struct name_entry *find_entry(const struct name_set *set, const char *name)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (const char *byte = name; *byte; byte++) {
        hash = (hash ^ (unsigned char)*byte) * UINT64_C(1099511628211);
    }
    size_t slot = (size_t)(hash ^ hash >> 32) & set->mask;
    while (set->entries[slot].name && strcmp(set->entries[slot].name, name) != 0) {
        slot = (slot + 1) & set->mask;
    }
    return &set->entries[slot];
}

const char *name_set_add(struct name_set *set, struct arena *arena, const char *name)
{
    struct name_entry *entry = find_entry(set, name);
    if (!entry->name) {
        *entry = (struct name_entry){name, 1};
        return name;
    }
    for (;;) {
        entry->copies++;
        char *copy = arena_format(arena, "%s_%llu", name, (unsigned long long)entry->copies);
        if (!copy) {
            return NULL;
        }
        struct name_entry *place = find_entry(set, copy);
        if (!place->name) {
            *place = (struct name_entry){copy, 1};
            return copy;
        }
    }
}
