/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The manual's lists, from the tables. */
#include "sections.h"

#include <string.h>

#include "base/text.h"
#include "described.h"
#include "mdoc.h"
#include "repl/usage.h"
#include "session/language/command.h"
#include "session/words/panes.h"

/* --- commands --- */

static void heading(FILE *file, const char *name)
{
    fputs(".Ss ", file);
    mdoc_argument(file, name);
    fputc('\n', file);
}

static void usage_item(FILE *file, const struct command *command)
{
    fprintf(file, ".It Ic %s", command->name);
    for (const struct parameter *argument = command->arguments; argument && argument->name; argument++) {
        bool optional = argument->flags & PARAMETER_OPTIONAL;
        fputs(optional ? " Oo Ar " : " Ar ", file);
        mdoc_argument(file, argument->name);
        fputs(argument->flags & PARAMETER_REPEATED ? " ..." : "", file);
        fputs(optional ? " Oc" : "", file);
    }
    if (command->flags & COMMAND_FIGURES)
        fputs(" Op Li > Ar FILE", file);
    fputc('\n', file);
}

/* "KEY=VALUES": help, default. */
static void parameter_item(FILE *file, const struct parameter *parameter, bool key)
{
    struct text values = {0}, sentence = {0};
    fputs(key ? ".It Cm " : ".It Ar ", file);
    mdoc_argument(file, parameter->name);
    parameter_add_values(parameter, &values);
    if (key) {
        fputs(" Ns = Ns Ar ", file);
        mdoc_argument(file, text_data(&values));
    }
    fputc('\n', file);
    text_add(&sentence, parameter->help);
    if (key) {
        struct text expected = {0};
        parameter_add_expected(parameter, &expected);
        if (expected.length)
            text_add_format(&sentence, ": %s", text_data(&expected));
        text_free(&expected);
        if (parameter->initial)
            text_add_format(&sentence, "; default %s", parameter->initial);
    }
    mdoc_paragraphs(file, text_data(&sentence));
    text_free(&values);
    text_free(&sentence);
}

static void parameter_list(FILE *file, const struct command *command)
{
    bool own = (command->arguments && command->arguments->name) ||
               (command->parameters && command->parameters->name);
    if (own) {
        fputs(".Bl -tag -width Ds\n", file);
        for (const struct parameter *argument = command->arguments; argument && argument->name; argument++)
            parameter_item(file, argument, false);
        for (const struct parameter *parameter = command->parameters; parameter && parameter->name;
             parameter++)
            parameter_item(file, parameter, true);
        fputs(".El\n", file);
    }
    if (!command->options || command->options[0] == OPTION_NONE)
        return;
    fputs(".Pp\n", file);
    if (command->flags & COMMAND_ALL_OPTIONS) {
        fputs("Every option of\n.Sx SETTINGS\nmay be given as key=value.\n", file);
        return;
    }
    fputs("Options of\n.Sx SETTINGS\nthat may be given as key=value:\n", file);
    for (const int *id = command->options; *id != OPTION_NONE; id++) {
        fputs(".Cm ", file);
        mdoc_argument(file, command_option(command, *id)->name);
        fputs(id[1] == OPTION_NONE ? " .\n" : " ,\n", file);
    }
}

static void command_item(FILE *file, const struct command *command)
{
    usage_item(file, command);
    if (command->alias) {
        fputs("Also called\n.Ic ", file);
        mdoc_argument(file, command->alias);
        fputs(" .\n", file);
    }
    mdoc_paragraphs(file, command->text);
    parameter_list(file, command);
    fputs(".Pp\n.Bl -tag -width Ds -compact\n", file);
    for (const struct example *example = command->examples; example && example->line; example++) {
        fputs(".It Li ", file);
        mdoc_argument(file, example->line);
        fputc('\n', file);
        mdoc_paragraphs(file, example->what);
    }
    fputs(".El\n", file);
}

void commands_mdoc(FILE *file)
{
    for (const struct command_group *group = command_groups; group->name; group++) {
        heading(file, group->heading);
        fputs(".Bl -tag -width Ds\n", file);
        for (const struct command *const *command = group->commands; *command; command++)
            command_item(file, *command);
        fputs(".El\n", file);
    }
}

/* --- options, criteria, environment --- */

void settings_mdoc(FILE *file)
{
    const struct option_group *group = NULL;
    for (int i = 0; option_at(i); i++) {
        if (group != option_at(i)->group) {
            if (group)
                fputs(".El\n", file);
            heading(file, option_at(i)->group->heading);
            fputs(".Bl -tag -width Ds\n", file);
        }
        group = option_at(i)->group;
        parameter_item(file, &option_at(i)->parameter, true);
    }
    fputs(".El\n", file);
}

void options_mdoc(FILE *file)
{
    fputs(".Bl -tag -width Ds\n", file);
    for (int i = 0; program_option_at(i); i++) {
        const struct program_option *option = program_option_at(i);
        fputs(".It ", file);
        if (option->letter < 256)
            fprintf(file, "Fl %c%s%s , ", option->letter, option->argument ? " Ar " : "",
                    option->argument ? option->argument : "");
        fputs("Fl Fl ", file);
        mdoc_argument(file, option->name);
        if (option->argument) {
            fputs(" Ns = Ns Ar ", file);
            mdoc_argument(file, option->argument);
        }
        fputc('\n', file);
        mdoc_paragraphs(file, option->text);
    }
    fputs(".El\n", file);
}

static void variants_mdoc(FILE *file, const struct criterion *criterion)
{
    for (const struct criterion_variant *variant = criterion->variants; variant && variant->what; variant++) {
        for (int i = 0; variant->help && variant->help(i); i++) {
            struct text name = {0};
            text_add_format(&name, "%s:%s", criterion->name, variant->name(i));
            fputs(".It Cm ", file);
            mdoc_argument(file, text_data(&name));
            fputc('\n', file);
            text_free(&name);
            mdoc_paragraphs(file, variant->help(i));
        }
    }
}

void criteria_mdoc(FILE *file)
{
    fputs(".Bl -tag -width Ds\n", file);
    for (int i = 0; criterion_at(i); i++) {
        const struct criterion *criterion = criterion_at(i);
        struct text sentence = {0};
        fputs(".It Cm ", file);
        mdoc_argument(file, criterion->name);
        fputc('\n', file);
        text_add_format(&sentence, "%s: %s", criterion->title, criterion->help);
        if (criterion->paper)
            text_add_format(&sentence, " (%s)", criterion->paper);
        mdoc_paragraphs(file, text_data(&sentence));
        text_free(&sentence);
        variants_mdoc(file, criterion);
    }
    fputs(".El\n", file);
}

static void described_mdoc(FILE *file, const struct described *(*at)(int index), const char *macro)
{
    fputs(".Bl -tag -width Ds\n", file);
    for (int i = 0; at(i); i++) {
        fprintf(file, ".It %s ", macro);
        mdoc_argument(file, at(i)->name);
        fputc('\n', file);
        mdoc_paragraphs(file, at(i)->text);
    }
    fputs(".El\n", file);
}

void environment_mdoc(FILE *file)
{
    described_mdoc(file, environment_at, "Ev");
}

void exit_mdoc(FILE *file)
{
    described_mdoc(file, exit_status_at, "Li");
}

/* --- the full screen --- */

void panes_mdoc(FILE *file)
{
    fputs(".Bl -tag -width Ds\n", file);
    for (int i = 0; pane_name(i); i++) {
        fputs(".It Sy ", file);
        mdoc_argument(file, pane_title(i));
        fputc('\n', file);
        mdoc_paragraphs(file, pane_help(i));
    }
    fputs(".El\n", file);
}

void layouts_mdoc(FILE *file)
{
    fputs(".Bl -tag -width Ds -compact\n", file);
    for (int i = 0; layout_name(i); i++) {
        fputs(".It Cm ", file);
        mdoc_argument(file, layout_name(i));
        fputc('\n', file);
        mdoc_paragraphs(file, layout_help(i));
    }
    fputs(".El\n", file);
}

static void keys_of_place(FILE *file, int place)
{
    fputs(".Bl -tag -width Ds -compact\n", file);
    for (int i = 0; key_action_at(i); i++) {
        const struct key_action *action = key_action_at(i);
        if (action->place != place)
            continue;
        fputs(".It Cm ", file);
        mdoc_argument(file, action->name);
        fputs(" : Li ", file);
        mdoc_argument(file, action->keys);
        fputc('\n', file);
        mdoc_paragraphs(file, action->help);
    }
    fputs(".El\n", file);
}

static bool has_actions(int place)
{
    for (int i = 0; key_action_at(i); i++) {
        if (key_action_at(i)->place == place)
            return true;
    }
    return false;
}

void keys_mdoc(FILE *file)
{
    for (int place = PLACE_EVERYWHERE; place < PANE_COUNT; place++) {
        if (!has_actions(place))
            continue;
        struct text head = {0};
        text_add_format(&head, "Keys %s", key_place_text(place));
        heading(file, text_data(&head));
        text_free(&head);
        keys_of_place(file, place);
    }
}
