/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Normalisations: presets, and lists of numbers. */
#include "data/normalization.h"

#include <math.h>
#include <string.h>

#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"

/* Presets with one value serve any number of channels, unless they are for grey images. */
static const struct normalization {
    const char *name;
    int values, channels; /* channels 0: any number */
    double mean[3], std[3];
} normalizations[] = {
    {"none", 1, 0, {0}, {1}},
    {"imagenet", 3, 3, {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}},
    {"half", 1, 0, {0.5}, {0.5}},
    {"cifar", 3, 3, {0.4914, 0.4822, 0.4465}, {0.2470, 0.2435, 0.2616}},
    /* The deviations that most scripts for CIFAR-10 have: means over images of the deviation within each. */
    {"cifar-usual", 3, 3, {0.4914, 0.4822, 0.4465}, {0.2023, 0.1994, 0.2010}},
    {"cifar100", 3, 3, {0.5071, 0.4867, 0.4408}, {0.2675, 0.2565, 0.2761}},
    {"mnist", 1, 1, {0.1307}, {0.3081}},
    {"fashion-mnist", 1, 1, {0.2860}, {0.3530}},
    {"clip", 3, 3, {0.48145466, 0.4578275, 0.40821073}, {0.26862954, 0.26130258, 0.27577711}},
};
static const int normalization_count = sizeof normalizations / sizeof *normalizations;

const char *normalization_name_at(int index)
{
    return index >= 0 && index < normalization_count ? normalizations[index].name : NULL;
}

static status normalization_refused(const char *text, int channels, struct error *error)
{
    struct text names = {0};
    for (int i = 0; i < normalization_count; i++)
        text_add_format(&names, "%s, ", normalizations[i].name);
    error_set(error, STATUS_USAGE,
              "normalisation '%s': expected %sor numbers, mean/std with 1 or %d values each, as in "
              "0.5,0.5,0.5/0.2,0.2,0.2 (std above 0)",
              text, text_data(&names), channels);
    text_free(&names);
    return error->code;
}

/* Read "m1,m2,m3" up to `end`; the number of values, or 0 when it is no such list. */
static int parse_list(const char *text, const char *end, double *values)
{
    int count = 0;
    for (;;) {
        char number[64];
        size_t length = strcspn(text, ",/");
        if (count == DATASET_MAX_CHANNELS || length >= sizeof number || text + length > end)
            return 0;
        memcpy(number, text, length);
        number[length] = '\0';
        if (!text_to_double(number, &values[count]) || !isfinite(values[count]))
            return 0;
        count++;
        text += length;
        if (text == end)
            return count;
        if (*text++ != ',')
            return 0;
    }
}

static status set_values(int given, const double *from_mean, const double *from_std, int channels,
                         double *mean, double *std)
{
    for (int c = 0; c < channels; c++) {
        mean[c] = from_mean[given == 1 ? 0 : c];
        std[c] = from_std[given == 1 ? 0 : c];
    }
    return STATUS_OK;
}

status normalization_parse(const char *text, int channels, double *mean, double *std, struct error *error)
{
    for (int i = 0; i < normalization_count; i++) {
        const struct normalization *preset = &normalizations[i];
        if (strcmp(preset->name, text) != 0)
            continue;
        if (preset->channels != 0 && preset->channels != channels)
            return error_set(error, STATUS_USAGE,
                             "normalisation '%s' is for %d channel%s, the images have %d", text,
                             preset->channels, preset->channels == 1 ? "" : "s", channels);
        return set_values(preset->values, preset->mean, preset->std, channels, mean, std);
    }
    double means[DATASET_MAX_CHANNELS], stds[DATASET_MAX_CHANNELS];
    const char *slash = strchr(text, '/');
    int count = slash ? parse_list(text, slash, means) : 0;
    if (count == 0 || (count != 1 && count != channels) ||
        parse_list(slash + 1, slash + strlen(slash), stds) != count)
        return normalization_refused(text, channels, error);
    for (int i = 0; i < count; i++)
        if (!(stds[i] > 0))
            return normalization_refused(text, channels, error);
    return set_values(count, means, stds, channels, mean, std);
}
