/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kinds of values: layers and parts of them. */
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "score/layer.h"
#include "session/words/layer_words.h"
#include "session/words/target_word.h"
#include "session/words/value.h"
#include "session/words/value_row.h"
#include "session/words/word_list.h"

static void add_layers(struct value_scope scope, struct word_list *list)
{
    layer_words(scope.layers, "", list);
}

static void add_stages_and_layers(struct value_scope scope, struct word_list *list)
{
    stage_words(scope.layers, list);
    add_layers(scope, list);
}

static status check_layer(const struct value_check *check, struct error *error)
{
    if (!check->scope.layers)
        return STATUS_OK;
    check->value->integer = layers_index(check->scope.layers, check->text);
    return check->value->integer < 0 ? layer_unknown(check->scope.layers, check->text, false, error)
                                     : STATUS_OK;
}

const struct value_row value_kind_layer = {
    .name = "LAYER",
    .long_text = true,
    .check = check_layer,
    .add_words = add_layers,
};

static status check_layers(const struct value_check *check, struct error *error)
{
    if (!check->scope.layers)
        return STATUS_OK;
    const struct layers *layers = check->scope.layers;
    for (int i = 0; i < layers->count; i++) {
        if (layers_match(layers, check->text, i))
            return STATUS_OK;
    }
    return layer_unknown(layers, check->text, true, error);
}

const struct value_row value_kind_layers = {
    .name = "LAYER|STAGE|GLOB",
    .long_text = true,
    .check = check_layers,
    .add_words = add_stages_and_layers,
};

/* Beside layers, stages and patterns: words for kinds of blocks. */
static status check_target(const struct value_check *check, struct error *error)
{
    return target_word_find(check->text) != TARGET_NONE ? STATUS_OK : check_layers(check, error);
}

const struct value_row value_kind_target = {
    .name = "LAYER|STAGE|GLOB|streams|inner|all",
    .long_text = true,
    .word = target_word_at,
    .check = check_target,
    .add_words = add_stages_and_layers,
};

static status check_filter(const struct value_check *check, struct error *error)
{
    const char *colon = strrchr(check->text, ':');
    int64_t channel;
    if (!colon || colon == check->text || !text_to_integer(colon + 1, &channel))
        return error_set(error, STATUS_USAGE, "'%s' names no filter: write LAYER:CHANNEL, such as conv1:3",
                         check->text);
    if (!check->scope.layers)
        return STATUS_OK;
    char name[VALUE_TEXT_SIZE];
    size_t length = (size_t)(colon - check->text);
    memcpy(name, check->text, length);
    name[length] = '\0';
    const struct layers *layers = check->scope.layers;
    int index = layers_index(layers, name);
    if (index < 0)
        return layer_unknown(layers, name, false, error);
    int64_t channels = layers->items[index].channels;
    if (channel < 0 || channel >= channels)
        return error_set(error, STATUS_RANGE, "layer '%s' has no channel %lld: its channels are 0 to %lld",
                         name, (long long)channel, (long long)channels - 1);
    check->value->integer = index;
    check->value->real = (double)channel;
    return STATUS_OK;
}

static void add_filters(struct value_scope scope, struct word_list *list)
{
    layer_words(scope.layers, ":", list);
}

const struct value_row value_kind_filter = {
    .name = "LAYER:CHANNEL",
    .check = check_filter,
    .add_words = add_filters,
};
