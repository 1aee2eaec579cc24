/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Run by the build: `generate PART` writes a list of the manual, the shell completion, or a list for the
 * tests, made from the tables of the program. It is linked with the program's rooms and is not installed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "completion.h"
#include "described.h"
#include "repl/usage.h"
#include "sections.h"
#include "session/language/command.h"
#include "session/words/panes.h"

/* Every name that the manual must have, one a line, behind its kind. */
static void names(FILE *file)
{
    for (int i = 0; command_at(i); i++)
        fprintf(file, "command %s\n", command_at(i)->name);
    for (int i = 0; option_at(i); i++)
        fprintf(file, "setting %s\n", option_at(i)->parameter.name);
    for (int i = 0; criterion_at(i); i++)
        fprintf(file, "criterion %s\n", criterion_at(i)->name);
    for (int i = 0; program_option_at(i); i++)
        fprintf(file, "option %s\n", program_option_at(i)->name);
    for (int i = 0; key_action_at(i); i++)
        fprintf(file, "action %s\n", key_action_at(i)->name);
    for (int i = 0; environment_at(i); i++)
        fprintf(file, "environment %s\n", environment_at(i)->name);
    for (int i = 0; exit_status_at(i); i++)
        fprintf(file, "exit %s\n", exit_status_at(i)->name);
}

/* Examples of commands that run on the built-in example, one a line. */
static void examples(FILE *file)
{
    for (int i = 0; command_at(i); i++) {
        for (const struct example *example = command_at(i)->examples; example && example->line; example++) {
            if (!example->foreign)
                fprintf(file, "%s\n", example->line);
        }
    }
}

static const struct part {
    const char *name;
    void (*write)(FILE *file);
} parts[] = {
    {"commands-mdoc", commands_mdoc},
    {"options-mdoc", options_mdoc},
    {"settings-mdoc", settings_mdoc},
    {"criteria-mdoc", criteria_mdoc},
    {"panes-mdoc", panes_mdoc},
    {"layouts-mdoc", layouts_mdoc},
    {"keys-mdoc", keys_mdoc},
    {"exit-mdoc", exit_mdoc},
    {"environment-mdoc", environment_mdoc},
    {"bash-completion", bash_completion},
    {"zsh-completion", zsh_completion},
    {"fish-completion", fish_completion},
    {"names", names},
    {"examples", examples},
};
enum { PARTS = sizeof parts / sizeof *parts };

static int usage(void)
{
    fputs("usage: generate PART, where PART is", stderr);
    for (int i = 0; i < PARTS; i++)
        fprintf(stderr, " %s", parts[i].name);
    fputc('\n', stderr);
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    const struct part *part = NULL;
    for (int i = 0; argc == 2 && i < PARTS; i++) {
        if (strcmp(parts[i].name, argv[1]) == 0)
            part = &parts[i];
    }
    if (!part)
        return usage();
    part->write(stdout);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("generate");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
