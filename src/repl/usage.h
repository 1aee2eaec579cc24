/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program's own options: one table for getopt_long, --help, the manual and the shell completion. */
#ifndef IPPRO_REPL_USAGE_H
#define IPPRO_REPL_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/status.h"

struct program_option {
    int letter;           /* short option, or a number above 255 */
    const char *name;     /* long option */
    const char *argument; /* NULL: takes none */
    const char *help;     /* one line for --help */
    const char *text;     /* for the manual */
};
const struct program_option *program_option_at(int index); /* NULL past the end */

/* One -e or -f, in the order given. */
struct action {
    bool is_file;
    const char *text;
};

struct arguments {
    struct action *actions; /* owned */
    int action_count;
    size_t action_capacity;
    const char *model, *data, *threads; /* NULL: not given */
    const char *color;                  /* for the option color; NULL: not given */
    const char *script;                 /* a Lua script in the place of a model */
    char **script_arguments;
    int script_argument_count;
    const char *log;    /* the file that all is added to; NULL: none */
    const char *safe;   /* the folder that scripts may write to; NULL: anywhere */
    int64_t lua_memory; /* megabytes; 0: not given */
    const char *screen; /* panes without a terminal, for tests: WIDTHxHEIGHT; NULL: not given */
    int screen_width, screen_height;
    bool no_config, keep_going, quiet, plain, prompt, ascii, help, version;
    bool resume; /* an unsaved session in the place of a model: `model`, or the last one */
};

/* Everything is borrowed from argv but the list of actions. STATUS_USAGE with a message otherwise. */
status arguments_parse(int argc, char **argv, struct arguments *arguments, struct error *error);
void arguments_free(struct arguments *arguments);

void usage_print(FILE *file);   /* fits one screen */
void version_print(FILE *file); /* with the libraries' versions */

#endif
