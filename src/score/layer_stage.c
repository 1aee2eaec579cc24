/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stages are found by name alone. */
#include "score/layer_stage.h"

#include <string.h>

#include "score/layer.h"

static const char separators[] = "./";

size_t layer_stage_length(const char *name)
{
    size_t start = strspn(name, separators);
    return start + strcspn(name + start, separators);
}

bool layer_in_stage(const char *name, const char *word)
{
    size_t length = strlen(word);
    return length > strspn(word, separators) && strncmp(name, word, length) == 0 && name[length] &&
           strchr(separators, name[length]);
}

int layers_below(const struct layers *layers, const char *word)
{
    int count = 0;
    for (int i = 0; i < layers->count; i++)
        count += layer_in_stage(layers->items[i].name, word);
    return count;
}

int layers_in_stage(const struct layers *layers, const char *word)
{
    return layers_index(layers, word) >= 0 ? 0 : layers_below(layers, word);
}
