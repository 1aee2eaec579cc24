/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Completion for shells, made from the tables of the program. */
#ifndef IPPRO_GENERATOR_COMPLETION_H
#define IPPRO_GENERATOR_COMPLETION_H

#include <stdio.h>

void bash_completion(FILE *file);
void zsh_completion(FILE *file);
void fish_completion(FILE *file);

#endif
