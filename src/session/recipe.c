/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading recipes. */
#include "session/recipe.h"

#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "prune/group_score.h"
#include "prune/selection.h"
#include "session/target.h"
#include "session/words/choice.h"
#include "session/words/quote.h"

static const size_t recipe_limit = (size_t)1 << 20;

/* --- reading -------------------------------------------------------------------------------------------- */

static status expect(const char *what, const char *value, const char *expected, struct error *error)
{
    return error_set(error, STATUS_RANGE, "%s: '%s' is not %s", what, value, expected);
}

static status read_name(const char *what, const char *value, const char *(*name_at)(int), int *index,
                        struct error *error)
{
    struct text names = {0};
    for (int i = 0; name_at(i); i++) {
        if (strcmp(name_at(i), value) == 0) {
            *index = i;
            text_free(&names);
            return STATUS_OK;
        }
        text_add_format(&names, "%s%s", i ? " or " : "", name_at(i));
    }
    status code = expect(what, value, text_data(&names), error);
    text_free(&names);
    return code;
}

static status read_criterion(struct recipe *recipe, const char *value, struct error *error)
{
    struct choice choice;
    status code = choice_parse(value, &choice, error);
    if (code == STATUS_OK)
        memcpy(recipe->pruning->rule.criterion, choice.label, sizeof choice.label);
    return code;
}

static status read_round(struct recipe *recipe, const char *value, struct error *error)
{
    int index = 0;
    status code = read_name("round", value, rounding_name, &index, error);
    if (code == STATUS_OK)
        recipe->pruning->rule.options.rounding = (enum rounding)index;
    recipe->pruning->fixed |= RULE_ROUND;
    return code;
}

static status read_combine(struct recipe *recipe, const char *value, struct error *error)
{
    int index = 0;
    status code = read_name("combine", value, combination_name, &index, error);
    if (code == STATUS_OK)
        recipe->pruning->rule.grouping.combine = (enum combination)index;
    recipe->pruning->fixed |= RULE_COMBINE;
    return code;
}

static status read_compat(struct recipe *recipe, const char *value, struct error *error)
{
    int index = 0;
    status code = read_name("compat", value, compat_name, &index, error);
    if (code == STATUS_OK)
        recipe->pruning->rule.grouping.compat = (enum compat)index;
    recipe->pruning->fixed |= RULE_COMPAT;
    return code;
}

static status read_members(struct recipe *recipe, const char *value, struct error *error)
{
    int index = 0;
    status code = read_name("members", value, member_set_name, &index, error);
    if (code == STATUS_OK)
        recipe->pruning->rule.grouping.members = (enum member_set)index;
    recipe->pruning->fixed |= RULE_MEMBERS;
    return code;
}

static status read_normaliser(struct recipe *recipe, const char *value, struct error *error)
{
    int index = 0;
    status code = read_name("normaliser", value, normaliser_name, &index, error);
    if (code == STATUS_OK)
        recipe->pruning->rule.grouping.normaliser = (enum normaliser)index;
    recipe->pruning->fixed |= RULE_NORMALISER;
    return code;
}

static status read_count(const char *what, const char *value, int64_t *count, struct error *error)
{
    return text_to_integer(value, count) && *count >= 1
               ? STATUS_OK
               : expect(what, value, "a whole number from 1 on", error);
}

static status read_round_to(struct recipe *recipe, const char *value, struct error *error)
{
    recipe->pruning->fixed |= RULE_ROUND_TO;
    return read_count("round_to", value, &recipe->pruning->rule.options.round_to, error);
}

static status read_minimum(struct recipe *recipe, const char *value, struct error *error)
{
    recipe->pruning->fixed |= RULE_MINIMUM;
    return read_count("min", value, &recipe->pruning->rule.options.minimum, error);
}

static status read_cap(struct recipe *recipe, const char *value, struct error *error)
{
    double *cap = &recipe->pruning->rule.options.cap;
    recipe->pruning->fixed |= RULE_CAP;
    return text_to_double(value, cap) && *cap >= 0 && *cap <= 1
               ? STATUS_OK
               : expect("cap", value, "a number from 0 to 1", error);
}

static status read_blocks(struct recipe *recipe, const char *value, struct error *error)
{
    recipe->pruning->fixed |= RULE_BLOCKS;
    return read_count("blocks", value, &recipe->pruning->rule.blocks, error);
}

static const struct {
    const char *word;
    status (*read)(struct recipe *recipe, const char *value, struct error *error);
} settings[] = {
    {"criterion", read_criterion}, {"round", read_round},     {"round_to", read_round_to},
    {"min", read_minimum},         {"cap", read_cap},         {"combine", read_combine},
    {"compat", read_compat},       {"members", read_members}, {"normaliser", read_normaliser},
    {"blocks", read_blocks},
};

static status read_ratio(struct recipe *recipe, const char *name, const char *value, struct error *error)
{
    double ratio = 0;
    bool excluded = strcmp(value, "none") == 0 || strcmp(value, "keep") == 0;
    if (!excluded && (!text_to_double(value, &ratio) || ratio < 0 || ratio > 1))
        return expect(name, value, "a ratio from 0 to 1, or none", error);
    struct target target;
    status code = target_find(recipe->model, name, &target, error);
    if (code != STATUS_OK)
        return code;
    pruning_set_ratio(recipe->pruning, &target, ratio, excluded, target_is_word(recipe->model->layers, name));
    target_free(&target);
    recipe->ratios++;
    text_add(&recipe->targets, "ratio ");
    text_add_word(&recipe->targets, name);
    text_add_format(&recipe->targets, " %s\n", value);
    return STATUS_OK;
}

static status read_line(struct recipe *recipe, char *line, struct error *error)
{
    static const char blanks[] = " \t\r";
    char *words[3] = {NULL}, *word;
    int count = 0;
    while ((word = strsep(&line, blanks))) {
        if (*word == '#')
            break;
        if (*word && count < 3)
            words[count++] = word;
    }
    if (!count)
        return STATUS_OK;
    if (count != 2)
        return error_set(error, STATUS_USAGE,
                         count < 2 ? "a value is missing after '%s'"
                                   : "unexpected '%s': the form is 'LAYER RATIO' or 'SETTING VALUE'",
                         words[count - 1]);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        if (strcmp(settings[i].word, words[0]) != 0)
            continue;
        text_add_format(&recipe->settings, " \"%s %s\"", words[0], words[1]);
        return settings[i].read(recipe, words[1], error);
    }
    return read_ratio(recipe, words[0], words[1], error);
}

static status read_lines(struct recipe *recipe, const char *path, char *text, struct error *error)
{
    int number = 0;
    for (char *line; (line = strsep(&text, "\n"));) {
        number++;
        if (read_line(recipe, line, error) != STATUS_OK)
            return error_prefix(error, "%s:%d: ", path, number);
    }
    return recipe->ratios ? STATUS_OK
                          : error_set(error, STATUS_FILE, "%s: no ratio of any layer is set here", path);
}

/* The lines that a program makes. */
static status run_program(struct recipe *recipe, const struct recipe_program *program, const char *path,
                          struct error *error)
{
    struct text lines = {0};
    status code = program->run(program->argument, path, recipe->model, &lines, error);
    if (code == STATUS_OK && lines.failed)
        code = error_memory(error);
    char *rest = lines.data;
    for (char *line; code == STATUS_OK && rest && (line = strsep(&rest, "\n"));) {
        code = read_line(recipe, line, error);
        if (code != STATUS_OK)
            error_prefix(error, "%s: ", path);
    }
    text_free(&lines);
    if (code == STATUS_OK && !recipe->ratios)
        code = error_set(error, STATUS_FILE, "%s: no ratio of any layer is set here", path);
    return code;
}

static status read_text(struct recipe *recipe, const char *path, struct error *error)
{
    unsigned char *data;
    size_t size;
    status code = file_read(path, recipe_limit, &data, &size, error);
    if (code != STATUS_OK)
        return code;
    if (memchr(data, '\0', size) || !utf8_valid((char *)data, size))
        code = error_set(error, STATUS_FILE, "%s: this is no text: no recipe", path);
    else
        code = read_lines(recipe, path, (char *)data, error);
    mem_free(data);
    return code;
}

status recipe_read(const char *path, const struct recipe_program *program, struct recipe *recipe,
                   struct error *error)
{
    bool is_program = strcmp(path_extension(path), "lua") == 0;
    if (is_program && !(program && program->run))
        return error_set(error, STATUS_STATE, "%s: a program, and none is run from here", path);
    status code = is_program ? run_program(recipe, program, path, error) : read_text(recipe, path, error);
    return code == STATUS_OK ? code : error_refuse_file(error);
}

status recipe_line(struct recipe *recipe, const char *line, struct error *error)
{
    char *copy = mem_string(line);
    status code = copy ? read_line(recipe, copy, error) : error_memory(error);
    mem_free(copy);
    return code;
}

void recipe_log(const struct recipe *recipe, struct text *log)
{
    text_add_format(log, "recipe none%s\n", text_data(&recipe->settings));
    text_add(log, text_data(&recipe->targets));
    log->failed |= recipe->settings.failed || recipe->targets.failed;
}

void recipe_end(struct recipe *recipe)
{
    text_free(&recipe->settings);
    text_free(&recipe->targets);
}
