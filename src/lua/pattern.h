/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lua's patterns, and the functions of its string library that use them. */
#ifndef IPPRO_LUA_PATTERN_H
#define IPPRO_LUA_PATTERN_H

#include "lua/internal.h"

enum { PATTERN_CAPTURES = 32 };

struct pattern_capture {
    const char *start;
    ptrdiff_t length; /* or what it is besides: pattern.c */
};

/* A subject and a pattern, both borrowed from strings on the stack. */
struct matcher {
    lua_State *L;
    const char *subject, *end, *pattern_end;
    int level; /* captures, open ones too */
    int depth;
    size_t steps; /* since an interrupt was looked for */
    struct pattern_capture captures[PATTERN_CAPTURES];
};

/* Match at s exactly: the end of the match, or NULL. Raises an error for a malformed pattern, and when the
 * script is interrupted. */
const char *pattern_match(struct matcher *m, const char *s, const char *pattern);
/* Push capture `index`; without captures, 0 is the whole match, from start to end. */
void pattern_push_capture(struct matcher *m, int index, const char *start, const char *end);
/* Push all, or the whole match where there are none and `start` is not NULL. Returns their number. */
int pattern_push_captures(struct matcher *m, const char *start, const char *end);

/* find, match, gmatch and gsub in the place of the library's. */
void pattern_open(lua_State *L);

#endif
