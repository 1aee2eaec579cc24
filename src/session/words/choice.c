/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of criteria and their variants. */
#include "session/words/choice.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "base/text.h"
#include "score/criterion_options.h"
#include "session/words/word_list.h"

/* Up to here a double has every whole number. */
static const double LARGEST_WHOLE = 9007199254740992.0;

/* Index of a name in an enumeration's list of names, -1 when absent. */
static int index_of(const char *(*name_at)(int index), const char *name)
{
    for (int i = 0; name_at(i); i++) {
        if (strcmp(name_at(i), name) == 0)
            return i;
    }
    return -1;
}

/* Read a variant's text into the option that it fixes. */
static bool read_variant(const struct criterion *criterion, const struct criterion_variant *variant,
                         const char *text, struct criterion_options *options)
{
    struct criterion_options tried = criterion_defaults();
    struct error ignored = {0};
    double value;
    if (variant->name && (value = index_of(variant->name, text)) < 0)
        return false;
    if (!variant->name && !text_to_double(text, &value))
        return false;
    if (variant->whole && !(value >= 0 && value <= LARGEST_WHOLE && value == floor(value)))
        return false;
    criterion_options_set(&tried, variant->option, value);
    if (criterion->check && criterion->check(&tried, &ignored) != STATUS_OK)
        return false;
    criterion_options_copy(options, &tried, variant->option);
    return true;
}

static bool fix_variant(struct choice *choice, const char *text)
{
    const struct criterion_variant *variant = choice->criterion->variants;
    while (variant && variant->what && !read_variant(choice->criterion, variant, text, &choice->fixed))
        variant++;
    if (!variant || !variant->what)
        return false;
    choice->fixes |= variant->option;
    return true;
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

/* "a form (gate, weight) or a gamma over 0" */
static void add_expected(const struct criterion_variant *variants, struct text *text)
{
    for (const struct criterion_variant *variant = variants; variant->what; variant++) {
        text_add_format(text, "%s%s", variant == variants ? "" : " or ", variant->what);
        for (int i = 0; variant->name && variant->name(i); i++)
            text_add_format(text, "%s%s", i ? ", " : " (", variant->name(i));
        text_add(text, variant->name ? ")" : "");
    }
}

static status no_variant(const struct criterion *criterion, const char *variant, struct error *error)
{
    const struct criterion_variant *variants = criterion->variants;
    struct text expected = {0};
    struct word_list words = {0};
    if (!variants)
        return error_set(error, STATUS_NOT_FOUND, "%s has no variants: '%s' is not expected", criterion->name,
                         variant);
    add_expected(variants, &expected);
    for (int i = 0; variants->name && variants->name(i); i++)
        word_list_add(&words, variants->name(i));
    const bool several = variants[1].what || !variants->name;
    status code =
        error_set(error, STATUS_NOT_FOUND, "%s has no variant '%s'%s%s", criterion->name, variant,
                  several ? ": " : "", several ? text_data(&expected) : word_list_hint(&words, variant));
    text_free(&expected);
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
            return no_variant(choice->criterion, variant, error);
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
        for (int i = 0; code == STATUS_OK && criterion_at(i); i++) {
            if (criterion_at(i)->headline)
                code = add_choice(criterion_at(i)->name, choices, count, error);
        }
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
    criterion_options_copy(&result, &choice->fixed, choice->fixes);
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
    return choice->criterion->batched && choice->criterion->batched(options);
}

static void add_variant(const struct criterion *criterion, const char *variant, struct word_list *list)
{
    char word[CHOICE_LABEL_SIZE];
    snprintf(word, sizeof word, "%s:%s", criterion->name, variant);
    word_list_add(list, word);
}

void choice_variants(const struct criterion *criterion, bool numbers, struct word_list *list)
{
    const struct criterion_variant *variant = criterion->variants;
    for (; variant && variant->what; variant++) {
        for (int i = 0; variant->name && variant->name(i); i++)
            add_variant(criterion, variant->name(i), list);
        if (!variant->name && numbers)
            add_variant(criterion, variant->number, list);
    }
}

void choice_words(struct word_list *list)
{
    word_list_add(list, "all");
    word_list_add(list, "every");
    for (int i = 0; criterion_at(i); i++)
        word_list_add(list, criterion_at(i)->name);
    for (int i = 0; criterion_at(i); i++)
        choice_variants(criterion_at(i), false, list);
}
