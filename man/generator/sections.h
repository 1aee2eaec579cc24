/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The manual's lists as mdoc, each made from a table of the program. */
#ifndef IPPRO_GENERATOR_SECTIONS_H
#define IPPRO_GENERATOR_SECTIONS_H

#include <stdio.h>

void commands_mdoc(FILE *file);
void settings_mdoc(FILE *file); /* the options of `set` */
void options_mdoc(FILE *file);  /* those of the program */
void criteria_mdoc(FILE *file);
void panes_mdoc(FILE *file);
void layouts_mdoc(FILE *file);
void keys_mdoc(FILE *file);
void exit_mdoc(FILE *file);
void environment_mdoc(FILE *file);

#endif
