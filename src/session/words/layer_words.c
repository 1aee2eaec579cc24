/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layers and stages as words. */
#include "session/words/layer_words.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "score/layer.h"
#include "score/layer_stage.h"
#include "session/words/word_list.h"

void layer_words(const struct layers *layers, const char *suffix, struct word_list *list)
{
    for (int i = 0; layers && i < layers->count; i++) {
        char *word = mem_format("%s%s", layers->items[i].name, suffix);
        if (word)
            word_list_add(list, word);
        list->failed |= !word;
        mem_free(word);
    }
}

void stage_words(const struct layers *layers, struct word_list *list)
{
    size_t before = 0;
    for (int i = 0; layers && i < layers->count; i++) {
        const char *name = layers->items[i].name;
        size_t length = layer_stage_length(name);
        bool again = i && length == before && strncmp(name, layers->items[i - 1].name, length) == 0;
        before = length;
        char *stage = again ? mem_format("%.*s", (int)length, name) : NULL;
        if (stage && !word_list_has(list, stage) && layers_in_stage(layers, stage))
            word_list_add(list, stage);
        list->failed |= again && !stage;
        mem_free(stage);
    }
}

static const char *first_of_stage(const struct layers *layers, const char *stage)
{
    int first = 0;
    while (!layer_in_stage(layers->items[first].name, stage))
        first++;
    return layers->items[first].name;
}

status layer_unknown(const struct layers *layers, const char *word, bool several, struct error *error)
{
    struct word_list words = {0};
    int stage = layers_in_stage(layers, word);
    if (stage)
        return error_set(error, STATUS_USAGE,
                         "'%s' is a stage of %d layers, and one layer is wanted here, such as '%s'", word,
                         stage, first_of_stage(layers, word));
    if (several)
        stage_words(layers, &words);
    layer_words(layers, "", &words);
    const char *near = words.count ? nearest_word(word, words.items, words.count) : NULL;
    bool pattern = several && glob_is_pattern(word);
    status code =
        error_set(error, STATUS_NOT_FOUND, "no layer %s'%s': %s%s%s", pattern ? "matches " : "", word,
                  near ? "nearest is '" : "'layers' lists them", near ? near : "", near ? "'" : "");
    word_list_free(&words);
    return code;
}
