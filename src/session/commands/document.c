/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading and writing JSON. */
#include "session/commands/document.h"

#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

static const size_t document_limit = (size_t)16 << 20;

/* jansson does not always say that it ran out of memory. */
static bool ran_out;

static void *json_memory(size_t size)
{
    void *memory = mem_new(size, 1);
    ran_out |= !memory;
    return memory;
}

static void take_memory(struct document *document)
{
    ran_out = false;
    json_get_alloc_funcs(&document->old_malloc, &document->old_free);
    json_set_alloc_funcs(json_memory, mem_free);
}

void document_begin(struct document *document)
{
    *document = (struct document){0};
    take_memory(document);
    document->root = json_object();
    document->failed = !document->root;
}

bool document_ran_out(void)
{
    return ran_out;
}

void document_end(struct document *document)
{
    json_decref(document->root);
    json_set_alloc_funcs(document->old_malloc, document->old_free);
    *document = (struct document){0};
}

void document_set(struct document *document, json_t *object, const char *key, json_t *value)
{
    if (!value || json_object_set_new(object, key, value) != 0)
        document->failed = true;
}

void document_append(struct document *document, json_t *array, json_t *value)
{
    if (!value || json_array_append_new(array, value) != 0)
        document->failed = true;
}

json_t *document_string(const char *text)
{
    if (utf8_valid(text, strlen(text)))
        return json_string(text);
    struct text escaped = {0};
    text_add_escaped(&escaped, text, 0);
    json_t *value = escaped.failed ? NULL : json_string(text_data(&escaped));
    text_free(&escaped);
    return value;
}

static int add_bytes(const char *bytes, size_t size, void *text)
{
    text_add_bytes(text, bytes, size);
    return ((struct text *)text)->failed ? -1 : 0;
}

status document_write(const struct document *document, const char *path, bool indent, struct error *error)
{
    struct text text = {0};
    size_t flags = JSON_ENSURE_ASCII | (indent ? JSON_INDENT(1) : JSON_COMPACT);
    bool failed = document->failed || json_dump_callback(document->root, add_bytes, &text, flags) != 0;
    text_add(&text, "\n");
    status code =
        failed || text.failed ? error_memory(error) : file_replace(path, text.data, text.length, error);
    text_free(&text);
    return code;
}

status document_read(const char *path, struct document *document, struct error *error)
{
    unsigned char *data;
    size_t size;
    json_error_t problem;
    status code = file_read(path, document_limit, &data, &size, error);
    if (code != STATUS_OK)
        return code;
    *document = (struct document){0};
    take_memory(document);
    document->root = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, &problem);
    mem_free(data);
    if (ran_out)
        code = error_memory(error);
    else if (!document->root)
        code = error_set(error, STATUS_FILE, "%s:%d: this is no JSON: %s", path, problem.line, problem.text);
    else if (!json_is_object(document->root))
        code = error_set(error, STATUS_FILE, "%s: a JSON object is expected", path);
    if (code != STATUS_OK)
        document_end(document);
    return code;
}
