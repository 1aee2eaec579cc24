/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words for kinds of blocks, which stand where a layer or a pattern of layers may. */
#ifndef IPPRO_SESSION_WORDS_TARGET_WORD_H
#define IPPRO_SESSION_WORDS_TARGET_WORD_H

enum target_word { TARGET_STREAMS, TARGET_INNER, TARGET_ALL, TARGET_NONE = -1 };

/* "streams": blocks of residual streams; "inner": all others; "all". NULL past the end. */
const char *target_word_at(int index);
enum target_word target_word_find(const char *text); /* TARGET_NONE when it is none of them */

#endif
