/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Completion functions for bash, zsh and fish. */
#include "completion.h"

#include <string.h>

#include "data/dataset.h"
#include "repl/usage.h"
#include "session/language/command.h"
#include "session/version.h"

/* --- what all have in common ------------------------------------------------------------------------------
 */

/* What the value of an option of the program is; COMPLETE_NONE also where it has none. */
enum completed {
    COMPLETE_NONE,
    COMPLETE_COMMANDS,
    COMPLETE_DATA,
    COMPLETE_COMMAND_FILES,
    COMPLETE_FILES,
    COMPLETE_FOLDERS,
    COMPLETE_COLORS
};
#define COLORS "auto always never"

static enum completed completed_of(const struct program_option *option)
{
    static const struct {
        const char *argument;
        enum completed value;
    } values[] = {{"COMMANDS", COMPLETE_COMMANDS},  {"KIND:PATH", COMPLETE_DATA},
                  {"FILE", COMPLETE_COMMAND_FILES}, {"LOG", COMPLETE_FILES},
                  {"FOLDER", COMPLETE_FOLDERS},     {"WHEN", COMPLETE_COLORS}};
    for (size_t i = 0; option->argument && i < sizeof values / sizeof *values; i++) {
        if (strcmp(values[i].argument, option->argument) == 0)
            return values[i].value;
    }
    return COMPLETE_NONE;
}

static void put_commands(FILE *file, const char *between)
{
    for (int i = 0; command_at(i); i++)
        fprintf(file, "%s%s", i ? between : "", command_at(i)->name);
}

/* Kinds of data sets; those that need a path with the colon that goes before it. */
static void put_kinds(FILE *file, const char *colon)
{
    for (int i = 0; dataset_kind_at(i); i++)
        fprintf(file, "%s%s%s", i ? " " : "", dataset_kind_at(i)->name,
                dataset_kind_at(i)->needs_path ? colon : "");
}

static void put_head(FILE *file, const char *shell)
{
    fprintf(file,
            "# SPDX-License-Identifier: GPL-3.0-or-later\n"
            "# %s completion for %s, made from its tables.\n",
            shell, PROGRAM_NAME);
}

/* Inside single quotes, of zsh and of fish; `special` characters get a backslash. */
static void put_quoted(FILE *file, const char *text, const char *special, const char *quote)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs(quote, file);
        else if (strchr(special, *text))
            fprintf(file, "\\%c", *text);
        else
            fputc(*text, file);
    }
}

/* Folders of scripts, the user's first. */
static void put_script_folders(FILE *file)
{
    fprintf(file, "\"${XDG_CONFIG_HOME:-$HOME/.config}/%s/scripts\" '%s/scripts'", PROGRAM_NAME, PKGDATADIR);
}

/* --- bash ----------------------------------------------------------------------------------------------- */

static void bash_options(FILE *file)
{
    for (int i = 0; program_option_at(i); i++) {
        const struct program_option *option = program_option_at(i);
        if (option->letter < 256)
            fprintf(file, " -%c", option->letter);
        fprintf(file, " --%s%s", option->name, option->argument ? "=" : "");
    }
}

static void bash_value(FILE *file, const struct program_option *option)
{
    fputs("    ", file);
    if (option->letter < 256)
        fprintf(file, "-%c|", option->letter);
    fprintf(file, "--%s)\n        ", option->name);
    switch (completed_of(option)) {
    case COMPLETE_COMMANDS:
        fputs("COMPREPLY=($(compgen -W \"", file);
        put_commands(file, " ");
        fputs("\" -- \"$cur\"));;\n", file);
        break;
    case COMPLETE_DATA:
        fputs("COMPREPLY=($(compgen -W \"", file);
        put_kinds(file, ":");
        fputs("\" -- \"$cur\")); compopt -o nospace;;\n", file);
        break;
    case COMPLETE_COMMAND_FILES:
        fputs("_ippro_explore_files ippro;;\n", file);
        break;
    case COMPLETE_FILES:
        fputs("compopt -o filenames; COMPREPLY=($(compgen -f -- \"$cur\"));;\n", file);
        break;
    case COMPLETE_FOLDERS:
        fputs("compopt -o filenames; COMPREPLY=($(compgen -d -- \"$cur\"));;\n", file);
        break;
    case COMPLETE_COLORS:
        fputs("COMPREPLY=($(compgen -W \"" COLORS "\" -- \"$cur\"));;\n", file);
        break;
    case COMPLETE_NONE:
        fputs("COMPREPLY=();;\n", file);
        break;
    }
}

void bash_completion(FILE *file)
{
    put_head(file, "bash");
    fputs(
        "# Files with one of these endings, folders, and scripts by their names; any file where there are none.\n"
        "_ippro_explore_files()\n"
        "{\n"
        "    local ending name\n"
        "    compopt -o filenames\n"
        "    COMPREPLY=($(compgen -d -- \"$cur\"))\n"
        "    for ending; do\n"
        "        COMPREPLY+=($(compgen -f -X \"!*.$ending\" -- \"$cur\"))\n"
        "        for name in ",
        file);
    put_script_folders(file);
    fputs("; do\n"
          "            COMPREPLY+=($(cd \"$name\" 2>/dev/null && compgen -f -X \"!*.$ending\" -- \"$cur\"))\n"
          "        done\n"
          "    done\n"
          "    if [[ ${#COMPREPLY[@]} -eq 0 ]]; then COMPREPLY=($(compgen -f -- \"$cur\")); fi\n"
          "}\n"
          "_ippro_explore()\n"
          "{\n"
          "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
          "    if [[ $cur == '=' ]]; then cur=; fi\n"
          "    if [[ $prev == '=' ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
          "    case $prev in\n",
          file);
    for (int i = 0; program_option_at(i); i++) {
        if (program_option_at(i)->argument)
            bash_value(file, program_option_at(i));
    }
    fputs("    *)\n"
          "        if [[ $cur == -* ]]; then\n"
          "            COMPREPLY=($(compgen -W \"",
          file);
    bash_options(file);
    fprintf(file,
            "\" -- \"$cur\"))\n"
            "            if [[ ${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi\n"
            "        else\n"
            "            _ippro_explore_files onnx lua\n"
            "        fi;;\n"
            "    esac\n"
            "}\n"
            "complete -F _ippro_explore %s\n",
            PROGRAM_NAME);
}

/* --- zsh ------------------------------------------------------------------------------------------------ */

static void zsh_option(FILE *file, const struct program_option *option)
{
    static const char *const actions[] = {
        [COMPLETE_NONE] = " ",
        [COMPLETE_COMMANDS] = "_ippro_explore_commands",
        [COMPLETE_DATA] = "_ippro_explore_data",
        [COMPLETE_COMMAND_FILES] = "_ippro_explore_files ippro",
        [COMPLETE_FILES] = "_files",
        [COMPLETE_FOLDERS] = "_files -/",
        [COMPLETE_COLORS] = "(" COLORS ")",
    };
    const char *equals = option->argument ? "=" : "";
    fputs("        ", file);
    if (option->letter < 256)
        fprintf(file, "'*'{-%c%s,--%s%s}'", option->letter, option->argument ? "+" : "", option->name,
                equals);
    else
        fprintf(file, "'--%s%s", option->name, equals);
    fputc('[', file);
    put_quoted(file, option->help, "[]:\\", "'\\''");
    fputc(']', file);
    if (option->argument) {
        fputc(':', file);
        put_quoted(file, option->argument, ":", "'\\''");
        fprintf(file, ":%s", actions[completed_of(option)]);
    }
    fputs("' \\\n", file);
}

void zsh_completion(FILE *file)
{
    fprintf(file, "#compdef %s\n", PROGRAM_NAME); /* must be the first line */
    put_head(file, "zsh");
    fputs("_ippro_explore_commands() {\n    compadd -- ", file);
    put_commands(file, " ");
    fputs("\n}\n_ippro_explore_data() {\n    compadd -S '' -- ", file);
    put_kinds(file, ":");
    fputs("\n}\n"
          "# Files with one of these endings, folders, and scripts by their names.\n"
          "_ippro_explore_files() {\n"
          "    local ending folder\n"
          "    local -a names\n"
          "    for ending; do\n"
          "        for folder in ",
          file);
    put_script_folders(file);
    fputs("; do\n"
          "            names+=($folder/*.$ending(N:t))\n"
          "        done\n"
          "    done\n"
          "    _alternative \"files:file:_files -g '*.(${(j:|:)@})'\" 'scripts:script:compadd -a names'\n"
          "}\n"
          "_ippro_explore() {\n"
          "    _arguments -s -S \\\n",
          file);
    for (int i = 0; program_option_at(i); i++)
        zsh_option(file, program_option_at(i));
    fputs("        '1:network or script:_ippro_explore_files onnx lua' \\\n"
          "        '*:argument of the script:_files'\n"
          "}\n"
          "_ippro_explore \"$@\"\n",
          file);
}

/* --- fish ----------------------------------------------------------------------------------------------- */

static void fish_names(FILE *file, const char *endings)
{
    fprintf(
        file,
        "(for ending in %s; __fish_complete_suffix .$ending; for name in "
        "(test -n \"$XDG_CONFIG_HOME\"; and echo $XDG_CONFIG_HOME; or echo ~/.config)/%s/scripts/*.$ending "
        "\"%s\"/scripts/*.$ending; string replace -r \".*/\" \"\" $name; end; end)",
        endings, PROGRAM_NAME, PKGDATADIR);
}

static void fish_value(FILE *file, enum completed value)
{
    switch (value) {
    case COMPLETE_COMMANDS:
        put_commands(file, " ");
        break;
    case COMPLETE_DATA:
        put_kinds(file, ":");
        break;
    case COMPLETE_COMMAND_FILES:
        fish_names(file, "ippro");
        break;
    case COMPLETE_FOLDERS:
        fputs("(__fish_complete_directories)", file);
        break;
    case COMPLETE_COLORS:
        fputs(COLORS, file);
        break;
    case COMPLETE_FILES: /* fish's own, by -F */
    case COMPLETE_NONE:
        break;
    }
}

static void fish_option(FILE *file, const struct program_option *option)
{
    fprintf(file, "complete -c %s", PROGRAM_NAME);
    if (option->letter < 256)
        fprintf(file, " -s %c", option->letter);
    fprintf(file, " -l %s -d '", option->name);
    put_quoted(file, option->help, "\\", "\\'");
    fputc('\'', file);
    if (option->argument) {
        enum completed value = completed_of(option);
        fputs(value == COMPLETE_FILES ? " -r -F" : " -x -a '", file);
        fish_value(file, value);
        fputs(value == COMPLETE_FILES ? "" : "'", file);
    }
    fputc('\n', file);
}

void fish_completion(FILE *file)
{
    put_head(file, "fish");
    for (int i = 0; program_option_at(i); i++)
        fish_option(file, program_option_at(i));
    fprintf(file, "complete -c %s -x -a '", PROGRAM_NAME);
    fish_names(file, "onnx lua");
    fputs("'\n", file);
}
