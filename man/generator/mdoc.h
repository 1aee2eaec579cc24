/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing plain text as mdoc, the language of the manual. */
#ifndef IPPRO_GENERATOR_MDOC_H
#define IPPRO_GENERATOR_MDOC_H

#include <stdio.h>

/* Text with the characters that mdoc would take for its own escaped. */
void mdoc_text(FILE *file, const char *text);
/* The same as one argument of a macro, quoted where it has blanks. */
void mdoc_argument(FILE *file, const char *text);
/* Paragraphs (separated by an empty line) as filled lines: each sentence on a line of its own, none over 76
 * columns, .Pp between them. */
void mdoc_paragraphs(FILE *file, const char *text);

#endif
