/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of words, and which words would be right for a parameter. */
#include "session/words/value.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "score/layer.h"
#include "session/words/choice.h"
#include "session/words/option.h"
#include "session/words/target_word.h"

void word_list_add(struct word_list *list, const char *word)
{
    if (list->failed)
        return;
    if (!list->arena)
        list->arena = arena_new();
    char *copy = list->arena ? arena_string(list->arena, word) : NULL;
    if (!copy || !mem_grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items)) {
        list->failed = true;
        return;
    }
    list->items[list->count++] = copy;
}

void word_list_free(struct word_list *list)
{
    arena_free(list->arena);
    mem_free(list->items);
    *list = (struct word_list){0};
}

bool word_list_has(const struct word_list *list, const char *word)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], word) == 0)
            return true;
    }
    return false;
}

const char *word_list_hint(struct word_list *list, const char *word)
{
    const char *near = list->count ? nearest_word(word, list->items, list->count) : NULL;
    if (!near)
        return "";
    const char *hint = arena_format(list->arena, ": did you mean '%s'?", near);
    return hint ? hint : "";
}

/* --- candidate words ------------------------------------------------------------------------------------ */

static void layer_words(struct value_scope scope, const char *suffix, struct word_list *list)
{
    const struct layers *layers = scope.layers;
    for (int i = 0; layers && i < layers->count; i++) {
        char *word = mem_format("%s%s", layers->items[i].name, suffix);
        if (word)
            word_list_add(list, word);
        list->failed |= !word;
        mem_free(word);
    }
}

/* Names of the files in a folder that end in `extension`, without it, each once. */
static void file_words(const char *directory, const char *extension, struct word_list *list)
{
    DIR *folder = directory ? opendir(directory) : NULL;
    if (!folder)
        return;
    for (struct dirent *entry; (entry = readdir(folder));) {
        const char *dot = strrchr(entry->d_name, '.');
        if (!dot || strcmp(dot, extension) != 0 || dot == entry->d_name)
            continue;
        char *word = mem_format("%.*s", (int)(dot - entry->d_name), entry->d_name);
        if (word && !word_list_has(list, word))
            word_list_add(list, word);
        mem_free(word);
    }
    closedir(folder);
}

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Of the folder of a file that comes with the program, and the user's folder of the same name. */
static void data_words(const char *example, const char *folder, const char *extension, struct word_list *list)
{
    struct error ignored = {0};
    char *path = NULL;
    if (file_program_data(example, &path, &ignored) == STATUS_OK) {
        char *slash = strrchr(path, '/');
        if (slash)
            *slash = '\0';
        file_words(path, extension, list);
        mem_free(path);
    }
    char *user = file_user_directory("XDG_CONFIG_HOME", ".config", 0);
    char *own = user ? path_join(user, folder) : NULL;
    file_words(own, extension, list);
    if (list->count)
        qsort(list->items, list->count, sizeof *list->items, compare_words); /* folders have no order */
    mem_free(own);
    mem_free(user);
}

static void dataset_words(struct word_list *list)
{
    for (int i = 0; dataset_kind_at(i); i++)
        word_list_add(list, dataset_kind_at(i)->name);
}

static void option_words(struct word_list *list)
{
    for (int i = 0; option_at(i); i++)
        word_list_add(list, option_at(i)->parameter.name);
}

static void criterion_words(struct value_scope scope, struct word_list *list)
{
    choice_words(list);
    for (int i = 0; scope.label && scope.label(&scope, i); i++) {
        if (!word_list_has(list, scope.label(&scope, i)))
            word_list_add(list, scope.label(&scope, i));
    }
}

void value_words(const struct parameter *parameter, struct value_scope scope, struct word_list *list)
{
    switch (parameter->kind) {
    case VALUE_BOOLEAN:
        word_list_add(list, "yes");
        word_list_add(list, "no");
        break;
    case VALUE_CHOICE:
    case VALUE_TOPIC:
        for (int i = 0; parameter->choice(i); i++)
            word_list_add(list, parameter->choice(i));
        break;
    case VALUE_INTEGER:
        if (parameter->flags & PARAMETER_AUTO)
            word_list_add(list, "auto");
        break;
    case VALUE_SIZE:
        word_list_add(list, "all");
        break;
    case VALUE_MODEL:
        word_list_add(list, "example");
        break;
    case VALUE_LAYER:
    case VALUE_LAYERS:
        layer_words(scope, "", list);
        break;
    case VALUE_FILTER:
        layer_words(scope, ":", list);
        break;
    case VALUE_CRITERION:
    case VALUE_CRITERIA:
    case VALUE_OTHER:
        criterion_words(scope, list);
        break;
    case VALUE_DATASET:
        dataset_words(list);
        break;
    case VALUE_NORMALIZATION:
        word_list_add(list, "auto");
        for (int i = 0; normalization_name_at(i); i++)
            word_list_add(list, normalization_name_at(i));
        break;
    case VALUE_OPTION:
        option_words(list);
        break;
    case VALUE_THEME:
        data_words("themes/dark.theme", "themes", ".theme", list);
        break;
    case VALUE_TARGET:
        for (int i = 0; target_word_at(i); i++)
            word_list_add(list, target_word_at(i));
        layer_words(scope, "", list);
        break;
    case VALUE_RATIO:
        word_list_add(list, "none");
        word_list_add(list, "keep");
        break;
    case VALUE_RECIPE:
        data_words("scripts/recipes/resnet56-50.recipe", "recipes", ".recipe", list);
        data_words("scripts/recipes/resnet56-50.recipe", "recipes", ".lua", list);
        break;
    case VALUE_WORD:
    case VALUE_FILE:
    case VALUE_REAL:
    case VALUE_SETTING:
    case VALUE_KINDS:
        break;
    }
}
