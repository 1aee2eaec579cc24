/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables. tests/program/manual.sh compares that of the environment with what the source asks for. */
#include "described.h"

#include <stddef.h>

static const struct described exit_statuses[] = {
    {"0", "All commands did their work."},
    {"1", "A command failed. Without -k the first failure ends batch mode."},
    {"2", "The program was called with wrong options or arguments."},
    {"3", "A file was refused: it is missing, unreadable, damaged or of a kind that is not supported."},
    {"130", "The work was interrupted with Control-C."},
};
const struct described *exit_status_at(int index)
{
    return index >= 0 && index < (int)(sizeof exit_statuses / sizeof *exit_statuses) ? &exit_statuses[index]
                                                                                     : NULL;
}

static const struct described environment[] = {
    {"COLORFGBG",
     "Set by some terminals: the last of its numbers tells the background's colour, where the terminal does "
     "not answer itself. See the option background."},
    {"HOME", "The user's folder, for ~/ in names of files and for the folders below."},
    {"IPPRO_CPU",
     "Instruction set of the fast kernels where the best one is not wanted: avx512, avx2 or baseline."},
    {"IPPRO_DATADIR",
     "Where to look for the program's own data (examples, themes) before the installed folder."},
    {"LC_ALL", "With LC_CTYPE and LANG: whether UTF-8 characters may be drawn."},
    {"NO_COLOR", "When set and not empty, colours are not used (bold and underline are)."},
    {"OPENBLAS_CORETYPE",
     "The processor whose kernels OpenBLAS takes. Where it is not set and OpenBLAS knows this processor no better than "
     "to leave its vectors unused, the program sets it and starts itself once more."},
    {"PAGER", "The program that shows what is longer than the screen, run by sh; less -R without it."},
    {"TERM",
     "The kind of terminal; without it, and for dumb, no escape sequence is written. Panes need one that can "
     "place its cursor."},
    {"XDG_CONFIG_HOME", "Folder of configuration files; ~/.config without it."},
    {"XDG_STATE_HOME", "Folder of the history and of unsaved sessions; ~/.local/state without it."},
};
const struct described *environment_at(int index)
{
    return index >= 0 && index < (int)(sizeof environment / sizeof *environment) ? &environment[index] : NULL;
}
