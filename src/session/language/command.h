/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command table. From its rows come the parser, help, completion, the manual's COMMANDS section and the
 * shell completion; other front ends find their commands here too. */
#ifndef IPPRO_SESSION_LANGUAGE_COMMAND_H
#define IPPRO_SESSION_LANGUAGE_COMMAND_H

#include "session/language/invocation.h"
#include "session/session.h"

enum command_flags {
    COMMAND_MODEL = 1,            /* needs a model */
    COMMAND_DATA = 2,             /* needs a data set */
    COMMAND_SCORES = 4,           /* needs scores */
    COMMAND_LONG = 8,             /* may run long: reports progress and can be cancelled */
    COMMAND_CHANGES = 16,         /* changes the session */
    COMMAND_FIGURES = 32,         /* shows figures: takes `> file` */
    COMMAND_PROGRAM = 64,         /* runs a program or a file of commands */
    COMMAND_QUIET = 128,          /* panes show what it does: its table waits behind them */
    COMMAND_NOT_IN_SCRIPTS = 256, /* no function of the module ippro */
    COMMAND_CODE = 512,           /* its argument is the rest of the line as it stands */
    COMMAND_ENDS = 1024,          /* ends the program: also while another command runs */
    COMMAND_PREVIEW = 2048,       /* names a theme, shown while the name is typed */
    COMMAND_ALL_OPTIONS = 4096,   /* takes every option: they are not listed with it */
    COMMAND_OF_MODEL = 8192,      /* a method of models in scripts too */
    COMMAND_OF_SCORES = 16384,    /* a method of score sets in scripts too */
    COMMAND_DEFINES = 32768, /* behind a word and '=', the rest of the line is a command line as it stands */
    COMMAND_TEXT = 65536,    /* its words are text: none is KEY=VALUE */
    COMMAND_TRAINS = 131072, /* functions of scripts may take part (session/training_hooks.h) */
};

struct example {
    const char *line, *what; /* what it does, one sentence without a full stop */
    bool foreign;            /* names files that only the user has: not run by the tests */
};
/* The end of a list of them. */
#define EXAMPLE_END                                                                                          \
    {                                                                                                        \
        .line = NULL                                                                                         \
    }

/* What a command's function gets. */
struct call {
    struct session *session;
    const struct invocation *invocation;
    struct options options; /* the session's, with what this invocation sets */
    struct progress *progress;
    struct reply *reply;
};

struct command {
    const char *name, *alias;           /* alias may be NULL */
    const struct parameter *arguments;  /* positional, ended by a row without a name; NULL: none */
    const struct parameter *parameters; /* key=value of its own, ended likewise; NULL: none */
    const int *options;                 /* options it takes as key=value, ended by OPTION_NONE; NULL: none */
    unsigned flags;
    const char *help;               /* one line */
    const char *text;               /* paragraphs, separated by an empty line */
    const struct example *examples; /* ended by a row without a line */
    status (*run)(struct call *call, struct error *error);
};

/* Commands that belong together, under one heading. */
struct command_group {
    const char *name, *heading;            /* in help, in the manual */
    const struct command *const *commands; /* ended by NULL */
};
/* All of them, in the order of help, ended by a row without a name: session/commands/table.c. */
extern const struct command_group command_groups[];
const struct command *command_at(int index); /* of all groups, one after the other; NULL past the end */
/* By name or alias; with `prefixes` also by an unambiguous beginning. Unknown and ambiguous names say what is
 * near. */
status command_find(const char *name, bool prefixes, const struct command **command, struct error *error);
/* The flags of the command that a statement begins with, 0 when there is none of that name. */
unsigned command_flags_of(const struct statement *statement, bool prefixes);
/* "score CRITERIA... [samples=SIZE] [balanced=yes|no] ... [> FILE]" */
void command_add_usage(const struct command *command, bool options, struct text *text);
/* How the command calls an option that it takes: in set by its name, elsewhere perhaps by another word. */
const struct parameter *command_option(const struct command *command, int option);
/* A key of the command: its own parameter, or an option that it takes; NULL when it has none of that name. */
const struct parameter *command_parameter(const struct command *command, const char *name, int *option);
void command_keys(const struct command *command, struct word_list *list);

/* For command functions. */
const char *call_argument(const struct call *call, int index);   /* NULL past the end */
void call_add_words(const struct call *call, struct text *text); /* all arguments, with blanks between */
const struct setting *call_setting(const struct call *call, const char *name); /* NULL when not given */
/* May the command write to this file? A file that was read (base/inputs.h) is replaced only with the
 * parameter overwrite=yes, which every command that writes has. */
status call_may_write(const struct call *call, const char *path, struct error *error);
#define OVERWRITE_PARAMETER                                                                                  \
    {                                                                                                        \
        "overwrite", VALUE_BOOLEAN, 0, 0, 0, NULL, "no",                                                     \
            "replace a file that was read here, such as the one the network is from"                         \
    }
/* Value of a parameter of its own: as given, else its default. */
status call_value(const struct call *call, const char *name, struct setting_value *value,
                  struct error *error);

#endif
