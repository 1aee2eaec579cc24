/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of kinds of layers and of their settings. */
#include "architecture/step_kind.h"

#include <string.h>

static const struct step_kind *const tables[] = {layers_weighted, layers_elementwise, layers_spatial,
                                                 layers_channels};

const struct step_kind *step_kind_at(int index)
{
    for (size_t i = 0; index >= 0 && i < sizeof tables / sizeof *tables; i++) {
        for (const struct step_kind *kind = tables[i]; kind->name; kind++) {
            if (index-- == 0)
                return kind;
        }
    }
    return NULL;
}

const struct step_kind *step_kind_find(const char *name)
{
    for (int i = 0; step_kind_at(i); i++) {
        if (strcmp(step_kind_at(i)->name, name) == 0)
            return step_kind_at(i);
    }
    return NULL;
}

enum { MOST_CHANNELS = 1 << 24, MOST_PIXELS = 1 << 16 };

static const struct setting_row settings[LAYER_SETTINGS] = {
    [SETTING_CHANNELS] = {"channels", false, false, 1, MOST_CHANNELS, true},
    [SETTING_KERNEL] = {"kernel", true, false, 1, MOST_PIXELS, true},
    [SETTING_STRIDE] = {"stride", true, false, 1, MOST_PIXELS, true},
    [SETTING_PADDING] = {"padding", true, false, SAME_PADDING, MOST_PIXELS, true},
    [SETTING_DILATION] = {"dilation", true, false, 1, MOST_PIXELS, true},
    [SETTING_GROUPS] = {"groups", false, false, 1, MOST_CHANNELS, true},
    [SETTING_BIAS] = {"bias", false, true, 0, 1, true},
    [SETTING_EPSILON] = {"epsilon", false, false, 0, 1, false},
    [SETTING_CEIL] = {"ceil", false, true, 0, 1, true},
    [SETTING_COUNT_PADDING] = {"count_padding", false, true, 0, 1, true},
    [SETTING_SIZE] = {"size", true, false, 1, MOST_PIXELS, true},
    [SETTING_BEFORE] = {"before", false, false, 0, MOST_CHANNELS, true},
    [SETTING_AFTER] = {"after", false, false, 0, MOST_CHANNELS, true},
    [SETTING_SLOPE] = {"slope", false, false, -1e6, 1e6, false},
};

const struct setting_row *layer_setting_row(enum layer_setting setting)
{
    return &settings[setting];
}
