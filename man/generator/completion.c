/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A completion function for bash. */
#include "completion.h"

#include "data/dataset.h"
#include "repl/usage.h"
#include "session/language/command.h"
#include "session/version.h"

static void completion_words(FILE *file)
{
    for (int i = 0; program_option_at(i); i++) {
        const struct program_option *option = program_option_at(i);
        if (option->letter < 256)
            fprintf(file, " -%c", option->letter);
        fprintf(file, " --%s%s", option->name, option->argument ? "=" : "");
    }
}

void bash_completion(FILE *file)
{
    fprintf(file,
            "# SPDX-License-Identifier: GPL-3.0-or-later\n"
            "# bash completion for %s, made from its tables.\n"
            "_ippro_explore()\n"
            "{\n"
            "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
            "    if [[ $cur == '=' ]]; then cur=; fi\n"
            "    if [[ $prev == '=' ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
            "    case $prev in\n"
            "    -e|--execute)\n        COMPREPLY=($(compgen -W \"",
            PROGRAM_NAME);
    for (int i = 0; command_at(i); i++)
        fprintf(file, "%s%s", i ? " " : "", command_at(i)->name);
    fputs("\" -- \"$cur\"));;\n    --data)\n        COMPREPLY=($(compgen -W \"", file);
    for (int i = 0; dataset_kind_at(i); i++)
        fprintf(file, "%s%s%s", i ? " " : "", dataset_kind_at(i)->name,
                dataset_kind_at(i)->needs_path ? ":" : "");
    fputs("\" -- \"$cur\")); compopt -o nospace;;\n"
          "    --threads)\n        COMPREPLY=();;\n"
          "    *)\n"
          "        if [[ $cur == -* ]]; then\n"
          "            COMPREPLY=($(compgen -W \"",
          file);
    completion_words(file);
    fputs("\" -- \"$cur\"))\n"
          "            if [[ ${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi\n"
          "        else\n"
          "            compopt -o filenames\n"
          "            COMPREPLY=($(compgen -f -- \"$cur\"))\n"
          "        fi;;\n"
          "    esac\n"
          "}\n",
          file);
    fprintf(file, "complete -F _ippro_explore %s\n", PROGRAM_NAME);
}
