/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of criteria and their variants. */
#include "session/words/choice.h"

#include <string.h>

#include "base/status.h"
#include "base/text.h"
#include "session/words/word_list.h"

static const char *const headline[] = {"l1", "taylor", "geomedian", "proscore"};

/* Index of a name in an enumeration's list of names, -1 when absent. */
static int index_of(const char *(*name_at)(int index), const char *name)
{
    for (int i = 0; name_at(i); i++) {
        if (strcmp(name_at(i), name) == 0)
            return i;
    }
    return -1;
}

/* What may follow the colon, by criterion. */
static bool fix_variant(struct choice *choice, const char *variant)
{
    int index;
    double gamma;
    if (strcmp(choice->criterion->name, "taylor") == 0 &&
        (index = index_of(taylor_variant_name, variant)) >= 0) {
        choice->fixed_taylor = true;
        choice->fixed.taylor = (enum taylor_variant)index;
        return true;
    }
    if (strcmp(choice->criterion->name, "proscore") != 0)
        return false;
    if ((index = index_of(proscore_target_name, variant)) >= 0) {
        choice->fixed_target = true;
        choice->fixed.target = (enum proscore_target)index;
        return true;
    }
    if (text_to_double(variant, &gamma) && gamma > 0) {
        choice->fixed_gamma = true;
        choice->fixed.gamma = gamma;
        return true;
    }
    return false;
}

static status no_criterion(const char *name, struct error *error)
{
    struct word_list words = {0};
    choice_words(&words);
    const char *hint = word_list_hint(&words, name);
    status code = error_set(error, STATUS_NOT_FOUND, "no criterion '%s'%s", name,
                            *hint ? hint
                                  : ": 'help criteria' lists them; one of a script is there when the script "
                                    "has run");
    word_list_free(&words);
    return code;
}

static status no_variant(const struct choice *choice, const char *variant, struct error *error)
{
    if (strcmp(choice->criterion->name, "proscore") == 0)
        return error_set(error, STATUS_NOT_FOUND,
                         "proscore has no variant '%s': a target (bn, bn-affine, filter) or a gamma over 0",
                         variant);
    if (strcmp(choice->criterion->name, "taylor") != 0)
        return error_set(error, STATUS_NOT_FOUND, "%s has no variants: '%s' is not expected",
                         choice->criterion->name, variant);
    struct word_list words = {0};
    for (int i = 0; taylor_variant_name(i); i++)
        word_list_add(&words, taylor_variant_name(i));
    status code = error_set(error, STATUS_NOT_FOUND, "taylor has no variant '%s'%s", variant,
                            word_list_hint(&words, variant));
    word_list_free(&words);
    return code;
}

status choice_parse(const char *text, struct choice *choice, struct error *error)
{
    char parts[CHOICE_LABEL_SIZE];
    *choice = (struct choice){0};
    if (strlen(text) >= sizeof parts)
        return error_set(error, STATUS_NOT_FOUND, "no criterion '%.40s...'", text);
    strcpy(choice->label, text);
    strcpy(parts, text);
    char *rest = parts;
    char *name = strsep(&rest, ":");
    choice->criterion = criterion_find(name);
    if (!choice->criterion)
        return no_criterion(name, error);
    for (char *variant; (variant = strsep(&rest, ":"));) {
        if (!fix_variant(choice, variant))
            return no_variant(choice, variant, error);
    }
    return STATUS_OK;
}

static status add_choice(const char *text, struct choice *choices, int *count, struct error *error)
{
    struct choice choice;
    status code = choice_parse(text, &choice, error);
    if (code != STATUS_OK)
        return code;
    for (int i = 0; i < *count; i++) {
        if (strcmp(choices[i].label, choice.label) == 0)
            return STATUS_OK;
    }
    if (*count == CHOICES_MAX)
        return error_set(error, STATUS_RANGE, "more than %d criteria", CHOICES_MAX);
    choices[(*count)++] = choice;
    return STATUS_OK;
}

static status add_word(const char *word, struct choice *choices, int *count, struct error *error)
{
    status code = STATUS_OK;
    if (strcmp(word, "all") == 0) {
        for (size_t i = 0; code == STATUS_OK && i < sizeof headline / sizeof *headline; i++)
            code = add_choice(headline[i], choices, count, error);
        return code;
    }
    if (strcmp(word, "every") == 0) {
        for (int i = 0; code == STATUS_OK && criterion_at(i); i++)
            code = add_choice(criterion_at(i)->name, choices, count, error);
        return code;
    }
    return add_choice(word, choices, count, error);
}

status choices_parse(const char *text, struct choice *choices, int *count, struct error *error)
{
    if (!*text)
        return error_set(error, STATUS_USAGE, "a criterion is missing");
    while (*text) {
        size_t length = strcspn(text, ",");
        char word[CHOICE_LABEL_SIZE];
        if (length >= sizeof word)
            return error_set(error, STATUS_NOT_FOUND, "no criterion '%.40s...'", text);
        memcpy(word, text, length);
        word[length] = '\0';
        if (length == 0)
            return error_set(error, STATUS_USAGE, "a criterion is missing beside the ','");
        status code = add_word(word, choices, count, error);
        if (code != STATUS_OK)
            return code;
        text += length;
        if (*text == ',' && !*++text)
            return error_set(error, STATUS_USAGE, "a criterion is missing after the ','");
    }
    return STATUS_OK;
}

struct criterion_options choice_options(const struct choice *choice, const struct criterion_options *options)
{
    struct criterion_options result = *options;
    if (choice->fixed_taylor)
        result.taylor = choice->fixed.taylor;
    if (choice->fixed_target)
        result.target = choice->fixed.target;
    if (choice->fixed_gamma)
        result.gamma = choice->fixed.gamma;
    return result;
}

unsigned choice_needs(const struct choice *choice, const struct criterion_options *options,
                      const struct layers *layers)
{
    struct criterion_options own = choice_options(choice, options);
    return criterion_needs(layers, choice->criterion, &own);
}

bool choice_is_batched(const struct choice *choice, const struct criterion_options *options)
{
    return strcmp(choice->criterion->name, "taylor") == 0 && options->taylor == TAYLOR_GATE_BATCH;
}

void choice_words(struct word_list *list)
{
    word_list_add(list, "all");
    word_list_add(list, "every");
    for (int i = 0; criterion_at(i); i++)
        word_list_add(list, criterion_at(i)->name);
    for (int i = 0; taylor_variant_name(i); i++) {
        char word[CHOICE_LABEL_SIZE] = "taylor:";
        strncat(word, taylor_variant_name(i), sizeof word - strlen(word) - 1);
        word_list_add(list, word);
    }
    for (int i = 0; proscore_target_name(i); i++) {
        char word[CHOICE_LABEL_SIZE] = "proscore:";
        strncat(word, proscore_target_name(i), sizeof word - strlen(word) - 1);
        word_list_add(list, word);
    }
}
