/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kinds of values: checks and descriptions. */
#include "session/words/value.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "data/dataset.h"
#include "data/sampler.h"
#include "score/layer.h"
#include "session/words/choice.h"
#include "session/words/option.h"
#include "session/words/target_word.h"

/* --- checks --------------------------------------------------------------------------------------------- */

struct check {
    const struct parameter *parameter;
    struct value_scope scope;
    const char *text;
    struct setting_value *value;
};

static void words_of(enum value_kind kind, struct value_scope scope, struct word_list *list)
{
    const struct parameter any = {.kind = kind};
    value_words(&any, scope, list);
}

static status refuse(const struct check *check, struct error *error)
{
    struct text expected = {0};
    struct word_list words = {0};
    parameter_add_expected(check->parameter, &expected);
    value_words(check->parameter, check->scope, &words);
    status code = error_set(error, STATUS_RANGE, "%s: '%s' is not %s%s", check->parameter->name, check->text,
                            text_data(&expected), word_list_hint(&words, check->text));
    word_list_free(&words);
    text_free(&expected);
    return code;
}

static bool in_range(const struct parameter *parameter, double number)
{
    return (parameter->flags & PARAMETER_OPEN_LOW ? number > parameter->low : number >= parameter->low) &&
           number <= parameter->high;
}

static status check_integer(const struct check *check, struct error *error)
{
    int64_t *number = &check->value->integer;
    if ((check->parameter->flags & PARAMETER_AUTO) && strcmp(check->text, "auto") == 0)
        *number = 0;
    else if (!text_to_integer(check->text, number) || !in_range(check->parameter, (double)*number))
        return refuse(check, error);
    return STATUS_OK;
}

static status check_real(const struct check *check, struct error *error)
{
    if (!text_to_double(check->text, &check->value->real) || !in_range(check->parameter, check->value->real))
        return refuse(check, error);
    return STATUS_OK;
}

static status check_boolean(const struct check *check, struct error *error)
{
    static const char *const words[] = {"no", "yes", "off", "on", "false", "true", "0", "1"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(check->text, words[i]) == 0) {
            check->value->integer = (int64_t)(i & 1);
            strcpy(check->value->text, words[i & 1]); /* shown as yes or no, however it was typed */
            return STATUS_OK;
        }
    }
    return refuse(check, error);
}

static status check_choice(const struct check *check, struct error *error)
{
    for (int i = 0; check->parameter->choice(i); i++) {
        if (strcmp(check->text, check->parameter->choice(i)) == 0) {
            check->value->integer = i;
            return STATUS_OK;
        }
    }
    return refuse(check, error);
}

static status check_size(const struct check *check, struct error *error)
{
    struct sample_options sample = {0};
    struct error inner = {0};
    if (sample_parse_size(check->text, &sample, &inner) == STATUS_OK)
        return STATUS_OK;
    return refuse(check, error);
}

static status no_layer(const struct check *check, const char *name, struct error *error)
{
    struct word_list words = {0};
    words_of(VALUE_LAYER, check->scope, &words);
    const char *near = words.count ? nearest_word(name, words.items, words.count) : NULL;
    status code = near ? error_set(error, STATUS_NOT_FOUND, "no layer '%s': nearest is '%s'", name, near)
                       : error_set(error, STATUS_NOT_FOUND, "no layer '%s': 'layers' lists them", name);
    word_list_free(&words);
    return code;
}

static status check_layer(const struct check *check, struct error *error)
{
    if (!check->scope.layers)
        return STATUS_OK;
    check->value->integer = layers_index(check->scope.layers, check->text);
    return check->value->integer < 0 ? no_layer(check, check->text, error) : STATUS_OK;
}

static status check_layers(const struct check *check, struct error *error)
{
    if (!check->scope.layers)
        return STATUS_OK;
    const struct layers *layers = check->scope.layers;
    for (int i = 0; i < layers->count; i++) {
        if (layers_match(layers, check->text, i))
            return STATUS_OK;
    }
    if (!layers_is_pattern(layers, check->text))
        return no_layer(check, check->text, error);
    struct word_list words = {0};
    words_of(VALUE_LAYER, check->scope, &words);
    const char *near = words.count ? nearest_word(check->text, words.items, words.count) : NULL;
    status code =
        near ? error_set(error, STATUS_NOT_FOUND, "no layer matches '%s': nearest is '%s'", check->text, near)
             : error_set(error, STATUS_NOT_FOUND, "no layer matches '%s': 'layers' lists them", check->text);
    word_list_free(&words);
    return code;
}

/* Beside layers and patterns: words for kinds of blocks. */
static status check_target(const struct check *check, struct error *error)
{
    return target_word_find(check->text) != TARGET_NONE ? STATUS_OK : check_layers(check, error);
}

static status check_ratio(const struct check *check, struct error *error)
{
    if (strcmp(check->text, "none") == 0 || strcmp(check->text, "keep") == 0)
        return STATUS_OK;
    if (!text_to_double(check->text, &check->value->real) || check->value->real < 0 || check->value->real > 1)
        return refuse(check, error);
    return STATUS_OK;
}

static status check_filter(const struct check *check, struct error *error)
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
        return no_layer(check, name, error);
    int64_t channels = layers->items[index].channels;
    if (channel < 0 || channel >= channels)
        return error_set(error, STATUS_RANGE, "layer '%s' has no channel %lld: its channels are 0 to %lld",
                         name, (long long)channel, (long long)channels - 1);
    check->value->integer = index;
    check->value->real = (double)channel;
    return STATUS_OK;
}

static status check_criteria(const struct check *check, struct error *error)
{
    struct choice choices[CHOICES_MAX];
    int count = 0;
    if (check->parameter->kind == VALUE_CRITERION)
        return choice_parse(check->text, &choices[0], error);
    return choices_parse(check->text, choices, &count, error);
}

static status check_dataset(const struct check *check, struct error *error)
{
    if (dataset_kind_find(check->text))
        return STATUS_OK;
    struct word_list words = {0};
    struct text kinds = {0};
    words_of(VALUE_DATASET, check->scope, &words);
    for (size_t i = 0; i < words.count; i++)
        text_add_format(&kinds, "%s%s", i ? ", " : "", words.items[i]);
    status code = error_set(error, STATUS_NOT_FOUND, "no data set kind '%s' (known: %s)%s", check->text,
                            text_data(&kinds), word_list_hint(&words, check->text));
    text_free(&kinds);
    word_list_free(&words);
    return code;
}

static status check_normalization(const struct check *check, struct error *error)
{
    double mean[DATASET_MAX_CHANNELS], std[DATASET_MAX_CHANNELS];
    if (strcmp(check->text, "auto") == 0)
        return STATUS_OK;
    /* How many channels the data has is not known yet: any number that fits will do. */
    for (int channels = 1; channels <= DATASET_MAX_CHANNELS; channels++) {
        struct error inner = {0};
        if (normalization_parse(check->text, channels, mean, std, &inner) == STATUS_OK)
            return STATUS_OK;
    }
    struct error inner = {0};
    normalization_parse(check->text, 3, mean, std, &inner);
    return error_set(error, STATUS_RANGE, "%s: %s", check->parameter->name, inner.message);
}

static status check_option(const struct check *check, struct error *error)
{
    check->value->integer = option_find(check->text);
    if (check->value->integer != OPTION_NONE)
        return STATUS_OK;
    struct word_list words = {0};
    words_of(VALUE_OPTION, check->scope, &words);
    const char *hint = word_list_hint(&words, check->text);
    status code = error_set(error, STATUS_NOT_FOUND, "no option '%s'%s", check->text,
                            *hint ? hint : ": 'set' lists them");
    word_list_free(&words);
    return code;
}

static status check_anything(const struct check *check, struct error *error)
{
    if (!*check->text)
        return error_set(error, STATUS_USAGE, "%s is empty", check->parameter->name);
    return STATUS_OK;
}

/* Files and free words may be longer than a value keeps: commands read those from the statement itself. */
static const struct {
    status (*check)(const struct check *check, struct error *error);
    bool any_length;
} checks[VALUE_KINDS] = {
    [VALUE_WORD] = {check_anything, true},
    [VALUE_FILE] = {check_anything, true},
    [VALUE_MODEL] = {check_anything, true},
    [VALUE_INTEGER] = {check_integer, false},
    [VALUE_REAL] = {check_real, false},
    [VALUE_BOOLEAN] = {check_boolean, false},
    [VALUE_CHOICE] = {check_choice, false},
    [VALUE_SIZE] = {check_size, false},
    [VALUE_LAYER] = {check_layer, true},
    [VALUE_LAYERS] = {check_layers, true},
    [VALUE_FILTER] = {check_filter, false},
    [VALUE_CRITERION] = {check_criteria, false},
    [VALUE_CRITERIA] = {check_criteria, true},
    [VALUE_DATASET] = {check_dataset, true},
    [VALUE_NORMALIZATION] = {check_normalization, false},
    [VALUE_OPTION] = {check_option, true},
    [VALUE_SETTING] = {check_anything, true},
    [VALUE_THEME] = {check_anything, false},
    [VALUE_TOPIC] = {check_anything, true},
    [VALUE_TARGET] = {check_target, true},
    [VALUE_RATIO] = {check_ratio, false},
    [VALUE_RECIPE] = {check_anything, true},
    [VALUE_OTHER] = {check_anything, true},
};

status value_parse(const struct parameter *parameter, struct value_scope scope, const char *text,
                   struct setting_value *value, struct error *error)
{
    *value = (struct setting_value){0};
    size_t length = strlen(text);
    if (length >= VALUE_TEXT_SIZE && !checks[parameter->kind].any_length)
        return error_set(error, STATUS_RANGE, "%s: '%.40s...' is too long", parameter->name, text);
    memcpy(value->text, text, length < VALUE_TEXT_SIZE ? length : VALUE_TEXT_SIZE - 1);
    struct check check = {parameter, scope, text, value};
    return checks[parameter->kind].check(&check, error);
}

/* --- descriptions --------------------------------------------------------------------------------------- */

const char *value_kind_name(enum value_kind kind)
{
    static const char *const names[] = {
#define VALUE_NAME(code, text) text,
        VALUE_LIST(VALUE_NAME)
#undef VALUE_NAME
    };
    return names[kind];
}

void parameter_add_values(const struct parameter *parameter, struct text *text)
{
    if (parameter->kind != VALUE_CHOICE) {
        text_add(text, value_kind_name(parameter->kind));
        return;
    }
    for (int i = 0; parameter->choice(i); i++)
        text_add_format(text, "%s%s", i ? "|" : "", parameter->choice(i));
}

static void add_number(const struct parameter *parameter, struct text *text)
{
    text_add(text, parameter->kind == VALUE_INTEGER ? "a whole number" : "a number");
    text_add(text, parameter->flags & PARAMETER_OPEN_LOW ? " over " : " from ");
    text_add_double(text, parameter->low);
    text_add(text, isinf(parameter->high) ? ", or inf" : " to ");
    if (!isinf(parameter->high))
        text_add_double(text, parameter->high);
    if (parameter->flags & PARAMETER_AUTO)
        text_add(text, ", or auto");
}

void parameter_add_expected(const struct parameter *parameter, struct text *text)
{
    switch (parameter->kind) {
    case VALUE_INTEGER:
    case VALUE_REAL:
        add_number(parameter, text);
        break;
    case VALUE_BOOLEAN:
        text_add(text, "yes or no");
        break;
    case VALUE_CHOICE:
        for (int i = 0; parameter->choice(i); i++)
            text_add_format(text, "%s%s",
                            i == 0                     ? ""
                            : parameter->choice(i + 1) ? ", "
                                                       : " or ",
                            parameter->choice(i));
        break;
    case VALUE_RATIO:
        text_add(text, "a number from 0 to 1, or none, or keep");
        break;
    case VALUE_SIZE:
        text_add(text, "a number of images (500), a share (5%), or all");
        break;
    default:
        break;
    }
}
