/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Help, made from the tables of commands, options and criteria and from the texts of topics. */
#include "session/language/help.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "score/criterion.h"
#include "score/criterion_options.h"
#include "score/layer.h"
#include "score/score.h"
#include "session/language/command.h"
#include "session/language/help_text.h"
#include "session/words/alias.h"
#include "session/words/brought.h"
#include "session/words/choice.h"
#include "session/words/known_file.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "session/words/word_list.h"
#include "train/preset.h"
#include "view/style.h"

/* Names of the kinds of things that help knows, NULL past the end. */
static const char *command_name(int index)
{
    const struct command *command = command_at(index);
    return command ? command->name : NULL;
}

static const char *criterion_name(int index)
{
    const struct criterion *criterion = criterion_at(index);
    return criterion ? criterion->name : NULL;
}

/* Words from elsewhere, row by row. */
static const char *brought_word(int index)
{
    for (int i = 0; brought_at(i); i++) {
        for (int k = 0; k < BROUGHT_WORDS && brought_at(i)->words[k]; k++) {
            if (index-- == 0)
                return brought_at(i)->words[k];
        }
    }
    return NULL;
}

static const char *topic_name(int index)
{
    const struct help_topic *topic = help_topic_at(index);
    return topic ? topic->name : NULL;
}

const char *help_word(int index)
{
    static const char *(*const names[])(int index) = {command_name, option_name, criterion_name, topic_name,
                                                      brought_word};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int count = 0;
        for (; names[i](count); count++) {
            if (count == index)
                return names[i](count);
        }
        index -= count;
    }
    return NULL;
}

/* Paragraphs are separated by an empty line, here as in the reply. */
static void add_paragraphs(struct reply *reply, const char *text)
{
    while (*text) {
        const char *end = strstr(text, "\n\n");
        int length = end ? (int)(end - text) : (int)strlen(text);
        reply_line(reply, "%.*s", length, text);
        if (!end)
            return;
        reply_line(reply, "%s", "");
        text = end + 2;
    }
}

static void list_commands(struct reply *reply)
{
    for (const struct command_group *group = command_groups; group->name; group++) {
        reply_add(reply, STYLE_HEADER, "%s", group->name);
        for (const struct command *const *command = group->commands; *command; command++)
            reply_line(reply, "  %s\t%s", (*command)->name, (*command)->help);
    }
}

static void list_aliases(const struct aliases *aliases, struct reply *reply)
{
    if (aliases && aliases->count)
        reply_add(reply, STYLE_HEADER, "aliases");
    for (int i = 0; aliases && i < aliases->count; i++)
        reply_line(reply, "  %s\t%s", aliases->items[i].name, aliases->items[i].line);
}

void help_overview(const struct session *session, struct reply *reply)
{
    struct text topics = {0};
    for (int i = 0; help_topic_at(i); i++)
        text_add_format(&topics, "%s%s", i ? ", " : "", help_topic_at(i)->name);
    list_commands(reply);
    list_aliases(session ? session->aliases : NULL, reply);
    reply_line(reply, "%s", "");
    reply_line(
        reply,
        "'help NAME' tells about a command, an option, a criterion, or one of these: %s. 'apropos WORD' "
        "searches.",
        reply_text(reply, &topics));
    text_free(&topics);
}

static void add_parameter(struct reply *reply, const struct parameter *parameter, bool key)
{
    struct text text = {0};
    parameter_add_help(parameter, key, &text);
    reply_line(reply, "  %s%s\t%s", parameter->name, key ? "=" : "", reply_text(reply, &text));
    text_free(&text);
}

static void list_options(struct reply *reply)
{
    const struct option_group *group = NULL;
    for (int i = 0; option_at(i); i++) {
        if (group != option_at(i)->group)
            reply_add(reply, STYLE_HEADER, "%s", option_at(i)->group->name);
        group = option_at(i)->group;
        add_parameter(reply, &option_at(i)->parameter, true);
    }
}

/* "l1, taylor, geomedian and proscore" */
static void add_headline(struct text *text)
{
    int left = 0;
    for (int i = 0; criterion_at(i); i++)
        left += criterion_at(i)->headline;
    const char *before = "";
    for (int i = 0; criterion_at(i); i++) {
        if (!criterion_at(i)->headline)
            continue;
        text_add_format(text, "%s%s", before, criterion_at(i)->name);
        before = --left == 1 ? " and " : ", ";
    }
}

/* "taylor:gate, taylor:weight; proscore:bn, proscore:GAMMA" */
static void add_variants(struct text *text)
{
    const char *before = "";
    for (int i = 0; criterion_at(i); i++) {
        struct word_list words = {0};
        choice_variants(criterion_at(i), true, &words);
        for (size_t k = 0; k < words.count; k++) {
            text_add_format(text, "%s%s", k ? ", " : before, words.items[k]);
            before = "; ";
        }
        text->failed |= words.failed;
        word_list_free(&words);
    }
}

/* What scoring by criteria takes as the options are by default, dearest first. */
static const struct {
    unsigned needs; /* any of these; 0: nothing but weights */
    const char *words;
} costs[] = {
    {NEED_WEIGHT_SQUARES, "weight gradients image by image"},
    {NEED_WEIGHT_GRADIENTS, "weight gradients too"},
    {NEED_GRADIENTS, "a pass forward and backward"},
    {NEED_ANY_ACTIVATION, "a pass forward"},
    {0, "no pass"},
};
enum { COSTS = sizeof costs / sizeof *costs };

static int cost_of(const struct criterion *criterion)
{
    static const struct layer normed; /* with a BatchNorm, the usual case */
    const struct criterion_options options = criterion_defaults();
    const unsigned needs = criterion->needs ? criterion->needs(&normed, &options) : criterion->fixed_needs;
    int cost = 0;
    while (costs[cost].needs && !(costs[cost].needs & needs))
        cost++;
    return cost;
}

/* "no pass: l1, l2; a pass forward: variance, apoz" */
static void add_costs(struct text *text)
{
    const char *separator = "";
    for (int cost = COSTS - 1; cost >= 0; cost--) {
        int found = 0;
        for (int i = 0; criterion_at(i); i++) {
            if (cost_of(criterion_at(i)) != cost)
                continue;
            if (!found++)
                text_add_format(text, "%s%s: ", separator, costs[cost].words);
            text_add_format(text, "%s%s", found > 1 ? ", " : "", criterion_at(i)->name);
            separator = "; ";
        }
    }
}

static void list_criteria(struct reply *reply)
{
    struct text forms = {0};
    for (int i = 0; criterion_at(i); i++) {
        const struct criterion *criterion = criterion_at(i);
        reply_line(reply, "  %s\t%s: %s%s%s%s", criterion->name, criterion->title, criterion->help,
                   criterion->paper ? " (" : "", criterion->paper ? criterion->paper : "",
                   criterion->paper ? ")" : "");
    }
    reply_line(reply, "%s", "");
    text_add(&forms, "all is ");
    add_headline(&forms);
    text_add(&forms, "; every is the whole list. Variants: ");
    add_variants(&forms);
    reply_line(reply, "%s.", reply_text(reply, &forms));
    text_clear(&forms);
    text_add(&forms, "Scoring takes ");
    add_costs(&forms);
    reply_line(reply, "%s", "");
    reply_line(reply, "%s.", reply_text(reply, &forms));
    text_free(&forms);
}

static void list_known(const struct known_files *kind, const char *heading, struct reply *reply)
{
    struct word_list words = {0};
    known_file_words(kind, &words);
    reply_add(reply, STYLE_HEADER, "%s", heading);
    for (size_t i = 0; i < words.count; i++) {
        struct text head = {0};
        struct error ignored = {0};
        char *path = NULL;
        if (known_file_find(kind, words.items[i], &path, &ignored) == STATUS_OK)
            text_add_file_head(&head, path);
        reply_line(reply, "  %s\t%s", words.items[i], reply_text(reply, &head));
        text_free(&head);
        mem_free(path);
    }
    reply->failed |= words.failed;
    word_list_free(&words);
}

void help_scripts(struct reply *reply)
{
    list_known(&known_scripts, "run NAME", reply);
    list_known(&known_recipes, "recipe NAME", reply);
}

static void list_presets(struct reply *reply)
{
    const struct training_preset *preset;
    for (int i = 0; (preset = training_preset_at(i)); i++)
        reply_line(reply, "  %s\t%s. %s", preset->name, preset->help, preset->source);
    reply_line(reply, "%s", "");
    reply_line(reply, "finetune PRESET takes all its numbers; what is set besides wins.");
}

static const struct help_topic tables[] = {
    {.name = "commands", .help = "all commands, by group", .list = list_commands},
    {.name = "options", .help = "all options with their values", .list = list_options},
    {.name = "criteria",
     .help = "all criteria with their definitions",
     .list = list_criteria,
     .headed = true},
    {.name = "presets", .help = "recipes of training by name, for finetune", .list = list_presets},
    {.name = "scripts", .help = "scripts and recipes that are found by name", .list = help_scripts},
};
enum { TABLES = sizeof tables / sizeof *tables };

const struct help_topic *help_topic_at(int index)
{
    if (index < 0 || index >= TABLES + help_text_count)
        return NULL;
    return index < TABLES ? &tables[index] : &help_texts[index - TABLES];
}

static void about_command(const struct command *command, struct reply *reply)
{
    struct text usage = {0};
    command_add_usage(command, false, &usage);
    reply_add(reply, STYLE_HEADER, "%s", reply_text(reply, &usage));
    text_free(&usage);
    if (command->alias)
        reply_line(reply, "Also called %s.", command->alias);
    add_paragraphs(reply, command->text);
    if (command->arguments || command->parameters || (command->options && command->options[0] != OPTION_NONE))
        reply_line(reply, "%s", "");
    for (const struct parameter *argument = command->arguments; argument && argument->name; argument++)
        add_parameter(reply, argument, false);
    for (const struct parameter *own = command->parameters; own && own->name; own++)
        add_parameter(reply, own, true);
    /* Listing every option is the matter of 'help options'. */
    bool all_options = command->flags & COMMAND_ALL_OPTIONS;
    for (const int *id = command->options; !all_options && id && *id != OPTION_NONE; id++)
        add_parameter(reply, command_option(command, *id), true);
    if (command->examples && command->examples[0].line)
        reply_line(reply, "%s", "");
    for (const struct example *example = command->examples; example && example->line; example++) {
        reply_add(reply, STYLE_NAME, "  %s", example->line);
        reply_line(reply, "      %s", example->what);
    }
}

static void about_alias(const char *name, const char *line, struct reply *reply)
{
    reply_add(reply, STYLE_HEADER, "alias %s", name);
    reply_line(reply, "Stands for: %s", line);
}

/* What ends a sentence that may be a question. */
static const char *full_stop(const char *sentence)
{
    return sentence[0] && strchr("?!.", sentence[strlen(sentence) - 1]) ? "" : ".";
}

static void about_option(int id, const struct session *session, struct reply *reply)
{
    reply_add(reply, STYLE_HEADER, "option %s", option_at(id)->parameter.name);
    add_parameter(reply, &option_at(id)->parameter, true);
    if (session)
        reply_line(reply, "  now\t%s", option_text(session->state.options, (enum option_id)id));
}

static void about_criterion(const struct criterion *criterion, struct reply *reply)
{
    reply_add(reply, STYLE_HEADER, "criterion %s", criterion->name);
    reply_line(reply, "%s: %s%s", criterion->title, criterion->help, full_stop(criterion->help));
    if (criterion->paper)
        reply_line(reply, "Paper: %s.", criterion->paper);
    reply_line(reply, "The smallest scores are pruned first.");
    for (const struct criterion_variant *variant = criterion->variants; variant && variant->what; variant++) {
        for (int i = 0; variant->help && variant->help(i); i++)
            reply_line(reply, "  %s:%s\t%s.", criterion->name, variant->name(i), variant->help(i));
    }
}

static void about_topic(const struct help_topic *topic, struct reply *reply)
{
    if (topic->text || topic->headed)
        reply_add(reply, STYLE_HEADER, "%s: %s", topic->name, topic->help);
    if (topic->text)
        add_paragraphs(reply, topic->text);
    else
        topic->list(reply);
}

static void about_brought(const struct brought *brought, const char *name, struct reply *reply)
{
    struct text see = {0};
    for (int i = 0; i < BROUGHT_SEE && brought->see[i]; i++)
        text_add_format(&see, "%shelp %s", i ? ", " : "", brought->see[i]);
    reply_add(reply, STYLE_HEADER, "%s", name);
    reply_line(reply, "%s", brought->text);
    reply_line(reply, "See: %s.", reply_text(reply, &see));
    text_free(&see);
}

/* A name may be several things (gamma is an option and a topic): all are told. */
static void separate(struct reply *reply, bool *found)
{
    if (*found)
        reply_line(reply, "%s", "");
    *found = true;
}

status help_about(const struct session *session, const char *name, struct reply *reply, struct error *error)
{
    bool found = false;
    for (int i = 0; command_at(i); i++) {
        const struct command *command = command_at(i);
        if (strcmp(command->name, name) == 0 || (command->alias && strcmp(command->alias, name) == 0)) {
            separate(reply, &found);
            about_command(command, reply);
        }
    }
    if (session && alias_line(session->aliases, name)) {
        separate(reply, &found);
        about_alias(name, alias_line(session->aliases, name), reply);
    }
    if (option_find(name) != OPTION_NONE) {
        separate(reply, &found);
        about_option(option_find(name), session, reply);
    }
    if (criterion_find(name)) {
        separate(reply, &found);
        about_criterion(criterion_find(name), reply);
    }
    for (int i = 0; help_topic_at(i); i++) {
        if (strcmp(help_topic_at(i)->name, name) == 0) {
            separate(reply, &found);
            about_topic(help_topic_at(i), reply);
        }
    }
    for (int i = 0; brought_at(i); i++) {
        if (brought_is(brought_at(i), name)) {
            separate(reply, &found);
            about_brought(brought_at(i), name, reply);
        }
    }
    if (found)
        return STATUS_OK;
    struct word_list words = {0};
    for (int i = 0; help_word(i); i++)
        word_list_add(&words, help_word(i));
    const char *hint = word_list_hint(&words, name);
    status code = error_set(error, STATUS_NOT_FOUND, "no help on '%s'%s", name,
                            *hint ? hint : ": 'help' lists what there is, 'apropos' searches");
    word_list_free(&words);
    return code;
}

/* --- apropos -------------------------------------------------------------------------------------------- */

/* Does `text` contain `word`, whatever the case? */
static bool mentions(const char *text, const char *word)
{
    return text && strcasestr(text, word);
}

static void found_line(struct reply *reply, const char *name, const char *kind, const char *help, int *found)
{
    reply_line(reply, "  %s\t%s: %s", name, kind, help);
    (*found)++;
}

status help_search(const struct session *session, const char *word, struct reply *reply, struct error *error)
{
    const struct aliases *aliases = session ? session->aliases : NULL;
    int found = 0;
    for (int i = 0; command_at(i); i++) {
        const struct command *command = command_at(i);
        if (mentions(command->name, word) || mentions(command->help, word) || mentions(command->text, word))
            found_line(reply, command->name, "command", command->help, &found);
    }
    for (int i = 0; aliases && i < aliases->count; i++) {
        if (mentions(aliases->items[i].name, word) || mentions(aliases->items[i].line, word))
            found_line(reply, aliases->items[i].name, "alias", aliases->items[i].line, &found);
    }
    for (int i = 0; option_at(i); i++) {
        const struct parameter *option = &option_at(i)->parameter;
        if (mentions(option->name, word) || mentions(option->help, word))
            found_line(reply, option->name, "option", option->help, &found);
    }
    for (int i = 0; criterion_at(i); i++) {
        const struct criterion *criterion = criterion_at(i);
        if (mentions(criterion->name, word) || mentions(criterion->title, word) ||
            mentions(criterion->help, word))
            found_line(reply, criterion->name, "criterion", criterion->help, &found);
    }
    for (int i = 0; help_topic_at(i); i++) {
        if (mentions(help_topic_at(i)->name, word) || mentions(help_topic_at(i)->help, word) ||
            mentions(help_topic_at(i)->text, word))
            found_line(reply, help_topic_at(i)->name, "topic", help_topic_at(i)->help, &found);
    }
    for (int i = 0; brought_at(i); i++) {
        const struct brought *brought = brought_at(i);
        bool mentioned = mentions(brought->text, word) || brought_is(brought, word);
        for (int k = 0; k < BROUGHT_WORDS && brought->words[k]; k++)
            mentioned |= mentions(brought->words[k], word);
        if (mentioned)
            found_line(reply, brought->words[0], "elsewhere", brought->text, &found);
    }
    if (!found)
        return error_set(error, STATUS_NOT_FOUND, "nothing is about '%s'", word);
    return STATUS_OK;
}
