/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words as they stand in a line of commands. */
#ifndef IPPRO_SESSION_WORDS_QUOTE_H
#define IPPRO_SESSION_WORDS_QUOTE_H

/* A word as the tokeniser (session/language/parse.h) reads it back: in quotes where it would be taken apart.
 */
struct text;
void text_add_word(struct text *text, const char *word);

#endif
