/* SPDX-License-Identifier: GPL-3.0-or-later */
/* alias: names for command lines. */
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "session/language/command.h"
#include "session/language/expand.h"
#include "session/reply.h"
#include "session/words/alias.h"
#include "session/words/value.h"
#include "view/style.h"

static void show(struct reply *reply, const char *name, const char *line)
{
    reply_line(reply, "alias %s = %s", name, line);
}

static status show_aliases(const struct call *call, const char *name, struct error *error)
{
    const struct aliases *aliases = call->session->aliases;
    if (name && !alias_line(aliases, name))
        return error_set(error, STATUS_NOT_FOUND, "no alias '%s': 'alias' lists them", name);
    if (name)
        show(call->reply, name, alias_line(aliases, name));
    for (int i = 0; !name && aliases && i < aliases->count; i++)
        show(call->reply, aliases->items[i].name, aliases->items[i].line);
    if (!name && (!aliases || !aliases->count))
        reply_add(call->reply, STYLE_NOTE, "there are no aliases: 'alias NAME = COMMAND' makes one");
    return STATUS_OK;
}

/* A name is one plain word, and no command's. */
static status check_name(const char *name, struct error *error)
{
    const struct command *command;
    struct error ignored = {0};
    if (strpbrk(name, " \t\r\n;>#=\"'\\") || strchr("-.", *name))
        return error_set(error, STATUS_USAGE, "'%s' cannot be an alias: a name is one word without signs",
                         name);
    if (command_find(name, false, &command, &ignored) == STATUS_OK)
        return error_set(error, STATUS_USAGE, "'%s' is a command: an alias does not hide one", name);
    if (command_find(name, true, &command, &ignored) == STATUS_OK &&
        (command->flags & (COMMAND_DEFINES | COMMAND_CODE)))
        return error_set(error, STATUS_USAGE, "'%s' is short for %s, whose line is read in a way of its own",
                         name, command->name);
    return STATUS_OK;
}

static status run_alias(struct call *call, struct error *error)
{
    const char *name = call_argument(call, 0), *sign = call_argument(call, 1);
    const char *text = call_argument(call, 2);
    char *line = NULL;
    if (!sign)
        return show_aliases(call, name, error);
    if (!text)
        return error_set(error, STATUS_USAGE, "COMMAND is missing: the form is 'alias NAME = COMMAND'");
    struct aliases *made;
    status code = check_name(name, error);
    if (code == STATUS_OK)
        code = command_line_check(call->session->aliases, text, &line, error);
    if (code == STATUS_OK)
        code = aliases_with(call->session->aliases, name, line, &made, error);
    mem_free(line);
    if (code != STATUS_OK)
        return code;
    aliases_free(call->session->aliases);
    call->session->aliases = made;
    return STATUS_OK;
}

static const char *sign_word(int index)
{
    return index == 0 ? "=" : NULL;
}

static const struct parameter alias_arguments[] = {
    {"NAME", VALUE_ALIAS, PARAMETER_OPTIONAL, 0, 0, NULL, NULL, "the name: one word that is no command's"},
    {"=", VALUE_CHOICE, PARAMETER_OPTIONAL, 0, 0, sign_word, NULL, "what follows is what it stands for"},
    {"COMMAND", VALUE_TEXT, PARAMETER_OPTIONAL, 0, 0, NULL, NULL,
     "a command line, to the end of the line; ';' separates several commands"},
    PARAMETER_END,
};
static const struct example alias_examples[] = {
    {"alias look = score l1,geomedian; corr", "lets look stand for two commands", false},
    {"alias", "lists the aliases", false},
    EXAMPLE_END,
};

const struct command command_alias = {
    .name = "alias",
    .arguments = alias_arguments,
    .flags = COMMAND_DEFINES | COMMAND_CHANGES,
    .help = "give a command line a name",
    .text =
        "Gives a command line a name of your own, to be used like a command: what follows the name is added to "
        "the last command, and > FILE takes its figures. Without arguments lists the aliases, with a name "
        "shows that one, each as it would be typed. In the configuration file they last.\n\n"
        "An alias may use other aliases. It cannot have the name of a command. Its commands have their full "
        "names. What it does is in the history, and in session files, as the commands it stands for.",
    .examples = alias_examples,
    .run = run_alias,
};
