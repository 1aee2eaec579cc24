/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kinds of values: free words, files, and names out of tables. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "architecture/table.h"
#include "base/file.h"
#include "base/status.h"
#include "base/text.h"
#include "data/augment.h"
#include "data/dataset.h"
#include "data/normalization.h"
#include "session/words/alias.h"
#include "session/words/choice.h"
#include "session/words/known_file.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "session/words/value_row.h"
#include "session/words/word_list.h"
#include "view/theme.h"

/* --- free words ----------------------------------------------------------------------------------------- */

static status check_anything(const struct value_check *check, struct error *error)
{
    if (!*check->text)
        return error_set(error, STATUS_USAGE, "%s is empty", check->parameter->name);
    return STATUS_OK;
}

const struct value_row value_kind_word = {
    .name = "WORD",
    .long_text = true,
    .check = check_anything,
};

/* Also nothing between two quotes. */
static status check_text(const struct value_check *check, struct error *error)
{
    (void)check;
    (void)error;
    return STATUS_OK;
}

const struct value_row value_kind_text = {
    .name = "TEXT",
    .long_text = true,
    .check = check_text,
};

static void add_aliases(struct value_scope scope, struct word_list *list)
{
    for (int i = 0; scope.aliases && i < scope.aliases->count; i++)
        word_list_add(list, scope.aliases->items[i].name);
}

const struct value_row value_kind_alias = {
    .name = "NAME",
    .long_text = true,
    .check = check_anything,
    .add_words = add_aliases,
};

const struct value_row value_kind_setting = {
    .name = "VALUE",
    .long_text = true,
    .check = check_anything,
};

/* --- files ---------------------------------------------------------------------------------------------- */

const struct value_row value_kind_file = {
    .name = "FILE",
    .long_text = true,
    .file = true,
    .check = check_anything,
};

/* A data set's folder, or one of its files. */
const struct value_row value_kind_images = {
    .name = "PATH",
    .long_text = true,
    .file = true,
    .extensions = {".bin", ".csv", ".tsv", ".txt", ".npy", ".npz", ".gz"},
    .check = check_anything,
};

const struct value_row value_kind_array = {
    .name = "FILE",
    .long_text = true,
    .file = true,
    .extensions = {".npy", ".npz"},
    .check = check_anything,
};

const struct value_row value_kind_session = {
    .name = "FILE",
    .long_text = true,
    .file = true,
    .extensions = {".session", ".json"},
    .check = check_anything,
};

static void add_scripts(struct value_scope scope, struct word_list *list)
{
    (void)scope;
    known_file_words(&known_scripts, list);
}

const struct value_row value_kind_script = {
    .name = "FILE",
    .long_text = true,
    .file = true,
    .extensions = {".lua", ".ippro"},
    .check = check_anything,
    .add_words = add_scripts,
};

const struct value_row value_kind_log = {
    .name = "FILE|off",
    .long_text = true,
    .file = true,
    .no_file = "off",
    .words = {"off"},
    .check = check_anything,
};

const struct value_row value_kind_model = {
    .name = "MODEL",
    .long_text = true,
    .file = true,
    .extensions = {".onnx", ".pth", ".pt", ".th", ".tar", ".ckpt", ".bin", ".safetensors"},
    .no_file = "example",
    .words = {"example"},
    .check = check_anything,
};

/* Networks that are described; files with more of them may not have been run yet. */
static void add_networks(struct value_scope scope, struct word_list *list)
{
    struct architecture_list all;
    struct error ignored = {0};
    if (scope.bring_networks)
        scope.bring_networks(&scope);
    if (architecture_list_all(&all, &ignored) != STATUS_OK)
        return;
    for (int i = 0; i < all.count; i++)
        word_list_add(list, all.items[i]->name);
    architecture_list_free(&all);
}

const struct value_row value_kind_network = {
    .name = "NETWORK",
    .check = check_anything,
    .add_words = add_networks,
};

static void add_themes(struct value_scope scope, struct word_list *list)
{
    char **names;
    size_t count;
    struct error ignored = {0};
    (void)scope;
    if (theme_list(&names, &count, &ignored) != STATUS_OK)
        return;
    for (size_t i = 0; i < count; i++)
        word_list_add(list, names[i]);
    theme_list_free(names, count);
    word_list_add(list, THEME_AUTO);
    word_list_sort(list);
}

const struct value_row value_kind_theme = {
    .name = "THEME",
    .check = check_anything,
    .add_words = add_themes,
};

static void add_recipes(struct value_scope scope, struct word_list *list)
{
    (void)scope;
    known_file_words(&known_recipes, list);
}

const struct value_row value_kind_recipe = {
    .name = "FILE",
    .long_text = true,
    .file = true,
    .extensions = {".recipe", ".lua"},
    .no_file = "none",
    .check = check_anything,
    .add_words = add_recipes,
};

/* --- names out of tables -------------------------------------------------------------------------------- */

/* Where yes and no are among the choices, they are understood in the words of yes|no. */
static const char *choice_meant(const char *text)
{
    static const char *const words[][2] = {{"off", "no"}, {"on", "yes"}, {"false", "no"}, {"true", "yes"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(text, words[i][0]) == 0)
            return words[i][1];
    }
    return text;
}

static status check_choice(const struct value_check *check, struct error *error)
{
    const char *meant = choice_meant(check->text);
    for (int i = 0; check->parameter->choice(i); i++) {
        const char *name = check->parameter->choice(i);
        if (strcmp(check->text, name) == 0 || strcmp(meant, name) == 0) {
            check->value->integer = i;
            snprintf(check->value->text, sizeof check->value->text, "%s", name);
            return STATUS_OK;
        }
    }
    return value_refuse(check, error);
}

static void add_alternatives(const struct parameter *parameter, struct text *text)
{
    for (int i = 0; parameter->choice(i); i++)
        text_add_format(text, "%s%s",
                        i == 0                     ? ""
                        : parameter->choice(i + 1) ? ", "
                                                   : " or ",
                        parameter->choice(i));
}

const struct value_row value_kind_choice = {
    .name = "CHOICE",
    .check = check_choice,
    .add_expected = add_alternatives,
};

const struct value_row value_kind_topic = {
    .name = "TOPIC",
    .long_text = true,
    .check = check_anything,
};

static status check_criterion(const struct value_check *check, struct error *error)
{
    struct choice choice;
    return choice_parse(check->text, &choice, error);
}

static status check_criteria(const struct value_check *check, struct error *error)
{
    struct choice choices[CHOICES_MAX];
    int count = 0;
    return choices_parse(check->text, choices, &count, error);
}

static void add_criteria(struct value_scope scope, struct word_list *list)
{
    choice_words(list);
    for (int i = 0; scope.label && scope.label(&scope, i); i++) {
        if (!word_list_has(list, scope.label(&scope, i)))
            word_list_add(list, scope.label(&scope, i));
    }
}

const struct value_row value_kind_criterion = {
    .name = "CRITERION",
    .check = check_criterion,
    .add_words = add_criteria,
};

const struct value_row value_kind_criteria = {
    .name = "CRITERIA",
    .long_text = true,
    .list = true,
    .check = check_criteria,
    .add_words = add_criteria,
};

const struct value_row value_kind_other = {
    .name = "CRITERION|N",
    .long_text = true,
    .check = check_anything,
    .add_words = add_criteria,
};

/* A kind, or a path that says by itself what it is. */
static status check_dataset(const struct value_check *check, struct error *error)
{
    if (dataset_kind_find(check->text) || strchr(check->text, '/') || access(check->text, F_OK) == 0)
        return STATUS_OK;
    struct word_list words = {0};
    struct text kinds = {0};
    value_words(check->parameter, check->scope, &words);
    for (size_t i = 0; i < words.count; i++)
        text_add_format(&kinds, "%s%s", i ? ", " : "", words.items[i]);
    status code = error_set(error, STATUS_NOT_FOUND, "no data set kind '%s' (known: %s)%s", check->text,
                            text_data(&kinds), word_list_hint(&words, check->text));
    text_free(&kinds);
    word_list_free(&words);
    return code;
}

static const char *dataset_word(int index)
{
    const struct dataset_kind *kind = dataset_kind_at(index);
    return kind ? kind->name : NULL;
}

const struct value_row value_kind_dataset = {
    .name = "KIND|PATH",
    .long_text = true,
    .file = true,
    .extensions = {".bin", ".csv", ".tsv", ".npy", ".npz", ".gz"},
    .check = check_dataset,
    .word = dataset_word,
};

static status check_normalization(const struct value_check *check, struct error *error)
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

const struct value_row value_kind_normalization = {
    .name = "NORMALIZATION",
    .words = {"auto"},
    .check = check_normalization,
    .word = normalization_name_at,
};

/* Kept in the words and the order of the program, so that equal settings are equal texts. */
static status check_augmentation(const struct value_check *check, struct error *error)
{
    struct augmentation augmentation;
    struct error inner = {0};
    struct text text = {0};
    if (augmentation_parse(check->text, &augmentation, &inner) != STATUS_OK)
        return error_set(error, STATUS_RANGE, "%s: %s", check->parameter->name, inner.message);
    text_add_augmentation(&text, &augmentation);
    const bool failed = text.failed;
    snprintf(check->value->text, sizeof check->value->text, "%s", text_data(&text));
    text_free(&text);
    return failed ? error_memory(error) : STATUS_OK;
}

/* In the order of LOSS_AUTO and so on. */
static const char *loss_word(int index)
{
    static const char *const words[] = {"auto", "classification", "pixels", "sum", "l2"};
    return index >= 0 && index < LOSS_FILE ? words[index] : NULL;
}

static status check_loss(const struct value_check *check, struct error *error)
{
    int64_t *which = &check->value->integer;
    for (*which = 0; loss_word((int)*which); ++*which)
        if (strcmp(check->text, loss_word((int)*which)) == 0)
            return STATUS_OK;
    return strcmp(path_extension(check->text), "lua") == 0 ? STATUS_OK : value_refuse(check, error);
}

const struct value_row value_kind_loss = {
    .name = "LOSS",
    .file = true,
    .extensions = {".lua"},
    .expected = "auto, classification, pixels, sum, l2 or FILE.lua",
    .check = check_loss,
    .word = loss_word,
};

const struct value_row value_kind_augmentation = {
    .name = "AUGMENTATION",
    .list = true,
    .expected = "none, or a list of crop, flip, resized-crop",
    .check = check_augmentation,
    .word = augmentation_word_at,
};

static status check_option(const struct value_check *check, struct error *error)
{
    check->value->integer = option_find(check->text);
    if (check->value->integer != OPTION_NONE)
        return STATUS_OK;
    struct word_list words = {0};
    value_words(check->parameter, check->scope, &words);
    const char *hint = word_list_hint(&words, check->text);
    status code = error_set(error, STATUS_NOT_FOUND, "no option '%s'%s", check->text,
                            *hint ? hint : ": 'set' lists them");
    word_list_free(&words);
    return code;
}

const struct value_row value_kind_option = {
    .name = "OPTION",
    .long_text = true,
    .check = check_option,
    .word = option_name,
};
