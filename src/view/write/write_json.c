/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figures as JSON through jansson; what is written is described in write.h. Its memory comes from our
 * allocator for as long as a document is built, so that a failed allocation shows there too. */
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "view/figure.h"
#include "view/figure_kind.h"
#include "view/json_values.h"
#include "view/write/write.h"

enum { REAL_DIGITS = 17 };

static json_t *figure_object(struct json *json, const struct figure *figure)
{
    const struct figure_kind_row *kind = figure_kind_row(figure->kind);
    json_t *object = json_object(), *facts = json_object();
    for (int i = 0; i < figure->fact_count; i++) {
        struct text key = {0};
        text_add_escaped(&key, figure->facts[i].key, 0);
        json->failed = json->failed || key.failed;
        member_add(json, facts, text_data(&key), value_text(figure_fact_value(&figure->facts[i])));
        text_free(&key);
    }
    member_add(json, object, "figure", value_text(figure->name));
    member_add(json, object, "kind", json_string(kind->name));
    member_add(json, object, "title", value_text(figure->title));
    member_add(json, object, "facts", facts);
    member_add(json, object, "notes", value_texts(json, figure->notes, figure->note_count));
    kind->json(json, object, figure);
    return object;
}

static int take_bytes(const char *bytes, size_t count, void *out)
{
    text_add_bytes(out, bytes, count);
    return ((struct text *)out)->failed ? -1 : 0;
}

static bool write_document(const struct figure *const *figures, int count, struct text *out)
{
    struct json json = {0};
    json_t *root = json_object(), *list = json_array();
    for (int i = 0; i < count && !json.failed; i++)
        element_add(&json, list, figure_object(&json, figures[i]));
    member_add(&json, root, "figures", list);
    const size_t flags = JSON_ENSURE_ASCII | JSON_REAL_PRECISION(REAL_DIGITS);
    bool done = root && !json.failed && json_dump_callback(root, take_bytes, out, flags) == 0;
    json_decref(root);
    text_add(out, "\n");
    return done && !out->failed;
}

static void *json_memory(size_t bytes)
{
    return mem_new(bytes, 1);
}

status write_json(const struct figure *const *figures, int count, struct text *out, struct error *error)
{
    size_t before = out->length;
    for (int i = 0; i < count; i++) {
        status code = figure_check(figures[i], error);
        if (code != STATUS_OK)
            return code;
    }
    json_malloc_t old_malloc;
    json_free_t old_free;
    json_get_alloc_funcs(&old_malloc, &old_free);
    json_set_alloc_funcs(json_memory, mem_free);
    bool done = write_document(figures, count, out);
    json_set_alloc_funcs(old_malloc, old_free);
    if (done)
        return STATUS_OK;
    if (out->data) {
        out->length = before;
        out->data[before] = '\0';
    }
    return error_memory(error);
}
