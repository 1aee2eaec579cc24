/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/networks.h"

#include <string.h>

#include "architecture/architecture.h"
#include "architecture/table.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "session/recipe.h"
#include "session/session.h"
#include "session/words/word_list.h"

status networks_bring(const struct session *session, struct text *problems, struct error *error)
{
    const struct recipe_program *program = session->recipe_program;
    return program && program->networks ? program->networks(program->argument, problems, error) : STATUS_OK;
}

void networks_bring_for(const struct value_scope *scope)
{
    struct text ignored = {0};
    struct error error = {0};
    networks_bring(scope->session, &ignored, &error);
    text_free(&ignored);
}

/* "resnet20" is the end of "cifar-resnet20": nearer than any other word. */
static const char *ending_with(const struct architecture_list *all, const char *name)
{
    const size_t length = strlen(name);
    for (int i = 0; i < all->count; i++) {
        const char *other = all->items[i]->name, *hyphen = other + strlen(other);
        if ((size_t)(hyphen - other) > length && (hyphen -= length + 1)[0] == '-' &&
            strcmp(hyphen + 1, name) == 0)
            return other;
    }
    return NULL;
}

static status refuse_name(const char *name, struct error *error)
{
    struct architecture_list all;
    struct word_list words = {0};
    status code = architecture_list_all(&all, error);
    if (code != STATUS_OK)
        return code;
    const char *longer = ending_with(&all, name);
    for (int i = 0; i < all.count; i++) {
        if (!longer || all.items[i]->name == longer)
            word_list_add(&words, all.items[i]->name);
    }
    const char *hint = word_list_hint(&words, longer ? longer : name);
    code = error_set(error, STATUS_NOT_FOUND, "no network '%s' is described%s", name,
                     *hint ? hint : ": 'networks' lists them");
    word_list_free(&words);
    architecture_list_free(&all);
    return code;
}

status networks_named(const char *name, struct architecture_list *list, struct error *error)
{
    if (!name)
        return architecture_list_all(list, error);
    struct architecture *found = architecture_table_find(name);
    if (!found)
        return refuse_name(name, error);
    list->items = mem_new(1, sizeof(struct architecture *));
    if (!list->items) {
        architecture_free(found);
        return error_memory(error);
    }
    list->items[0] = found;
    list->count = 1;
    return STATUS_OK;
}

status image_size_parse(const char *text, int64_t size[2], struct error *error)
{
    enum { MOST = 1 << 16 };
    const char *by = strchr(text, 'x');
    char *height = by ? mem_format("%.*s", (int)(by - text), text) : mem_string(text);
    if (!height)
        return error_memory(error);
    bool valid = text_to_integer(height, &size[0]) && text_to_integer(by ? by + 1 : height, &size[1]);
    mem_free(height);
    return valid && size[0] >= 1 && size[0] <= MOST && size[1] >= 1 && size[1] <= MOST
               ? STATUS_OK
               : error_set(error, STATUS_RANGE,
                           "'%s' is no size of images: pixels, or height and width as in 224x320", text);
}
