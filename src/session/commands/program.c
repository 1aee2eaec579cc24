/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands about the program itself: set, theme, run, help, apropos, quit. */
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "session/commands/rows.h"
#include "session/language/command.h"
#include "session/language/help.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "session/words/word_list.h"
#include "view/figure.h"

/* --- set ------------------------------------------------------------------------------------------------ */

static void option_cells(const struct session *session, int id, struct figure *figure)
{
    const struct parameter *parameter = &option_at(id)->parameter;
    struct text values = {0};
    parameter_add_expected(parameter, &values);
    table_text(figure, parameter->name);
    table_text(figure, option_text(session->state.options, (enum option_id)id));
    table_text(figure, parameter->initial);
    table_text(figure, shown_words(figure, &values));
    if (!option_is_default(session->state.options, (enum option_id)id))
        table_emphasize(figure);
    text_free(&values);
}

/* All options, or one. */
static status show_options(const struct call *call, int only, struct error *error)
{
    struct figure *figure = figure_new(FIGURE_TABLE, "options");
    if (!figure)
        return error_memory(error);
    figure_title(figure, "Options");
    table_column(figure, "option", NULL, COLUMN_TEXT, 0);
    table_column(figure, "value", NULL, COLUMN_TEXT, 0);
    table_column(figure, "default", NULL, COLUMN_TEXT, 0);
    table_column(figure, "values", NULL, COLUMN_TEXT, 0);
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (only == OPTION_NONE || only == i)
            option_cells(call->session, i, figure);
    }
    return reply_figure(call->reply, figure, error);
}

static status run_set(struct call *call, struct error *error)
{
    const char *name = call_argument(call, 0), *text = call_argument(call, 1);
    int id = name ? option_find(name) : OPTION_NONE;
    bool changes = text || call->invocation->setting_count;
    if (name && !text && call->invocation->setting_count)
        return error_set(error, STATUS_USAGE, "the value of '%s' is missing", name);
    if (text) {
        status code = value_parse(&option_at(id)->parameter, session_scope(call->session), text,
                                  &call->options.value[id], error);
        if (code != STATUS_OK)
            return code;
    }
    if (!changes)
        return show_options(call, id, error);
    if (call->invocation->redirect)
        return error_set(error, STATUS_USAGE, "shows no figure when it changes an option");
    return session_set_options(call->session, &call->options, call->reply, error);
}

/* --- the others ----------------------------------------------------------------------------------------- */

static status run_theme(struct call *call, struct error *error)
{
    const char *name = call_argument(call, 0);
    if (!name) {
        struct word_list words = {0};
        value_words(&call->invocation->command->arguments[0], session_scope(call->session), &words);
        for (size_t i = 0; i < words.count; i++)
            reply_line(call->reply, "%s%s", words.items[i],
                       strcmp(words.items[i], option_text(&call->options, OPTION_THEME)) == 0 ? " (now)"
                                                                                              : "");
        call->reply->failed |= words.failed;
        word_list_free(&words);
        return STATUS_OK;
    }
    status code = value_parse(&option_at(OPTION_THEME)->parameter, session_scope(call->session), name,
                              &call->options.value[OPTION_THEME], error);
    return code == STATUS_OK ? session_set_options(call->session, &call->options, call->reply, error) : code;
}

static status run_run(struct call *call, struct error *error)
{
    char *path = path_expand(call_argument(call, 0));
    if (!path)
        return error_memory(error);
    struct reply *reply = call->reply;
    reply->run_file = path;
    int count = call->invocation->argument_count - 1;
    if (count && strcmp(path_extension(path), "lua") != 0)
        return error_set(error, STATUS_USAGE, "only Lua scripts take arguments: unexpected '%s'",
                         call_argument(call, 1));
    reply->run_arguments = mem_new((size_t)count, sizeof *reply->run_arguments);
    if (!reply->run_arguments)
        return error_memory(error);
    for (int i = 0; i < count; i++) {
        reply->run_arguments[i] = mem_string(call_argument(call, i + 1));
        if (!reply->run_arguments[i])
            return error_memory(error);
        reply->run_argument_count++;
    }
    return STATUS_OK;
}

static status run_lua(struct call *call, struct error *error)
{
    struct text code = {0};
    for (int i = 0; call_argument(call, i); i++) {
        text_add(&code, i ? " " : "");
        text_add(&code, call_argument(call, i));
    }
    call->reply->code = code.failed ? NULL : mem_string(text_data(&code));
    text_free(&code);
    return call->reply->code ? STATUS_OK : error_memory(error);
}

static status run_help(struct call *call, struct error *error)
{
    if (call_argument(call, 0))
        return help_about(call->session, call_argument(call, 0), call->reply, error);
    help_overview(call->reply);
    return STATUS_OK;
}

static status run_apropos(struct call *call, struct error *error)
{
    return help_search(call_argument(call, 0), call->reply, error);
}

static status run_quit(struct call *call, struct error *error)
{
    (void)error;
    call->reply->quit = true;
    return STATUS_OK;
}

/* --- rows ----------------------------------------------------------------------------------------------- */

static const struct parameter set_arguments[] = {
    {"OPTION", VALUE_OPTION, PARAMETER_OPTIONAL, 0, 0, NULL, NULL, "an option by its name"},
    {"VALUE", VALUE_SETTING, PARAMETER_OPTIONAL, 0, 0, NULL, NULL, "its new value"},
    PARAMETER_END,
};
static const int set_options[] = {
    OPTION_SAMPLES, OPTION_BALANCED,    OPTION_ORDER,     OPTIONS_OF_CRITERIA OPTION_RATIO,
    OPTION_ROUND,   OPTION_METHOD,      OPTION_BY,        OPTION_BINS,
    OPTION_LOG,     OPTION_SCALE,       OPTION_NORMALIZE, OPTION_PRECISION,
    OPTION_KERNEL,  OPTION_MICRO_BATCH, OPTION_THREADS,   OPTION_THEME,
    OPTION_ASCII,   OPTION_COLOR,       OPTION_WIDTH,     OPTION_MOUSE,
    OPTION_TIMING,  OPTION_NONE,
};
static const struct example set_examples[] = {
    {"set", "lists all options", false},
    {"set gamma 0.1", "sets PROscore's step and computes its scores anew", false},
    {"set ratio=0.5 round=prune-floor", "sets two options at once", false},
    EXAMPLE_END,
};
static const struct parameter theme_arguments[] = {
    {"THEME", VALUE_THEME, PARAMETER_OPTIONAL, 0, 0, NULL, NULL, "a theme by its name"},
    PARAMETER_END,
};
static const struct example theme_examples[] = {{"theme", "lists the themes", false}, EXAMPLE_END};
static const struct parameter run_arguments[] = {
    {"FILE", VALUE_FILE, 0, 0, 0, NULL, NULL, "a file of commands, or a Lua script: its name ends in .lua"},
    {"ARGUMENT", VALUE_WORD, PARAMETER_OPTIONAL | PARAMETER_REPEATED, 0, 0, NULL, NULL, "for a Lua script"},
    PARAMETER_END,
};
static const struct parameter lua_arguments[] = {
    {"CODE", VALUE_WORD, PARAMETER_REPEATED, 0, 0, NULL, NULL,
     "an expression or statements, to the end of the line"},
    PARAMETER_END,
};
static const struct example lua_examples[] = {
    {"lua print(ippro.version)", "runs a statement", false},
    {"= 2 ^ 10, math.pi", "shows what expressions are worth", false},
    {"= ippro.load('example'):layers()[1]", "shows what scripts know of the first layer", false},
    EXAMPLE_END,
};
static const struct example run_examples[] = {
    {"run tour.ippro", "runs the commands of a file", true},
    {"run sweep.lua example", "runs a Lua script with an argument", true},
    EXAMPLE_END,
};
static const struct parameter help_arguments[] = {
    {"TOPIC", VALUE_TOPIC, PARAMETER_OPTIONAL, 0, 0, help_word, NULL,
     "a command, option, criterion or topic"},
    PARAMETER_END,
};
static const struct example help_examples[] = {
    {"help", "lists the commands", false},
    {"help score", "tells all about a command", false},
    EXAMPLE_END,
};
static const struct parameter apropos_arguments[] = {
    {"WORD", VALUE_WORD, 0, 0, 0, NULL, NULL, "what to search for"},
    PARAMETER_END,
};
static const struct example apropos_examples[] = {{"apropos seed", "lists what has to do with seeds", false},
                                                  EXAMPLE_END};
static const struct example quit_examples[] = {{"quit", "ends the program", false}, EXAMPLE_END};

const struct command commands_program[] = {
    {"set", NULL, "program", set_arguments, NULL, set_options,
     COMMAND_CHANGES | COMMAND_FIGURES | COMMAND_ALL_OPTIONS, "show and change options",
     "Without arguments shows all options, with one shows it, with a value sets it. Scores that an option "
     "touches are "
     "computed anew at once, without a pass where the last one serves; options of the sample take effect at "
     "the next "
     "score.",
     set_examples, run_set},
    {"theme", NULL, "program", theme_arguments, NULL, NULL, COMMAND_CHANGES | COMMAND_PREVIEW,
     "choose the colours",
     "Without an argument lists the themes. Themes are data files; those in ~/.config/ippro-explore/themes "
     "come first.",
     theme_examples, run_theme},
    {"run", NULL, "program", run_arguments, NULL, NULL, COMMAND_CHANGES | COMMAND_PROGRAM,
     "run a file of commands or a Lua script",
     "Runs the commands of a file, one line after the other, as if they had been typed, but with full names. "
     "The first "
     "command that fails ends the file; what the commands before it did stays."
     "\n\n"
     "A file whose name ends in .lua is a Lua script; what follows its name are its arguments. See "
     "ippro-lua(3).",
     run_examples, run_run},
    {"lua", "=", "program", lua_arguments, NULL, NULL,
     COMMAND_CHANGES | COMMAND_PROGRAM | COMMAND_NOT_IN_SCRIPTS | COMMAND_CODE, "run a piece of Lua",
     "Takes the rest of the line as Lua. Values of an expression are shown. At the prompt, code that is not "
     "complete asks for more lines; an empty line gives up. The module ippro has every command as a "
     "function. "
     "See ippro-lua(3).",
     lua_examples, run_lua},
    {"help", "?", "program", help_arguments, NULL, NULL, 0, "explain commands, options and criteria",
     "Without an argument lists the commands; with a name tells everything known by it.", help_examples,
     run_help},
    {"apropos", NULL, "program", apropos_arguments, NULL, NULL, 0, "search the help",
     "Lists the commands, options, criteria and topics that mention a word.", apropos_examples, run_apropos},
    {"quit", "exit", "program", NULL, NULL, NULL, COMMAND_ENDS, "end the program",
     "Ends the program. Nothing is asked: what is to stay must have been written by save or session save.",
     quit_examples, run_quit},
    {.name = NULL},
};
